//! Finds foreign names in the record that nobody owns any more: whoever registers one may send as this domain.

use super::CostTree;
use super::rule::new;
use crate::audit::context::Context;
use crate::audit::dmarc::registered_domain;
use crate::audit::draft::{listed, why_unknown};
use crate::audit::lookups::is_askable;
use crate::audit::{Changer, Effort, Finding, Importance, Status};
use crate::values::{DnsName, Outcome, RecordType};

/// Names that are checked; a record with more is too expensive anyway.
const MAX_NAMES: usize = 20;

/// Asks of each domain whose name is missing whether the domain itself exists. Silent if nobody else is named.
pub(super) fn judge(context: &Context<'_>, tree: &CostTree, findings: &mut Vec<Finding>) {
    let lookups = &context.lookups;
    let own = registered_domain(&context.facts.domain.dns());
    let mut named: Vec<(DnsName, RecordType)> =
        tree.nodes.iter().filter(|node| node.is_read).filter_map(|node| target(&node.term)).collect();
    named.dedup();
    named.truncate(MAX_NAMES);
    lookups.begin();
    let (mut free, mut unknown, mut others) = (Vec::new(), None, 0);
    for (name, record_type) in named {
        let Some(owner) = registered_domain(&name).filter(|owner| Some(owner) != own.as_ref()) else {
            continue;
        };
        others += 1;
        let answer = lookups.ask(&name, record_type);
        if answer.outcome != Outcome::NxDomain {
            if !answer.outcome.is_known() {
                unknown = Some(answer);
            }
            continue;
        }
        let answer = lookups.ask(&owner, RecordType::Soa);
        if answer.outcome == Outcome::NxDomain {
            if !free.contains(&owner) {
                free.push(owner);
            }
        } else if !answer.outcome.is_known() {
            unknown = Some(answer);
        }
    }
    let id = "spf.free-domain";
    let draft = match (free.as_slice(), unknown) {
        ([], _) if others == 0 => return,
        ([], Some(answer)) => new(
            id,
            Status::Unknown,
            Importance::Important,
            "Whether every domain that SPF names exists could not be measured",
        )
        .words(why_unknown(&answer.outcome))
        .remedy(
            Effort::Low,
            Changer::Nobody,
            "Run the audit again in a while, or with another resolver.",
        ),
        ([], None) => new(id, Status::Pass, Importance::Important, "Every domain that SPF names exists")
            .words(
                "A domain that nobody owns could be registered by anybody, who might then send in your name.",
            ),
        (free, _) => {
            let one = if let [_] = free { "a domain" } else { "domains" };
            new(
                id,
                Status::Fail,
                Importance::VeryImportant,
                format!("SPF trusts {one} that nobody owns: {}", listed(free)),
            )
            .words("It does not exist in the DNS. Whoever registers it decides who may send mail in your name, and that mail passes SPF and DMARC.")
            .remedy(
                Effort::Low,
                Changer::YouInTheZone,
                "Remove the term from the record, or ask the service for its current one.",
            )
            .rfc(7208, "11.1")
        }
    };
    findings.push(draft.done(lookups));
}

/// The name of a term that leads elsewhere, and what is asked of it; names with macros differ for each message.
fn target(term: &str) -> Option<(DnsName, RecordType)> {
    let term = term.trim_start_matches(['+', '-', '~', '?']);
    let (what, name) = term.split_once([':', '='])?;
    let record_type = match what.to_ascii_lowercase().as_str() {
        "include" | "redirect" => RecordType::Txt,
        "a" => RecordType::A,
        "mx" => RecordType::Mx,
        _ => return None,
    };
    let name = name.split('/').next().filter(|name| !name.contains('%'))?;
    let name = DnsName::new(name);
    is_askable(&name).then_some((name, record_type))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terms_with_a_name_of_their_own_lead_elsewhere() {
        for (term, expected) in [
            ("include:_spf.example.org", Some(("_spf.example.org", RecordType::Txt))),
            ("redirect=a.example", Some(("a.example", RecordType::Txt))),
            ("-a:mail.example.org/24//64", Some(("mail.example.org", RecordType::A))),
            ("MX:example.org", Some(("example.org", RecordType::Mx))),
            ("mx", None),
            ("ip4:192.0.2.1", None),
            ("exists:%{i}.example.org", None),
            ("include:%{d}.example.org", None),
        ] {
            let expected = expected.map(|(name, kind)| (DnsName::new(name), kind));
            assert_eq!(target(term), expected, "{term}");
        }
    }
}
