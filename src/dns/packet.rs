//! DNS messages: building a query, and reading what an answer to it says. No sockets.

use hickory_proto::op::{Edns, Message, MessageType, Query, ResponseCode};
use hickory_proto::rr::{self, DNSClass, Name, RData, Record};

use crate::values::{DnsName, DnsQuestion, Outcome, RecordData, RecordType, TxtStrings};

/// UDP payload that passes everywhere without fragments (DNS flag day 2020).
pub(super) const UDP_PAYLOAD_BYTES: u16 = 1232;

/// Longer chains are taken for loops.
const MAX_ALIASES: usize = 16;

/// More records of one type than any honest mail domain has; the rest is dropped.
const MAX_RECORDS: usize = 500;

/// What one datagram or stream message says about the question.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Reading {
    /// Belongs to another question: go on waiting.
    NotOurs,
    /// Cut off: ask again over TCP.
    Truncated,
    /// The server does not understand EDNS: ask again without.
    NoEdns,
    /// What came back.
    Said(Said),
}

/// Content of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Said {
    pub outcome: Outcome,
    pub records: Vec<RecordData>,
    pub aliases: Vec<DnsName>,
    pub ttl_secs: Option<u32>,
    /// Whether a server said it; false for what the network or a timer said.
    pub was_heard: bool,
}

impl Said {
    pub(super) fn nothing(outcome: Outcome) -> Self {
        Self { outcome, records: Vec::new(), aliases: Vec::new(), ttl_secs: None, was_heard: true }
    }

    /// Nothing was heard.
    pub(super) fn silence(outcome: Outcome) -> Self {
        Self { was_heard: false, ..Self::nothing(outcome) }
    }
}

/// A query on its way, as far as answers must match it.
pub(super) struct Asked {
    id: u16,
    name: Name,
    record_type: rr::RecordType,
    has_edns: bool,
    /// The query as it goes over UDP, and after its length over TCP.
    pub bytes: Vec<u8>,
}

/// Builds a recursive query; `None` where the name cannot be carried by DNS (RFC 1035 section 2.3.4).
pub(super) fn build(question: &DnsQuestion, with_edns: bool) -> Option<Asked> {
    let mut name = Name::from_labels(
        question.name.as_str().split('.').filter(|_| !is_root(&question.name)).map(str::as_bytes),
    )
    .ok()?;
    name.set_fqdn(true);
    let record_type = wire_type(question.record_type);
    let mut message = Message::query();
    message.metadata.recursion_desired = true;
    message.add_query(Query::query(name.clone(), record_type));
    if with_edns {
        let mut edns = Edns::new();
        edns.set_max_payload(UDP_PAYLOAD_BYTES);
        message.set_edns(edns);
    }
    let bytes = message.to_vec().ok()?;
    Some(Asked { id: message.metadata.id, name, record_type, has_edns: with_edns, bytes })
}

fn is_root(name: &DnsName) -> bool {
    name.as_str().is_empty()
}

/// Reads a message that came back for `asked`.
pub(super) fn read(asked: &Asked, bytes: &[u8]) -> Reading {
    let Some((&[high, low], _)) = bytes.split_first_chunk::<2>() else {
        return Reading::NotOurs;
    };
    if u16::from_be_bytes([high, low]) != asked.id {
        return Reading::NotOurs;
    }
    let message = match Message::from_vec(bytes) {
        Ok(message) => message,
        Err(error) => {
            let is_cut_off = bytes.get(2).is_some_and(|flags| flags & 0b10 != 0);
            return if is_cut_off {
                Reading::Truncated
            } else {
                Reading::Said(Said::nothing(Outcome::Broken(format!("the answer cannot be read: {error}"))))
            };
        }
    };
    let is_ours = message.metadata.message_type == MessageType::Response
        && match message.queries.as_slice() {
            // Some servers leave the question out when they refuse or do not understand.
            [] => message.metadata.response_code != ResponseCode::NoError,
            [query] => {
                query.name == asked.name
                    && query.query_type == asked.record_type
                    && query.query_class == DNSClass::IN
            }
            _ => false,
        };
    if !is_ours {
        return Reading::NotOurs;
    }
    if message.metadata.truncation {
        return Reading::Truncated;
    }
    match message.metadata.response_code {
        ResponseCode::NoError | ResponseCode::NXDomain => Reading::Said(read_answers(asked, &message)),
        ResponseCode::FormErr | ResponseCode::NotImp | ResponseCode::BADVERS if asked.has_edns => {
            Reading::NoEdns
        }
        ResponseCode::ServFail => Reading::Said(Said::nothing(Outcome::ServFail)),
        ResponseCode::Refused => Reading::Said(Said::nothing(Outcome::Refused)),
        other => Reading::Said(Said::nothing(Outcome::Broken(format!("the resolver answered “{other}”")))),
    }
}

fn read_answers(asked: &Asked, message: &Message) -> Said {
    let mut owner = asked.name.clone();
    let mut aliases = Vec::new();
    let mut ttl_secs: Option<u32> = None;
    let mut lower_ttl = |ttl: u32| ttl_secs = Some(ttl_secs.map_or(ttl, |known| known.min(ttl)));
    if asked.record_type != rr::RecordType::CNAME {
        while let Some((target, ttl)) = alias_of(message, &owner) {
            if aliases.len() >= MAX_ALIASES {
                return Said::nothing(Outcome::Broken(
                    "the name is an alias that leads round in a circle".to_owned(),
                ));
            }
            lower_ttl(ttl);
            aliases.push(dns_name(target));
            owner = target.clone();
        }
    }
    let mut records = Vec::new();
    for record in message
        .answers
        .iter()
        .filter(|record| is_about(record, &owner) && record.record_type() == asked.record_type)
    {
        if let Some(data) = record_data(&record.data) {
            lower_ttl(record.ttl);
            records.push(data);
        }
    }
    records.truncate(MAX_RECORDS);
    // Round-robin servers shuffle: the same zone must always give the same facts.
    records.sort();
    let outcome = if !records.is_empty() {
        Outcome::Answer
    } else if message.metadata.response_code == ResponseCode::NXDomain {
        Outcome::NxDomain
    } else if is_referral(message) {
        Outcome::Broken("the server only points to other servers, it is no resolver".to_owned())
    } else {
        Outcome::NoData
    };
    Said { outcome, records, aliases, ttl_secs, was_heard: true }
}

/// Whether a record is of this name, and of the Internet: the same name in another class is another name.
fn is_about(record: &Record, owner: &Name) -> bool {
    record.name == *owner && record.dns_class == DNSClass::IN
}

fn alias_of<'a>(message: &'a Message, owner: &Name) -> Option<(&'a Name, u32)> {
    message.answers.iter().find_map(|record| match &record.data {
        RData::CNAME(target) if is_about(record, owner) => Some((&target.0, record.ttl)),
        _ => None,
    })
}

/// An answer that only names other servers says nothing about the question.
fn is_referral(message: &Message) -> bool {
    let has = |wanted| message.authorities.iter().any(|record| record.record_type() == wanted);
    message.answers.is_empty()
        && !message.metadata.authoritative
        && !message.metadata.recursion_available
        && has(rr::RecordType::NS)
        && !has(rr::RecordType::SOA)
}

fn wire_type(record_type: RecordType) -> rr::RecordType {
    match record_type {
        RecordType::A => rr::RecordType::A,
        RecordType::Aaaa => rr::RecordType::AAAA,
        RecordType::Cname => rr::RecordType::CNAME,
        RecordType::Mx => rr::RecordType::MX,
        RecordType::Ns => rr::RecordType::NS,
        RecordType::Ptr => rr::RecordType::PTR,
        RecordType::Soa => rr::RecordType::SOA,
        RecordType::Srv => rr::RecordType::SRV,
        RecordType::Txt => rr::RecordType::TXT,
    }
}

fn record_data(data: &RData) -> Option<RecordData> {
    Some(match data {
        RData::A(address) => RecordData::A(address.0),
        RData::AAAA(address) => RecordData::Aaaa(address.0),
        RData::CNAME(name) => RecordData::Cname(dns_name(&name.0)),
        RData::NS(name) => RecordData::Ns(dns_name(&name.0)),
        RData::PTR(name) => RecordData::Ptr(dns_name(&name.0)),
        RData::MX(mx) => RecordData::Mx { preference: mx.preference, exchange: dns_name(&mx.exchange) },
        RData::SRV(srv) => RecordData::Srv {
            priority: srv.priority,
            weight: srv.weight,
            port: srv.port,
            target: dns_name(&srv.target),
        },
        RData::SOA(soa) => RecordData::Soa {
            primary: dns_name(&soa.mname),
            mailbox: dns_name(&soa.rname),
            serial: soa.serial,
            minimum_secs: soa.minimum,
        },
        RData::TXT(text) => {
            RecordData::Txt(TxtStrings::new(text.txt_data.iter().map(|string| string.to_vec()).collect()))
        }
        _ => return None,
    })
}

/// The name as text, with what would mislead a reader (dots and control characters inside labels) as `\DDD`.
fn dns_name(name: &Name) -> DnsName {
    let mut text = String::new();
    for label in name {
        if !text.is_empty() {
            text.push('.');
        }
        for &byte in label {
            if byte.is_ascii_graphic() && byte != b'.' && byte != b'\\' {
                text.push(char::from(byte));
            } else {
                text.extend(["\\", &format!("{byte:03}")]);
            }
        }
    }
    DnsName::new(&text)
}

#[cfg(test)]
#[path = "packet_tests.rs"]
mod packet_tests;
