//! Aliases at the names of policies that lead to nothing: whoever gets hold of the target writes the policy.

use super::context::Context;
use super::dmarc::registered_domain;
use super::draft::{Draft, listed};
use super::{Area, Changer, Effort, Finding, Importance, Status};
use crate::values::{DnsAnswer, DnsName, Outcome, RecordType};

/// Names that services are delegated by an alias; `_dmarc` and keys have rules of their own. An address is looked at where
/// it was asked for.
const NAMES: [(&str, RecordType); 4] = [
    ("_mta-sts", RecordType::Txt),
    ("mta-sts", RecordType::A),
    ("_smtp._tls", RecordType::Txt),
    ("default._bimi", RecordType::Txt),
];

/// What the aliases lead to.
#[derive(Default)]
struct Found<'a> {
    /// Names whose target does not exist, in words.
    dangling: Vec<String>,
    /// Domains of such targets that do not exist either.
    free: Vec<DnsName>,
    /// Names whose target exists.
    good: Vec<String>,
    unknown: Option<&'a DnsAnswer>,
}

/// Judges what others have asked for. Silent where none of the names is an alias.
pub(super) fn judge(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let lookups = &context.lookups;
    lookups.begin();
    let mut found = Found::default();
    for (prefix, record_type) in NAMES {
        let name = context.facts.domain.below(prefix);
        let Some(answer) = context.facts.answer(&name, record_type) else { continue };
        let Some(target) = answer.aliases.last() else { continue };
        lookups.see(answer);
        match &answer.outcome {
            Outcome::NxDomain => {
                found.dangling.push(format!("{name} (an alias of {target})"));
                if let Some(owner) = registered_domain(target) {
                    let zone = lookups.ask(&owner, RecordType::Soa);
                    if zone.outcome == Outcome::NxDomain && !found.free.contains(&owner) {
                        found.free.push(owner);
                    }
                }
            }
            outcome if outcome.is_known() => found.good.push(name.to_string()),
            _ => found.unknown = Some(answer),
        }
    }
    if let Some(draft) = told(&found) {
        findings.push(draft.done(lookups));
    }
}

fn told(found: &Found<'_>) -> Option<Draft> {
    let draft =
        |status, importance, title: String| Draft::new("zone.alias", Area::Zone, status, importance, title);
    if !found.free.is_empty() {
        let title =
            format!("A policy of yours is kept in a domain that nobody owns: {}", listed(&found.free));
        let words = format!(
            "{} leads there. Whoever registers the domain writes that policy in your name, and may get a certificate for it.",
            listed(&found.dangling)
        );
        return Some(draft(Status::Fail, Importance::VeryImportant, title).words(words).remedy(
            Effort::Low,
            Changer::YouInTheZone,
            "Remove the alias (CNAME).",
        ));
    }
    if !found.dangling.is_empty() {
        let title = format!("An alias leads to nothing: {}", listed(&found.dangling));
        return Some(
            draft(Status::Warn, Importance::Important, title)
                .words("The service behind it is gone or has forgotten you. At many services the next customer may take the same name over, and then writes this policy for you.")
                .remedy(Effort::Low, Changer::YouInTheZone, "Remove the alias (CNAME), or have the service publish its record again."),
        );
    }
    if let Some(answer) = found.unknown {
        let title = "Where an alias leads could not be measured";
        return Some(Draft::unknown("zone.alias", Area::Zone, Importance::Minor, title, answer));
    }
    (!found.good.is_empty()).then(|| {
        draft(Status::Pass, Importance::Minor, "Aliases of policies lead somewhere".to_owned())
            .words(format!("Others keep the records of {} for you.", listed(&found.good)))
    })
}
