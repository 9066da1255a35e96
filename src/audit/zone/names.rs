//! Names with characters beyond ASCII, and names with the domain at the end twice.

use crate::audit::context::Context;
use crate::audit::draft::{Draft, listed};
use crate::audit::{Area, Changer, Effort, Finding, Importance, Status};
use crate::values::{DnsAnswer, DnsName, DomainName, RecordData, RecordType};

/// The name that was meant where the domain stands at its end twice: in a zone file a dot at the end was forgotten.
pub fn without_doubled_domain(name: &DnsName, domain: &DnsName) -> Option<DnsName> {
    let rest = name.as_str().strip_suffix(domain.as_str())?.strip_suffix('.')?;
    let is_doubled = rest == domain.as_str() || rest.ends_with(&format!(".{domain}"));
    is_doubled.then(|| DnsName::new(rest))
}

/// Whether a name is written in A-labels: ASCII, and every `xn--` label one that can be shown (RFC 5891 section 4.2).
fn is_in_a_labels(name: &DnsName) -> bool {
    name.labels().all(|label| {
        !label.contains('\\')
            && (!label.starts_with("xn--")
                || DomainName::parse(&format!("{label}.example"))
                    .is_ok_and(|parsed| parsed.is_internationalised()))
    })
}

/// Names that records of the domain lead to.
fn targets(answer: &DnsAnswer) -> impl Iterator<Item = &DnsName> {
    let records = answer.records.iter().filter_map(|record| match record {
        RecordData::Mx { exchange: name, .. } | RecordData::Ns(name) | RecordData::Cname(name) => Some(name),
        _ => None,
    });
    records.chain(&answer.aliases)
}

/// Whether names in other scripts are written as the DNS needs them (RFC 5891, RFC 8616).
pub(super) fn judge(context: &Context<'_>, findings: &mut Vec<Finding>) {
    let domain = &context.facts.domain;
    let lookups = &context.lookups;
    lookups.begin();
    let answers = [RecordType::Mx, RecordType::Ns].map(|kind| lookups.ask(&domain.dns(), kind));
    let wrong: Vec<&DnsName> =
        answers.iter().flat_map(|answer| targets(answer)).filter(|name| !is_in_a_labels(name)).collect();
    let unknown = answers.iter().find(|answer| !answer.outcome.is_known());
    let id = "zone.idn";
    let draft = if !wrong.is_empty() {
        Draft::new(id, Area::Zone, Status::Fail, Importance::Important, format!("Names in other scripts are not in the form of the DNS: {}", listed(&wrong)))
            .words("A name with letters beyond a to z must be written as A-labels, which begin with “xn--”. As it stands here, others find nothing there.")
            .remedy(Effort::Low, Changer::YouInTheZone, "Write the name in its “xn--” form.")
    } else if !domain.is_internationalised() {
        return;
    } else if let Some(answer) = unknown {
        let title =
            format!("Whether the names around {domain} are in the form of the DNS could not be measured");
        Draft::unknown(id, Area::Zone, Importance::Minor, &title, answer)
    } else {
        Draft::new(id, Area::Zone, Status::Pass, Importance::Minor, format!("{domain} was asked as {}", domain.as_ascii()))
            .words("Both forms mean the same domain, and the names that its records lead to are in the form of the DNS.")
    };
    findings.push(draft.rfc(5891, "4.2").done(lookups));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_doubled_domain_suggests_a_forgotten_dot() {
        let domain = DnsName::new("d.example");
        for (name, meant) in [
            ("mail.d.example.d.example", Some("mail.d.example")),
            ("d.example.d.example", Some("d.example")),
            ("mail.d.example", None),
            ("mail.other.example", None),
            ("mail.bad.example.d.example", None),
        ] {
            let found = without_doubled_domain(&DnsName::new(name), &domain);
            assert_eq!(found, meant.map(DnsName::new), "{name}");
        }
    }

    #[test]
    fn only_a_labels_are_names_of_the_dns() {
        for (name, expected) in [
            ("mail.example", true),
            ("xn--weber-kln-67a.example", true),
            ("weber-k\\195\\182ln.example", false),
            ("xn--a.example", false),
        ] {
            assert_eq!(is_in_a_labels(&DnsName::new(name)), expected, "{name}");
        }
    }
}
