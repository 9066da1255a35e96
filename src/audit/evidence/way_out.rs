//! How mail leaves the server, as its log shows: directly, through a relay, or not at all.

use super::facts::{EvidenceFacts, ReceiverFacts};
use super::receivers::receiver_of_domain;

/// Attempts that reached nobody before port 25 is said to be closed.
const MANY: u64 = 5;
/// Providers whose recipients a host takes mail for before it is said to be a relay: none receives for two of the others.
const PROVIDERS: usize = 2;

/// How the mail gets out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WayOut {
    /// No log says.
    Unknown,
    /// Straight to the receivers: so many of them took mail.
    Direct(usize),
    /// All of it over one host that takes it for everybody.
    Relay(String),
    /// Not at all: so many attempts reached nobody.
    Closed(u64),
}

impl EvidenceFacts {
    /// How the mail gets out of the server.
    pub fn way_out(&self) -> WayOut {
        if !self.has_log() {
            return WayOut::Unknown;
        }
        let taking: Vec<&ReceiverFacts> =
            self.receivers.iter().filter(|receiver| delivered(receiver) > 0).collect();
        let lost: u64 =
            self.receivers.iter().flat_map(|receiver| receiver.days.values()).map(|day| day.unreached).sum();
        match taking.as_slice() {
            [] if lost >= MANY => WayOut::Closed(lost),
            // One receiver may be a relay, which is reached over another port.
            [only] if takes_for_others(only) => WayOut::Relay(only.name.clone()),
            [] | [_] => WayOut::Unknown,
            many => WayOut::Direct(many.len()),
        }
    }
}

fn delivered(receiver: &ReceiverFacts) -> u64 {
    receiver.days.values().map(|day| day.delivered + day.later).sum()
}

/// Whether a host takes mail for recipients of providers that everybody knows to have hosts of their own.
fn takes_for_others(receiver: &ReceiverFacts) -> bool {
    let mut others: Vec<&str> = receiver
        .domains
        .keys()
        .filter_map(|domain| receiver_of_domain(domain))
        .map(|owner| owner.id.as_str())
        .filter(|owner| *owner != receiver.id)
        .collect();
    others.sort_unstable();
    others.dedup();
    others.len() >= PROVIDERS
}
