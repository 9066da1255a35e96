use std::collections::BTreeMap;

use rusqlite::types::Type;
use rusqlite::{Connection, Row, params};

use super::ledger_row::{ROW_COLUMNS, read_reason, read_row, state_from_number, unreadable};
use super::{FolderId, Ledger, LedgerRow, Project, ProjectError};
use crate::plan::{FolderPath, LedgerSum, MessageState, ProblemId, Reason};
use crate::values::Bytes;
use crate::values::MailboxId;
use crate::values::SourceUid;

/// Groups of problems that are listed; servers may word every refusal differently.
const PROBLEM_LIMIT: usize = 50;

/// Messages shown with a group of problems.
const SAMPLE_LIMIT: usize = 5;

/// A part of the ledger as sums.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct LedgerTotals {
    /// Messages by state.
    pub sum: LedgerSum,
    /// Bytes of messages that lie at the destination.
    pub bytes_done: Bytes,
    /// Of these, bytes that were sent there; the others were there before.
    pub bytes_sent: Bytes,
    /// Bytes of messages that lie there, and of those that are still to be copied.
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

/// Messages that share a state, and a reason but for numbers, addresses and identifiers in its detail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// Its number, as long as it has messages.
    pub id: ProblemId,
    /// Refused, exported, repaired or vanished.
    pub state: MessageState,
    /// Why; with “…” for what differs from message to message.
    pub reason: Reason,
    /// How many messages.
    pub count: u64,
    /// The first few: folder at the source, and UID.
    pub samples: Vec<(FolderPath, SourceUid)>,
}

/// One message with the folder that it belongs to, for lists of everything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageListing {
    /// The mailbox.
    pub mailbox: MailboxId,
    /// The folder; together with the row's UID the key to go on from.
    pub folder: FolderId,
    /// The folder at the source.
    pub source: FolderPath,
    /// The folder at the destination.
    pub destination: FolderPath,
    /// The message.
    pub row: LedgerRow,
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

    /// What went wrong in this mailbox, by state and reason, worst first.
    pub fn problems(&self) -> Result<Vec<Problem>, ProjectError> {
        self.project.read(|connection| problems(connection, Some(self.mailbox)))
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

    /// What went wrong in the whole project, by state and reason, worst first.
    pub fn problems(&self) -> Result<Vec<Problem>, ProjectError> {
        self.read(|connection| problems(connection, None))
    }

    /// Gives messages of all mailboxes another try that were refused or saved as files. Returns how many.
    pub fn retry_refused(&self) -> Result<u64, ProjectError> {
        self.write(|transaction| {
            let count = transaction.execute(
                "UPDATE message SET state = 0, reason = NULL, detail = NULL WHERE state IN (5, 6)",
                [],
            )?;
            Ok(u64::try_from(count).unwrap_or(u64::MAX))
        })
    }

    /// At most `limit` messages of the whole ledger behind this key, by folder and UID; page through with the key
    /// of the last one.
    pub fn messages_after(
        &self,
        after: Option<(FolderId, SourceUid)>,
        limit: usize,
    ) -> Result<Vec<MessageListing>, ProjectError> {
        let (folder, uid) = after.map_or((0, SourceUid(0)), |(folder, uid)| (folder.0, uid));
        self.read(|connection| {
            let listed = connection
                .prepare_cached(&format!(
                    "SELECT folder.mailbox_id, folder.id, folder.source, folder.destination, {ROW_COLUMNS}
                     FROM (SELECT * FROM message WHERE (folder_id, uid) > (?1, ?2)
                           ORDER BY folder_id, uid LIMIT ?3) AS message
                     JOIN (SELECT id, mailbox_id, source, destination FROM folder) AS folder
                         ON folder.id = message.folder_id
                     ORDER BY message.folder_id, message.uid",
                ))?
                .query_map(params![folder, uid, i64::try_from(limit).unwrap_or(i64::MAX)], |row| {
                    Ok(MessageListing {
                        mailbox: MailboxId(row.get(0)?),
                        folder: FolderId(row.get(1)?),
                        source: read_path(row, 2)?,
                        destination: read_path(row, 3)?,
                        row: read_row(row, 4)?,
                    })
                })?
                .collect::<Result<_, _>>()?;
            Ok(listed)
        })
    }
}

/// All groups of the project, read from an index in their order, whatever servers put into their words.
const GROUPS: &str = "SELECT id, state, messages, reason, iif(is_uniform, detail, pattern) FROM problem_group
     ORDER BY severity, messages DESC, reason, pattern LIMIT ?1";

/// Groups of one mailbox; reads its problems one by one.
const GROUPS_OF_MAILBOX: &str =
    "SELECT problem_group.id, state, count(*) AS here, reason, iif(is_uniform, detail, pattern)
     FROM folder CROSS JOIN problem ON problem.folder_id = folder.id
         JOIN problem_group ON problem_group.id = problem.group_id
     WHERE folder.mailbox_id = ?2
     GROUP BY problem_group.id ORDER BY severity, here DESC, reason, pattern LIMIT ?1";

/// The first messages of a group.
const SAMPLES: &str = "SELECT folder.source, problem.uid
     FROM problem CROSS JOIN folder ON folder.id = problem.folder_id
     WHERE problem.group_id = ?1 AND (?2 IS NULL OR folder.mailbox_id = ?2)
     ORDER BY problem.folder_id, problem.uid LIMIT ?3";

fn problems(connection: &Connection, mailbox: Option<MailboxId>) -> Result<Vec<Problem>, ProjectError> {
    let mailbox = mailbox.map(|mailbox| mailbox.0);
    let limit = i64::try_from(PROBLEM_LIMIT).unwrap_or(i64::MAX);
    let sample_limit = i64::try_from(SAMPLE_LIMIT).unwrap_or(i64::MAX);
    let mut groups = connection.prepare_cached(if mailbox.is_some() { GROUPS_OF_MAILBOX } else { GROUPS })?;
    let mut samples = connection.prepare_cached(SAMPLES)?;
    let mut rows = match mailbox {
        Some(mailbox) => groups.query(params![limit, mailbox])?,
        None => groups.query([limit])?,
    };
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let group: i64 = row.get(0)?;
        let count: i64 = row.get(2)?;
        let reason =
            read_reason(row, 3)?.ok_or_else(|| unreadable(3, Type::Integer, "a problem without a reason"))?;
        let samples = samples
            .query_map(params![group, mailbox, sample_limit], |row| Ok((read_path(row, 0)?, row.get(1)?)))?
            .collect::<Result<_, _>>()?;
        found.push(Problem {
            id: ProblemId(group),
            state: read_state(row, 1)?,
            reason,
            count: u64::try_from(count).unwrap_or(0),
            samples,
        });
    }
    Ok(found)
}

pub(super) fn read_path(row: &Row<'_>, column: usize) -> rusqlite::Result<FolderPath> {
    let text: String = row.get(column)?;
    serde_json::from_str(&text).map_err(|error| unreadable(column, Type::Text, error))
}

fn read_state(row: &Row<'_>, column: usize) -> rusqlite::Result<MessageState> {
    let number: i64 = row.get(column)?;
    state_from_number(number).ok_or_else(|| unreadable(column, Type::Integer, format!("state {number}")))
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

#[cfg(test)]
mod ledger_queries_tests;
