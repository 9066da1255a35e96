//! The zone itself: whether it exists, who answers for it, and how long its answers are kept.

pub(super) mod rule;
