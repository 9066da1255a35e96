//! Judges whether a stage of the plan does harm. The audit's own readers evaluate the zone as it would be, for every sender of today
//! and for the provider, and the result is compared with the zone of today.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};

use ipnet::IpNet;
use serde::{Deserialize, Serialize};

use super::current_zone::{CurrentZone, Unread, ZoneData, ZoneRecord};
use super::diff::{Change, RecordsPlan, SwitchStage};
use super::group_kind::GroupKind;
use super::seen::SeenSender;
use super::spf_world::World;
use crate::audit::dmarc::{EffectivePolicy, Policy, effective_policy};
use crate::audit::spf::{SpfResult, allowed_networks};
use crate::values::{AnswerBook, DnsName};

/// An address that nobody allows by name (RFC 5737): what is answered to it shows whether a record works to its end.
pub(super) const NOBODY: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 123));
/// Shorter networks let a good part of all addresses send.
const SHORTEST_PREFIX_V4: u8 = 8;
const SHORTEST_PREFIX_V6: u8 = 16;
/// Addresses that are tried of what one term allows.
const SAMPLES_PER_TERM: usize = 64;

/// What receivers answer once a stage is published.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct StageJudgement {
    /// The stage; those before it are published as well.
    pub stage: SwitchStage,
    /// Every sender that was tried.
    pub senders: Vec<JudgedSender>,
    /// What the stage changes about the DMARC policy, where that is known.
    pub dmarc: Option<DmarcChange>,
    /// New mail hosts that senders would not deliver to, as the MTA-STS policy of today does not name them.
    #[serde(default)]
    pub refused_hosts: Vec<DnsName>,
    /// Why receivers answer “permerror” to whoever the new SPF record does not name first; empty where they do not.
    #[serde(default)]
    pub broken_spf: String,
    /// Whether some answers are missing, so that nothing is proven.
    pub has_gaps: bool,
}

/// One sender before and after a stage.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct JudgedSender {
    /// Who that is.
    pub role: SenderRole,
    /// The address that was tried.
    pub address: IpAddr,
    /// SPF today.
    pub before: SpfResult,
    /// SPF after the stage.
    pub after: SpfResult,
    /// Why, as the evaluator says it.
    pub why: String,
    /// Whether the owner gives this sender up, so that losing its right is no harm.
    pub is_given_up: bool,
}

/// Who sends from an address.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SenderRole {
    /// A host that receives the mail of today, and sends it.
    OldServer(DnsName),
    /// An address that logs and reports have seen.
    Seen(SeenSender),
    /// Whoever this term of today's record allows.
    Term(String),
    /// The provider.
    Provider,
}

/// The DMARC policy that holds for the domain, before and after.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DmarcChange {
    /// Today; `None` where no record applies.
    pub before: Option<Policy>,
    /// After the stage.
    pub after: Option<Policy>,
}

/// What a judgement comes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Safety {
    /// Nobody is worse off, and the provider passes where it is meant to.
    Safe,
    /// Some answers were not to be had, so nobody knows.
    Unproven,
    /// A sender would be worse off, the provider would not pass, or DMARC would be weaker.
    Harmful,
}

impl JudgedSender {
    /// Whether receivers would think less of this sender than today.
    pub fn is_worse(&self) -> bool {
        if self.is_given_up {
            return false;
        }
        match self.role {
            SenderRole::Provider => self.after != SpfResult::Pass,
            _ => rank(self.after) < rank(self.before),
        }
    }
}

impl StageJudgement {
    /// What it comes to.
    pub fn safety(&self) -> Safety {
        if [GroupKind::Spf, GroupKind::Dmarc, GroupKind::Mx].into_iter().any(|kind| self.blocks(kind)) {
            Safety::Harmful
        } else if self.has_gaps {
            Safety::Unproven
        } else {
            Safety::Safe
        }
    }

    /// Senders that would be worse off.
    pub fn worse(&self) -> impl Iterator<Item = &JudgedSender> {
        self.senders.iter().filter(|sender| sender.is_worse())
    }

    /// Whether the DMARC policy would be weaker than today.
    pub fn is_dmarc_weaker(&self) -> bool {
        self.dmarc.is_some_and(|change| change.after < change.before)
    }

    /// Whether the lines of this group must wait, as they would do harm.
    pub(super) fn blocks(&self, kind: GroupKind) -> bool {
        match kind {
            // A record that is broken today and stays so makes nobody worse off, and is no record to publish.
            GroupKind::Spf => self.worse().next().is_some() || !self.broken_spf.is_empty(),
            // New mail hosts change what “mx” in a record means.
            GroupKind::Mx => self.worse().next().is_some() || !self.refused_hosts.is_empty(),
            GroupKind::Dmarc => self.is_dmarc_weaker(),
            _ => false,
        }
    }
}

/// How well a receiver thinks of a result. `none` and `neutral` say nothing about the sender. A broken record says
/// nothing either, and speaks against the domain: most receivers take its mail all the same (RFC 7208 section 8.7).
const fn rank(result: SpfResult) -> u8 {
    match result {
        SpfResult::Pass => 4,
        SpfResult::None | SpfResult::Neutral => 3,
        SpfResult::PermError => 2,
        SpfResult::SoftFail => 1,
        SpfResult::Fail | SpfResult::TempError => 0,
    }
}

/// Somebody who sends as the domain, or will.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct KnownSender {
    pub role: SenderRole,
    pub address: IpAddr,
}

/// Who sends as the domain today: the hosts that receive its mail, and a sample of what each SPF term allows.
pub(super) fn senders_of_today(
    zone: &CurrentZone,
    world: &World<'_>,
    old_hosts: &[DnsName],
) -> BTreeSet<KnownSender> {
    let mut senders = BTreeSet::new();
    let mut own = BTreeSet::new();
    for host in old_hosts {
        for address in zone.addresses.get(host.as_str()).into_iter().flatten() {
            own.insert(*address);
            senders.insert(KnownSender { role: SenderRole::OldServer(host.clone()), address: *address });
        }
    }
    let book = world.today();
    for (address, seen) in zone.seen.iter().filter(|(address, _)| !own.contains(*address)) {
        senders.insert(KnownSender { role: SenderRole::Seen(*seen), address: *address });
    }
    for spf in zone.spf_texts() {
        senders.extend(allowed_by(&book, &zone.domain.dns(), &spf.meant, &own));
    }
    senders
}

/// What terms that the owner drops let send today.
pub(super) fn networks_of_dropped(
    zone: &CurrentZone,
    world: &World<'_>,
    dropped: &BTreeSet<String>,
) -> Vec<IpNet> {
    let terms: Vec<&str> = dropped.iter().map(String::as_str).collect();
    let text = format!("v=spf1 {} -all", terms.join(" "));
    let allowed = allowed_networks(&world.today(), &zone.domain.dns(), text.as_bytes());
    allowed.into_iter().flat_map(|term| term.networks).collect()
}

/// A sample of what each term of a record allows, without networks that hold one of these addresses.
fn allowed_by(
    book: &AnswerBook,
    domain: &DnsName,
    text: &str,
    without: &BTreeSet<IpAddr>,
) -> Vec<KnownSender> {
    allowed_networks(book, domain, text.as_bytes())
        .into_iter()
        .flat_map(|term| {
            let role = SenderRole::Term(term.term);
            // A network around the old server says nothing about its neighbours.
            let is_around = |network: &IpNet| without.iter().any(|address| network.contains(address));
            // Nor does a network of half the world name a server.
            let samples = term
                .networks
                .into_iter()
                .filter(|network| !is_around(network) && !is_for_everybody(network))
                .map(sample);
            samples
                .take(SAMPLES_PER_TERM)
                .map(move |address| KnownSender { role: role.clone(), address })
                .collect::<Vec<_>>()
        })
        .collect()
}

/// Addresses that the terms of the provider allow.
pub(super) fn senders_of_provider(
    zone: &CurrentZone,
    world: &World<'_>,
    provider_terms: &[String],
) -> BTreeSet<KnownSender> {
    let text = format!("v=spf1 {} -all", provider_terms.join(" "));
    allowed_by(&world.today(), &zone.domain.dns(), &text, &BTreeSet::new())
        .into_iter()
        .map(|sender| KnownSender { role: SenderRole::Provider, ..sender })
        .collect()
}

/// Whether a network lets a good part of all addresses send.
pub(super) fn is_for_everybody(network: &IpNet) -> bool {
    network.prefix_len() < if network.addr().is_ipv4() { SHORTEST_PREFIX_V4 } else { SHORTEST_PREFIX_V6 }
}

/// An address of the network that a server may have.
fn sample(network: IpNet) -> IpAddr {
    network.hosts().next().unwrap_or_else(|| network.addr())
}

/// What the judge has to know beside the plan.
pub(super) struct Case<'a> {
    pub zone: &'a CurrentZone,
    pub world: &'a World<'a>,
    pub today: BTreeSet<KnownSender>,
    pub provider: BTreeSet<KnownSender>,
    /// Whether the provider is to pass: its SPF terms are known.
    pub has_provider: bool,
    /// New hosts that an enforcing MTA-STS policy does not name.
    pub refused_hosts: Vec<DnsName>,
    /// Whether there may be such a policy that nobody has read.
    pub is_sts_unknown: bool,
    /// SPF terms that the owner drops.
    pub dropped: &'a BTreeSet<String>,
    /// What these let send today.
    pub dropped_networks: Vec<IpNet>,
}

/// Judges each stage of a plan.
pub(super) fn judge(plan: &RecordsPlan, case: &Case<'_>) -> Vec<StageJudgement> {
    let mut before = case.world.today();
    SwitchStage::ALL.into_iter().map(|stage| judge_stage(plan, stage, &mut before, case)).collect()
}

fn judge_stage(
    plan: &RecordsPlan,
    stage: SwitchStage,
    before: &mut AnswerBook,
    case: &Case<'_>,
) -> StageJudgement {
    let records = records_after(case.zone, plan, stage);
    let mut after = case.world.with(records.iter());
    let mut judged = Vec::new();
    let mut has_gaps = false;
    for sender in &case.today {
        let is_given_up = match &sender.role {
            SenderRole::OldServer(_) => stage == SwitchStage::Later,
            SenderRole::Term(term) => case.dropped.iter().any(|dropped| dropped.eq_ignore_ascii_case(term)),
            SenderRole::Seen(_) => case.dropped_networks.iter().any(|net| net.contains(&sender.address)),
            SenderRole::Provider => false,
        };
        let (old, new) =
            (case.world.evaluate(before, sender.address), case.world.evaluate(&mut after, sender.address));
        let (Some(old), Some(new)) = (old, new) else {
            has_gaps = true;
            continue;
        };
        judged.push(JudgedSender {
            role: sender.role.clone(),
            address: sender.address,
            before: old.result,
            after: new.result,
            why: new.why,
            is_given_up,
        });
    }
    if case.has_provider {
        has_gaps |= case.provider.is_empty();
        for sender in &case.provider {
            let (old, new) = (
                case.world.evaluate(before, sender.address),
                case.world.evaluate(&mut after, sender.address),
            );
            let Some(new) = new else {
                has_gaps = true;
                continue;
            };
            judged.push(JudgedSender {
                role: SenderRole::Provider,
                address: sender.address,
                before: old.map_or(SpfResult::TempError, |old| old.result),
                after: new.result,
                why: new.why,
                is_given_up: false,
            });
        }
    }
    let dmarc = dmarc_change(before, &mut after, case);
    // A record that nobody can read to its end may allow senders that were not tried.
    has_gaps |= case.world.evaluate(before, NOBODY).is_none();
    let to_its_end = case.world.evaluate(&mut after, NOBODY);
    has_gaps |= to_its_end.is_none();
    let broken = to_its_end.filter(|end| end.result == SpfResult::PermError && changes_spf(plan, stage));
    let broken_spf = broken.map(|end| end.why).unwrap_or_default();
    has_gaps |= dmarc.is_none() || !plan.is_complete() || case.zone.unread.iter().any(is_about_sending);
    let is_switched = stage >= SwitchStage::AtTheSwitch;
    has_gaps |= is_switched && case.is_sts_unknown;
    let refused_hosts = if is_switched { case.refused_hosts.clone() } else { Vec::new() };
    StageJudgement { stage, senders: judged, dmarc, refused_hosts, broken_spf, has_gaps }
}

/// Whether this stage or one before it publishes an SPF record.
fn changes_spf(plan: &RecordsPlan, stage: SwitchStage) -> bool {
    let spf = plan.groups.iter().filter(|group| group.kind == GroupKind::Spf);
    spf.flat_map(|group| &group.lines).any(|line| line.stage <= stage && line.change == Change::Add)
}

/// Whether what got no answer may change what receivers do with mail of the domain.
fn is_about_sending(unread: &Unread) -> bool {
    match unread.record_type.as_str() {
        "SRV" | "TLSA" => false,
        "MX" => unread.name == "@",
        _ => true,
    }
}

fn dmarc_change(before: &mut AnswerBook, after: &mut AnswerBook, case: &Case<'_>) -> Option<DmarcChange> {
    match (policy(before, case), policy(after, case)) {
        (EffectivePolicy::Known(before), EffectivePolicy::Known(after)) => {
            Some(DmarcChange { before, after })
        }
        _ => None,
    }
}

/// The policy that holds for the domain.
pub(super) fn policy(book: &mut AnswerBook, case: &Case<'_>) -> EffectivePolicy {
    let domain = case.zone.domain.dns();
    loop {
        match effective_policy(book, &domain) {
            Ok(policy) => return policy,
            Err(missing) => {
                if !case.world.answer_locally(book, missing) {
                    return EffectivePolicy::Unknown;
                }
            }
        }
    }
}

/// The records of the zone once this stage and those before it are published.
fn records_after(zone: &CurrentZone, plan: &RecordsPlan, stage: SwitchStage) -> Vec<ZoneRecord> {
    let mut records = zone.records.clone();
    let lines = plan.groups.iter().flat_map(|group| &group.lines);
    let lines: Vec<_> = lines.filter(|line| line.stage <= stage && line.change != Change::Keep).collect();
    for passing in SwitchStage::ALL.into_iter().filter(|passing| *passing <= stage) {
        for line in lines.iter().filter(|line| line.stage == passing && line.change == Change::Remove) {
            records.retain(|record| {
                !(record.name == line.name
                    && record.data.record_type() == line.record_type
                    && record.data.shown() == line.value)
            });
        }
        for line in lines.iter().filter(|line| line.stage == passing && line.change == Change::Add) {
            if let Some(data) = ZoneData::parse_shown(&line.record_type, &line.value) {
                records.push(ZoneRecord { name: line.name.clone(), ttl_secs: line.ttl_secs, data });
            }
        }
    }
    records
}

#[cfg(test)]
#[path = "judge_tests.rs"]
mod tests;
