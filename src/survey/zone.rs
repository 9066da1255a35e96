use std::collections::BTreeMap;

use futures::StreamExt as _;

use super::{SurveyError, ask_all};
use crate::audit::spf::record_costs;
use crate::dns::Resolver;
use crate::providers::Provider;
use crate::records::{CurrentZone, ZoneData, open_questions, questions};
use crate::values::{DnsAnswer, DnsName, DnsQuestion, DomainName, Outcome, RecordData, RecordType, UnixTime};

/// Shown where a resolver does not tell how long an answer may be kept.
const UNKNOWN_TTL_SECS: u32 = 3_600;
/// Questions under way at the same time.
const WINDOW: usize = 8;

/// Rounds of asking what SPF terms cost; each include may lead to further ones.
const MAX_SPF_ROUNDS: usize = 24;

/// Reads what the zone of a domain says today, as far as the records for this provider need it, and measures what the
/// SPF terms of today and of the provider cost.
///
/// A question that got no answer is kept as unread, so that nothing is concluded from it. The zone remembers which
/// questions were asked, and that it was `read_at` this moment.
///
/// # Errors
/// [`SurveyError::NoSuchDomain`] where the DNS says that the name does not exist.
pub async fn current_zone(
    domain: &DomainName,
    provider: &Provider,
    answers: &BTreeMap<String, String>,
    selectors: &[String],
    resolver: &Resolver,
    read_at: UnixTime,
) -> Result<CurrentZone, SurveyError> {
    let mut zone = CurrentZone { read_at: Some(read_at), ..CurrentZone::new(domain.clone()) };
    let asked = questions(domain, provider, answers, selectors)
        .into_iter()
        .filter_map(|question| record_type(question.record_type).map(|kind| (question.name, kind)));
    take_all(&mut zone, asked, resolver).await;
    let apex = domain.dns();
    let is_missing = |answer: &DnsAnswer| answer.question.name == apex && answer.outcome == Outcome::NxDomain;
    if zone.answers.iter().any(is_missing) {
        return Err(SurveyError::NoSuchDomain(domain.clone()));
    }
    let hosts: Vec<DnsName> = zone
        .records
        .iter()
        .filter_map(|record| match &record.data {
            ZoneData::Mx(_, host) if !host.as_str().is_empty() => Some(host.clone()),
            _ => None,
        })
        .collect();
    let addresses =
        hosts.into_iter().flat_map(|host| [(host.clone(), RecordType::A), (host, RecordType::Aaaa)]);
    take_all(&mut zone, addresses, resolver).await;
    measure_spf(&mut zone, provider, resolver).await;
    for _ in 0..MAX_SPF_ROUNDS {
        let open = open_questions(provider, answers, &zone);
        if open.is_empty() {
            break;
        }
        ask(&mut zone, open, resolver).await;
    }
    Ok(zone)
}

async fn ask(zone: &mut CurrentZone, open: impl IntoIterator<Item = DnsQuestion>, resolver: &Resolver) {
    let open: Vec<DnsQuestion> = open.into_iter().collect();
    for answer in ask_all(resolver, &open).await {
        // Addresses tell which terms of a record mean the old server.
        for record in &answer.records {
            match record {
                RecordData::A(address) => zone.add_address(&answer.question.name, (*address).into()),
                RecordData::Aaaa(address) => zone.add_address(&answer.question.name, (*address).into()),
                _ => {}
            }
        }
        zone.answers.insert(answer);
    }
}

/// Measures the SPF records of today, and the terms that the provider adds.
async fn measure_spf(zone: &mut CurrentZone, provider: &Provider, resolver: &Resolver) {
    let apex = zone.domain.dns();
    let mut texts: Vec<Vec<u8>> = zone
        .at("@")
        .filter_map(|record| match &record.data {
            ZoneData::Txt(text) => Some(text.clone()),
            _ => None,
        })
        .collect();
    texts.push(format!("v=spf1 {} ~all", provider.spf_mechanisms.join(" ")).into_bytes());
    for text in texts {
        for _ in 0..MAX_SPF_ROUNDS {
            match record_costs(&zone.answers, &apex, &text) {
                Ok(nodes) => {
                    zone.measure_spf(&nodes);
                    break;
                }
                Err(missing) => ask(zone, missing, resolver).await,
            }
        }
    }
}

async fn take_all(
    zone: &mut CurrentZone,
    asked: impl Iterator<Item = (DnsName, RecordType)>,
    resolver: &Resolver,
) {
    let asked: Vec<_> = asked.collect();
    let mut answers = futures::stream::iter(asked)
        .map(|(name, kind)| async move {
            let answer = resolver.query(&name, kind).await;
            (name, kind, answer)
        })
        .buffered(WINDOW);
    while let Some((name, kind, answer)) = answers.next().await {
        zone.add_asked(&name, &kind.to_string());
        take(zone, &name, kind, &answer);
        zone.answers.insert(answer);
    }
}

fn take(zone: &mut CurrentZone, name: &DnsName, kind: RecordType, answer: &DnsAnswer) {
    let why = match &answer.outcome {
        Outcome::Answer | Outcome::NoData | Outcome::NxDomain => None,
        Outcome::ServFail => Some("the resolver could not find out (SERVFAIL)".to_owned()),
        Outcome::Refused => Some("the resolver refused to answer".to_owned()),
        Outcome::Timeout => Some("no answer came in time".to_owned()),
        Outcome::Broken(words) => Some(words.clone()),
        other => Some(other.to_string()),
    };
    if let Some(why) = why {
        zone.add_unread(name, &kind.to_string(), &why);
        return;
    }
    let ttl_secs = answer.ttl_secs.unwrap_or(UNKNOWN_TTL_SECS);
    // Records behind an alias belong to another name, and may be in another zone; only addresses are of use here.
    let alias = answer.aliases.first().filter(|_| kind != RecordType::Cname);
    if let Some(target) = alias {
        zone.add(name, ttl_secs, ZoneData::Cname(target.clone()));
    }
    for record in &answer.records {
        let data = match record {
            RecordData::A(address) => ZoneData::Address((*address).into()),
            RecordData::Aaaa(address) => ZoneData::Address((*address).into()),
            _ if alias.is_some() => continue,
            RecordData::Mx { preference, exchange } => ZoneData::Mx(*preference, exchange.clone()),
            RecordData::Txt(strings) => ZoneData::Txt(strings.joined()),
            RecordData::Cname(target) => ZoneData::Cname(target.clone()),
            RecordData::Ns(host) => ZoneData::Ns(host.clone()),
            _ => continue,
        };
        zone.add(name, ttl_secs, data);
    }
}

const fn record_type(name: &str) -> Option<RecordType> {
    Some(match name.as_bytes() {
        b"MX" => RecordType::Mx,
        b"TXT" => RecordType::Txt,
        b"CNAME" => RecordType::Cname,
        b"A" => RecordType::A,
        b"AAAA" => RecordType::Aaaa,
        b"NS" => RecordType::Ns,
        _ => return None,
    })
}
