use rusqlite::{Connection, TransactionBehavior};

use super::ProjectError;

/// Marks the file as ours in its header: “Mfry”.
pub(super) const APPLICATION_ID: i64 = 0x4d66_7279;

/// Migrations in order; the number of those that ran is the file's `user_version`. Never changed once released.
const MIGRATIONS: [&str; 1] = [include_str!("migrations/0001_format.sql")];

/// The format that this version writes.
pub(super) const fn supported_version() -> i64 {
    // Far below any limit; `try_from` is not const.
    #[expect(clippy::cast_possible_wrap, reason = "a handful of migrations")]
    let count = MIGRATIONS.len() as i64;
    count
}

/// Brings the file to the newest format, one transaction per migration. An empty file gets all of them.
pub(super) fn migrate(connection: &mut Connection) -> Result<(), ProjectError> {
    migrate_by(connection, &MIGRATIONS)
}

fn migrate_by(connection: &mut Connection, migrations: &[&str]) -> Result<(), ProjectError> {
    let found: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let supported = i64::try_from(migrations.len()).unwrap_or(i64::MAX);
    if found > supported {
        return Err(ProjectError::Newer { found, supported });
    }
    for (number, migration) in (1_i64..).zip(migrations) {
        if number <= found {
            continue;
        }
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        transaction.execute_batch(migration)?;
        transaction.pragma_update(None, "user_version", number)?;
        transaction.commit()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(connection: &Connection) -> i64 {
        connection.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap()
    }

    #[test]
    fn an_older_file_gets_the_migrations_that_it_lacks_and_only_these() {
        let mut connection = Connection::open_in_memory().unwrap();
        let first = "CREATE TABLE a (x INTEGER) STRICT; INSERT INTO a VALUES (1);";
        migrate_by(&mut connection, &[first]).unwrap();
        assert_eq!(version(&connection), 1);
        let second = "ALTER TABLE a ADD COLUMN y INTEGER NOT NULL DEFAULT 7;";
        migrate_by(&mut connection, &[first, second]).unwrap();
        assert_eq!(version(&connection), 2);
        let kept: (i64, i64) =
            connection.query_row("SELECT x, y FROM a", [], |row| Ok((row.get(0)?, row.get(1)?))).unwrap();
        assert_eq!(kept, (1, 7));
    }

    #[test]
    fn a_migration_that_fails_leaves_the_file_at_the_one_before_it() {
        let mut connection = Connection::open_in_memory().unwrap();
        let failing = "CREATE TABLE b (x INTEGER) STRICT; INSERT INTO nowhere VALUES (1);";
        let migrations = ["CREATE TABLE a (x INTEGER) STRICT;", failing];
        migrate_by(&mut connection, &migrations).unwrap_err();
        assert_eq!(version(&connection), 1);
        connection.execute("INSERT INTO a VALUES (1)", []).unwrap();
        connection.execute("INSERT INTO b VALUES (1)", []).unwrap_err();
    }

    #[test]
    fn a_newer_file_is_refused() {
        let mut connection = Connection::open_in_memory().unwrap();
        connection.pragma_update(None, "user_version", supported_version() + 1).unwrap();
        assert!(matches!(migrate(&mut connection), Err(ProjectError::Newer { .. })));
    }
}
