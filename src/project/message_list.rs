//! Messages of the ledger one by one, as many as a screen or a page of a file needs.

use rusqlite::types::{ToSql, Type};
use rusqlite::{Connection, params, params_from_iter};

use crate::plan::{FolderPath, LedgerSum, MessageQuery, MessageState};
use crate::project::error::ProjectError;
use crate::project::file::Project;
use crate::project::ledger::rows::{FolderId, LedgerRow, ROW_COLUMNS, read_row};
use crate::project::ledger::stored::{read_path, state_from_number, state_number, to_json, unreadable};
use crate::values::{MailboxId, SourceUid};

/// Folders that a query is about, and the values behind its question marks.
struct Folders {
    sql: String,
    values: Vec<Box<dyn ToSql>>,
}

impl Folders {
    fn of(query: &MessageQuery) -> Result<Self, ProjectError> {
        let mut sql = "SELECT id FROM folder WHERE 1".to_owned();
        let mut values: Vec<Box<dyn ToSql>> = Vec::new();
        if let Some(mailbox) = query.mailbox {
            sql.push_str(" AND mailbox_id = ?");
            values.push(Box::new(mailbox.0));
        }
        if let Some(folder) = &query.folder {
            sql.push_str(" AND source = ?");
            values.push(Box::new(to_json(folder)?));
        }
        Ok(Self { sql, values })
    }
}

/// `state IN (…)` over an index that begins with folder and state.
fn state_condition(state: Option<MessageState>) -> String {
    match state {
        None => String::new(),
        Some(MessageState::ToDo | MessageState::InFlight) => " AND state IN (0, 1)".to_owned(),
        Some(state) => format!(" AND state = {}", state_number(state)),
    }
}

/// One message with the folder that it belongs to, for lists of everything.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MessageListing {
    /// The mailbox.
    pub mailbox: MailboxId,
    /// The folder; together with the row's UID the key to continue from.
    pub folder: FolderId,
    /// The folder at the source.
    pub source: FolderPath,
    /// The folder at the destination.
    pub destination: FolderPath,
    /// The message.
    pub row: LedgerRow,
}

impl MessageListing {
    /// Where the list goes on after this message.
    pub const fn place(&self) -> MessagePlace {
        MessagePlace { folder: self.folder, uid: self.row.uid }
    }
}

/// The key of a message in the ledger, by which the list is ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MessagePlace {
    /// Its folder.
    pub folder: FolderId,
    /// Its UID at the source.
    pub uid: SourceUid,
}

impl Project {
    /// At most `limit` messages of the whole ledger behind this key, by folder and UID; page through with the key
    /// of the last one.
    pub fn messages_after(
        &self,
        after: Option<MessagePlace>,
        limit: usize,
    ) -> Result<Vec<MessageListing>, ProjectError> {
        let MessagePlace { folder, uid } =
            after.unwrap_or(MessagePlace { folder: FolderId(0), uid: SourceUid(0) });
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
                .query_map(params![folder.0, uid, i64::try_from(limit).unwrap_or(i64::MAX)], |row| {
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

    /// The messages that fit, by folder and UID, from the one with the index `first` on; at most `limit`.
    pub fn messages(
        &self,
        query: &MessageQuery,
        first: u64,
        limit: usize,
    ) -> Result<Vec<MessageListing>, ProjectError> {
        let Folders { sql: folders, mut values } = Folders::of(query)?;
        let state = state_condition(query.state);
        let source = match query.problem {
            None => format!("SELECT * FROM message WHERE folder_id IN ({folders}){state}"),
            Some(problem) => {
                values.push(Box::new(problem.0));
                format!(
                    "SELECT message.* FROM problem CROSS JOIN message
                         ON message.folder_id = problem.folder_id AND message.uid = problem.uid
                     WHERE problem.folder_id IN ({folders}) AND problem.group_id = ?{state}"
                )
            }
        };
        values.push(Box::new(i64::try_from(limit).unwrap_or(i64::MAX)));
        values.push(Box::new(i64::try_from(first).unwrap_or(i64::MAX)));
        let sql = format!(
            "SELECT folder.mailbox_id, folder.id, folder.source, folder.destination, {ROW_COLUMNS}
             FROM ({source} ORDER BY folder_id, uid LIMIT ? OFFSET ?) AS message
             JOIN (SELECT id, mailbox_id, source, destination FROM folder) AS folder
                 ON folder.id = message.folder_id
             ORDER BY message.folder_id, message.uid"
        );
        self.read(|connection| {
            let listed = connection
                .prepare_cached(&sql)?
                .query_map(params_from_iter(values.iter()), |row| {
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

    /// How many messages fit, by state; the state of the query itself is not looked at.
    pub fn message_sum(&self, query: &MessageQuery) -> Result<LedgerSum, ProjectError> {
        let Folders { sql: folders, mut values } = Folders::of(query)?;
        let sql = match query.problem {
            None => format!(
                "SELECT state, sum(messages) FROM folder_count WHERE folder_id IN ({folders}) GROUP BY state"
            ),
            Some(problem) => {
                values.push(Box::new(problem.0));
                format!(
                    "SELECT problem_group.state, count(*) FROM problem JOIN problem_group
                         ON problem_group.id = problem.group_id
                     WHERE problem.folder_id IN ({folders}) AND problem.group_id = ? GROUP BY problem_group.state"
                )
            }
        };
        self.read(|connection| sum_of(connection, &sql, &values))
    }
}

fn sum_of(connection: &Connection, sql: &str, values: &[Box<dyn ToSql>]) -> Result<LedgerSum, ProjectError> {
    let mut sum = LedgerSum::default();
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(params_from_iter(values.iter()))?;
    while let Some(row) = rows.next()? {
        let number: i64 = row.get(0)?;
        let state = state_from_number(number)
            .ok_or_else(|| unreadable(0, Type::Integer, format!("state {number}")))?;
        let count: i64 = row.get(1)?;
        sum.add(state, u64::try_from(count).unwrap_or(0));
    }
    Ok(sum)
}

#[cfg(test)]
mod message_list_tests;
