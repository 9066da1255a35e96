//! The ledger of one mailbox: one row per source message, written before and after every append.
//!
//! Each file answers one question of the copy.

mod claims;
mod compared;
#[cfg(test)]
mod compared_tests;
mod copies;
#[cfg(test)]
mod counters_tests;
mod counts;
mod filters;
mod flags;
mod folders;
mod intents;
#[cfg(test)]
mod later_runs_tests;
mod lengths;
mod listing;
mod memory;
mod moves;
mod pauses;
mod problems;
#[cfg(test)]
mod problems_tests;
mod repairs;
#[cfg(test)]
mod repairs_tests;
mod results;
pub(super) mod rows;
pub(super) mod seen_folders;
#[cfg(test)]
mod states_tests;
pub(super) mod stored;
mod traffic;

use std::sync::Arc;

use rusqlite::params;

pub use copies::{CopyKey, FoundCopy, SetAside};
pub use counts::{FolderTotals, LedgerTotals};
pub use flags::ChangedFlags;
pub use listing::SourceMessage;
pub use memory::{FolderCounts, FolderMemory};
pub use moves::MaybeMoved;
pub use pauses::Pause;
pub use problems::{Problem, ProblemSample};
pub use repairs::{ExportedFile, Repair, SentForm};
pub use results::MessageResult;
pub use rows::{FolderId, ForgottenCopy, LedgerRow};
pub use seen_folders::SeenFolder;
pub use traffic::Traffic;

use crate::project::error::ProjectError;
use crate::project::file::Project;
use crate::values::{MailboxId, SourceUid};

/// The ledger of one mailbox: one row per source message, written before and after every append.
#[derive(Clone, Debug)]
pub struct Ledger {
    pub(super) project: Arc<Project>,
    pub(super) mailbox: MailboxId,
}

impl Ledger {
    pub(super) fn new(project: Arc<Project>, mailbox: MailboxId) -> Self {
        Self { project, mailbox }
    }

    /// The mailbox that the ledger belongs to.
    pub fn mailbox(&self) -> MailboxId {
        self.mailbox
    }

    fn change_each(&self, folder: FolderId, uids: &[SourceUid], sql: &str) -> Result<u64, ProjectError> {
        if uids.is_empty() {
            return Ok(0);
        }
        self.project.commit_deferred(|transaction| {
            let mut change = transaction.prepare_cached(sql)?;
            let mut changed = 0;
            for uid in uids {
                changed += change.execute(params![folder.0, uid])?;
            }
            Ok(u64::try_from(changed).unwrap_or(u64::MAX))
        })
    }
}
