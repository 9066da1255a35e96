//! Stores the mailboxes of a project and how to sign in to each.

use std::collections::BTreeMap;

use rusqlite::{ErrorCode, OptionalExtension, Row, Transaction, params};

use super::{Project, ProjectError};
use crate::plan::{CsvRow, Mailbox, SignInWays};
use crate::values::{EmailAddress, SignInWay, UnixTime};
use crate::values::{MailboxId, Side};

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
            let mut statement =
                connection.prepare_cached(&format!("SELECT {COLUMNS} FROM mailbox ORDER BY id"))?;
            let mut rows = statement.query([])?;
            let mut mailboxes = Vec::new();
            while let Some(row) = rows.next()? {
                mailboxes.push(read_mailbox(row)?);
            }
            Ok(mailboxes)
        })
    }

    /// Adds a mailbox. Addresses are unique without regard to case.
    pub fn add_mailbox(&self, mailbox: &Mailbox) -> Result<MailboxId, ProjectError> {
        self.commit_durable(|transaction| insert(transaction, mailbox))
    }

    /// Adds mailboxes, and updates those that are there already by address, in one transaction. Numbers in order.
    pub fn import_mailboxes(&self, mailboxes: &[Mailbox]) -> Result<Vec<MailboxId>, ProjectError> {
        self.commit_durable(|transaction| {
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

    /// Adds the mailboxes of a list, and updates those that are there already by address, in one transaction.
    ///
    /// What the list says nothing about stays as it is: ticks always, and user names where it has no column for
    /// them. New mailboxes are chosen. Returns the mailboxes as they are now, in the order of the list.
    pub fn import_rows(&self, rows: &[CsvRow]) -> Result<Vec<(MailboxId, Mailbox)>, ProjectError> {
        self.commit_durable(|transaction| rows.iter().map(|row| import_row(transaction, row)).collect())
    }

    /// Changes a mailbox. Committed now, flushed soon afterwards.
    pub fn update_mailbox(&self, id: MailboxId, mailbox: &Mailbox) -> Result<(), ProjectError> {
        self.commit_settling(|transaction| update(transaction, id, mailbox))
    }

    /// Removes a mailbox with its plan and its ledger.
    pub fn remove_mailbox(&self, id: MailboxId) -> Result<(), ProjectError> {
        self.commit_durable(|transaction| {
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

    /// Remembers a sign-in that worked, or forgets the last one. Committed now, flushed soon afterwards.
    pub fn set_sign_in(
        &self,
        mailbox: MailboxId,
        side: Side,
        fact: Option<&SignInFact>,
    ) -> Result<(), ProjectError> {
        self.commit_settling(|transaction| {
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

/// Columns of a mailbox, in the order that [`read_mailbox`] expects.
const COLUMNS: &str = "id, address, source_user, destination_user, is_chosen, source_way, destination_way";

fn read_mailbox(row: &Row<'_>) -> Result<(MailboxId, Mailbox), ProjectError> {
    let address: String = row.get(1)?;
    let address = EmailAddress::parse(&address)
        .map_err(|error| ProjectError::unreadable("a mailbox address", error))?;
    let ways = SignInWays {
        source: read_way(&row.get::<_, String>(5)?)?,
        destination: read_way(&row.get::<_, String>(6)?)?,
    };
    let mailbox = Mailbox {
        address,
        source_user: row.get(2)?,
        destination_user: row.get(3)?,
        ways,
        is_chosen: row.get(4)?,
    };
    Ok((MailboxId(row.get(0)?), mailbox))
}

fn read_way(json: &str) -> Result<SignInWay, ProjectError> {
    serde_json::from_str(json)
        .map_err(|error| ProjectError::unreadable("how a mailbox is signed in to", error))
}

fn write_way(way: &SignInWay) -> Result<String, ProjectError> {
    serde_json::to_string(way)
        .map_err(|error| ProjectError::unreadable("how a mailbox is signed in to", error))
}

fn import_row(transaction: &Transaction<'_>, row: &CsvRow) -> Result<(MailboxId, Mailbox), ProjectError> {
    let mut statement =
        transaction.prepare_cached(&format!("SELECT {COLUMNS} FROM mailbox WHERE address = ?1"))?;
    let mut found = statement.query([row.address.to_ascii()])?;
    let known = found.next()?.map(read_mailbox).transpose()?;
    let mut mailbox = Mailbox {
        address: row.address.clone(),
        source_user: row.source_user.clone(),
        destination_user: row.destination_user.clone(),
        ways: SignInWays {
            source: row.source_way.clone().unwrap_or_default(),
            destination: row.destination_way.clone().unwrap_or_default(),
        },
        is_chosen: true,
    };
    let Some((id, before)) = known else { return Ok((insert(transaction, &mailbox)?, mailbox)) };
    mailbox.is_chosen = before.is_chosen;
    if row.source_way.is_none() {
        mailbox.ways.source = before.ways.source;
    }
    if row.destination_way.is_none() {
        mailbox.ways.destination = before.ways.destination;
    }
    if !row.has_source_user_column {
        mailbox.source_user = before.source_user;
    }
    if !row.has_destination_user_column {
        mailbox.destination_user = before.destination_user;
    }
    update(transaction, id, &mailbox)?;
    Ok((id, mailbox))
}

fn insert(transaction: &Transaction<'_>, mailbox: &Mailbox) -> Result<MailboxId, ProjectError> {
    transaction
        .execute(
            "INSERT INTO mailbox (address, source_user, destination_user, is_chosen, source_way, destination_way)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            params![
                mailbox.address.to_ascii(),
                mailbox.source_user,
                mailbox.destination_user,
                mailbox.is_chosen,
                write_way(&mailbox.ways.source)?,
                write_way(&mailbox.ways.destination)?
            ],
        )
        .map_err(|error| duplicate(mailbox, error))?;
    let id = MailboxId(transaction.last_insert_rowid());
    // It may have been here before, in a log that is lost.
    transaction
        .execute("INSERT INTO doubted_mailbox SELECT ?1 FROM project WHERE has_lost_log = 1", [id.0])?;
    Ok(id)
}

fn update(transaction: &Transaction<'_>, id: MailboxId, mailbox: &Mailbox) -> Result<(), ProjectError> {
    let changed = transaction
        .execute(
            "UPDATE mailbox SET address = ?2, source_user = ?3, destination_user = ?4, is_chosen = ?5,
                 source_way = ?6, destination_way = ?7
             WHERE id = ?1",
            params![
                id.0,
                mailbox.address.to_ascii(),
                mailbox.source_user,
                mailbox.destination_user,
                mailbox.is_chosen,
                write_way(&mailbox.ways.source)?,
                write_way(&mailbox.ways.destination)?
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
