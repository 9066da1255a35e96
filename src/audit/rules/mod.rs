//! The list of rules. A rule looks answers up and adds findings; each id at most once.

use super::context::Context;
use super::{Finding, dkim, dmarc, evidence, message, mx, reputation, sender, spf, transport, zone};

type Rule = fn(&Context<'_>, &mut Vec<Finding>);

/// In the order in which the survey should ask.
const RULES: [Rule; 10] = [
    zone::rule::judge,
    mx::rule::judge,
    spf::rule::judge,
    dmarc::rule::judge,
    dkim::rule::judge,
    sender::rule::judge,
    transport::rule::judge,
    reputation::rule::judge,
    evidence::rule::judge,
    message::rule::judge,
];

/// Runs all rules; a domain that does not exist is not judged further.
pub(super) fn run(context: &Context<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for rule in RULES {
        context.lookups.begin();
        rule(context, &mut findings);
        if findings.iter().any(|finding| finding.id == zone::rule::MISSING) {
            break;
        }
    }
    findings
}
