//! Which accounts a ledger belongs to. If an account changes, what was known about its mail no longer counts.

use rusqlite::{OptionalExtension, Transaction, params};

use super::mailboxes::missing_mailbox;
use super::{Project, ProjectError};
use crate::values::MailboxId;

/// Whose mail a ledger is about, on both sides. Each is a text such as `imap.example.org:993 anna@example.org` that
/// is the same for the same account and another one for any other; it never holds a password.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BoundSides {
    /// The account that mail is read from.
    pub source: String,
    /// The account that mail is written to.
    pub destination: String,
}

/// What [`Project::bind_sides`] had to undo, because a side is another account than the ledger was about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct SideChange {
    /// The accounts that the ledger was about until now; `None` the first time.
    pub before: Option<BoundSides>,
    /// The source is another account: its folders and rows are gone.
    pub is_source_changed: bool,
    /// The destination is another account: its copies are forgotten, and every folder must be compared.
    pub is_destination_changed: bool,
    /// Rows that went because their source is another one.
    pub rows_dropped: u64,
    /// Rows that are to do again because their destination is another one.
    pub copies_forgotten: u64,
}

impl SideChange {
    /// Whether either side is another account than before.
    pub fn is_change(&self) -> bool {
        self.is_source_changed || self.is_destination_changed
    }
}

/// How two texts that name an account are to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Spelling {
    /// The same text, or the same user at the same host, through the other of the two ports of IMAP.
    Same,
    /// The same server, and a user with and without the domain: most servers let both in.
    Likely,
    /// Whether they are the same account, nobody can tell from the texts.
    Other,
}

impl Spelling {
    /// Compares what [`BoundSides`] holds for one side.
    pub fn compare(before: &str, now: &str) -> Self {
        let parts = |text: &str| -> Option<(String, String, String)> {
            let (server, user) = text.split_once(' ')?;
            let (host, port) = server.rsplit_once(':')?;
            Some((host.to_lowercase(), port.to_owned(), user.to_owned()))
        };
        let (Some((host, port, user)), Some((host_now, port_now, user_now))) = (parts(before), parts(now))
        else {
            return if before == now { Self::Same } else { Self::Other };
        };
        let is_of_imap = |port: &str| port == "143" || port == "993";
        let is_same_port = port == port_now || (is_of_imap(&port) && is_of_imap(&port_now));
        if host != host_now || !is_same_port {
            return Self::Other;
        }
        let has_domain_more = |long: &str, short: &str| {
            long.split_once('@').is_some_and(|(local, _)| local.eq_ignore_ascii_case(short))
        };
        if user == user_now {
            Self::Same
        } else if user.eq_ignore_ascii_case(&user_now)
            || has_domain_more(&user, &user_now)
            || has_domain_more(&user_now, &user)
        {
            Self::Likely
        } else {
            Self::Other
        }
    }
}

impl Project {
    /// The accounts that the ledger of a mailbox is about; `None` before its first copy.
    pub fn bound_sides(&self, mailbox: MailboxId) -> Result<Option<BoundSides>, ProjectError> {
        self.read(|connection| {
            let bound = connection
                .prepare_cached("SELECT source, destination FROM mailbox_sides WHERE mailbox_id = ?1")?
                .query_row([mailbox.0], |row| {
                    Ok(BoundSides { source: row.get(0)?, destination: row.get(1)? })
                })
                .optional()?;
            Ok(bound)
        })
    }

    /// Says which accounts the ledger of a mailbox is about from now on; to be called before each copy, because UIDs
    /// and UIDVALIDITY mean nothing outside the account that they come from (RFC 3501 section 2.3.1.1).
    ///
    /// The first call stores. Where the destination is another account than the stored one, every row that was
    /// announced, copied, found, exported or refused there is to do again, and each folder must be compared before
    /// anything is sent. Where the source is another one, the rows are about mail that is not there, and go.
    /// All of it is one transaction, durable with the first intent that follows.
    pub fn bind_sides(
        &self,
        mailbox: MailboxId,
        source: &str,
        destination: &str,
    ) -> Result<SideChange, ProjectError> {
        let before = self.bound_sides(mailbox)?;
        let mut change = SideChange {
            is_source_changed: before.as_ref().is_some_and(|before| before.source != source),
            is_destination_changed: before.as_ref().is_some_and(|before| before.destination != destination),
            before,
            ..SideChange::default()
        };
        if change.before.is_some() && !change.is_change() {
            return Ok(change);
        }
        // The other port of the same server, say: nothing that is known becomes untrue.
        let is_same = |before: &str, now: &str| Spelling::compare(before, now) == Spelling::Same;
        if let Some(before) = &change.before {
            change.is_source_changed = !is_same(&before.source, source);
            change.is_destination_changed = !is_same(&before.destination, destination);
        }
        self.commit_deferred(|transaction| {
            if change.is_source_changed {
                change.rows_dropped = drop_folders(transaction, mailbox)?;
            } else if change.is_destination_changed {
                change.copies_forgotten = forget_destination(transaction, mailbox)?;
            }
            if change.is_destination_changed {
                transaction.execute("DELETE FROM name_lessons WHERE mailbox_id = ?1", [mailbox.0])?;
            }
            store_sides(transaction, mailbox, source, destination)
        })?;
        Ok(change)
    }

    /// Says that the accounts of a mailbox are the same as before under other names, so that its ledger stays true. It
    /// settles.
    pub fn rename_sides(
        &self,
        mailbox: MailboxId,
        source: &str,
        destination: &str,
    ) -> Result<(), ProjectError> {
        self.commit_settling(|transaction| store_sides(transaction, mailbox, source, destination))
    }
}

fn store_sides(
    transaction: &Transaction<'_>,
    mailbox: MailboxId,
    source: &str,
    destination: &str,
) -> Result<(), ProjectError> {
    transaction
        .execute(
            "INSERT INTO mailbox_sides (mailbox_id, source, destination) VALUES (?1, ?2, ?3)
             ON CONFLICT (mailbox_id) DO UPDATE SET
                 source = excluded.source, destination = excluded.destination",
            params![mailbox.0, source, destination],
        )
        .map_err(missing_mailbox)?;
    Ok(())
}

fn drop_folders(transaction: &Transaction<'_>, mailbox: MailboxId) -> Result<u64, ProjectError> {
    // Rows first: the counters of a folder must be there while its messages go.
    let count = transaction.execute(
        "DELETE FROM message WHERE folder_id IN (SELECT id FROM folder WHERE mailbox_id = ?1)",
        [mailbox.0],
    )?;
    transaction.execute("DELETE FROM folder WHERE mailbox_id = ?1", [mailbox.0])?;
    Ok(u64::try_from(count).unwrap_or(u64::MAX))
}

/// Refused and exported messages are to do again as well: another server may take them.
fn forget_destination(transaction: &Transaction<'_>, mailbox: MailboxId) -> Result<u64, ProjectError> {
    let count = transaction.execute(
        "UPDATE message SET state = 0, destination_uid = NULL, destination_uid_validity = NULL,
             intent_uidnext = NULL, intent_uid_validity = NULL, reason = NULL, detail = NULL, needs_flag_check = 0,
             mirrored_flags = NULL, is_touched = 0, moved_to = NULL, is_released = 0, forgotten_copy = 0
         WHERE state IN (1, 2, 3, 4, 5, 6)
             AND folder_id IN (SELECT id FROM folder WHERE mailbox_id = ?1)",
        [mailbox.0],
    )?;
    transaction.execute(
        "UPDATE message SET forgotten_copy = 0 WHERE forgotten_copy <> 0
             AND folder_id IN (SELECT id FROM folder WHERE mailbox_id = ?1)",
        [mailbox.0],
    )?;
    transaction.execute(
        "UPDATE folder SET needs_match = 1, is_fenced = 0, compared_uid_next = NULL, destination_uid_validity = NULL
         WHERE mailbox_id = ?1",
        [mailbox.0],
    )?;
    transaction.execute("DELETE FROM seen_folder WHERE mailbox_id = ?1", [mailbox.0])?;
    transaction.execute("DELETE FROM doubted_mailbox WHERE mailbox_id = ?1", [mailbox.0])?;
    Ok(u64::try_from(count).unwrap_or(u64::MAX))
}

#[cfg(test)]
mod sides_tests;
