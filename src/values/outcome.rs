use std::fmt;

use serde::{Deserialize, Serialize};

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
    /// The server only names others that know (RFC 1034 section 4.3.1).
    Referral,
    /// The resolver could not find out.
    ServFail,
    /// The server does not want to answer.
    Refused,
    /// The resolver holds the answer back, by a rule of its own or of somebody else (RFC 8914 codes 15 to 17).
    Filtered,
    /// No answer in time.
    Timeout,
    /// No way leads to the server from here: a private address, or no route.
    OutOfReach,
    /// Nothing that could be read came back; the words say what.
    Broken(String),
}

impl Outcome {
    /// Whether the DNS said something about the name: records, none of that type, or no such name.
    pub fn is_known(&self) -> bool {
        matches!(self, Self::Answer | Self::NoData | Self::NxDomain)
    }

    /// What came of it, for people.
    pub fn words(&self) -> &str {
        match self {
            Self::Answer => "answered",
            Self::NoData => "no such record",
            Self::NxDomain => "the name does not exist",
            Self::Referral => "the server only points to other servers, it is no resolver",
            Self::ServFail => "the resolver could not find out (SERVFAIL)",
            Self::Refused => "the resolver refused to answer",
            Self::Filtered => "the resolver holds the answer back",
            Self::Timeout => "no answer in time",
            Self::OutOfReach => "no way leads there from this computer",
            Self::Broken(words) => words,
        }
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
            Self::Referral => "referral",
            Self::ServFail => "SERVFAIL",
            Self::Refused => "REFUSED",
            Self::Filtered => "filtered",
            Self::Timeout => "timeout",
            Self::OutOfReach => "out of reach",
            Self::Broken(words) => words,
        })
    }
}

/// Why a server gave no better answer, in its own code (RFC 8914).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExtendedError {
    /// The INFO-CODE, as IANA lists it.
    pub code: u16,
    /// What the server adds for people; may be empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub text: String,
}

impl ExtendedError {
    /// Whether the code is about signatures: 1, 2 and 5 to 12.
    pub fn is_about_dnssec(&self) -> bool {
        matches!(self.code, 1 | 2 | 5..=12)
    }

    /// Whether the code says that an answer is held back: blocked, censored or filtered.
    pub fn is_filter(&self) -> bool {
        (15..=17).contains(&self.code)
    }

    /// What the code means (RFC 8914 section 4), as far as a reader can use it.
    pub const fn meaning(&self) -> &'static str {
        match self.code {
            1 => "unsupported DNSKEY algorithm",
            2 => "unsupported DS digest",
            3 => "stale answer",
            5 => "DNSSEC indeterminate",
            6 => "DNSSEC bogus",
            7 => "signature expired",
            8 => "signature not yet valid",
            9 => "DNSKEY missing",
            10 => "signatures missing",
            11 => "no zone key",
            12 => "denial of existence missing",
            15 => "blocked",
            16 => "censored",
            17 => "filtered",
            18 => "prohibited",
            20 => "not authoritative",
            22 => "no reachable authority",
            23 => "network error",
            24 => "invalid data",
            _ => "other",
        }
    }
}

impl fmt::Display for ExtendedError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "extended error {} ({})", self.code, self.meaning())?;
        if self.text.is_empty() { Ok(()) } else { write!(formatter, ": {}", self.text) }
    }
}
