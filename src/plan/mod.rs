//! Plan: folders and where they go, message states, forecast. Pure; the wires only carry it out.

mod folder;
mod ledger_sum;
mod mailbox;
mod mailbox_plan;

pub use folder::{FolderPath, SpecialUse};
pub use ledger_sum::{LedgerSum, MessageState};
pub use mailbox::{Mailbox, MailboxId, Side};
pub use mailbox_plan::{FolderChoice, FolderPlan, LeftOutBecause, MailboxPlan};
