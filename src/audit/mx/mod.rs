//! Where the domain receives its mail: MX records, the hosts behind them, and what mail programs learn from the zone.

mod certificates;
mod clients;
mod hosts;
pub(super) mod rule;
mod targets;

pub(super) use clients::judge as judge_clients;
pub(super) use hosts::{hosts, is_without_mail};
