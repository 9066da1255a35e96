//! Runs the rules about the zone. If the zone is missing or silent, one finding says so and the others are skipped.

use super::dnssec::{self, Suspicion};
use super::servers::{self, Servers, is_in_charge};
use super::{delegation, denial, names, soa};
use crate::audit::context::Context;
use crate::audit::draft::{Draft, why_unknown};
use crate::audit::{Area, Changer, Effort, Finding, Importance, Status};
use crate::values::{DnsAnswer, DnsName, Outcome, RecordType};

/// Id of the finding that makes all others pointless.
pub(in crate::audit) const MISSING: &str = "zone.missing";

/// Whether the other rules have something to go by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::audit) enum Standing {
    /// The zone answers.
    Answers,
    /// It does not exist, or says nothing: one finding tells it, and nothing else is asked.
    IsSilent,
}

/// The zone (RFC 1034): it exists, somebody answers for it, and its signatures hold.
pub(in crate::audit) fn judge(context: &Context<'_>, findings: &mut Vec<Finding>) -> Standing {
    let domain = &context.facts.domain;
    let lookups = &context.lookups;
    let apex = domain.dns();
    lookups.begin();
    // What a receiver asks first. As long as all of it is open, nothing else is worth asking.
    let first: Vec<Option<&DnsAnswer>> = [RecordType::Soa, RecordType::Mx, RecordType::Txt, RecordType::Ns]
        .into_iter()
        .map(|record_type| lookups.try_ask(&apex, record_type))
        .collect();
    let start = lookups.ask(&apex, RecordType::Soa);
    let is_known = first.iter().flatten().any(|answer| answer.outcome.is_known());
    if start.outcome == Outcome::NxDomain {
        findings.push(missing(context));
        return Standing::IsSilent;
    }
    if !is_known {
        findings.push(silent(context, &apex, start));
        return Standing::IsSilent;
    }
    match &start.outcome {
        Outcome::Answer if start.aliases.is_empty() => {
            findings.push(
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
            );
            let servers = servers::look(context, &apex);
            judge_zone(context, &servers, start, findings);
        }
        Outcome::Answer | Outcome::NoData => findings.push(
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
        _ => findings.push(
            Draft::unknown(
                "zone.unknown",
                Area::Zone,
                Importance::VeryImportant,
                "Whether the zone answers could not be measured",
                start,
            )
            .done(lookups),
        ),
    }
    denial::judge_wildcards(context, findings);
    names::judge(context, findings);
    Standing::Answers
}

fn missing(context: &Context<'_>) -> Finding {
    Draft::new(
        MISSING,
        Area::Zone,
        Status::Fail,
        Importance::VeryImportant,
        format!("{} does not exist", context.facts.domain),
    )
    .words("The DNS knows no such name, so no mail can reach it and receivers refuse mail from it.")
    .remedy(
        Effort::Medium,
        Changer::YouInTheZone,
        "Check the spelling, and whether the registration has expired.",
    )
    .rfc(1034, "3.1")
    .done(&context.lookups)
}

/// One finding for a zone that says nothing, as near to the cause as can be told from here.
fn silent(context: &Context<'_>, apex: &DnsName, start: &DnsAnswer) -> Finding {
    let lookups = &context.lookups;
    let hint = match dnssec::suspicion(context, apex) {
        Suspicion::Bogus(answers) => return dnssec::bogus(context, &answers),
        Suspicion::OneOnly(answer) => format!(
            " The resolver gives answers when it does not check signatures (DNSSEC), so they may be the cause. One resolver alone is not believed: name a second one that checks.{}",
            dnssec::error_words(&[answer])
        ),
        Suspicion::None => String::new(),
    };
    let servers = servers::look(context, apex);
    let mut about_servers = Vec::new();
    delegation::judge_authority(&servers, lookups, &mut about_servers);
    // Asked directly, the servers tell more than a resolver that has given up.
    let is_sure = |finding: &Finding| matches!(finding.status, Status::Fail);
    if let Some(finding) = about_servers.pop().filter(is_sure) {
        return finding;
    }
    lookups.begin();
    for record_type in [RecordType::Soa, RecordType::Mx, RecordType::Txt, RecordType::Ns] {
        lookups.ask(apex, record_type);
    }
    let words =
        format!("{} As the zone says nothing, nothing else was asked.{hint}", why_unknown(&start.outcome));
    Draft::unknown(
        "zone.unknown",
        Area::Zone,
        Importance::VeryImportant,
        "The zone does not answer, so nothing could be measured",
        start,
    )
    .words(words)
    .done(lookups)
}

fn judge_zone(context: &Context<'_>, servers: &Servers<'_>, heard: &DnsAnswer, findings: &mut Vec<Finding>) {
    let lookups = &context.lookups;
    delegation::judge_count(servers, lookups, findings);
    delegation::judge_delegation(servers, lookups, findings);
    delegation::judge_authority(servers, lookups, findings);
    delegation::judge_networks(servers, lookups, findings);
    delegation::judge_names(servers, lookups, findings);
    delegation::judge_ipv6(servers, lookups, findings);
    delegation::judge_tcp(servers, lookups, findings);
    delegation::judge_serials(servers, lookups, context.facts.at, findings);
    let direct = servers.tried.iter().map(|(_, answer)| *answer).find(|answer| is_in_charge(answer));
    soa::judge_timers(direct.unwrap_or(heard), lookups, findings);
    soa::judge_negative_ttl(direct.unwrap_or(heard), direct.is_some(), lookups, findings);
    dnssec::judge(context, servers, findings);
}
