//! Opens, locks and closes the project file, and commits changes to it.

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, SystemTime};

use rusqlite::{Connection, OpenFlags, Transaction, TransactionBehavior, params};

use super::guard::{beside, check_beside, check_integrity, check_schema, end_limit, harden};
use super::ledger::seen_folders::doubt_everything;
use super::lock::FileLock;
use super::place::{OpenHere, canonical, canonical_for_new, has_other_names};
use super::schema::{APPLICATION_ID, migrate, supported_version};
use super::{Ledger, ProjectError, cause_pattern};
use crate::values::{DomainName, MailboxId, UnixTime};

/// First bytes of every SQLite 3 file.
const SQLITE_MAGIC: &[u8] = b"SQLite format 3\0";

/// Where each change of a project file is traced, so that what follows on it can be watched.
const CHANGES: &str = "mailferry::project::changes";
/// The same for each wait for the disk.
const FLUSHES: &str = "mailferry::project::flushes";

/// An open project file. Calls are short and synchronous; share it as `Arc<Project>`.
///
/// Every call that changes something is one transaction. It survives the end of the program when the call returns, and
/// a power failure as well, except where a call says that the next durable one takes it along or that it settles
/// ([`Self::unsettled`]). Dropping closes the file.
#[derive(Debug)]
pub struct Project {
    path: PathBuf,
    uuid: String,
    domain: DomainName,
    is_practice: bool,
    was_interrupted: bool,
    saved_at: AtomicI64,
    /// When the file or its folder was changed last, before this program opened it.
    touched_at: SystemTime,
    /// Whether something that was left to [`Self::unsettled`] may not be durable yet.
    is_unsettled: AtomicBool,
    database: Mutex<Option<Database>>,
    // Last, so that the locks are given back after the database is closed.
    _lock: FileLock,
    _open_here: OpenHere,
}

/// The file while it is open. SQLite flushes the write-ahead log (“log”) only before it writes it into the file; what has to
/// be durable before that is flushed by [`Unflushed`], with nothing held.
#[derive(Debug)]
struct Database {
    // First, so that it is closed before SQLite removes the log.
    log: Arc<File>,
    connection: Connection,
}

/// A change that is kept, and that a power failure may still undo.
#[derive(Debug)]
#[must_use = "a change that the next step depends on must be synced first"]
pub struct Unflushed {
    // The file alone: whoever waits for the disk holds neither the project nor its lock.
    log: Arc<File>,
}

impl Unflushed {
    /// Waits for the disk; every change that was kept before is durable then. May take long where the disk is slow.
    pub fn flush(self) -> Result<(), ProjectError> {
        self.log.sync_data().map_err(|error| ProjectError::Io(error.into()))?;
        tracing::trace!(target: FLUSHES, "syncing the log");
        Ok(())
    }
}

impl Project {
    /// Makes a new project file and opens it. An existing file is never overwritten, and no half-made file is left.
    pub fn create(path: &Path, domain: &DomainName, is_practice: bool) -> Result<Arc<Self>, ProjectError> {
        let path = &canonical_for_new(path)?;
        let lock = FileLock::of_project(path)?;
        if path.symlink_metadata().is_ok() {
            return Err(ProjectError::AlreadyExists(path.to_owned()));
        }
        let folder = match path.parent() {
            Some(parent) if parent != Path::new("") => parent,
            _ => Path::new("."),
        };
        // Made under another name and then renamed; the guard removes it where anything fails.
        let unfinished = tempfile::Builder::new()
            .prefix(".mailferry-new-")
            .tempfile_in(folder)
            .map_err(|error| ProjectError::from_io(folder, error))?;
        write_new_project(unfinished.path(), domain, is_practice)?;
        unfinished.as_file().sync_all().map_err(|error| ProjectError::from_io(folder, error))?;
        unfinished.persist_noclobber(path).map_err(|error| ProjectError::from_io(path, error.error))?;
        let open_here = OpenHere::note(path)?;
        Self::open_locked(path, lock, open_here, SystemTime::now(), true)
    }

    /// Opens an existing project file and brings it to the newest format. Whatever link leads to the file, it is
    /// open once only, and everything beside it is beside the file that the link leads to.
    pub fn open(path: &Path) -> Result<Arc<Self>, ProjectError> {
        let path = &canonical(path)?;
        let open_here = OpenHere::note(path)?;
        check_header(path)?;
        let touched_at = touched_at(path);
        let lock = FileLock::of_project(path)?;
        Self::open_locked(path, lock, open_here, touched_at, false)
    }

    /// A new file is marked as open from the beginning.
    fn open_locked(
        path: &Path,
        lock: FileLock,
        open_here: OpenHere,
        touched_at: SystemTime,
        is_new: bool,
    ) -> Result<Arc<Self>, ProjectError> {
        check_beside(path)?;
        let has_log = log_path(path).metadata().is_ok_and(|log| log.len() > 0);
        let mut connection = open_connection(path)?;
        migrate(&mut connection)?;
        let (uuid, domain, is_practice, is_open): (String, String, bool, bool) = connection.query_row(
            "SELECT uuid, domain, is_practice, is_open FROM project WHERE singleton = 1",
            [],
            |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)),
        )?;
        let domain =
            DomainName::parse(&domain).map_err(|error| ProjectError::unreadable("the domain", error))?;
        let was_interrupted = is_open && !is_new;
        if was_interrupted {
            if !has_log && has_other_names(path) {
                return Err(ProjectError::Corrupt(
                    "it was last open under another name (hard link) and not closed properly, and its \
                     newest changes are there: open it under that name"
                        .to_owned(),
                ));
            }
            check_integrity(&connection)?;
            if !has_log {
                // Its newest changes were in a log that is not beside it any more.
                doubt_everything(&connection)?;
            }
        }
        end_limit(&connection)?;
        if !is_new {
            connection.execute("UPDATE project SET is_open = 1", [])?;
            // Into the file itself, where it is seen under each of its names.
            connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", [], |_row| Ok(()))?;
        }
        let log = log_path(path);
        // Flushing needs the right to write on Windows.
        let log =
            File::options().write(true).open(&log).map_err(|error| ProjectError::from_io(&log, error))?;
        Ok(Arc::new(Self {
            path: path.to_owned(),
            uuid,
            domain,
            is_practice,
            was_interrupted,
            saved_at: AtomicI64::new(UnixTime::now().0),
            touched_at,
            is_unsettled: AtomicBool::new(false),
            database: Mutex::new(Some(Database { log: Arc::new(log), connection })),
            _lock: lock,
            _open_here: open_here,
        }))
    }

    /// Where the file is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Random name of the project, made once; keyring entries carry it.
    pub fn uuid(&self) -> &str {
        &self.uuid
    }

    /// The domain that the project is about.
    pub fn domain(&self) -> &DomainName {
        &self.domain
    }

    /// Whether the servers of the project are embedded practice servers.
    pub fn is_practice(&self) -> bool {
        self.is_practice
    }

    /// Whether the program ended last time without closing this project.
    pub fn was_interrupted(&self) -> bool {
        self.was_interrupted
    }

    /// How long the file had been left alone by now: neither it nor the names in its folder were changed by anyone else.
    /// A clock that was set back makes it shorter, never longer.
    pub fn left_alone_for(&self) -> Duration {
        self.touched_at.elapsed().unwrap_or_default()
    }

    /// When the newest change was kept.
    pub fn saved_at(&self) -> UnixTime {
        UnixTime(self.saved_at.load(Ordering::Relaxed))
    }

    /// The ledger of one mailbox.
    pub fn ledger(self: &Arc<Self>, mailbox: MailboxId) -> Ledger {
        Ledger::new(Arc::clone(self), mailbox)
    }

    /// Writes everything into the one file, removes the write-ahead log and marks the project as closed in order.
    ///
    /// Later calls answer [`ProjectError::Closed`]. Closing twice is harmless. The lock goes with the last `Arc`.
    pub fn close(&self) -> Result<(), ProjectError> {
        let Some(Database { log, connection }) = self.guard().take() else { return Ok(()) };
        drop(log);
        connection.execute("UPDATE project SET is_open = 0, has_lost_log = 0", [])?;
        connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_row| Ok(()))?;
        connection.close().map_err(|(_connection, error)| ProjectError::from(error))
    }

    /// For tests of what happens where the file refuses a change: works on the connection itself, for instance to give it
    /// triggers that end with it. Nothing else goes past the functions of this room.
    #[cfg(feature = "testing")]
    pub fn with_connection_of_test<T>(&self, work: impl FnOnce(&Connection) -> T) -> Result<T, ProjectError> {
        self.read(|connection| Ok(work(connection)))
    }

    /// Reads with the connection held.
    pub(super) fn read<T>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, ProjectError>,
    ) -> Result<T, ProjectError> {
        work(&self.guard().as_ref().ok_or(ProjectError::Closed)?.connection)
    }

    /// Commits the work as one transaction, and waits for the disk: when this returns, the change survives a crash of the
    /// program and of the machine. For what must not be done twice or promised in vain.
    ///
    /// # Errors
    ///
    /// What the work returns: nothing is changed then. Where the disk fails behind it, nobody knows whether the change is
    /// kept.
    pub(super) fn commit_durable<T>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, ProjectError>,
    ) -> Result<T, ProjectError> {
        let (outcome, kept) = self.commit(work)?;
        kept.flush()?;
        Ok(outcome)
    }

    /// Commits the work as one transaction that settles: it survives a crash of the program at once, and one of the machine
    /// as soon as somebody has flushed what [`Self::unsettled`] returns, which they do within moments.
    ///
    /// # Errors
    ///
    /// What the work returns: nothing is changed then.
    pub(super) fn commit_settling<T>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, ProjectError>,
    ) -> Result<T, ProjectError> {
        let (outcome, _soon) = self.commit(work)?;
        self.is_unsettled.store(true, Ordering::Relaxed);
        Ok(outcome)
    }

    /// What has changed since the last call and settles; to be flushed soon, so that a power failure does not undo it.
    /// `None` where nothing has.
    pub fn unsettled(&self) -> Option<Unflushed> {
        if !self.is_unsettled.swap(false, Ordering::Relaxed) {
            return None;
        }
        // A closed file is flushed.
        self.guard().as_ref().map(|database| Unflushed { log: Arc::clone(&database.log) })
    }

    /// Commits the work as one transaction that is not flushed to the disk by itself. It survives a crash of the program at
    /// once, and one of the machine from the next [`Self::commit_durable`] on, which takes it along. Before that a power
    /// failure may undo the newest of these, in order, and never half of one.
    ///
    /// # Errors
    ///
    /// What the work returns: nothing is changed then.
    pub(super) fn commit_deferred<T>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, ProjectError>,
    ) -> Result<T, ProjectError> {
        self.commit(work).map(|(outcome, _later)| outcome)
    }

    /// Commits the work as one transaction, and leaves it to the caller when to wait for the disk: the change survives a crash
    /// of the program at once, and one of the machine when [`Unflushed::flush`] has returned.
    ///
    /// # Errors
    ///
    /// What the work returns: nothing is changed then.
    pub(super) fn commit<T>(
        &self,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, ProjectError>,
    ) -> Result<(T, Unflushed), ProjectError> {
        let mut guard = self.guard();
        let Database { log, connection } = guard.as_mut().ok_or(ProjectError::Closed)?;
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let outcome = work(&transaction)?;
        transaction.commit()?;
        self.saved_at.store(UnixTime::now().0, Ordering::Relaxed);
        tracing::trace!(target: CHANGES, "storing a change");
        Ok((outcome, Unflushed { log: Arc::clone(log) }))
    }

    fn guard(&self) -> MutexGuard<'_, Option<Database>> {
        // A panic in the middle of a call has rolled its transaction back, so the connection is sound.
        self.database.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Project {
    fn drop(&mut self) {
        if let Err(error) = self.close() {
            tracing::warn!(%error, "the project was not closed properly; nothing is lost");
        }
    }
}

fn write_new_project(path: &Path, domain: &DomainName, is_practice: bool) -> Result<(), ProjectError> {
    let mut connection = Connection::open(path)?;
    // Nobody opens the file before it is whole and flushed, so that no step of it has to be.
    connection.pragma_update(None, "synchronous", "OFF")?;
    connection.pragma_update(None, "journal_mode", "MEMORY")?;
    connection.pragma_update(None, "application_id", APPLICATION_ID)?;
    cause_pattern::register(&connection)?;
    migrate(&mut connection)?;
    connection.execute(
        "INSERT INTO project (singleton, uuid, domain, is_practice, created_at, is_open)
         VALUES (1, lower(hex(randomblob(16))), ?1, ?2, ?3, 1)",
        params![domain.as_ascii(), is_practice, UnixTime::now().0],
    )?;
    connection.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    connection.close().map_err(|(_connection, error)| ProjectError::from(error))
}

fn open_connection(path: &Path) -> Result<Connection, ProjectError> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags)?;
    connection.busy_timeout(Duration::from_secs(1))?;
    // The lock file goes by the name of the project; this one is on the file itself, so that no second name (hard
    // link) gets around it. Set before the first read, it also keeps the write-ahead log's index in memory.
    connection.pragma_update(None, "locking_mode", "EXCLUSIVE")?;
    connection.set_prepared_statement_cache_capacity(64);
    cause_pattern::register(&connection)?;
    // The file may come from somebody else: its schema is data, not code that we trust.
    harden(&connection)?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if version > supported_version() {
        // Before the journal mode is touched: a file of a newer version stays as it is.
        return Err(ProjectError::Newer { found: version, supported: supported_version() });
    }
    check_schema(&connection, version)?;
    connection.pragma_update(None, "journal_mode", "WAL")?;
    // The log is flushed before it is written into the file; before that, whoever changes something says when.
    connection.pragma_update(None, "synchronous", "NORMAL")?;
    // On macOS a plain fsync leaves the data in the disk's own cache; elsewhere this does nothing.
    connection.pragma_update(None, "fullfsync", true)?;
    Ok(connection)
}

/// Where SQLite keeps the write-ahead log of a database.
fn log_path(path: &Path) -> PathBuf {
    beside(path, "-wal")
}

/// Whether a plain file that this process does not have open is a project.
pub fn is_project(path: &Path) -> bool {
    check_header(path).is_ok()
}

/// Tells a project from other files without letting SQLite touch them.
/// When somebody has last written the file, or has made, renamed or removed anything beside it, such as its log. Now where
/// that cannot be told.
fn touched_at(path: &Path) -> SystemTime {
    let changed = |path: &Path| path.metadata().and_then(|metadata| metadata.modified()).ok();
    let folder = path.parent().and_then(changed);
    changed(path).zip(folder).map_or_else(SystemTime::now, |(file, folder)| file.max(folder))
}

fn check_header(path: &Path) -> Result<(), ProjectError> {
    let mut header = Vec::with_capacity(100);
    let file = File::open(path).map_err(|error| ProjectError::from_io(path, error))?;
    file.take(100).read_to_end(&mut header).map_err(|error| ProjectError::from_io(path, error))?;
    // SQLite file format, section 1.3: the application ID is the big-endian number at offset 68.
    let application_id = header.get(68..72).and_then(|bytes| <[u8; 4]>::try_from(bytes).ok());
    let is_ours = application_id.is_some_and(|bytes| i64::from(u32::from_be_bytes(bytes)) == APPLICATION_ID);
    if header.starts_with(SQLITE_MAGIC) && is_ours {
        Ok(())
    } else {
        Err(ProjectError::NotAProject(path.to_owned()))
    }
}

#[cfg(test)]
mod file_tests;
