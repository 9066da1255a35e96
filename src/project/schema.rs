use rusqlite::{Connection, TransactionBehavior};

use super::{ProjectError, cause_pattern};

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

/// One table, view, index or trigger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct SchemaRow {
    kind: String,
    name: String,
    table: String,
    sql: Option<String>,
}

impl SchemaRow {
    /// `a view “project”`.
    pub fn words(&self) -> String {
        let kind: String = self.kind.chars().filter(char::is_ascii_alphanumeric).take(20).collect();
        let name: String = self.name.chars().filter(|sign| !sign.is_control()).take(60).collect();
        format!("a {kind} “{name}”")
    }
}

/// What the first migrations make.
pub(super) fn known_schema(version: i64) -> Result<Vec<SchemaRow>, ProjectError> {
    let count = usize::try_from(version).unwrap_or_default();
    let mut connection = Connection::open_in_memory()?;
    cause_pattern::register(&connection)?;
    migrate_by(&mut connection, MIGRATIONS.get(..count).unwrap_or(&MIGRATIONS))?;
    schema_of(&connection, usize::MAX)
}

/// What a file holds, and at most one more than is expected.
pub(super) fn schema_of(connection: &Connection, expected: usize) -> Result<Vec<SchemaRow>, ProjectError> {
    let most = i64::try_from(expected).unwrap_or(i64::MAX).saturating_add(1);
    let mut statement =
        connection.prepare("SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY name LIMIT ?1")?;
    let rows = statement.query_map([most], |row| {
        Ok(SchemaRow { kind: row.get(0)?, name: row.get(1)?, table: row.get(2)?, sql: row.get(3)? })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
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
