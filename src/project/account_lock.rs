use std::path::Path;

use super::ProjectError;
use super::lock::FileLock;
use crate::plan::account_digest;

/// Held while mail is copied into an account, so that no other window or command copies into it at the same time: each
/// would look before it sends, and both would send.
///
/// The operating system lets go of it when the process ends, however it ends.
#[derive(Debug)]
pub struct AccountLock {
    _lock: FileLock,
}

impl AccountLock {
    /// Takes the lock of an account, as [`super::BoundSides`] names it, in a folder that all windows and commands of this
    /// user share. [`ProjectError::AccountBusy`] where another one has it.
    pub fn take(folder: &Path, account: &str) -> Result<Self, ProjectError> {
        std::fs::create_dir_all(folder).map_err(|error| ProjectError::from_io(folder, error))?;
        match FileLock::take(&folder.join(format!("{}.lock", account_digest(account)))) {
            Ok(lock) => Ok(Self { _lock: lock }),
            Err(ProjectError::Locked { pid }) => Err(ProjectError::AccountBusy { pid }),
            Err(error) => Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ACCOUNT: &str = "imap.example.org:993 anna@example.org";

    #[test]
    fn an_account_is_written_to_by_one_at_a_time() {
        let temp = tempfile::tempdir().unwrap();
        let folder = temp.path().join("accounts");
        let held = AccountLock::take(&folder, ACCOUNT).unwrap();
        let refused = AccountLock::take(&folder, &ACCOUNT.to_uppercase());
        let own = if cfg!(windows) { None } else { Some(std::process::id()) };
        assert!(matches!(refused, Err(ProjectError::AccountBusy { pid }) if pid == own), "{refused:?}");
        AccountLock::take(&folder, "imap.example.org:993 ben@example.org").unwrap();
        drop(held);
        AccountLock::take(&folder, ACCOUNT).unwrap();
        assert_eq!(std::fs::read_dir(&folder).unwrap().count(), 0, "nothing stays behind");
    }

    #[test]
    fn a_lock_that_a_dead_process_left_behind_is_taken_over() {
        let temp = tempfile::tempdir().unwrap();
        let held = AccountLock::take(temp.path(), ACCOUNT).unwrap();
        let name = std::fs::read_dir(temp.path()).unwrap().next().unwrap().unwrap().path();
        drop(held);
        std::fs::write(name, "4194305\n").unwrap();
        AccountLock::take(temp.path(), ACCOUNT).unwrap();
    }
}
