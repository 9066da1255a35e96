//! What the tests share: real servers from Debian's packages, started unprivileged on loopback.
#![allow(dead_code, reason = "each test binary uses its own part of this module")]
#![allow(
    clippy::panic,
    clippy::print_stderr,
    reason = "tests end where something is wrong, and say what they skip"
)]

use std::path::PathBuf;
use std::process::Command;

/// Finds a server program, or says that the test was skipped.
///
/// # Panics
/// With the install line, where `MAILFERRY_REQUIRE_SERVERS=1` and the program is missing.
pub fn require_program(program: &str, package: &str) -> Option<PathBuf> {
    let found = ["/usr/sbin", "/usr/bin", "/sbin", "/bin", "/usr/local/sbin", "/usr/local/bin"]
        .iter()
        .map(|folder| PathBuf::from(folder).join(program))
        .find(|path| path.exists());
    if found.is_none() {
        let line = format!("{program} is missing: apt-get install {package}");
        assert!(std::env::var_os("MAILFERRY_REQUIRE_SERVERS").is_none_or(|value| value != "1"), "{line}");
        eprintln!("skipped: {line}");
    }
    found
}

/// A free TCP port on loopback; taken for a moment and given back.
pub fn free_port() -> u16 {
    std::net::TcpListener::bind(("127.0.0.1", 0)).unwrap().local_addr().unwrap().port()
}

/// Waits until something listens on this loopback port.
///
/// # Panics
/// After ten seconds.
pub fn wait_for_port(port: u16) {
    for _ in 0..500 {
        if std::net::TcpStream::connect(("127.0.0.1", port)).is_ok() {
            return;
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    panic!("nothing listens on 127.0.0.1:{port} after ten seconds");
}

/// Runs a command to its end and returns its output.
///
/// # Panics
/// When the command cannot be started.
pub fn run(command: &mut Command) -> std::process::Output {
    command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"))
}
