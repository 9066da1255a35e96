use hickory_proto::op::{Message, MessageType, Query, ResponseCode};
use hickory_proto::rr::rdata::{A, CNAME, NS, SOA};
use hickory_proto::rr::{Name, RData, Record};
use proptest::prelude::*;

use super::*;
use crate::values::{DnsName, DnsQuestion};

fn asked() -> Asked {
    build(&DnsQuestion::new(DnsName::new("a.example"), RecordType::A), true).unwrap()
}

/// An answer to [`asked`], changed by the test before it is read.
fn reading(change: impl FnOnce(&mut Message)) -> Reading {
    let asked = asked();
    let mut message = Message::response(asked.id, hickory_proto::op::OpCode::Query);
    message.metadata.recursion_available = true;
    message.add_query(Query::query(asked.name.clone(), asked.record_type));
    change(&mut message);
    read(&asked, &message.to_vec().unwrap())
}

fn outcome(change: impl FnOnce(&mut Message)) -> Outcome {
    match reading(change) {
        Reading::Said(said) => said.outcome,
        other => panic!("{other:?}"),
    }
}

fn name(text: &str) -> Name {
    Name::from_ascii(text).unwrap()
}

fn a(owner: &str, last: u8) -> Record {
    Record::from_rdata(name(owner), 60, RData::A(A::new(192, 0, 2, last)))
}

fn alias(owner: &str, target: &str) -> Record {
    Record::from_rdata(name(owner), 30, RData::CNAME(CNAME(name(target))))
}

#[test]
fn another_class_is_another_question_and_another_record() {
    use hickory_proto::rr::DNSClass;
    for class in [DNSClass::CH, DNSClass::HS, DNSClass::ANY, DNSClass::NONE] {
        assert_eq!(reading(|message| message.queries[0].query_class = class), Reading::NotOurs, "{class}");
        let in_class = |mut record: Record| {
            record.dns_class = class;
            record
        };
        let outcome = |record: Record| {
            outcome(|message| {
                message.add_answer(record);
            })
        };
        assert_eq!(outcome(in_class(a("a.example.", 1))), Outcome::NoData, "{class}");
        // An alias of another class leads nowhere either.
        let reading = reading(|message| {
            message.add_answer(in_class(alias("a.example.", "b.example.")));
            message.add_answer(a("b.example.", 1));
        });
        let Reading::Said(said) = reading else { panic!("{reading:?}") };
        assert!(said.aliases.is_empty() && said.records.is_empty(), "{said:?}");
    }
}

#[test]
fn response_codes_stay_apart() {
    for (code, expected) in [
        (ResponseCode::NoError, Outcome::NoData),
        (ResponseCode::NXDomain, Outcome::NxDomain),
        (ResponseCode::ServFail, Outcome::ServFail),
        (ResponseCode::Refused, Outcome::Refused),
    ] {
        assert_eq!(outcome(|message| message.metadata.response_code = code), expected);
    }
    assert!(matches!(
        outcome(|message| message.metadata.response_code = ResponseCode::NotAuth),
        Outcome::Broken(_)
    ));
    assert_eq!(reading(|message| message.metadata.response_code = ResponseCode::FormErr), Reading::NoEdns);
    assert_eq!(reading(|message| message.metadata.truncation = true), Reading::Truncated);
}

#[test]
fn aliases_are_followed_inside_the_answer() {
    let Reading::Said(said) = reading(|message| {
        message.add_answer(alias("a.example.", "B.example."));
        message.add_answer(a("b.example.", 2));
        message.add_answer(a("b.example.", 1));
        message.add_answer(a("other.example.", 3));
    }) else {
        panic!("not read");
    };
    assert_eq!(said.outcome, Outcome::Answer);
    assert_eq!(said.aliases, [DnsName::new("b.example")]);
    assert_eq!(said.ttl_secs, Some(30));
    let addresses: Vec<String> = said.records.iter().map(ToString::to_string).collect();
    assert_eq!(addresses, ["192.0.2.1", "192.0.2.2"]);
    assert!(matches!(
        outcome(|message| {
            message.add_answer(alias("a.example.", "b.example."));
            message.add_answer(alias("b.example.", "a.example."));
        }),
        Outcome::Broken(_)
    ));
}

#[test]
fn a_referral_is_not_taken_for_no_data() {
    let referral = |message: &mut Message| {
        message.metadata.recursion_available = false;
        message.add_authority(Record::from_rdata(name("example."), 60, RData::NS(NS(name("ns.example.")))));
    };
    assert!(matches!(outcome(referral), Outcome::Broken(_)));
    assert_eq!(
        outcome(|message| {
            referral(message);
            let soa = SOA::new(name("ns.example."), name("root.example."), 1, 60, 60, 60, 60);
            message.add_authority(Record::from_rdata(name("example."), 60, RData::SOA(soa)));
        }),
        Outcome::NoData
    );
}

#[test]
fn answers_to_other_questions_are_not_ours() {
    assert_eq!(reading(|message| message.metadata.id ^= 1), Reading::NotOurs);
    assert_eq!(reading(|message| message.metadata.message_type = MessageType::Query), Reading::NotOurs);
    assert_eq!(
        reading(|message| message.queries = vec![Query::query(name("b.example."), rr::RecordType::A)]),
        Reading::NotOurs
    );
    assert_eq!(read(&asked(), b"x"), Reading::NotOurs);
}

#[test]
fn names_that_dns_cannot_carry_are_not_sent() {
    for text in ["a..example".to_owned(), format!("{}.example", "a".repeat(64)), "a.".repeat(130)] {
        assert!(build(&DnsQuestion::new(DnsName::new(&text), RecordType::A), true).is_none(), "{text}");
    }
    assert!(build(&DnsQuestion::new(DnsName::new("."), RecordType::Ns), true).is_some());
}

proptest! {
    #![proptest_config(crate::mutate::seeds::properties(256))]

    #[test]
    fn no_answer_makes_the_reader_panic(tail in proptest::collection::vec(any::<u8>(), 0..200)) {
        let asked = asked();
        let mut bytes = asked.id.to_be_bytes().to_vec();
        bytes.extend(&tail);
        let _reading = read(&asked, &bytes);
        // The same with our own question in front, so that the records behind it are reached.
        let mut bytes = asked.bytes.clone();
        bytes[2] |= 0x80;
        bytes[7] = 3;
        bytes.extend(tail);
        let _reading = read(&asked, &bytes);
    }
}
