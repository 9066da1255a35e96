//! pymap on a loopback port, an IMAP server in Python that shares no history with the others: no keywords, no
//! NAMESPACE, mail in memory. Fetched into a folder of the project's own by `scripts/fetch-python.sh`.

use std::fs;
use std::process::{Child, Stdio};

use crate::programs::{free_port, tied, wait_for_port};
use crate::servers::dovecot::PASSWORD;
use crate::servers::unpacked::require_folder;

/// A running instance; ends and forgets when dropped.
pub struct Pymap {
    child: Child,
    folder: tempfile::TempDir,
    /// Clear text.
    pub clear_port: u16,
}

impl Pymap {
    /// Starts an instance with one user, or says that the test was skipped.
    pub fn start(user: &str) -> Option<Self> {
        let unpacked = require_folder("pymap", "scripts/fetch-python.sh")?;
        let folder = tempfile::Builder::new().prefix("pymap-").tempdir().unwrap();
        let clear_port = free_port();
        let child = tied(&unpacked.join("bin/pymap"))
            .args(["--no-service", "sieve", "--no-service", "admin", "--host", "127.0.0.1", "--no-tls"])
            .args(["--port", &clear_port.to_string(), "dict"])
            .args(["--demo-user", user, "--demo-password", PASSWORD])
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(fs::File::create(folder.path().join("log")).unwrap())
            .spawn()
            .unwrap();
        let pymap = Self { child, folder, clear_port };
        wait_for_port(clear_port);
        Some(pymap)
    }

    /// The number of its process.
    pub fn process(&self) -> u32 {
        self.child.id()
    }

    /// What it said, for a look after a failure.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}

impl Drop for Pymap {
    fn drop(&mut self) {
        // Both fail only where the server has ended by itself already.
        let _killed = self.child.kill();
        let _ended = self.child.wait();
    }
}
