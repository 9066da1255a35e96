//! Parses SPF records (grammar of RFC 7208 section 12); errors name their position.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

use ipnet::{Ipv4Net, Ipv6Net};
use thiserror::Error;

use super::macros::{MacroError, MacroString, Place};
use crate::values::DnsName;

/// A parsed SPF record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpfRecord {
    /// Mechanisms in their order.
    pub terms: Vec<Term>,
    /// Where the check goes on when nothing matched.
    pub redirect: Option<Redirect>,
    /// Where a text for refused senders lies.
    pub(super) explanation: Option<MacroString>,
    /// Modifiers that this standard does not know; they mean nothing and are no error (section 6).
    pub unknown_modifiers: Vec<String>,
}

/// The `redirect` modifier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Redirect {
    /// As written.
    pub text: String,
    pub(super) target: MacroString,
}

/// A mechanism with its qualifier.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    /// As written.
    pub text: String,
    /// What a match means.
    pub qualifier: Qualifier,
    /// What is compared.
    pub mechanism: Mechanism,
}

/// What a match means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Qualifier {
    /// `+`, also when left out.
    Pass,
    /// `-`
    Fail,
    /// `~`
    SoftFail,
    /// `?`
    Neutral,
}

/// What a sender's address is compared with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Mechanism {
    /// Everybody.
    All,
    /// Whoever passes the record of another domain.
    Include(DomainSpec),
    /// Addresses of a host.
    A(Option<DomainSpec>, DualCidr),
    /// Addresses of the mail exchangers of a domain.
    Mx(Option<DomainSpec>, DualCidr),
    /// Names of the address; not to be used (section 5.5).
    Ptr(Option<DomainSpec>),
    /// IPv4 addresses.
    Ip4(Ipv4Net),
    /// IPv6 addresses.
    Ip6(Ipv6Net),
    /// Whether a made-up name exists.
    Exists(DomainSpec),
}

impl Mechanism {
    /// Whether it asks DNS and so counts towards the limit (section 4.6.4).
    pub fn costs_lookup(&self) -> bool {
        !matches!(self, Self::All | Self::Ip4(_) | Self::Ip6(_))
    }

    /// Whether macros make it look at who sends (section 7).
    pub(super) fn depends_on_sender(&self) -> bool {
        match self {
            Self::Include(spec) | Self::Exists(spec) => spec.0.depends_on_client(),
            Self::A(spec, _) | Self::Mx(spec, _) | Self::Ptr(spec) => {
                spec.as_ref().is_some_and(|spec| spec.0.depends_on_client())
            }
            Self::All | Self::Ip4(_) | Self::Ip6(_) => false,
        }
    }
}

/// A domain name with macros in it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DomainSpec(pub(super) MacroString);

impl DomainSpec {
    /// The name it stands for in the record of `domain`, where that does not depend on who sends.
    pub fn plain_name(&self, domain: &DnsName) -> Option<DnsName> {
        self.0.expand_without_client(domain.as_str()).map(|name| DnsName::new(&name))
    }
}

/// Prefix lengths for both families.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DualCidr {
    /// For IPv4, 0 to 32.
    pub v4: u8,
    /// For IPv6, 0 to 128.
    pub v6: u8,
}

/// What is wrong with a record, and where.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("“{term}” at character {position}: {words}")]
pub struct SpfSyntaxError {
    /// The term as written.
    pub term: String,
    /// Where in the record, counted from 1.
    pub position: usize,
    /// What is wrong.
    pub words: String,
}

impl fmt::Display for Qualifier {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Pass => "+",
            Self::Fail => "-",
            Self::SoftFail => "~",
            Self::Neutral => "?",
        })
    }
}

/// Whether a TXT record is an SPF record: `v=spf1`, then a blank or nothing (section 4.5).
pub(super) fn is_spf(text: &[u8]) -> bool {
    text.split_at_checked(6).is_some_and(|(version, rest)| {
        version.eq_ignore_ascii_case(b"v=spf1") && rest.first().is_none_or(|byte| *byte == b' ')
    })
}

/// The first term with a character that no record may have, and the character by its number.
fn invisible(text: &[u8]) -> Option<SpfSyntaxError> {
    let offset = text.iter().position(|byte| !(b' '..=b'~').contains(byte))?;
    let (before, behind) = text.split_at_checked(offset)?;
    let start = before.iter().rposition(|byte| *byte == b' ').map_or(0, |blank| blank + 1);
    let end = behind.iter().position(|byte| *byte == b' ').map_or(text.len(), |blank| offset + blank);
    let term = String::from_utf8_lossy(text.get(start..end)?).chars().take(40).collect();
    let odd = String::from_utf8_lossy(behind).chars().next().unwrap_or_default();
    let words =
        format!("only visible ASCII characters are allowed, and U+{:04X} is none of them", u32::from(odd));
    Some(SpfSyntaxError { term, position: offset + 1, words })
}

impl SpfRecord {
    /// Parses a whole record; any error anywhere spoils it (section 4.6).
    pub fn parse(text: &[u8]) -> Result<Self, SpfSyntaxError> {
        if let Some(error) = invisible(text) {
            return Err(error);
        }
        let text = String::from_utf8_lossy(text);
        let mut record =
            Self { terms: Vec::new(), redirect: None, explanation: None, unknown_modifiers: Vec::new() };
        let mut offset = 0;
        for (index, term) in text.split(' ').enumerate() {
            if index > 0 && !term.is_empty() {
                record.add(term).map_err(|error| SpfSyntaxError {
                    term: term.to_owned(),
                    position: offset + error.offset + 1,
                    words: error.words,
                })?;
            }
            offset += term.len() + 1;
        }
        Ok(record)
    }

    /// Whether it names a text for refused senders (`exp=`).
    pub fn has_explanation(&self) -> bool {
        self.explanation.is_some()
    }

    /// The `all` term that ends the evaluation, if there is one.
    pub fn all(&self) -> Option<&Term> {
        self.terms.iter().find(|term| term.mechanism == Mechanism::All)
    }

    fn add(&mut self, term: &str) -> Result<(), MacroError> {
        let delimiter = term.find(['=', ':', '/']);
        if let Some((name, value)) = delimiter.and_then(|at| term.split_at_checked(at))
            && let Some(value) = value.strip_prefix('=').filter(|_| is_name(name))
        {
            return self.add_modifier(term, name, value);
        }
        let (qualifier, rest) = match term.as_bytes().first() {
            Some(b'+') => (Qualifier::Pass, 1),
            Some(b'-') => (Qualifier::Fail, 1),
            Some(b'~') => (Qualifier::SoftFail, 1),
            Some(b'?') => (Qualifier::Neutral, 1),
            _ => (Qualifier::Pass, 0),
        };
        let mechanism = parse_mechanism(term.get(rest..).unwrap_or_default())
            .map_err(|error| MacroError { offset: error.offset + rest, ..error })?;
        self.terms.push(Term { text: term.to_owned(), qualifier, mechanism });
        Ok(())
    }

    fn add_modifier(&mut self, term: &str, name: &str, value: &str) -> Result<(), MacroError> {
        let shift = |error: MacroError| MacroError { offset: error.offset + name.len() + 1, ..error };
        let twice = || MacroError { offset: 0, words: format!("{name}= may stand there once only") };
        if name.eq_ignore_ascii_case("redirect") {
            let target = MacroString::parse_domain(value).map_err(shift)?;
            if self.redirect.replace(Redirect { text: term.to_owned(), target }).is_some() {
                return Err(twice());
            }
        } else if name.eq_ignore_ascii_case("exp") {
            let target = MacroString::parse_domain(value).map_err(shift)?;
            if self.explanation.replace(target).is_some() {
                return Err(twice());
            }
        } else {
            MacroString::parse(value, Place::Modifier).map_err(shift)?;
            self.unknown_modifiers.push(term.to_owned());
        }
        Ok(())
    }
}

fn is_name(text: &str) -> bool {
    text.starts_with(|character: char| character.is_ascii_alphabetic())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte))
}

fn parse_mechanism(text: &str) -> Result<Mechanism, MacroError> {
    let at = text.find([':', '/']).unwrap_or(text.len());
    let (name, rest) = text.split_at_checked(at).unwrap_or((text, ""));
    let fail = |words: &str| Err(MacroError { offset: 0, words: words.to_owned() });
    let shift = |error: MacroError| MacroError { offset: error.offset + at + 1, ..error };
    let domain = |rest: &str| {
        let value = rest.strip_prefix(':').unwrap_or_default();
        MacroString::parse_domain(value).map(DomainSpec).map_err(shift)
    };
    match name.to_ascii_lowercase().as_str() {
        "all" if rest.is_empty() => Ok(Mechanism::All),
        "all" => fail("all takes no value"),
        "include" => domain(rest).map(Mechanism::Include),
        "exists" => domain(rest).map(Mechanism::Exists),
        "ptr" if rest.is_empty() => Ok(Mechanism::Ptr(None)),
        "ptr" => domain(rest).map(|domain| Mechanism::Ptr(Some(domain))),
        "a" | "mx" => {
            let (value, cidr) = split_cidr(rest)?;
            let value = if value.is_empty() { None } else { Some(domain(value)?) };
            Ok(if name.eq_ignore_ascii_case("a") {
                Mechanism::A(value, cidr)
            } else {
                Mechanism::Mx(value, cidr)
            })
        }
        "ip4" => parse_network::<Ipv4Addr>(rest, 32)
            .and_then(|(address, length)| Ipv4Net::new(address, length).ok())
            .map_or_else(
                || fail("this is no IPv4 address or network"),
                |network| Ok(Mechanism::Ip4(network)),
            ),
        "ip6" => parse_network::<Ipv6Addr>(rest, 128)
            .and_then(|(address, length)| Ipv6Net::new(address, length).ok())
            .map_or_else(
                || fail("this is no IPv6 address or network"),
                |network| Ok(Mechanism::Ip6(network)),
            ),
        "ipv4" | "ip" => fail("SPF knows no such mechanism; “ip4:” is meant"),
        "ipv6" => fail("SPF knows no such mechanism; “ip6:” is meant"),
        _ => fail("SPF knows no such mechanism"),
    }
}

fn parse_network<T: std::str::FromStr>(rest: &str, max: u8) -> Option<(T, u8)> {
    let value = rest.strip_prefix(':')?;
    let (address, length) = match value.split_once('/') {
        Some((address, length)) => (address, prefix_length(length, max)?),
        None => (value, max),
    };
    Some((address.parse().ok()?, length))
}

/// `"0" / %x31-39 0*2DIGIT`, up to the length of an address.
fn prefix_length(digits: &str, max: u8) -> Option<u8> {
    let is_number =
        !digits.is_empty() && digits.len() <= 3 && digits.bytes().all(|byte| byte.is_ascii_digit());
    if !is_number || (digits.len() > 1 && digits.starts_with('0')) {
        return None;
    }
    digits.parse().ok().filter(|length| *length <= max)
}

/// Takes `/24//64` off the end. A slash that no number follows belongs to the domain, whose own grammar judges it.
fn split_cidr(rest: &str) -> Result<(&str, DualCidr), MacroError> {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let wrong =
        |length: &str| MacroError { offset: 0, words: format!("“/{length}” is no prefix length") };
    let mut cidr = DualCidr { v4: 32, v6: 128 };
    let mut value = rest;
    if let Some((before, length)) = value.rsplit_once("//").filter(|(_, length)| is_number(length)) {
        cidr.v6 = prefix_length(length, 128).ok_or_else(|| wrong(length))?;
        value = before;
    }
    if let Some((before, length)) = value.rsplit_once('/').filter(|(_, length)| is_number(length)) {
        cidr.v4 = prefix_length(length, 32).ok_or_else(|| wrong(length))?;
        value = before;
    }
    if value.is_empty() || value.starts_with(':') {
        Ok((value, cidr))
    } else {
        Err(wrong(value.trim_start_matches('/')))
    }
}

#[cfg(test)]
#[path = "record_tests.rs"]
mod record_tests;
