//! Says what each server and resolver that was asked sees.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::MailRoute;
use super::proof::{ProofKind, ProofRecord, ProofSight};
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
    /// What it shows of SPF, DKIM and DMARC; empty where the plan has nothing of them.
    pub proof: Vec<ProofSight>,
}

impl Sight {
    /// What it shows of one kind, over all names: new only where all are; `None` where the plan has nothing of this kind.
    pub fn proof_of(&self, kind: ProofKind) -> Option<&Sees> {
        let mut of_kind = self.proof.iter().filter(|sight| sight.kind == kind).map(|sight| &sight.sees);
        let first = of_kind.next()?;
        Some(of_kind.fold(first, |worst, sees| if rank(sees) > rank(worst) { sees } else { worst }))
    }

    /// Whether all of SPF, DKIM and DMARC that the plan has are as it wants them.
    pub fn is_proven(&self) -> bool {
        !self.proof.is_empty() && self.proof.iter().all(|sight| sight.sees == Sees::New)
    }
}

/// How much a sight wants attention.
const fn rank(sees: &Sees) -> u8 {
    match sees {
        Sees::New => 0,
        Sees::OutOfReach | Sees::Down(_) => 1,
        Sees::Lagging => 2,
        Sees::Old => 3,
        Sees::Mixed => 4,
        Sees::Other => 5,
        Sees::Lying(_) => 6,
    }
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
pub(super) fn sights(route: &MailRoute, proof: &[ProofRecord], round: &Round) -> Vec<Sight> {
    let servers = Versions { newest: newest_serial(&round.servers), servers: &round.servers };
    let has_new_mx = servers.with(|one| shown(route, &one.mx) == Some(Shown::New));
    let proven: Vec<(&ProofRecord, BTreeSet<u32>)> = proof
        .iter()
        .enumerate()
        .map(|(place, record)| {
            let shows_new = |one: &ServerAnswers| {
                one.proof.get(place).is_some_and(|answer| record.shown_by(answer) == Sees::New)
            };
            (record, servers.with(shows_new))
        })
        .collect();
    let of_server = |one: &ServerAnswers| {
        let serial = serial(&one.soa);
        let sees = servers.of_server(plain(route, &one.mx), &one.mx, serial, &has_new_mx);
        let proof = proven.iter().zip(&one.proof).map(|((record, new), answer)| {
            proof_sight(record, servers.of_server(record.shown_by(answer), answer, serial, new))
        });
        Sight { proof: proof.collect(), ..sight(Viewer::Server(one.server.clone()), sees, &one.mx, serial) }
    };
    let of_resolver = |one: &super::round::ResolverAnswer| {
        let proof = proof.iter().zip(&one.proof);
        let proof = proof.map(|(record, answer)| proof_sight(record, record.shown_by(answer)));
        Sight {
            proof: proof.collect(),
            ..sight(Viewer::Resolver(one.label.clone()), plain(route, &one.mx), &one.mx, None)
        }
    };
    round.servers.iter().map(of_server).chain(round.resolvers.iter().map(of_resolver)).collect()
}

fn proof_sight(record: &ProofRecord, sees: Sees) -> ProofSight {
    ProofSight { kind: record.kind, name: record.name.clone(), sees }
}

/// The versions of the zone that the servers have.
struct Versions<'a> {
    newest: Option<u32>,
    servers: &'a [ServerAnswers],
}

impl Versions<'_> {
    /// The versions of those that show something new.
    fn with(&self, shows_new: impl Fn(&ServerAnswers) -> bool) -> BTreeSet<u32> {
        self.servers.iter().filter(|one| shows_new(one)).filter_map(|one| serial(&one.soa)).collect()
    }

    /// What a server in charge shows, beside what the others have. `new` holds the versions in which others show the new
    /// records.
    fn of_server(&self, known: Sees, answer: &DnsAnswer, serial: Option<u32>, new: &BTreeSet<u32>) -> Sees {
        if !matches!(known, Sees::Old | Sees::New | Sees::Mixed | Sees::Other) {
            return known;
        }
        if !answer.is_authoritative && answer.outcome != Outcome::Referral {
            Sees::Lying(Lie::NotInCharge)
        } else if known == Sees::New {
            known
        } else if serial.is_some_and(|serial| new.contains(&serial)) {
            Sees::Lying(Lie::SameVersionOtherRecords)
        } else if matches!((serial, self.newest), (Some(own), Some(newest)) if is_older(own, newest)) {
            Sees::Lagging
        } else {
            known
        }
    }
}

fn sight(viewer: Viewer, sees: Sees, mx: &DnsAnswer, serial: Option<u32>) -> Sight {
    Sight { viewer, sees, hosts: hosts(mx), ttl_secs: mx.ttl_secs, serial, proof: Vec::new() }
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
