//! What DMARC requires of one message (RFC 9989 section 4.4).

use super::record::Policy;
use super::walk::walk;
use crate::audit::Lookups;
use crate::values::DnsName;

/// What is asked of mail whose visible sender is of one domain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::audit) struct Demands {
    /// What receivers are asked to do with mail that does not pass; `None` without a record.
    pub policy: Option<Policy>,
    /// Whether the DNS has answered everything.
    pub is_known: bool,
    domain: DnsName,
    organisation: DnsName,
    is_dkim_strict: bool,
    is_spf_strict: bool,
}

/// What proves the sender.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::audit) enum Proven {
    /// The domain of a signature.
    ByDkim,
    /// The domain of MAIL FROM.
    BySpf,
}

/// Reads what is asked. What is missing is noted in the lookups.
pub(in crate::audit) fn demands(lookups: &Lookups<'_>, domain: &DnsName) -> Demands {
    let walked = walk(lookups, domain);
    let deciding = walked.deciding();
    let record = deciding.and_then(|step| step.record.as_ref());
    let policy = deciding.zip(record).and_then(|(step, record)| {
        if step.domain == *domain { record.policy } else { record.policy_below() }
    });
    Demands {
        policy,
        is_known: walked.steps.iter().all(|step| step.answer.outcome.is_known()),
        domain: domain.clone(),
        organisation: walked.organisational_domain.clone(),
        is_dkim_strict: record.is_some_and(|record| record.is_dkim_strict),
        is_spf_strict: record.is_some_and(|record| record.is_spf_strict),
    }
}

impl Demands {
    /// Whether what this domain proves counts for the visible sender.
    pub(in crate::audit) fn is_met_by(
        &self,
        lookups: &Lookups<'_>,
        domain: &DnsName,
        proven: Proven,
    ) -> bool {
        let is_strict = match proven {
            Proven::ByDkim => self.is_dkim_strict,
            Proven::BySpf => self.is_spf_strict,
        };
        *domain == self.domain
            || !is_strict && walk(lookups, domain).organisational_domain == self.organisation
    }
}
