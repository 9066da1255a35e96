//! The project file: schema, migrations, ledger and lock.
//!
//! One SQLite file per domain. While it is open, a lock file is beside it, SQLite holds the file itself, and changes go through a write-ahead log
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
mod lock;
mod mailboxes;
mod message_list;
mod name_lessons;
mod place;
mod plain_file;
mod plans;
#[cfg(test)]
pub(crate) mod samples;
mod saved_files;
mod schema;
mod settings;
mod sides;

pub use abandoned::{Abandoned, remove_abandoned};
pub use account_claims::{AccountClaim, AccountClaims, BusyAccount, ClaimError, Claimed};
pub use copy_job::{CopyJob, CopyJobPhase, CopyRoute, EarlierCopy, WholeCopy};
pub use error::ProjectError;
pub use file::{Project, Unflushed, is_project};
pub use ledger::{
    ChangedFlags, CopyKey, ExportedFile, FolderCounts, FolderId, FolderMemory, FolderTotals, ForgottenCopy,
    FoundCopy, Ledger, LedgerRow, LedgerTotals, MaybeMoved, MessageResult, Pause, Problem, ProblemSample,
    Repair, SeenFolder, SentForm, SetAside, SourceMessage, Traffic,
};
pub use mailboxes::SignInFact;
pub use message_list::{MessageListing, MessagePlace};
pub use place::{final_place, is_of_open_project, is_of_project, is_same_place};
pub use plans::StoredPlan;
pub use saved_files::SavedFile;
pub use settings::{AuditSettings, Destination, OwnProviderFile, Pin};
pub use sides::{BoundSides, SideChange, Spelling};
