//! Whether the ledger is the newest that was ever written about a destination folder, as far as the folder tells.
//!
//! The ledger may be an older copy of itself: a backup, a snapshot, a file that was carried to another computer without
//! its log. A server never gives a UID twice under one UIDVALIDITY, so messages that a newer state has made are the ones
//! from the remembered UIDNEXT on that belong to no row.

use rusqlite::{Connection, OptionalExtension, params};

use super::{FolderId, Ledger, ProjectError};

impl Ledger {
    /// The destination's UIDNEXT when the folder was last compared; `None` where it was not compared yet.
    pub fn compared_up_to(&self, folder: FolderId) -> Result<Option<u32>, ProjectError> {
        self.project.read(|connection| {
            connection
                .prepare_cached("SELECT compared_uid_next FROM folder WHERE id = ?1")?
                .query_row([folder.0], |row| row.get(0))
                .optional()?
                .ok_or(ProjectError::Unknown("folder"))
        })
    }

    /// Every message of the destination folder below this UID was held against the rows.
    pub fn set_compared(&self, folder: FolderId, uid_next: u32) -> Result<(), ProjectError> {
        self.project.write_soon(|transaction| {
            transaction
                .prepare_cached(
                    "UPDATE folder SET compared_uid_next = ?2 WHERE id = ?1 AND compared_uid_next IS NOT ?2",
                )?
                .execute(params![folder.0, uid_next])?;
            Ok(())
        })
    }

    /// The lowest UID from which on the destination folder, whose UIDNEXT is `uid_next` now, may hold messages that the
    /// ledger does not know; `None` where all of them are known copies or were compared. A UIDNEXT that has fallen means
    /// that the server has been set back, so that everything is compared.
    pub fn unknown_from(&self, folder: FolderId, uid_next: u32) -> Result<Option<u32>, ProjectError> {
        let compared = self.compared_up_to(folder)?.unwrap_or(1);
        if compared == uid_next {
            return Ok(None);
        }
        if compared > uid_next {
            return Ok(Some(1));
        }
        let claimed = self.claimed_destination_uids(folder)?;
        let known = claimed.iter().filter(|uid| (compared..uid_next).contains(uid)).count();
        let given = usize::try_from(uid_next - compared).unwrap_or(usize::MAX);
        Ok((known < given).then_some(compared))
    }
}

/// Nothing that the ledger says of destination folders may be the newest: every folder is compared before anything is
/// sent into it.
pub(super) fn doubt_everything(connection: &Connection) -> Result<(), ProjectError> {
    connection.execute("UPDATE folder SET needs_match = 1, compared_uid_next = NULL", [])?;
    Ok(())
}

#[cfg(test)]
mod ledger_compared_tests;
