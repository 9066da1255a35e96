//! Cases as text files: zones in, SPF results and findings out. No network.

use mailferry::audit::spf::{SpfQuery, SpfStep, SpfVerdict, check};
use mailferry::audit::{AuditReport, Facts, judge, missing_questions};
use mailferry::values::{AnswerBook, DomainName, UnixTime};
use mailferry_test_support::dns_zone::{Block, Zone, blocks};

fn spf(zone: &Zone, query: &SpfQuery) -> SpfVerdict {
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

fn spf_query(block: &Block) -> SpfQuery {
    let sender = block.get("sender").unwrap_or("").trim_matches('"').to_owned();
    let helo = block.get("helo").unwrap_or("helo.example.org").to_owned();
    let from = sender.rsplit_once('@').map(|(_, domain)| domain.to_owned());
    SpfQuery {
        ip: block.get("ip").unwrap_or("192.0.2.1").parse().unwrap(),
        domain: block.get("domain").map(str::to_owned).or(from).unwrap_or_else(|| helo.clone()),
        sender,
        helo,
        at: UnixTime(1_700_000_000),
    }
}

#[test]
fn spf_cases() {
    let blocks = blocks(include_str!("../cases/audit/spf.txt"));
    assert!(blocks.len() > 60);
    let mut wrong = Vec::new();
    for block in &blocks {
        let verdict = spf(&block.zone, &spf_query(block));
        let expected: Vec<&str> = block.get("result").unwrap().split(" or ").collect();
        if !expected.contains(&verdict.result.to_string().as_str()) {
            wrong.push(format!(
                "{}: {} instead of {expected:?} ({})\n  {}",
                block.name,
                verdict.result,
                verdict.explanation,
                verdict.trace.join("\n  ")
            ));
        }
        if let Some(text) = block.get("text") {
            let text = (text != "none").then(|| text.to_owned());
            if verdict.published_explanation != text {
                wrong.push(format!(
                    "{}: says {:?} instead of {text:?}",
                    block.name, verdict.published_explanation
                ));
            }
        }
        for why in block.all("why") {
            if !verdict.explanation.contains(why) {
                wrong.push(format!("{}: “{}” lacks “{why}”", block.name, verdict.explanation));
            }
        }
        for (key, count) in [("lookups", verdict.lookups), ("voids", verdict.void_lookups)] {
            if block.get(key).is_some_and(|expected| expected != count.to_string()) {
                wrong.push(format!("{}: {key} {count}", block.name));
            }
        }
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}

fn audit(block: &Block) -> (Facts, AuditReport) {
    let domain = DomainName::parse(block.get("domain").unwrap()).unwrap();
    let mut facts = Facts::new(domain, UnixTime(1_700_000_000), "case file".to_owned());
    facts.selectors = block.all("selector").into_iter().map(str::to_owned).collect();
    facts.sending_addresses = block.all("ip").into_iter().map(|ip| ip.parse().unwrap()).collect();
    for _ in 0..100 {
        let missing = missing_questions(&facts);
        if missing.is_empty() {
            let report = judge(&facts);
            return (facts, report);
        }
        for question in missing {
            facts.answers.insert(block.zone.answer(&question));
        }
    }
    panic!("{}: the audit does not end", block.name);
}

#[test]
fn audit_cases() {
    let blocks = blocks(include_str!("../cases/audit/audit.txt"));
    assert!(blocks.len() > 25);
    let mut wrong = Vec::new();
    for block in &blocks {
        let (facts, report) = audit(block);
        let mut ids: Vec<&str> = report.findings.iter().map(|finding| finding.id.as_str()).collect();
        ids.sort_unstable();
        let count = ids.len();
        ids.dedup();
        assert_eq!(ids.len(), count, "{}: an id stands there twice", block.name);
        for line in block.all("finding") {
            let mut words = line.splitn(3, ' ');
            let (id, status) = (words.next().unwrap(), words.next().unwrap());
            let Some(finding) = report.findings.iter().find(|finding| finding.id == id) else {
                wrong.push(format!("{}: no {id} among {ids:?}", block.name));
                continue;
            };
            let found = serde_json::to_value(finding.status).unwrap();
            if found != status {
                wrong.push(format!(
                    "{}: {id} is {found}, not {status}: {} {}",
                    block.name, finding.title, finding.words
                ));
            }
            if let Some(text) =
                words.next().filter(|text| !format!("{} | {}", finding.title, finding.words).contains(text))
            {
                wrong.push(format!(
                    "{}: {id} lacks “{text}”: {} | {}",
                    block.name, finding.title, finding.words
                ));
            }
        }
        for id in block.all("not") {
            if let Some(finding) = report.findings.iter().find(|finding| finding.id == id) {
                wrong.push(format!("{}: {id} is there: {}", block.name, finding.title));
            }
        }
        for line in block.all("copy") {
            let (id, value) = line.split_once(' ').unwrap();
            let finding = report.findings.iter().find(|finding| finding.id == id).unwrap();
            if finding.copy.as_ref().is_none_or(|copy| copy.value != value) {
                wrong.push(format!("{}: {id} offers {:?}", block.name, finding.copy));
            }
        }
        if let Some(text) = block.get("summary").filter(|text| !report.summary.contains(text)) {
            wrong.push(format!("{}: “{}” lacks “{text}”", block.name, report.summary));
        }
        let saved = Facts::from_json(&facts.to_json().unwrap()).unwrap();
        assert_eq!(judge(&saved), report, "{}: saved facts are judged differently", block.name);
    }
    assert!(wrong.is_empty(), "{} wrong:\n{}", wrong.len(), wrong.join("\n"));
}
