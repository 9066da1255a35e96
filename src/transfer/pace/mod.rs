//! How fast the servers are asked, what is tried again, and what is to blame for broken connections.

pub(in crate::transfer) mod connection_failures;
pub(in crate::transfer) mod count_care;
pub(in crate::transfer) mod daily_traffic;
pub(in crate::transfer) mod deferred_refusals;
pub(in crate::transfer) mod early_trouble;
pub(in crate::transfer) mod listed_sizes;
pub(in crate::transfer) mod refusal;
pub(in crate::transfer) mod repair_memory;
pub(in crate::transfer) mod retry;
pub(in crate::transfer) mod verify_traffic;
