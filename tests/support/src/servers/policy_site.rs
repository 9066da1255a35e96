//! `openssl s_server` as the web server that holds a policy of MTA-STS.

use std::fs;
use std::path::Path;
use std::process::{Child, Stdio};

use tempfile::TempDir;

use super::authority::Issued;
use crate::programs::{free_port, require_program, tied, wait_for_port};

/// A running web server; ends with the value.
pub struct PolicySite {
    child: Child,
    folder: TempDir,
    /// Its port, in the place of 443.
    pub port: u16,
}

impl PolicySite {
    /// Serves a policy, or says that the test was skipped.
    pub fn start(certificate: &Issued, policy: &str) -> Option<Self> {
        let program = require_program("openssl", "openssl")?;
        let folder = TempDir::new().unwrap();
        let (chain, key) = certificate.write(folder.path());
        fs::create_dir(folder.path().join(".well-known")).unwrap();
        put(folder.path(), ".well-known/mta-sts.txt", "text/plain", policy);
        let port = free_port();
        let child = tied(&program)
            .args(["s_server", "-quiet", "-HTTP", "-accept", &format!("127.0.0.1:{port}"), "-cert"])
            .arg(&chain)
            .arg("-cert_chain")
            .arg(&chain)
            .arg("-key")
            .arg(&key)
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        wait_for_port(port);
        Some(Self { child, folder, port })
    }

    /// Serves another file as well.
    pub fn put(&self, path: &str, media_type: &str, text: &str) {
        put(self.folder.path(), path, media_type, text);
    }
}

/// The whole answer, as the server takes it from a file.
fn put(folder: &Path, path: &str, media_type: &str, text: &str) {
    let answer = format!(
        "HTTP/1.1 200 OK\r\nContent-Type: {media_type}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{text}",
        text.len()
    );
    fs::write(folder.join(path), answer).unwrap();
}

impl Drop for PolicySite {
    fn drop(&mut self) {
        // Both fail only where the server has ended by itself already.
        let _killed = self.child.kill();
        let _status = self.child.wait();
    }
}
