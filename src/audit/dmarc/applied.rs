//! The policy that receivers apply to a domain's mail: under RFC 9989, and under RFC 7489 before it.

use std::collections::BTreeSet;

use super::record::Policy;
use super::suffix::registered_domain;
use super::walk::{Walk, ask, walk};
use crate::audit::Lookups;
use crate::values::{AnswerBook, DnsAnswer, DnsName, DnsQuestion};

/// What receivers apply to mail of a domain, as far as DNS tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EffectivePolicy {
    /// DNS did not answer.
    Unknown,
    /// What applies; `None` if no record does.
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

/// Whether receivers are asked to do something about forged mail from names below the domain that do not exist.
pub(in crate::audit) fn covers_subdomains(lookups: &Lookups<'_>, domain: &DnsName) -> bool {
    let walked = walk(lookups, domain);
    let record = walked.deciding().and_then(|step| step.record.as_ref());
    record.is_some_and(|record| {
        record.missing_subdomain_policy.or(record.policy_below()).is_some_and(|policy| policy > Policy::None)
    })
}

/// What receivers on one set of rules do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Applied {
    /// Where the record is that decides; `None` if none does.
    pub record_at: Option<DnsName>,
    /// What is done with mail that does not pass.
    pub policy: Option<Policy>,
    /// The share of it, where it is not all (`pct`).
    pub percent: Option<u8>,
    /// What relaxed alignment compares.
    pub organisation: DnsName,
}

impl Applied {
    /// What a receiver does, as the end of a sentence that begins with it.
    pub(super) fn words(&self) -> String {
        let (Some(record_at), Some(policy)) = (&self.record_at, self.policy) else {
            return "finds no record that counts and does nothing".to_owned();
        };
        let does = match (policy, self.percent) {
            (Policy::None, _) => "does nothing with forged mail".to_owned(),
            (Policy::Quarantine, None) => "treats forged mail as suspicious".to_owned(),
            (Policy::Quarantine, Some(percent)) => format!("treats {percent}% of forged mail as suspicious"),
            (Policy::Reject, None) => "refuses forged mail".to_owned(),
            (Policy::Reject, Some(0)) => {
                "refuses nobody, and treats forged mail as suspicious only".to_owned()
            }
            (Policy::Reject, Some(percent)) => {
                format!("refuses {percent}% of forged mail and treats the rest as suspicious")
            }
        };
        format!("{does} (record of {record_at}), and takes {} for the organisation", self.organisation)
    }

    fn key(&self) -> (Option<&DnsName>, Option<Policy>, Option<u8>, &DnsName) {
        (self.record_at.as_ref(), self.policy, self.percent, &self.organisation)
    }

    /// Whether receivers on both rules do the same.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        (self.policy.is_none() && other.policy.is_none()) || self.key() == other.key()
    }
}

/// What receivers on the new rules do (RFC 9989): the tree walk, and `t`.
pub(super) fn by_new_rules(walk: &Walk<'_>, domain: &DnsName) -> Applied {
    let deciding = walk.deciding();
    let record = deciding.and_then(|step| step.record.as_ref());
    let policy = deciding.zip(record).and_then(|(step, record)| {
        let policy = if step.domain == *domain { record.policy } else { record.policy_below() };
        policy.map(|policy| if record.is_test { policy.milder() } else { policy })
    });
    Applied {
        record_at: deciding.map(|step| step.domain.clone()),
        policy,
        percent: None,
        organisation: walk.organisational_domain.clone(),
    }
}

/// What receivers on the old rules do (RFC 7489 section 6.6.3): the domain itself, then its organisation by the public
/// suffix list; `pct` counts, `t`, `np` and `psd` do not.
///
/// # Errors
/// The answer that is not known.
pub(super) fn by_old_rules<'a>(lookups: &Lookups<'a>, domain: &DnsName) -> Result<Applied, &'a DnsAnswer> {
    let organisation = registered_domain(domain).unwrap_or_else(|| domain.clone());
    let mut applied = Applied { record_at: None, policy: None, percent: None, organisation };
    let mut step = ask(lookups, domain);
    if !step.answer.outcome.is_known() {
        return Err(step.answer);
    }
    if step.records == 0 && applied.organisation != *domain {
        step = ask(lookups, &applied.organisation);
        if !step.answer.outcome.is_known() {
            return Err(step.answer);
        }
    }
    let Some(record) = step.parsed.as_ref().filter(|_| step.records == 1) else { return Ok(applied) };
    let own = record.old_policy();
    let policy =
        if step.domain == *domain { own } else { own.map(|own| record.subdomain_policy.unwrap_or(own)) };
    if policy.is_some() {
        applied.record_at = Some(step.domain.clone());
        applied.policy = policy;
        applied.percent = record.percent.filter(|percent| *percent < 100 && policy > Some(Policy::None));
    }
    Ok(applied)
}
