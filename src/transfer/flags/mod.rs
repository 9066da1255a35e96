//! Flags of copies: how they get there, and how they follow the source.

pub(in crate::transfer) mod after_append;
pub(in crate::transfer) mod after_repair;
pub(in crate::transfer) mod phantom_keywords;
pub(in crate::transfer) mod sync;
