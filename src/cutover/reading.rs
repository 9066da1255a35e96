//! What each of those that were asked sees.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::MailRoute;
use super::round::{AuthoritativeServer, Round, ServerAnswers};
use super::route::Shown;
use crate::values::{DnsAnswer, DnsName, Outcome, RecordData};

/// Who was asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Viewer {
    /// A server in charge of the zone.
    Server(AuthoritativeServer),
    /// A resolver, in words.
    Resolver(String),
}

/// What one of them sees.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sight {
    /// Who.
    pub viewer: Viewer,
    /// What.
    pub sees: Sees,
    /// The mail hosts that it names; empty where it names none or did not answer.
    pub hosts: BTreeSet<DnsName>,
    /// How long its answer may be kept, in seconds.
    pub ttl_secs: Option<u32>,
    /// The version of its zone; `None` for a resolver.
    pub serial: Option<u32>,
}

/// What an answer shows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind", content = "detail")]
pub enum Sees {
    /// The old mail hosts.
    Old,
    /// The new mail hosts.
    New,
    /// Some of both, so that mail arrives at both.
    Mixed,
    /// Hosts that the plan does not know.
    Other,
    /// Not the new hosts, from an older version of the zone than another server has: it will follow.
    Lagging,
    /// An answer that cannot be right.
    Lying(Lie),
    /// No way leads there from this computer, which says nothing about the server.
    OutOfReach,
    /// No usable answer.
    Down(Outcome),
}

/// Why an answer cannot be right.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Lie {
    /// A server that should be in charge says that it is not (no AA bit, RFC 1035 section 4.1.1).
    NotInCharge,
    /// The same version of the zone as another server, with other records.
    SameVersionOtherRecords,
}

/// Reads a round.
pub(super) fn sights(route: &MailRoute, round: &Round) -> Vec<Sight> {
    let newest = newest_serial(&round.servers);
    let shows_new = |one: &&ServerAnswers| shown(route, &one.mx) == Some(Shown::New);
    let new_serials: BTreeSet<u32> =
        round.servers.iter().filter(shows_new).filter_map(|one| serial(&one.soa)).collect();
    let servers = round.servers.iter().map(|one| {
        let serial = serial(&one.soa);
        let sees = match plain(route, &one.mx) {
            known @ (Sees::Old | Sees::New | Sees::Mixed | Sees::Other) => {
                if !one.mx.is_authoritative {
                    Sees::Lying(Lie::NotInCharge)
                } else if known == Sees::New {
                    known
                } else if serial.is_some_and(|serial| new_serials.contains(&serial)) {
                    Sees::Lying(Lie::SameVersionOtherRecords)
                } else if matches!((serial, newest), (Some(own), Some(newest)) if is_older(own, newest)) {
                    Sees::Lagging
                } else {
                    known
                }
            }
            unknown => unknown,
        };
        sight(Viewer::Server(one.server.clone()), sees, &one.mx, serial)
    });
    let resolvers = round
        .resolvers
        .iter()
        .map(|one| sight(Viewer::Resolver(one.label.clone()), plain(route, &one.mx), &one.mx, None));
    servers.chain(resolvers).collect()
}

fn sight(viewer: Viewer, sees: Sees, mx: &DnsAnswer, serial: Option<u32>) -> Sight {
    Sight { viewer, sees, hosts: hosts(mx), ttl_secs: mx.ttl_secs, serial }
}

fn shown(route: &MailRoute, mx: &DnsAnswer) -> Option<Shown> {
    matches!(mx.outcome, Outcome::Answer | Outcome::NoData).then(|| route.shown_by(&hosts(mx)))
}

fn plain(route: &MailRoute, mx: &DnsAnswer) -> Sees {
    match (shown(route, mx), &mx.outcome) {
        (Some(Shown::Old), _) => Sees::Old,
        (Some(Shown::New), _) => Sees::New,
        (Some(Shown::Mixed), _) => Sees::Mixed,
        (Some(Shown::Other), _) => Sees::Other,
        (None, Outcome::OutOfReach) => Sees::OutOfReach,
        (None, Outcome::Referral) => Sees::Lying(Lie::NotInCharge),
        (None, outcome) => Sees::Down(outcome.clone()),
    }
}

fn hosts(mx: &DnsAnswer) -> BTreeSet<DnsName> {
    let host = |record: &RecordData| match record {
        RecordData::Mx { exchange, .. } => Some(exchange.clone()),
        _ => None,
    };
    mx.records.iter().filter_map(host).collect()
}

fn serial(soa: &DnsAnswer) -> Option<u32> {
    soa.records.iter().find_map(|record| match record {
        RecordData::Soa { serial, .. } => Some(*serial),
        _ => None,
    })
}

fn newest_serial(servers: &[ServerAnswers]) -> Option<u32> {
    let serials = servers.iter().filter(|one| one.soa.is_authoritative).filter_map(|one| serial(&one.soa));
    serials.reduce(|newest, serial| if is_older(newest, serial) { serial } else { newest })
}

/// Serial numbers go round (RFC 1982 section 3.2).
const fn is_older(one: u32, other: u32) -> bool {
    let ahead = other.wrapping_sub(one);
    ahead != 0 && ahead < 1 << 31
}
