//! Which accounts the windows and commands of this user write into, so that no two write into one at the same time:
//! each would look before it sends, and both would send.
//!
//! A run has one lock file, held as long as it lives, and beside it a table of the accounts that it writes into now. So
//! the number of open files does not grow with the mailboxes, and accounts are compared and not only their names.

use std::fs::{self, DirBuilder};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::ProjectError;
use super::lock::FileLock;
use crate::values::AccountIdentity;

/// Held by a run while it looks at the tables of the others and changes its own.
const GATE: &str = "gate.lock";
/// Names of the lock files of runs, and of their tables.
const RUN: &str = "run";
const TABLE: &str = "accounts";
/// How long the gate is waited for: others hold it for milliseconds.
const PATIENCE: Duration = Duration::from_secs(10);
const LOOK_AGAIN: Duration = Duration::from_millis(5);
/// Longest table that is read.
const MOST_BYTES: u64 = 4 << 20;

/// Why an account may not be written into.
#[derive(Debug, Error)]
pub enum ClaimError {
    /// Another window or command writes into it.
    #[error("mail is already being copied into this account{}", .pid.map_or_else(String::new, |pid| format!(" (process {pid})")))]
    Busy {
        /// The process that does so, where it is known.
        pid: Option<u32>,
    },
    /// Nobody can say whether another one does.
    #[error("the list of accounts in use cannot be stored in {}: {source}", folder.display())]
    Unavailable {
        /// Where it should be.
        folder: PathBuf,
        /// Why not.
        source: ProjectError,
    },
}

/// The accounts that one run writes into. Clones share them; dropping the last one ends the run for all others.
#[derive(Clone, Debug)]
pub struct AccountClaims(Arc<Run>);

#[derive(Debug)]
struct Run {
    folder: PathBuf,
    name: String,
    own: Mutex<Own>,
    _lock: FileLock,
}

#[derive(Debug, Default)]
struct Own {
    next: u64,
    accounts: Vec<(u64, AccountIdentity)>,
}

/// One account that this run writes into, until this is dropped.
#[derive(Debug)]
pub struct AccountClaim {
    run: Arc<Run>,
    number: u64,
}

/// How a question for an account was answered.
#[derive(Debug)]
pub enum Claimed {
    /// It is ours now.
    Now(AccountClaim),
    /// Another mailbox of the same run is copied into it: one after the other.
    ByThisRun,
}

/// An account that another run writes into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BusyAccount {
    /// Its index among the accounts asked about.
    pub index: usize,
    /// Process id of that run, if it could be read.
    pub pid: Option<u32>,
}

/// What lies on the disk for others.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Table {
    pid: u32,
    accounts: Vec<AccountIdentity>,
}

impl AccountClaims {
    /// Begins a run. All windows and commands of this user share the folder.
    pub fn begin(folder: &Path) -> Result<Self, ClaimError> {
        let begun = make_private(folder).and_then(|()| {
            let gate = gate(folder)?;
            let (name, lock) = new_run(folder)?;
            drop(gate);
            Ok(Self(Arc::new(Run { folder: folder.to_owned(), name, own: Mutex::default(), _lock: lock })))
        });
        begun.map_err(|source| ClaimError::Unavailable { folder: folder.to_owned(), source })
    }

    /// Takes an account for this run.
    pub fn claim(&self, account: &AccountIdentity) -> Result<Claimed, ClaimError> {
        let run = &self.0;
        let mut own = run.own();
        if own.accounts.iter().any(|(_, known)| known.is_same_account(account)) {
            return Ok(Claimed::ByThisRun);
        }
        let _gate = gate(&run.folder).map_err(|source| run.unavailable(source))?;
        if let Some(BusyAccount { pid, .. }) =
            run.others_with(&[account]).map_err(|source| run.unavailable(source))?
        {
            return Err(ClaimError::Busy { pid });
        }
        own.next += 1;
        let number = own.next;
        own.accounts.push((number, account.clone()));
        if let Err(source) = run.write_table(&own) {
            own.accounts.pop();
            return Err(run.unavailable(source));
        }
        Ok(Claimed::Now(AccountClaim { run: Arc::clone(run), number }))
    }

    /// The first of these accounts that another run writes into. Claims nothing.
    pub fn find_busy(&self, accounts: &[&AccountIdentity]) -> Result<Option<BusyAccount>, ClaimError> {
        let run = &self.0;
        let _gate = gate(&run.folder).map_err(|source| run.unavailable(source))?;
        run.others_with(accounts).map_err(|source| run.unavailable(source))
    }
}

impl Run {
    fn own(&self) -> MutexGuard<'_, Own> {
        self.own.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn unavailable(&self, source: ProjectError) -> ClaimError {
        ClaimError::Unavailable { folder: self.folder.clone(), source }
    }

    /// Which of these accounts another run writes into, and its process. Removes what runs have left that ended early.
    fn others_with(&self, accounts: &[&AccountIdentity]) -> Result<Option<BusyAccount>, ProjectError> {
        let failed = |error| ProjectError::from_io(&self.folder, error);
        for entry in fs::read_dir(&self.folder).map_err(failed)? {
            let path = entry.map_err(failed)?.path();
            let is_run = path.extension().is_some_and(|extension| extension == RUN);
            if !is_run || path.file_stem().is_some_and(|stem| stem == self.name.as_str()) {
                continue;
            }
            let table = path.with_extension(TABLE);
            match FileLock::take(&path) {
                // Its process has ended: the lock file goes with this lock.
                Ok(_lock) => remove(&table)?,
                Err(ProjectError::Locked { pid }) => {
                    let Table { pid: told, accounts: taken } = read_table(&table)?;
                    let is_taken =
                        |one: &AccountIdentity| taken.iter().any(|other| other.is_same_account(one));
                    if let Some(index) = accounts.iter().position(|one| is_taken(one)) {
                        let pid = pid.or((told != 0).then_some(told));
                        return Ok(Some(BusyAccount { index, pid }));
                    }
                }
                Err(error) => return Err(error),
            }
        }
        Ok(None)
    }

    /// Puts the table in the place of the older one, whole.
    fn write_table(&self, own: &Own) -> Result<(), ProjectError> {
        let accounts = own.accounts.iter().map(|(_, account)| account.clone()).collect();
        let table = Table { pid: std::process::id(), accounts };
        let failed = |error| ProjectError::from_io(&self.folder, error);
        let text = serde_json::to_vec(&table).map_err(|error| failed(error.into()))?;
        let mut file = tempfile::Builder::new().prefix("new-").tempfile_in(&self.folder).map_err(failed)?;
        file.write_all(&text).map_err(failed)?;
        file.persist(self.table()).map_err(|error| failed(error.error))?;
        Ok(())
    }

    fn table(&self) -> PathBuf {
        self.folder.join(format!("{}.{TABLE}", self.name))
    }
}

impl Drop for Run {
    fn drop(&mut self) {
        if let Err(error) = remove(&self.table()) {
            tracing::debug!(%error, "could not remove the list of accounts in use");
        }
    }
}

impl Drop for AccountClaim {
    fn drop(&mut self) {
        let mut own = self.run.own();
        own.accounts.retain(|(number, _)| *number != self.number);
        // Readers see the older table or the newer one, so the gate is not needed to give something back.
        if let Err(error) = self.run.write_table(&own) {
            tracing::warn!(%error, "could not release an account; other runs see it as in use until this one ends");
        }
    }
}

/// A lock file under a name that nobody has had.
fn new_run(folder: &Path) -> Result<(String, FileLock), ProjectError> {
    let name = tempfile::Builder::new()
        .prefix("")
        .suffix(&format!(".{RUN}"))
        .rand_bytes(12)
        .tempfile_in(folder)
        .map_err(|error| ProjectError::from_io(folder, error))?;
    let (_file, path) = name.keep().map_err(|error| ProjectError::from_io(folder, error.error))?;
    let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    Ok((stem, FileLock::take(&path)?))
}

/// The gate, after whoever holds it at present.
fn gate(folder: &Path) -> Result<FileLock, ProjectError> {
    let path = folder.join(GATE);
    let began = Instant::now();
    loop {
        match FileLock::take(&path) {
            Err(ProjectError::Locked { .. }) if began.elapsed() < PATIENCE => std::thread::sleep(LOOK_AGAIN),
            taken => return taken,
        }
    }
}

/// A folder for this user alone.
fn make_private(folder: &Path) -> Result<(), ProjectError> {
    let failed = |error| ProjectError::from_io(folder, error);
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder).map_err(failed)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        let owner = fs::metadata(folder).map_err(failed)?.uid();
        if owner != rustix::process::geteuid().as_raw() {
            return Err(ProjectError::InTheWay(folder.to_owned()));
        }
    }
    Ok(())
}

/// No table is an empty one: its run writes into nothing.
fn read_table(path: &Path) -> Result<Table, ProjectError> {
    let file = match fs::File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Table::default()),
        Err(error) => return Err(ProjectError::from_io(path, error)),
    };
    let mut text = Vec::new();
    file.take(MOST_BYTES).read_to_end(&mut text).map_err(|error| ProjectError::from_io(path, error))?;
    serde_json::from_slice(&text).map_err(|error| ProjectError::unreadable("a list of accounts", error))
}

fn remove(path: &Path) -> Result<(), ProjectError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(ProjectError::from_io(path, error)),
        _ => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::values::{InboxMark, UidValidity};

    fn account(host: &str, user: &str) -> AccountIdentity {
        AccountIdentity {
            host: host.to_owned(),
            port: 993,
            addresses: vec!["192.0.2.1".parse().unwrap()],
            user: user.to_owned(),
            inbox: InboxMark { uid_validity: Some(UidValidity(7)), ..InboxMark::default() },
        }
    }

    fn names(folder: &Path) -> Vec<String> {
        let mut names: Vec<String> = fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .collect();
        names.sort();
        names
    }

    #[test]
    fn an_account_is_written_to_by_one_run_at_a_time_whatever_it_is_called() {
        let temp = tempfile::tempdir().unwrap();
        let folder = temp.path().join("accounts");
        let (one, other) = (AccountClaims::begin(&folder).unwrap(), AccountClaims::begin(&folder).unwrap());
        let anna = account("imap.weber.example", "anna@weber.example");
        let again = account("mail.weber.example", "Anna");
        let ben = account("imap.weber.example", "ben@weber.example");
        let Claimed::Now(held) = one.claim(&anna).unwrap() else { panic!("nobody had it") };
        let own = if cfg!(windows) { None } else { Some(std::process::id()) };
        let refused = other.claim(&again);
        assert!(matches!(refused, Err(ClaimError::Busy { pid }) if pid == own), "{refused:?}");
        assert_eq!(other.find_busy(&[&ben, &again]).unwrap(), Some(BusyAccount { index: 1, pid: own }));
        assert!(matches!(one.claim(&again).unwrap(), Claimed::ByThisRun));
        let Claimed::Now(bens) = other.claim(&ben).unwrap() else { panic!("ben is somebody else") };
        drop(held);
        assert_eq!(other.find_busy(&[&again]).unwrap(), None);
        let Claimed::Now(taken) = other.claim(&again).unwrap() else { panic!("it was given back") };
        drop((taken, bens, one, other));
        assert_eq!(names(&folder), [""; 0], "nothing stays behind");
    }

    #[test]
    fn what_a_dead_process_left_behind_holds_nobody_up() {
        let temp = tempfile::tempdir().unwrap();
        let anna = account("imap.weber.example", "anna");
        let table = Table { pid: 4_194_305, accounts: vec![anna.clone()] };
        fs::write(temp.path().join("dead.run"), "4194305\n").unwrap();
        fs::write(temp.path().join("dead.accounts"), serde_json::to_vec(&table).unwrap()).unwrap();
        let run = AccountClaims::begin(temp.path()).unwrap();
        assert!(matches!(run.claim(&anna).unwrap(), Claimed::Now(_)));
        drop(run);
        assert_eq!(names(temp.path()), [""; 0]);
    }

    #[cfg(unix)]
    #[test]
    fn a_folder_that_cannot_be_made_is_an_error_with_its_reason() {
        let temp = tempfile::tempdir().unwrap();
        let file = temp.path().join("file");
        fs::write(&file, "x").unwrap();
        let refused = AccountClaims::begin(&file.join("accounts")).unwrap_err();
        assert!(matches!(refused, ClaimError::Unavailable { .. }), "{refused}");
        std::os::unix::fs::symlink(&file, temp.path().join(GATE)).unwrap();
        let refused = AccountClaims::begin(temp.path()).unwrap_err();
        assert!(matches!(refused, ClaimError::Unavailable { source: ProjectError::InTheWay(_), .. }));
        assert_eq!(fs::read(&file).unwrap(), b"x");
    }
}
