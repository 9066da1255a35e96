//! The neighbours of a sending address: which to check, in which order, and the answers. Pure.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use serde::{Deserialize, Serialize};

use super::list::{AskedList, Listing, asked_lists, catalogue};
use crate::assets::ListKind;
use crate::audit::context::Context;
use crate::audit::lookups::{Lookups, reverse_name};
use crate::audit::{Facts, Outcome, senders};
use crate::values::{DnsAnswer, DnsName, DnsQuestion, RecordData, RecordType};

/// Ranges that one audit asks about.
const MAX_RANGES: usize = 4;
/// Cells of a range: the addresses of a /24, the /64 of a /56, the /56 of a /48.
const CELLS: usize = 256;

/// What was heard about the 256 places around a sending address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Neighbourhood {
    /// The sending address.
    pub around: IpAddr,
    /// Length of the range: 24 for IPv4, 56 or 48 for IPv6.
    pub prefix_len: u8,
    /// Ids of the lists that were asked.
    pub lists: Vec<String>,
    /// The neighbours that were asked about, in order.
    pub neighbours: Vec<Neighbour>,
}

/// One neighbour.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Neighbour {
    /// Its place in the range.
    pub index: u8,
    /// Its name (PTR), where it has one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<DnsName>,
    /// What lists said, except for those that know nothing.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub said: Vec<ListSaid>,
}

/// What one list said about a neighbour.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ListSaid {
    /// The list's id.
    pub list: String,
    /// Codes, or why there are none.
    pub said: Said,
}

/// An answer of a list, without its words.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Said {
    /// The addresses in the answer.
    Codes(Vec<Ipv4Addr>),
    /// No answer.
    Nothing(Outcome),
}

/// Which neighbours are asked about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NeighbourPlan {
    /// The ranges, nothing heard yet.
    pub neighbourhoods: Vec<Neighbourhood>,
    /// In the order in which they are asked.
    pub questions: Vec<NeighbourQuestion>,
}

/// One question about a neighbour.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NeighbourQuestion {
    /// Which of the ranges it belongs to.
    pub neighbourhood: usize,
    /// The neighbour's place in the range.
    pub index: u8,
    /// The list that is asked; `None` for the neighbour's name.
    pub list: Option<String>,
    /// What is asked.
    pub question: DnsQuestion,
}

impl Neighbourhood {
    fn new(around: IpAddr, prefix_len: u8) -> Self {
        Self { around, prefix_len, lists: Vec::new(), neighbours: Vec::new() }
    }

    /// The place of the sending address itself.
    pub fn own_index(&self) -> u8 {
        let byte = usize::from(self.prefix_len / 8);
        let octets = match self.around {
            IpAddr::V4(v4) => v4.octets().get(byte).copied(),
            IpAddr::V6(v6) => v6.octets().get(byte).copied(),
        };
        octets.unwrap_or(0)
    }

    /// The address under which a place is asked about. A network is asked by its first address: lists keep IPv6 by /64.
    pub fn address(&self, index: u8) -> IpAddr {
        let byte = usize::from(self.prefix_len / 8);
        match self.around {
            IpAddr::V4(v4) => {
                let [a, b, c, _] = v4.octets();
                IpAddr::V4(Ipv4Addr::new(a, b, c, index))
            }
            IpAddr::V6(v6) if index == self.own_index() => IpAddr::V6(v6),
            IpAddr::V6(v6) => {
                let mut octets = v6.octets();
                for (place, octet) in octets.iter_mut().enumerate().skip(byte) {
                    *octet = if place == byte { index } else { u8::from(place == 15) };
                }
                IpAddr::V6(Ipv6Addr::from(octets))
            }
        }
    }

    /// What a place is called: an address, or a network.
    pub fn place(&self, index: u8) -> String {
        match self.address(index) {
            IpAddr::V4(v4) => v4.to_string(),
            IpAddr::V6(v6) => network(v6, self.prefix_len + 8),
        }
    }

    /// The range: `198.51.100.0/24`.
    pub fn range(&self) -> String {
        match self.around {
            IpAddr::V4(v4) => {
                let [a, b, c, _] = v4.octets();
                format!("{a}.{b}.{c}.0/24")
            }
            IpAddr::V6(v6) => network(v6, self.prefix_len),
        }
    }

    /// Writes down what was answered.
    pub fn hear(&mut self, question: &NeighbourQuestion, answer: &DnsAnswer) {
        let index = question.index;
        let at = match self.neighbours.binary_search_by_key(&index, |neighbour| neighbour.index) {
            Ok(at) => at,
            Err(at) => {
                self.neighbours.insert(at, Neighbour { index, name: None, said: Vec::new() });
                at
            }
        };
        let Some(neighbour) = self.neighbours.get_mut(at) else { return };
        match &question.list {
            None => {
                neighbour.name = answer.records.iter().find_map(|record| match record {
                    RecordData::Ptr(name) => Some(name.clone()),
                    _ => None,
                });
            }
            Some(list) => {
                let codes = answer.records.iter().filter_map(|record| match record {
                    RecordData::A(code) => Some(*code),
                    _ => None,
                });
                let said = match &answer.outcome {
                    Outcome::NxDomain | Outcome::NoData => return,
                    Outcome::Answer => Said::Codes(codes.collect()),
                    outcome => Said::Nothing(outcome.clone()),
                };
                neighbour.said.push(ListSaid { list: list.clone(), said });
            }
        }
    }
}

impl Said {
    /// What it means.
    pub(super) fn read<'a>(&self, list: &AskedList<'a>) -> Listing<'a> {
        match self {
            Self::Codes(codes) => list.read_codes(codes.iter().copied()),
            Self::Nothing(outcome) => Listing::Unknown(super::list::Silence::Dns(outcome.clone())),
        }
    }
}

fn network(address: Ipv6Addr, prefix_len: u8) -> String {
    ipnet::Ipv6Net::new(address, prefix_len)
        .map_or_else(|_too_long| address.to_string(), |network| network.trunc().to_string())
}

/// The ranges around the sending addresses: each /24 once; for IPv6 the /56 and the /48 around each /64.
pub(super) fn ranges(addresses: &[IpAddr]) -> Vec<Neighbourhood> {
    let mut found: Vec<Neighbourhood> = Vec::new();
    for address in addresses {
        let lengths: &[u8] = if address.is_ipv4() { &[24] } else { &[56, 48] };
        for prefix_len in lengths {
            let range = Neighbourhood::new(*address, *prefix_len);
            if found.iter().all(|known| known.range() != range.range()) && found.len() < MAX_RANGES {
                found.push(range);
            }
        }
    }
    found
}

/// Plans the questions about neighbours, at most `budget` of them. Lists that failed their test are not asked.
pub fn neighbour_plan(facts: &Facts, budget: usize) -> NeighbourPlan {
    let context = Context { facts, lookups: Lookups::new(&facts.answers) };
    let senders = senders::find(&context);
    let Ok(lists) = catalogue() else { return NeighbourPlan::default() };
    let mut neighbourhoods = ranges(&senders.addresses);
    let share = budget.checked_div(neighbourhoods.len()).unwrap_or(0);
    let mut questions = Vec::new();
    for (number, neighbourhood) in neighbourhoods.iter_mut().enumerate() {
        let is_ipv4 = neighbourhood.around.is_ipv4();
        let usable: Vec<AskedList<'_>> = asked_lists(lists, facts, ListKind::Block)
            .filter(|asked| asked.list.neighbours && asked.keeps(neighbourhood.around))
            .filter(|asked| asked.self_test(&context.lookups, is_ipv4).is_ok())
            .collect();
        if usable.is_empty() {
            continue;
        }
        neighbourhood.lists = usable.iter().map(|asked| asked.list.id.clone()).collect();
        // Each neighbour of an IPv4 address is asked for its name as well.
        let price = usable.len() + usize::from(is_ipv4);
        for index in order(neighbourhood.own_index()).into_iter().take(share / price) {
            let address = neighbourhood.address(index);
            let about = |list: Option<&AskedList<'_>>| NeighbourQuestion {
                neighbourhood: number,
                index,
                list: list.map(|asked| asked.list.id.clone()),
                question: match list {
                    Some(asked) => DnsQuestion::new(asked.name_of(address), RecordType::A),
                    None => DnsQuestion::new(reverse_name(address), RecordType::Ptr),
                },
            };
            questions.extend(usable.iter().map(|asked| about(Some(asked))));
            questions.extend(is_ipv4.then(|| about(None)));
        }
    }
    NeighbourPlan { neighbourhoods, questions }
}

/// Places in the order of asking: first the quarter around the owner's own, then the rest, spread evenly so that a part of
/// it shows all of it.
fn order(own: u8) -> Vec<u8> {
    let mut near: Vec<u8> = (0..=u8::MAX).filter(|index| index / 64 == own / 64 && *index != own).collect();
    near.sort_by_key(|index| index.abs_diff(own));
    let far = (0..=u8::MAX).map(u8::reverse_bits).filter(|index| index / 64 != own / 64);
    let order: Vec<u8> = near.into_iter().chain(far).collect();
    debug_assert_eq!(order.len(), CELLS - 1, "each place but the own");
    order
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_are_addresses_and_networks() {
        let street = Neighbourhood::new("198.51.100.77".parse().unwrap(), 24);
        assert_eq!((street.own_index(), street.range().as_str()), (77, "198.51.100.0/24"));
        assert_eq!(
            (street.place(81).as_str(), street.address(81).to_string().as_str()),
            ("198.51.100.81", "198.51.100.81")
        );
        let around = "2001:db8:1:203::25".parse().unwrap();
        let near = Neighbourhood::new(around, 56);
        assert_eq!((near.own_index(), near.range().as_str()), (3, "2001:db8:1:200::/56"));
        assert_eq!(
            (near.place(7).as_str(), near.address(7).to_string().as_str()),
            ("2001:db8:1:207::/64", "2001:db8:1:207::1")
        );
        assert_eq!(near.address(3), around);
        let far = Neighbourhood::new(around, 48);
        assert_eq!((far.own_index(), far.range().as_str()), (2, "2001:db8:1::/48"));
        assert_eq!(
            (far.place(9).as_str(), far.address(9).to_string().as_str()),
            ("2001:db8:1:900::/56", "2001:db8:1:900::1")
        );
    }

    #[test]
    fn near_ones_come_first_and_each_once() {
        let all = order(77);
        let mut sorted = all.clone();
        sorted.sort_unstable();
        sorted.dedup();
        assert_eq!((all.len(), sorted.len(), all.contains(&77)), (255, 255, false));
        assert!(all[..63].iter().all(|index| (64..128).contains(index)));
        let quarters = |part: &[u8]| {
            (0..4)
                .map(|quarter| part.iter().filter(|index| **index / 64 == quarter).count())
                .collect::<Vec<_>>()
        };
        assert_eq!(quarters(&all[63..123]), [20, 0, 20, 20]);
    }

    #[test]
    fn ranges_are_named_once_and_are_few() {
        let parse = |text: &str| text.parse::<IpAddr>().unwrap();
        let found =
            ranges(&[parse("192.0.2.1"), parse("192.0.2.9"), parse("2001:db8::1"), parse("2001:db8::2")]);
        let names: Vec<String> = found.iter().map(Neighbourhood::range).collect();
        assert_eq!(names, ["192.0.2.0/24", "2001:db8::/56", "2001:db8::/48"]);
        let many: Vec<IpAddr> = (0..9).map(|number| parse(&format!("192.0.{number}.1"))).collect();
        assert_eq!(ranges(&many).len(), MAX_RANGES);
    }
}
