//! Postfix on loopback ports with its own configuration: a mail server that takes connections and sends nothing.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use super::authority::Issued;
use crate::programs::{Guard, free_port, require_program, run, wait_for_port};

/// A running instance; ends and vanishes when dropped.
pub struct ReceivingPostfix {
    folder: TempDir,
    child: Child,
    /// Ends all processes of the server where the test is killed.
    _guard: Guard,
    /// SMTP with STARTTLS, in the place of port 25.
    pub smtp_port: u16,
    /// SMTP inside TLS, in the place of port 465.
    pub tls_port: u16,
}

impl ReceivingPostfix {
    /// Starts an instance under this name with a certificate, or says that the test was skipped. Its first process has
    /// to be root's: it gives its rights away to the others.
    pub fn start(name: &str, certificate: &Issued, extra: &str) -> Option<Self> {
        let program = require_program("postfix", "postfix")?;
        if run(Command::new("id").arg("-u")).stdout != b"0\n" {
            // Nothing is missing that could be installed, so this is no failure where all servers are required.
            eprintln!("skipped: Postfix starts as root only; run the tests as root");
            return None;
        }
        let folder = tempfile::Builder::new().prefix("postfix-").tempdir_in("/tmp").unwrap();
        let root = folder.path();
        fs::set_permissions(root, fs::Permissions::from_mode(0o755)).unwrap();
        for name in ["conf", "queue", "data"] {
            fs::create_dir(root.join(name)).unwrap();
        }
        assert!(run(Command::new("chown").arg("postfix").arg(root.join("data"))).status.success());
        let (chain, key) = certificate.write(root);
        let (smtp_port, tls_port) = (free_port(), free_port());
        let place = root.display();
        let main = format!(
            "compatibility_level = 3.6\nqueue_directory = {place}/queue\ndata_directory = {place}/data\n\
             mail_owner = postfix\nsetgid_group = postdrop\nmyhostname = {name}\nmydestination =\nalias_maps =\n\
             inet_interfaces = loopback-only\ninet_protocols = ipv4\nmaillog_file = {place}/log\n\
             maillog_file_prefixes = {place}\nsmtpd_peername_lookup = no\nsmtpd_tls_security_level = may\n\
             smtpd_tls_chain_files = {}, {}\n{extra}\n",
            key.display(),
            chain.display()
        );
        let master = format!(
            "127.0.0.1:{smtp_port} inet n - n - - smtpd\n\
             127.0.0.1:{tls_port} inet n - n - - smtpd -o smtpd_tls_wrappermode=yes\n\
             postlog unix-dgram n - n - 1 postlogd\ntlsmgr unix - - n 1000? 1 tlsmgr\nanvil unix - - n - 1 anvil\n\
             rewrite unix - - n - - trivial-rewrite\nproxymap unix - - n - - proxymap\ncleanup unix n - n - 0 cleanup\n"
        );
        fs::write(root.join("conf/main.cf"), main).unwrap();
        fs::write(root.join("conf/master.cf"), master).unwrap();
        let child = {
            use std::os::unix::process::CommandExt as _;
            Command::new(&program)
                .arg("-c")
                .arg(root.join("conf"))
                .arg("start-fg")
                // A group of its own, so that the guard meets every process of this server and no other.
                .process_group(0)
                .stdin(Stdio::null())
                .stdout(Stdio::null())
                .stderr(fs::File::create(root.join("stderr")).unwrap())
                .spawn()
                .unwrap()
        };
        let guard = Guard::of(&child);
        wait_for_port(smtp_port);
        wait_for_port(tls_port);
        Some(Self { folder, child, _guard: guard, smtp_port, tls_port })
    }

    /// The log.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log")).unwrap_or_default()
    }
}

impl Drop for ReceivingPostfix {
    fn drop(&mut self) {
        // The group, since the first process is a script that starts the others.
        let group = format!("-{}", self.child.id());
        let _stopped = Command::new("kill").args(["-TERM", "--", &group]).status();
        let _ended = self.child.wait();
    }
}
