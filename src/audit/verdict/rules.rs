//! The rule table of the verdict. Each rule depends only on the situation; the first that applies decides.

use super::{Outcome, OwnerAnswers};
use crate::audit::evidence::{Receiver, ReplyClass, Trust, WayOut};
use crate::audit::{Area, Changer, Finding, Group, Importance, Status};

/// A third of the recipients, in thousandths.
const THIRD: u32 = 333;
const HALF: u32 = 500;
/// Days after which a refusal is no passing thing.
const LASTING: u64 = 13 * 86_400;

/// What the rules look at.
#[derive(Clone, Debug)]
pub(super) struct Situation<'a> {
    pub receivers: Vec<Receiver>,
    /// Whether deliveries are known, and not refusals only.
    pub has_log: bool,
    /// Whether an account seems to be in other hands.
    pub is_compromised: bool,
    pub findings: &'a [Finding],
    pub owner: &'a OwnerAnswers,
    /// How the mail gets out, as the log shows.
    pub way_out: WayOut,
}

/// The rules, by what fires them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Rule {
    TooLittleSeen,
    CriminalNetwork,
    RangeForMost,
    RangeForFew,
    PortClosed,
    AddressOnly,
    AddressWithoutAnother,
    DomainOrFix,
    Listed,
    Configuration,
    AllTrust,
}

/// What the rules say, and which did.
#[derive(Clone, Debug)]
pub(super) struct Decision {
    pub outcome: Outcome,
    pub rule: Rule,
    pub clean_first: bool,
}

/// Share of the recipients of some receivers, in thousandths.
pub(super) fn share<'a>(receivers: impl IntoIterator<Item = &'a Receiver>) -> u32 {
    receivers.into_iter().map(|receiver| receiver.share_permille).sum()
}

impl Situation<'_> {
    /// The receivers with the most recipients, at most five.
    pub(super) fn top(&self) -> impl Iterator<Item = &Receiver> {
        self.receivers.iter().filter(|receiver| receiver.recipients > 0).take(5)
    }

    /// What a receiver does, once the cause is checked: an address without a name of its own looks like a home
    /// connection, and that is a matter of configuration.
    pub(super) fn trust(&self, receiver: &Receiver) -> Trust {
        let is_nameless = || {
            let is_name = |finding: &&Finding| {
                ["ptr.missing", "ptr.not-confirmed", "ptr.generic"].contains(&finding.id.as_str())
                    && matches!(finding.status, Status::Fail | Status::Warn)
            };
            self.findings.iter().any(|finding| is_name(&finding))
        };
        match receiver.trust {
            Trust::DistrustsRange | Trust::DistrustsAddress
                if receiver.class == Some(ReplyClass::Dynamic) && is_nameless() =>
            {
                Trust::WantsFix
            }
            other => other,
        }
    }

    /// Receivers that do this, the one with the most recipients first.
    pub(super) fn who(&self, wanted: Trust) -> Vec<&Receiver> {
        self.receivers.iter().filter(|receiver| self.trust(receiver) == wanted).collect()
    }

    /// Failures of high importance that the owner or the provider can set right.
    pub(super) fn configuration_failures(&self) -> Vec<&Finding> {
        let is_failure = |finding: &&Finding| {
            finding.status == Status::Fail
                && finding.importance == Importance::VeryImportant
                && !matches!(finding.area, Area::BlockLists | Area::Delivery)
                && matches!(
                    finding.changer,
                    Changer::YouInTheZone | Changer::YouOnTheServer | Changer::YourHoster
                )
        };
        self.findings.iter().filter(is_failure).collect()
    }

    /// Entries of lists that large receivers use: about the address, or about the domain.
    pub(super) fn high_listings(&self, group: Group) -> Vec<&Finding> {
        let is_listing = |finding: &&Finding| {
            finding.area == Area::BlockLists && finding.status == Status::Fail && finding.group == group
        };
        self.findings.iter().filter(is_listing).collect()
    }

    /// Whether the network is on a list of networks in criminal hands, which is a statement about who owns it.
    pub(super) fn criminal_network(&self) -> Option<&Finding> {
        self.findings.iter().find(|finding| {
            finding.status == Status::Fail && finding.id.split(['.', '-']).any(|word| word == "drop")
        })
    }

    /// Whether the opinions that are known stand for enough of the recipients.
    fn is_covered(&self) -> bool {
        let known = self.top().filter(|receiver| self.trust(receiver).is_known()).count();
        if !self.has_log {
            // Bounces name only those who refuse.
            return known >= 3;
        }
        let all_known = self.receivers.iter().filter(|receiver| self.trust(receiver).is_known());
        known > 0 && (known >= 3 || known >= self.top().count() || share(all_known) > HALF)
    }

    /// Whether no mail gets out to port 25: the owner's word counts, then what the log shows. Mail that goes over a relay
    /// already needs none.
    fn is_port_closed(&self) -> bool {
        match (self.owner.port_25_is_open, &self.way_out) {
            (_, WayOut::Relay(_)) | (Some(true), _) | (None, WayOut::Direct(_) | WayOut::Unknown) => false,
            (Some(false), _) | (None, WayOut::Closed(_)) => true,
        }
    }

    fn has_domain_trouble(&self) -> bool {
        !self.who(Trust::DistrustsDomain).is_empty() || !self.high_listings(Group::TravelsWithYou).is_empty()
    }
}

/// Runs the table.
pub(super) fn decide(situation: &Situation<'_>) -> Decision {
    let (rule, outcome) = first_rule(situation);
    let has_leak = situation.is_compromised || situation.has_domain_trouble();
    let changes_the_way = matches!(outcome, Outcome::NewAddress | Outcome::RelayPart) || outcome.is_move();
    Decision { outcome, rule, clean_first: changes_the_way && has_leak }
}

fn first_rule(situation: &Situation<'_>) -> (Rule, Outcome) {
    let owner = situation.owner;
    let is_listed = !situation.high_listings(Group::SpeaksForMoving).is_empty()
        || !situation.high_listings(Group::TravelsWithYou).is_empty();
    if situation.criminal_network().is_some() {
        return (Rule::CriminalNetwork, moving(owner));
    }
    if situation.is_port_closed() {
        return (Rule::PortClosed, Outcome::RelayPart);
    }
    if !situation.is_covered() {
        let outcome = if is_listed { Outcome::StayAndFix } else { Outcome::CannotTell };
        return (if is_listed { Rule::Listed } else { Rule::TooLittleSeen }, outcome);
    }
    // Where both the range and the address are distrusted, the cure for the worse of the two helps the other.
    let place = [range_rule(situation), address_rule(situation)].into_iter().flatten();
    if let Some(found) = place.reduce(|one, other| if other.1 > one.1 { other } else { one }) {
        return found;
    }
    let has_fault =
        !situation.who(Trust::DistrustsDomain).is_empty() || !situation.who(Trust::WantsFix).is_empty();
    if has_fault || situation.is_compromised {
        return (Rule::DomainOrFix, Outcome::StayAndFix);
    }
    if is_listed {
        return (Rule::Listed, Outcome::StayAndFix);
    }
    if !situation.configuration_failures().is_empty() {
        return (Rule::Configuration, Outcome::StayAndFix);
    }
    (Rule::AllTrust, Outcome::Stay)
}

fn range_rule(situation: &Situation<'_>) -> Option<(Rule, Outcome)> {
    let (owner, range) = (situation.owner, situation.who(Trust::DistrustsRange));
    if range.is_empty() {
        return None;
    }
    // Bounces alone tell nothing of shares.
    let held = if situation.has_log { share(range.iter().copied()) } else { 0 };
    let lasts = range.iter().any(|receiver| lasts(receiver));
    let is_widespread = range.len() > 2 || held >= HALF;
    let has_survived = owner.has_asked == Some(true);
    let must_move = lasts && held > THIRD && (is_widespread || has_survived);
    if must_move && owner.wants_relay != Some(true) {
        return Some((Rule::RangeForMost, moving(owner)));
    }
    Some((Rule::RangeForFew, Outcome::RelayPart))
}

fn address_rule(situation: &Situation<'_>) -> Option<(Rule, Outcome)> {
    let (owner, address) = (situation.owner, situation.who(Trust::DistrustsAddress));
    if address.is_empty() {
        return None;
    }
    if owner.gets_another_address != Some(false) {
        return Some((Rule::AddressOnly, Outcome::NewAddress));
    }
    let is_most =
        situation.has_log && share(address.iter().copied()) > THIRD && owner.wants_relay != Some(true);
    Some((Rule::AddressWithoutAnother, if is_most { moving(owner) } else { Outcome::RelayPart }))
}

/// Which kind of move the owner's answers lead to.
fn moving(owner: &OwnerAnswers) -> Outcome {
    let all = owner.nobody_carries_it() || owner.wants_to_move == Some(true);
    if all && owner.keeps_mail_at_home != Some(true) { Outcome::MoveEverything } else { Outcome::MoveSending }
}

/// Whether a receiver has said the same for two weeks.
pub(super) fn lasts(receiver: &Receiver) -> bool {
    match (receiver.since, receiver.until) {
        (Some(since), Some(until)) => until.seconds_since(since) >= LASTING,
        _ => false,
    }
}
