//! A real gnome-keyring on a session bus of its own, in an empty home.

use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use crate::programs;

/// Lines of shell that start a keyring whose login collection is open, in place of one that runs, wait until the bus
/// knows it, and go on with the arguments.
pub const UNLOCK: &str = r#"
    printf test | gnome-keyring-daemon --replace --unlock --components=secrets >/dev/null || exit 99
    for _ in $(seq 200); do
        dbus-send --session --print-reply --dest=org.freedesktop.DBus / org.freedesktop.DBus.NameHasOwner \
            string:org.freedesktop.secrets | grep -q true && exec "$@"
        sleep 0.05
    done
    exit 99"#;

/// Whether the programs are here; says what is missing.
pub fn is_available() -> bool {
    programs::require_program("dbus-run-session", "dbus-daemon").is_some()
        && programs::require_program("gnome-keyring-daemon", "gnome-keyring").is_some()
}

/// An empty home.
pub fn home() -> tempfile::TempDir {
    let home = tempfile::tempdir().unwrap();
    std::fs::set_permissions(home.path(), std::fs::Permissions::from_mode(0o700)).unwrap();
    for folder in ["data", "config", "cache", "state"] {
        std::fs::create_dir(home.path().join(folder)).unwrap();
    }
    home
}

/// Lets the program see this home, and neither the bus nor the keyring nor the display of whoever runs the test.
pub fn isolate<'a>(command: &'a mut Command, home: &Path) -> &'a mut Command {
    command
        .env("HOME", home)
        .env("XDG_DATA_HOME", home.join("data"))
        .env("XDG_CONFIG_HOME", home.join("config"))
        .env("XDG_CACHE_HOME", home.join("cache"))
        .env("XDG_STATE_HOME", home.join("state"))
        .env("XDG_RUNTIME_DIR", home)
        .env_remove("DBUS_SESSION_BUS_ADDRESS")
        .env_remove("GNOME_KEYRING_CONTROL")
        .env_remove("DISPLAY")
        .env_remove("WAYLAND_DISPLAY")
}

/// The program on a session bus of its own whose keyring is open.
pub fn with_open_keyring(program: &Path, home: &Path) -> Command {
    let mut command = Command::new("dbus-run-session");
    command.args(["--", "sh", "-c", UNLOCK, "sh"]).arg(program);
    isolate(&mut command, home);
    command
}
