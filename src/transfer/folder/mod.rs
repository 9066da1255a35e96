//! One folder: opened, compared, read and appended, message by message.

pub(in crate::transfer) mod active_folder;
pub(in crate::transfer) mod appender;
pub(in crate::transfer) mod arrivals;
pub(in crate::transfer) mod batch;
pub(in crate::transfer) mod content;
pub(in crate::transfer) mod copy_state;
pub(in crate::transfer) mod decision;
pub(in crate::transfer) mod fetch_group;
pub(in crate::transfer) mod fetcher;
pub(in crate::transfer) mod large;
pub(in crate::transfer) mod lessons;
pub(in crate::transfer) mod names;
pub(in crate::transfer) mod open;
pub(in crate::transfer) mod other_writers;
pub(in crate::transfer) mod place;
pub(in crate::transfer) mod prefetch;
pub(in crate::transfer) mod repair;
pub(in crate::transfer) mod resting;
pub(in crate::transfer) mod row_pages;
#[cfg(test)]
pub(in crate::transfer) mod sample_rows;
pub(in crate::transfer) mod scheduler;
pub(in crate::transfer) mod second_method;
pub(in crate::transfer) mod second_try;
pub(in crate::transfer) mod worker;
