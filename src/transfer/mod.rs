//! Transfer: inventory, copy and verify over two IMAP sides and the ledger.
//!
//! [`copy_mailbox`] keeps the rule of exactly once: a row for every source message first, an intent on disk before the
//! APPEND leaves, the result after; and whatever broke in between is looked for at the destination before it is sent again.

mod absent;
mod admission;
mod adoption;
mod ahead;
mod aliases;
mod arrivals;
mod batch;
mod both_lists;
mod budget;
mod caution;
mod clock;
mod content;
mod control;
mod copy;
mod copy_listing;
mod counting;
mod cut_short;
mod date_samples;
mod destination_name;
mod early_trouble;
mod error;
mod export;
mod false_keywords;
mod flag_limits;
mod flags;
mod folder_names;
mod folder_opening;
mod found_elsewhere;
mod gmail_destination;
mod gmail_folded;
mod gmail_source;
mod governor;
mod group;
mod inventory;
mod kept_flags;
mod known_folders;
mod lane;
mod large;
mod late_ones;
mod listed_sizes;
mod listing_rows;
mod lost_copies;
mod meter;
mod mirror;
mod missing_folders;
mod more_lanes;
mod moved_copies;
mod off_thread;
mod oversize;
mod parts;
mod provider_habits;
mod reader;
mod recovery;
mod refused;
mod repaired_flags;
mod request;
mod room;
mod same_content;
mod seats;
mod second_road;
mod second_try;
mod second_writer;
mod selection;
mod source_forms;
mod source_listing;
mod source_moves;
mod special_folders;
mod stale_ledger;
mod strays;
mod twins;
mod under_way;
mod unit;
mod verify;
mod verify_meter;
mod verify_page;
mod verify_report;
mod verify_tally;
mod views;
mod work;
mod writer;

pub use control::{CopyControl, CopyController, copy_control};
pub use copy::copy_mailbox;
pub use counting::{CountWishes, Counted, count, look_in};
pub use date_samples::find_earlier_move;
pub use error::{FolderChange, TransferError};
pub use flag_limits::flags_remark;
pub use folder_opening::HIDDEN_LABEL;
pub use inventory::inventory;
pub use oversize::find_oversize;
pub use request::{
    ConnectionCount, CopyConditions, CopyLimits, CopyOutcome, CopyRequest, FolderProblem, FolderTrouble,
    Progress, ProgressSink,
};
pub use under_way::{LargeMessage, UnderWay};
pub use verify::{verify_mailbox, verify_mailbox_controlled};
pub use verify_report::{Difference, LeftFolder, VerifyReport};

pub use crate::plan::VerifyDepth;
