//! How long caches keep the records that change at the switch.

use super::servers::authoritative;
use crate::audit::context::Context;
use crate::audit::draft::{Draft, listed};
use crate::audit::{Area, Changer, Effort, Finding, Group, Importance, Status};
use crate::values::{DnsAnswer, DnsName, Outcome, RecordType, counted_as};

/// Above this many seconds the old record is used for hours after the switch.
pub(in crate::audit) const LONG_TTL_SECS: u32 = 3_600;
/// Above this many seconds it is used for days.
pub(in crate::audit) const VERY_LONG_TTL_SECS: u32 = 86_400;

/// How long an answer is kept by those who have asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::audit) enum Ttl {
    /// An authoritative server said so.
    Exactly(u32),
    /// A memory on the way said how much of it is left.
    AtLeast(u32),
}

impl Ttl {
    /// The TTL of an answer: by an authoritative server where one can be asked, else what is left of it.
    /// `None` if there is no such record.
    pub(in crate::audit) fn of<'a>(context: &Context<'a>, heard: &'a DnsAnswer) -> Option<Self> {
        if heard.outcome != Outcome::Answer {
            return None;
        }
        let question = &heard.question;
        // What stands behind an alias has the TTL of another zone.
        let direct = authoritative(context, &question.name, question.record_type)
            .filter(|answer| answer.outcome == Outcome::Answer && answer.aliases.is_empty());
        match direct.and_then(|answer| answer.ttl_secs) {
            Some(secs) => Some(Self::Exactly(secs)),
            None => heard.ttl_secs.map(Self::AtLeast),
        }
    }

    /// Seconds that are sure.
    pub(in crate::audit) fn secs(self) -> u32 {
        match self {
            Self::Exactly(secs) | Self::AtLeast(secs) => secs,
        }
    }

    /// `2 hours`, `at least 2 hours`.
    pub(in crate::audit) fn words(self) -> String {
        let secs = self.secs();
        let time = match secs {
            0..3_600 => counted_as(secs.div_ceil(60), "minute", "minutes"),
            3_600..172_800 => counted_as(secs.div_ceil(3_600), "hour", "hours"),
            _ => counted_as(secs.div_ceil(86_400), "day", "days"),
        };
        match self {
            Self::Exactly(_) => time,
            Self::AtLeast(_) => format!("at least {time}"),
        }
    }
}

/// TTLs of the TXT records that change at the switch: SPF, DMARC and the DKIM keys that were found.
pub(in crate::audit) fn judge(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let lookups = &context.lookups;
    let domain = &context.facts.domain;
    let mut names: Vec<DnsName> = vec![domain.dns(), domain.below("_dmarc")];
    names.extend(lookups.answered_below(&domain.below("_domainkey"), RecordType::Txt));
    lookups.begin();
    let mut long = Vec::new();
    let mut unsure = Vec::new();
    let mut good = 0_usize;
    let mut longest = 0;
    for name in names {
        let Some(heard) = lookups.try_ask(&name, RecordType::Txt) else { continue };
        if !heard.aliases.is_empty() {
            // The text is somebody else's, in another zone.
            continue;
        }
        let Some(ttl) = Ttl::of(context, heard) else { continue };
        match ttl {
            _ if ttl.secs() > LONG_TTL_SECS => {
                longest = longest.max(ttl.secs());
                long.push(format!("{name} ({})", ttl.words()));
            }
            Ttl::Exactly(_) => good += 1,
            Ttl::AtLeast(_) => unsure.push(name),
        }
    }
    let new = |status: Status, importance: Importance, title: String| {
        Draft::new("zone.ttl", Area::Zone, status, importance, title)
            .group(Group::MattersForTheSwitch)
            .rfc(2181, "5.2")
    };
    let draft = if !long.is_empty() {
        let status = if longest > VERY_LONG_TTL_SECS { Status::Fail } else { Status::Warn };
        new(
            status,
            Importance::Minor,
            format!("{} remembered for long", counted_as(long.len(), "text record is", "text records are")),
        )
        .words(format!("{}. After a change, receivers keep using the old text for that long.", listed(&long)))
        .remedy(
            Effort::Low,
            Changer::YouInTheZone,
            "Set the TTL of these records to 300 a day before the switch.",
        )
    } else if !unsure.is_empty() {
        new(
            Status::Unknown,
            Importance::Minor,
            "How long the text records are remembered could not be measured".to_owned(),
        )
        .words(format!(
            "A resolver's cache only shows what is left, and no authoritative server answered for {}.",
            listed(&unsure)
        ))
        .remedy(
            Effort::Low,
            Changer::Nobody,
            "Run the audit again from a network that lets DNS questions through.",
        )
    } else if good > 0 {
        new(
            Status::Pass,
            Importance::Minor,
            "Changes of SPF, DKIM and DMARC are seen within an hour".to_owned(),
        )
        .words("The TTLs of these records are short.")
    } else {
        return;
    };
    findings.push(draft.done(lookups));
}
