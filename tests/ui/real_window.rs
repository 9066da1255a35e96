//! The real program in a real window, driven by AT-SPI as a screen reader would: from a rehearsal to its report.

use std::process::{Command, Stdio};

use mailferry_test_support::programs::{require_program, tied};

/// Debian's Python, as its packages are not in any other.
const PYTHON: &str = "/usr/bin/python3";

/// Whether everything is there that the walk needs.
fn can_walk() -> bool {
    let programs = [
        ("Xvfb", "xvfb"),
        ("dbus-run-session", "dbus-bin"),
        ("python3", "python3"),
        ("../libexec/at-spi-bus-launcher", "at-spi2-core"),
        ("../lib/python3/dist-packages/pyatspi/__init__.py", "python3-pyatspi"),
    ];
    programs.iter().all(|(program, package)| require_program(program, package).is_some())
}

#[test]
fn a_screen_reader_walks_from_the_rehearsal_to_the_report() {
    if !can_walk() {
        return;
    }
    let Some(session) = require_program("dbus-run-session", "dbus-bin") else { return };
    let home = tempfile::tempdir().unwrap();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/ui/walk_window.py");
    let mut command: Command = tied(&session);
    command.args(["--", PYTHON, script, env!("CARGO_BIN_EXE_mailferry")]).arg(home.path());
    let output = command.stdin(Stdio::null()).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let log = std::fs::read_to_string(home.path().join("window.log")).unwrap_or_default();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{said}\n{errors}\n{log}");
    assert!(said.contains("walked the rail to the report"), "{said}");
}
