//! DKIM (RFC 6376, RFC 8301, RFC 8463): key records, signatures, and the keys that a domain publishes. Pure.

mod record;
pub(super) mod rule;
mod rule_keys;
mod selectors;
mod test_keys;
mod verify;

pub use record::{DkimKey, Key, is_key_record};
pub use selectors::{MAX_NAMED, is_selector};
pub(super) use selectors::{key_name, published_selectors};
pub(super) use verify::{KeyFault, key_fault, verifies};
