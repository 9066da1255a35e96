//! Dovecot 2.3 on loopback ports with its own configuration, as any user; and a plain reader and writer beside it.

use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use mailferry::imap::{Access, IdleSessions, Timeouts};
use mailferry::net::TrustPolicy;
use mailferry::values::{Endpoint, Secret, Security};

use super::authority::Issued;
use super::process_group::ProcessGroup;
use super::unpacked::{Owner, hand_over, is_root};
use crate::programs::{free_port, require_program, run, wait_for_port};

/// How an instance differs from the plain one.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Between levels.
    pub separator: char,
    /// Before every folder but the inbox.
    pub prefix: &'static str,
    /// `maildir`, `sdbox` or `mbox`.
    pub format: &'static str,
    /// Names in the certificate.
    pub names: Vec<String>,
    /// A certificate in the place of one of its own.
    pub certificate: Option<Issued>,
    /// Lines for the configuration file.
    pub extra: String,
    /// IMAP capabilities in place of Dovecot's own.
    pub capabilities: Option<&'static str>,
    /// Where its files lie; a short path, as its sockets lie there too.
    pub place: &'static str,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            separator: '/',
            prefix: "",
            format: "maildir",
            names: vec!["localhost".to_owned(), "127.0.0.1".to_owned()],
            certificate: None,
            extra: String::new(),
            capabilities: None,
            place: "/tmp",
        }
    }
}

/// A running instance; ends and vanishes when dropped.
pub struct Dovecot {
    folder: tempfile::TempDir,
    /// `None` while the server is down.
    processes: Option<ProcessGroup>,
    /// Clear text and STARTTLS.
    pub clear_port: u16,
    /// TLS.
    pub tls_port: u16,
}

/// The password of every user.
pub const PASSWORD: &str = "correct horse \"battery\" staple";

impl Dovecot {
    /// Starts an instance with these users, or says that the test was skipped.
    pub fn start(users: &[&str], settings: &Settings) -> Option<Self> {
        let server = require_program("dovecot", "dovecot-imapd")?;
        let folder = tempfile::Builder::new().prefix("dovecot-").tempdir_in(settings.place).unwrap();
        let (clear_port, tls_port) = (free_port(), free_port());
        let root = folder.path();
        fs::set_permissions(root, fs::Permissions::from_mode(0o755)).unwrap();
        write_certificate(root, &settings.names);
        if let Some(issued) = &settings.certificate {
            fs::write(root.join("cert.pem"), &issued.chain).unwrap();
            fs::write(root.join("key.pem"), &issued.key).unwrap();
        }
        let mut passwords = String::new();
        for user in users {
            writeln!(passwords, "{user}:{{PLAIN}}{PASSWORD}").unwrap();
        }
        fs::write(root.join("users"), passwords).unwrap();
        fs::create_dir(root.join("mail")).unwrap();
        hand_over(&root.join("mail"));
        let text = configuration(root, settings, clear_port, tls_port);
        fs::write(root.join("dovecot.conf"), text).unwrap();
        let mut dovecot = Self { folder, processes: None, clear_port, tls_port };
        dovecot.launch(&server);
        Some(dovecot)
    }

    fn launch(&mut self, program: &Path) {
        let mut command = Command::new(program);
        command.arg("-F").arg("-c").arg(self.root().join("dovecot.conf"));
        self.processes = Some(ProcessGroup::start(&mut command, self.root()));
        wait_for_port(self.clear_port);
        wait_for_port(self.tls_port);
    }

    /// Ends every process of the server at once, as a power cut would.
    pub fn kill(&mut self) {
        if let Some(processes) = self.processes.take() {
            processes.kill();
        }
    }

    /// Starts the server again on the same ports, with what is on its disk; one that runs goes on, and is not forgotten.
    pub fn restart(&mut self) {
        if self.processes.is_some() {
            return;
        }
        let server = require_program("dovecot", "dovecot-imapd").unwrap();
        self.launch(&server);
    }

    /// Lets go of the locks that killed processes have left in maildirs: Dovecot waits two minutes for each, and goes on
    /// as it does without them.
    pub fn break_locks(&self) {
        let mut folders = vec![self.root().join("mail")];
        while let Some(folder) = folders.pop() {
            for path in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
                if path.is_dir() {
                    folders.push(path);
                } else if path.ends_with("dovecot-uidlist.lock") {
                    fs::remove_file(path).unwrap();
                }
            }
        }
    }

    /// Starts the server again with another word in its configuration.
    pub fn change_configuration(&mut self, from: &str, to: &str) {
        let file = self.root().join("dovecot.conf");
        let text = fs::read_to_string(&file).unwrap();
        assert!(text.contains(from), "{text}");
        fs::write(&file, text.replace(from, to)).unwrap();
        self.kill();
        self.restart();
    }

    /// Ends the server, keeps a copy of all mail with its indexes, and starts it again.
    pub fn back_up(&mut self) -> tempfile::TempDir {
        self.kill();
        let backup = tempfile::tempdir().unwrap();
        copy_all(&self.root().join("mail"), &backup.path().join("mail"));
        self.restart();
        backup
    }

    /// Ends the server, puts a copy of all mail back, and starts it again.
    pub fn put_back(&mut self, backup: &tempfile::TempDir) {
        self.kill();
        fs::remove_dir_all(self.root().join("mail")).unwrap();
        copy_all(&backup.path().join("mail"), &self.root().join("mail"));
        self.restart();
    }

    /// The number of its first process, which leads the group of all of them.
    pub fn process(&self) -> u32 {
        self.processes.as_ref().map_or(0, ProcessGroup::id)
    }

    /// Starts the server again with another key and certificate.
    pub fn renew_certificate(&mut self) {
        write_certificate(self.root(), &Settings::default().names);
        self.kill();
        self.restart();
    }

    pub fn root(&self) -> &Path {
        self.folder.path()
    }

    /// The log, for a look after a failure.
    pub fn log(&self) -> String {
        fs::read_to_string(self.root().join("log")).unwrap_or_default()
    }

    /// SHA-256 of the certificate in DER form.
    pub fn certificate_der(&self) -> PathBuf {
        self.root().join("cert.der")
    }
}

/// Copies a folder with owners, modes and times.
fn copy_all(from: &Path, to: &Path) {
    let copied = run(Command::new("cp").arg("-a").args([from, to]));
    assert!(copied.status.success(), "{}", String::from_utf8_lossy(&copied.stderr));
}

fn write_certificate(root: &Path, names: &[String]) {
    let made = rcgen::generate_simple_self_signed(names.to_vec()).unwrap();
    fs::write(root.join("cert.pem"), made.cert.pem()).unwrap();
    fs::write(root.join("cert.der"), made.cert.der()).unwrap();
    fs::write(root.join("key.pem"), made.signing_key.serialize_pem()).unwrap();
}

fn configuration(root: &Path, settings: &Settings, clear_port: u16, tls_port: u16) -> String {
    let Owner { user, group } = Owner::of_servers();
    let root = root.display();
    let Settings { separator, prefix, format, extra, .. } = settings;
    // Dovecot wants its helper processes apart from the mail's owner where it can, and cannot where it is not root.
    let helpers = if is_root() {
        String::new()
    } else {
        format!(
            "default_internal_user = {user}\ndefault_internal_group = {group}\ndefault_login_user = {user}\n"
        )
    };
    let capabilities =
        settings.capabilities.map(|names| format!("imap_capability = {names}\n")).unwrap_or_default();
    format!(
        "protocols = imap
base_dir = {root}/run
state_dir = {root}/state
log_path = {root}/log
listen = 127.0.0.1
{helpers}{capabilities}ssl = yes
ssl_cert = <{root}/cert.pem
ssl_key = <{root}/key.pem
disable_plaintext_auth = no
auth_mechanisms = plain login
auth_username_chars =
auth_failure_delay = 0
mail_location = {format}:~/mail
mail_max_userip_connections = 100
first_valid_uid = 1
mail_fsync = never
passdb {{
  driver = passwd-file
  args = username_format=%u {root}/users
}}
userdb {{
  driver = static
  args = uid={user} gid={group} home={root}/mail/%u
}}
namespace inbox {{
  inbox = yes
  separator = {separator}
  prefix = {prefix}
  mailbox Drafts {{
    special_use = \\Drafts
  }}
  mailbox Sent {{
    special_use = \\Sent
  }}
  mailbox Trash {{
    special_use = \\Trash
  }}
}}
service imap-login {{
  chroot =
  inet_listener imap {{
    port = {clear_port}
  }}
  inet_listener imaps {{
    port = {tls_port}
    ssl = yes
  }}
}}
service anvil {{
  chroot =
}}
{extra}
"
    )
}

/// A way in for this user, with the right password and no pinned certificate.
pub fn access(port: u16, security: Security, user: &str) -> Access {
    Access {
        endpoint: Endpoint::new("127.0.0.1", port, security).unwrap(),
        trust: TrustPolicy::default(),
        user: user.to_owned(),
        secret: Secret::new(PASSWORD),
        timeouts: Timeouts::default(),
        idle: IdleSessions::default(),
        options: mailferry::imap::AccessOptions::default(),
        tokens: None,
    }
}
