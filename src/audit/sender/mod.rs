//! The addresses that send the domain's mail, and how receivers see their names.

mod generic_names;
pub(super) mod rule;

pub(super) use generic_names::is_generic;
