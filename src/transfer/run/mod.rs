//! A run from its beginning to its end: connections, lists of both sides, and what is looked at once more.

pub(in crate::transfer) mod admission;
pub(in crate::transfer) mod connections;
pub(in crate::transfer) mod labels;
pub(in crate::transfer) mod last_look;
pub(in crate::transfer) mod late_ones;
pub(in crate::transfer) mod list_both;
pub(in crate::transfer) mod mailbox;
pub(in crate::transfer) mod missing_folders;
pub(in crate::transfer) mod prepare;
pub(in crate::transfer) mod until_quiet;
