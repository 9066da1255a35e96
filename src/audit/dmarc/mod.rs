//! DMARC (RFC 9989, and RFC 7489 before it): records, the tree walk, and what receivers on either rules do. Pure.

mod alignment;
mod applied;
mod near_miss;
mod proposal;
mod record;
pub(super) mod rule;
mod rule_record;
mod rule_reports;
mod suffix;
mod walk;

pub(super) use alignment::{Proven, demands};
pub(super) use applied::covers_subdomains;
pub use applied::{EffectivePolicy, effective_policy};
pub use proposal::{kept, meant, tightened};
pub use record::{DmarcRecord, Policy, is_dmarc};
pub(super) use suffix::registered_domain;
