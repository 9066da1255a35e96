use std::collections::BTreeMap;

use rusqlite::{ErrorCode, OptionalExtension, Transaction, params};

use super::{Project, ProjectError};
use crate::plan::{Mailbox, MailboxId, Side};
use crate::values::{EmailAddress, UnixTime};

/// The last sign-in that worked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignInFact {
    /// `Dovecot, TLS 1.3`.
    pub server_words: String,
    /// When.
    pub at: UnixTime,
}

impl Project {
    /// All mailboxes in the order in which they were added.
    pub fn mailboxes(&self) -> Result<Vec<(MailboxId, Mailbox)>, ProjectError> {
        self.read(|connection| {
            let mut statement = connection.prepare_cached(
                "SELECT id, address, source_user, destination_user, is_chosen FROM mailbox ORDER BY id",
            )?;
            let mut rows = statement.query([])?;
            let mut mailboxes = Vec::new();
            while let Some(row) = rows.next()? {
                let address: String = row.get(1)?;
                let address = EmailAddress::parse(&address)
                    .map_err(|error| ProjectError::unreadable("a mailbox address", error))?;
                mailboxes.push((
                    MailboxId(row.get(0)?),
                    Mailbox {
                        address,
                        source_user: row.get(2)?,
                        destination_user: row.get(3)?,
                        is_chosen: row.get(4)?,
                    },
                ));
            }
            Ok(mailboxes)
        })
    }

    /// Adds a mailbox. Addresses are unique without regard to case.
    pub fn add_mailbox(&self, mailbox: &Mailbox) -> Result<MailboxId, ProjectError> {
        self.write(|transaction| insert(transaction, mailbox))
    }

    /// Adds mailboxes, and updates those that are there already by address, in one transaction. Numbers in order.
    pub fn import_mailboxes(&self, mailboxes: &[Mailbox]) -> Result<Vec<MailboxId>, ProjectError> {
        self.write(|transaction| {
            mailboxes
                .iter()
                .map(|mailbox| {
                    let known: Option<i64> = transaction
                        .prepare_cached("SELECT id FROM mailbox WHERE address = ?1")?
                        .query_row([mailbox.address.to_ascii()], |row| row.get(0))
                        .optional()?;
                    match known {
                        Some(id) => {
                            update(transaction, MailboxId(id), mailbox)?;
                            Ok(MailboxId(id))
                        }
                        None => insert(transaction, mailbox),
                    }
                })
                .collect()
        })
    }

    /// Changes a mailbox.
    pub fn update_mailbox(&self, id: MailboxId, mailbox: &Mailbox) -> Result<(), ProjectError> {
        self.write(|transaction| update(transaction, id, mailbox))
    }

    /// Removes a mailbox with its plan and its ledger.
    pub fn remove_mailbox(&self, id: MailboxId) -> Result<(), ProjectError> {
        self.write(|transaction| {
            // Rows first: the counters of a folder must be there while its messages go.
            transaction.execute(
                "DELETE FROM message WHERE folder_id IN (SELECT id FROM folder WHERE mailbox_id = ?1)",
                [id.0],
            )?;
            match transaction.execute("DELETE FROM mailbox WHERE id = ?1", [id.0])? {
                0 => Err(ProjectError::Unknown("mailbox")),
                _ => Ok(()),
            }
        })
    }

    /// The last sign-ins that worked.
    pub fn sign_ins(&self) -> Result<BTreeMap<(MailboxId, Side), SignInFact>, ProjectError> {
        self.read(|connection| {
            let facts = connection
                .prepare_cached("SELECT mailbox_id, side, server_words, at FROM sign_in")?
                .query_map([], |row| {
                    let side: String = row.get(1)?;
                    let side = if side == "source" { Side::Source } else { Side::Destination };
                    let fact = SignInFact { server_words: row.get(2)?, at: UnixTime(row.get(3)?) };
                    Ok(((MailboxId(row.get(0)?), side), fact))
                })?
                .collect::<Result<_, _>>()?;
            Ok(facts)
        })
    }

    /// Remembers a sign-in that worked, or forgets the last one.
    pub fn set_sign_in(
        &self,
        mailbox: MailboxId,
        side: Side,
        fact: Option<&SignInFact>,
    ) -> Result<(), ProjectError> {
        self.write(|transaction| {
            match fact {
                Some(fact) => transaction.execute(
                    "INSERT INTO sign_in (mailbox_id, side, server_words, at) VALUES (?1, ?2, ?3, ?4)
                     ON CONFLICT (mailbox_id, side) DO UPDATE SET
                         server_words = excluded.server_words, at = excluded.at",
                    params![mailbox.0, side.to_string(), fact.server_words, fact.at.0],
                ),
                None => transaction.execute(
                    "DELETE FROM sign_in WHERE mailbox_id = ?1 AND side = ?2",
                    params![mailbox.0, side.to_string()],
                ),
            }
            .map_err(missing_mailbox)?;
            Ok(())
        })
    }
}

fn insert(transaction: &Transaction<'_>, mailbox: &Mailbox) -> Result<MailboxId, ProjectError> {
    transaction
        .execute(
            "INSERT INTO mailbox (address, source_user, destination_user, is_chosen) VALUES (?1, ?2, ?3, ?4)",
            params![
                mailbox.address.to_ascii(),
                mailbox.source_user,
                mailbox.destination_user,
                mailbox.is_chosen
            ],
        )
        .map_err(|error| duplicate(mailbox, error))?;
    Ok(MailboxId(transaction.last_insert_rowid()))
}

fn update(transaction: &Transaction<'_>, id: MailboxId, mailbox: &Mailbox) -> Result<(), ProjectError> {
    let changed = transaction
        .execute(
            "UPDATE mailbox SET address = ?2, source_user = ?3, destination_user = ?4, is_chosen = ?5
             WHERE id = ?1",
            params![
                id.0,
                mailbox.address.to_ascii(),
                mailbox.source_user,
                mailbox.destination_user,
                mailbox.is_chosen
            ],
        )
        .map_err(|error| duplicate(mailbox, error))?;
    if changed == 1 { Ok(()) } else { Err(ProjectError::Unknown("mailbox")) }
}

fn duplicate(mailbox: &Mailbox, error: rusqlite::Error) -> ProjectError {
    match error.sqlite_error_code() {
        Some(ErrorCode::ConstraintViolation) => ProjectError::DuplicateMailbox(mailbox.address.to_string()),
        _ => error.into(),
    }
}

/// A violated foreign key means that the mailbox was removed meanwhile.
pub(super) fn missing_mailbox(error: rusqlite::Error) -> ProjectError {
    match error.sqlite_error_code() {
        Some(ErrorCode::ConstraintViolation) => ProjectError::Unknown("mailbox"),
        _ => error.into(),
    }
}
