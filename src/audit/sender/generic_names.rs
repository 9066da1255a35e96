use std::net::IpAddr;

use crate::values::DnsName;

/// Words in names of lines and rented machines that nobody named.
const GENERIC_WORDS: [&str; 18] = [
    "dyn",
    "dynamic",
    "dhcp",
    "pool",
    "dial",
    "dialup",
    "dsl",
    "adsl",
    "ppp",
    "pppoe",
    "cable",
    "static",
    "customer",
    "cust",
    "client",
    "unassigned",
    "generic",
    "hosted-by",
];

/// Whether a name was made by a machine: the digits of the address, or words for customer lines.
pub(in crate::audit) fn is_generic(name: &DnsName, address: IpAddr) -> bool {
    let host: Vec<&str> = name.labels().collect();
    // The last two labels are the provider's own name, such as dsl.example.
    let own: Vec<&str> = host.iter().take(host.len().saturating_sub(2)).copied().collect();
    let words: Vec<&str> = own
        .iter()
        .flat_map(|label| label.split(['-', '_']))
        .map(|word| word.trim_end_matches(|character: char| character.is_ascii_digit()))
        .collect();
    if own.contains(&"hosted-by") || words.iter().any(|word| GENERIC_WORDS.contains(word)) {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn generic_names_are_told_from_given_ones() {
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
