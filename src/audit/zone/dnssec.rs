//! DNSSEC: whether signatures hold, and how long they last.

use super::servers::Servers;
use crate::audit::context::Context;
use crate::audit::draft::{Draft, listed};
use crate::audit::{Area, Changer, Effort, Finding, Importance, Status};
use crate::values::{Asked, DnsAnswer, DnsName, Outcome, RecordData, RecordType, counted_as};

/// Signatures that end sooner than this are late in being renewed.
const SOON_SECS: i64 = 3 * 86_400;
/// More rounds are refused or taken for unsigned by receivers (RFC 9276 section 3.2).
const MAX_ITERATIONS: u16 = 150;

/// What two resolvers say about the signatures of a zone that gets no answer.
pub(super) enum Suspicion<'a> {
    /// Both refuse the answers, and both give them when they do not check.
    Bogus(Vec<&'a DnsAnswer>),
    /// One does; nobody confirms it.
    OneOnly(&'a DnsAnswer),
    /// Nothing speaks for it.
    None,
}

/// Looks whether it is the signatures that make a zone fail. One resolver alone is not believed: validators have been
/// wrong about sound zones.
pub(super) fn suspicion<'a>(context: &Context<'a>, apex: &DnsName) -> Suspicion<'a> {
    let lookups = &context.lookups;
    let ask = |asked: Asked| lookups.ask_of(apex, RecordType::Soa, asked);
    let fails_checked = |checked: &DnsAnswer, unchecked: &DnsAnswer| {
        checked.outcome == Outcome::ServFail && unchecked.outcome == Outcome::Answer
    };
    let first = ask(Asked::Resolver);
    if first.outcome != Outcome::ServFail || !fails_checked(first, ask(Asked::Unchecked)) {
        return Suspicion::None;
    }
    if context.facts.second_resolver.is_none() {
        return Suspicion::OneOnly(first);
    }
    let second = ask(Asked::Second);
    if fails_checked(second, ask(Asked::SecondUnchecked)) {
        Suspicion::Bogus(vec![first, second])
    } else {
        Suspicion::OneOnly(first)
    }
}

/// What servers said about a failure in codes of their own.
pub(super) fn error_words(answers: &[&DnsAnswer]) -> String {
    let words: Vec<String> =
        answers.iter().filter_map(|answer| answer.extended_error.as_ref()).map(ToString::to_string).collect();
    if words.is_empty() { String::new() } else { format!(" They say: {}.", words.join("; ")) }
}

/// A zone whose signatures two resolvers refuse.
pub(super) fn bogus(context: &Context<'_>, answers: &[&DnsAnswer]) -> Finding {
    new("zone.dnssec", Status::Fail, Importance::VeryImportant, "The signatures of the zone do not hold (DNSSEC)")
        .words(format!(
            "Two resolvers refuse the zone's answers, and give them when they do not check signatures. Receivers that check cannot find the domain: mail to it and from it fails, and nothing else can be measured.{}",
            error_words(answers)
        ))
        .remedy(Effort::Medium, Changer::YouInTheZone, "Ask whoever runs the name servers to sign the zone again, or to correct or remove the DS record at the registry.")
        .rfc(4035, "5.5")
        .done(&context.lookups)
}

fn new(id: &str, status: Status, importance: Importance, title: impl Into<String>) -> Draft {
    Draft::new(id, Area::Zone, status, importance, title)
}

/// DNSSEC of a zone that answers (RFC 4035), and whether it will go on.
pub(super) fn judge(context: &Context<'_>, servers: &Servers<'_>, findings: &mut Vec<Finding>) {
    let lookups = &context.lookups;
    let apex = &servers.apex;
    lookups.begin();
    let ds = lookups.ask(apex, RecordType::Ds);
    if !ds.outcome.is_known() {
        let title = "Whether the zone is signed (DNSSEC) could not be measured";
        findings.push(Draft::unknown("zone.dnssec", Area::Zone, Importance::Minor, title, ds).done(lookups));
        return;
    }
    if ds.outcome.is_void() {
        findings.push(
            new("zone.dnssec", Status::Info, Importance::Minor, "The zone is not signed (DNSSEC)")
                .words("Most zones are not. A signed zone cannot be forged on the way, and lets receivers check certificates of mail hosts (DANE).")
                .rfc(4035, "5")
                .done(lookups),
        );
        return;
    }
    let checked = lookups.ask(apex, RecordType::Soa);
    let by_second = || {
        context.facts.second_resolver.is_some()
            && lookups.ask_of(apex, RecordType::Soa, Asked::Second).is_authentic
    };
    let draft = if checked.is_authentic || by_second() {
        new(
            "zone.dnssec",
            Status::Pass,
            Importance::Minor,
            "The zone is signed and the signatures hold (DNSSEC)",
        )
        .words("A resolver that checks signatures says so.")
    } else {
        new(
            "zone.dnssec",
            Status::Unknown,
            Importance::Minor,
            "The zone is signed (DNSSEC); whether the signatures hold could not be measured",
        )
        .words("The resolver does not check signatures. This is neither a good nor a bad result.")
        .remedy(
            Effort::Low,
            Changer::Nobody,
            "Run the audit again with a resolver that checks signatures.",
        )
    };
    findings.push(draft.rfc(4035, "5").done(lookups));
    judge_expiry(context, servers, findings);
    judge_algorithms(context, apex, ds, findings);
    judge_nsec3(context, apex, findings);
}

/// When the signature over the start of the zone ends (RFC 6781 section 4.4.2).
fn judge_expiry(context: &Context<'_>, servers: &Servers<'_>, findings: &mut Vec<Finding>) {
    let lookups = &context.lookups;
    lookups.begin();
    let in_charge: Vec<&DnsAnswer> = servers
        .tried
        .iter()
        .map(|(_, answer)| *answer)
        .filter(|answer| super::servers::is_in_charge(answer))
        .collect();
    for answer in &in_charge {
        lookups.see(answer);
    }
    let unsigned = in_charge.iter().any(|answer| answer.signatures.is_empty());
    // Of several signatures over one record any that holds will do, so the last one to end counts; the server that is
    // worst off decides.
    let last_of = |answer: &&DnsAnswer| answer.signatures.iter().map(|signature| signature.expiration).max();
    let ends = in_charge.iter().filter_map(last_of).min();
    let draft = match ends {
        _ if in_charge.is_empty() => new("zone.signatures", Status::Unknown, Importance::Important, "When the signatures end could not be measured")
            .words("No name server of the zone could be asked directly. This is neither a good nor a bad result.")
            .remedy(Effort::Low, Changer::Nobody, "Run the audit again from a network that lets DNS questions through."),
        _ if unsigned => new("zone.signatures", Status::Fail, Importance::VeryImportant, "A name server sends no signatures, although the zone is signed")
            .words("The zone above says that the zone is signed. Resolvers that validate treat this server's answers as forged.")
            .remedy(Effort::Medium, Changer::YouInTheZone, "Have the zone on that server replaced by the signed one."),
        None => return,
        Some(end) if end.0 < context.facts.at.0 => new("zone.signatures", Status::Fail, Importance::VeryImportant, "The signatures of the zone have ended")
            .words("Receivers that check signatures cannot find the domain any more.")
            .remedy(Effort::Medium, Changer::YouInTheZone, "Have the zone signed again, and find out why that did not happen automatically."),
        Some(end) => {
            let left = end.0.saturating_sub(context.facts.at.0);
            let days = counted_as(left / 86_400, "day", "days");
            if left < SOON_SECS {
                new("zone.signatures", Status::Warn, Importance::Important, format!("The signatures of the zone end in {days}"))
                    .words("They should have been renewed by now. When they have ended, receivers that check cannot find the domain.")
                    .remedy(Effort::Medium, Changer::YouInTheZone, "Find out why the zone is not re-signed automatically.")
            } else {
                new("zone.signatures", Status::Pass, Importance::Minor, format!("The signatures of the zone hold for another {days}"))
                    .words("They are renewed before that.")
            }
        }
    };
    findings.push(draft.rfc(6781, "4.4.2").done(lookups));
}

/// How an algorithm is rated today (RFC 8624 section 3.1).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Grade {
    Good,
    Old,
    Broken,
}

fn grade(algorithm: u8) -> Grade {
    match algorithm {
        8 | 13..=16 => Grade::Good,
        7 | 10 => Grade::Old,
        _ => Grade::Broken,
    }
}

/// Whether algorithms are ones that receivers accept, and whether the zone above knows a key of the zone.
fn judge_algorithms(context: &Context<'_>, apex: &DnsName, ds: &DnsAnswer, findings: &mut Vec<Finding>) {
    let lookups = &context.lookups;
    lookups.begin();
    lookups.see(ds);
    let keys = lookups.ask(apex, RecordType::Dnskey);
    if !keys.outcome.is_known() {
        let title = "The keys of the zone (DNSSEC) could not be measured";
        findings.push(
            Draft::unknown("zone.algorithms", Area::Zone, Importance::Minor, title, keys).done(lookups),
        );
        return;
    }
    let known: Vec<(u16, u8)> = keys
        .records
        .iter()
        .filter_map(|record| match record {
            RecordData::Dnskey { key_tag, algorithm, .. } => Some((*key_tag, *algorithm)),
            _ => None,
        })
        .collect();
    let above: Vec<(u16, u8)> = ds
        .records
        .iter()
        .filter_map(|record| match record {
            RecordData::Ds { key_tag, algorithm, .. } => Some((*key_tag, *algorithm)),
            _ => None,
        })
        .collect();
    let has_only_sha1 =
        ds.records.iter().all(|record| matches!(record, RecordData::Ds { digest_type: 1, .. }));
    let worst =
        known.iter().chain(&above).map(|(_, algorithm)| grade(*algorithm)).max().unwrap_or(Grade::Good);
    let mut numbers: Vec<u8> = known.iter().chain(&above).map(|(_, algorithm)| *algorithm).collect();
    numbers.sort_unstable();
    numbers.dedup();
    let numbers = listed(&numbers);
    let draft = if !above.iter().any(|key| known.contains(key)) {
        new("zone.algorithms", Status::Fail, Importance::VeryImportant, "The zone above knows none of the zone's keys")
            .words("The DS record at the registry belongs to a key that the zone does not have. Receivers that check signatures cannot find the domain.")
            .remedy(Effort::Medium, Changer::YouInTheZone, "Have the DS record at the registry replaced with that of the current key, or removed.")
    } else if worst == Grade::Broken {
        new(
            "zone.algorithms",
            Status::Fail,
            Importance::Important,
            format!("The zone is signed by a method that is no longer accepted: algorithm {numbers}"),
        )
        .words("Resolvers treat such a zone as unsigned or broken.")
        .remedy(
            Effort::Medium,
            Changer::YouInTheZone,
            "Have the zone signed with algorithm 13 (ECDSA P-256).",
        )
    } else if worst == Grade::Old || has_only_sha1 {
        new("zone.algorithms", Status::Warn, Importance::Minor, format!("The zone is signed by an old method: algorithm {numbers}{}", if has_only_sha1 { ", known above by a SHA-1 digest" } else { "" }))
            .words("Resolvers stop accepting it one after the other.")
            .remedy(Effort::Medium, Changer::YouInTheZone, "Have the zone signed with algorithm 13 (ECDSA P-256), and a DS record with digest type 2 published.")
    } else {
        new(
            "zone.algorithms",
            Status::Pass,
            Importance::Minor,
            format!("The zone is signed by a method that everybody accepts: algorithm {numbers}"),
        )
        .words("The zone above knows a key of the zone.")
    };
    findings.push(draft.rfc(8624, "3.1").done(lookups));
}

/// How names that do not exist are hashed (RFC 9276 section 3.1).
fn judge_nsec3(context: &Context<'_>, apex: &DnsName, findings: &mut Vec<Finding>) {
    let lookups = &context.lookups;
    lookups.begin();
    let answer = lookups.ask(apex, RecordType::Nsec3param);
    let iterations = answer.records.iter().find_map(|record| match record {
        RecordData::Nsec3param { iterations, .. } => Some(*iterations),
        _ => None,
    });
    let draft = match iterations {
        None if answer.outcome.is_void() => new(
            "zone.nsec3",
            Status::Pass,
            Importance::Minor,
            "Names that do not exist are denied without hashes (NSEC)",
        )
        .words("Nothing has to be counted there."),
        None => Draft::unknown(
            "zone.nsec3",
            Area::Zone,
            Importance::Minor,
            "How names that do not exist are denied could not be measured",
            answer,
        ),
        Some(0) => {
            new("zone.nsec3", Status::Pass, Importance::Minor, "Names that do not exist are hashed once")
                .words("As the standard wants it.")
        }
        Some(rounds) => {
            let is_too_much = rounds > MAX_ITERATIONS;
            let status = if is_too_much { Status::Fail } else { Status::Warn };
            new(
                "zone.nsec3",
                status,
                Importance::Minor,
                format!("Names that do not exist are hashed {rounds} times more than needed"),
            )
            .words(if is_too_much {
                "Resolvers treat such a zone as unsigned, or refuse its answers."
            } else {
                "It protects nothing and burdens every resolver."
            })
            .remedy(
                Effort::Low,
                Changer::YouInTheZone,
                "Have the number of NSEC3 iterations set to 0.",
            )
        }
    };
    findings.push(draft.rfc(9276, "3.1").done(lookups));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn algorithms_are_graded_as_the_standard_does() {
        let grades = |numbers: &[u8], wanted: Grade| numbers.iter().all(|number| grade(*number) == wanted);
        assert!(grades(&[8, 13, 14, 15, 16], Grade::Good));
        assert!(grades(&[7, 10], Grade::Old));
        assert!(grades(&[1, 3, 5, 6, 12, 0, 255], Grade::Broken));
    }
}
