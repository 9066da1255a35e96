//! Counts the addresses that a record allows.

use ipnet::IpNet;

use super::SpfRecord;
use super::networks::{networks_of_everybody, own_networks};
use crate::audit::Lookups;
use crate::audit::dmarc::registered_domain;
use crate::values::DnsName;

/// The addresses of a record, counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Breadth {
    /// IPv4 addresses in all.
    pub v4: u64,
    /// IPv6 networks of 64 bits in all; what is smaller counts as one.
    pub v6_networks: u128,
    /// IPv4 addresses of terms that the owner writes: not of services that are included.
    pub own_v4: u64,
    /// IPv6 networks of such terms.
    pub own_v6_networks: u128,
    /// Terms that let a large part of the world send, as written.
    pub everybody: Vec<String>,
    /// The widest terms with their IPv4 addresses, widest first.
    pub widest: Vec<(String, u64)>,
}

/// A term that allows this many IPv4 addresses allows everybody.
const EVERYBODY_V4: u64 = 1 << 28;
/// The same for IPv6, in networks of 64 bits: a /8.
const EVERYBODY_V6: u128 = 1 << 56;

/// Counts what a record of `domain` lets send, as far as the answers go.
pub(super) fn breadth(lookups: &Lookups<'_>, domain: &DnsName, record: &SpfRecord) -> Breadth {
    let terms = networks_of_everybody(lookups, domain, record);
    let home = registered_domain(domain).unwrap_or_else(|| domain.clone());
    let mut breadth = Breadth::default();
    let own = own_networks(lookups, domain, record, &home);
    let everybody = Count::of(terms.iter().flat_map(|term| &term.networks));
    let own = Count::of(own.iter().flat_map(|term| &term.networks));
    (breadth.v4, breadth.v6_networks) = (everybody.v4, everybody.v6_networks);
    (breadth.own_v4, breadth.own_v6_networks) = (own.v4, own.v6_networks);
    for term in &terms {
        let Count { v4, v6_networks } = Count::of(term.networks.iter());
        if v4 >= EVERYBODY_V4 || v6_networks >= EVERYBODY_V6 {
            breadth.everybody.push(term.term.clone());
        }
        breadth.widest.push((term.term.clone(), v4));
    }
    breadth.widest.sort_by_key(|(_, v4)| std::cmp::Reverse(*v4));
    breadth.widest.truncate(3);
    breadth
}

/// IPv4 addresses and IPv6 networks of 64 bits.
struct Count {
    v4: u64,
    v6_networks: u128,
}

impl Count {
    /// Counts each address once, however often it is named.
    fn of<'n>(networks: impl Iterator<Item = &'n IpNet>) -> Self {
        let networks: Vec<IpNet> = networks.map(IpNet::trunc).collect();
        let mut count = Self { v4: 0, v6_networks: 0 };
        for network in IpNet::aggregate(&networks) {
            match network {
                IpNet::V4(network) => count.v4 += 1_u64 << (32 - network.prefix_len().min(32)),
                IpNet::V6(network) => {
                    count.v6_networks += 1_u128 << 64_u8.saturating_sub(network.prefix_len());
                }
            }
        }
        count
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::values::{AnswerBook, DnsAnswer, DnsQuestion, Outcome, RecordData, RecordType, TxtStrings};

    fn of(text: &str) -> Breadth {
        let record = |name: &str, text: &str| DnsAnswer {
            records: vec![RecordData::Txt(TxtStrings::new(vec![text.as_bytes().to_vec()]))],
            ..DnsAnswer::empty(DnsQuestion::new(DnsName::new(name), RecordType::Txt), Outcome::Answer)
        };
        let book: AnswerBook = [
            record("_spf.d.example", "v=spf1 ip4:198.51.100.0/24 ~all"),
            record("service.example", "v=spf1 ip4:203.0.112.0/20 ip6:2001:db8::/32 ~all"),
            record("open.example", "v=spf1 ip4:192.0.2.1 +all"),
            record("whole.example", "v=spf1 ip4:0.0.0.0/0 ~all"),
            record("list.d.example", "v=spf1 ip4:198.51.100.0/24 include:service.example ~all"),
        ]
        .into_iter()
        .collect();
        let lookups = Lookups::new(&book);
        breadth(&lookups, &DnsName::new("d.example"), &SpfRecord::parse(text.as_bytes()).unwrap())
    }

    #[test]
    fn addresses_are_counted_once_and_by_owner() {
        let breadth = of(
            "v=spf1 ip4:192.0.2.0/24 ip4:192.0.2.128/25 ip4:192.0.2.7 include:_spf.d.example include:service.example -all",
        );
        assert_eq!((breadth.v4, breadth.own_v4), (256 + 256 + 4_096, 512));
        assert_eq!((breadth.v6_networks, breadth.own_v6_networks), (1 << 32, 0));
        assert_eq!(breadth.widest[0], ("include:service.example".to_owned(), 4_096));
        assert_eq!(breadth.everybody, Vec::<String>::new());
    }

    #[test]
    fn a_service_inside_an_own_record_is_not_the_owners() {
        for text in ["v=spf1 redirect=list.d.example", "v=spf1 include:list.d.example -all"] {
            let breadth = of(text);
            assert_eq!((breadth.v4, breadth.own_v4), (256 + 4_096, 256), "{text}");
        }
    }

    #[test]
    fn what_lets_everybody_send_is_found_at_any_depth() {
        assert_eq!(of("v=spf1 ip4:0.0.0.0/0 -all").everybody, ["ip4:0.0.0.0/0"]);
        assert_eq!(of("v=spf1 ip4:0.0.0.0/1 ip4:128.0.0.0/1 -all").everybody.len(), 2);
        assert_eq!(of("v=spf1 redirect=open.example").everybody, ["redirect=open.example"]);
        assert_eq!(of("v=spf1 include:open.example -all").everybody, ["include:open.example"]);
        assert_eq!(of("v=spf1 include:whole.example -all").everybody, ["include:whole.example"]);
        assert_eq!(of("v=spf1 ip6:::/0 -all").everybody, ["ip6:::/0"]);
        assert_eq!(of("v=spf1 mx +all").everybody, ["+all"]);
        assert_eq!(of("v=spf1 mx ?all").everybody, Vec::<String>::new());
    }
}
