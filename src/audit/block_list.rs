//! Block lists (RFC 5782): the catalogue, and what an answer of one means. Pure.

use std::net::IpAddr;

use super::Lookups;
use super::lookups::reversed;
use crate::assets::{AssetError, read_block_lists};
pub(super) use crate::assets::{BlockList, Impact, Judges};
use crate::values::{DnsAnswer, Outcome, RecordData, RecordType};

const CATALOGUE: &str = include_str!("../../assets/blocklists.toml");

/// The catalogue that is built into the program.
pub(super) fn catalogue() -> Result<Vec<BlockList>, AssetError> {
    read_block_lists(CATALOGUE)
}

/// What a list says about an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Listing {
    /// Listed; the words say for what.
    Listed { words: Vec<String>, is_policy: bool },
    /// Not listed.
    Clean,
    /// The list does not keep such addresses.
    NotKept,
    /// Nothing can be said; the words say why.
    Unknown(String),
}

impl BlockList {
    /// Whether the list can be trusted from here (RFC 5782 section 5); the words say why not.
    pub(super) fn self_test(&self, lookups: &Lookups<'_>) -> Result<(), String> {
        let listed = lookups.ask(&reversed(IpAddr::from([127, 0, 0, 2]), &self.zone), RecordType::A);
        let clean = lookups.ask(&reversed(IpAddr::from([127, 0, 0, 1]), &self.zone), RecordType::A);
        match self.read(listed) {
            Listing::Listed { .. } => {}
            Listing::Unknown(words) => return Err(words),
            Listing::Clean | Listing::NotKept => {
                return Err("its test entry is not there, so it does not work from here".to_owned());
            }
        }
        match self.read(clean) {
            Listing::Clean | Listing::NotKept => Ok(()),
            Listing::Unknown(words) => Err(words),
            Listing::Listed { .. } => Err("it lists every address, so it is out of order".to_owned()),
        }
    }

    /// Asks about an address, after the self-test.
    pub(super) fn look_up(&self, lookups: &Lookups<'_>, address: IpAddr) -> Listing {
        if address.is_ipv6() && !self.has_ipv6 {
            return Listing::NotKept;
        }
        let name = reversed(address, &self.zone);
        let listing = self.read(lookups.ask(&name, RecordType::A));
        if matches!(listing, Listing::Listed { .. }) {
            // The reason in the list's own words, for the evidence.
            lookups.ask(&name, RecordType::Txt);
        }
        listing
    }

    /// What an answer means: only 127.0.0.0/8 is an answer, and refusals are none.
    fn read(&self, answer: &DnsAnswer) -> Listing {
        match &answer.outcome {
            Outcome::NxDomain | Outcome::NoData => return Listing::Clean,
            Outcome::Refused => return Listing::Unknown("it refused the question".to_owned()),
            Outcome::ServFail => return Listing::Unknown("the resolver got no answer from it".to_owned()),
            Outcome::Timeout => return Listing::Unknown("no answer came in time".to_owned()),
            Outcome::Answer => {}
            other => return Listing::Unknown(other.words().to_owned()),
        }
        let mut words = Vec::new();
        let mut is_policy = true;
        for record in &answer.records {
            let RecordData::A(code) = record else { continue };
            if let Some(refusal) = self.refusals.iter().find(|refusal| refusal.address == *code) {
                return Listing::Unknown(refusal.words.clone());
            }
            match code.octets() {
                [127, 255, 255, _] => {
                    return Listing::Unknown(format!("it refused the question (code {code})"));
                }
                [127, ..] => {}
                _ => return Listing::Unknown(format!("somebody on the way answered {code} in its place")),
            }
            let known = self.codes.iter().find(|known| known.address == *code);
            is_policy &= known.is_some_and(|known| known.is_policy);
            words.push(known.map_or_else(|| format!("code {code}"), |known| known.words.clone()));
        }
        if words.is_empty() { Listing::Clean } else { Listing::Listed { words, is_policy } }
    }
}

#[cfg(test)]
mod tests {
    use std::net::Ipv4Addr;

    use super::*;
    use crate::values::{DnsName, DnsQuestion};

    fn answer(codes: &[[u8; 4]]) -> DnsAnswer {
        let outcome = if codes.is_empty() { Outcome::NxDomain } else { Outcome::Answer };
        let question = DnsQuestion::new(DnsName::new("x.example"), RecordType::A);
        DnsAnswer {
            records: codes.iter().map(|code| RecordData::A(Ipv4Addr::from(*code))).collect(),
            ..DnsAnswer::empty(question, outcome)
        }
    }

    #[test]
    fn codes_are_told_apart() {
        let lists = catalogue().unwrap();
        let zen = lists.iter().find(|list| list.id == "spamhaus-zen").unwrap();
        let listed = |codes: &[[u8; 4]]| zen.read(&answer(codes));
        assert_eq!(listed(&[]), Listing::Clean);
        assert!(matches!(listed(&[[127, 0, 0, 4]]), Listing::Listed { is_policy: false, .. }));
        assert!(matches!(listed(&[[127, 0, 0, 10]]), Listing::Listed { is_policy: true, .. }));
        assert!(matches!(
            listed(&[[127, 0, 0, 10], [127, 0, 0, 3]]),
            Listing::Listed { is_policy: false, .. }
        ));
        assert!(matches!(listed(&[[127, 0, 0, 77]]), Listing::Listed { is_policy: false, .. }));
        for code in [
            [127, 255, 255, 252],
            [127, 255, 255, 254],
            [127, 255, 255, 255],
            [127, 255, 255, 1],
            [146, 112, 61, 108],
        ] {
            assert!(matches!(listed(&[code]), Listing::Unknown(_)), "{code:?}");
        }
        let Listing::Unknown(words) = listed(&[[127, 255, 255, 254]]) else { panic!() };
        assert!(words.contains("public resolver"));
    }

    #[test]
    fn the_catalogue_is_sound() {
        let lists = catalogue().unwrap();
        assert!(lists.len() >= 3);
        assert!(lists.iter().any(|list| list.judges == Judges::Range));
        for list in &lists {
            assert!(list.lookup.starts_with("https://"), "{}", list.id);
            assert!(list.codes.iter().all(|code| code.address.octets()[0] == 127), "{}", list.id);
            assert!(reversed("192.0.2.1".parse().unwrap(), &list.zone).as_str().starts_with("1.2.0.192."));
        }
        let raw: toml::Table = toml::from_str(CATALOGUE).unwrap();
        for entry in raw["list"].as_array().unwrap() {
            assert!(entry["source"].as_str().unwrap().starts_with("https://"), "{entry}");
            assert_eq!(entry["date"].as_str().unwrap().len(), "2026-01-31".len(), "{entry}");
        }
    }
}
