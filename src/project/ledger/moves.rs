//! Messages that the owner has moved from one source folder to another, as far as the ledger can tell.

use rusqlite::params;

use crate::project::error::ProjectError;
use crate::project::ledger::Ledger;
use crate::project::ledger::rows::FolderId;
use crate::project::ledger::stored::unreadable;
use crate::values::{DestinationUid, SourceUid};

/// A waiting message, and a copy that was made of its like when that was in another folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MaybeMoved {
    /// UID at the source, where it waits now.
    pub uid: SourceUid,
    /// The folder that its like was in.
    pub from: FolderId,
    /// The UID there.
    pub from_uid: SourceUid,
    /// UID of the copy.
    pub destination_uid: DestinationUid,
    /// The flags that the copy was last given.
    pub flags: Vec<String>,
}

impl Ledger {
    /// Waiting messages of this folder that equal, by headers and size, one of another folder of the mailbox whose copy is
    /// in its own place and that nobody has touched; by that folder and its UIDs.
    pub fn maybe_moved(&self, folder: FolderId) -> Result<Vec<MaybeMoved>, ProjectError> {
        self.project.read(|connection| {
            let found = connection
                .prepare_cached(
                    "SELECT waiting.uid, copied.folder_id, copied.uid, copied.destination_uid,
                         coalesce(copied.mirrored_flags, copied.flags)
                     FROM message AS waiting
                     JOIN message AS copied ON copied.identity = waiting.identity
                         AND copied.size = waiting.size AND copied.folder_id <> waiting.folder_id
                     JOIN folder ON folder.id = copied.folder_id AND folder.mailbox_id = ?2
                     WHERE waiting.folder_id = ?1 AND waiting.state = 0
                         AND copied.state IN (2, 3, 4) AND copied.destination_uid IS NOT NULL
                         AND copied.destination_uid_validity IS folder.destination_uid_validity
                         AND copied.moved_to IS NULL AND copied.is_released = 0 AND copied.is_touched = 0
                     ORDER BY copied.folder_id, copied.uid, waiting.uid",
                )?
                .query_map(params![folder.0, self.mailbox.0], |row| {
                    let flags: String = row.get(4)?;
                    Ok(MaybeMoved {
                        uid: row.get(0)?,
                        from: FolderId(row.get(1)?),
                        from_uid: row.get(2)?,
                        destination_uid: row.get(3)?,
                        flags: serde_json::from_str(&flags)
                            .map_err(|error| unreadable(4, rusqlite::types::Type::Text, error))?,
                    })
                })?
                .collect::<Result<_, _>>()?;
            Ok(found)
        })
    }

    /// Copies are about to be moved into the destination of this folder: it has to be compared before anything is sent,
    /// also after a break. Durable when this returns.
    pub fn expect_moved(&self, folder: FolderId) -> Result<(), ProjectError> {
        self.project.commit_durable(|transaction| {
            transaction.execute("UPDATE folder SET needs_match = 1 WHERE id = ?1", [folder.0])?;
            Ok(())
        })
    }

    /// Drops rows of messages that are not in this source folder any more, and whose copies have followed them into
    /// another one, where a row of its own waits for each.
    pub fn drop_followed(&self, folder: FolderId, uids: &[SourceUid]) -> Result<(), ProjectError> {
        self.project.commit_durable(|transaction| {
            let mut drop = transaction.prepare_cached(
                "DELETE FROM message WHERE folder_id = ?1 AND uid = ?2 AND state IN (2, 3, 4)",
            )?;
            for uid in uids {
                drop.execute(params![folder.0, uid])?;
            }
            Ok(())
        })
    }
}
