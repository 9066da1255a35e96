//! Where copies are that the destination already has.

pub(in crate::transfer) mod absent;
pub(in crate::transfer) mod account_search;
pub(in crate::transfer) mod destination_folder;
pub(in crate::transfer) mod late_append;
pub(in crate::transfer) mod matching;
pub(in crate::transfer) mod missing;
pub(in crate::transfer) mod relocated;
pub(in crate::transfer) mod renumbered;
pub(in crate::transfer) mod same_content;
pub(in crate::transfer) mod second_look;
pub(in crate::transfer) mod source_moves;
pub(in crate::transfer) mod stale_ledger;
pub(in crate::transfer) mod strays;
