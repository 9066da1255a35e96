//! Verdicts as text files below `tests/cases/verdict`: a zone, what the mail log says, and what the owner says. No network.
//!
//! What the log says stands there as `traffic.rs` reads it.

use std::path::{Path, PathBuf};

use mailferry::audit::evidence::{Collector, EvidenceFacts};
use mailferry::audit::verdict::Verdict;
use mailferry::audit::{Facts, judge, missing_questions};
use mailferry::values::{DomainName, UnixTime};
use mailferry_test_support::cases::{Case, cases};

use crate::traffic;

/// What a case says about its situation.
const SITUATION: &[&str] = &["domain", "ip", "answer"];
/// What a case expects.
const EXPECTATIONS: &[&str] = &[
    "verdict",
    "clean",
    "confidence",
    "decided",
    "relay",
    "change",
    "against",
    "step",
    "moves",
    "why",
    "coverage",
];

/// 2026-11-29T01:00:00Z.
const NOW: UnixTime = UnixTime(1_795_914_000);

fn top() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/verdict")
}

fn evidence(case: &Case) -> Option<EvidenceFacts> {
    let mut book = Collector::new();
    traffic::read(case, NOW, &mut book).then(|| book.finish())
}

fn facts(case: &Case) -> Facts {
    let domain = DomainName::parse(case.get("domain").unwrap()).unwrap();
    let mut facts = Facts::new(domain, NOW, "case file".to_owned());
    facts.sending_addresses = case.all("ip").into_iter().map(|ip| ip.parse().unwrap()).collect();
    facts.evidence = evidence(case);
    for answer in case.all("answer") {
        facts.owner.set(answer).unwrap();
    }
    ask(case, &mut facts);
    facts
}

fn ask(case: &Case, facts: &mut Facts) {
    for _ in 0..100 {
        let missing = missing_questions(facts);
        if missing.is_empty() {
            return;
        }
        for question in missing {
            facts.answers.insert(case.zone.answer(&question));
        }
    }
    panic!("{}: the audit does not end", case.name);
}

fn kebab(value: impl serde::Serialize) -> String {
    serde_json::to_value(value).unwrap().as_str().unwrap().to_owned()
}

/// What a verdict lacks of what its case expects.
fn wrong(case: &Case, verdict: &Verdict) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut same = |key: &str, found: String| {
        if case.get(key).is_some_and(|expected| expected != found) {
            wrong.push(format!("{key} is {found}"));
        }
    };
    same("verdict", kebab(verdict.outcome));
    same("clean", if verdict.clean_first { "yes" } else { "no" }.to_owned());
    same("confidence", kebab(verdict.confidence));
    let decided: Vec<String> = verdict
        .decided_by
        .iter()
        .map(|deciding| format!("{} | {} | {}", deciding.title, deciding.raw, deciding.weight))
        .collect();
    let changes: Vec<String> = verdict.would_change.iter().map(|change| kebab(change.outcome)).collect();
    let relay: Vec<String> = verdict.relay.iter().map(|relay| relay.postfix.clone()).collect();
    let moves: Vec<String> = verdict.moves_with_you.iter().map(|point| point.words.clone()).collect();
    for (key, said) in [
        ("decided", &decided),
        ("change", &changes),
        ("relay", &relay),
        ("against", &verdict.speaks_against),
        ("step", &verdict.steps),
        ("moves", &moves),
        ("why", &vec![verdict.why.clone()]),
        ("coverage", &verdict.coverage.unknown),
    ] {
        for text in case.all(key) {
            let holds = |said: &String| if key == "change" { said == text } else { said.contains(text) };
            if !said.iter().any(holds) {
                wrong.push(format!("{key} lacks “{text}”: {said:#?}"));
            }
        }
    }
    if verdict.decided_by.len() > 3 || verdict.decided_by.is_empty() {
        wrong.push(format!("{} findings decided", verdict.decided_by.len()));
    }
    wrong
}

#[test]
fn verdict_cases() {
    let mut failures = Vec::new();
    let all = cases(&top(), &[SITUATION, &traffic::KEYS].concat(), EXPECTATIONS);
    assert!(all.len() >= 40, "{} cases", all.len());
    for case in all {
        let facts = facts(&case);
        let report = judge(&facts);
        let verdict = report.verdict.clone().unwrap();
        failures.extend(wrong(&case, &verdict).into_iter().map(|words| format!("{}: {words}", case.name)));
        let saved = Facts::from_json(&facts.to_json().unwrap()).unwrap();
        assert_eq!(judge(&saved), report, "{}: saved facts are judged differently", case.name);
    }
    assert!(failures.is_empty(), "{} wrong:\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn a_list_of_low_impact_never_changes_the_outcome() {
    for mut case in cases(&top(), &[SITUATION, &traffic::KEYS].concat(), EXPECTATIONS) {
        let before = judge(&facts(&case)).verdict.unwrap();
        for record in
            ["25.2.0.192.dnsbl-2.uceprotect.net A 127.0.0.2", "25.2.0.192.bl.spamcop.net A 127.0.0.2"]
        {
            case.zone.add(record);
        }
        let after = judge(&facts(&case)).verdict.unwrap();
        assert_eq!((before.outcome, before.confidence), (after.outcome, after.confidence), "{}", case.name);
    }
}

#[test]
fn a_failure_of_the_set_up_never_leads_to_a_move() {
    for mut case in cases(&top(), &[SITUATION, &traffic::KEYS].concat(), EXPECTATIONS) {
        let before = judge(&facts(&case)).verdict.unwrap();
        // A second SPF record is an error for every receiver.
        for record in ["good.example TXT \"v=spf1 -all\"", "bare.example TXT \"v=spf1 +all\""] {
            case.zone.add(record);
        }
        let after = judge(&facts(&case)).verdict.unwrap();
        if !before.outcome.is_move() {
            assert!(
                !after.outcome.is_move(),
                "{}: {:?} became {:?}",
                case.name,
                before.outcome,
                after.outcome
            );
        }
    }
}

#[test]
fn less_evidence_is_never_surer() {
    for case in cases(&top(), &[SITUATION, &traffic::KEYS].concat(), EXPECTATIONS) {
        let whole = facts(&case);
        let before = judge(&whole).verdict.unwrap().confidence;
        let Some(evidence) = whole.evidence.clone() else { continue };
        let mut less: Vec<EvidenceFacts> = Vec::new();
        for index in 0..evidence.receivers.len() {
            let mut without = evidence.clone();
            without.receivers.remove(index);
            less.push(without);
            let mut shorter = evidence.clone();
            let days = &mut shorter.receivers[index].days;
            let half: Vec<i64> = days.keys().copied().skip(days.len() / 2).collect();
            days.retain(|day, _| !half.contains(day));
            less.push(shorter);
        }
        for evidence in less {
            let after = judge(&Facts { evidence: Some(evidence), ..whole.clone() }).verdict.unwrap();
            assert!(after.confidence <= before, "{}: {before:?} became {:?}", case.name, after.confidence);
        }
    }
}

#[test]
fn what_the_owner_decides_is_reported_beside_the_verdict() {
    use mailferry::audit::verdict::{Outcome, Overrule};
    let all = cases(&top(), &[SITUATION, &traffic::KEYS].concat(), EXPECTATIONS);
    let story = all.iter().find(|case| case.name.starts_with("01-")).unwrap();
    let mut facts = facts(story);
    let before = judge(&facts).verdict.unwrap();
    facts.overrule = Some(Overrule { outcome: Outcome::MoveEverything, because: "no time".to_owned() });
    let saved = Facts::from_json(&facts.to_json().unwrap()).unwrap();
    let after = judge(&saved).verdict.unwrap();
    assert_eq!(after.overruled.as_ref().map(|owner| owner.outcome), Some(Outcome::MoveEverything));
    assert_eq!(Verdict { overruled: None, ..after }, before);
}
