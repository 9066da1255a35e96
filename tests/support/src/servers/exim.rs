//! Exim from Debian's packages, unpacked and not installed, as it conflicts with Postfix: it sends everything to one port of
//! this computer and writes its own main log.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

use super::unpacked::{
    environment, hand_over, is_root, readable_by_the_server, require_unpacked, unprivileged,
};
use crate::programs::run;

/// A folder with the configuration, the spool and the log; vanishes when dropped. Exim runs only while mail is handed in.
pub struct Exim {
    folder: TempDir,
    programs: PathBuf,
}

impl Exim {
    /// Prepares an instance whose mail goes to a port on 127.0.0.1, or says that the test was skipped.
    ///
    /// # Panics
    /// Where it cannot be prepared.
    pub fn prepare(port: u16) -> Option<Self> {
        let unpacked = require_unpacked("exim")?;
        let folder = tempfile::Builder::new().prefix("exim-").tempdir_in("/tmp").unwrap();
        let root = folder.path();
        let programs = readable_by_the_server(&unpacked, root);
        for name in ["spool", "log"] {
            fs::create_dir(root.join(name)).unwrap();
        }
        fs::write(root.join("exim.conf"), configuration(root, &programs, port)).unwrap();
        // The program looks for a user whom only Debian's installation makes.
        let (user, group) =
            if is_root() { (id("-u", "nobody"), id("-g", "nobody")) } else { (id("-u", ""), id("-g", "")) };
        let users = format!(
            "root:x:0:0::/:/bin/sh\nDebian-exim:x:{user}:{group}::/:/bin/false\nnobody:x:{user}:{group}::/:/bin/false\n"
        );
        fs::write(root.join("passwd"), users).unwrap();
        fs::write(
            root.join("group"),
            format!("root:x:0:\nmail:x:8:\nDebian-exim:x:{group}:\nnogroup:x:{group}:\n"),
        )
        .unwrap();
        fs::set_permissions(root, std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
        hand_over(root);
        Some(Self { folder, programs })
    }

    /// Hands in a message for these recipients, and waits until each was tried once.
    ///
    /// # Panics
    /// Where it is not taken.
    pub fn send(&self, from: &str, to: &[&str]) {
        let root = self.folder.path();
        let mut command = unprivileged(&self.programs.join("usr/sbin/exim4"));
        for (name, value) in environment(&self.programs) {
            command.env(name, value);
        }
        command.env("LD_PRELOAD", preloaded(&self.programs));
        command.env("NSS_WRAPPER_PASSWD", root.join("passwd")).env("NSS_WRAPPER_GROUP", root.join("group"));
        command.arg("-C").arg(root.join("exim.conf")).args(["-odf", "-f", from]).args(to);
        let mut child = command.stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let message = format!("From: {from}\nTo: undisclosed-recipients:;\nSubject: hello\n\nhello\n");
        child.stdin.take().unwrap().write_all(message.as_bytes()).unwrap();
        let out = child.wait_with_output().unwrap();
        assert!(out.status.success(), "{}\n{}", String::from_utf8_lossy(&out.stderr), self.log());
    }

    /// The main log so far.
    pub fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("log/mainlog")).unwrap_or_default()
    }
}

/// What makes the user known; no file of the system is changed.
fn preloaded(programs: &Path) -> PathBuf {
    let libraries = fs::read_dir(programs.join("usr/lib")).unwrap().map(|entry| entry.unwrap().path());
    let mut wrappers = libraries.map(|folder| folder.join("libnss_wrapper.so"));
    wrappers.find(|wrapper| wrapper.exists()).expect("libnss-wrapper is unpacked beside Exim")
}

fn id(flag: &str, user: &str) -> String {
    let mut command = Command::new("id");
    command.arg(flag);
    if !user.is_empty() {
        command.arg(user);
    }
    String::from_utf8(run(&mut command).stdout).unwrap().trim().to_owned()
}

fn configuration(root: &Path, programs: &Path, port: u16) -> String {
    let (place, programs) = (root.display(), programs.display());
    format!(
        "primary_hostname = mail.weber.test\nspool_directory = {place}/spool\nlog_file_path = {place}/log/%slog\n\
         exim_path = {programs}/usr/sbin/exim4\n\
         keep_environment = LD_PRELOAD : LD_LIBRARY_PATH : NSS_WRAPPER_PASSWD : NSS_WRAPPER_GROUP\n\
         add_environment = PATH=/usr/bin\nuntrusted_set_sender = *\nlocal_from_check = false\nnever_users =\n\
         timezone = UTC\n\
         begin routers\nout:\n  driver = manualroute\n  route_list = * 127.0.0.1::{port} byname\n  self = send\n\
         \x20 host_find_failed = defer\n  transport = smtp\n\
         begin transports\nsmtp:\n  driver = smtp\n  hosts_avoid_tls = *\n\
         begin retry\n* * F,2h,15m\n"
    )
}
