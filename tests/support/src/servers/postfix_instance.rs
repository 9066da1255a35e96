//! What every Postfix of the tests has: a folder of its own with its configuration, and processes that end with the test.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

use super::unpacked::is_root;
use crate::programs::{Guard, require_program, run, until};

/// The first process of Postfix, which starts the others.
const MASTER: &str = "/usr/lib/postfix/sbin/master";

/// An instance that is being prepared.
pub(super) struct Prepared {
    program: PathBuf,
    folder: TempDir,
}

impl Prepared {
    /// An empty folder for an instance, or a word that the test was skipped: the first process of Postfix has to be
    /// root's, since it gives its rights away to the others.
    pub(super) fn new() -> Option<Self> {
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
        Some(Self { program, folder })
    }

    pub(super) fn root(&self) -> &Path {
        self.folder.path()
    }

    /// Starts it; `main` is added to what every instance needs in `main.cf`.
    pub(super) fn start(self, main: &str, master: &str) -> Instance {
        let Self { program, folder } = self;
        let root = folder.path();
        let place = root.display();
        let common = format!(
            "compatibility_level = 3.6\nqueue_directory = {place}/queue\ndata_directory = {place}/data\n\
             mydestination =\nalias_maps =\ninet_interfaces = loopback-only\ninet_protocols = ipv4\n\
             maillog_file = {place}/mail.log\nmaillog_file_prefixes = {place}\n"
        );
        fs::write(root.join("etc/main.cf"), common + main).unwrap();
        fs::write(root.join("etc/master.cf"), master).unwrap();
        // Makes the folders of the queue.
        let checked = run(Command::new(&program).arg("-c").arg(root.join("etc")).arg("check"));
        assert!(checked.status.success(), "{checked:?}");
        // `postfix start-fg` would lead a session of its own, which nobody could end together with the test: `-d` leaves
        // it in the group that it is started in.
        let child = Command::new(MASTER)
            .arg("-d")
            .arg("-c")
            .arg(root.join("etc"))
            // A group of its own, so that the guard meets every process of this server and no other.
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(fs::File::create(root.join("stderr")).unwrap())
            .spawn()
            .unwrap();
        let guard = Guard::of(&child);
        let instance = Instance { folder, child, _guard: guard };
        until("Postfix has started", || instance.log().contains("daemon started").then_some(()));
        instance
    }
}

/// A running instance; ends and vanishes when dropped, and when the test is killed.
pub(super) struct Instance {
    folder: TempDir,
    child: Child,
    _guard: Guard,
}

impl Instance {
    /// The folder with its configuration.
    pub(super) fn configuration(&self) -> PathBuf {
        self.folder.path().join("etc")
    }

    /// Everything that it has logged so far.
    pub(super) fn log(&self) -> String {
        fs::read_to_string(self.folder.path().join("mail.log")).unwrap_or_default()
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        // The group: the first process and those that it has started.
        let group = format!("-{}", self.child.id());
        let _stopped = Command::new("kill").args(["-TERM", "--", &group]).status();
        let _ended = self.child.wait();
    }
}
