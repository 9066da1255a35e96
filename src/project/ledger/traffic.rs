//! Message bytes per account and day (UTC), which outlive a run: providers limit them.

use rusqlite::{OptionalExtension, Transaction, params};

use crate::project::error::ProjectError;
use crate::project::ledger::Ledger;

/// Message bytes of one account on one day.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    /// Written to it.
    pub bytes_up: u64,
    /// Read from it.
    pub bytes_down: u64,
}

impl Traffic {
    /// Both together with those of another count.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self {
            bytes_up: self.bytes_up.saturating_add(other.bytes_up),
            bytes_down: self.bytes_down.saturating_add(other.bytes_down),
        }
    }
}

impl Ledger {
    /// What went over an account on a day (days since 1970).
    pub fn traffic(&self, account: &str, day: i64) -> Result<Traffic, ProjectError> {
        self.project.commit_deferred(|transaction| read(transaction, account, day))
    }

    /// Adds to what went over an account on a day, if `is_allowed` agrees to what was counted before. Says whether it
    /// did. One transaction, so that two mailboxes that share an account share its limit.
    pub fn add_traffic(
        &self,
        account: &str,
        day: i64,
        more: Traffic,
        is_allowed: impl FnOnce(Traffic) -> bool,
    ) -> Result<bool, ProjectError> {
        self.project.commit_deferred(|transaction| {
            let before = read(transaction, account, day)?;
            if !is_allowed(before) {
                return Ok(false);
            }
            let Traffic { bytes_up, bytes_down } = before.plus(more);
            let stored = |bytes| i64::try_from(bytes).unwrap_or(i64::MAX);
            transaction
                .prepare_cached(
                    "INSERT INTO traffic (account, day, bytes_up, bytes_down) VALUES (?1, ?2, ?3, ?4)
                     ON CONFLICT (account, day) DO UPDATE SET
                         bytes_up = excluded.bytes_up, bytes_down = excluded.bytes_down",
                )?
                .execute(params![account, day, stored(bytes_up), stored(bytes_down)])?;
            Ok(true)
        })
    }
}

fn read(transaction: &Transaction<'_>, account: &str, day: i64) -> Result<Traffic, ProjectError> {
    let bytes = |row: &rusqlite::Row<'_>, column| -> rusqlite::Result<u64> {
        Ok(u64::try_from(row.get::<_, i64>(column)?).unwrap_or(0))
    };
    let found = transaction
        .prepare_cached("SELECT bytes_up, bytes_down FROM traffic WHERE account = ?1 AND day = ?2")?
        .query_row(params![account, day], |row| {
            Ok(Traffic { bytes_up: bytes(row, 0)?, bytes_down: bytes(row, 1)? })
        })
        .optional()?;
    Ok(found.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Mailbox;
    use crate::project::Project;
    use crate::values::{DomainName, EmailAddress};

    #[test]
    fn bytes_are_counted_by_account_and_day_and_outlive_a_run() {
        let temp = tempfile::tempdir().unwrap();
        let path = temp.path().join("example.org.mailferry");
        let project = Project::create(&path, &DomainName::parse("example.org").unwrap(), false).unwrap();
        let mailbox = Mailbox {
            address: EmailAddress::parse("anna@example.org").unwrap(),
            source_user: "anna".to_owned(),
            destination_user: "anna".to_owned(),
            is_chosen: true,
            ways: crate::plan::SignInWays::default(),
        };
        let id = project.add_mailbox(&mailbox).unwrap();
        let ledger = project.ledger(id);
        let more = Traffic { bytes_up: 10, bytes_down: 3 };
        assert!(ledger.add_traffic("a", 5, more, |before| before == Traffic::default()).unwrap());
        assert!(ledger.add_traffic("a", 5, more, |before| before == more).unwrap());
        assert!(!ledger.add_traffic("a", 5, more, |_| false).unwrap());
        drop((ledger, project));
        let ledger = Project::open(&path).unwrap().ledger(id);
        assert_eq!(ledger.traffic("a", 5).unwrap(), Traffic { bytes_up: 20, bytes_down: 6 });
        assert_eq!(ledger.traffic("a", 6).unwrap(), Traffic::default());
        assert_eq!(ledger.traffic("b", 5).unwrap(), Traffic::default());
    }
}
