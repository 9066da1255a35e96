//! The network of an address, by Team Cymru's DNS service: prefix and autonomous system number. Pure.

use std::net::IpAddr;

use crate::audit::Lookups;
use crate::audit::lookups::reversed;
use crate::values::{DnsAnswer, DnsName, RecordType};

/// The announced prefix around an address, and who announces it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Origin {
    /// Number of the autonomous system (RFC 6793).
    pub number: u32,
    /// The prefix as announced: `198.51.100.0/24`.
    pub prefix: String,
    /// What the system calls itself, where it is known.
    pub name: Option<String>,
}

/// Asks for the origin of an address. `Err` is the answer that says nothing.
pub(super) fn find<'a>(lookups: &Lookups<'a>, address: IpAddr) -> Result<Option<Origin>, &'a DnsAnswer> {
    let zone = if address.is_ipv4() { "origin.asn.cymru.com" } else { "origin6.asn.cymru.com" };
    let answer = lookups.ask(&question(address, zone), RecordType::Txt);
    if !answer.outcome.is_known() {
        return Err(answer);
    }
    // Where several prefixes cover the address, the longest is the one that routers follow.
    let longest = texts(answer).filter_map(|text| read_origin(&text)).max_by_key(|origin| {
        origin.prefix.rsplit_once('/').and_then(|(_, length)| length.parse::<u8>().ok())
    });
    let Some(mut origin) = longest else { return Ok(None) };
    let about = lookups.ask(&DnsName::new(&format!("AS{}.asn.cymru.com", origin.number)), RecordType::Txt);
    origin.name = texts(about).find_map(|text| read_name(&text));
    Ok(Some(origin))
}

/// IPv6 is asked by its first 64 bits: no longer prefix is announced.
fn question(address: IpAddr, zone: &str) -> DnsName {
    let whole = reversed(address, zone);
    match address {
        IpAddr::V4(_) => whole,
        IpAddr::V6(_) => DnsName::new(&whole.as_str().split('.').skip(16).collect::<Vec<_>>().join(".")),
    }
}

fn texts(answer: &DnsAnswer) -> impl Iterator<Item = String> + '_ {
    answer.texts().map(|text| String::from_utf8_lossy(&text).into_owned())
}

/// `64500 | 198.51.100.0/24 | DE | ripencc | 2019-05-01`; several numbers where several systems announce it.
fn read_origin(text: &str) -> Option<Origin> {
    let mut fields = text.split('|').map(str::trim);
    let number = fields.next()?.split_whitespace().next()?.parse().ok()?;
    let prefix: ipnet::IpNet = fields.next()?.parse().ok()?;
    Some(Origin { number, prefix: prefix.to_string(), name: None })
}

/// `64500 | DE | ripencc | 2019-05-01 | NORDHAFEN, DE`.
fn read_name(text: &str) -> Option<String> {
    let name = text.split('|').nth(4)?.trim();
    let name: String = name.chars().take(80).collect();
    (!name.is_empty()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn origins_are_read_and_nonsense_is_not() {
        let origin = read_origin("64500 64501 | 198.51.100.0/24 | DE | ripencc | 2019-05-01").unwrap();
        assert_eq!((origin.number, origin.prefix.as_str()), (64500, "198.51.100.0/24"));
        for text in ["", "|", "NA | 198.51.100.0/24", "64500 | everywhere |", "99999999999 | 10.0.0.0/8"] {
            assert_eq!(read_origin(text), None, "{text}");
        }
        assert_eq!(read_name("64500 | DE | ripencc | 2019-05-01 | NORDHAFEN, DE").unwrap(), "NORDHAFEN, DE");
        assert_eq!(read_name("64500 | DE"), None);
        let name = question("2001:db8:12::5".parse().unwrap(), "origin6.asn.cymru.com");
        assert_eq!(name.as_str(), "0.0.0.0.2.1.0.0.8.b.d.0.1.0.0.2.origin6.asn.cymru.com");
    }
}
