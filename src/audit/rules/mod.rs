//! One file per part of the mail set-up. A rule looks answers up and adds findings; each id at most once.

mod block_lists;
mod dkim;
mod dmarc;
mod mx;
mod ptr;
mod senders;
mod spf;
mod spf_proposal;
mod zone;

use super::{Facts, Finding, Lookups};

/// What rules read.
pub(super) struct Context<'a> {
    pub facts: &'a Facts,
    pub lookups: Lookups<'a>,
}

type Rule = fn(&Context<'_>, &mut Vec<Finding>);

/// In the order in which the survey should ask.
const RULES: [Rule; 7] =
    [zone::judge, mx::judge, spf::judge, dmarc::judge, dkim::judge, ptr::judge, block_lists::judge];

/// Runs all rules; a domain that does not exist is not judged further.
pub(super) fn run(context: &Context<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for rule in RULES {
        context.lookups.begin();
        rule(context, &mut findings);
        if findings.iter().any(|finding| finding.id == zone::MISSING) {
            break;
        }
    }
    findings
}
