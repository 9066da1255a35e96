use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::{DomainName, DomainNameError};

/// An address such as `anna@example.org`: the local part as written, the domain as A-labels.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct EmailAddress {
    local: String,
    domain: DomainName,
}

/// Why a text is not an e-mail address.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum EmailAddressError {
    /// There is no `@`, or nothing before it.
    #[error("“{0}” is not an e-mail address: write it as name@example.org")]
    NoLocalPart(String),
    /// Blanks, control characters or more than 64 bytes before the `@` (RFC 5321 section 4.5.3.1.1).
    #[error(
        "“{0}” is not an e-mail address: the part before the “@” contains a space, a control character or an invisible one, or is too long"
    )]
    BadLocalPart(String),
    /// The part after the `@` is no domain.
    #[error("the address “{address}” has no valid domain: {source}")]
    Domain {
        /// What was typed.
        address: String,
        /// What is wrong with the domain.
        source: DomainNameError,
    },
}

impl EmailAddress {
    /// Reads an address; quoted local parts are not accepted, as no mail provider creates such mailboxes.
    pub fn parse(text: &str) -> Result<Self, EmailAddressError> {
        let text = text.trim();
        let (local, domain) = text
            .rsplit_once('@')
            .filter(|(local, _)| !local.is_empty())
            .ok_or_else(|| EmailAddressError::NoLocalPart(text.to_owned()))?;
        let is_bad = |character: char| {
            character.is_whitespace()
                || character.is_control()
                || "()<>[]:;,\\\"@".contains(character)
                // Nobody sees these, and some turn the text around (UAX 9).
                || matches!(character, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
        };
        if local.len() > 64 || local.contains(is_bad) {
            return Err(EmailAddressError::BadLocalPart(text.to_owned()));
        }
        let domain = DomainName::parse(domain)
            .map_err(|source| EmailAddressError::Domain { address: text.to_owned(), source })?;
        Ok(Self { local: local.to_owned(), domain })
    }

    /// The part before the `@`, as written.
    pub fn local(&self) -> &str {
        &self.local
    }

    /// The part after the `@`.
    pub fn domain(&self) -> &DomainName {
        &self.domain
    }

    /// The form for the wire, with the domain as A-labels.
    pub fn to_ascii(&self) -> String {
        format!("{}@{}", self.local, self.domain.as_ascii())
    }
}

impl fmt::Display for EmailAddress {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}@{}", self.local, self.domain)
    }
}

impl FromStr for EmailAddress {
    type Err = EmailAddressError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl TryFrom<String> for EmailAddress {
    type Error = EmailAddressError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<EmailAddress> for String {
    fn from(address: EmailAddress) -> Self {
        address.to_ascii()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_keeps_its_local_part_and_folds_its_domain() {
        let address = EmailAddress::parse(" Anna.Weber@Weber-Köln.example ").unwrap();
        assert_eq!(address.local(), "Anna.Weber");
        assert_eq!(address.to_ascii(), "Anna.Weber@xn--weber-kln-67a.example");
        assert_eq!(address.to_string(), "Anna.Weber@weber-köln.example");
    }

    #[test]
    fn bad_addresses_are_refused_with_a_reason() {
        assert!(matches!(EmailAddress::parse("anna"), Err(EmailAddressError::NoLocalPart(_))));
        assert!(matches!(EmailAddress::parse("@example.org"), Err(EmailAddressError::NoLocalPart(_))));
        assert!(matches!(EmailAddress::parse("an na@example.org"), Err(EmailAddressError::BadLocalPart(_))));
        assert!(matches!(EmailAddress::parse("a\r\nb@example.org"), Err(EmailAddressError::BadLocalPart(_))));
        for odd in ["\u{202e}anna@example.org", "an\u{200b}na@example.org", "anna\u{2066}@example.org"] {
            assert!(matches!(EmailAddress::parse(odd), Err(EmailAddressError::BadLocalPart(_))), "{odd:?}");
        }
        assert!(matches!(EmailAddress::parse("anna@localhost"), Err(EmailAddressError::Domain { .. })));
    }
}
