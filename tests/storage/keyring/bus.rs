//! A session bus of its own, with or without a real keyring on it, around this very test program.

use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use mailferry_test_support::programs::Guard;
use mailferry_test_support::servers::keyring::isolate;

/// Runs one test of this test program again, inside a fresh session bus and an empty home, with these lines of shell
/// before it. `"$@"` in the lines stands for the test program and its arguments.
pub fn run_inside(test: &str, home: &Path, shell: &str) -> Output {
    let program: PathBuf = std::env::current_exe().unwrap();
    let mut command = Command::new("dbus-run-session");
    command.args(["--", "sh", "-c", shell, "sh"]).arg(program);
    let command = isolated(&mut command, test, home);
    // The bus, the keyring and the inner test are one group, and end with this test however it ends.
    let child = command.process_group(0).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    let guard = Guard::of(&child);
    let output = child.wait_with_output().unwrap();
    drop(guard);
    output
}

/// Runs one test of this test program again, with no session bus to be found.
pub fn run_without_bus(test: &str, home: &Path) -> Output {
    let mut command = Command::new(std::env::current_exe().unwrap());
    isolated(&mut command, test, home)
        .env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/nonexistent/bus")
        .output()
        .unwrap()
}

fn isolated<'a>(command: &'a mut Command, test: &str, home: &Path) -> &'a mut Command {
    command
        .args(["--exact", test, "--nocapture", "--include-ignored", "--test-threads=1"])
        .env("MAILFERRY_INSIDE", test);
    isolate(command, home)
}

/// Whether this process is the inner run of the test.
pub fn is_inside(test: &str) -> bool {
    std::env::var_os("MAILFERRY_INSIDE").is_some_and(|inside| inside == test)
}

/// Fails with the inner run's output where it failed.
pub fn assert_passed(output: &Output) {
    let text = [output.stdout.as_slice(), output.stderr.as_slice()].concat();
    let text = String::from_utf8_lossy(&text);
    assert!(output.status.success() && text.contains("1 passed"), "{text}");
}
