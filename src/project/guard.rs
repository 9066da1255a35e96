//! A project file may come from anyone: what is checked, and how far, before anything in it is trusted.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rusqlite::Connection;
use rusqlite::config::DbConfig;
use rusqlite::limits::Limit;

use super::ProjectError;
use super::plain_file::check_absent_or_plain;
use super::schema::{SchemaRow, known_schema, schema_of};

/// How long opening may take: a file that keeps SQLite busy for longer was made for that.
const OPENING_LIMIT: Duration = Duration::from_mins(1);
/// How long looking through the whole file may take, after the program has ended early.
const CHECK_LIMIT: Duration = Duration::from_mins(10);
/// Steps of SQLite between two looks at the clock: some milliseconds.
const STEPS_PER_LOOK: i32 = 20_000;
/// Reports the work of the database after each of this many steps.
const STEPS: &str = "mailferry::project::steps";
const STEPS_AT_ONCE: i32 = 1_000;
/// Largest value: plans of tens of thousands of folders are some megabytes.
const MAX_VALUE_BYTES: i32 = 256 << 20;

/// What SQLite keeps beside a database.
const BESIDE: [&str; 3] = ["-wal", "-shm", "-journal"];

/// Refuses a file whose log is a link, or anything else that is no plain file: SQLite would write into what it leads to.
pub(super) fn check_beside(path: &Path) -> Result<(), ProjectError> {
    BESIDE.iter().try_for_each(|suffix| check_absent_or_plain(&beside(path, suffix)))
}

/// The name of what SQLite keeps beside a database.
pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

/// Lets the file do as little as possible, and opening it take no more than its time. To be called before the first read.
pub(super) fn harden(connection: &Connection) -> Result<(), ProjectError> {
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    connection.pragma_update(None, "cell_size_check", true)?;
    for (limit, most) in [
        (Limit::SQLITE_LIMIT_LENGTH, MAX_VALUE_BYTES),
        (Limit::SQLITE_LIMIT_SQL_LENGTH, 1 << 20),
        (Limit::SQLITE_LIMIT_TRIGGER_DEPTH, 20),
        (Limit::SQLITE_LIMIT_ATTACHED, 0),
    ] {
        connection.set_limit(limit, most)?;
    }
    limit_time(connection, OPENING_LIMIT)
}

/// Refuses a file that holds other tables, views, indexes or triggers than this version makes. Nothing of it has run then.
pub(super) fn check_schema(connection: &Connection, version: i64) -> Result<(), ProjectError> {
    connection.pragma_update(None, "query_only", true)?;
    let known = known_schema(version)?;
    let found = schema_of(connection, known.len())?;
    connection.pragma_update(None, "query_only", false)?;
    let is_missing = |one: &&SchemaRow| !found.contains(one);
    let is_foreign = |one: &&SchemaRow| !known.contains(one);
    let odd = found.iter().find(is_foreign).or_else(|| known.iter().find(is_missing));
    match odd {
        None if found.len() == known.len() => Ok(()),
        None => Err(ProjectError::ForeignSchema("more than any project contains".to_owned())),
        Some(row) => Err(ProjectError::ForeignSchema(row.words())),
    }
}

/// Looks through the whole file.
pub(super) fn check_integrity(connection: &Connection) -> Result<(), ProjectError> {
    limit_time(connection, CHECK_LIMIT)?;
    connection.pragma_update(None, "query_only", true)?;
    let words: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
    connection.pragma_update(None, "query_only", false)?;
    limit_time(connection, OPENING_LIMIT)?;
    if words == "ok" { Ok(()) } else { Err(ProjectError::Corrupt(words)) }
}

/// From now on nothing of this connection is cut short any more. Its work can be counted, where time would say little.
pub(super) fn end_limit(connection: &Connection) -> Result<(), ProjectError> {
    let count = || {
        tracing::trace!(target: STEPS, "a thousand steps of the database");
        false
    };
    Ok(connection.progress_handler(STEPS_AT_ONCE, Some(count))?)
}

fn limit_time(connection: &Connection, limit: Duration) -> Result<(), ProjectError> {
    let until = Instant::now() + limit;
    Ok(connection.progress_handler(STEPS_PER_LOOK, Some(move || Instant::now() >= until))?)
}
