//! Tries a plan against the senders that the owner's logs and reports have seen.

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::judge::{SenderRole, StageJudgement};
use crate::audit::Facts;
use crate::audit::spf::SpfResult;

/// Most addresses that are tried; those with the most mail come first.
const MAX_SEEN: usize = 500;

/// What was seen of one sending address.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SeenSender {
    /// Messages that it sent with the domain's name.
    pub messages: u64,
    /// Of these, with a DKIM signature that passed and is aligned: DMARC does not need SPF for them.
    pub dkim: u64,
}

impl SeenSender {
    /// All of them, from the logs and reports behind an audit, and from what the owner named.
    pub fn of(facts: &Facts) -> BTreeMap<IpAddr, Self> {
        let mut seen: BTreeMap<IpAddr, Self> = BTreeMap::new();
        for address in &facts.sending_addresses {
            seen.entry(*address).or_default();
        }
        if let Some(evidence) = &facts.evidence {
            for (address, messages) in &evidence.sending_addresses {
                seen.entry(*address).or_default().messages += messages;
            }
            for (address, source) in evidence.dmarc.iter().flat_map(|dmarc| &dmarc.sources) {
                let one = seen.entry(*address).or_default();
                // A log and a report may tell of the same mail.
                one.messages = one.messages.max(source.messages);
                one.dkim = one.dkim.max(source.dkim);
            }
        }
        let mut most: Vec<(IpAddr, Self)> = seen.into_iter().collect();
        most.sort_by_key(|(_, one)| std::cmp::Reverse(one.messages));
        most.truncate(MAX_SEEN);
        most.into_iter().collect()
    }
}

/// What a stage would have done to the mail that was seen.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DryRun {
    /// Messages that were seen.
    pub messages: u64,
    /// Of these, those that SPF passes once the stage is published.
    pub pass: u64,
    /// Addresses that SPF passes today and would not any more, with their messages and those without a DKIM signature
    /// that would hold.
    pub lost: Vec<Lost>,
}

/// An address that would lose its right.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Lost {
    /// The address.
    pub address: IpAddr,
    /// Messages that were seen from it.
    pub messages: u64,
    /// Of these, those without an aligned DKIM signature: DMARC would fail for them.
    pub without_dkim: u64,
    /// What SPF would say.
    pub after: SpfResult,
}

/// Tries a stage against the mail that was seen; `None` where nothing was.
pub fn dry_run(judgement: &StageJudgement) -> Option<DryRun> {
    let mut run = DryRun::default();
    for sender in &judgement.senders {
        let SenderRole::Seen(seen) = &sender.role else { continue };
        run.messages += seen.messages;
        if sender.after == SpfResult::Pass {
            run.pass += seen.messages;
        } else if sender.before == SpfResult::Pass && seen.messages > 0 {
            run.lost.push(Lost {
                address: sender.address,
                messages: seen.messages,
                without_dkim: seen.messages.saturating_sub(seen.dkim),
                after: sender.after,
            });
        }
    }
    run.lost.sort_by_key(|lost| std::cmp::Reverse(lost.messages));
    (run.messages > 0).then_some(run)
}
