//! The processes of a server that starts others: one group, so that a kill meets all of them and nothing else.

use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Child, Command, Output, Stdio};

use crate::programs::{Guard, run};

/// A running server; ends when dropped, or when its test is killed.
pub(super) struct ProcessGroup {
    child: Child,
    _guard: Guard,
}

impl ProcessGroup {
    /// Starts the first process; what it writes to stderr goes into a file of this folder.
    pub(super) fn start(command: &mut Command, folder: &Path) -> Self {
        let child = command
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(std::fs::File::create(folder.join("stderr")).unwrap())
            .spawn()
            .unwrap();
        Self { _guard: Guard::of(&child), child }
    }

    /// The process id of the first process, which is the number of the group.
    pub(super) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Ends every process at once, as a power cut would.
    pub(super) fn kill(mut self) {
        let killed = self.signal("-KILL");
        assert!(killed.status.success(), "{}", String::from_utf8_lossy(&killed.stderr));
        self.child.wait().unwrap();
    }

    fn signal(&self, signal: &str) -> Output {
        run(Command::new("kill").args([signal, "--", &format!("-{}", self.id())]))
    }
}

impl Drop for ProcessGroup {
    fn drop(&mut self) {
        // After a kill there is nobody left to stop, and the exit status is known.
        if !matches!(self.child.try_wait(), Ok(Some(_))) {
            let _stopped = self.signal("-TERM");
            let _ended = self.child.wait();
        }
    }
}
