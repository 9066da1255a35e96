//! Transfer: inventory, copy and verify over two IMAP sides and the ledger.
//!
//! [`copy_mailbox`] keeps the rule of exactly once: a row for every source message first, an intent on disk before the
//! APPEND leaves, the result after; and whatever broke in between is looked for at the destination before it is sent again.

mod context;
mod flags;
mod folder;
mod gmail;
mod inventory;
mod listing;
mod pace;
mod reconcile;
mod run;
mod verify;

pub use context::control::{CopyControl, CopyController, copy_control};
pub use context::error::{Doubler, FolderChange, TransferError};
pub use context::flag_limits::flags_remark;
pub use context::request::{
    ConnectionCount, CopyConditions, CopyLimits, CopyOutcome, CopyRequest, FolderProblem, FolderTrouble,
    Progress, ProgressSink, WaitCause,
};
pub use context::under_way::{LargeMessage, UnderWay};
pub use folder::open::HIDDEN_LABEL;
pub use inventory::counting::{CountWishes, Counted, count, look_in};
pub use inventory::date_samples::find_earlier_move;
pub use inventory::oversize::find_oversize;
pub use inventory::{inventory, special_use};
pub use run::mailbox::copy_mailbox;
pub use verify::report::{Difference, LeftFolder, VerifyReport};
pub use verify::{verify_mailbox, verify_mailbox_controlled};

pub use crate::plan::VerifyDepth;
