//! Pauses that servers asked for: what they said, how often, and how long it was waited altogether.

use rusqlite::params;

use crate::project::error::ProjectError;
use crate::project::file::Project;
use crate::project::ledger::Ledger;
use crate::values::MailboxId;
use crate::values::UnixTime;

/// Pauses of one mailbox that a server asked for in the same words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pause {
    /// The mailbox that waited.
    pub mailbox: MailboxId,
    /// The server's words, as they were the last time.
    pub words: String,
    /// How often.
    pub times: u64,
    /// How long altogether, in seconds.
    pub seconds: u64,
    /// When the last one began.
    pub last_at: UnixTime,
}

impl Ledger {
    /// A server asks to be left alone for so long.
    pub fn add_pause(&self, words: &str, seconds: u64, at: UnixTime) -> Result<(), ProjectError> {
        self.project.commit_deferred(|transaction| {
            transaction
                .prepare_cached(
                    "INSERT INTO pause (mailbox_id, pattern, words, times, seconds, last_at)
                     VALUES (?1, cause_pattern(?2), ?2, 1, ?3, ?4)
                     ON CONFLICT (mailbox_id, pattern) DO UPDATE SET
                         words = excluded.words, times = times + 1, seconds = seconds + excluded.seconds,
                         last_at = excluded.last_at",
                )?
                .execute(params![self.mailbox.0, words, stored(seconds), at.0])?;
            Ok(())
        })
    }

    /// The pause that these words asked for ended this many seconds early: somebody stopped it.
    pub fn shorten_pause(&self, words: &str, seconds: u64) -> Result<(), ProjectError> {
        self.project.commit_deferred(|transaction| {
            transaction
                .prepare_cached(
                    "UPDATE pause SET seconds = max(0, seconds - ?3)
                     WHERE mailbox_id = ?1 AND pattern = cause_pattern(?2)",
                )?
                .execute(params![self.mailbox.0, words, stored(seconds)])?;
            Ok(())
        })
    }
}

impl Project {
    /// The pauses of all mailboxes, the longest first.
    pub fn pauses(&self) -> Result<Vec<Pause>, ProjectError> {
        self.read(|connection| {
            let pauses = connection
                .prepare_cached(
                    "SELECT mailbox_id, words, times, seconds, last_at FROM pause
                     ORDER BY seconds DESC, mailbox_id, pattern",
                )?
                .query_map([], |row| {
                    let count = |column| Ok::<_, rusqlite::Error>(row.get::<_, i64>(column)?.unsigned_abs());
                    Ok(Pause {
                        mailbox: MailboxId(row.get(0)?),
                        words: row.get(1)?,
                        times: count(2)?,
                        seconds: count(3)?,
                        last_at: UnixTime(row.get(4)?),
                    })
                })?
                .collect::<Result<_, _>>()?;
            Ok(pauses)
        })
    }
}

fn stored(seconds: u64) -> i64 {
    i64::try_from(seconds).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::samples::{add_mailbox, project};

    #[test]
    fn pauses_are_counted_by_what_was_said_and_outlive_a_run() {
        let temp = tempfile::tempdir().unwrap();
        let project = project(&temp);
        let ledger = add_mailbox(&project, "anna@example.org");
        let (path, id) = (project.path().to_owned(), ledger.mailbox());
        let words = |milliseconds: u64| format!("Suggested Backoff Time: {milliseconds} milliseconds");
        ledger.add_pause(&words(299_961), 300, UnixTime(50)).unwrap();
        ledger.add_pause(&words(120_000), 120, UnixTime(90)).unwrap();
        ledger.shorten_pause(&words(120_000), 20).unwrap();
        ledger.add_pause("[LIMIT] slow down", 60, UnixTime(70)).unwrap();
        drop((ledger, project));
        let project = Project::open(&path).unwrap();
        let pause = |words: &str, times, seconds, at| Pause {
            mailbox: id,
            words: words.to_owned(),
            times,
            seconds,
            last_at: UnixTime(at),
        };
        let expected = [pause(&words(120_000), 2, 400, 90), pause("[LIMIT] slow down", 1, 60, 70)];
        assert_eq!(project.pauses().unwrap(), expected);
        project.remove_mailbox(id).unwrap();
        assert_eq!(project.pauses().unwrap(), []);
    }
}
