//! Domain names of mail addresses and names in the DNS (RFC 5890, RFC 1035).

use std::fmt;
use std::str::FromStr;

use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// A mail domain or host name, kept as A-labels (RFC 5890) with its Unicode form for display.
///
/// Always lower case, without a trailing dot, with at least two labels, and at most 253 bytes long.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct DomainName {
    ascii: String,
    unicode: String,
}

/// Why a text is not a domain name. The words name the part that is wrong and the way out.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum DomainNameError {
    /// Nothing was typed.
    #[error("no domain was given: enter a name such as example.org")]
    Empty,
    /// An e-mail address or a web address was typed.
    #[error("“{0}” is an address, not a domain: enter only the part after the “@” or between the slashes")]
    AnAddress(String),
    /// A bare word such as `localhost`.
    #[error("“{0}” has no dot: a mail domain has at least two parts, like example.org")]
    SingleLabel(String),
    /// An IP address.
    #[error("“{0}” is an IP address: enter the domain of your mail addresses")]
    AnIpAddress(String),
    /// Characters, hyphens or lengths that IDNA (UTS 46) and DNS forbid.
    #[error(
        "“{0}” is not a domain name: use letters, digits and hyphens, with at most 63 characters between dots"
    )]
    Invalid(String),
}

impl DomainName {
    /// Reads a domain in either form; a trailing dot and outer blanks are accepted.
    pub fn parse(text: &str) -> Result<Self, DomainNameError> {
        let name = text.trim();
        let name = name.strip_suffix('.').unwrap_or(name);
        if name.is_empty() {
            return Err(DomainNameError::Empty);
        }
        if name.contains(['@', '/', ':']) {
            return match name.parse::<std::net::Ipv6Addr>() {
                Ok(_) => Err(DomainNameError::AnIpAddress(name.to_owned())),
                Err(_) => Err(DomainNameError::AnAddress(name.to_owned())),
            };
        }
        if name.parse::<std::net::Ipv4Addr>().is_ok() {
            return Err(DomainNameError::AnIpAddress(name.to_owned()));
        }
        let invalid = || DomainNameError::Invalid(name.to_owned());
        let uts46 = Uts46::new();
        let ascii = uts46
            .to_ascii(name.as_bytes(), AsciiDenyList::STD3, Hyphens::CheckFirstLast, DnsLength::Verify)
            .map_err(|_errors| invalid())?
            .into_owned();
        if !ascii.contains('.') {
            return Err(DomainNameError::SingleLabel(name.to_owned()));
        }
        let (unicode, outcome) =
            uts46.to_unicode(ascii.as_bytes(), AsciiDenyList::STD3, Hyphens::CheckFirstLast);
        outcome.map_err(|_errors| invalid())?;
        // A name that does not come back from its readable form is shown as it is on the wire.
        let back = uts46.to_ascii(
            unicode.as_bytes(),
            AsciiDenyList::STD3,
            Hyphens::CheckFirstLast,
            DnsLength::Verify,
        );
        let is_readable = back.is_ok_and(|back| back == ascii.as_str());
        let unicode = if is_readable { unicode.into_owned() } else { ascii.clone() };
        Ok(Self { ascii, unicode })
    }

    /// The form that goes on the wire and into zone files: `xn--weber-kln-67a.example`.
    pub fn as_ascii(&self) -> &str {
        &self.ascii
    }

    /// The form that people read: `weber-köln.example`.
    pub fn as_unicode(&self) -> &str {
        &self.unicode
    }

    /// Whether both forms differ, so that both must be shown.
    pub fn is_internationalised(&self) -> bool {
        self.ascii != self.unicode
    }

    /// The DNS owner name of this domain.
    pub fn dns(&self) -> DnsName {
        DnsName(self.ascii.clone())
    }

    /// The DNS owner name below this domain, such as `_dmarc` or `selector._domainkey`.
    pub fn below(&self, prefix: &str) -> DnsName {
        DnsName(format!("{}.{}", prefix.to_ascii_lowercase(), self.ascii))
    }
}

impl fmt::Display for DomainName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.unicode)
    }
}

impl FromStr for DomainName {
    type Err = DomainNameError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl TryFrom<String> for DomainName {
    type Error = DomainNameError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<DomainName> for String {
    fn from(domain: DomainName) -> Self {
        domain.ascii
    }
}

/// A name to query in DNS: lower case, no trailing dot, underscores allowed. The root is empty.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct DnsName(String);

impl DnsName {
    /// Takes a name as the DNS or a record gave it; case and the trailing dot are folded away.
    ///
    /// No check is made: whether the name can be asked is the resolver's answer to give.
    pub fn new(text: &str) -> Self {
        Self(text.strip_suffix('.').unwrap_or(text).to_ascii_lowercase())
    }

    /// The name without a trailing dot.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The labels from left to right; none for the root.
    pub fn labels(&self) -> impl DoubleEndedIterator<Item = &str> {
        self.0.split('.').filter(|label| !label.is_empty())
    }

    /// The name one level up, or `None` at the root.
    pub fn parent(&self) -> Option<Self> {
        if self.0.is_empty() {
            return None;
        }
        Some(Self(self.0.split_once('.').map_or("", |(_, rest)| rest).to_owned()))
    }
}

impl fmt::Display for DnsName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_its_readable_form_would_not_bring_back_is_shown_as_it_is() {
        let name = DomainName::parse("xn--xn--bcher-kvabcher-kva.example").unwrap();
        assert_eq!(name.as_unicode(), name.as_ascii());
        assert_eq!(DomainName::parse(&name.to_string()).unwrap(), name);
    }

    #[test]
    fn both_forms_lead_to_the_same_domain() {
        let typed = DomainName::parse(" Weber-Köln.example. ").unwrap();
        assert_eq!(typed.as_ascii(), "xn--weber-kln-67a.example");
        assert_eq!(typed.as_unicode(), "weber-köln.example");
        assert!(typed.is_internationalised());
        assert_eq!(DomainName::parse("xn--weber-kln-67a.example").unwrap(), typed);
        assert_eq!(typed.below("_dmarc").as_str(), "_dmarc.xn--weber-kln-67a.example");
    }

    #[test]
    fn what_is_not_a_domain_says_why() {
        let long_label = format!("{}.org", "a".repeat(64));
        for (text, expected) in [
            ("", DomainNameError::Empty),
            (" . ", DomainNameError::Empty),
            ("localhost", DomainNameError::SingleLabel("localhost".to_owned())),
            ("anna@example.org", DomainNameError::AnAddress("anna@example.org".to_owned())),
            ("https://example.org/", DomainNameError::AnAddress("https://example.org/".to_owned())),
            ("192.0.2.1", DomainNameError::AnIpAddress("192.0.2.1".to_owned())),
            ("2001:db8::1", DomainNameError::AnIpAddress("2001:db8::1".to_owned())),
            ("exa mple.org", DomainNameError::Invalid("exa mple.org".to_owned())),
            ("-a.example", DomainNameError::Invalid("-a.example".to_owned())),
            ("a..example", DomainNameError::Invalid("a..example".to_owned())),
            (long_label.as_str(), DomainNameError::Invalid(long_label.clone())),
        ] {
            assert_eq!(DomainName::parse(text), Err(expected), "{text:?}");
        }
    }

    #[test]
    fn climbing_ends_at_the_root() {
        let name = DnsName::new("A.Example.");
        assert_eq!(name.as_str(), "a.example");
        let root = name.parent().and_then(|parent| parent.parent()).unwrap();
        assert_eq!(root.as_str(), "");
        assert_eq!(root.parent(), None);
    }
}
