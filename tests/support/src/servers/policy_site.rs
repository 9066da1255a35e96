//! `openssl s_server` as the web server that holds a policy of MTA-STS.

use std::fs;
use std::process::{Child, Stdio};

use tempfile::TempDir;

use super::authority::Issued;
use crate::programs::{free_port, require_program, tied, wait_for_port};

/// A running web server; ends with the value.
pub struct PolicySite {
    child: Child,
    _folder: TempDir,
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
        let answer = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{policy}",
            policy.len()
        );
        fs::write(folder.path().join(".well-known/mta-sts.txt"), answer).unwrap();
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
        Some(Self { child, _folder: folder, port })
    }
}

impl Drop for PolicySite {
    fn drop(&mut self) {
        // Both fail only where the server has ended by itself already.
        let _killed = self.child.kill();
        let _status = self.child.wait();
    }
}
