//! What all files together say: mailboxes, aliases, lists, and entries that were not taken.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Encoding, Format};
use crate::values::{DomainName, EmailAddress};

/// What the owner's files say about mailboxes and aliases. It has no place for passwords or their hashes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Directory {
    /// The files, in the order in which they were read.
    pub sources: Vec<SourceFile>,
    /// The mailboxes.
    pub accounts: Vec<Account>,
    /// The aliases, forwards, lists and catch-alls.
    pub routes: Vec<Route>,
    /// What was not taken, and why.
    pub left_out: Vec<LeftOut>,
    /// How much more was not taken than is listed.
    pub more_left_out: u64,
}

/// One file that was read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceFile {
    /// Its name without the folder.
    pub name: String,
    /// What it turned out to be.
    pub format: Format,
    /// How it was encoded.
    pub encoding: Encoding,
    /// Mailboxes found in it.
    pub accounts: usize,
    /// Aliases and the like found in it.
    pub routes: usize,
}

/// A mailbox.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Its address.
    pub address: EmailAddress,
    /// The name that signs in, as the server has it.
    pub user: String,
    /// The owner's name; may be empty.
    pub name: String,
}

/// An address that leads elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Route {
    /// Where mail is sent to.
    pub from: RouteFrom,
    /// Where it goes; never empty.
    pub to: Vec<EmailAddress>,
}

/// The beginning of a route.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RouteFrom {
    /// One address.
    Address(EmailAddress),
    /// Every address of the domain that has no mailbox or route of its own.
    CatchAll(DomainName),
}

impl RouteFrom {
    /// The domain that it belongs to.
    pub fn domain(&self) -> &DomainName {
        match self {
            Self::Address(address) => address.domain(),
            Self::CatchAll(domain) => domain,
        }
    }
}

impl std::fmt::Display for RouteFrom {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Address(address) => address.fmt(formatter),
            Self::CatchAll(domain) => write!(formatter, "@{domain}"),
        }
    }
}

/// An entry that was not taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeftOut {
    /// Name of the file.
    pub source: String,
    /// Line in it; 0 where the form has no lines.
    pub line: u64,
    /// Which entry: a name or an address, never a secret.
    pub what: String,
    /// Why.
    pub why: WhyLeftOut,
}

/// Why an entry was not taken.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum WhyLeftOut {
    /// A user of the system, not of a person.
    SystemAccount {
        /// Its number.
        uid: u32,
    },
    /// Mail is handed to a program on the server.
    Program(String),
    /// Mail is written to a file on the server.
    File,
    /// The addresses stand in another file on the server.
    Include,
    /// Mail is thrown away or refused on purpose.
    Discarded,
    /// The domain of the target is exchanged and the name kept (`@old @new`).
    DomainRewrite,
    /// Every other address of the domain goes into a mailbox that only has a path.
    CatchAllMailbox,
    /// It is switched off at the old server.
    SwitchedOff,
    /// It is at a domain that was not asked for.
    OtherDomain(DomainName),
    /// No address, or one that no provider would take.
    NotAnAddress,
    /// It leads to something that is no address.
    TargetNotAnAddress,
    /// The same address stands in an earlier line.
    Repeated,
}

impl WhyLeftOut {
    /// In words, with what to do about it.
    pub fn words(&self) -> String {
        match self {
            Self::SystemAccount { uid } => format!("a system account (number {uid}); nobody reads mail there"),
            Self::Program(program) => format!(
                "hands mail to a program on the server ({program}); no provider runs it: let the program fetch its mail over IMAP"
            ),
            Self::File => "writes mail into a file on the server; no provider has such a file: make it a mailbox".to_owned(),
            Self::Include => "takes its addresses from another file on the server: name that file as well, or make it a list".to_owned(),
            Self::Discarded => "throws mail away on purpose; without an entry the provider refuses it".to_owned(),
            Self::DomainRewrite => "keeps the name and exchanges the domain: add the domain to the provider as an alias domain".to_owned(),
            Self::CatchAllMailbox => "takes all other addresses into a mailbox without an address: choose a mailbox for them".to_owned(),
            Self::SwitchedOff => "is switched off on the old server".to_owned(),
            Self::OtherDomain(domain) => format!("belongs to another domain, {domain}"),
            Self::NotAnAddress => "is not an address that a provider takes".to_owned(),
            Self::TargetNotAnAddress => "leads to something that is not an address".to_owned(),
            Self::Repeated => "stands in an earlier line already".to_owned(),
        }
    }
}

impl Directory {
    /// Adds what another file says. What is known stays as it is; names that were missing are filled in, and targets
    /// are added to a route that is there.
    pub fn absorb(&mut self, other: Self) {
        let mut accounts: BTreeMap<String, usize> =
            self.accounts.iter().enumerate().map(|(at, account)| (key(&account.address), at)).collect();
        for account in other.accounts {
            let known = accounts.get(&key(&account.address)).and_then(|at| self.accounts.get_mut(*at));
            if let Some(known) = known {
                if known.name.is_empty() {
                    known.name = account.name;
                }
            } else {
                accounts.insert(key(&account.address), self.accounts.len());
                self.accounts.push(account);
            }
        }
        let mut routes: BTreeMap<RouteFrom, usize> =
            self.routes.iter().enumerate().map(|(at, route)| (folded(&route.from), at)).collect();
        for route in other.routes {
            let known = routes.get(&folded(&route.from)).and_then(|at| self.routes.get_mut(*at));
            if let Some(known) = known {
                for target in route.to {
                    if !known.to.iter().any(|old| key(old) == key(&target)) {
                        known.to.push(target);
                    }
                }
            } else {
                routes.insert(folded(&route.from), self.routes.len());
                self.routes.push(route);
            }
        }
        for source in other.sources {
            // A file that is read again takes the place of its first reading.
            self.sources.retain(|known| known.name != source.name || known.format != source.format);
            self.sources.push(source);
        }
        for left_out in other.left_out {
            if !self.left_out.contains(&left_out) {
                self.left_out.push(left_out);
            }
        }
        self.more_left_out += other.more_left_out;
    }

    /// Moves what belongs to other domains than these to what is left out.
    pub fn keep_domains(&mut self, wanted: &[DomainName]) {
        let is_foreign = |domain: &DomainName| !wanted.contains(domain);
        let source = self.sources.first().map(|source| source.name.clone()).unwrap_or_default();
        let mut foreign = Vec::new();
        self.accounts.retain(|account| {
            let domain = account.address.domain();
            if is_foreign(domain) {
                foreign.push((account.address.to_string(), domain.clone()));
            }
            !is_foreign(domain)
        });
        self.routes.retain(|route| {
            if is_foreign(route.from.domain()) {
                foreign.push((route.from.to_string(), route.from.domain().clone()));
            }
            !is_foreign(route.from.domain())
        });
        for (what, domain) in foreign {
            let why = WhyLeftOut::OtherDomain(domain);
            self.leave_out(LeftOut { source: source.clone(), line: 0, what, why });
        }
    }

    /// The domains of mailboxes and routes, with how many entries each has.
    pub fn domains(&self) -> BTreeMap<DomainName, usize> {
        let mut domains = BTreeMap::new();
        let accounts = self.accounts.iter().map(|account| account.address.domain());
        for domain in accounts.chain(self.routes.iter().map(|route| route.from.domain())) {
            *domains.entry(domain.clone()).or_default() += 1;
        }
        domains
    }

    /// Whether there is nothing in it.
    pub fn is_empty(&self) -> bool {
        self.sources.is_empty() && self.accounts.is_empty() && self.routes.is_empty()
    }

    /// Notes what was not taken; beyond a thousand entries they are only counted.
    pub(super) fn leave_out(&mut self, left_out: LeftOut) {
        if self.left_out.len() < MOST_LEFT_OUT {
            self.left_out.push(left_out);
        } else {
            self.more_left_out += 1;
        }
    }
}

/// Most entries that are listed as left out.
const MOST_LEFT_OUT: usize = 1_000;

/// Servers and providers compare addresses without regard to case.
pub(super) fn key(address: &EmailAddress) -> String {
    address.to_ascii().to_lowercase()
}

/// A beginning by which routes are compared.
pub(super) fn folded(from: &RouteFrom) -> RouteFrom {
    match from {
        RouteFrom::Address(address) => {
            EmailAddress::parse(&key(address)).map_or_else(|_same| from.clone(), RouteFrom::Address)
        }
        RouteFrom::CatchAll(_) => from.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(address: &str, name: &str) -> Account {
        Account {
            address: EmailAddress::parse(address).unwrap(),
            user: address.to_owned(),
            name: name.to_owned(),
        }
    }

    fn route(from: &str, to: &[&str]) -> Route {
        Route {
            from: RouteFrom::Address(EmailAddress::parse(from).unwrap()),
            to: to.iter().map(|to| EmailAddress::parse(to).unwrap()).collect(),
        }
    }

    #[test]
    fn two_files_become_one_directory() {
        let mut all = Directory {
            accounts: vec![account("anna@example.org", "")],
            routes: vec![route("info@example.org", &["anna@example.org"])],
            ..Directory::default()
        };
        all.absorb(Directory {
            accounts: vec![account("Anna@example.org", "Anna"), account("ben@example.org", "Ben")],
            routes: vec![route("Info@example.org", &["ANNA@example.org", "ben@example.org"])],
            ..Directory::default()
        });
        assert_eq!(all.accounts, [account("anna@example.org", "Anna"), account("ben@example.org", "Ben")]);
        assert_eq!(all.routes, [route("info@example.org", &["anna@example.org", "ben@example.org"])]);
    }

    #[test]
    fn other_domains_are_named_and_not_taken() {
        let mut all = Directory {
            accounts: vec![account("anna@example.org", ""), account("x@other.example", "")],
            routes: vec![route("info@other.example", &["anna@example.org"])],
            ..Directory::default()
        };
        assert_eq!(all.domains().into_values().collect::<Vec<_>>(), [1, 2]);
        all.keep_domains(&[DomainName::parse("example.org").unwrap()]);
        assert_eq!((all.accounts.len(), all.routes.len(), all.left_out.len()), (1, 0, 2));
        assert_eq!(all.left_out[1].what, "info@other.example");
        assert!(all.left_out[1].why.words().contains("other.example"));
    }
}
