//! Gmail on either side, where one message shows under many labels.

pub(in crate::transfer) mod destination;
pub(in crate::transfer) mod folded;
pub(in crate::transfer) mod source;
