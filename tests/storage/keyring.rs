//! Passwords against a real gnome-keyring on a session bus of its own.

mod bus;

use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use mailferry::audit::Facts;
use mailferry::audit::evidence::SourceKind;
use mailferry::engine::{
    self, Engine, EngineConfig, EngineHandle as _, LogRing, PasswordPlace, SecretsPolicy, Snapshot,
};
use mailferry::providers::ProviderId;
use mailferry::rehearsal::{EvidenceStory, Practice, PracticeOptions, practice_evidence};
use mailferry::secrets::{Deletion, Kept, SecretName, SecretStore, StoreStatus};
use mailferry::values::{Endpoint, Secret, Security, Side, UnixTime};
use mailferry_test_support::clients::plain_imap::{Mail, PlainImap};
use mailferry_test_support::programs;
use mailferry_test_support::servers::dovecot::{Dovecot, PASSWORD, Settings};
use mailferry_test_support::servers::keyring::{self, UNLOCK, home};
use tokio_util::sync::CancellationToken;

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
        assert_eq!(second.delete(&name()).await, Deletion::Done);
        assert_eq!(SecretStore::system().get(&name()).await, None);
    } else if keyring::is_available() {
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
        let StoreStatus::ThisSessionOnly(Some(words)) = store.status() else { panic!("{store:?}") };
        assert!(words.contains("password store"), "{words}");
        let started = Command::new("sh").args(["-c", UNLOCK, "sh", "true"]).status().unwrap();
        assert!(started.success());
        assert_eq!(store.retry().await, StoreStatus::System);
        assert_eq!(SecretStore::system().get(&name()).await, Some(Secret::new("geheim")));
    } else if keyring::is_available() {
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
async fn a_locked_keyring_blocks_nothing_and_is_used_once_unlocked() {
    const TEST: &str = "keyring::a_locked_keyring_blocks_nothing_and_is_used_once_unlocked";
    const LOCK: &str = "dbus-send --session --print-reply --dest=org.freedesktop.secrets /org/freedesktop/secrets \
        org.freedesktop.Secret.Service.Lock array:objpath:/org/freedesktop/secrets/collection/login >/dev/null";
    if bus::is_inside(TEST) {
        let before = SecretStore::system();
        assert_eq!(before.set(&name(), Secret::new("old")).await, Kept::InKeyring);
        let other = SecretName::new("9f3c", 8, "destination", "imap.weber.example:993", "ben");
        assert_eq!(before.set(&other, Secret::new("old")).await, Kept::InKeyring);
        assert!(Command::new("sh").args(["-c", LOCK]).status().unwrap().success());
        // Nobody can answer a prompt in here: the call hangs or is refused, and either is told.
        let store = SecretStore::system();
        assert_eq!(store.set(&name(), Secret::new("new")).await, Kept::ThisSession);
        assert!(
            matches!(store.status(), StoreStatus::WaitsForUnlock | StoreStatus::ThisSessionOnly(_)),
            "{store:?}"
        );
        assert_eq!(store.get(&name()).await, Some(Secret::new("new")));
        // A keyring that does not answer has deleted nothing, and nobody says so.
        assert_eq!(store.delete(&other).await, Deletion::Waits);
        assert!(Command::new("sh").args(["-c", UNLOCK, "sh", "true"]).status().unwrap().success());
        assert_eq!(store.retry().await, StoreStatus::System);
        assert_eq!(SecretStore::system().get(&name()).await, Some(Secret::new("new")));
        assert_eq!(store.delete(&other).await, Deletion::Done);
        assert_eq!(SecretStore::system().get(&other).await, None);
    } else if keyring::is_available() {
        let home = home();
        let output = tokio::task::spawn_blocking(move || bus::run_inside(TEST, home.path(), UNLOCK));
        bus::assert_passed(&output.await.unwrap());
    }
}

/// The engine of a window of its own, which keeps passwords in the keyring.
struct OpenWindow {
    engine: Engine,
    sent: u64,
}

impl OpenWindow {
    fn open(project: &Path) -> Self {
        let mut config = EngineConfig::headless();
        config.secrets = SecretsPolicy::Keyring;
        let engine = Engine::start(config, LogRing::default(), Arc::new(|| {})).unwrap();
        let mut window = Self { engine, sent: 0 };
        let command = if project.exists() {
            engine::Command::OpenProject(project.to_owned())
        } else {
            engine::Command::NewProject { domain: "weber.example".to_owned(), path: Some(project.to_owned()) }
        };
        window.send(command);
        window
    }

    fn send(&mut self, command: engine::Command) {
        self.sent += 1;
        assert!(self.engine.send(command));
        let sent = self.sent;
        self.wait(|snapshot| snapshot.commands_taken >= sent);
    }

    fn wait(&mut self, is_reached: impl Fn(&Snapshot) -> bool) -> Arc<Snapshot> {
        for _look in 0..programs::LOOKS {
            let snapshot = self.engine.snapshot();
            if is_reached(&snapshot) {
                return snapshot;
            }
            self.engine.wait_for_change(Duration::from_millis(100));
        }
        panic!("not reached; last: {:#?}", self.engine.snapshot());
    }

    /// Where the passwords of both sides are, as soon as it is known.
    fn passwords(&mut self) -> [PasswordPlace; 2] {
        let of = |snapshot: &Snapshot| {
            let row = &snapshot.project.as_ref().unwrap().mailboxes[0];
            [row.source.password, row.destination.password]
        };
        let snapshot =
            self.wait(|snapshot| snapshot.project.is_some() && !of(snapshot).contains(&PasswordPlace::Asked));
        of(&snapshot)
    }
}

#[test]
fn nothing_of_a_project_stays_in_the_keyring() {
    const TEST: &str = "keyring::nothing_of_a_project_stays_in_the_keyring";
    if bus::is_inside(TEST) {
        let folder = tempfile::tempdir().unwrap();
        let project = folder.path().join("weber.mailferry");
        let mut window = OpenWindow::open(&project);
        let server = |port| Endpoint::new("127.0.0.1", port, Security::Clear).unwrap();
        window.send(engine::Command::SetSourceServer(server(1_143)));
        window.send(engine::Command::ChooseDestination {
            provider: ProviderId("generic-imap".to_owned()),
            server: Some(server(1_144)),
        });
        window.send(engine::Command::AddMailbox("anna@weber.example".to_owned()));
        let mailbox = window.engine.snapshot().project.as_ref().unwrap().mailboxes[0].id;
        for side in [Side::Source, Side::Destination] {
            let secret = Secret::new("geheim");
            window.send(engine::Command::SetPassword { mailbox, side, secret });
        }
        assert_eq!(window.passwords(), [PasswordPlace::Keyring; 2]);
        drop(window);
        let mut window = OpenWindow::open(&project);
        assert_eq!(window.passwords(), [PasswordPlace::Keyring; 2], "they outlive the program");
        drop(window);

        // The command line, and a window that was opened afterwards.
        let mut forget = Command::new(env!("CARGO_BIN_EXE_mailferry"));
        let forgotten = programs::run(forget.arg("forget-passwords").arg(&project));
        assert_eq!(forgotten.status.code(), Some(0), "{}", String::from_utf8_lossy(&forgotten.stderr));
        assert!(String::from_utf8_lossy(&forgotten.stderr).contains("No password of this project"));
        let mut window = OpenWindow::open(&project);
        assert_eq!(window.passwords(), [PasswordPlace::Missing; 2]);
    } else if keyring::is_available() {
        let home = home();
        bus::assert_passed(&bus::run_inside(TEST, home.path(), UNLOCK));
    }
}

#[tokio::test]
async fn without_a_bus_the_session_keeps_it() {
    const TEST: &str = "keyring::without_a_bus_the_session_keeps_it";
    if bus::is_inside(TEST) {
        let store = SecretStore::system();
        assert_eq!(store.set(&name(), Secret::new("geheim")).await, Kept::ThisSession);
        assert_eq!(store.get(&name()).await, Some(Secret::new("geheim")));
        let StoreStatus::ThisSessionOnly(Some(words)) = store.status() else { panic!("{store:?}") };
        assert!(words.starts_with("No password store is running"), "{words}");
        assert!(matches!(store.retry().await, StoreStatus::ThisSessionOnly(_)));
    } else {
        let home = home();
        let output = tokio::task::spawn_blocking(move || bus::run_without_bus(TEST, home.path()));
        bus::assert_passed(&output.await.unwrap());
    }
}

/// The program itself, over the keyring of this session.
fn program(home: &Path, arguments: &[&str], input: &str) -> std::process::Output {
    use std::io::Write as _;
    let mut child = Command::new(env!("CARGO_BIN_EXE_mailferry"))
        .args(arguments)
        .current_dir(home)
        .env("HOME", home)
        .env("XDG_CONFIG_HOME", home.join("config"))
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::piped())
        .stderr(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    // A program that needs no input may have ended.
    drop(child.stdin.take().unwrap().write_all(input.as_bytes()));
    child.wait_with_output().unwrap()
}

#[test]
fn a_key_for_lists_is_stored_used_and_deleted() {
    const TEST: &str = "keyring::a_key_for_lists_is_stored_used_and_deleted";
    const KEY: &str = "k3yk3yk3yk3yk3yk3yk3yk3yk3";
    if !bus::is_inside(TEST) {
        if keyring::is_available() {
            let home = home();
            bus::assert_passed(&bus::run_inside(TEST, home.path(), UNLOCK));
        }
        return;
    }
    let home = tempfile::tempdir().unwrap();
    std::fs::create_dir(home.path().join("config")).unwrap();
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let options = PracticeOptions::default();
    let (practice, servers) = runtime.block_on(Practice::start(&options)).unwrap();
    let stop = CancellationToken::new();
    let _serving = runtime.spawn(servers.serve(stop.clone()));
    let resolver = practice.resolver.to_string();
    let run = |arguments: &[&str], input: &str, expected: i32| {
        let output = program(home.path(), arguments, input);
        let said = [output.stdout, output.stderr].concat();
        let said = String::from_utf8_lossy(&said).into_owned();
        assert_eq!(output.status.code(), Some(expected), "{arguments:?}: {said}");
        assert!(!said.contains(KEY), "the key is shown: {said}");
        said
    };
    let asked_with_key = || {
        let arguments = [
            "audit",
            "weber-familie.example",
            "--resolver",
            &resolver,
            "--no-probe",
            "--no-registries",
            "--save-facts",
            "facts.json",
        ];
        run(&arguments, "", 0);
        let text = std::fs::read_to_string(home.path().join("facts.json")).unwrap();
        assert!(!text.contains(KEY), "the facts hold the key");
        !Facts::from_json(&text).unwrap().keyed_operators.is_empty()
    };
    assert!(!asked_with_key());
    run(&["list-key", "nobody"], KEY, 3);
    run(&["list-key", "spamhaus"], "not a key!\n", 3);
    run(&["list-key", "spamhaus"], "", 3);
    run(&["list-key", "spamhaus"], &format!("{KEY}\n"), 0);
    assert!(asked_with_key(), "from the keyring, in another process");
    run(&["list-key", "spamhaus", "--forget"], "", 0);
    assert!(!asked_with_key());
    // What deletes the passwords of a project deletes keys as well.
    std::fs::write(home.path().join("key"), format!("{KEY}\n")).unwrap();
    run(&["list-key", "spamhaus", "--file", "key"], "", 0);
    assert!(asked_with_key());
    let path = home.path().join("x.mailferry");
    let domain = mailferry::values::DomainName::parse("weber-familie.example").unwrap();
    mailferry::project::Project::create(&path, &domain, false).unwrap().close().unwrap();
    run(&["forget-passwords", "x.mailferry"], "", 0);
    assert!(!asked_with_key());
    stop.cancel();
}

/// A notice of failed delivery of the practice domain, one day old.
fn bounce_of_yesterday() -> Mail {
    let files = practice_evidence(EvidenceStory::Neighbour, UnixTime::now());
    let bounce = files.into_iter().find(|file| file.name == "returned-mail.eml").unwrap().bytes;
    let bytes = String::from_utf8(bounce).unwrap().replace("\r\n", "\n").replace('\n', "\r\n").into_bytes();
    let yesterday = jiff::Timestamp::now() - jiff::SignedDuration::from_hours(24);
    let date = yesterday.strftime("%d-%b-%Y %H:%M:%S +0000").to_string();
    Mail { folder: "INBOX".to_owned(), flags: Vec::new(), date, bytes }
}

/// The audit of the practice domain, with what lies in the mailboxes of a project.
fn audit_with(project: &Path, resolver: &str, more: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_mailferry"));
    command
        .args(["audit", "weber-familie.example", "--no-probe", "--no-registries", "--resolver", resolver])
        .arg("--evidence-project")
        .arg(project)
        .args(more);
    command
}

/// The mailboxes of a project at a real server, its passwords in a real keyring, and nothing told on the command line.
#[test]
fn an_audit_reads_the_mailboxes_of_a_project_with_passwords_of_the_keyring() {
    const TEST: &str = "keyring::an_audit_reads_the_mailboxes_of_a_project_with_passwords_of_the_keyring";
    const DOMAIN: &str = "weber-familie.example";
    if bus::is_inside(TEST) {
        let (anna, ben) = (format!("anna@{DOMAIN}"), format!("ben@{DOMAIN}"));
        let dovecot = Dovecot::start(&[&anna, &ben], &Settings::default()).unwrap();
        PlainImap::open(dovecot.clear_port, &anna).store(&[bounce_of_yesterday()]);

        let folder = tempfile::tempdir().unwrap();
        let project = folder.path().join("weber.mailferry");
        let mut window = OpenWindow::open(&project);
        let server = Endpoint::new("127.0.0.1", dovecot.clear_port, Security::Clear).unwrap();
        window.send(engine::Command::SetSourceServer(server));
        window.send(engine::Command::AddMailbox(anna.clone()));
        window.send(engine::Command::AddMailbox(ben.clone()));
        let mailbox = window.engine.snapshot().project.as_ref().unwrap().mailboxes[0].id;
        let secret = Secret::new(PASSWORD);
        window.send(engine::Command::SetPassword { mailbox, side: Side::Source, secret });
        window.wait(|snapshot| {
            snapshot.project.as_ref().unwrap().mailboxes[0].source.password == PasswordPlace::Keyring
        });
        drop(window);

        let runtime = tokio::runtime::Runtime::new().unwrap();
        let (practice, servers) = runtime.block_on(Practice::start(&PracticeOptions::default())).unwrap();
        let stop = CancellationToken::new();
        let serving = runtime.spawn(servers.serve(stop.clone()));
        let facts = folder.path().join("facts.json");
        let resolver = practice.resolver.to_string();
        let saved = facts.display().to_string();
        let output = programs::run(&mut audit_with(&project, &resolver, &["--save-facts", &saved]));
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{said}");
        let found = Facts::from_json(&std::fs::read_to_string(&facts).unwrap()).unwrap().evidence.unwrap();
        let sources: Vec<(&str, SourceKind, &str)> = found
            .sources
            .iter()
            .map(|source| (source.name.as_str(), source.kind, source.problem.as_str()))
            .collect();
        assert_eq!(
            sources,
            [
                (anna.as_str(), SourceKind::Bounce, ""),
                (ben.as_str(), SourceKind::Mailbox, "no password for it is known"),
            ]
        );
        assert!(found.receivers.iter().any(|receiver| receiver.id == "microsoft-consumer"));

        // To somebody who has not made it, a project from elsewhere says first what it would read.
        let stranger = tempfile::tempdir().unwrap();
        let as_stranger = |more: &[&str]| {
            let mut command = audit_with(&project, &resolver, more);
            let place = stranger.path();
            programs::run(command.env("XDG_CONFIG_HOME", place).env("XDG_STATE_HOME", place))
        };
        let asked = as_stranger(&[]);
        let words = String::from_utf8_lossy(&asked.stderr);
        assert_eq!(asked.status.code(), Some(3), "{words}");
        assert!(words.contains("--confirm-project") && words.contains("127.0.0.1"), "{words}");
        assert_eq!(as_stranger(&["--confirm-project"]).status.code(), Some(0));
        stop.cancel();
        runtime.block_on(serving).unwrap();
    } else if keyring::is_available() && programs::require_program("dovecot", "dovecot-imapd").is_some() {
        let home = home();
        bus::assert_passed(&bus::run_inside(TEST, home.path(), UNLOCK));
    }
}
