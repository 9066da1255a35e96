//! Runs all rules over the facts and puts the report together.

use std::collections::BTreeSet;

use super::comparison::compare;
use super::context::Context;
use super::evidence::trust_table;
use super::key_age::keys_seen;
use super::reputation::{add_letters, add_requests, address_ranges, list_history};
use super::verdict::verdict;
use super::{Area, AuditReport, Facts, Finding, Group, Lookups, Status, rules};
use crate::values::DnsQuestion;

/// Judges what was measured. The same facts always give the same report.
pub fn judge(facts: &Facts) -> AuditReport {
    let Judged { findings, .. } = run(facts);
    let mut receivers =
        facts.evidence.as_ref().map(|evidence| trust_table(evidence, facts.at)).unwrap_or_default();
    add_requests(facts, &findings, &mut receivers);
    let verdict = verdict(facts, &findings, &receivers);
    let mut report = AuditReport {
        domain: facts.domain.clone(),
        at: facts.at,
        resolver: facts.resolver.clone(),
        summary: summary(facts, &findings),
        findings,
        receivers,
        verdict: Some(verdict),
        ranges: address_ranges(facts),
        dkim_keys: keys_seen(&Context { facts, lookups: Lookups::new(&facts.answers) }),
        since: None,
    };
    report.since = facts.earlier.as_ref().map(|earlier| compare(earlier, &report));
    report
}

/// Questions that the rules would still like to ask, given what is known. Empty when the survey is complete.
pub fn missing_questions(facts: &Facts) -> BTreeSet<DnsQuestion> {
    run(facts).missing
}

/// What one pass of the rules came to.
struct Judged {
    findings: Vec<Finding>,
    missing: BTreeSet<DnsQuestion>,
}

fn run(facts: &Facts) -> Judged {
    let context = Context { facts, lookups: Lookups::new(&facts.answers) };
    let mut findings = rules::run(&context);
    list_history(facts, &context.lookups, &mut findings);
    add_letters(facts, &mut findings);
    findings.sort_by(|one, other| {
        let key =
            |finding: &Finding| (finding.group, finding.importance, severity(finding.status), finding.area);
        key(one).cmp(&key(other))
    });
    Judged { findings, missing: context.lookups.into_missing() }
}

/// Worst first inside a group.
fn severity(status: Status) -> u8 {
    match status {
        Status::Fail => 0,
        Status::Warn => 1,
        Status::Unknown => 2,
        Status::Info => 3,
        Status::Pass => 4,
        Status::NotApplicable => 5,
    }
}

fn summary(facts: &Facts, findings: &[Finding]) -> String {
    let count = |status: Status| findings.iter().filter(|finding| finding.status == status).count();
    let (fails, warnings, unknown) = (count(Status::Fail), count(Status::Warn), count(Status::Unknown));
    let staying = findings.iter().filter(|finding| finding.group == Group::SpeaksForMoving).count();
    if findings.iter().any(|finding| finding.id == super::zone::rule::MISSING) {
        return format!("{} does not exist in the DNS.", facts.domain);
    }
    // That lists know nothing bad of a name says little where nothing else could be measured.
    let is_measured = |finding: &&Finding| finding.status == Status::Pass && finding.area != Area::BlockLists;
    if findings.iter().filter(is_measured).count() + fails + warnings == 0 {
        return "Nothing could be measured, so nothing can be said.".to_owned();
    }
    let checks = |number: usize, does: &str, they_do: &str| match number {
        1 => format!("One check {does}"),
        _ => format!("{number} checks {they_do}"),
    };
    let mut text = match (fails, warnings) {
        (0, 0) => "Everything that could be measured is in order.".to_owned(),
        (0, _) => format!("Nothing fails. {}.", checks(warnings, "deserves a look", "deserve a look")),
        (_, 0) => format!("{}.", checks(fails, "fails", "fail")),
        (_, 1) => format!("{}, 1 more deserves a look.", checks(fails, "fails", "fail")),
        _ => format!("{}, {warnings} more deserve a look.", checks(fails, "fails", "fail")),
    };
    let about_staying = match staying {
        _ if fails + warnings == 0 => String::new(),
        0 => " All of it belongs to the domain and travels with it.".to_owned(),
        1 => " One of them is about the server or its address, and would stay behind.".to_owned(),
        _ => format!(" {staying} of them are about the server or its address, and would stay behind."),
    };
    let about_unknown = match unknown {
        0 => String::new(),
        1 => " One thing could not be measured.".to_owned(),
        _ => format!(" {unknown} things could not be measured."),
    };
    text.push_str(&about_staying);
    text.push_str(&about_unknown);
    text
}
