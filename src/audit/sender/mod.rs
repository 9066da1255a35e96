//! The addresses that send the domain's mail, and how receivers see their names.

mod class;
mod generic_names;
mod greeting;
mod ipv6;
mod operator_page;
mod port25;
pub(super) mod rule;

pub(super) use generic_names::is_generic;
pub use operator_page::contact_lines;
pub(super) use operator_page::operator_url;
