//! mbsync as a writer of mail that is at a server already: it marks what it copies with a header of its own (`X-TUID`)
//! and keeps no keywords.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::programs::{require_program, run};
use crate::servers::dovecot::PASSWORD;

/// An account on loopback.
#[derive(Clone, Copy)]
pub struct Account {
    /// The server's port.
    pub port: u16,
    /// Who signs in.
    pub user: &'static str,
    /// What every folder but the inbox begins with, for instance `INBOX.`; empty where there is no such thing.
    pub prefix: &'static str,
}

impl Account {
    fn store(self, name: &str) -> String {
        let password = PASSWORD.replace('"', "\\\"");
        let path = if self.prefix.is_empty() { String::new() } else { format!("Path {}\n", self.prefix) };
        format!(
            "IMAPAccount {name}\nHost 127.0.0.1\nPort {}\nUser {}\nPass \"{password}\"\nSSLType None\n\
             AuthMechs LOGIN\n\nIMAPStore {name}\nAccount {name}\n{path}\n",
            self.port, self.user
        )
    }
}

/// A Maildir with its folders as plain folders beside `INBOX`, as mbsync keeps mail on a disk.
fn maildir_store(name: &str, folder: &Path) -> String {
    let folder = folder.display();
    format!("MaildirStore {name}\nPath {folder}/\nInbox {folder}/INBOX\nSubFolders Verbatim\n\n")
}

/// Copies everything from one account into another one; `None` where mbsync is missing and need not be there.
///
/// # Panics
/// Where mbsync fails.
pub fn copy(from: Account, to: Account) -> Option<()> {
    sync(&from.store("far"), &to.store("near"))
}

/// Copies a Maildir into an account; `None` where mbsync is missing and need not be there.
///
/// # Panics
/// Where mbsync fails.
pub fn push(folder: &Path, to: Account) -> Option<()> {
    sync(&maildir_store("far", folder), &to.store("near"))
}

/// Copies an account into a Maildir; `None` where mbsync is missing and need not be there.
///
/// # Panics
/// Where mbsync fails.
pub fn pull(from: Account, folder: &Path) -> Option<()> {
    fs::create_dir_all(folder).unwrap();
    sync(&from.store("far"), &maildir_store("near", folder))
}

fn sync(far: &str, near: &str) -> Option<()> {
    let program = require_program("mbsync", "isync")?;
    let work = tempfile::tempdir().unwrap();
    fs::create_dir(work.path().join("state")).unwrap();
    let config = format!(
        "{far}{near}Channel move\nFar :far:\nNear :near:\nPatterns *\nCreate Near\nSync Pull\n\
         CopyArrivalDate yes\nSyncState {}/state/\n",
        work.path().display()
    );
    let file = work.path().join("mbsyncrc");
    fs::write(&file, config).unwrap();
    let output = run(Command::new(program).arg("-q").arg("-c").arg(&file).arg("move"));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    Some(())
}
