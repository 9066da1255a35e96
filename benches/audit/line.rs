//! A domain with 4 mail hosts, 20 selectors and 30 lists, asked over a line of 20 ms.

use std::path::Path;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use mailferry::audit::evidence::{Collector, LogKind, LogReader, SourceKind};
use mailferry::audit::{Facts, lists_on_request, missing_questions};
use mailferry::dns::Resolver;
use mailferry::survey::{SurveyOptions, run};
use mailferry::values::{Asked, DomainName, UnixTime};
use mailferry_test_support::dns_zone::Zone;
use tokio_util::sync::CancellationToken;

use crate::responder::Responder;
use crate::{median, millis, row};

pub const DELAY: Duration = Duration::from_millis(20);
const SELECTORS: usize = 20;
const HOSTS: usize = 4;
const LISTS: usize = 26;
/// 2026-11-29T01:00:00Z.
const NOW: UnixTime = UnixTime(1_795_914_000);

/// The domain, and the lists that work, from the zone that all cases of the tests share.
pub fn zone() -> Zone {
    let shared = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/audit/shared.txt");
    let shared = std::fs::read_to_string(shared).unwrap();
    let key = shared.lines().find(|line| line.contains("mail._domainkey")).unwrap();
    let key = key.split_once(" TXT ").unwrap().1;
    let mut zone = Zone::default();
    for line in shared.lines().filter_map(|line| line.strip_prefix("zone: ")) {
        let is_list = line.starts_with("2.0.") || line.contains("test") || line.starts_with("example ");
        if is_list {
            zone.add(line);
        }
    }
    for line in [
        "weber.example SOA ns1.weber.example hostmaster.weber.example 1 3600",
        "weber.example NS ns1.weber.example",
        "weber.example NS ns2.weber.example",
        "ns1.weber.example A 127.0.0.1",
        "ns2.weber.example A 127.0.0.1",
        "a.nic.example A 127.0.0.1",
        "weber.example TXT \"v=spf1 mx include:_spf.weber.example -all\"",
        "_spf.weber.example TXT \"v=spf1 a:mail1.weber.example a:mail2.weber.example -all\"",
        "_dmarc.weber.example TXT \"v=DMARC1; p=reject; rua=mailto:dmarc@weber.example\"",
    ] {
        zone.add(line);
    }
    for number in 1..=HOSTS {
        zone.add(&format!("weber.example MX {number}0 mail{number}.weber.example"));
        zone.add(&format!("mail{number}.weber.example A 192.0.2.{number}"));
        zone.add(&format!("mail{number}.weber.example TXT \"v=spf1 a -all\""));
        zone.add(&format!("{number}.2.0.192.in-addr.arpa PTR mail{number}.weber.example"));
    }
    for number in 0..SELECTORS {
        zone.add(&format!("s{number}._domainkey.weber.example TXT {key}"));
    }
    zone
}

fn selectors() -> Vec<String> {
    (0..SELECTORS).map(|number| format!("s{number}")).collect()
}

fn lists() -> Vec<String> {
    lists_on_request().into_iter().map(str::to_owned).collect()
}

/// Facts of the domain, with how many rounds of questions it took to get them: each waits for the one before.
fn facts() -> (Facts, u32, usize) {
    let zone = zone();
    let mut facts = Facts::new(DomainName::parse("weber.example").unwrap(), NOW, "bench".to_owned());
    facts.selectors = selectors();
    facts.requested_lists = lists();
    let (mut rounds, mut most) = (0, 0);
    loop {
        let missing = missing_questions(&facts);
        if missing.is_empty() {
            return (facts, rounds, most);
        }
        rounds += 1;
        most = most.max(missing.len());
        for question in missing {
            facts.answers.insert(zone.answer(&question));
        }
    }
}

/// The same with a log of a month.
pub fn facts_with_evidence() -> Facts {
    let (mut facts, _, _) = facts();
    let mut log = String::new();
    for number in 0..20_000_i64 {
        use std::fmt::Write as _;
        let (host, status) = match number % 10 {
            0 => ("a.olc.protection.outlook.com", "bounced (host a.olc.protection.outlook.com[192.0.2.33] said: 550 5.7.1 part of their network is on our block list (S3150). (in reply to MAIL FROM command))".to_owned()),
            _ => ("gmail-smtp-in.l.google.com", "sent (250 2.0.0 OK)".to_owned()),
        };
        let at = NOW.0 - number % 28 * 86_400 - 3_600;
        writeln!(log, "@{at} mail postfix/smtp[7]: Q{number}: to=<p{}@d{}.example>, relay={host}[192.0.2.33]:25, delay=2, dsn=2.0.0, status={status}", number % 500, number % 90).unwrap();
    }
    let mut book = Collector::new();
    let mut reader = LogReader::new(LogKind::Syslog, NOW);
    reader.read(log.as_bytes(), &mut book);
    reader.end(&mut book);
    book.end_source("mail.log", SourceKind::MailLog, "");
    facts.evidence = Some(book.finish());
    facts
}

/// A whole audit over the line, beside what the questions that wait for each other need at least.
pub fn whole_audit() {
    let (known, rounds, most) = facts();
    let asked_lists = judged_lists(&known);
    assert!(asked_lists >= LISTS, "only {asked_lists} lists are asked");
    let least = DELAY * rounds;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let domain = DomainName::parse("weber.example").unwrap();
    let options = SurveyOptions { selectors: selectors(), lists: lists(), ..SurveyOptions::default() };
    let (mut times, mut asked, mut direct) = (Vec::new(), 0, 0);
    for _ in 0..5 {
        let (facts, time, count) = runtime.block_on(async {
            let responder = Responder::start(zone(), DELAY).await;
            let resolver = Resolver::at(responder.address);
            let begin = Instant::now();
            let facts =
                run(&domain, &options, &resolver, &mut |_| {}, &CancellationToken::new()).await.unwrap();
            (facts, begin.elapsed(), responder.asked.load(Ordering::Relaxed))
        });
        times.push(time);
        asked = count;
        direct = facts.answers.iter().filter(|answer| answer.question.asked != Asked::Resolver).count();
    }
    let time = median(times);
    row(
        &format!(
            "whole audit, {HOSTS} mail hosts, {asked_lists} lists, {SELECTORS} selectors, 20 ms a question ({asked} questions, {direct} of them to name servers)"
        ),
        &millis(time),
        "-",
    );
    row(
        &format!("its longest chain of questions ({rounds} in a row, up to {most} at once)"),
        &millis(least),
        "-",
    );
    row(
        "the audit beside its longest chain",
        &format!("{:.2}", time.as_secs_f64() / least.as_secs_f64()),
        "1.5 or less",
    );
    crate::second_opinion::beside(&runtime, &known, time);
}

/// How many lists have answered.
fn judged_lists(facts: &Facts) -> usize {
    let report = mailferry::audit::judge(facts);
    let is_list =
        |id: &str| ["blocklist.", "allowlist.", "newdomains."].iter().any(|start| id.starts_with(start));
    report.findings.iter().filter(|finding| is_list(&finding.id)).count()
}
