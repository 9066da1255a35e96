//! The zone itself: whether it exists, who answers for it, whether its signatures hold, and how long its answers are cached.

mod delegation;
mod denial;
mod dnssec;
mod names;
pub(super) mod rule;
mod servers;
mod soa;
mod ttl;

pub(super) use denial::judge_denial;
pub use names::without_doubled_domain;
pub(super) use rule::Standing;
pub(super) use ttl::{LONG_TTL_SECS, Ttl, VERY_LONG_TTL_SECS, judge as judge_ttl};
