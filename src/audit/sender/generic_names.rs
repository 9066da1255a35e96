//! Recognises names that a provider generates for its addresses.

use std::net::IpAddr;

use crate::values::DnsName;

/// Words in names of lines that end in somebody's home or office.
const LINE_WORDS: [&str; 11] =
    ["dyn", "dynamic", "dhcp", "pool", "dial", "dialup", "dsl", "adsl", "ppp", "pppoe", "cable"];

/// Words in names of rented machines that nobody named.
const RENTED_WORDS: [&str; 7] =
    ["static", "customer", "cust", "client", "unassigned", "generic", "hosted-by"];

/// Whether a name was made by a machine: the digits of the address, or words for customer lines.
pub(in crate::audit) fn is_generic(name: &DnsName, address: IpAddr) -> bool {
    let own = own_labels(name);
    let has_word = has_word_of(&own, &LINE_WORDS) || has_word_of(&own, &RENTED_WORDS);
    if own.contains(&"hosted-by") || has_word {
        return true;
    }
    let text = own.join(".");
    match address {
        IpAddr::V4(v4) => {
            let [a, b, c, d] = v4.octets();
            let hex = format!("{a:02x}{b:02x}{c:02x}{d:02x}");
            let parts: Vec<&str> = text
                .split(|character: char| !character.is_ascii_digit())
                .filter(|part| !part.is_empty())
                .collect();
            let has = |sequence: [u8; 3]| {
                let wanted = sequence.map(|octet| octet.to_string());
                parts.windows(3).any(|window| {
                    window
                        .iter()
                        .zip(&wanted)
                        .all(|(part, octet)| part.trim_start_matches('0') == octet.trim_start_matches('0'))
                })
            };
            has([b, c, d]) || has([d, c, b]) || has([a, b, c]) || text.contains(&hex)
        }
        IpAddr::V6(v6) => {
            let [.., a, b, c, d] = v6.segments();
            let tail = format!("{a:04x}{b:04x}{c:04x}{d:04x}");
            let squeezed: String = text.chars().filter(char::is_ascii_hexdigit).collect();
            tail.trim_start_matches('0').len() > 4 && squeezed.contains(&tail)
        }
    }
}

/// Whether a name speaks of a line that ends in somebody's home or office.
pub(super) fn is_of_a_line(name: &DnsName) -> bool {
    has_word_of(&own_labels(name), &LINE_WORDS)
}

/// All but the last two labels, which are the provider's own name, such as dsl.example.
fn own_labels(name: &DnsName) -> Vec<&str> {
    let host: Vec<&str> = name.labels().collect();
    host.iter().take(host.len().saturating_sub(2)).copied().collect()
}

fn has_word_of(labels: &[&str], words: &[&str]) -> bool {
    labels
        .iter()
        .flat_map(|label| label.split(['-', '_']))
        .map(|word| word.trim_end_matches(|character: char| character.is_ascii_digit()))
        .any(|word| words.contains(&word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generic_names_are_distinguished_from_given_ones() {
        for (name, address, expected) in [
            ("mail.weber.example", "203.0.113.47", false),
            ("47.113.0.203.isp.example", "203.0.113.47", true),
            ("ip-203-0-113-47.cloud.example", "203.0.113.47", true),
            ("host203000113047.isp.example", "203.0.113.47", false),
            ("cb00712f.isp.example", "203.0.113.47", true),
            ("pool-7.isp.example", "203.0.113.47", true),
            ("static.47.113.isp.example", "203.0.113.47", true),
            ("p5dyn3.isp.example", "203.0.113.47", false),
            ("mx1.dsl.example", "203.0.113.47", false),
            ("hosted-by.cheap.example", "203.0.113.47", true),
            ("mail.weber.example", "2001:db8::1", false),
            ("2001-db8-0-0-12ab-34cd-56ef-0001.ip6.isp.example", "2001:db8::12ab:34cd:56ef:1", true),
        ] {
            let found = is_generic(&DnsName::new(name), address.parse().unwrap());
            assert_eq!(found, expected, "{name} {address}");
        }
    }
}
