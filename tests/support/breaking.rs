//! What breaking a copy at every step needs: time that runs faster than the wall's, and a ledger that refuses changes.
#![allow(dead_code, reason = "each test binary uses its own part of this module")]
#![allow(clippy::unwrap_used, reason = "helpers of tests fail the test")]

use std::fmt::Write as _;
use std::future::Future;
use std::path::Path;
use std::time::Duration;

/// How much faster time runs than the wall's, at most.
const TICK: Duration = Duration::from_millis(1);
const TIME_PER_TICK: Duration = Duration::from_millis(40);

/// Runs work on a runtime whose time runs faster than the wall's.
pub fn in_quick_time<T>(work: impl Future<Output = T>) -> T {
    let runtime =
        tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build().unwrap();
    // A blocking call under way keeps time from jumping ahead whenever everybody waits for a socket.
    let (end, ended) = std::sync::mpsc::channel::<()>();
    let result = runtime.block_on(async {
        let _inhibitor = tokio::task::spawn_blocking(move || ended.recv());
        let ticks = async {
            loop {
                tokio::task::spawn_blocking(|| std::thread::sleep(TICK)).await.unwrap();
                tokio::time::advance(TIME_PER_TICK).await;
            }
        };
        tokio::select! {
            biased;
            result = work => result,
            () = ticks => unreachable!(),
        }
    });
    drop(end);
    runtime.shutdown_background();
    result
}

/// Counts the row changes of the ledger from outside, and refuses them from some number on.
pub struct LedgerCounter;

impl LedgerCounter {
    /// Starts counting; after `allowance` changes each further one is refused.
    pub fn install(path: &Path, allowance: u32) {
        let connection = rusqlite::Connection::open(path).unwrap();
        let count = "UPDATE test_count SET done = done + 1;
            SELECT RAISE(ABORT, 'broken on purpose') FROM test_count WHERE done > allowance;";
        let mut script = format!(
            "CREATE TABLE test_count (done INTEGER, allowance INTEGER);
             INSERT INTO test_count VALUES (0, {allowance});"
        );
        for (table, event) in
            [("folder", "INSERT"), ("folder", "UPDATE"), ("message", "INSERT"), ("message", "UPDATE")]
        {
            let name = format!("test_{table}_{event}");
            write!(script, "CREATE TRIGGER {name} BEFORE {event} ON {table} BEGIN {count} END;").unwrap();
        }
        connection.execute_batch(&script).unwrap();
    }

    /// Takes the triggers away; the number of row changes.
    pub fn remove(path: &Path) -> u32 {
        let connection = rusqlite::Connection::open(path).unwrap();
        let done = connection.query_row("SELECT done FROM test_count", [], |row| row.get(0)).unwrap();
        let script = "DROP TRIGGER test_folder_INSERT; DROP TRIGGER test_folder_UPDATE;
            DROP TRIGGER test_message_INSERT; DROP TRIGGER test_message_UPDATE; DROP TABLE test_count;";
        connection.execute_batch(script).unwrap();
        done
    }
}
