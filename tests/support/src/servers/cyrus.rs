//! Cyrus IMAP on loopback ports with its own configuration, unpacked beside the system by `scripts/fetch-unpacked.sh`.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use mailferry::values::Fingerprint;
use sha2::{Digest as _, Sha256};

use crate::clients::plain_imap::PlainImap;
use crate::programs::{free_port, wait_for_port};
use crate::servers::dovecot::PASSWORD;
use crate::servers::process_group::ProcessGroup;
use crate::servers::unpacked::{
    Owner, environment, hand_over, readable_by_the_server, require_unpacked, unprivileged_for_itself,
};

/// The user who may do everything.
pub const ADMIN: &str = "cyrus";

/// How an instance differs from the plain one.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Between levels: `/` is `unixhierarchysep`, `.` is the hierarchy of old.
    pub separator: char,
    /// Folders beside the inbox (`altnamespace`), or below it as `INBOX.Sent`.
    pub has_alternate_namespace: bool,
    /// Storage that each user may fill, in KiB.
    pub quota_kib: Option<u32>,
    /// Lines for imapd.conf.
    pub extra: &'static str,
}

impl Default for Settings {
    fn default() -> Self {
        Self { separator: '/', has_alternate_namespace: true, quota_kib: None, extra: "" }
    }
}

impl Settings {
    /// What every folder but the inbox begins with.
    pub fn prefix(&self) -> String {
        if self.has_alternate_namespace { String::new() } else { format!("INBOX{}", self.separator) }
    }
}

/// A running instance; ends and vanishes when dropped.
pub struct Cyrus {
    folder: tempfile::TempDir,
    programs: PathBuf,
    /// `None` while the server is down.
    processes: Option<ProcessGroup>,
    fingerprint: Fingerprint,
    /// Clear text and STARTTLS.
    pub clear_port: u16,
    /// TLS.
    pub tls_port: u16,
}

impl Cyrus {
    /// Starts an instance with these users, or says that the test was skipped.
    pub fn start(users: &[&str], settings: &Settings) -> Option<Self> {
        let unpacked = require_unpacked("cyrus")?;
        let folder = tempfile::Builder::new().prefix("cyrus-").tempdir_in("/tmp").unwrap();
        let root = folder.path();
        fs::set_permissions(root, fs::Permissions::from_mode(0o755)).unwrap();
        let programs = readable_by_the_server(&unpacked, root);
        let (clear_port, tls_port) = (free_port(), free_port());
        for place in ["config/proc", "config/socket", "spool"] {
            fs::create_dir_all(root.join(place)).unwrap();
        }
        let fingerprint = write_certificate(root);
        fs::write(root.join("imapd.conf"), server_configuration(root, settings)).unwrap();
        fs::write(root.join("cyrus.conf"), services(root, &programs, clear_port, tls_port)).unwrap();
        for user in users.iter().chain([&ADMIN]) {
            add_password(root, &programs, user);
        }
        hand_over(root);
        let mut cyrus = Self { folder, programs, processes: None, fingerprint, clear_port, tls_port };
        cyrus.launch();
        cyrus.add_mailboxes(users, settings);
        Some(cyrus)
    }

    fn add_mailboxes(&self, users: &[&str], settings: &Settings) {
        let mut admin = PlainImap::open(self.clear_port, ADMIN);
        for user in users {
            let inbox = format!("user{}{user}", settings.separator);
            admin.run(&format!("CREATE \"{inbox}\""));
            if let Some(kib) = settings.quota_kib {
                admin.run(&format!("SETQUOTA \"{inbox}\" (STORAGE {kib})"));
            }
        }
    }

    fn launch(&mut self) {
        let root = self.folder.path();
        let program = self.programs.join("usr/lib/cyrus/bin/master");
        let mut command = unprivileged_for_itself(&program);
        command
            .arg("-D")
            .arg("-C")
            .arg(root.join("imapd.conf"))
            .arg("-M")
            .arg(root.join("cyrus.conf"))
            .arg("-p")
            .arg(root.join("master.pid"))
            .envs(environment(&self.programs));
        self.processes = Some(ProcessGroup::start(&mut command, root));
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
        self.launch();
    }

    /// The certificate's SHA-256, for pinning.
    pub fn fingerprint(&self) -> Fingerprint {
        self.fingerprint
    }
}

fn write_certificate(root: &Path) -> Fingerprint {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned(), "127.0.0.1".to_owned()]).unwrap();
    fs::write(root.join("cert.pem"), made.cert.pem()).unwrap();
    fs::write(root.join("key.pem"), made.signing_key.serialize_pem()).unwrap();
    Fingerprint(Sha256::digest(made.cert.der()).into())
}

fn add_password(root: &Path, programs: &Path, user: &str) {
    let mut child = Command::new(programs.join("usr/sbin/saslpasswd2"))
        .args(["-p", "-c", "-u", "localhost", "-f"])
        .arg(root.join("sasldb2"))
        .arg(user)
        .envs(environment(programs))
        .stdin(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(PASSWORD.as_bytes()).unwrap();
    assert!(child.wait().unwrap().success());
}

fn server_configuration(root: &Path, settings: &Settings) -> String {
    let Owner { user, group } = Owner::of_servers();
    let place = root.display();
    let Settings { separator, has_alternate_namespace, extra, .. } = settings;
    let is_unix = *separator == '/';
    format!(
        "configdirectory: {place}/config
partition-default: {place}/spool
defaultpartition: default
admins: {ADMIN}
cyrus_user: {user}
cyrus_group: {group}
servername: localhost
allowplaintext: yes
sasl_mech_list: PLAIN
sasl_pwcheck_method: auxprop
sasl_auxprop_plugin: sasldb
sasl_sasldb_path: {place}/sasldb2
unixhierarchysep: {is_unix}
altnamespace: {has_alternate_namespace}
virtdomains: off
tls_server_cert: {place}/cert.pem
tls_server_key: {place}/key.pem
{extra}
"
    )
}

fn services(root: &Path, programs: &Path, clear_port: u16, tls_port: u16) -> String {
    let (place, bin) = (root.display(), programs.join("usr/lib/cyrus/bin"));
    let bin = bin.display();
    format!(
        "START {{
  recover cmd=\"{bin}/ctl_cyrusdb -C {place}/imapd.conf -r\"
}}
SERVICES {{
  imap cmd=\"{bin}/imapd -C {place}/imapd.conf\" listen=\"127.0.0.1:{clear_port}\" prefork=0
  imaps cmd=\"{bin}/imapd -s -C {place}/imapd.conf\" listen=\"127.0.0.1:{tls_port}\" prefork=0
}}
EVENTS {{
}}
"
    )
}
