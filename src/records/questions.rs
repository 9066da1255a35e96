//! Lists what must be asked before records can be planned.

use std::collections::{BTreeMap, BTreeSet};

use super::current_zone::{CurrentZone, Question, ZoneData};
use crate::providers::{Provider, TemplateType, fill};
use crate::values::{DnsName, DomainName, RecordType};

/// Services that mail programs look up (RFC 6186 section 3, RFC 8314 section 5, and Outlook’s own).
const SERVICES: [&str; 7] = [
    "_imap._tcp",
    "_imaps._tcp",
    "_pop3._tcp",
    "_pop3s._tcp",
    "_submission._tcp",
    "_submissions._tcp",
    "_autodiscover._tcp",
];

/// Names below the domain that often receive mail of their own.
const SUBDOMAINS: [&str; 4] = ["mail", "lists", "news", "www"];

/// What to ask before the records for this provider are planned. `selectors` are further DKIM selectors that may
/// be in use. Each answer is to be entered for the name that was asked: where a CNAME is met it is the CNAME that
/// counts, not what stands behind it. What the answers lead to is in [`host_questions`].
pub fn questions(
    domain: &DomainName,
    provider: &Provider,
    answers: &BTreeMap<String, String>,
    selectors: &[String],
) -> Vec<Question> {
    let apex = domain.dns();
    let mut questions = BTreeSet::new();
    let mut ask = |name: &DnsName, types: &[RecordType]| {
        questions.extend(
            types.iter().map(|record_type| Question { name: name.clone(), record_type: *record_type }),
        );
    };
    ask(&apex, &[RecordType::Mx, RecordType::Txt, RecordType::A, RecordType::Aaaa]);
    ask(&domain.below("_dmarc"), &[RecordType::Txt, RecordType::Cname]);
    let templates = provider.records.iter().filter(|record| record.name != "@").filter_map(|record| {
        let value = |name: &str| {
            let answer = provider.answer(name)?;
            let typed = answers.get(name).map(String::as_str).filter(|text| !text.trim().is_empty());
            answer.check(typed.or(answer.default.as_deref())?).ok()
        };
        fill(&record.name, value).ok().map(|name| (name, record.record_type))
    });
    for (name, record_type) in templates {
        let name = domain.below(&name);
        ask(&name, &[RecordType::Txt, RecordType::Cname]);
        match record_type {
            TemplateType::Cname => ask(&name, &[RecordType::A]),
            TemplateType::Ns => ask(&name, &[RecordType::Ns]),
            TemplateType::Mx | TemplateType::Txt => {}
        }
    }
    for selector in selectors {
        ask(&domain.below(&format!("{selector}._domainkey")), &[RecordType::Txt, RecordType::Cname]);
    }
    ask(&domain.below("_domainkey"), &[RecordType::Ns]);
    ask(&domain.below("_mta-sts"), &[RecordType::Txt]);
    ask(&domain.below("_smtp._tls"), &[RecordType::Txt]);
    for service in SERVICES {
        ask(&domain.below(service), &[RecordType::Srv]);
    }
    for name in ["autoconfig", "autodiscover"] {
        ask(&domain.below(name), &[RecordType::A]);
    }
    for name in SUBDOMAINS {
        ask(&domain.below(name), &[RecordType::Mx]);
    }
    questions.into_iter().collect()
}

/// What tells a wildcard from records that somebody has published: questions about a label that nobody has.
pub fn probe_questions(domain: &DomainName, probe_label: &str) -> Vec<Question> {
    let below_keys = format!("{probe_label}._domainkey");
    [
        (probe_label, RecordType::Mx),
        (probe_label, RecordType::Txt),
        (probe_label, RecordType::A),
        (probe_label, RecordType::Srv),
        (below_keys.as_str(), RecordType::Txt),
    ]
    .into_iter()
    .map(|(name, record_type)| Question { name: domain.below(name), record_type })
    .collect()
}

/// What to ask about the hosts that the MX records of the domain name: their addresses, and the certificates that they are
/// bound to (RFC 7672).
pub fn host_questions(zone: &CurrentZone) -> Vec<Question> {
    let hosts: BTreeSet<&DnsName> = zone
        .at("@")
        .filter_map(|record| match &record.data {
            ZoneData::Mx(_, host) if !host.as_str().is_empty() => Some(host),
            _ => None,
        })
        .collect();
    hosts
        .into_iter()
        .flat_map(|host| {
            let tlsa = zone.relative(host).map(|_| Question {
                name: DnsName::new(&format!("_25._tcp.{host}")),
                record_type: RecordType::Tlsa,
            });
            [RecordType::A, RecordType::Aaaa]
                .map(|record_type| Question { name: host.clone(), record_type })
                .into_iter()
                .chain(tlsa)
        })
        .collect()
}
