//! The trust table: what each receiver thinks of the sender, judged by what it did and said.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::dates::day_of_time;
use super::facts::{Day, DayTally, EvidenceFacts, ReceiverFacts, ReplyFacts};
use crate::assets::{ReplyClass, ReplyScope};
use crate::values::UnixTime;

/// Days that count; what is older tells of another time.
const WINDOW: Day = 30;
/// Attempts below which nothing is said.
const FEWEST: u64 = 5;
/// Distinct days below which refusals may be one bad hour.
const FEWEST_DAYS: usize = 2;

/// What a receiver does with the mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Trust {
    /// Takes it at once.
    Trusts,
    /// Takes it after a while.
    Slow,
    /// Refuses something that the owner can set right, or single messages for their content.
    WantsFix,
    /// Refuses the sending address.
    DistrustsAddress,
    /// Refuses the range around the address, or its network.
    DistrustsRange,
    /// Refuses the domain, wherever its mail comes from.
    DistrustsDomain,
    /// Refuses in words that nobody can read for sure.
    Unclear,
    /// Too few attempts.
    TooFew,
}

impl Trust {
    /// Whether the receiver's opinion is known.
    pub const fn is_known(self) -> bool {
        !matches!(self, Self::Unclear | Self::TooFew)
    }

    /// Whether the receiver distrusts the address or what lies around it.
    pub const fn is_about_place(self) -> bool {
        matches!(self, Self::DistrustsAddress | Self::DistrustsRange)
    }
}

/// Refusals of the last two weeks against those of the two before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Trend {
    /// Fewer.
    Falling,
    /// About as many.
    Flat,
    /// More.
    Rising,
}

/// A row of the trust table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Receiver {
    /// Its id.
    pub id: String,
    /// Its name for people.
    pub name: String,
    /// Whose mail it is; may be empty.
    pub what: String,
    /// Distinct recipients.
    pub recipients: u64,
    /// Their share of all, in thousandths.
    pub share_permille: u32,
    /// Messages in the last 30 days.
    pub attempts: u64,
    /// Of these, taken; `None` if only bounces are known.
    pub delivered: Option<u64>,
    /// Of these, taken at once.
    pub at_once: u64,
    /// Of these, refused for what the sender is or does.
    pub refused: u64,
    /// Refused because of the recipient; says nothing of trust.
    pub recipient_faults: u64,
    /// What it does.
    pub trust: Trust,
    /// The reply that decides, or the newest one; empty if it never said anything bad.
    pub reply: String,
    /// The pattern that the reply fits.
    pub pattern: Option<String>,
    /// What the reply is about.
    pub class: Option<ReplyClass>,
    /// First day of replies like this one, whenever.
    pub since: Option<UnixTime>,
    /// Last day of replies like this one.
    pub until: Option<UnixTime>,
    /// Whether it becomes better; `None` without refusals.
    pub trend: Option<Trend>,
    /// Refusals by week, the oldest first: the first day of the week, refusals, deferrals, deliveries.
    pub weeks: Vec<Week>,
    /// Domains of recipients with the number of these, the most frequent first.
    pub domains: Vec<(String, u64)>,
    /// What to write to it, where it distrusts the address or its range.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request: Option<RemovalRequest>,
}

/// A text that asks a receiver to think again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RemovalRequest {
    /// To be completed where it has `[…]`, and sent.
    Ready(String),
    /// What must be fixed before a request; earlier requests are turned down.
    WaitsFor(String),
}

/// One week of a receiver.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Week {
    /// Its Monday.
    pub from: UnixTime,
    /// Delivered.
    pub delivered: u64,
    /// Deferred.
    pub deferred: u64,
    /// Refused.
    pub refused: u64,
}

/// The trust table at a moment, the receiver with the most recipients first.
pub fn trust_table(evidence: &EvidenceFacts, now: UnixTime) -> Vec<Receiver> {
    let all = evidence.recipients();
    let first = evidence.sources.iter().filter_map(|source| source.first).min().map(day_of_time);
    let span = Span { first, today: day_of_time(now) };
    evidence.receivers.iter().map(|receiver| row(receiver, all, span)).collect()
}

/// Which days the evidence tells of.
#[derive(Clone, Copy)]
struct Span {
    /// The oldest; `None` if that is not known.
    first: Option<Day>,
    today: Day,
}

impl Span {
    /// Whether the two weeks before the last two are covered, but for a few days.
    fn reaches_back(self) -> bool {
        self.first.is_none_or(|first| first <= self.today - 24)
    }
}

/// What the replies of one kind amount to.
#[derive(Default)]
struct Weight {
    refusals: u64,
    deferrals: u64,
    days: BTreeSet<Day>,
}

fn row(facts: &ReceiverFacts, all: u64, span: Span) -> Receiver {
    let today = span.today;
    let from = today - WINDOW;
    let mut sum = DayTally::default();
    for tally in facts.days.range(from..=today + 1).map(|(_, tally)| tally) {
        sum.delivered += tally.delivered;
        sum.later += tally.later;
        sum.deferred += tally.deferred;
        sum.refused += tally.refused;
        sum.bounced += tally.bounced;
        sum.recipient_faults += tally.recipient_faults;
    }
    // A log knows of each refusal; bounces tell of the same ones once more.
    let has_log =
        facts.days.values().any(|tally| tally.delivered + tally.later + tally.refused + tally.deferred > 0);
    let refused = if has_log { sum.refused } else { sum.bounced };
    let waiting = if sum.deferred > 0 { facts.waiting } else { 0 };
    let attempts = sum.delivered + sum.later + refused + waiting;
    let trust = judge(facts, &Sum { tally: sum, refused, waiting, attempts, from, to: today + 1 });
    let deciding = deciding(facts, trust, from, today + 1);
    let day_time = |day: &Day| UnixTime(day * 86_400);
    Receiver {
        request: None,
        id: facts.id.clone(),
        name: facts.name.clone(),
        what: facts.what.clone(),
        recipients: facts.recipients,
        share_permille: u32::try_from(facts.recipients.saturating_mul(1000) / all.max(1)).unwrap_or(1000),
        attempts,
        delivered: has_log.then_some(sum.delivered + sum.later),
        at_once: sum.delivered,
        refused,
        recipient_faults: sum.recipient_faults,
        trust,
        reply: deciding.map(|reply| reply.sample.clone()).unwrap_or_default(),
        pattern: deciding.and_then(|reply| reply.pattern.clone()),
        class: deciding.and_then(|reply| reply.class),
        since: deciding.and_then(|reply| reply.days.keys().next()).map(day_time),
        until: deciding.and_then(|reply| reply.days.keys().next_back()).map(day_time),
        trend: trend(facts, today).filter(|_| span.reaches_back()),
        weeks: weeks(facts, has_log),
        domains: {
            let mut domains: Vec<(String, u64)> =
                facts.domains.iter().map(|(domain, count)| (domain.clone(), *count)).collect();
            domains.sort_by(|one, other| (other.1, &one.0).cmp(&(one.1, &other.0)));
            domains
        },
    }
}

struct Sum {
    tally: DayTally,
    refused: u64,
    waiting: u64,
    attempts: u64,
    from: Day,
    to: Day,
}

/// What a reply says about the sender.
fn verdict_of(reply: &ReplyFacts) -> Option<Trust> {
    match (reply.class?, reply.scope?) {
        (ReplyClass::Recipient | ReplyClass::Local | ReplyClass::Grey, _)
        | (_, ReplyScope::ReceiverLocal) => None,
        (ReplyClass::Rate, _) => Some(Trust::Slow),
        (ReplyClass::Reputation | ReplyClass::List | ReplyClass::Dynamic, scope) => Some(match scope {
            ReplyScope::Range | ReplyScope::Asn => Trust::DistrustsRange,
            ReplyScope::Ip => Trust::DistrustsAddress,
            ReplyScope::Domain => Trust::DistrustsDomain,
            ReplyScope::Content | ReplyScope::Config | ReplyScope::ReceiverLocal => Trust::WantsFix,
        }),
        // A policy without a name, and what is said of content, is about messages.
        _ => Some(Trust::WantsFix),
    }
}

/// More than two in a hundred, and more than one.
const fn is_much(part: u64, whole: u64) -> bool {
    part >= 2 && part * 50 > whole
}

fn judge(facts: &ReceiverFacts, sum: &Sum) -> Trust {
    let mut weights: BTreeMap<Trust, Weight> = BTreeMap::new();
    let mut unread = 0;
    for reply in &facts.replies {
        let days = reply.days.range(sum.from..=sum.to);
        let (count, days) = days.fold((0, Vec::new()), |(count, mut days), (day, times)| {
            days.push(*day);
            (count + times, days)
        });
        if count == 0 {
            continue;
        }
        let Some(opinion) = verdict_of(reply) else {
            unread += if reply.class.is_none() && reply.is_permanent { count } else { 0 };
            continue;
        };
        let weight = weights.entry(opinion).or_default();
        if reply.is_permanent {
            weight.refusals += count;
        } else {
            weight.deferrals += count;
        }
        weight.days.extend(days);
    }
    if sum.attempts < FEWEST {
        return Trust::TooFew;
    }
    let stuck = sum.refused + sum.waiting;
    let strongest = |wanted: &[Trust]| {
        wanted
            .iter()
            .filter_map(|opinion| weights.get(opinion).map(|weight| (*opinion, weight)))
            .filter(|(_, weight)| {
                let has_refused = is_much(weight.refusals, sum.attempts);
                // Deferrals are distrust only where they go on for days and the mail does not arrive.
                let keeps_waiting =
                    weight.deferrals >= FEWEST && weight.days.len() >= 3 && stuck * 2 > sum.attempts;
                (has_refused || keeps_waiting) && weight.days.len() >= FEWEST_DAYS
            })
            .max_by_key(|(opinion, weight)| (weight.refusals, weight.deferrals, Reverse(*opinion)))
            .map(|(opinion, _)| opinion)
    };
    let distrust = strongest(&[Trust::DistrustsRange, Trust::DistrustsAddress, Trust::DistrustsDomain]);
    if let Some(found) = distrust.or_else(|| strongest(&[Trust::WantsFix])) {
        return found;
    }
    if is_much(unread, sum.attempts) {
        return Trust::Unclear;
    }
    if sum.refused > 0 && is_much(sum.refused, sum.attempts) && sum.tally.delivered + sum.tally.later == 0 {
        // All of it on one day: too little to tell distrust from a bad hour.
        return Trust::TooFew;
    }
    if sum.tally.delivered * 50 >= sum.attempts * 49 { Trust::Trusts } else { Trust::Slow }
}

/// The reply to show: the most frequent that says what was decided, in the window; the newest bad one otherwise.
fn deciding(facts: &ReceiverFacts, trust: Trust, from: Day, to: Day) -> Option<&ReplyFacts> {
    let in_window = |reply: &&ReplyFacts| reply.days.range(from..=to).next().is_some();
    let count =
        |reply: &&ReplyFacts| (reply.is_permanent, reply.days.range(from..=to).map(|(_, n)| n).sum::<u64>());
    let fits = |reply: &&ReplyFacts| match trust {
        Trust::Unclear => reply.class.is_none() && reply.is_permanent,
        // Greylisting explains a slow receiver too.
        Trust::Slow => verdict_of(reply) == Some(Trust::Slow) || reply.class == Some(ReplyClass::Grey),
        _ => verdict_of(reply) == Some(trust),
    };
    let about_sender = |reply: &&ReplyFacts| verdict_of(reply).is_some() || reply.class.is_none();
    let replies = || facts.replies.iter().filter(in_window);
    replies().filter(fits).max_by_key(count).or_else(|| {
        (trust != Trust::Trusts)
            .then(|| {
                replies().filter(about_sender).max_by_key(|reply| reply.days.keys().next_back().copied())
            })
            .flatten()
    })
}

fn trend(facts: &ReceiverFacts, today: Day) -> Option<Trend> {
    let refusals = |from: Day, to: Day| -> u64 {
        facts.days.range(from..to).map(|(_, tally)| tally.refused.max(tally.bounced)).sum()
    };
    let (newer, older) = (refusals(today - 13, today + 2), refusals(today - 27, today - 13));
    match (older, newer) {
        (0, 0) => None,
        _ if newer * 2 < older => Some(Trend::Falling),
        _ if newer > older * 2 => Some(Trend::Rising),
        _ => Some(Trend::Flat),
    }
}

fn weeks(facts: &ReceiverFacts, has_log: bool) -> Vec<Week> {
    const KEPT: usize = 26;
    let mut weeks: BTreeMap<Day, Week> = BTreeMap::new();
    for (day, tally) in &facts.days {
        // 1970-01-01 was a Thursday.
        let monday = (day + 3).div_euclid(7) * 7 - 3;
        let from = UnixTime(monday * 86_400);
        let week = weeks.entry(monday).or_insert(Week { from, delivered: 0, deferred: 0, refused: 0 });
        week.delivered += tally.delivered + tally.later;
        week.deferred += tally.deferred;
        week.refused += if has_log { tally.refused } else { tally.bounced };
    }
    let skip = weeks.len().saturating_sub(KEPT);
    weeks.into_values().skip(skip).collect()
}

#[cfg(test)]
#[path = "trust_tests.rs"]
mod tests;
