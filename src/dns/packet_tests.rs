use hickory_proto::op::{Message, MessageType, Query, ResponseCode};
use hickory_proto::rr::rdata::{A, CNAME, NS, SOA};
use hickory_proto::rr::{Name, RData, Record};
use proptest::prelude::*;

use super::*;
use crate::values::{DnsName, DnsQuestion};

fn asked() -> Sent {
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
    assert_eq!(outcome(referral), Outcome::Referral);
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

#[test]
fn flags_and_extended_errors_are_kept() {
    use hickory_proto::op::Edns;
    use hickory_proto::rr::rdata::opt::EdnsOption;
    let with_error = |code: u16, message: &mut Message| {
        let mut edns = Edns::new();
        let bytes = [&code.to_be_bytes()[..], b"too late"].concat();
        edns.options_mut().insert(EdnsOption::Unknown(15, bytes));
        message.set_edns(edns);
    };
    let Reading::Said(said) = reading(|message| {
        message.metadata.authentic_data = true;
        message.metadata.response_code = ResponseCode::ServFail;
        with_error(7, message);
    }) else {
        panic!("nothing said")
    };
    let error = ExtendedError { code: 7, text: "too late".to_owned() };
    assert_eq!((said.outcome, said.is_authentic), (Outcome::ServFail, true));
    assert!(error.is_about_dnssec() && said.size_bytes.is_some());
    assert_eq!(said.extended_error, Some(error));
    // A filter may answer with an address of its own.
    let filtered = outcome(|message| {
        message.add_answer(a("a.example.", 1));
        with_error(17, message);
    });
    assert_eq!(filtered, Outcome::Filtered);
}

#[test]
fn a_server_that_is_asked_directly_names_others_with_their_addresses() {
    let question = DnsQuestion::new(DnsName::new("a.example"), RecordType::Ns)
        .to(Asked::Server("192.0.2.53".parse().unwrap()));
    let sent = build(&question, true).unwrap();
    let mut message = Message::response(sent.id, hickory_proto::op::OpCode::Query);
    // It may look further for clients of its own.
    message.metadata.recursion_available = true;
    message.add_query(Query::query(sent.name.clone(), sent.record_type));
    let ns = |owner: &str, host: &str| Record::from_rdata(name(owner), 60, RData::NS(NS(name(host))));
    message.add_authority(ns("a.example.", "ns.a.example."));
    message.add_authority(ns("other.example.", "ns.other.example."));
    message.add_additional(a("ns.a.example.", 7));
    let Reading::Said(said) = read(&sent, &message.to_vec().unwrap()) else { panic!("nothing said") };
    assert_eq!(said.outcome, Outcome::Referral);
    let server =
        NamedServer { name: DnsName::new("ns.a.example"), addresses: vec!["192.0.2.7".parse().unwrap()] };
    assert_eq!((said.delegation, said.ttl_secs), (vec![server], Some(60)));
    let query = Message::from_vec(&sent.bytes).unwrap();
    assert!(!query.metadata.recursion_desired && !query.metadata.authentic_data);
}

#[test]
fn what_is_asked_says_what_it_wants() {
    let ask = |record_type: RecordType, asked: Asked| {
        let question = DnsQuestion::new(DnsName::new("a.example"), record_type).to(asked);
        Message::from_vec(&build(&question, true).unwrap().bytes).unwrap()
    };
    let server = Asked::Server("192.0.2.53".parse().unwrap());
    let flags = |message: &Message| {
        let metadata = &message.metadata;
        (metadata.recursion_desired, metadata.authentic_data, metadata.checking_disabled)
    };
    assert_eq!(flags(&ask(RecordType::A, Asked::Resolver)), (true, true, false));
    assert_eq!(flags(&ask(RecordType::A, Asked::Unchecked)), (true, true, true));
    assert_eq!(flags(&ask(RecordType::A, server)), (false, false, false));
    let wants_signatures =
        |message: &Message| message.edns.as_ref().is_some_and(|edns| edns.flags().dnssec_ok);
    assert!(wants_signatures(&ask(RecordType::Soa, server)));
    assert!(!wants_signatures(&ask(RecordType::Mx, server)));
    assert!(!wants_signatures(&ask(RecordType::Soa, Asked::Resolver)));
}
