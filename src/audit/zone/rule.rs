use crate::audit::context::Context;
use crate::audit::draft::Draft;
use crate::audit::{Area, Changer, Effort, Finding, Group, Importance, Status};
use crate::values::{Outcome, RecordData, RecordType};

/// Id of the finding that makes all others pointless.
pub(in crate::audit) const MISSING: &str = "zone.missing";

/// A day: longer and a record that was forgotten at the switch hurts until the day after.
const LONG_NEGATIVE_TTL_SECS: u32 = 86_400;

/// The zone exists (RFC 1034), and how long it is remembered that a record does not (RFC 2308).
pub(in crate::audit) fn judge(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let domain = &context.facts.domain;
    let lookups = &context.lookups;
    let answer = lookups.ask(&domain.dns(), RecordType::Soa);
    match &answer.outcome {
        Outcome::Answer => findings.push(
            Draft::new(
                "zone.exists",
                Area::Zone,
                Status::Pass,
                Importance::Important,
                format!("{domain} is a zone of its own"),
            )
            .words("The name servers of the domain answer.")
            .rfc(1034, "4.2")
            .done(lookups),
        ),
        Outcome::NoData => findings.push(
            Draft::new(
                "zone.below",
                Area::Zone,
                Status::Info,
                Importance::Minor,
                format!("{domain} is part of a larger zone"),
            )
            .words("The name exists, but its records are kept in the zone above it. New records go there.")
            .rfc(1034, "4.2")
            .done(lookups),
        ),
        Outcome::NxDomain => findings.push(
            Draft::new(
                MISSING,
                Area::Zone,
                Status::Fail,
                Importance::VeryImportant,
                format!("{domain} does not exist"),
            )
            .words("The DNS knows no such name, so no mail can reach it and receivers refuse mail from it.")
            .remedy(
                Effort::Medium,
                Changer::YouInTheZone,
                "Check the spelling, and whether the registration has run out.",
            )
            .rfc(1034, "3.1")
            .done(lookups),
        ),
        _ => findings.push(
            Draft::unknown(
                "zone.unknown",
                Area::Zone,
                Importance::VeryImportant,
                "Whether the zone answers could not be measured",
                answer,
            )
            .done(lookups),
        ),
    }
    let minimum = answer.records.iter().find_map(|record| match record {
        RecordData::Soa { minimum_secs, .. } => {
            Some((*minimum_secs).min(answer.ttl_secs.unwrap_or(u32::MAX)))
        }
        _ => None,
    });
    if let Some(secs) = minimum.filter(|secs| *secs > LONG_NEGATIVE_TTL_SECS) {
        findings.push(
            Draft::new("zone.negative-ttl", Area::Zone, Status::Warn, Importance::Minor, format!("Missing records are remembered for {} hours", secs / 3_600))
                .words("Whoever asks for a record before you publish it goes on believing that there is none for this long.")
                .remedy(Effort::Low, Changer::YouInTheZone, "Set the last number of the SOA record to 3600 a few days before the switch.")
                .group(Group::MattersForTheSwitch)
                .rfc(2308, "4")
                .done(lookups),
        );
    }
}
