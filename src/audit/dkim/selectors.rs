//! Chooses the selectors to look up: first those seen in signed mail, last a list of common ones.

use super::is_key_record;
use crate::assets::read_selectors;
use crate::audit::context::Context;
use crate::values::{DnsName, RecordType};

/// Selectors that are asked, named and well-known together.
pub(super) const MAX_SELECTORS: usize = 120;

pub(super) const WELL_KNOWN: &str = include_str!("../../../assets/selectors.toml");

/// Selectors that an owner may name.
pub const MAX_NAMED: usize = 20;

/// Whether a text can stand as a selector in a name: labels of letters, digits, “-” and “_” (RFC 6376 section 3.1).
pub fn is_selector(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 100
        && text.split('.').all(|label| {
            (1..=63).contains(&label.len())
                && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
        })
}

/// How a selector became known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ToldBy {
    /// A message of the domain is signed with it.
    Mail,
    /// The owner named it.
    Owner,
    /// It is in the list of common names.
    List,
}

/// A selector to look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Candidate {
    pub name: String,
    /// The provider that uses this name, as far as the list knows.
    pub who: String,
    pub told: ToldBy,
}

impl Candidate {
    /// The selector, with what helps to know it.
    pub(super) fn label(&self) -> String {
        match (self.told, self.who.as_str()) {
            (ToldBy::Mail, _) => format!("{} (in use)", self.name),
            (_, "") => self.name.clone(),
            (_, who) => format!("{} (a name that {who} uses)", self.name),
        }
    }
}

/// What is known about the names below `_domainkey`.
pub(super) struct Selectors {
    /// Those to look at, the surest first.
    pub candidates: Vec<Candidate>,
    /// Whether every name has a key record: then a common name proves nothing.
    pub is_wildcard: bool,
    /// Whether every name is an alias: then one that leads to nothing tells nothing.
    pub is_aliased_everywhere: bool,
    /// Whether the common names were left out because nobody answers for the zone.
    pub is_list_skipped: bool,
    /// How many names the list has.
    pub listed: usize,
}

/// The owner name of a key record (RFC 6376 section 3.6.2.1).
pub(in crate::audit) fn key_name(selector: &str, domain: &str) -> DnsName {
    DnsName::new(&format!("{selector}._domainkey.{domain}"))
}

/// Puts the list together. Asks for `_domainkey` and a control name on the way.
pub(super) fn selectors(context: &Context<'_>) -> Selectors {
    let facts = context.facts;
    let domain = facts.domain.as_ascii();
    let mut candidates: Vec<Candidate> = Vec::new();
    let mut add = |name: &str, who: &str, told: ToldBy| {
        if candidates.len() < MAX_SELECTORS && !candidates.iter().any(|known| known.name == name) {
            candidates.push(Candidate { name: name.to_owned(), who: who.to_owned(), told });
        }
    };
    let signatures = facts.messages().iter().flat_map(|message| &message.signatures);
    for signature in
        signatures.filter(|signature| signature.domain == domain && !signature.selector.is_empty())
    {
        add(&signature.selector, "", ToldBy::Mail);
    }
    for name in &facts.selectors {
        add(name, "", ToldBy::Owner);
    }
    // Anybody may have written what lies in a mailbox, so a selector there is only a name to try.
    let at_home = facts.came_home().iter().flat_map(|message| &message.signatures);
    for signature in
        at_home.filter(|signature| signature.domain == domain && is_selector(&signature.selector))
    {
        add(&signature.selector, "", ToldBy::List);
    }
    let tree = context.lookups.ask(&facts.domain.below("_domainkey"), RecordType::Txt);
    let control = context.lookups.ask(&key_name(&facts.probe_label, domain), RecordType::Txt);
    let is_wildcard = control.texts().any(|text| is_key_record(&text));
    // Where two questions get no answer, seventy more would only take a minute longer.
    let is_list_skipped = !tree.outcome.is_known() && !control.outcome.is_known();
    // The build reads the data file first, so that it is right.
    let known = read_selectors(WELL_KNOWN).unwrap_or_default();
    if !is_wildcard && !is_list_skipped {
        for selector in &known {
            add(&selector.name, &selector.who, ToldBy::List);
        }
    }
    Selectors {
        candidates,
        is_wildcard,
        is_aliased_everywhere: !control.aliases.is_empty(),
        is_list_skipped,
        listed: known.len(),
    }
}

/// Selectors that have a key record, the surest first; of none where every name has one.
pub(in crate::audit) fn published_selectors(context: &Context<'_>) -> Vec<String> {
    let domain = context.facts.domain.as_ascii();
    let found = selectors(context);
    let is_published = |candidate: &Candidate| {
        let answer = context.lookups.ask(&key_name(&candidate.name, domain), RecordType::Txt);
        answer.texts().any(|text| is_key_record(&text))
    };
    found.candidates.into_iter().filter(is_published).map(|candidate| candidate.name).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_of_well_known_selectors_is_sound() {
        let selectors = read_selectors(WELL_KNOWN).unwrap();
        let mut names: Vec<&str> = selectors.iter().map(|known| known.name.as_str()).collect();
        assert!(names.len() > 30 && names.len() < MAX_SELECTORS - 20);
        assert!(
            names
                .iter()
                .all(|name| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte)))
        );
        names.sort_unstable();
        let count = names.len();
        names.dedup();
        assert_eq!(names.len(), count, "a selector occurs twice");
    }
}
