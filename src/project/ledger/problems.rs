//! What went wrong, in groups that people can read.

use rusqlite::types::Type;
use rusqlite::{Connection, params};

use crate::plan::{FolderPath, MessageState, ProblemId, Reason};
use crate::project::error::ProjectError;
use crate::project::file::Project;
use crate::project::ledger::Ledger;
use crate::project::ledger::stored::{read_path, read_reason, read_state, unreadable};
use crate::values::{MailboxId, SourceUid};

/// Groups of problems that are listed; servers may word every refusal differently.
pub(super) const PROBLEM_LIMIT: usize = 50;

/// Messages shown with a group of problems.
const SAMPLE_LIMIT: usize = 5;

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
    /// The first few messages.
    pub samples: Vec<ProblemSample>,
}

/// One message of a problem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ProblemSample {
    /// Its folder at the source.
    pub folder: FolderPath,
    /// Its UID there.
    pub uid: SourceUid,
}

impl Ledger {
    /// What went wrong in this mailbox, by state and reason, worst first.
    pub fn problems(&self) -> Result<Vec<Problem>, ProjectError> {
        self.project.read(|connection| problems(connection, Some(self.mailbox)))
    }
}

impl Project {
    /// What went wrong in the whole project, by state and reason, worst first.
    pub fn problems(&self) -> Result<Vec<Problem>, ProjectError> {
        self.read(|connection| problems(connection, None))
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
            .query_map(params![group, mailbox, sample_limit], |row| {
                Ok(ProblemSample { folder: read_path(row, 0)?, uid: row.get(1)? })
            })?
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
