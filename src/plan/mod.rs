//! Plan: folders and where they go, message states, forecast. Pure; the wires only carry it out.

mod copy_options;
mod duration_words;
mod estimate;
mod folder;
mod folder_name;
mod folder_words;
#[cfg(any(test, fuzzing))]
pub mod fuzz_tests;
mod header_date;
mod identity;
mod ledger_sum;
mod mailbox;
mod mailbox_csv;
mod mailbox_plan;
mod mapping;
mod matching;
mod message_filter;
mod overrides;

pub use copy_options::{CopyMode, CopyOptions};
pub use duration_words::duration_words;
pub use estimate::{EtaEstimator, ThroughputPoint};
pub use folder::{FolderPath, SpecialUse};
pub use folder_name::clean_destination;
pub use header_date::internal_date_secs;
pub use identity::{IDENTITY_HEADERS, IdentityKey, identity_key};
pub use ledger_sum::{LedgerSum, MessageState};
pub use mailbox::{Mailbox, MailboxId, Side};
pub use mailbox_csv::{CsvError, CsvRow, parse_mailboxes};
pub use mailbox_plan::{FolderChoice, FolderPlan, LeftOutBecause, MailboxPlan};
pub use mapping::{DestinationRules, SourceFolder, map_folders};
pub use matching::{CopyMatch, MessageKey, match_copies};
pub use message_filter::MessageFilter;
pub use overrides::{FolderOverride, apply_overrides, shared_destinations};
