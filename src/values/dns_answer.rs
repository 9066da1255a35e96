//! A DNS question and its answer, with an honest outcome.

use std::fmt;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::{DnsName, ExtendedError, Outcome, RecordData, RecordType, UnixTime};

/// Whom a question is put to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Asked {
    /// The resolver of the survey, which looks further for us.
    #[default]
    Resolver,
    /// The same resolver, told to leave signatures unchecked (the CD bit, RFC 4035 section 3.2.2).
    Unchecked,
    /// A second resolver, whose word on signatures is heard as well.
    Second,
    /// The second resolver, told to leave signatures unchecked.
    SecondUnchecked,
    /// An authoritative server at this address, without recursion, over UDP first.
    Server(IpAddr),
    /// The same server once more, some seconds later: to see whether it has caught up.
    ServerAgain(IpAddr),
    /// The same over TCP from the start (RFC 7766).
    ServerOverTcp(IpAddr),
}

impl Asked {
    fn is_resolver(&self) -> bool {
        *self == Self::Resolver
    }

    /// Whether a server in charge is asked, not one that looks further for us.
    pub const fn is_direct(self) -> bool {
        matches!(self, Self::Server(_) | Self::ServerAgain(_) | Self::ServerOverTcp(_))
    }
}

/// A question to the DNS, class IN.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct DnsQuestion {
    /// The name asked for.
    pub name: DnsName,
    /// The type asked for.
    pub record_type: RecordType,
    /// Whom it is put to.
    #[serde(default, skip_serializing_if = "Asked::is_resolver")]
    pub asked: Asked,
}

impl DnsQuestion {
    /// A question to the resolver.
    pub fn new(name: DnsName, record_type: RecordType) -> Self {
        Self { name, record_type, asked: Asked::Resolver }
    }

    /// The same question to somebody else.
    #[must_use]
    pub fn to(self, asked: Asked) -> Self {
        Self { asked, ..self }
    }
}

impl fmt::Display for DnsQuestion {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = if self.name.as_str().is_empty() { "." } else { self.name.as_str() };
        write!(formatter, "{} {name}", self.record_type)?;
        match self.asked {
            Asked::Resolver | Asked::Second => Ok(()),
            Asked::Unchecked | Asked::SecondUnchecked => formatter.write_str(" +cd"),
            Asked::Server(address) => write!(formatter, " @{address}"),
            Asked::ServerAgain(address) => write!(formatter, " @{address} again"),
            Asked::ServerOverTcp(address) => write!(formatter, " @{address} +tcp"),
        }
    }
}

/// A signature over records (RFC 4034 section 3).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Signature {
    /// As IANA numbers it.
    pub algorithm: u8,
    /// Short sum of the key that made it.
    pub key_tag: u16,
    /// From when it holds.
    pub inception: UnixTime,
    /// Until when it holds.
    pub expiration: UnixTime,
    /// The zone whose key made it.
    pub signer: DnsName,
}

/// A server that a referral names, with addresses where the referral brings them along.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct NamedServer {
    /// Its name.
    pub name: DnsName,
    /// Its addresses in the additional section; empty where none came along.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub addresses: Vec<IpAddr>,
}

/// What came back for one question, with everything that lets somebody else check it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DnsAnswer {
    /// The question.
    #[serde(flatten)]
    pub question: DnsQuestion,
    /// What came back.
    pub outcome: Outcome,
    /// Records of the type asked; empty unless the outcome is [`Outcome::Answer`].
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub records: Vec<RecordData>,
    /// Names that the question was led to by CNAME records, in order.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub aliases: Vec<DnsName>,
    /// Smallest time to live among the records, in seconds; where there are none, how long that is remembered
    /// (RFC 2308 section 5).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ttl_secs: Option<u32>,
    /// Whether the server says that it is in charge of the name (the AA bit).
    #[serde(default, skip_serializing_if = "is_false")]
    pub is_authoritative: bool,
    /// Whether the resolver says that it has checked the signatures (the AD bit).
    #[serde(default, skip_serializing_if = "is_false")]
    pub is_authentic: bool,
    /// Whether the answer was too long for UDP.
    #[serde(default, skip_serializing_if = "is_false")]
    pub is_too_long_for_udp: bool,
    /// Length of the whole message on the wire.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub size_bytes: Option<u16>,
    /// Signatures over the records, where they were asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub signatures: Vec<Signature>,
    /// Servers that a referral names for exactly the name that was asked.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub delegation: Vec<NamedServer>,
    /// What the server says about a failure in its own code.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub extended_error: Option<ExtendedError>,
    /// The server that was asked.
    pub server: String,
    /// When it was asked.
    pub at: UnixTime,
    /// How long the answer took, retries included.
    pub duration_millis: u64,
}

impl DnsAnswer {
    /// An answer without records, aliases and times.
    pub fn empty(question: DnsQuestion, outcome: Outcome) -> Self {
        Self {
            question,
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
            server: String::new(),
            at: UnixTime::default(),
            duration_millis: 0,
        }
    }

    /// The texts of TXT records, each with its strings joined without a blank.
    pub fn texts(&self) -> impl Iterator<Item = Vec<u8>> + '_ {
        self.records.iter().filter_map(|record| match record {
            RecordData::Txt(strings) => Some(strings.joined()),
            _ => None,
        })
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands a reference over")]
fn is_false(value: &bool) -> bool {
    !*value
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::values::TxtStrings;

    #[test]
    fn an_answer_survives_json() {
        let answer = DnsAnswer {
            records: vec![
                RecordData::Txt(TxtStrings::new(vec![b"v=spf1 \xff".to_vec(), b"-all".to_vec()])),
                RecordData::Mx { preference: 10, exchange: DnsName::new("mail.example.") },
            ],
            ..DnsAnswer::empty(
                DnsQuestion::new(DnsName::new("a.example"), RecordType::Txt),
                Outcome::Broken("no route".to_owned()),
            )
        };
        let json = serde_json::to_string(&answer).unwrap();
        assert!(json.contains(r#""record_type":"TXT""#), "{json}");
        assert_eq!(serde_json::from_str::<DnsAnswer>(&json).unwrap(), answer);
        assert_eq!(answer.question.to_string(), "TXT a.example");
        assert!(!json.contains("asked") && !json.contains("is_authentic"), "{json}");
    }

    #[test]
    fn an_answer_of_another_server_is_another_answer() {
        let question = DnsQuestion::new(DnsName::new("a.example"), RecordType::Soa);
        let server = question.clone().to(Asked::Server("192.0.2.53".parse().unwrap()));
        assert_ne!(question, server);
        assert_eq!(server.to_string(), "SOA a.example @192.0.2.53");
        let answer = DnsAnswer {
            is_authoritative: true,
            delegation: vec![NamedServer { name: DnsName::new("ns.a.example"), addresses: Vec::new() }],
            extended_error: Some(ExtendedError { code: 7, text: String::new() }),
            ..DnsAnswer::empty(server, Outcome::Referral)
        };
        let json = serde_json::to_string(&answer).unwrap();
        assert_eq!(serde_json::from_str::<DnsAnswer>(&json).unwrap(), answer, "{json}");
    }
}
