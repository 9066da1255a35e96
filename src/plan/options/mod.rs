//! What the owner wants copied, and how.

pub(in crate::plan) mod copy;
pub(in crate::plan) mod filter;
pub(in crate::plan) mod rest;
pub(in crate::plan) mod search_text;
pub(in crate::plan) mod selection;
pub(in crate::plan) mod words;
