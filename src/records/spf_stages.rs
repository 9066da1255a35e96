//! Makes the SPF record of each stage: merges, evaluates as receivers do, and mends until no sender of today loses its right.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use ipnet::IpNet;

use super::current_zone::{ZoneData, ZoneRecord};
use super::judge::{KnownSender, NOBODY, SenderRole, is_for_everybody};
use super::spf::{SpfInput, SpfMerge, merge};
use super::spf_terms::{Term, TermKind, terms};
use super::spf_world::World;
use crate::audit::spf::{Qualifier, STRANGERS, SpfResult, allowed_networks, effective_end};
use crate::values::DnsName;

/// Rounds of mending; a second one mends what the first has moved.
const MAX_ROUNDS: usize = 3;

/// What the merge is held against.
pub(super) struct Stages<'a> {
    pub world: &'a World<'a>,
    /// MX records of today, and after the switch.
    pub mx_today: Vec<ZoneRecord>,
    pub mx_after: Vec<ZoneRecord>,
    pub senders: &'a BTreeSet<KnownSender>,
    /// What terms that the owner drops let send today.
    pub dropped_networks: &'a [IpNet],
}

/// Addresses that a merged record takes the right from.
#[derive(Default)]
struct Lost {
    own: BTreeSet<IpAddr>,
    kept: BTreeSet<IpAddr>,
}

/// Merges, and adds the addresses that would lose their right.
pub(super) fn merge_stages(input: &SpfInput<'_>, stages: &Stages<'_>) -> SpfMerge {
    let useless = stages.useless(input);
    let redirected_end = stages.redirected_end(input);
    let (mut own, mut kept): (Vec<IpAddr>, Vec<IpAddr>) = (Vec::new(), Vec::new());
    let mut merged = None;
    for _ in 0..MAX_ROUNDS {
        let now = merge(&SpfInput {
            more_own: &own,
            more_kept: &kept,
            useless: &useless,
            redirected_end,
            ..*input
        });
        let lost = stages.lost(&now, input.dropped);
        merged = Some(now);
        let more_own: Vec<IpAddr> = lost.own.into_iter().filter(|address| !own.contains(address)).collect();
        let more_kept: Vec<IpAddr> =
            lost.kept.into_iter().filter(|address| !kept.contains(address)).collect();
        if more_own.is_empty() && more_kept.is_empty() {
            break;
        }
        own.extend(more_own);
        kept.extend(more_kept);
    }
    merged.unwrap_or_else(|| merge(input))
}

impl Stages<'_> {
    /// Terms that parse and still make receivers answer permerror, or let nearly everybody send.
    fn useless(&self, input: &SpfInput<'_>) -> BTreeMap<String, String> {
        let mut useless = BTreeMap::new();
        for term in input.existing.iter().flat_map(|record| terms(record)) {
            let why = match &term.kind {
                TermKind::All | TermKind::Modifier | TermKind::Broken(_) => None,
                _ if term.qualifier == '+' && self.lets_everybody_send(input, &term.text) => {
                    Some("it lets a large part of all addresses in the world send".to_owned())
                }
                TermKind::Include(_) | TermKind::Redirect(_) => self.permanent_error(&term.text),
                _ => None,
            };
            if let Some(why) = why {
                useless.insert(term.bare(), why);
            }
        }
        useless
    }

    /// Whether the term names networks of half the world, itself or in a record behind it, or strangers pass by it.
    fn lets_everybody_send(&self, input: &SpfInput<'_>, term: &str) -> bool {
        let alone = format!("v=spf1 {term}");
        let networks = allowed_networks(&self.world.today(), &input.domain.dns(), alone.as_bytes());
        networks.iter().flat_map(|term| &term.networks).any(is_for_everybody)
            || (Term::parse(term).is_decided_elsewhere()
                && STRANGERS.iter().all(|stranger| {
                    let evaluated = self.evaluate(&alone, &self.mx_today, *stranger);
                    evaluated.is_some_and(|(result, _)| result == SpfResult::Pass)
                }))
    }

    /// Why a record with this term alone makes receivers answer permerror.
    fn permanent_error(&self, term: &str) -> Option<String> {
        let alone = format!("v=spf1 {term}");
        let evaluated = self.evaluate(&alone, &self.mx_today, NOBODY)?;
        (evaluated.0 == SpfResult::PermError)
            .then(|| format!("receivers refuse the whole record because of it ({})", evaluated.1))
    }

    fn redirected_end(&self, input: &SpfInput<'_>) -> Option<char> {
        let [record] = input.existing else { return None };
        let book = self.world.today();
        Some(match effective_end(&book, &input.domain.dns(), record.as_bytes())? {
            Qualifier::Pass => '+',
            Qualifier::Fail => '-',
            Qualifier::SoftFail => '~',
            Qualifier::Neutral => '?',
        })
    }

    /// Addresses that pass or say nothing today and would be worse off in some stage: of the old server until it goes, and
    /// of the others. A record that is an error as a whole cannot be mended by more terms.
    fn lost(&self, merged: &SpfMerge, dropped: &BTreeSet<String>) -> Lost {
        let mut lost = Lost::default();
        let mut today = self.world.today();
        for sender in self.senders {
            let Some(before) = self.world.evaluate(&mut today, sender.address) else { continue };
            let is_lost = |text: &str, mx: &[ZoneRecord]| {
                self.evaluate(text, mx, sender.address).is_some_and(|(after, _)| match before.result {
                    SpfResult::Pass => {
                        matches!(after, SpfResult::Fail | SpfResult::SoftFail | SpfResult::Neutral)
                    }
                    // With a broken record most receivers take the mail; a record that works must not refuse it.
                    SpfResult::None | SpfResult::Neutral | SpfResult::PermError => {
                        matches!(after, SpfResult::Fail | SpfResult::SoftFail)
                    }
                    _ => false,
                })
            };
            let is_lost_now = is_lost(&merged.now, &self.mx_today) || is_lost(&merged.now, &self.mx_after);
            // Where nobody can tell what receivers would answer, the own server is named.
            let is_open = |mx| self.evaluate(&merged.now, mx, sender.address).is_none();
            match &sender.role {
                SenderRole::OldServer(_)
                    if is_lost_now || is_open(&self.mx_today) || is_open(&self.mx_after) =>
                {
                    lost.own.insert(sender.address);
                }
                SenderRole::Seen(_)
                    if is_lost_now
                        && !self.dropped_networks.iter().any(|net| net.contains(&sender.address)) =>
                {
                    lost.kept.insert(sender.address);
                }
                SenderRole::Term(term) if !dropped.iter().any(|one| one.eq_ignore_ascii_case(term)) => {
                    let later = merged.later.as_deref();
                    if is_lost_now || later.is_some_and(|later| is_lost(later, &self.mx_after)) {
                        lost.kept.insert(sender.address);
                    }
                }
                _ => {}
            }
        }
        lost
    }

    fn evaluate(&self, text: &str, mx: &[ZoneRecord], address: IpAddr) -> Option<(SpfResult, String)> {
        let record =
            ZoneRecord { name: "@".to_owned(), ttl_secs: 0, data: ZoneData::Txt(text.as_bytes().to_vec()) };
        let mut book = self.world.with_apex(&record, mx);
        self.world.evaluate(&mut book, address).map(|evaluated| (evaluated.result, evaluated.why))
    }
}

/// MX records to be, as far as SPF asks for them.
pub(super) fn mx_records(hosts: impl Iterator<Item = (u16, DnsName)>) -> Vec<ZoneRecord> {
    hosts
        .map(|(preference, host)| ZoneRecord {
            name: "@".to_owned(),
            ttl_secs: 0,
            data: ZoneData::Mx(preference, host),
        })
        .collect()
}
