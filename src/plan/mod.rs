//! Plan: folders and where they go, message states, forecast. Pure; the wires only carry it out.

mod folder;
mod header_date;
mod identity;
mod ledger_sum;
mod mailbox;
mod mailbox_plan;
mod matching;
mod overrides;

pub use folder::{FolderPath, SpecialUse};
pub use identity::{IDENTITY_HEADERS, IdentityKey, identity_key};
pub use ledger_sum::{LedgerSum, MessageState};
pub use mailbox::{Mailbox, MailboxId, Side};
pub use mailbox_plan::{FolderChoice, FolderPlan, LeftOutBecause, MailboxPlan};
pub use matching::{CopyMatch, MessageKey, match_copies};
pub use overrides::{FolderOverride, apply_overrides};
