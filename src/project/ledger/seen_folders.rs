//! The destination's folders as the last run that ended well has left them, and whether newer changes are lost.

use std::collections::BTreeMap;
use std::time::Duration;

use rusqlite::{Connection, params};

use crate::project::error::ProjectError;
use crate::project::ledger::Ledger;
use crate::project::mailboxes::missing_mailbox;
use crate::values::{DestinationUid, UidValidity};

/// A folder of the destination as a run has found it, whether the ledger has anything to do with it or not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SeenFolder {
    /// UIDs mean something only together with this number.
    pub uid_validity: UidValidity,
    /// The UID that the next message got.
    pub uid_next: DestinationUid,
}

impl Ledger {
    /// The destination's folders as they were when the last run that ended well had begun, by their names in commands.
    pub fn seen_folders(&self) -> Result<BTreeMap<String, SeenFolder>, ProjectError> {
        self.project.read(|connection| {
            let seen = connection
                .prepare_cached("SELECT raw, uid_validity, uid_next FROM seen_folder WHERE mailbox_id = ?1")?
                .query_map([self.mailbox.0], |row| {
                    Ok((row.get(0)?, SeenFolder { uid_validity: row.get(1)?, uid_next: row.get(2)? }))
                })?
                .collect::<Result<_, _>>()?;
            Ok(seen)
        })
    }

    /// Remembers the destination's folders, in place of what was remembered before. Doubts are settled with it.
    pub fn set_seen_folders(&self, seen: &BTreeMap<String, SeenFolder>) -> Result<(), ProjectError> {
        if self.seen_folders()? == *seen && !self.is_doubted()? {
            return Ok(());
        }
        self.project.commit_deferred(|transaction| {
            transaction.execute("DELETE FROM seen_folder WHERE mailbox_id = ?1", [self.mailbox.0])?;
            transaction.execute("DELETE FROM doubted_mailbox WHERE mailbox_id = ?1", [self.mailbox.0])?;
            let mut note = transaction.prepare_cached(
                "INSERT INTO seen_folder (mailbox_id, raw, uid_validity, uid_next) VALUES (?1, ?2, ?3, ?4)",
            )?;
            for (raw, SeenFolder { uid_validity, uid_next }) in seen {
                note.execute(params![self.mailbox.0, raw, uid_validity, uid_next])
                    .map_err(missing_mailbox)?;
            }
            Ok(())
        })
    }

    /// Whether the newest changes are lost, so that copies may be in any folder.
    pub fn is_doubted(&self) -> Result<bool, ProjectError> {
        self.project.read(|connection| {
            let is_doubted = connection
                .prepare_cached("SELECT EXISTS (SELECT 1 FROM doubted_mailbox WHERE mailbox_id = ?1)")?
                .query_row([self.mailbox.0], |row| row.get(0))?;
            Ok(is_doubted)
        })
    }

    /// How long ago whoever has lost these changes may have been at work: not longer than the file was left alone.
    pub fn left_alone_for(&self) -> Duration {
        self.project.left_alone_for()
    }
}

/// Nothing that the ledger says of destination folders may be the newest: every folder is compared before anything is
/// sent into it.
pub(in crate::project) fn doubt_everything(connection: &Connection) -> Result<(), ProjectError> {
    connection.execute_batch(
        "UPDATE project SET has_lost_log = 1;
         UPDATE folder SET needs_match = 1, compared_uid_next = NULL;
         DELETE FROM seen_folder;
         INSERT OR IGNORE INTO doubted_mailbox SELECT id FROM mailbox;",
    )?;
    Ok(())
}
