//! What was seen at the ports of mail hosts.

use std::fmt;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::{ChainCertificate, DnsName, UnixTime};

/// What a port of a mail host is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MailService {
    /// Takes mail from other servers: port 25 (RFC 5321).
    Smtp,
    /// Takes mail from programs, TLS from the first byte: port 465 (RFC 8314).
    Submissions,
    /// Takes mail from programs, TLS by STARTTLS: port 587 (RFC 6409).
    Submission,
    /// Mailboxes, TLS by STARTTLS: port 143 (RFC 3501).
    Imap,
    /// Mailboxes, TLS from the first byte: port 993 (RFC 8314).
    Imaps,
}

impl MailService {
    /// Its registered port.
    pub const fn port(self) -> u16 {
        match self {
            Self::Smtp => 25,
            Self::Submissions => 465,
            Self::Submission => 587,
            Self::Imap => 143,
            Self::Imaps => 993,
        }
    }

    /// Whether TLS begins with the first byte (RFC 8314 section 3), not with a command.
    pub const fn is_tls_first(self) -> bool {
        matches!(self, Self::Submissions | Self::Imaps)
    }

    /// Whether IMAP is spoken, not SMTP.
    pub const fn is_imap(self) -> bool {
        matches!(self, Self::Imap | Self::Imaps)
    }
}

impl fmt::Display for MailService {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Smtp => "SMTP",
            Self::Submissions => "submission over TLS",
            Self::Submission => "submission",
            Self::Imap => "IMAP",
            Self::Imaps => "IMAP over TLS",
        })
    }
}

/// One port of one address of a mail host.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct ProbeTarget {
    /// The name that leads there, as in the MX or SRV record.
    pub host: DnsName,
    /// One of its addresses.
    pub address: IpAddr,
    /// The port.
    pub port: u16,
    /// What should be spoken there.
    pub service: MailService,
}

impl fmt::Display for ProbeTarget {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { host, address, port, .. } = self;
        write!(formatter, "{host} ({address}), port {port}")
    }
}

/// What was learnt of the mail hosts of a domain. Plain data, judged later and elsewhere.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MailHosts {
    /// Whether port 25 of a host that always answers can be reached from where the audit ran, for each address family.
    #[serde(default)]
    pub control: Vec<ControlProbe>,
    /// One entry for each port of each address, in their order.
    #[serde(default)]
    pub probes: Vec<PortProbe>,
}

/// One try to reach port 25 of a host that always answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ControlProbe {
    /// The host that was tried.
    pub host: String,
    /// Its address.
    pub address: IpAddr,
    /// Whether it was reached.
    pub reach: Reach,
}

/// Whether a port was reached.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind", content = "detail")]
pub enum Reach {
    /// A connection stood.
    Open,
    /// The connection was refused.
    Refused,
    /// Nothing came back in time.
    Timeout,
    /// There is no way to the address from where the probe ran; the words say what the system said.
    NoRoute(String),
}

impl Reach {
    /// Whether a connection stood.
    pub const fn is_open(&self) -> bool {
        matches!(self, Self::Open)
    }
}

impl fmt::Display for Reach {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open => formatter.write_str("connected"),
            Self::Refused => formatter.write_str("connection refused"),
            Self::Timeout => formatter.write_str("no answer in time"),
            Self::NoRoute(words) => write!(formatter, "no way there: {words}"),
        }
    }
}

/// Where a probe ran.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ProbeSource {
    /// This program made it.
    Program,
    /// Its output was pasted from another computer.
    Pasted,
}

/// What one port of one address showed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PortProbe {
    /// What was probed.
    pub target: ProbeTarget,
    /// Where the probe ran.
    pub source: ProbeSource,
    /// When it began.
    pub at: UnixTime,
    /// How long all of it took.
    pub duration_millis: u64,
    /// Whether the port was reached.
    pub reach: Reach,
    /// The first words of the server.
    pub greeting: Greeting,
    /// What it said to EHLO, or its IMAP capabilities, before TLS.
    pub hello: Option<Hello>,
    /// What it said to EHLO inside TLS, where more may be offered.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hello_in_tls: Option<Hello>,
    /// What came of TLS.
    pub tls: TlsOutcome,
    /// What was said, line by line.
    pub transcript: Vec<String>,
}

/// The first words of a server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Greeting {
    /// None was waited for: the port was not reached, or TLS failed before it.
    NotHeard,
    /// The server greeted.
    Said {
        /// The reply code; 0 where IMAP is spoken, or where the output that was pasted does not show it.
        code: u16,
        /// The words behind the code.
        words: String,
        /// From the connection to the last byte of it.
        millis: u64,
    },
    /// Nothing came in time.
    Silent {
        /// How long was waited.
        millis: u64,
    },
    /// Something came that is no greeting; the words say what.
    Broken {
        /// What came.
        problem: String,
    },
}

/// An answer to EHLO (RFC 5321 section 4.1.1.1), or the capabilities of an IMAP server.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Hello {
    /// The reply code; 250 is the only good one. 0 for IMAP.
    pub code: u16,
    /// The name that the server gives itself; empty for IMAP.
    pub name: String,
    /// Extensions with their parameters, as sent.
    pub extensions: Vec<String>,
}

impl Hello {
    /// Whether the server names this extension.
    pub fn offers(&self, keyword: &str) -> bool {
        self.parameters(keyword).is_some()
    }

    /// What stands behind the keyword of an extension that is offered.
    pub fn parameters(&self, keyword: &str) -> Option<&str> {
        self.extensions.iter().find_map(|line| {
            let (word, rest) = line.split_once([' ', '=']).unwrap_or((line, ""));
            word.eq_ignore_ascii_case(keyword).then(|| rest.trim())
        })
    }
}

/// What came of TLS on a port.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum TlsOutcome {
    /// The conversation did not get that far.
    NotTried,
    /// The server does not offer STARTTLS (RFC 3207).
    NotOffered,
    /// The server offers STARTTLS and refuses the command.
    Refused {
        /// What it said.
        reply: String,
    },
    /// Bytes in clear text came behind the reply to STARTTLS, where only the handshake may follow.
    Injected,
    /// The handshake failed.
    Failed {
        /// In which way.
        failure: TlsFailure,
        /// What the library said.
        detail: String,
    },
    /// TLS stands.
    Done(Box<TlsFacts>),
}

/// Ways in which a handshake fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TlsFailure {
    /// No version or cipher in common: the server has nothing newer than TLS 1.1, or only old ciphers.
    NothingInCommon,
    /// The server ended the connection.
    Closed,
    /// It did not end in time.
    Timeout,
    /// Anything else.
    Other,
}

/// Versions of TLS that a present-day library speaks. Older ones (RFC 8996) are not tested.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum TlsVersion {
    /// Older than 1.2; only ever seen in pasted output.
    #[serde(rename = "old")]
    Old,
    /// TLS 1.2 (RFC 5246).
    #[serde(rename = "1.2")]
    Tls12,
    /// TLS 1.3 (RFC 8446).
    #[serde(rename = "1.3")]
    Tls13,
}

impl fmt::Display for TlsVersion {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Old => "a TLS older than 1.2",
            Self::Tls12 => "TLS 1.2",
            Self::Tls13 => "TLS 1.3",
        })
    }
}

/// What a handshake showed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TlsFacts {
    /// The best version that both sides have.
    pub version: TlsVersion,
    /// Whether a second handshake with TLS 1.2 alone worked; `None` where it was not tried.
    pub speaks_tls12: Option<bool>,
    /// The cipher suite, by its registered name.
    pub cipher: String,
    /// The certificates in the order in which they were shown; the server's own first.
    pub chain: Vec<ChainCertificate>,
    /// Whether the usual authorities vouch for the chain, whatever name it is for.
    pub trust: ChainTrust,
}

/// Whether the usual authorities vouch for a chain. Names and dates of the first certificate are judged apart.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind", content = "detail")]
pub enum ChainTrust {
    /// They do.
    Trusted,
    /// The server signed its certificate itself.
    SelfSigned,
    /// Nobody known signed it, or the server leaves out an intermediate certificate.
    UnknownIssuer,
    /// A certificate of the chain has run out.
    Expired,
    /// A certificate of the chain is not valid yet.
    NotValidYet,
    /// The authority took it back.
    Revoked,
    /// Anything else; the words say what.
    Other(String),
}

impl ChainTrust {
    /// Whether a verifying client goes on.
    pub const fn is_trusted(&self) -> bool {
        matches!(self, Self::Trusted)
    }
}

impl fmt::Display for ChainTrust {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Trusted => "trusted",
            Self::SelfSigned => "the server made it itself, so nobody else confirms who it is",
            Self::UnknownIssuer => {
                "no known authority confirms who it is, or an intermediate certificate is missing"
            }
            Self::Expired => "it has expired",
            Self::NotValidYet => "it is not valid yet",
            Self::Revoked => "its authority took it back",
            Self::Other(words) => words,
        })
    }
}

impl MailHosts {
    /// Puts what another source learnt in the place of what was learnt here, port by port. What is open nowhere else stays.
    pub fn adopt(&mut self, others: Self) {
        self.control.extend(others.control);
        for other in others.probes {
            self.probes.retain(|probe| probe.target != other.target);
            self.probes.push(other);
        }
        self.probes.sort_by(|one, other| one.target.cmp(&other.target));
    }
}

impl MailHosts {
    /// What was seen from another computer; `None` where all of it was seen from here.
    pub fn pasted(&self) -> Option<Self> {
        let is_pasted = |probe: &&PortProbe| probe.source == ProbeSource::Pasted;
        let probes: Vec<PortProbe> = self.probes.iter().filter(is_pasted).cloned().collect();
        (!probes.is_empty()).then(|| Self { probes, ..Self::default() })
    }
}

impl PortProbe {
    /// A probe that learnt nothing so far.
    pub fn begun(target: ProbeTarget, source: ProbeSource, at: UnixTime) -> Self {
        Self {
            target,
            source,
            at,
            duration_millis: 0,
            reach: Reach::Timeout,
            greeting: Greeting::NotHeard,
            hello: None,
            hello_in_tls: None,
            tls: TlsOutcome::NotTried,
            transcript: Vec::new(),
        }
    }

    /// What TLS showed, where it stands.
    pub fn tls_facts(&self) -> Option<&TlsFacts> {
        match &self.tls {
            TlsOutcome::Done(facts) => Some(facts),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn extensions_are_found_whatever_their_case() {
        let hello = Hello {
            code: 250,
            name: "mail.example".to_owned(),
            extensions: ["SIZE 10240000", "starttls", "AUTH=PLAIN"].map(str::to_owned).to_vec(),
        };
        assert_eq!(hello.parameters("size"), Some("10240000"));
        assert!(hello.offers("STARTTLS") && hello.offers("AUTH") && !hello.offers("START"));
    }

    #[test]
    fn pasted_output_stands_in_for_what_was_not_reached() {
        let target = |port| ProbeTarget {
            host: DnsName::new("mail.example"),
            address: "192.0.2.1".parse().unwrap(),
            port,
            service: MailService::Smtp,
        };
        let begun = |port, source| PortProbe::begun(target(port), source, UnixTime(1));
        let mut hosts = MailHosts {
            control: Vec::new(),
            probes: vec![begun(587, ProbeSource::Program), begun(25, ProbeSource::Program)],
        };
        hosts.adopt(MailHosts { control: Vec::new(), probes: vec![begun(25, ProbeSource::Pasted)] });
        let sources: Vec<_> = hosts.probes.iter().map(|probe| (probe.target.port, probe.source)).collect();
        assert_eq!(sources, [(25, ProbeSource::Pasted), (587, ProbeSource::Program)]);
        let json = serde_json::to_string(&hosts).unwrap();
        assert_eq!(serde_json::from_str::<MailHosts>(&json).unwrap(), hosts);
    }
}
