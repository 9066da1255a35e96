//! The project file: schema, migrations, ledger and lock.
//!
//! One SQLite file per domain. While it is open, a lock file lies beside it, SQLite holds the file itself, and changes go through a write-ahead log
//! that is flushed where a call promises that its change is there after a power cut; see [`Project`].

mod abandoned;
mod account_claims;
mod cause_pattern;
mod copy_job;
mod documents;
mod error;
mod file;
mod guard;
mod ledger;
mod ledger_batches;
mod ledger_compared;
mod ledger_copies;
mod ledger_delta;
mod ledger_moves;
mod ledger_queries;
mod ledger_reasons;
mod ledger_row;
mod ledger_twins;
mod lock;
mod mailboxes;
mod message_list;
mod name_lessons;
mod pauses;
mod place;
mod plain_file;
mod plans;
mod repairs;
#[cfg(test)]
mod samples;
mod saved_files;
mod schema;
mod settings;
mod sides;
mod stored_uids;
mod traffic;

pub use abandoned::{Abandoned, remove_abandoned};
pub use account_claims::{AccountClaim, AccountClaims, ClaimError, Claimed};
pub use copy_job::{CopyJob, CopyJobPhase, CopyRoute, EarlierCopy};
pub use error::ProjectError;
pub use file::{Project, Unflushed, is_project};
pub use ledger::Ledger;
pub use ledger_compared::SeenFolder;
pub use ledger_delta::{ChangedFlags, CopyKey, FolderCounts, FolderMemory, FoundCopy, SetAside};
pub use ledger_moves::MaybeMoved;
pub use ledger_queries::{FolderTotals, LedgerTotals, MessageListing, Problem};
pub use ledger_row::{FolderId, ForgottenCopy, LedgerRow, MessageResult, SourceMessage};
pub use mailboxes::SignInFact;
pub use pauses::Pause;
pub use place::{final_place, is_of_open_project, is_of_project, is_same_place};
pub use plans::StoredPlan;
pub use repairs::{ExportedFile, Repair, SentForm};
pub use saved_files::SavedFile;
pub use settings::{AuditSettings, Destination, Pin};
pub use sides::{BoundSides, SideChange, Spelling};
pub use traffic::Traffic;
