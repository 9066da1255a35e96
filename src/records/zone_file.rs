//! Reads BIND zone files (RFC 1035 section 5). It takes what concerns mail, keeps the rest for writing the whole zone, and names
//! the line of what no server would load.

use std::net::{Ipv4Addr, Ipv6Addr};

use thiserror::Error;

use super::current_zone::{CurrentZone, OtherRecord, ZoneData};
use super::txt::{escaped_name, quoted_strings};
use super::zone_tokens::{Entry, Token, ZoneTokens};
use crate::values::{DnsName, DomainName};

/// Largest zone file that is read.
const FILE_BYTES_MAX: usize = 8 * 1024 * 1024;
/// Files within files.
const INCLUDES_MAX: usize = 8;
/// Types that whoever signs the zone makes anew.
const SIGNING: [&str; 4] = ["RRSIG", "NSEC", "NSEC3", "NSEC3PARAM"];
/// Most records that are kept.
const RECORDS_MAX: usize = 20_000;
/// Waiting time where the file names none (RFC 2308 section 4 wants `$TTL`, old files lack it).
const TTL_SECS_DEFAULT: u32 = 3600;

/// Longest waiting time (RFC 2181 section 8).
const LONGEST_TTL_SECS: u32 = i32::MAX.unsigned_abs();

/// Why a zone file was not read. The words name the line and the way out.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum ZoneFileError {
    /// Larger than any zone of a mail domain.
    #[error("the zone file is {0} bytes long and 8 MiB are the most: export the one domain alone")]
    TooLarge(usize),
    /// More records than a mail domain has.
    #[error("the zone file has more than 20,000 records: export the one domain alone")]
    TooMany,
    /// A quote or a parenthesis is left open.
    #[error("line {line}: {what} is not closed; check the line")]
    NotClosed {
        /// Line in which it was opened, counted from 1.
        line: usize,
        /// `a quote` or `a parenthesis`.
        what: &'static str,
    },
    /// A line that is no record.
    #[error("line {line}: {message}")]
    Line {
        /// Line, counted from 1.
        line: usize,
        /// What is wrong, with the way out.
        message: String,
    },
    /// The file was read, but nothing in it is of this domain.
    #[error("no record in the file belongs to {0}: is it the zone of another domain?")]
    OtherDomain(DomainName),
}

/// Reads the mail records of a domain out of its zone file. Where the file has no `$ORIGIN`, names are relative
/// to the domain.
///
/// # Errors
/// [`ZoneFileError`], with the line and the way out. `$INCLUDE` is refused; see [`parse_zone_file_with`].
pub fn parse_zone_file(text: &str, domain: &DomainName) -> Result<CurrentZone, ZoneFileError> {
    parse_zone_file_with(text, domain, &|_| {
        Err("it is not followed here; put the lines of that file in its place".to_owned())
    })
}

/// The same, with files that `$INCLUDE` names read by `include`, which says in words why it does not.
///
/// # Errors
/// [`ZoneFileError`], with the line and the way out.
pub fn parse_zone_file_with(
    text: &str,
    domain: &DomainName,
    include: &dyn Fn(&str) -> Result<String, String>,
) -> Result<CurrentZone, ZoneFileError> {
    let mut reader = Reader {
        zone: CurrentZone { is_whole: true, ..CurrentZone::new(domain.clone()) },
        origin: domain.as_ascii().to_owned(),
        owner: None,
        ttl_secs: None,
        last_ttl_secs: None,
        include,
        depth: 0,
        bytes: 0,
    };
    reader.text(text)?;
    if reader.zone.records.is_empty() {
        return Err(ZoneFileError::OtherDomain(domain.clone()));
    }
    Ok(reader.zone)
}

struct Reader<'a> {
    include: &'a dyn Fn(&str) -> Result<String, String>,
    /// Files within files.
    depth: usize,
    /// Bytes of all files so far.
    bytes: usize,
    zone: CurrentZone,
    /// Without a trailing dot; empty for the root.
    origin: String,
    owner: Option<DnsName>,
    ttl_secs: Option<u32>,
    last_ttl_secs: Option<u32>,
}

impl Reader<'_> {
    fn text(&mut self, text: &str) -> Result<(), ZoneFileError> {
        self.bytes = self.bytes.saturating_add(text.len());
        if self.bytes > FILE_BYTES_MAX {
            return Err(ZoneFileError::TooLarge(self.bytes));
        }
        for entry in ZoneTokens::new(text.as_bytes()) {
            self.entry(&entry?)?;
            let zone = &self.zone;
            if zone.records.len() + zone.others.len() + zone.generated.len() > RECORDS_MAX
                || zone.addresses.len() > RECORDS_MAX
            {
                return Err(ZoneFileError::TooMany);
            }
        }
        Ok(())
    }

    /// Another file in the place of the line (RFC 1035 section 5.1): origin and owner are as before behind it.
    fn included(&mut self, entry: &Entry, file: &str) -> Result<(), ZoneFileError> {
        let line = entry.line;
        let failed = |message: String| ZoneFileError::Line { line, message };
        if self.depth >= INCLUDES_MAX {
            return Err(failed(format!("$INCLUDE goes deeper than {INCLUDES_MAX} files")));
        }
        let text = (self.include)(file).map_err(|why| failed(format!("$INCLUDE “{file}”: {why}")))?;
        let (origin, owner) = (self.origin.clone(), self.owner.clone());
        if let Some(inner) = entry.tokens.get(2).map(Token::text) {
            self.absolute(&inner).as_str().clone_into(&mut self.origin);
        }
        self.depth += 1;
        let read = self.text(&text).map_err(|error| failed(format!("$INCLUDE “{file}”: {error}")));
        self.depth -= 1;
        (self.origin, self.owner) = (origin, owner);
        read
    }

    fn entry(&mut self, entry: &Entry) -> Result<(), ZoneFileError> {
        let Some(first) = entry.tokens.first() else { return Ok(()) };
        let line = entry.line;
        if !entry.starts_blank && !first.is_quoted && first.bytes.first() == Some(&b'$') {
            return self.directive(entry, &first.text());
        }
        let mut tokens = entry.tokens.as_slice();
        if !entry.starts_blank {
            let owner = self.absolute(&first.text());
            if owner.as_str().len() > 253 || owner.labels().any(|label| label.len() > 63) {
                let message = "the name is longer than the DNS allows: 63 bytes between two dots, 253 in all"
                    .to_owned();
                return Err(ZoneFileError::Line { line, message });
            }
            self.owner = Some(owner);
            tokens = tokens.get(1..).unwrap_or_default();
        }
        let Some(owner) = self.owner.clone() else {
            let message = "the first record has no name; begin the line with one, or with @".to_owned();
            return Err(ZoneFileError::Line { line, message });
        };
        let mut ttl_secs = None;
        // Waiting time and class come in either order, and both may be missing.
        while let Some(token) = tokens.first() {
            let text = token.text();
            if ttl_secs.is_none()
                && let Some(secs) = parse_ttl(&text)
            {
                ttl_secs = Some(secs);
            } else if ["CH", "HS", "CS"].iter().any(|class| text.eq_ignore_ascii_case(class)) {
                let message = format!(
                    "class {} is not that of the Internet (IN), and a zone has one class only; take the line out",
                    text.to_ascii_uppercase()
                );
                return Err(ZoneFileError::Line { line, message });
            } else if !text.eq_ignore_ascii_case("IN") {
                break;
            }
            tokens = tokens.get(1..).unwrap_or_default();
        }
        let Some((record_type, data)) = tokens.split_first() else {
            let message =
                "a record has no type; write for example: @ 3600 IN MX 10 mail.example.org.".to_owned();
            return Err(ZoneFileError::Line { line, message });
        };
        self.last_ttl_secs = ttl_secs.or(self.last_ttl_secs);
        let ttl_secs = ttl_secs.or(self.ttl_secs).or(self.last_ttl_secs).unwrap_or(TTL_SECS_DEFAULT);
        let kind = record_type.text().to_ascii_uppercase();
        if let Some(read) = self.data(&kind, data, line)? {
            self.zone.add(&owner, ttl_secs, read);
        } else if let Some(name) = self.zone.relative(&owner)
            && !SIGNING.contains(&kind.as_str())
        {
            let data = self.other_data(&kind, data);
            self.zone.others.push(OtherRecord { name, ttl_secs, record_type: kind, data });
        }
        Ok(())
    }

    fn directive(&mut self, entry: &Entry, name: &str) -> Result<(), ZoneFileError> {
        let line = entry.line;
        let argument = entry.tokens.get(1).map(Token::text);
        let failed = |message: &str| Err(ZoneFileError::Line { line, message: message.to_owned() });
        match (name.to_ascii_uppercase().as_str(), argument) {
            ("$ORIGIN", Some(origin)) => {
                self.absolute(&origin).as_str().clone_into(&mut self.origin);
                Ok(())
            }
            ("$TTL", Some(ttl)) => match parse_ttl(&ttl) {
                Some(secs) => {
                    self.ttl_secs = Some(secs);
                    Ok(())
                }
                None => failed("$TTL is followed by no time; write seconds, or for example 1h"),
            },
            ("$INCLUDE", Some(file)) => self.included(entry, &file),
            // It makes rows of addresses, which no mail record is made of; the whole zone keeps the line.
            ("$GENERATE", _) => {
                let words: Vec<String> = entry.tokens.iter().map(Token::text).collect();
                let origin = escaped_name(&self.origin);
                self.zone.generated.push(format!("$ORIGIN {origin}.\n{}", words.join(" ")));
                Ok(())
            }
            _ => failed("a directive is unknown or incomplete; $ORIGIN and $TTL are read"),
        }
    }

    fn absolute(&self, name: &str) -> DnsName {
        if name == "@" {
            DnsName::new(&self.origin)
        } else if name.ends_with('.') || self.origin.is_empty() {
            DnsName::new(name)
        } else {
            DnsName::new(&format!("{name}.{}", self.origin))
        }
    }

    /// Data of the types that matter; `None` for all others.
    /// Data of a type that is only passed on, with absolute names.
    fn other_data(&self, record_type: &str, tokens: &[Token]) -> String {
        let places = name_places(record_type);
        let words = tokens.iter().enumerate().map(|(index, token)| {
            // A type without a name has its data in hexadecimal digits (RFC 3597 section 5).
            if index == 0 && !token.is_quoted && token.bytes == b"#" {
                return r"\#".to_owned();
            }
            if places.contains(&index) {
                let name = self.absolute(&token.text());
                let escaped = escaped_name(name.as_str());
                return if escaped == "." { escaped } else { format!("{escaped}.") };
            }
            let is_plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"+/=-_.:,".contains(byte);
            if !token.is_quoted && token.bytes.iter().all(is_plain) {
                token.text()
            } else {
                // SVCB has key="value", where the quotes stand within the word.
                quoted_strings(&token.bytes).join(" ")
            }
        });
        words.collect::<Vec<_>>().join(" ")
    }

    fn data(
        &self,
        record_type: &str,
        tokens: &[Token],
        line: usize,
    ) -> Result<Option<ZoneData>, ZoneFileError> {
        let failed = |message: &str| ZoneFileError::Line { line, message: message.to_owned() };
        let first = tokens.first().map(Token::text).unwrap_or_default();
        let data = match record_type.to_ascii_uppercase().as_str() {
            "MX" => {
                let preference = first.parse::<u16>().ok();
                let host = tokens.get(1).map(|host| self.absolute(&host.text()));
                let (Some(preference), Some(host)) = (preference, host) else {
                    return Err(failed(
                        "an MX record needs a number and a host, as in: MX 10 mail.example.org.",
                    ));
                };
                ZoneData::Mx(preference, host)
            }
            "TXT" | "SPF" if tokens.is_empty() => return Err(failed("a TXT record has no text")),
            "TXT" => ZoneData::Txt(tokens.iter().flat_map(|token| token.bytes.iter().copied()).collect()),
            "CNAME" | "NS" if first.is_empty() => {
                return Err(failed("the name that the record points at is missing"));
            }
            "CNAME" => ZoneData::Cname(self.absolute(&first)),
            "NS" => ZoneData::Ns(self.absolute(&first)),
            "A" => match first.parse::<Ipv4Addr>() {
                Ok(address) => ZoneData::Address(address.into()),
                Err(_) => return Err(failed("an A record needs an IPv4 address")),
            },
            "AAAA" => match first.parse::<Ipv6Addr>() {
                Ok(address) => ZoneData::Address(address.into()),
                Err(_) => return Err(failed("an AAAA record needs an IPv6 address")),
            },
            "SRV" => {
                let mut numbers = tokens.iter().take(3).map(|token| token.text().parse::<u16>().ok());
                let mut number = || numbers.next().flatten();
                match (number(), number(), number(), tokens.get(3)) {
                    (Some(priority), Some(weight), Some(port), Some(host)) => {
                        ZoneData::Srv { priority, weight, port, host: self.absolute(&host.text()) }
                    }
                    _ => {
                        return Err(failed(
                            "an SRV record needs three numbers and a host, as in: SRV 0 1 993 mail.example.org.",
                        ));
                    }
                }
            }
            "TLSA" => {
                let (numbers, data) = tokens.split_at_checked(3).unwrap_or((tokens, &[]));
                let numbers: Option<Vec<u8>> =
                    numbers.iter().map(|token| token.text().parse().ok()).collect();
                let data: String = data.iter().map(|token| token.text().to_ascii_lowercase()).collect();
                let is_hex = !data.is_empty() && data.bytes().all(|byte| byte.is_ascii_hexdigit());
                match numbers.as_deref() {
                    Some([usage, selector, matching]) if is_hex => {
                        ZoneData::Tlsa(format!("{usage} {selector} {matching} {data}"))
                    }
                    _ => return Err(failed("a TLSA record needs three numbers and hexadecimal digits")),
                }
            }
            known if known.bytes().all(|byte| byte.is_ascii_digit()) => {
                return Err(failed("a waiting time (TTL) is at most 2147483647 seconds, and one is enough"));
            }
            known if known.bytes().all(|byte| byte.is_ascii_alphanumeric()) => return Ok(None),
            _ => return Err(failed("the record type is missing; write for example: IN TXT \"text\"")),
        };
        Ok(Some(data))
    }
}

/// Names in the data of types that are only passed on, by place.
fn name_places(record_type: &str) -> &'static [usize] {
    match record_type {
        "SOA" | "RP" => &[0, 1],
        "PTR" | "DNAME" => &[0],
        "HTTPS" | "SVCB" | "AFSDB" | "KX" => &[1],
        "NAPTR" => &[5],
        _ => &[],
    }
}

/// Seconds, plain or in BIND's units: `3600`, `1h30m`, `2w`.
fn parse_ttl(text: &str) -> Option<u32> {
    if !text.starts_with(|character: char| character.is_ascii_digit()) {
        return None;
    }
    let mut total: u32 = 0;
    let mut number: Option<u32> = None;
    for character in text.chars() {
        if let Some(digit) = character.to_digit(10) {
            number = Some(number.unwrap_or(0).checked_mul(10)?.checked_add(digit)?);
        } else {
            let unit = match character.to_ascii_lowercase() {
                's' => 1,
                'm' => 60,
                'h' => 3600,
                'd' => 86_400,
                'w' => 604_800,
                _ => return None,
            };
            total = total.checked_add(number.take()?.checked_mul(unit)?)?;
        }
    }
    total.checked_add(number.unwrap_or(0)).filter(|secs| *secs <= LONGEST_TTL_SECS)
}

#[cfg(test)]
#[path = "zone_file_tests.rs"]
mod tests;
