use rusqlite::{Connection, TransactionBehavior};

use super::ProjectError;

/// Marks the file as ours in its header: “Mfry”.
pub(super) const APPLICATION_ID: i64 = 0x4d66_7279;

/// Migrations in order; the number of those that ran is the file's `user_version`. Never changed once released.
const MIGRATIONS: [&str; 11] = [
    include_str!("migrations/0001_project.sql"),
    include_str!("migrations/0002_sides.sql"),
    include_str!("migrations/0003_problems.sql"),
    include_str!("migrations/0004_delta.sql"),
    include_str!("migrations/0005_repairs.sql"),
    include_str!("migrations/0006_outcomes.sql"),
    include_str!("migrations/0007_sign_in.sql"),
    include_str!("migrations/0008_kept.sql"),
    include_str!("migrations/0009_pauses.sql"),
    include_str!("migrations/0010_causes.sql"),
    include_str!("migrations/0011_batches.sql"),
];

/// What the migrations make of an empty file, in one piece: twenty changes of tables take longer than the tables.
const WHOLE: &str = include_str!("migrations/whole.sql");

/// The format that this version writes.
pub(super) const fn supported_version() -> i64 {
    // Far below any limit; `try_from` is not const.
    #[expect(clippy::cast_possible_wrap, reason = "a handful of migrations")]
    let count = MIGRATIONS.len() as i64;
    count
}

/// Gives an empty file the newest format.
pub(super) fn lay_out(connection: &mut Connection) -> Result<(), ProjectError> {
    let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    transaction.execute_batch(WHOLE)?;
    transaction.pragma_update(None, "user_version", supported_version())?;
    transaction.commit()?;
    Ok(())
}

/// Brings the file to the newest format, one transaction per migration.
pub(super) fn migrate(connection: &mut Connection) -> Result<(), ProjectError> {
    let found: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    let supported = supported_version();
    if found > supported {
        return Err(ProjectError::Newer { found, supported });
    }
    for (number, migration) in (1_i64..).zip(MIGRATIONS) {
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
    use crate::project::cause_pattern;

    /// Tables, indexes and triggers by name, without comments and white space.
    fn schema(make: impl FnOnce(&mut Connection) -> Result<(), ProjectError>) -> Vec<(String, String)> {
        let mut connection = Connection::open_in_memory().unwrap();
        cause_pattern::register(&connection).unwrap();
        make(&mut connection).unwrap();
        let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0)).unwrap();
        assert_eq!(version, supported_version());
        let mut statement = connection
            .prepare("SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name")
            .unwrap();
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get::<_, String>(1)?))).unwrap();
        rows.map(|row| {
            let (name, sql) = row.unwrap();
            let lines = sql.lines().map(|line| line.split("--").next().unwrap_or_default());
            let sql: String = lines.flat_map(str::chars).filter(|sign| !sign.is_whitespace()).collect();
            // SQLite quotes the name of a table that was renamed.
            (name, sql.replace('"', ""))
        })
        .collect()
    }

    #[test]
    fn a_new_file_has_what_the_migrations_make() {
        let (new, migrated) = (schema(lay_out), schema(migrate));
        assert!(new.len() > 30, "{new:?}");
        assert_eq!(new, migrated);
    }
}
