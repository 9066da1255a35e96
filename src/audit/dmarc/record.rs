//! DMARC (RFC 9989): records and the tree walk. Pure.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::Lookups;
use crate::values::{AnswerBook, DnsAnswer, DnsName, DnsQuestion, RecordType};

/// Queries of one tree walk (RFC 9989 section 4.10).
const MAX_WALK_QUERIES: usize = 8;

/// What a receiver is asked to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Policy {
    /// Nothing; reports only.
    None,
    /// Suspicious.
    Quarantine,
    /// Not accepted.
    Reject,
}

impl Policy {
    fn parse(text: &str) -> Option<Self> {
        match text.to_ascii_lowercase().as_str() {
            "none" => Some(Self::None),
            "quarantine" => Some(Self::Quarantine),
            "reject" => Some(Self::Reject),
            _ => None,
        }
    }

    /// The word in the record.
    pub fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Quarantine => "quarantine",
            Self::Reject => "reject",
        }
    }
}

/// A parsed record.
#[expect(clippy::struct_excessive_bools, reason = "independent tags of one record")]
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DmarcRecord {
    /// `p`, or [`Policy::None`] where it is missing or wrong and reports are asked for (section 4.7).
    pub policy: Option<Policy>,
    /// Whether `p` was missing or wrong.
    pub is_policy_implied: bool,
    /// `sp`: for subdomains that exist.
    pub subdomain_policy: Option<Policy>,
    /// `np`: for subdomains that do not.
    pub missing_subdomain_policy: Option<Policy>,
    /// `psd`: `y`, `n` or `u`.
    pub psd: Option<char>,
    /// `t=y`: the policy is applied one step milder.
    pub is_test: bool,
    /// `adkim=s`
    pub is_dkim_strict: bool,
    /// `aspf=s`
    pub is_spf_strict: bool,
    /// Domains of the addresses in `rua`.
    pub report_domains: Vec<DnsName>,
    /// Addresses in `rua` and `ruf` that cannot be used.
    pub bad_addresses: Vec<String>,
    /// Tags that RFC 9989 took away: `pct`, `rf`, `ri`.
    pub old_tags: Vec<String>,
    /// Tags that nobody knows.
    pub unknown_tags: Vec<String>,
    /// Known tags with values that are not allowed; they are taken as missing.
    pub bad_values: Vec<String>,
}

/// Whether a TXT record is a DMARC record: `v=DMARC1` first, in exactly this case (section 4.7).
pub fn is_dmarc(text: &[u8]) -> bool {
    let Ok(text) = std::str::from_utf8(text) else { return false };
    let (first, _) = text.split_once(';').unwrap_or((text, ""));
    first.split_once('=').is_some_and(|(name, value)| name.trim_end() == "v" && value.trim() == "DMARC1")
}

impl DmarcRecord {
    /// Parses a record for which [`is_dmarc`] holds. Wrong tags are ignored, as the standard asks, and named.
    pub fn parse(text: &[u8]) -> Self {
        let text = String::from_utf8_lossy(text);
        let mut record = Self::default();
        let mut policy_text = None;
        for tag in text.split(';').skip(1).map(str::trim).filter(|tag| !tag.is_empty()).take(64) {
            let Some((name, value)) = tag.split_once('=') else {
                record.unknown_tags.push(shown(tag));
                continue;
            };
            let (name, value) = (name.trim().to_ascii_lowercase(), value.trim());
            if name == "p" {
                policy_text = policy_text.or(Some(value.to_owned()));
            } else if !record.take(&name, value) {
                record.bad_values.push(shown(tag));
            }
        }
        record.policy = policy_text.as_deref().and_then(Policy::parse);
        if record.policy.is_none() {
            record.is_policy_implied = true;
            if !record.report_domains.is_empty() {
                record.policy = Some(Policy::None);
            }
        }
        record
    }

    /// Takes a tag other than `v` and `p`; false where the value is not allowed.
    fn take(&mut self, name: &str, value: &str) -> bool {
        let lower = value.to_ascii_lowercase();
        match name {
            "sp" => self.subdomain_policy = Policy::parse(value),
            "np" => self.missing_subdomain_policy = Policy::parse(value),
            "psd" => self.psd = lower.chars().next().filter(|_| matches!(lower.as_str(), "y" | "n" | "u")),
            "t" => self.is_test = lower == "y",
            "adkim" => self.is_dkim_strict = lower == "s",
            "aspf" => self.is_spf_strict = lower == "s",
            "rua" | "ruf" => return self.take_addresses(name, value),
            "fo" => return lower.split(':').all(|option| matches!(option.trim(), "0" | "1" | "d" | "s")),
            "pct" | "rf" | "ri" => self.old_tags.push(name.to_owned()),
            _ => self.unknown_tags.push(shown(name)),
        }
        match name {
            "sp" => self.subdomain_policy.is_some(),
            "np" => self.missing_subdomain_policy.is_some(),
            "psd" => self.psd.is_some(),
            "t" => matches!(lower.as_str(), "y" | "n"),
            "adkim" | "aspf" => matches!(lower.as_str(), "r" | "s"),
            _ => true,
        }
    }

    fn take_addresses(&mut self, name: &str, value: &str) -> bool {
        for uri in value.split(',').map(str::trim).take(32) {
            // RFC 7489 allowed a size behind “!”; it is ignored today.
            let address = uri
                .get(..7)
                .filter(|scheme| scheme.eq_ignore_ascii_case("mailto:"))
                .and_then(|_| uri.get(7..));
            let address = address.map(|address| address.split(['!', '?']).next().unwrap_or_default());
            match address.and_then(|address| address.rsplit_once('@')) {
                Some((local, domain)) if !local.is_empty() && domain.contains('.') => {
                    let domain = DnsName::new(domain);
                    if name == "rua" && !self.report_domains.contains(&domain) {
                        self.report_domains.push(domain);
                    }
                }
                _ => self.bad_addresses.push(shown(uri)),
            }
        }
        true
    }

    /// The policy for a domain below the one that has the record.
    pub fn policy_below(&self) -> Option<Policy> {
        self.subdomain_policy.or(self.policy)
    }
}

fn shown(text: &str) -> String {
    text.chars().take(40).collect()
}

/// What receivers apply to mail of a domain, as far as DNS tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EffectivePolicy {
    /// DNS did not answer.
    Unknown,
    /// What applies; `None` where no record does.
    Known(Option<Policy>),
}

/// The policy that receivers apply to mail of this domain (RFC 9989 section 4.10.1): its own, or that of the record above.
///
/// # Errors
/// The questions whose answers are missing in the book.
pub fn effective_policy(
    book: &AnswerBook,
    domain: &DnsName,
) -> Result<EffectivePolicy, BTreeSet<DnsQuestion>> {
    let lookups = Lookups::new(book);
    let walked = walk(&lookups, domain);
    let policy = walked.deciding().and_then(|step| {
        let record = step.record.as_ref()?;
        if step.domain == *domain { record.policy } else { record.policy_below() }
    });
    let is_known = walked.steps.iter().all(|step| step.answer.outcome.is_known());
    let missing = lookups.into_missing();
    match (missing.is_empty(), is_known) {
        (false, _) => Err(missing),
        (true, true) => Ok(EffectivePolicy::Known(policy)),
        (true, false) => Ok(EffectivePolicy::Unknown),
    }
}

/// One step of a tree walk.
#[derive(Clone, Debug)]
pub(super) struct WalkStep<'a> {
    /// The domain whose `_dmarc` was asked.
    pub domain: DnsName,
    pub answer: &'a DnsAnswer,
    /// The record, where there is exactly one.
    pub record: Option<DmarcRecord>,
    /// How many records there are.
    pub records: usize,
}

/// Where the walk ended.
#[derive(Clone, Debug)]
pub(super) struct Walk<'a> {
    pub steps: Vec<WalkStep<'a>>,
    /// The organisational domain (section 4.10.2): what relaxed alignment compares. The domain itself without records.
    pub organisational_domain: DnsName,
}

impl<'a> Walk<'a> {
    /// The step whose record says what to do with mail of the domain (section 4.10.1), if there is one.
    pub(super) fn deciding(&self) -> Option<&WalkStep<'a>> {
        let own = self.steps.first().filter(|step| step.record.is_some());
        own.or_else(|| {
            self.steps.iter().find(|step| step.record.is_some() && step.domain == self.organisational_domain)
        })
        .or_else(|| {
            self.steps
                .iter()
                .rev()
                .find(|step| step.record.as_ref().is_some_and(|record| record.psd == Some('y')))
        })
    }
}

/// Walks up the tree from `domain` with at most eight queries (section 4.10).
pub(super) fn walk<'a>(lookups: &Lookups<'a>, domain: &DnsName) -> Walk<'a> {
    let mut steps: Vec<WalkStep<'a>> = Vec::new();
    let mut name = domain.clone();
    for _ in 0..MAX_WALK_QUERIES {
        let step = ask(lookups, &name);
        let is_end = step.record.as_ref().is_some_and(|record| matches!(record.psd, Some('y' | 'n')));
        let is_unknown = !step.answer.outcome.is_known();
        steps.push(step);
        if is_end || is_unknown {
            break;
        }
        let labels: Vec<&str> = name.labels().collect();
        // A long name is cut to seven labels at once, so that eight queries always reach the top.
        let keep = if labels.len() > MAX_WALK_QUERIES {
            MAX_WALK_QUERIES - 1
        } else {
            labels.len().saturating_sub(1)
        };
        if keep == 0 {
            break;
        }
        let parent: Vec<&str> = labels.into_iter().rev().take(keep).collect();
        name = DnsName::new(&parent.into_iter().rev().collect::<Vec<_>>().join("."));
    }
    let organisational_domain = organisational_domain(domain, &steps);
    Walk { steps, organisational_domain }
}

fn ask<'a>(lookups: &Lookups<'a>, domain: &DnsName) -> WalkStep<'a> {
    let answer = lookups.ask(&DnsName::new(&format!("_dmarc.{domain}")), RecordType::Txt);
    let texts: Vec<Vec<u8>> = answer.texts().filter(|text| is_dmarc(text)).collect();
    let record = match texts.as_slice() {
        [text] => Some(DmarcRecord::parse(text)).filter(|record| record.policy.is_some()),
        _ => None,
    };
    WalkStep { domain: domain.clone(), answer, record, records: texts.len() }
}

fn organisational_domain(start: &DnsName, steps: &[WalkStep<'_>]) -> DnsName {
    let mut below = start;
    let mut fewest_labels = None;
    for (index, step) in steps.iter().enumerate() {
        match step.record.as_ref().map(|record| record.psd) {
            Some(Some('n')) => return step.domain.clone(),
            // One label below the public suffix, on the way from the start.
            Some(Some('y')) if index > 0 => {
                return child_towards(&step.domain, start).unwrap_or_else(|| below.clone());
            }
            Some(_) => fewest_labels = Some(&step.domain),
            None => {}
        }
        below = &step.domain;
    }
    fewest_labels.unwrap_or(start).clone()
}

/// The name one label below `parent` on the way to `name`.
fn child_towards(parent: &DnsName, name: &DnsName) -> Option<DnsName> {
    let keep = parent.labels().count() + 1;
    let labels: Vec<&str> = name.labels().rev().take(keep).collect();
    (labels.len() == keep).then(|| DnsName::new(&labels.into_iter().rev().collect::<Vec<_>>().join(".")))
}

#[cfg(test)]
#[path = "dmarc_tests.rs"]
mod dmarc_tests;
