//! Builds DNS queries and reads their answers. No sockets.

use std::net::IpAddr;

use hickory_proto::op::{Edns, Message, MessageType, Query, ResponseCode};
use hickory_proto::rr::rdata::opt::{EdnsCode, EdnsOption};
use hickory_proto::rr::{self, DNSClass, Name, RData, Record};

use super::rdata;
use crate::values::{
    Asked, DnsName, DnsQuestion, ExtendedError, NamedServer, Outcome, RecordData, RecordType, Signature,
};

/// Servers of one zone that a referral may name, and addresses of each.
const MAX_SERVERS_NAMED: usize = 32;
const MAX_GLUE: usize = 8;

/// UDP payload that passes everywhere without fragments (DNS flag day 2020).
pub(super) const UDP_PAYLOAD_BYTES: u16 = 1232;

/// Longer chains count as loops.
const MAX_ALIASES: usize = 16;

/// Number of the EDNS option with the extended error (RFC 8914 section 2).
const EXTENDED_ERROR: u16 = 15;

/// Longer server texts are cut.
const MAX_ERROR_CHARACTERS: usize = 200;

/// More records of one type than any honest mail domain has; the rest is dropped.
const MAX_RECORDS: usize = 500;

/// What one datagram or stream message says about the question.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Reading {
    /// Belongs to another question: keep waiting.
    NotOurs,
    /// Truncated: ask again over TCP.
    Truncated,
    /// The server does not understand EDNS: ask again without.
    NoEdns,
    /// What came back.
    Said(Said),
}

/// Content of an answer.
#[derive(Clone, Debug, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "independent bits of one answer")]
pub(super) struct Said {
    pub outcome: Outcome,
    pub records: Vec<RecordData>,
    pub aliases: Vec<DnsName>,
    pub ttl_secs: Option<u32>,
    pub is_authoritative: bool,
    pub is_authentic: bool,
    pub is_too_long_for_udp: bool,
    pub size_bytes: Option<u16>,
    pub signatures: Vec<Signature>,
    pub delegation: Vec<NamedServer>,
    pub extended_error: Option<ExtendedError>,
    /// Whether it comes from a server, not from the network or a timer.
    pub was_heard: bool,
}

impl Said {
    pub(super) fn nothing(outcome: Outcome) -> Self {
        Self {
            outcome,
            records: Vec::new(),
            aliases: Vec::new(),
            ttl_secs: None,
            is_authoritative: false,
            is_authentic: false,
            is_too_long_for_udp: false,
            size_bytes: None,
            signatures: Vec::new(),
            delegation: Vec::new(),
            extended_error: None,
            was_heard: true,
        }
    }

    /// No answer arrived.
    pub(super) fn silence(outcome: Outcome) -> Self {
        Self { was_heard: false, ..Self::nothing(outcome) }
    }
}

/// A query under way, with what its answer must match.
pub(super) struct Sent {
    id: u16,
    name: Name,
    record_type: rr::RecordType,
    has_edns: bool,
    /// Whether an authoritative server is asked, without recursion.
    is_direct: bool,
    /// The query as sent over UDP; over TCP its length comes first.
    pub bytes: Vec<u8>,
}

/// Builds a query; `None` if DNS cannot carry the name (RFC 1035 section 2.3.4).
pub(super) fn build(question: &DnsQuestion, with_edns: bool) -> Option<Sent> {
    let mut name = Name::from_labels(
        question.name.as_str().split('.').filter(|_| !is_root(&question.name)).map(str::as_bytes),
    )
    .ok()?;
    name.set_fqdn(true);
    let record_type = wire_type(question.record_type);
    let is_direct = question.asked.is_direct();
    let mut message = Message::query();
    message.metadata.recursion_desired = !is_direct;
    // With the AD bit in the query, a resolver says whether it validated the answer (RFC 6840 section 5.7).
    message.metadata.authentic_data = !is_direct;
    message.metadata.checking_disabled = matches!(question.asked, Asked::Unchecked | Asked::SecondUnchecked);
    message.add_query(Query::query(name.clone(), record_type));
    if with_edns {
        let mut edns = Edns::new();
        edns.set_max_payload(UDP_PAYLOAD_BYTES);
        // Signatures make answers long, so they are requested only where they are read.
        let has_signatures = matches!(question.record_type, RecordType::Soa | RecordType::Dnskey);
        edns.set_dnssec_ok(is_direct && has_signatures);
        message.set_edns(edns);
    }
    let bytes = message.to_vec().ok()?;
    Some(Sent { id: message.metadata.id, name, record_type, has_edns: with_edns, is_direct, bytes })
}

fn is_root(name: &DnsName) -> bool {
    name.as_str().is_empty()
}

/// Reads a message that came back for `asked`.
pub(super) fn read(asked: &Sent, bytes: &[u8]) -> Reading {
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
    let mut said = match message.metadata.response_code {
        ResponseCode::NoError | ResponseCode::NXDomain => read_answers(asked, &message),
        ResponseCode::FormErr | ResponseCode::NotImp | ResponseCode::BADVERS if asked.has_edns => {
            return Reading::NoEdns;
        }
        ResponseCode::ServFail => Said::nothing(Outcome::ServFail),
        ResponseCode::Refused => Said::nothing(Outcome::Refused),
        other => Said::nothing(Outcome::Broken(format!("the server answered “{other}”"))),
    };
    said.is_authoritative = message.metadata.authoritative;
    said.is_authentic = message.metadata.authentic_data;
    said.size_bytes = u16::try_from(bytes.len()).ok();
    said.extended_error = extended_error(&message);
    let is_held_back = said.extended_error.as_ref().is_some_and(ExtendedError::is_filter);
    if is_held_back {
        // An answer forged by a filter says nothing about the name.
        said = Said { outcome: Outcome::Filtered, records: Vec::new(), aliases: Vec::new(), ..said };
    }
    Reading::Said(said)
}

/// The extended error (RFC 8914), if the server sends one.
fn extended_error(message: &Message) -> Option<ExtendedError> {
    let option = message.edns.as_ref()?.option(EdnsCode::Unknown(EXTENDED_ERROR))?;
    let EdnsOption::Unknown(_, bytes) = option else { return None };
    let (code, text) = bytes.split_first_chunk::<2>()?;
    let text: String = String::from_utf8_lossy(text).chars().take(MAX_ERROR_CHARACTERS).collect();
    Some(ExtendedError { code: u16::from_be_bytes(*code), text: text.trim_end_matches('\0').to_owned() })
}

fn read_answers(asked: &Sent, message: &Message) -> Said {
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
            aliases.push(rdata::dns_name(target));
            owner = target.clone();
        }
    }
    let mut records = Vec::new();
    let mut signatures = Vec::new();
    for record in message.answers.iter().filter(|record| is_about(record, &owner)) {
        if record.record_type() == rr::RecordType::RRSIG {
            signatures.extend(rdata::signature(&record.data, asked.record_type));
        } else if record.record_type() == asked.record_type
            && let Some(data) = rdata::record_data(&record.data)
        {
            lower_ttl(record.ttl);
            records.push(data);
        }
    }
    records.truncate(MAX_RECORDS);
    signatures.truncate(MAX_RECORDS);
    // Round-robin servers shuffle: the same zone must always give the same facts.
    records.sort();
    signatures.sort();
    let mut delegation = Vec::new();
    let outcome = if !records.is_empty() {
        Outcome::Answer
    } else if message.metadata.response_code == ResponseCode::NXDomain {
        Outcome::NxDomain
    } else if is_referral(message, asked.is_direct) {
        delegation = named_servers(message, &asked.name, &mut lower_ttl);
        Outcome::Referral
    } else {
        Outcome::NoData
    };
    if outcome.is_void()
        && let Some(secs) = negative_ttl(message)
    {
        lower_ttl(secs);
    }
    Said { records, aliases, ttl_secs, signatures, delegation, ..Said::nothing(outcome) }
}

/// How long a negative answer is cached (RFC 2308 section 5).
fn negative_ttl(message: &Message) -> Option<u32> {
    message.authorities.iter().find_map(|record| match &record.data {
        RData::SOA(soa) => Some(record.ttl.min(soa.minimum)),
        _ => None,
    })
}

/// The servers that a referral names for exactly this name, with their glue addresses.
fn named_servers(message: &Message, name: &Name, lower_ttl: &mut impl FnMut(u32)) -> Vec<NamedServer> {
    let mut servers = Vec::new();
    for record in message.authorities.iter().filter(|record| is_about(record, name)) {
        let RData::NS(host) = &record.data else { continue };
        lower_ttl(record.ttl);
        let addresses = message.additionals.iter().filter(|glue| is_about(glue, &host.0));
        let mut addresses: Vec<IpAddr> =
            addresses.filter_map(|glue| rdata::record_data(&glue.data)?.address()).take(MAX_GLUE).collect();
        addresses.sort();
        servers.push(NamedServer { name: rdata::dns_name(&host.0), addresses });
        if servers.len() >= MAX_SERVERS_NAMED {
            break;
        }
    }
    servers.sort();
    servers
}

/// Whether a record belongs to this name in class IN: the same name in another class is another name.
fn is_about(record: &Record, owner: &Name) -> bool {
    record.name == *owner && record.dns_class == DNSClass::IN
}

fn alias_of<'a>(message: &'a Message, owner: &Name) -> Option<(&'a Name, u32)> {
    message.answers.iter().find_map(|record| match &record.data {
        RData::CNAME(target) if is_about(record, owner) => Some((&target.0, record.ttl)),
        _ => None,
    })
}

/// An answer that only names other servers says nothing about the question. One that was asked without recursion may
/// refer to others although it would look further for its own clients.
fn is_referral(message: &Message, is_direct: bool) -> bool {
    let has = |wanted| message.authorities.iter().any(|record| record.record_type() == wanted);
    message.answers.is_empty()
        && !message.metadata.authoritative
        && (is_direct || !message.metadata.recursion_available)
        && has(rr::RecordType::NS)
        && !has(rr::RecordType::SOA)
}

pub(super) fn wire_type(record_type: RecordType) -> rr::RecordType {
    match record_type {
        RecordType::A => rr::RecordType::A,
        RecordType::Aaaa => rr::RecordType::AAAA,
        RecordType::Caa => rr::RecordType::CAA,
        RecordType::Cname => rr::RecordType::CNAME,
        RecordType::Dnskey => rr::RecordType::DNSKEY,
        RecordType::Ds => rr::RecordType::DS,
        RecordType::Mx => rr::RecordType::MX,
        RecordType::Ns => rr::RecordType::NS,
        RecordType::Nsec3param => rr::RecordType::NSEC3PARAM,
        RecordType::Ptr => rr::RecordType::PTR,
        RecordType::Soa => rr::RecordType::SOA,
        RecordType::Srv => rr::RecordType::SRV,
        RecordType::Tlsa => rr::RecordType::TLSA,
        RecordType::Txt => rr::RecordType::TXT,
    }
}

#[cfg(test)]
#[path = "packet_tests.rs"]
mod packet_tests;
