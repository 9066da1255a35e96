//! Mailboxes: whose they are, how they are signed in to, and the plan for each.

pub(in crate::plan) mod csv;
pub(in crate::plan) mod earlier_move;
pub(in crate::plan) mod mailbox;
pub(in crate::plan) mod query;
pub(in crate::plan) mod reach;
pub(in crate::plan) mod shared_domain;
