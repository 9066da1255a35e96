use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

use serde::{Deserialize, Serialize};

use super::{DnsName, TxtStrings, UnixTime};

/// Outcome of a DNS question, kept apart as honestly as the protocol allows.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind", content = "detail")]
pub enum Outcome {
    /// NOERROR with records of the type asked.
    Answer,
    /// NOERROR without such records.
    NoData,
    /// The name does not exist.
    NxDomain,
    /// The resolver could not find out.
    ServFail,
    /// The resolver does not want to answer.
    Refused,
    /// No answer in time.
    Timeout,
    /// Nothing that could be read came back, or the server could not be reached; the words say what.
    Broken(String),
}

impl Outcome {
    /// Whether the DNS said something about the name: records, none of that type, or no such name.
    pub fn is_known(&self) -> bool {
        matches!(self, Self::Answer | Self::NoData | Self::NxDomain)
    }

    /// Whether the DNS said that there are no such records (RFC 7208 section 4.6.4 calls it void).
    pub fn is_void(&self) -> bool {
        matches!(self, Self::NoData | Self::NxDomain)
    }
}

impl fmt::Display for Outcome {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Answer => "NOERROR",
            Self::NoData => "NODATA",
            Self::NxDomain => "NXDOMAIN",
            Self::ServFail => "SERVFAIL",
            Self::Refused => "REFUSED",
            Self::Timeout => "timeout",
            Self::Broken(words) => words,
        })
    }
}

/// Types of DNS records that the program asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum RecordType {
    /// IPv4 address.
    A,
    /// IPv6 address.
    Aaaa,
    /// Alias.
    Cname,
    /// Mail exchanger.
    Mx,
    /// Name server.
    Ns,
    /// Name of an address.
    Ptr,
    /// Start of a zone.
    Soa,
    /// Service (RFC 2782).
    Srv,
    /// Text.
    Txt,
}

impl fmt::Display for RecordType {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(match self {
            Self::A => "A",
            Self::Aaaa => "AAAA",
            Self::Cname => "CNAME",
            Self::Mx => "MX",
            Self::Ns => "NS",
            Self::Ptr => "PTR",
            Self::Soa => "SOA",
            Self::Srv => "SRV",
            Self::Txt => "TXT",
        })
    }
}

/// Data of one DNS record.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RecordData {
    /// IPv4 address.
    A(Ipv4Addr),
    /// IPv6 address.
    Aaaa(Ipv6Addr),
    /// The name that an alias stands for.
    Cname(DnsName),
    /// Mail exchanger (RFC 5321 section 5).
    Mx {
        /// Lower is tried first.
        preference: u16,
        /// The host; the root means “no mail” (RFC 7505).
        exchange: DnsName,
    },
    /// Name server.
    Ns(DnsName),
    /// Name of an address.
    Ptr(DnsName),
    /// Start of a zone.
    Soa {
        /// Primary name server.
        primary: DnsName,
        /// Mailbox of whoever runs the zone, as a name.
        mailbox: DnsName,
        /// Version of the zone.
        serial: u32,
        /// How long “does not exist” is remembered, in seconds (RFC 2308).
        minimum_secs: u32,
    },
    /// Service (RFC 2782).
    Srv {
        /// Lower is tried first.
        priority: u16,
        /// Share among equal priorities.
        weight: u16,
        /// TCP or UDP port.
        port: u16,
        /// The host; the root means “not offered”.
        target: DnsName,
    },
    /// Text, in the strings in which it was sent.
    Txt(TxtStrings),
}

impl fmt::Display for RecordData {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::A(address) => write!(formatter, "{address}"),
            Self::Aaaa(address) => write!(formatter, "{address}"),
            Self::Cname(name) | Self::Ns(name) | Self::Ptr(name) => write!(formatter, "{name}."),
            Self::Mx { preference, exchange } => write!(formatter, "{preference} {exchange}."),
            Self::Soa { primary, mailbox, serial, minimum_secs } => {
                write!(formatter, "{primary}. {mailbox}. {serial} (negative TTL {minimum_secs})")
            }
            Self::Srv { priority, weight, port, target } => {
                write!(formatter, "{priority} {weight} {port} {target}.")
            }
            Self::Txt(text) => write!(formatter, "{text}"),
        }
    }
}

/// A question to the DNS, class IN.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct DnsQuestion {
    /// The name asked for.
    pub name: DnsName,
    /// The type asked for.
    pub record_type: RecordType,
}

impl DnsQuestion {
    /// Puts a question together.
    pub fn new(name: DnsName, record_type: RecordType) -> Self {
        Self { name, record_type }
    }
}

impl fmt::Display for DnsQuestion {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = if self.name.as_str().is_empty() { "." } else { self.name.as_str() };
        write!(formatter, "{} {name}", self.record_type)
    }
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
    /// Smallest time to live among the records, in seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ttl_secs: Option<u32>,
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

#[cfg(test)]
mod tests {
    use super::*;

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
    }
}
