use rusqlite::{Connection, TransactionBehavior};

use super::ProjectError;

/// Marks the file as ours in its header: “Mfry”.
pub(super) const APPLICATION_ID: i64 = 0x4d66_7279;

/// Migrations in order; the number of those that ran is the file's `user_version`. Never changed once released.
const MIGRATIONS: [&str; 10] = [
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
];

/// The format that this version writes.
pub(super) const fn supported_version() -> i64 {
    // Far below any limit; `try_from` is not const.
    #[expect(clippy::cast_possible_wrap, reason = "a handful of migrations")]
    let count = MIGRATIONS.len() as i64;
    count
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
