//! Reads autoconfig files (Thunderbird's `clientConfig` format). Pure.

use crate::values::{DomainName, Endpoint, Security};

/// Most servers read of one file.
const MAX_SERVERS: usize = 8;

/// The IMAP servers in an autoconfig file, in its order. Entries that are not understood are skipped.
pub(super) fn imap_servers(xml: &[u8], domain: &DomainName) -> Vec<Endpoint> {
    let Ok(text) = std::str::from_utf8(xml) else { return Vec::new() };
    // Entities are not allowed, so that none can expand without limit.
    let Ok(document) = roxmltree::Document::parse(text.trim_start_matches('\u{feff}')) else {
        return Vec::new();
    };
    document
        .descendants()
        .filter(|node| node.has_tag_name("incomingServer"))
        .filter(|node| node.attribute("type").is_some_and(|kind| kind.eq_ignore_ascii_case("imap")))
        .filter_map(|node| {
            let child = |name: &str| {
                node.children()
                    .find(|child| child.has_tag_name(name))
                    .and_then(|child| child.text())
                    .map(str::trim)
            };
            let host = child("hostname")?.replace("%EMAILDOMAIN%", domain.as_ascii());
            let port = child("port")?.parse::<u16>().ok().filter(|port| *port > 0)?;
            let security = match child("socketType")?.to_ascii_uppercase().as_str() {
                "SSL" | "TLS" => Security::Tls,
                "STARTTLS" => Security::StartTls,
                _ => return None,
            };
            Endpoint::new(&host, port, security).ok()
        })
        .take(MAX_SERVERS)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn servers_are_read_and_clear_text_is_left_out() {
        let xml = r#"<?xml version="1.0"?><clientConfig version="1.1"><emailProvider id="x">
            <incomingServer type="pop3"><hostname>pop.weber.example</hostname><port>995</port><socketType>SSL</socketType></incomingServer>
            <incomingServer type="imap"><hostname>imap.%EMAILDOMAIN%</hostname><port>993</port><socketType>SSL</socketType></incomingServer>
            <incomingServer type="imap"><hostname>imap.weber.example</hostname><port>143</port><socketType>STARTTLS</socketType></incomingServer>
            <incomingServer type="imap"><hostname>imap.weber.example</hostname><port>143</port><socketType>plain</socketType></incomingServer>
            <incomingServer type="imap"><hostname>no host</hostname><port>99999</port><socketType>SSL</socketType></incomingServer>
        </emailProvider></clientConfig>"#;
        let domain = DomainName::parse("weber.example").unwrap();
        let servers = imap_servers(xml.as_bytes(), &domain);
        let shown: Vec<(String, Security)> =
            servers.iter().map(|server| (server.to_string(), server.security)).collect();
        assert_eq!(
            shown,
            [
                ("imap.weber.example:993".to_owned(), Security::Tls),
                ("imap.weber.example:143".to_owned(), Security::StartTls)
            ]
        );
        let bomb = "<!DOCTYPE a [<!ENTITY b \"cc\"><!ENTITY c \"&b;&b;\">]><a>&c;</a>";
        assert!(imap_servers(bomb.as_bytes(), &domain).is_empty());
        assert!(imap_servers(b"<html>\xff", &domain).is_empty());
    }

    #[test]
    fn a_file_nested_as_deep_as_it_can_be_is_survived() {
        let domain = DomainName::parse("weber.example").unwrap();
        // Files are fetched up to 256 KiB.
        for (open, close) in [("<a>", "</a>"), ("<a b='c'>", "</a>"), ("<a xmlns='x'><b>", "</b></a>")] {
            let depth = 250_000 / (open.len() + close.len());
            let deep = format!("{}{}", open.repeat(depth), close.repeat(depth));
            assert!(imap_servers(deep.as_bytes(), &domain).is_empty());
            assert!(imap_servers(open.repeat(depth).as_bytes(), &domain).is_empty());
        }
    }
}
