//! The list of rules. A rule looks answers up and adds findings; each id at most once.

use super::context::Context;
use super::zone::Standing;
use super::{
    Finding, bimi, dkim, dmarc, evidence, key_age, message, mx, policy_aliases, reputation, sender, spf,
    transport, zone,
};

type Rule = fn(&Context<'_>, &mut Vec<Finding>);

/// In the order in which the survey should ask. The zone comes before all of them.
const RULES: [Rule; 15] = [
    mx::rule::judge,
    spf::rule::judge,
    dmarc::rule::judge,
    dkim::rule::judge,
    key_age::judge,
    bimi::rule::judge,
    sender::rule::judge,
    transport::rule::judge,
    mx::judge_clients,
    reputation::rule::judge,
    evidence::rule::judge,
    message::rule::judge,
    // What was found on the way is judged by these.
    zone::judge_denial,
    policy_aliases::judge,
    zone::judge_ttl,
];

/// Runs all rules; a zone that does not exist or says nothing is not judged further.
pub(super) fn run(context: &Context<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    if zone::rule::judge(context, &mut findings) == Standing::IsSilent {
        // The owner's own files say something all the same.
        for rule in [evidence::rule::judge, message::rule::judge] {
            context.lookups.begin();
            rule(context, &mut findings);
        }
        return findings;
    }
    for rule in RULES {
        context.lookups.begin();
        rule(context, &mut findings);
    }
    findings
}
