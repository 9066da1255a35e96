//! Reads the part of a zone that new records depend on: takes the answers of the audit, and asks for the rest.

use std::collections::BTreeMap;

use super::{SurveyError, ask_all};
use crate::audit::Facts;
use crate::audit::spf::record_costs;
use crate::dns::Resolver;
use crate::providers::Provider;
use crate::records::{
    CurrentZone, Question, SeenSender, ZoneData, host_questions, open_questions, probe_questions, questions,
};
use crate::values::{Asked, DnsAnswer, DnsQuestion, DomainName, Outcome, RecordData, UnixTime};

/// Rounds of asking what SPF terms cost; each include may lead to further ones.
const MAX_SPF_ROUNDS: usize = 24;

/// What to read of a zone.
#[derive(Clone, Copy, Debug)]
pub struct ZoneReading<'a> {
    /// The domain.
    pub domain: &'a DomainName,
    /// Where its mail is to go.
    pub provider: &'a Provider,
    /// Values for the provider's records.
    pub answers: &'a BTreeMap<String, String>,
    /// Further DKIM selectors that may be in use.
    pub selectors: &'a [String],
    /// A label that nobody publishes, to detect wildcards.
    pub probe_label: &'a str,
    /// The facts of the audit: its answers are reused, and its evidence names senders.
    pub audit: Option<&'a Facts>,
    /// Whether to ask the audit's questions again, because the zone may have changed since.
    pub is_fresh: bool,
    /// When the reading begins.
    pub at: UnixTime,
}

/// Reads what the zone says today about the records that this provider needs, and measures what the SPF terms of today
/// and of the provider cost.
///
/// A question without an answer is recorded as unread, so that nothing is concluded from it. The zone also records which
/// questions were asked, and when.
///
/// # Errors
/// [`SurveyError::NoSuchDomain`] if the DNS says that the name does not exist.
pub async fn current_zone(
    reading: &ZoneReading<'_>,
    resolver: &Resolver,
) -> Result<CurrentZone, SurveyError> {
    let domain = reading.domain;
    let mut zone = CurrentZone { read_at: Some(reading.at), ..CurrentZone::new(domain.clone()) };
    if let Some(facts) = reading.audit {
        if !reading.is_fresh {
            zone.answers = facts.answers.clone();
            // Addresses show which terms of a record mean the old server.
            for answer in facts.answers.iter().filter(|answer| answer.question.asked == Asked::Resolver) {
                for address in answer.records.iter().filter_map(RecordData::address) {
                    zone.add_address(&answer.question.name, address);
                }
            }
            zone.read_at = Some(facts.at);
        }
        zone.mta_sts.clone_from(&facts.mta_sts);
        zone.seen = SeenSender::of(facts);
    }
    let probe_label = reading.audit.map_or(reading.probe_label, |facts| &facts.probe_label);
    let mut asked = questions(domain, reading.provider, reading.answers, reading.selectors);
    asked.extend(probe_questions(domain, probe_label));
    take_all(&mut zone, asked, resolver).await;
    let apex = domain.dns();
    let is_missing = |answer: &DnsAnswer| answer.question.name == apex && answer.outcome == Outcome::NxDomain;
    if zone.answers.iter().any(is_missing) {
        return Err(SurveyError::NoSuchDomain(domain.clone()));
    }
    let hosts = host_questions(&zone);
    take_all(&mut zone, hosts, resolver).await;
    zone.fold_wildcards(probe_label);
    measure_spf(&mut zone, reading.provider, resolver).await;
    for _ in 0..MAX_SPF_ROUNDS {
        let open = open_questions(reading.provider, reading.answers, &zone);
        if open.is_empty() {
            break;
        }
        ask(&mut zone, open, resolver).await;
    }
    Ok(zone)
}

/// Asks what is not in the book yet, and adds all of it to the zone.
async fn take_all(zone: &mut CurrentZone, asked: Vec<Question>, resolver: &Resolver) {
    let asked: Vec<DnsQuestion> =
        asked.into_iter().map(|question| DnsQuestion::new(question.name, question.record_type)).collect();
    let open: Vec<DnsQuestion> =
        asked.iter().filter(|question| zone.answers.get(question).is_none()).cloned().collect();
    for answer in ask_all(resolver, &open).await {
        zone.answers.insert(answer);
    }
    let answers: Vec<_> = asked.iter().filter_map(|question| zone.answers.get(question).cloned()).collect();
    for answer in answers {
        zone.take(answer);
    }
}

async fn ask(zone: &mut CurrentZone, open: impl IntoIterator<Item = DnsQuestion>, resolver: &Resolver) {
    let open: Vec<DnsQuestion> = open.into_iter().collect();
    for answer in ask_all(resolver, &open).await {
        // Addresses tell which terms of a record mean the old server.
        for address in answer.records.iter().filter_map(RecordData::address) {
            zone.add_address(&answer.question.name, address);
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
