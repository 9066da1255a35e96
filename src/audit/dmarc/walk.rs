//! The tree walk of RFC 9989 section 4.10.

use super::record::{DmarcRecord, is_dmarc};
use crate::audit::Lookups;
use crate::values::{DnsAnswer, DnsName, RecordType};

/// Queries of one tree walk.
const MAX_WALK_QUERIES: usize = 8;

/// One step of a tree walk.
#[derive(Clone, Debug)]
pub(super) struct WalkStep<'a> {
    /// The domain whose `_dmarc` was asked.
    pub domain: DnsName,
    pub answer: &'a DnsAnswer,
    /// The record, where there is exactly one and it counts.
    pub record: Option<DmarcRecord>,
    /// The record, where there is exactly one.
    pub parsed: Option<DmarcRecord>,
    /// Its text.
    pub text: String,
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

/// Asks for the record of one domain.
pub(super) fn ask<'a>(lookups: &Lookups<'a>, domain: &DnsName) -> WalkStep<'a> {
    let answer = lookups.ask(&DnsName::new(&format!("_dmarc.{domain}")), RecordType::Txt);
    let texts: Vec<Vec<u8>> = answer.texts().filter(|text| is_dmarc(text)).collect();
    let (parsed, text) = match texts.as_slice() {
        [text] => (Some(DmarcRecord::parse(text)), String::from_utf8_lossy(text).into_owned()),
        _ => (None, String::new()),
    };
    let record = parsed.clone().filter(|record| record.policy.is_some());
    WalkStep { domain: domain.clone(), answer, record, parsed, text, records: texts.len() }
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
