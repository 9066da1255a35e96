//! Passwords against a real gnome-keyring on a session bus of its own.

mod bus;

use std::os::unix::fs::PermissionsExt;
use std::process::Command;

use mailferry::secrets::{Kept, SecretName, SecretStore, StoreStatus};
use mailferry::values::Secret;
use mailferry_test_support::programs;

/// Starts a keyring whose login collection is open, in place of one that runs, waits until the bus knows it, and
/// goes on with the arguments.
const UNLOCK: &str = r#"
    printf test | gnome-keyring-daemon --replace --unlock --components=secrets >/dev/null || exit 1
    for _ in $(seq 200); do
        dbus-send --session --print-reply --dest=org.freedesktop.DBus / org.freedesktop.DBus.NameHasOwner \
            string:org.freedesktop.secrets | grep -q true && exec "$@"
        sleep 0.05
    done
    exit 1"#;

fn have_servers() -> bool {
    programs::require_program("dbus-run-session", "dbus-daemon").is_some()
        && programs::require_program("gnome-keyring-daemon", "gnome-keyring").is_some()
}

fn home() -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    std::fs::set_permissions(home.path(), std::fs::Permissions::from_mode(0o700)).unwrap();
    for folder in ["data", "config", "cache"] {
        std::fs::create_dir(home.path().join(folder)).unwrap();
    }
    home
}

fn name() -> SecretName {
    SecretName::new("9f3c", 7, "destination", "imap.weber.example:993", "anna")
}

#[tokio::test]
async fn a_password_outlives_the_program() {
    const TEST: &str = "keyring::a_password_outlives_the_program";
    if bus::is_inside(TEST) {
        let first = SecretStore::system();
        assert_eq!(first.get(&name()).await, None);
        assert_eq!(first.set(&name(), Secret::new("old")).await, Kept::InKeyring, "{:?}", first.status());
        assert_eq!(first.set(&name(), Secret::new("Pässwort 🔑")).await, Kept::InKeyring);
        assert_eq!(first.status(), StoreStatus::System);
        drop(first);
        // A store that never saw the password stands for the next start of the program.
        let second = SecretStore::system();
        assert_eq!(second.get(&name()).await, Some(Secret::new("Pässwort 🔑")));
        let others = [
            SecretName::new("9f3c", 7, "source", "imap.weber.example:993", "anna"),
            SecretName::new("9f3c", 7, "destination", "imap.evil.example:993", "anna"),
            SecretName::new("9f3c", 7, "destination", "imap.weber.example:1993", "anna"),
            SecretName::new("9f3c", 7, "destination", "imap.weber.example:993", "ben"),
        ];
        for other in others {
            assert_eq!(second.get(&other).await, None, "{other}");
        }
        second.delete(&name()).await;
        assert_eq!(SecretStore::system().get(&name()).await, None);
    } else if have_servers() {
        let home = home();
        let output = tokio::task::spawn_blocking(move || bus::run_inside(TEST, home.path(), UNLOCK));
        bus::assert_passed(&output.await.unwrap());
    }
}

#[tokio::test]
async fn a_keyring_that_is_started_later_is_found() {
    const TEST: &str = "keyring::a_keyring_that_is_started_later_is_found";
    if bus::is_inside(TEST) {
        let store = SecretStore::system();
        assert_eq!(store.set(&name(), Secret::new("geheim")).await, Kept::ThisSession);
        let StoreStatus::ThisSessionOnly(words) = store.status() else { panic!("{store:?}") };
        assert!(words.contains("password store"), "{words}");
        let started = Command::new("sh").args(["-c", UNLOCK, "sh", "true"]).status().unwrap();
        assert!(started.success());
        assert_eq!(store.retry().await, StoreStatus::System);
        assert_eq!(SecretStore::system().get(&name()).await, Some(Secret::new("geheim")));
    } else if have_servers() {
        let home = home();
        // No activation by the bus: a private configuration without service folders.
        let without_services = format!(
            "cat > {0}/bus.conf <<'END'\n<busconfig><type>session</type><listen>unix:tmpdir=/tmp</listen>\
             <policy context=\"default\"><allow send_destination=\"*\" eavesdrop=\"true\"/><allow eavesdrop=\"true\"/>\
             <allow own=\"*\"/></policy></busconfig>\nEND\n\
             exec dbus-run-session --config-file={0}/bus.conf -- \"$@\"",
            home.path().display()
        );
        let output =
            tokio::task::spawn_blocking(move || bus::run_inside(TEST, home.path(), &without_services));
        bus::assert_passed(&output.await.unwrap());
    }
}

#[tokio::test]
async fn a_locked_keyring_holds_nobody_up_and_is_used_once_unlocked() {
    const TEST: &str = "keyring::a_locked_keyring_holds_nobody_up_and_is_used_once_unlocked";
    const LOCK: &str = "dbus-send --session --print-reply --dest=org.freedesktop.secrets /org/freedesktop/secrets \
        org.freedesktop.Secret.Service.Lock array:objpath:/org/freedesktop/secrets/collection/login >/dev/null";
    if bus::is_inside(TEST) {
        let before = SecretStore::system();
        assert_eq!(before.set(&name(), Secret::new("old")).await, Kept::InKeyring);
        assert!(Command::new("sh").args(["-c", LOCK]).status().unwrap().success());
        // Nobody can answer a prompt in here: the call hangs or is refused, and either is told.
        let store = SecretStore::system();
        assert_eq!(store.set(&name(), Secret::new("new")).await, Kept::ThisSession);
        assert!(
            matches!(store.status(), StoreStatus::WaitsForUnlock | StoreStatus::ThisSessionOnly(_)),
            "{store:?}"
        );
        assert_eq!(store.get(&name()).await, Some(Secret::new("new")));
        assert!(Command::new("sh").args(["-c", UNLOCK, "sh", "true"]).status().unwrap().success());
        assert_eq!(store.retry().await, StoreStatus::System);
        assert_eq!(SecretStore::system().get(&name()).await, Some(Secret::new("new")));
    } else if have_servers() {
        let home = home();
        let output = tokio::task::spawn_blocking(move || bus::run_inside(TEST, home.path(), UNLOCK));
        bus::assert_passed(&output.await.unwrap());
    }
}

#[tokio::test]
async fn without_a_bus_the_session_keeps_it() {
    const TEST: &str = "keyring::without_a_bus_the_session_keeps_it";
    if bus::is_inside(TEST) {
        let store = SecretStore::system();
        assert_eq!(store.set(&name(), Secret::new("geheim")).await, Kept::ThisSession);
        assert_eq!(store.get(&name()).await, Some(Secret::new("geheim")));
        let StoreStatus::ThisSessionOnly(words) = store.status() else { panic!("{store:?}") };
        assert!(words.starts_with("No password store is running"), "{words}");
        assert!(matches!(store.retry().await, StoreStatus::ThisSessionOnly(_)));
    } else {
        let home = home();
        let output = tokio::task::spawn_blocking(move || bus::run_without_bus(TEST, home.path()));
        bus::assert_passed(&output.await.unwrap());
    }
}
