//! Test messages of an imagined switch of football.example.com, signed with the keys of RFC 8463 appendix A.

use std::collections::BTreeMap;

use super::proof::{ProofKind, ProofRecord};
use super::{MailRoute, MxRecord, SwitchLog, TestMessage, TestVerdict, Watch, judge_test, test_words};
use crate::audit::DmarcProof;
use crate::audit::message::read_message;
use crate::providers::ProviderId;
use crate::records::{Change, DiffLine, GroupKind, RecordGroup, RecordsPlan, SwitchStage};
use crate::values::{
    AnswerBook, DnsAnswer, DnsName, DnsQuestion, DomainName, Outcome, RecordData, RecordType, TxtStrings,
    UnixTime,
};

const MESSAGE: &str = include_str!("../../tests/cases/messages/rfc8463.eml");
const KEY: &str = "v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";
const NEW: &str = "203.0.113.7";
const OLD: &str = "192.0.2.25";

fn domain() -> DomainName {
    DomainName::parse("football.example.com").unwrap()
}

fn watch() -> Watch {
    let mx = |host: &str| vec![MxRecord { preference: 10, host: DnsName::new(host), ttl_secs: 300 }];
    let route = MailRoute { old: mx("mail.football.example.com"), new: mx("in1.provider.example") };
    let line = DiffLine {
        change: Change::Add,
        stage: SwitchStage::Now,
        name: "brisbane._domainkey".to_owned(),
        ttl_secs: 300,
        record_type: "TXT".to_owned(),
        value: KEY.to_owned(),
        reason: String::new(),
    };
    let group = RecordGroup { kind: GroupKind::Dkim, purpose: String::new(), lines: vec![line] };
    let empty = RecordsPlan::empty(domain(), ProviderId("generic".to_owned()));
    let mut watch = Watch::new(route);
    watch.follow(ProofRecord::of_plan(&RecordsPlan { groups: vec![group], ..empty }));
    watch
}

/// Everything that the DNS has: texts, and the address of the old server. What is not there does not exist.
fn texts() -> BTreeMap<&'static str, String> {
    BTreeMap::from([
        ("football.example.com", format!("v=spf1 ip4:{NEW} ip4:{OLD} -all")),
        ("_dmarc.football.example.com", "v=DMARC1; p=reject".to_owned()),
        ("brisbane._domainkey.football.example.com", KEY.to_owned()),
    ])
}

fn answer(question: DnsQuestion, texts: &BTreeMap<&str, String>) -> DnsAnswer {
    let records = match (question.record_type, texts.get(question.name.as_str())) {
        (RecordType::Txt, Some(text)) if text == "timeout" => {
            return DnsAnswer::empty(question, Outcome::Timeout);
        }
        (RecordType::Txt, Some(text)) => {
            vec![RecordData::Txt(TxtStrings::new(vec![text.clone().into_bytes()]))]
        }
        (RecordType::A, None) if question.name.as_str() == "mail.football.example.com" => {
            vec![RecordData::A(OLD.parse().unwrap())]
        }
        _ => return DnsAnswer::empty(question, Outcome::NxDomain),
    };
    DnsAnswer { records, ..DnsAnswer::empty(question, Outcome::Answer) }
}

fn judged(message: &str, texts: &BTreeMap<&str, String>) -> TestMessage {
    let facts = read_message("test.eml", message.as_bytes());
    let mut book = AnswerBook::default();
    loop {
        match judge_test(&facts, &domain(), &watch(), &book, UnixTime(1)) {
            Ok(test) => return test,
            Err(missing) => {
                for question in missing {
                    book.insert(answer(question, texts));
                }
            }
        }
    }
}

/// The message as it arrived elsewhere, handed over by this address for this envelope sender.
fn arrived(from: &str, sender: &str) -> String {
    format!(
        "Return-Path: <{sender}>\r\n\
         Authentication-Results: mx.b.example; spf=pass smtp.mailfrom={sender}; dkim=pass header.d=football.example.com\r\n\
         Received: from out.provider.example (out.provider.example [{from}]) by mx.b.example with ESMTPS; \
         Mon, 2 Nov 2026 09:00:00 +0000\r\n{MESSAGE}"
    )
}

const JOE: &str = "joe@football.example.com";

#[test]
fn a_message_of_the_new_provider_passes_all_three() {
    let test = judged(&arrived(NEW, JOE), &texts());
    assert_eq!(test.verdict, TestVerdict::Proven, "{test:?}");
    assert!(test.is_signed_by_provider);
    assert_eq!(test.proof.dmarc, DmarcProof::Pass);
    let words = test_words(&test);
    assert_eq!(words.title, "SPF, DKIM and DMARC pass at the new provider");
    let rows: Vec<(&str, String)> = words.rows.into_iter().map(|row| (row.what, row.outcome)).collect();
    assert_eq!(
        rows,
        [
            ("SPF", format!("pass for football.example.com from {NEW}; counts for DMARC")),
            ("DKIM", "verifies with brisbane._domainkey.football.example.com; counts for DMARC".to_owned()),
            (
                "DKIM",
                "of football.example.com does not verify: there is no key at test._domainkey.football.example.com"
                    .to_owned()
            ),
            ("DMARC", "pass (p=reject)".to_owned()),
            ("Its receiver wrote", "spf=pass, dkim=pass".to_owned()),
        ]
    );
}

#[test]
fn each_missing_half_is_told() {
    let mut without_spf = texts();
    without_spf.insert("football.example.com", "v=spf1 ip4:198.51.100.1 -all".to_owned());
    let test = judged(&arrived(NEW, JOE), &without_spf);
    assert_eq!(test.verdict, TestVerdict::HalfProven { missing: ProofKind::Spf });
    assert_eq!(test.proof.dmarc, DmarcProof::Pass);

    let mut without_key = texts();
    without_key.remove("brisbane._domainkey.football.example.com");
    let test = judged(&arrived(NEW, JOE), &without_key);
    assert_eq!(test.verdict, TestVerdict::HalfProven { missing: ProofKind::Dkim });
    assert!(!test.is_signed_by_provider);

    without_spf.remove("brisbane._domainkey.football.example.com");
    let test = judged(&arrived(NEW, JOE), &without_spf);
    assert_eq!((test.verdict.clone(), test.proof.dmarc), (TestVerdict::NotProven, DmarcProof::Fail));
    assert!(test.verdict.is_bad());
}

#[test]
fn a_pass_of_another_domain_does_not_count() {
    let mut other = texts();
    other.insert("bounces.provider.example", format!("v=spf1 ip4:{NEW} -all"));
    let test = judged(&arrived(NEW, "bounce@bounces.provider.example"), &other);
    assert_eq!(test.verdict, TestVerdict::HalfProven { missing: ProofKind::Spf });
    let spf = test_words(&test).rows.remove(0).outcome;
    assert!(spf.starts_with("pass for bounces.provider.example") && spf.contains("does not count"), "{spf}");
    // A name below counts, unless the record asks for the same one.
    other.insert("bounce.football.example.com", format!("v=spf1 ip4:{NEW} -all"));
    let below = arrived(NEW, "x@bounce.football.example.com");
    assert_eq!(judged(&below, &other).verdict, TestVerdict::Proven);
    other.insert("_dmarc.football.example.com", "v=DMARC1; p=reject; aspf=s".to_owned());
    assert_eq!(judged(&below, &other).verdict, TestVerdict::HalfProven { missing: ProofKind::Spf });
}

#[test]
fn a_changed_message_is_no_proof() {
    let changed = arrived(NEW, JOE).replace("We lost", "We won");
    let test = judged(&changed, &texts());
    assert_eq!(test.verdict, TestVerdict::HalfProven { missing: ProofKind::Dkim });
    assert!(test_words(&test).rows[1].outcome.contains("the text was changed"), "{test:?}");
}

#[test]
fn what_the_old_server_sent_says_nothing_about_the_new_one() {
    let test = judged(&arrived(OLD, JOE), &texts());
    assert_eq!(test.verdict, TestVerdict::FromOldServer { address: OLD.parse().unwrap() });
    assert!(!test.verdict.is_good());
}

#[test]
fn what_is_not_measured_is_no_pass() {
    // From the folder “Sent”: no hop at all.
    let sent = judged(MESSAGE, &texts());
    assert_eq!((sent.verdict, sent.proof.dmarc), (TestVerdict::Unknown, DmarcProof::Pass));
    let mut silent = texts();
    silent.insert("football.example.com", "timeout".to_owned());
    silent.insert("brisbane._domainkey.football.example.com", "timeout".to_owned());
    let test = judged(&arrived(NEW, JOE), &silent);
    assert_eq!((test.verdict, test.proof.dmarc), (TestVerdict::Unknown, DmarcProof::Unknown));
    let two = arrived(NEW, JOE).replace("From: Joe", "From: eve@b.example\r\nFrom: Joe");
    let test = judged(&two, &texts());
    assert_eq!((test.verdict, test.proof.dmarc), (TestVerdict::NotProven, DmarcProof::Fail));
}

#[test]
fn mail_from_elsewhere_shows_who_took_it_over() {
    let received = |by: &str| {
        let text = arrived(NEW, "suzie@shopping.example.net")
            .replace("by mx.b.example", &format!("by {by}"))
            .replace("From: Joe SixPack <joe@football.example.com>", "From: suzie@shopping.example.net");
        judged(&text, &texts()).verdict
    };
    assert_eq!(
        received("in1.provider.example"),
        TestVerdict::Arrived { by: "in1.provider.example".to_owned() }
    );
    assert_eq!(
        received("mail.football.example.com"),
        TestVerdict::ReachedOldServer { by: DnsName::new("mail.football.example.com") }
    );
}

#[test]
fn a_message_that_is_judged_again_is_kept_once() {
    let watch = watch();
    let mut log = SwitchLog::new(watch.route, BTreeMap::new());
    let first = judged(&arrived(OLD, JOE), &texts());
    let second = judged(&arrived(NEW, JOE), &texts());
    log.note_test(first);
    log.note_test(second.clone());
    assert_eq!(log.tests, std::slice::from_ref(&second));
    for number in 0..30 {
        log.note_test(TestMessage { message_id: Some(number.to_string()), ..second.clone() });
    }
    assert_eq!(log.tests.len(), 20);
    let json = serde_json::to_string(&log).unwrap();
    assert_eq!(serde_json::from_str::<SwitchLog>(&json).unwrap(), log);
}

#[test]
fn a_message_that_was_only_handed_in_says_nothing_of_spf() {
    let inside = arrived("198.51.100.77", JOE).replace("with ESMTPS", "with ESMTPSA");
    let test = judged(&inside, &texts());
    assert_eq!(test.verdict, TestVerdict::NotLeft);
    assert!(!test.verdict.is_good() && !test.verdict.is_bad());
    assert_eq!(test_words(&test).title, "It has not left the server that it was handed to");
    // Handed in at the old server, it is the old server's all the same once another one has taken it over.
    let over_old = arrived(OLD, JOE);
    assert!(matches!(judged(&over_old, &texts()).verdict, TestVerdict::FromOldServer { .. }));
}
