//! Which messages of the source take part.

pub(in crate::transfer) mod duplicates;
pub(in crate::transfer) mod fresh_flags;
pub(in crate::transfer) mod lister;
pub(in crate::transfer) mod rows;
pub(in crate::transfer) mod selection;
pub(in crate::transfer) mod views;
