//! SPF evaluations as text files below `tests/cases/spf`, written from the text of RFC 7208. No network.
//!
//! `result: a or b` where the standard leaves a choice; `text:` is the published explanation, or `none`.

use std::path::Path;

use mailferry::audit::spf::{SpfQuery, SpfStep, SpfVerdict, check};
use mailferry::values::{AnswerBook, UnixTime};
use mailferry_test_support::cases::{Case, cases};
use mailferry_test_support::dns_zone::Zone;

/// What a case says about its situation.
const SITUATION: &[&str] = &["sender", "helo", "ip", "domain"];
/// What a case expects.
const EXPECTATIONS: &[&str] = &["result", "text", "why", "lookups", "voids"];

fn evaluate(zone: &Zone, query: &SpfQuery) -> SpfVerdict {
    let mut book = AnswerBook::default();
    for _ in 0..100 {
        match check(&book, query) {
            SpfStep::Done(verdict) => return verdict,
            SpfStep::Needs(questions) => {
                assert!(!questions.is_empty(), "stuck");
                for question in questions {
                    book.insert(zone.answer(&question));
                }
            }
        }
    }
    panic!("the check does not end");
}

fn query(case: &Case) -> SpfQuery {
    let sender = case.get("sender").unwrap_or("").trim_matches('"').to_owned();
    let helo = case.get("helo").unwrap_or("helo.example.org").to_owned();
    let from = sender.rsplit_once('@').map(|(_, domain)| domain.to_owned());
    SpfQuery {
        ip: case.get("ip").unwrap_or("192.0.2.1").parse().unwrap(),
        domain: case.get("domain").map(str::to_owned).or(from).unwrap_or_else(|| helo.clone()),
        sender,
        helo,
        at: UnixTime(1_700_000_000),
    }
}

/// What a verdict lacks of what its case expects.
fn wrong(case: &Case, verdict: &SpfVerdict) -> Vec<String> {
    let mut wrong = Vec::new();
    let expected: Vec<&str> = case.get("result").unwrap().split(" or ").collect();
    if !expected.contains(&verdict.result.to_string().as_str()) {
        let trace = verdict.trace.join("\n  ");
        wrong
            .push(format!("{} instead of {expected:?} ({})\n  {trace}", verdict.result, verdict.explanation));
    }
    if let Some(text) = case.get("text") {
        let text = (text != "none").then(|| text.to_owned());
        if verdict.published_explanation != text {
            wrong.push(format!("says {:?} instead of {text:?}", verdict.published_explanation));
        }
    }
    for why in case.all("why").into_iter().filter(|why| !verdict.explanation.contains(why)) {
        wrong.push(format!("“{}” lacks “{why}”", verdict.explanation));
    }
    for (key, count) in [("lookups", verdict.lookups), ("voids", verdict.void_lookups)] {
        if case.get(key).is_some_and(|expected| expected != count.to_string()) {
            wrong.push(format!("{key} {count}"));
        }
    }
    wrong
}

#[test]
fn spf_cases() {
    let top = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/spf");
    let mut failures = Vec::new();
    for case in cases(&top, SITUATION, EXPECTATIONS) {
        let verdict = evaluate(&case.zone, &query(&case));
        failures.extend(wrong(&case, &verdict).into_iter().map(|words| format!("{}: {words}", case.name)));
    }
    assert!(failures.is_empty(), "{} wrong:\n{}", failures.len(), failures.join("\n"));
}
