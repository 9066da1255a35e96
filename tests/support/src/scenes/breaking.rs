//! What breaking a copy at every step needs: time that follows what is done, and a ledger that refuses changes.

use std::cell::{Cell, RefCell};
use std::fmt::Write as _;
use std::panic::resume_unwind;
use std::path::{Path, PathBuf};
use std::sync::Once;

use mailferry::project::Project;
use tracing::span;

pub use crate::quick_time::in_quick_time;

/// Counts the row changes of the ledger, and refuses them from some number on. Ends together with the connection.
pub struct LedgerCounter;

impl LedgerCounter {
    /// Starts counting, in every table that a copy may write and for every verb; after `allowance` changes each further
    /// one is refused, with its whole transaction.
    pub fn install(project: &Project, allowance: u32) {
        let count = "UPDATE test_count SET done = done + 1;
            SELECT RAISE(ABORT, 'broken on purpose') FROM test_count WHERE done > allowance;";
        let mut script = format!(
            "CREATE TEMP TABLE test_count (done INTEGER, allowance INTEGER);
             INSERT INTO test_count VALUES (0, {allowance});"
        );
        let install = |connection: &rusqlite::Connection| {
            for table in tables(connection) {
                for event in ["INSERT", "UPDATE", "DELETE"] {
                    let name = format!("test_{table}_{event}");
                    let when = format!("BEFORE {event} ON main.{table}");
                    write!(script, "CREATE TEMP TRIGGER {name} {when} BEGIN {count} END;").unwrap();
                }
            }
            connection.execute_batch(&script).unwrap();
        };
        project.with_connection_of_test(install).unwrap();
    }

    /// The number of row changes until now.
    pub fn count(project: &Project) -> u32 {
        let count = |connection: &rusqlite::Connection| {
            connection.query_row("SELECT done FROM test_count", [], |row| row.get(0)).unwrap()
        };
        project.with_connection_of_test(count).unwrap()
    }
}

/// All tables but the one that says whether a program has the file open.
fn tables(connection: &rusqlite::Connection) -> Vec<String> {
    let names = "SELECT name FROM main.sqlite_schema WHERE type = 'table'
        AND name NOT LIKE 'sqlite_%' AND name <> 'project'";
    let mut statement = connection.prepare(names).unwrap();
    statement.query_map([], |row| row.get(0)).unwrap().map(Result::unwrap).collect()
}

/// A project file as it was at one moment: what a backup, a snapshot or another computer has of it.
#[derive(Clone)]
pub struct FileState {
    file: Vec<u8>,
    log: Option<Vec<u8>>,
}

impl FileState {
    /// What is on the disk now.
    pub fn read(path: &Path) -> Self {
        Self { file: std::fs::read(path).unwrap(), log: std::fs::read(log_of(path)).ok() }
    }

    /// Puts it there, in place of what is there.
    pub fn put(&self, path: &Path) {
        let _no_index = std::fs::remove_file(beside(path, "-shm"));
        let _no_log = std::fs::remove_file(log_of(path));
        std::fs::write(path, &self.file).unwrap();
        if let Some(log) = &self.log {
            std::fs::write(log_of(path), log).unwrap();
        }
    }

    /// The same after SQLite has brought everything into the file itself; without a log.
    pub fn in_one_file(&self) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("whole");
        self.put(&path);
        let connection = rusqlite::Connection::open(&path).unwrap();
        connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_row| Ok(())).unwrap();
        connection.close().unwrap();
        Self { file: std::fs::read(&path).unwrap(), log: None }
    }
}

fn log_of(path: &Path) -> PathBuf {
    beside(path, "-wal")
}

fn beside(path: &Path, end: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(end);
    name.into()
}

thread_local! {
    /// Changes of a project file on this thread, and after which of them its work ends.
    static CHANGES: Cell<(u32, u32)> = const { Cell::new((0, u32::MAX)) };
    /// The project file of which a state is kept, and after which change.
    static KEPT: RefCell<Option<(PathBuf, u32, Option<FileState>)>> = const { RefCell::new(None) };
}

/// Ends work right after a change of the ledger has been kept: nothing that follows on it happens.
pub struct ChangeWatch;

impl ChangeWatch {
    /// Counts from now on, on this thread; work unwinds after so many changes.
    pub fn start(last: u32) {
        static WATCH: Once = Once::new();
        WATCH.call_once(|| tracing::subscriber::set_global_default(Self).unwrap());
        CHANGES.set((0, last));
    }

    /// Keeps the state that the file has after so many of the changes counted from now on.
    pub fn keep(path: &Path, after: u32) {
        let now = (after == 0).then(|| FileState::read(path));
        KEPT.set(Some((path.to_owned(), after, now)));
    }

    /// The state that was kept; `None` where there were fewer changes.
    pub fn kept() -> Option<FileState> {
        KEPT.take().and_then(|(_path, _after, state)| state)
    }

    /// How many changes there were; no further one ends anything.
    pub fn stop() -> u32 {
        let (count, _last) = CHANGES.replace((0, u32::MAX));
        count
    }
}

impl tracing::Subscriber for ChangeWatch {
    fn enabled(&self, metadata: &tracing::Metadata<'_>) -> bool {
        metadata.target() == "mailferry::project::changes"
    }

    fn new_span(&self, _span: &span::Attributes<'_>) -> span::Id {
        span::Id::from_u64(1)
    }

    fn record(&self, _span: &span::Id, _values: &span::Record<'_>) {}

    fn record_follows_from(&self, _span: &span::Id, _follows: &span::Id) {}

    fn event(&self, _event: &tracing::Event<'_>) {
        let (count, last) = CHANGES.get();
        CHANGES.set((count + 1, last));
        KEPT.with_borrow_mut(|kept| {
            if let Some((path, after, state)) = kept
                && *after == count + 1
            {
                *state = Some(FileState::read(path));
            }
        });
        if count + 1 == last {
            // Unwinds without the words of a panic.
            resume_unwind(Box::new("broken on purpose"));
        }
    }

    fn enter(&self, _span: &span::Id) {}

    fn exit(&self, _span: &span::Id) {}
}
