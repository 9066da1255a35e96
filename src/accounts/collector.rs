//! Takes in what the formats find: makes addresses of names, skips repetitions, and keeps count.

use std::collections::{BTreeMap, BTreeSet};

use super::directory::{folded, key};
use super::target::{Target, target, targets};
use super::{Account, AccountsError, Directory, LeftOut, Route, RouteFrom, WhyLeftOut};
use crate::values::{DomainName, EmailAddress, printable_line};

/// More mailboxes and routes together than any server that is moved by hand.
const MAX_ENTRIES: usize = 50_000;
/// Targets of all routes together.
const MAX_TARGETS: usize = 200_000;
/// Longest name of a person that is kept.
const MAX_NAME: usize = 120;
/// Longest name of an entry in a list of what was left out.
const MAX_WHAT: usize = 120;

/// A mailbox as a format has it.
#[derive(Clone, Copy, Debug)]
pub(super) struct FoundAccount<'a> {
    /// Line in the file; 0 where the form has none.
    pub line: u64,
    /// Its address, or a name at the domain of the file.
    pub address: &'a str,
    /// The name that signs in; empty for the address.
    pub user: &'a str,
    /// The name of a person.
    pub name: &'a str,
    /// Whether it is in use.
    pub is_active: bool,
}

/// Collects the entries of one file.
pub(super) struct Collector<'a> {
    source: &'a str,
    domain: &'a DomainName,
    directory: Directory,
    seen: BTreeSet<String>,
    routes: BTreeMap<RouteFrom, usize>,
    targets: usize,
}

impl<'a> Collector<'a> {
    pub(super) fn new(source: &'a str, domain: &'a DomainName) -> Self {
        Self {
            source,
            domain,
            directory: Directory::default(),
            seen: BTreeSet::new(),
            routes: BTreeMap::new(),
            targets: 0,
        }
    }

    /// What was found.
    pub(super) fn finish(mut self) -> Directory {
        // Some servers write down that a mailbox leads to itself.
        self.directory.routes.retain(|route| !leads_to_itself(route));
        self.directory
    }

    /// Takes a mailbox.
    pub(super) fn account(&mut self, found: FoundAccount<'_>) -> Result<(), AccountsError> {
        let Some(address) = self.address(found.address) else {
            self.leave_out(found.line, found.address, WhyLeftOut::NotAnAddress);
            return Ok(());
        };
        if !found.is_active {
            self.leave_out(found.line, found.address, WhyLeftOut::SwitchedOff);
            return Ok(());
        }
        if !self.seen.insert(key(&address)) {
            self.leave_out(found.line, found.address, WhyLeftOut::Repeated);
            return Ok(());
        }
        self.check_room()?;
        let user = found.user.trim();
        let is_name = !user.is_empty() && !user.contains(char::is_control);
        self.directory.accounts.push(Account {
            user: if is_name { user.to_owned() } else { address.to_string() },
            name: shortened(found.name, MAX_NAME),
            address,
        });
        Ok(())
    }

    /// Takes a route: `from` is an address, a name, or `@domain`; `to` is a list with commas.
    pub(super) fn route(&mut self, line: u64, from: &str, to: &str) -> Result<(), AccountsError> {
        self.route_to(line, from, targets(to))
    }

    /// The same with targets that are separate already.
    pub(super) fn route_to<'t>(
        &mut self,
        line: u64,
        from: &str,
        to: impl Iterator<Item = &'t str>,
    ) -> Result<(), AccountsError> {
        let Some(start) = self.start(from) else {
            self.leave_out(line, from, WhyLeftOut::NotAnAddress);
            return Ok(());
        };
        let mut ends: Vec<EmailAddress> = Vec::new();
        for text in to {
            self.targets += 1;
            if self.targets > MAX_TARGETS {
                return Err(AccountsError::TooMany(MAX_TARGETS));
            }
            match target(text) {
                Target::NoAddress(why) => self.leave_out(line, from, why),
                Target::Name(name) => match self.address(name) {
                    Some(address) if ends.iter().any(|end| key(end) == key(&address)) => {}
                    Some(address) => ends.push(address),
                    // The target is not repeated: in a file of another form it could be a password.
                    None => self.leave_out(line, from, WhyLeftOut::TargetNotAnAddress),
                },
            }
        }
        if ends.is_empty() {
            return Ok(());
        }
        let place = folded(&start);
        if let Some(known) = self.routes.get(&place).and_then(|at| self.directory.routes.get_mut(*at)) {
            // Several rows may name one target each; a map has the first entry count, but nothing is lost so.
            for end in ends {
                if !known.to.iter().any(|old| key(old) == key(&end)) {
                    known.to.push(end);
                }
            }
            return Ok(());
        }
        self.check_room()?;
        self.routes.insert(place, self.directory.routes.len());
        self.directory.routes.push(Route { from: start, to: ends });
        Ok(())
    }

    /// Notes an entry that is not taken.
    pub(super) fn leave_out(&mut self, line: u64, what: &str, why: WhyLeftOut) {
        let (source, what) = (self.source.to_owned(), shortened(what, MAX_WHAT));
        self.directory.leave_out(LeftOut { source, line, what, why });
    }

    fn check_room(&self) -> Result<(), AccountsError> {
        if self.directory.accounts.len() + self.directory.routes.len() >= MAX_ENTRIES {
            return Err(AccountsError::TooMany(MAX_ENTRIES));
        }
        Ok(())
    }

    fn start(&self, from: &str) -> Option<RouteFrom> {
        match from.trim().strip_prefix('@') {
            Some(domain) => DomainName::parse(domain).ok().map(RouteFrom::CatchAll),
            None => self.address(from).map(RouteFrom::Address),
        }
    }

    /// An address, or a name at the domain of the file. What follows a plus sign in a target stays.
    fn address(&self, text: &str) -> Option<EmailAddress> {
        let text = text.trim();
        if text.contains('@') {
            return EmailAddress::parse(text).ok();
        }
        EmailAddress::parse(&format!("{text}@{}", self.domain.as_ascii())).ok()
    }
}

fn leads_to_itself(route: &Route) -> bool {
    matches!((&route.from, route.to.as_slice()),
        (RouteFrom::Address(from), [only]) if key(from) == key(only))
}

fn shortened(text: &str, most: usize) -> String {
    printable_line(text.trim()).chars().take(most).collect()
}
