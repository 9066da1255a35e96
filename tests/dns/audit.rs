//! Whole audits as text files below `tests/cases/audit`: zones in, findings out. No network.
//!
//! `message: FILE` reads a message below `tests/cases/messages`, `home: FILE` one that lies in a mailbox of the domain, `change: OLD => NEW` changes it before (“\\n” ends a line).
//! What was seen at mail hosts stands there as `tests/support/src/probe_lines.rs` reads it; answers below a `secure:` zone
//! are signed.
//!
//! `finding: ID STATUS [text in title or words]`, `not: ID`, `count: FINDINGS`, `copy: ID VALUE`, `offers: ID TEXT IN THE COPY`,
//! `remedy: ID TEXT`, `range: RANGE TEXT`, `summary: TEXT`.
//! `neighbours: N` asks lists about neighbours, at most N questions; `registration:` and `network: IP` hold what a registry
//! answers (RDAP), `before: ID STATUS` is a finding of block lists at the audit before, `once: ID` one that was bad at an
//! earlier one, `seen: SELECTOR/HASH DAYS` a DKIM key that it knew, and `since: TEXT` what has changed. What a mail log says
//! stands there as `traffic.rs` reads it; `reported: IP MESSAGES SPF DKIM ALIGNED STOPPED FORWARDED` is a source in DMARC
//! reports, `sessions: GOOD FAILED` the sum of TLS reports, `snds: ROW` a row of Microsoft's dashboard, `complaint: KIND` one
//! of a reader, `unread: NAME` a file that tells nothing, and `answer: NAME=VALUE` one of the owner.
//!  `list: ID` asks a list that is asked on request only, `key: OPERATOR` asks with the owner's key.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use mailferry::audit::evidence::{
    Collector, DmarcSource, EvidenceFacts, Feedback, SourceKind, TlsFacts, read_snds,
};
use mailferry::audit::message::{MessageFacts, read_message};
use mailferry::audit::{
    AddressRange, Area, AuditReport, EarlierAudit, EarlierFinding, Facts, RdapLookup, RdapSaid, RdapSilence,
    judge, missing_questions, neighbour_plan, read_domain, read_network,
};
use mailferry::values::{DnsName, DomainName, UnixTime};
use mailferry_test_support::cases::{Case, cases};
use mailferry_test_support::probe_lines;

use crate::traffic;

/// What a case says about its situation.
const SITUATION: &[&str] = &[
    "domain",
    "ip",
    "selector",
    "helo",
    "second",
    "list",
    "key",
    "neighbours",
    "registration",
    "network",
    "message",
    "home",
    "change",
    "before",
    "once",
    "seen",
    "reported",
    "sessions",
    "snds",
    "complaint",
    "unread",
    "answer",
];
/// What a case expects.
const EXPECTATIONS: &[&str] =
    &["finding", "not", "count", "copy", "offers", "remedy", "range", "summary", "since"];

/// Where the cases are.
fn top() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/audit")
}

/// Everything that a case may say about its situation.
fn keys() -> Vec<&'static str> {
    [SITUATION, &probe_lines::KEYS, &traffic::KEYS].concat()
}

/// All cases.
pub fn all() -> Vec<Case> {
    cases(&top(), &keys(), EXPECTATIONS)
}

pub fn audit(case: &Case) -> (Facts, AuditReport) {
    let domain = DomainName::parse(case.get("domain").unwrap()).unwrap();
    let mut facts = Facts::new(domain, UnixTime(1_700_000_000), "case file".to_owned());
    facts.selectors = case.all("selector").into_iter().map(str::to_owned).collect();
    facts.sending_addresses = case.all("ip").into_iter().map(|ip| ip.parse().unwrap()).collect();
    facts.evidence = evidence(case, facts.at);
    for answer in case.all("answer") {
        facts.owner.set(answer).unwrap();
    }
    facts.web_files = case.all("web").into_iter().map(|line| probe_lines::web_file(line, facts.at)).collect();
    facts.requested_lists = case.all("list").into_iter().map(str::to_owned).collect();
    facts.keyed_operators = case.all("key").into_iter().map(str::to_owned).collect();
    facts.registration = case.get("registration").map(|json| registry(json, read_domain));
    facts.networks = case
        .all("network")
        .into_iter()
        .map(|line| line.split_once(' ').unwrap())
        .map(|(address, json)| (address.parse().unwrap(), registry(json, read_network)))
        .collect();
    facts.mail_hosts = probe_lines::mail_hosts(&case.all("control"), &case.all("probe"), facts.at);
    facts.mta_sts =
        case.get("policy").map(|line| probe_lines::policy(line, facts.domain.as_ascii(), facts.at));
    let secure = case.all("secure");
    let is_secure =
        |name: &str| secure.iter().any(|zone| name == *zone || name.ends_with(&format!(".{zone}")));
    facts.earlier = earlier(case, facts.at);
    facts.helo = case.get("helo").map(DnsName::new);
    facts.second_resolver = case.get("second").map(str::to_owned);
    for _ in 0..100 {
        let missing = missing_questions(&facts);
        if missing.is_empty() {
            if let Some(budget) = case.get("neighbours") {
                ask_neighbours(case, &mut facts, budget.parse().unwrap());
            }
            let report = judge(&facts);
            return (facts, report);
        }
        for question in missing {
            let mut answer = case.zone.answer(&question);
            answer.is_authentic |= is_secure(question.name.as_str());
            facts.answers.insert(answer);
        }
    }
    panic!("{}: the audit does not end", case.name);
}

/// What the files of a case say; `None` where it has none.
fn evidence(case: &Case, at: UnixTime) -> Option<EvidenceFacts> {
    let mut book = Collector::new();
    let has_traffic = traffic::read(case, at, &mut book);
    for row in case.all("snds").into_iter().flat_map(|line| read_snds(line.as_bytes())) {
        book.snds(&row);
        book.end_source("snds.csv", SourceKind::Dashboard, "");
    }
    for kind in case.all("complaint") {
        book.feedback(&Feedback { at: Some(at), kind: kind.to_owned(), source: None }, at);
        book.end_source("complaint.eml", SourceKind::Feedback, "");
    }
    for name in case.all("unread") {
        book.end_source(name, SourceKind::Unknown, "this is no mail log, mail or report that is known");
    }
    let mut facts = EvidenceFacts {
        messages: messages(case, "message"),
        came_home: messages(case, "home"),
        ..book.finish()
    };
    for line in case.all("reported") {
        let (address, numbers) = line.split_once(' ').unwrap();
        let numbers: Vec<u64> = numbers.split(' ').map(|number| number.parse().unwrap()).collect();
        let [messages, spf, dkim, aligned, stopped, forwarded] = numbers[..] else { panic!("{line}") };
        let source = DmarcSource { messages, spf, dkim, aligned, stopped, forwarded };
        let dmarc = facts.dmarc.get_or_insert_default();
        dmarc.reports += 1;
        dmarc.sources.insert(address.parse().unwrap(), source);
    }
    if let Some((good, failed)) = case.get("sessions").and_then(|line| line.split_once(' ')) {
        let (successes, failures) = (good.parse().unwrap(), failed.parse().unwrap());
        facts.tls = Some(TlsFacts { reports: 1, successes, failures, ..TlsFacts::default() });
    }
    let is_told = has_traffic || facts != EvidenceFacts::default();
    is_told.then_some(facts)
}

/// The messages of a case: each file as it is, or changed where changes follow it. `A.eml as B.eml` gives it another name.
fn messages(case: &Case, key: &str) -> Vec<MessageFacts> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/messages");
    let mut read = Vec::new();
    for (index, line) in case.all(key).into_iter().enumerate() {
        let (file, name) = line.split_once(" as ").unwrap_or((line, line));
        let mut text = std::fs::read_to_string(folder.join(file)).unwrap();
        for change in case.all("change") {
            // `2: OLD => NEW` is for the second message only.
            let (whose, change) = match change.split_once(": ") {
                Some((number, rest)) if number.parse::<usize>().is_ok() => (number.parse().ok(), rest),
                _ => (None, change),
            };
            if whose.is_some_and(|number: usize| number != index + 1) {
                continue;
            }
            let (old, new) = change.split_once(" => ").unwrap();
            let (old, new) = (old.replace("\\n", "\n"), new.replace("\\n", "\n"));
            assert!(text.contains(&old), "{}: {file} has no “{old}”", case.name);
            text = text.replace(&old, &new);
        }
        read.push(read_message(name, text.as_bytes()));
    }
    read
}

/// The audit before, where a case has one: a day earlier.
fn earlier(case: &Case, at: UnixTime) -> Option<EarlierAudit> {
    let (before, seen) = (case.all("before"), case.all("seen"));
    let finding = |line: &&str| {
        let (id, status) = line.split_once(' ').unwrap();
        let status = serde_json::from_value(serde_json::Value::String(status.to_owned())).unwrap();
        let title = format!("{id} then");
        (id.to_owned(), EarlierFinding { area: Area::BlockLists, status, title })
    };
    (!before.is_empty() || !seen.is_empty()).then(|| EarlierAudit {
        at: UnixTime(at.0 - 86_400),
        findings: before.iter().map(finding).collect(),
        receivers: BTreeMap::new(),
        outcome: None,
        ever_listed: case.all("once").into_iter().map(str::to_owned).collect(),
        dkim_keys: case
            .all("seen")
            .into_iter()
            .map(|line| line.split_once(' ').unwrap())
            .map(|(key, days)| (key.to_owned(), UnixTime(at.0 - days.parse::<i64>().unwrap() * 86_400)))
            .collect(),
    })
}

/// A registry's answer, or `!WORDS` where it could not be asked.
fn registry<T, E: std::fmt::Display>(json: &str, read: fn(&[u8]) -> Result<T, E>) -> RdapLookup<T> {
    let said = match (json.strip_prefix('!'), read(json.as_bytes())) {
        (Some(words), _) => RdapSaid::Silent(RdapSilence::Unreached(words.to_owned())),
        (None, Ok(found)) => RdapSaid::Found(found),
        (None, Err(error)) => RdapSaid::Silent(RdapSilence::Unreadable(error.to_string())),
    };
    RdapLookup { url: "https://rdap.example/x".to_owned(), at: UnixTime(1_700_000_000), said }
}

fn ask_neighbours(case: &Case, facts: &mut Facts, budget: usize) {
    let plan = neighbour_plan(facts, budget);
    assert!(plan.questions.len() <= budget, "{}: {} questions", case.name, plan.questions.len());
    facts.neighbourhoods = plan.neighbourhoods;
    for question in &plan.questions {
        facts.neighbourhoods[question.neighbourhood].hear(question, &case.zone.answer(&question.question));
    }
}

/// What a report lacks of what its case expects.
fn wrong(case: &Case, report: &AuditReport) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut ids: Vec<&str> = report.findings.iter().map(|finding| finding.id.as_str()).collect();
    ids.sort_unstable();
    let count = ids.len();
    ids.dedup();
    if ids.len() != count {
        wrong.push("an id occurs twice".to_owned());
    }
    let find = |id: &str| report.findings.iter().find(|finding| finding.id == id);
    for line in case.all("finding") {
        let mut words = line.splitn(3, ' ');
        let (id, status) = (words.next().unwrap(), words.next().unwrap());
        let Some(finding) = find(id) else {
            wrong.push(format!("no {id} among {ids:?}"));
            continue;
        };
        let said = format!("{} | {}", finding.title, finding.words);
        let found = serde_json::to_value(finding.status).unwrap();
        if found != status {
            wrong.push(format!("{id} is {found}, not {status}: {said}"));
        }
        if let Some(text) = words.next().filter(|text| !said.contains(text)) {
            wrong.push(format!("{id} lacks “{text}”: {said}"));
        }
    }
    for id in case.all("not") {
        if let Some(finding) = find(id) {
            wrong.push(format!("{id} is there: {}", finding.title));
        }
    }
    if case.get("count").is_some_and(|count| count != report.findings.len().to_string()) {
        wrong.push(format!("{} findings: {ids:?}", report.findings.len()));
    }
    for line in case.all("copy") {
        let (id, value) = line.split_once(' ').unwrap();
        let offered = find(id).and_then(|finding| finding.copy.as_ref());
        if offered.is_none_or(|copy| copy.value != value) {
            wrong.push(format!("{id} offers {offered:?}"));
        }
    }
    for line in case.all("offers") {
        let (id, text) = line.split_once(' ').unwrap();
        let offered = find(id).and_then(|finding| finding.copy.as_ref());
        if offered.is_none_or(|copy| !copy.value.contains(text.trim())) {
            wrong.push(format!("{id} offers {offered:?}"));
        }
    }
    for line in case.all("remedy") {
        let (id, text) = line.split_once(' ').unwrap();
        let remedy = find(id).and_then(|finding| finding.remedy.as_ref());
        if remedy.is_none_or(|remedy| !remedy.contains(text)) {
            wrong.push(format!("{id} says to do {remedy:?}"));
        }
    }
    for line in case.all("range") {
        let (name, text) = line.split_once(' ').unwrap();
        let words = report.ranges.iter().find(|range| range.range == name).map(AddressRange::words);
        if words.as_ref().is_none_or(|words| !words.contains(text)) {
            wrong.push(format!("{name}: {words:?}"));
        }
    }
    let since = report.since.as_ref().map(mailferry::audit::Comparison::words).unwrap_or_default();
    for text in case.all("since").into_iter().filter(|text| !since.contains(text)) {
        wrong.push(format!("since the audit before: “{since}” lacks “{text}”"));
    }
    for text in case.all("summary").into_iter().filter(|text| !report.summary.contains(text)) {
        wrong.push(format!("“{}” lacks “{text}”", report.summary));
    }
    wrong
}

#[test]
fn audit_cases() {
    let mut failures = Vec::new();
    for case in all() {
        let (facts, report) = audit(&case);
        failures.extend(wrong(&case, &report).into_iter().map(|words| format!("{}: {words}", case.name)));
        let saved = Facts::from_json(&facts.to_json().unwrap()).unwrap();
        assert_eq!(judge(&saved), report, "{}: saved facts are judged differently", case.name);
    }
    assert!(failures.is_empty(), "{} wrong:\n{}", failures.len(), failures.join("\n"));
}
