//! How many messages and bytes are in which state. The sums are kept beside the rows: what changes many messages at once
//! counts them by the batch, everything else by triggers.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::{Row, Transaction, params};

use crate::plan::{FolderPath, LedgerSum, MessageState};
use crate::project::error::ProjectError;
use crate::project::file::Project;
use crate::project::ledger::Ledger;
use crate::project::ledger::rows::FolderId;
use crate::project::ledger::stored::{read_path, read_state, state_number};
use crate::values::{Bytes, MailboxId};

/// A part of the ledger as sums.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LedgerTotals {
    /// Messages by state.
    pub sum: LedgerSum,
    /// Bytes of messages at the destination.
    pub bytes_done: Bytes,
    /// Of these, bytes that were sent there; the others were there before.
    pub bytes_sent: Bytes,
    /// Bytes of messages that are there, and of those that are still to be copied.
    pub bytes_total: Bytes,
}

impl LedgerTotals {
    fn add(&mut self, state: MessageState, messages: u64, bytes: Bytes) {
        self.sum.add(state, messages);
        match state {
            MessageState::Copied | MessageState::AlreadyThere | MessageState::Repaired => {
                self.bytes_done = self.bytes_done.plus(bytes);
                if state != MessageState::AlreadyThere {
                    self.bytes_sent = self.bytes_sent.plus(bytes);
                }
            }
            MessageState::ToDo | MessageState::InFlight | MessageState::Deferred => {}
            // What is not copied is no progress, and nothing that progress is measured by.
            MessageState::Exported
            | MessageState::Refused
            | MessageState::Vanished
            | MessageState::LeftOut => return,
        }
        self.bytes_total = self.bytes_total.plus(bytes);
    }

    /// Adds another part to this one.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            sum: self.sum.plus(other.sum),
            bytes_done: self.bytes_done.plus(other.bytes_done),
            bytes_sent: self.bytes_sent.plus(other.bytes_sent),
            bytes_total: self.bytes_total.plus(other.bytes_total),
        }
    }
}

/// A folder of the ledger as sums.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FolderTotals {
    /// Its number.
    pub id: FolderId,
    /// The folder at the source.
    pub source: FolderPath,
    /// The folder at the destination.
    pub destination: FolderPath,
    /// Its sums.
    pub totals: LedgerTotals,
}

impl Project {
    /// The largest message that the ledger knows, over all mailboxes; `None` before anything was listed.
    ///
    /// It looks at every message, so it is no question for each moment.
    pub fn largest_message(&self) -> Result<Option<Bytes>, ProjectError> {
        self.read(|connection| {
            let largest: Option<i64> =
                connection.query_row("SELECT max(size) FROM message", [], |row| row.get(0))?;
            Ok(largest.and_then(|bytes| u64::try_from(bytes).ok()).map(Bytes))
        })
    }
}

impl Ledger {
    /// The mailbox as a sum: always equal to what its source has listed.
    pub fn sum(&self) -> Result<LedgerSum, ProjectError> {
        Ok(self.totals()?.sum)
    }

    /// The mailbox as sums of messages and bytes.
    pub fn totals(&self) -> Result<LedgerTotals, ProjectError> {
        let folders = self.folder_totals()?;
        Ok(folders.into_iter().fold(LedgerTotals::default(), |sum, folder| sum.plus(folder.totals)))
    }

    /// Each folder of the mailbox as sums, in the order in which they were first seen.
    pub fn folder_totals(&self) -> Result<Vec<FolderTotals>, ProjectError> {
        self.project.read(|connection| {
            let mut folders: BTreeMap<i64, FolderTotals> = BTreeMap::new();
            let mut statement = connection.prepare_cached(
                "SELECT folder.id, folder.source, folder.destination, count.state, count.messages, count.bytes
                 FROM folder JOIN folder_count AS count ON count.folder_id = folder.id
                 WHERE folder.mailbox_id = ?1",
            )?;
            let mut rows = statement.query([self.mailbox.0])?;
            while let Some(row) = rows.next()? {
                let id: i64 = row.get(0)?;
                let entry = match folders.entry(id) {
                    std::collections::btree_map::Entry::Occupied(known) => known.into_mut(),
                    std::collections::btree_map::Entry::Vacant(space) => space.insert(FolderTotals {
                        id: FolderId(id),
                        source: read_path(row, 1)?,
                        destination: read_path(row, 2)?,
                        totals: LedgerTotals::default(),
                    }),
                };
                let (state, messages, bytes) = read_count(row, 3)?;
                entry.totals.add(state, messages, bytes);
            }
            Ok(folders.into_values().collect())
        })
    }

    /// One folder as sums, at the cost of one look-up however many folders there are.
    pub fn totals_of(&self, folder: FolderId) -> Result<LedgerTotals, ProjectError> {
        self.project.read(|connection| {
            let mut totals = LedgerTotals::default();
            let mut statement = connection
                .prepare_cached("SELECT state, messages, bytes FROM folder_count WHERE folder_id = ?1")?;
            let mut rows = statement.query([folder.0])?;
            while let Some(row) = rows.next()? {
                let (state, messages, bytes) = read_count(row, 0)?;
                totals.add(state, messages, bytes);
            }
            Ok(totals)
        })
    }

    /// Folders with messages that are still to do or put off.
    pub fn waiting_folders(&self) -> Result<BTreeSet<FolderId>, ProjectError> {
        let totals = self.folder_totals()?.into_iter();
        Ok(totals.filter(|folder| folder.totals.sum.waiting() > 0).map(|folder| folder.id).collect())
    }
}

impl Project {
    /// Each mailbox of the ledger as sums; mailboxes without folders are not in it.
    pub fn totals(&self) -> Result<BTreeMap<MailboxId, LedgerTotals>, ProjectError> {
        self.read(|connection| {
            let mut mailboxes: BTreeMap<MailboxId, LedgerTotals> = BTreeMap::new();
            let mut statement = connection.prepare_cached(
                "SELECT folder.mailbox_id, count.state, count.messages, count.bytes
                 FROM folder JOIN folder_count AS count ON count.folder_id = folder.id",
            )?;
            let mut rows = statement.query([])?;
            while let Some(row) = rows.next()? {
                let (state, messages, bytes) = read_count(row, 1)?;
                mailboxes.entry(MailboxId(row.get(0)?)).or_default().add(state, messages, bytes);
            }
            Ok(mailboxes)
        })
    }
}

/// Messages, and the sum of their sizes.
#[derive(Clone, Copy, Default)]
pub(super) struct Count {
    pub(super) messages: i64,
    pub(super) bytes: i64,
}

/// Those of the batch (a JSON array of UIDs) that are in this state.
pub(super) fn counted(
    transaction: &Transaction<'_>,
    folder: FolderId,
    batch: &str,
    state: MessageState,
) -> Result<Count, ProjectError> {
    let count = transaction
        .prepare_cached(
            "SELECT count(*), coalesce(sum(size), 0) FROM message
             WHERE folder_id = ?1 AND uid IN (SELECT value FROM json_each(?2)) AND +state = ?3",
        )?
        .query_row(params![folder.0, batch, state_number(state)], |row| {
            Ok(Count { messages: row.get(0)?, bytes: row.get(1)? })
        })?;
    Ok(count)
}

/// Adds messages to the sums of the folder.
pub(super) fn count(
    transaction: &Transaction<'_>,
    folder: FolderId,
    state: MessageState,
    Count { messages, bytes }: Count,
) -> Result<(), ProjectError> {
    transaction
        .prepare_cached(
            "UPDATE folder_count SET messages = messages + ?3, bytes = bytes + ?4
             WHERE folder_id = ?1 AND state = ?2",
        )?
        .execute(params![folder.0, state_number(state), messages, bytes])?;
    Ok(())
}

/// From which state messages go to which.
#[derive(Clone, Copy)]
pub(super) struct StateChange {
    pub(super) from: MessageState,
    pub(super) to: MessageState,
}

/// Messages of the folder have gone from one state to another.
pub(super) fn count_moved(
    transaction: &Transaction<'_>,
    folder: FolderId,
    change: StateChange,
    moved: Count,
) -> Result<(), ProjectError> {
    let less = Count { messages: -moved.messages, bytes: -moved.bytes };
    count(transaction, folder, change.from, less)?;
    count(transaction, folder, change.to, moved)
}

fn read_count(row: &Row<'_>, first: usize) -> rusqlite::Result<(MessageState, u64, Bytes)> {
    let messages: i64 = row.get(first + 1)?;
    let bytes: i64 = row.get(first + 2)?;
    Ok((
        read_state(row, first)?,
        u64::try_from(messages).unwrap_or(0),
        Bytes(u64::try_from(bytes).unwrap_or(0)),
    ))
}
