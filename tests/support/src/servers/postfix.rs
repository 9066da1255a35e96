//! A Postfix of its own folder, which sends everything to one port of this computer and writes its own log.

use std::io::Write as _;
use std::process::{Command, Stdio};

use super::postfix_instance::{Instance, Prepared};

/// A running instance; ends and vanishes when dropped.
pub struct Postfix(Instance);

impl Postfix {
    /// Starts an instance whose mail goes to a port on 127.0.0.1, or says that the test was skipped.
    ///
    /// # Panics
    /// Where it does not start.
    pub fn start(port: u16) -> Option<Self> {
        let main = format!(
            "myhostname = mail.weber.test\nrelayhost = [127.0.0.1]:{port}\nsmtp_dns_support_level = disabled\n\
             smtp_host_lookup = native\nalias_database =\nsmtputf8_enable = no\nsmtp_tls_security_level = none\n"
        );
        Some(Self(Prepared::new()?.start(&main, MASTER)))
    }

    /// Hands in a message for these recipients.
    ///
    /// # Panics
    /// Where it is not taken.
    pub fn send(&self, from: &str, to: &[&str]) {
        let mut child = Command::new("/usr/sbin/sendmail")
            .arg("-C")
            .arg(self.0.configuration())
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
        self.0.log()
    }
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
