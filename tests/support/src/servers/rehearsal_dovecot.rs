//! A real Dovecot on a loopback port, with any user and one password, to hold the practice server against.

use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use crate::programs;

/// A Dovecot that ends, with its mail, when dropped.
pub struct Dovecot {
    child: Child,
    _guard: programs::Guard,
    /// Where it listens, in clear text.
    pub port: u16,
    _folder: tempfile::TempDir,
}

impl Dovecot {
    /// Starts it; `None` where it is not installed.
    pub fn start(password: &str) -> Option<Self> {
        let program = programs::require_program("dovecot", "dovecot-imapd")?;
        let folder = tempfile::tempdir().unwrap();
        let port = programs::free_port();
        let file = configure(folder.path(), port, password);
        let mut command = Command::new(program);
        // A group of its own, so that the guard meets every process of this server and no other.
        command.arg("-F").arg("-c").arg(file).process_group(0).stdout(Stdio::null());
        let child = command.spawn().unwrap();
        let guard = programs::Guard::of(&child);
        programs::wait_for_port(port);
        Some(Self { child, _guard: guard, port, _folder: folder })
    }
}

impl Drop for Dovecot {
    fn drop(&mut self) {
        // SIGTERM, so that the processes of Dovecot end with their master.
        let asked = Command::new("kill").arg(self.child.id().to_string()).status();
        assert!(asked.is_ok_and(|status| status.success()) && self.child.wait().is_ok());
    }
}

fn configure(folder: &Path, port: u16, password: &str) -> PathBuf {
    let own = |flag: &str| {
        String::from_utf8(programs::run(Command::new("id").arg(flag)).stdout).unwrap().trim().to_owned()
    };
    // Dovecot does not let root be a mail user.
    let (user, group) = match own("-un").as_str() {
        "root" => ("nobody".to_owned(), "nogroup".to_owned()),
        user => (user.to_owned(), own("-gn")),
    };
    let place = folder.display();
    std::fs::create_dir(folder.join("mail")).unwrap();
    if own("-un") == "root" {
        programs::run(Command::new("chown").arg(format!("{user}:{group}")).arg(folder.join("mail")));
        programs::run(Command::new("chmod").arg("755").arg(folder));
    }
    let text = format!(
        "protocols = imap\nbase_dir = {place}/run\nstate_dir = {place}/run\nlog_path = {place}/log\nssl = no\n\
         disable_plaintext_auth = no\nlisten = 127.0.0.1\ndefault_internal_user = {user}\ndefault_login_user = {user}\n\
         default_internal_group = {group}\nfirst_valid_uid = 1\nmail_uid = {user}\nmail_gid = {group}\n\
         mail_location = sdbox:~/sdbox\npassdb {{\n driver = static\n args = password={password}\n}}\n\
         userdb {{\n driver = static\n args = uid={user} gid={group} home={place}/mail/%u\n}}\n\
         namespace inbox {{\n inbox = yes\n separator = /\n mailbox Sent {{\n special_use = \\Sent\n }}\n}}\n\
         service imap-login {{\n chroot =\n inet_listener imap {{\n port = {port}\n }}\n inet_listener imaps {{\n port = 0\n }}\n}}\n\
         service anvil {{\n chroot =\n}}\nservice stats {{\n chroot =\n}}\n"
    );
    let file = folder.join("dovecot.conf");
    std::fs::write(&file, text).unwrap();
    file
}
