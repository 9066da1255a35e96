//! A Postfix of its own folder, which sends everything to one port of this computer and writes its own log.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::unpacked::is_root;
use crate::programs::{require_program, run};

/// A running instance; stopped when dropped.
pub struct Postfix {
    folder: tempfile::TempDir,
    program: PathBuf,
}

impl Postfix {
    /// Starts an instance whose mail goes to a port on 127.0.0.1; `None` where Postfix is missing or the tests are not root,
    /// whom its master needs.
    ///
    /// # Panics
    /// Where it does not start.
    pub fn start(port: u16) -> Option<Self> {
        let program = require_program("postfix", "postfix")?;
        if !is_root() {
            // Nothing is missing that could be installed, so this is no failure where all servers are required.
            eprintln!("skipped: Postfix starts as root only; run the tests as root");
            return None;
        }
        let folder = tempfile::Builder::new().prefix("postfix-").tempdir_in("/tmp").unwrap();
        let root = folder.path();
        fs::set_permissions(root, fs::Permissions::from_mode(0o755)).unwrap();
        for name in ["etc", "queue", "data"] {
            fs::create_dir(root.join(name)).unwrap();
        }
        assert!(run(Command::new("chown").arg("postfix").arg(root.join("data"))).status.success());
        fs::write(root.join("etc/main.cf"), main_cf(root, port)).unwrap();
        fs::write(root.join("etc/master.cf"), MASTER).unwrap();
        let postfix = Self { folder, program };
        let started = postfix.command("start");
        assert!(started.status.success(), "{}\n{}", String::from_utf8_lossy(&started.stderr), postfix.log());
        Some(postfix)
    }

    fn command(&self, what: &str) -> std::process::Output {
        run(Command::new(&self.program).arg("-c").arg(self.folder.path().join("etc")).arg(what))
    }

    /// Hands in a message for these recipients.
    ///
    /// # Panics
    /// Where it is not taken.
    pub fn send(&self, from: &str, to: &[&str]) {
        let mut child = Command::new("/usr/sbin/sendmail")
            .arg("-C")
            .arg(self.folder.path().join("etc"))
            .args(["-i", "-f", from])
            .args(to)
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        let message = format!("From: {from}\nTo: undisclosed-recipients:;\nSubject: hello\n\nhello\n");
        child.stdin.take().unwrap().write_all(message.as_bytes()).unwrap();
        assert!(child.wait().unwrap().success(), "{}", self.log());
    }

    /// Everything that it has logged so far.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("mail.log")).unwrap_or_default()
    }
}

impl Drop for Postfix {
    fn drop(&mut self) {
        let _stopped = self.command("stop");
    }
}

fn main_cf(root: &Path, port: u16) -> String {
    let root = root.display();
    format!(
        "compatibility_level = 3.6\nmyhostname = mail.weber.test\nmydestination =\ninet_interfaces = loopback-only\n\
         inet_protocols = ipv4\nqueue_directory = {root}/queue\ndata_directory = {root}/data\nmaillog_file = {root}/mail.log\n\
         maillog_file_prefixes = {root}\nrelayhost = [127.0.0.1]:{port}\nsmtp_dns_support_level = disabled\nsmtp_host_lookup = native\n\
         alias_maps =\nalias_database =\nsmtputf8_enable = no\nsmtp_tls_security_level = none\n"
    )
}

/// Without a listener: mail is handed in by `sendmail`.
const MASTER: &str = "\
pickup    unix  n       -       n       1       1       pickup
cleanup   unix  n       -       n       -       0       cleanup
qmgr      unix  n       -       n       300     1       qmgr
rewrite   unix  -       -       n       -       -       trivial-rewrite
bounce    unix  -       -       n       -       0       bounce
defer     unix  -       -       n       -       0       bounce
trace     unix  -       -       n       -       0       bounce
smtp      unix  -       -       n       -       -       smtp
relay     unix  -       -       n       -       -       smtp
error     unix  -       -       n       -       -       error
retry     unix  -       -       n       -       -       error
showq     unix  n       -       n       -       -       showq
flush     unix  n       -       n       1000?   0       flush
proxymap  unix  -       -       n       -       -       proxymap
scache    unix  -       -       n       -       1       scache
postlog   unix-dgram n  -       n       -       1       postlogd
";
