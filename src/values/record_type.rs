use std::fmt;

use serde::{Deserialize, Serialize};

/// Types of DNS records that the program asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum RecordType {
    /// IPv4 address.
    A,
    /// IPv6 address.
    Aaaa,
    /// Which authorities may issue certificates (RFC 8659).
    Caa,
    /// Alias.
    Cname,
    /// Key that signs a zone (RFC 4034 section 2).
    Dnskey,
    /// What the zone above knows of that key (RFC 4034 section 5).
    Ds,
    /// Mail exchanger.
    Mx,
    /// Name server.
    Ns,
    /// How names that do not exist are hashed (RFC 5155 section 4).
    Nsec3param,
    /// Name of an address.
    Ptr,
    /// Start of a zone.
    Soa,
    /// Service (RFC 2782).
    Srv,
    /// Certificate of a service (RFC 6698).
    Tlsa,
    /// Text.
    Txt,
}

impl RecordType {
    /// As zone files write it.
    pub const fn name(self) -> &'static str {
        match self {
            Self::A => "A",
            Self::Aaaa => "AAAA",
            Self::Caa => "CAA",
            Self::Cname => "CNAME",
            Self::Dnskey => "DNSKEY",
            Self::Ds => "DS",
            Self::Mx => "MX",
            Self::Ns => "NS",
            Self::Nsec3param => "NSEC3PARAM",
            Self::Ptr => "PTR",
            Self::Soa => "SOA",
            Self::Srv => "SRV",
            Self::Tlsa => "TLSA",
            Self::Txt => "TXT",
        }
    }
}

impl fmt::Display for RecordType {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.name())
    }
}
