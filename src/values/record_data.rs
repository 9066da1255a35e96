//! The data of DNS records, parsed, and as zone files write it.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use serde::{Deserialize, Serialize};

use super::{DnsName, HexBytes, TxtStrings};

/// Data of one DNS record.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RecordData {
    /// IPv4 address.
    A(Ipv4Addr),
    /// IPv6 address.
    Aaaa(Ipv6Addr),
    /// Which authority may issue certificates (RFC 8659 section 4).
    Caa {
        /// Whether an authority that does not know the tag must not issue.
        is_critical: bool,
        /// `issue`, `issuewild`, `iodef` …
        tag: String,
        /// The authority, or where it reports to.
        value: String,
    },
    /// The name that an alias stands for.
    Cname(DnsName),
    /// Key that signs the zone (RFC 4034 section 2).
    Dnskey {
        /// 256 is a zone key, 257 one that the zone above knows.
        flags: u16,
        /// As IANA numbers it.
        algorithm: u8,
        /// Short sum of the key (RFC 4034 appendix B).
        key_tag: u16,
    },
    /// What the zone above knows of a key (RFC 4034 section 5).
    Ds {
        /// Short sum of the key.
        key_tag: u16,
        /// The key's algorithm.
        algorithm: u8,
        /// How the digest was made.
        digest_type: u8,
        /// The digest of the key.
        digest: HexBytes,
    },
    /// Mail exchanger (RFC 5321 section 5).
    Mx {
        /// Lower is tried first.
        preference: u16,
        /// The host; the root means “no mail” (RFC 7505).
        exchange: DnsName,
    },
    /// Name server.
    Ns(DnsName),
    /// How names that do not exist are hashed (RFC 5155 section 4).
    Nsec3param {
        /// 1 is SHA-1.
        algorithm: u8,
        /// Rounds beyond the first.
        iterations: u16,
        /// Bytes that are hashed along.
        salt_bytes: u8,
    },
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
        /// How often secondaries look for a new version, in seconds.
        refresh_secs: u32,
        /// How long they wait after a failure, in seconds.
        retry_secs: u32,
        /// How long they answer without having heard of the primary, in seconds.
        expire_secs: u32,
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
    /// Certificate of a service (RFC 6698 section 2).
    Tlsa {
        /// Which certificate is meant.
        usage: u8,
        /// The whole of it, or its key.
        selector: u8,
        /// As it is, or its digest.
        matching: u8,
        /// What is compared.
        data: HexBytes,
    },
    /// Text, in the strings in which it was sent.
    Txt(TxtStrings),
}

impl fmt::Display for RecordData {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::A(address) => write!(formatter, "{address}"),
            Self::Aaaa(address) => write!(formatter, "{address}"),
            Self::Caa { is_critical, tag, value } => {
                write!(formatter, "{} {tag} \"{value}\"", if *is_critical { 128 } else { 0 })
            }
            Self::Dnskey { flags, algorithm, key_tag } => {
                write!(formatter, "{flags} 3 {algorithm} (key tag {key_tag})")
            }
            Self::Ds { key_tag, algorithm, digest_type, digest } => {
                write!(formatter, "{key_tag} {algorithm} {digest_type} {digest}")
            }
            Self::Nsec3param { algorithm, iterations, salt_bytes } => {
                write!(formatter, "{algorithm} 0 {iterations} (salt of {salt_bytes} bytes)")
            }
            Self::Tlsa { usage, selector, matching, data } => {
                write!(formatter, "{usage} {selector} {matching} {data}")
            }
            Self::Cname(name) | Self::Ns(name) | Self::Ptr(name) => write!(formatter, "{name}."),
            Self::Mx { preference, exchange } => write!(formatter, "{preference} {exchange}."),
            Self::Soa { primary, mailbox, serial, refresh_secs, retry_secs, expire_secs, minimum_secs } => {
                write!(
                    formatter,
                    "{primary}. {mailbox}. {serial} {refresh_secs} {retry_secs} {expire_secs} {minimum_secs}"
                )
            }
            Self::Srv { priority, weight, port, target } => {
                write!(formatter, "{priority} {weight} {port} {target}.")
            }
            Self::Txt(text) => write!(formatter, "{text}"),
        }
    }
}

impl RecordData {
    /// The address in an A or AAAA record.
    pub fn address(&self) -> Option<IpAddr> {
        match self {
            Self::A(address) => Some(IpAddr::V4(*address)),
            Self::Aaaa(address) => Some(IpAddr::V6(*address)),
            _ => None,
        }
    }
}
