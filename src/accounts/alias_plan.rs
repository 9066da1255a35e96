//! Follows every alias to its ends and says what it has to become at a provider.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::directory::key;
use super::{Directory, RouteFrom};
use crate::values::{DomainName, EmailAddress};

/// Longest chain of aliases that is followed.
const MAX_DEPTH: usize = 100;
/// Most addresses that one alias is followed through.
const MAX_VISITED: usize = 1_000;
/// Troubles that are told of one route; whoever mends these sees the next.
const MAX_TROUBLES: usize = 50;

/// What has to be created besides mailboxes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AliasPlan {
    /// One entry for each route, in the order of the files.
    pub routes: Vec<PlannedRoute>,
}

/// What becomes of one route.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedRoute {
    /// Where mail is sent to.
    pub from: RouteFrom,
    /// What it has to become.
    pub kind: RouteKind,
    /// Mailboxes of the owner's domains at its ends.
    pub inside: Vec<EmailAddress>,
    /// Addresses of others at its ends.
    pub outside: Vec<EmailAddress>,
    /// What is wrong with it, or will be.
    pub troubles: Vec<RouteTrouble>,
}

/// What a route has to become.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RouteKind {
    /// A further address of one mailbox.
    Alias,
    /// Several receivers: a group or distribution list.
    List,
    /// Everything goes on to another address.
    Forward,
    /// The mailbox keeps its mail, and copies go on to other addresses.
    Copy,
    /// Every address without a mailbox or route of its own.
    CatchAll,
    /// It has no end; nothing to create.
    Nowhere,
}

impl RouteKind {
    /// In a word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Alias => "Alias",
            Self::List => "List",
            Self::Forward => "Forward",
            Self::Copy => "Copy and forward",
            Self::CatchAll => "Catch-all",
            Self::Nowhere => "Leads nowhere",
        }
    }
}

/// What is wrong with a route, or will be after the move.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RouteTrouble {
    /// Mail goes on to another domain, where its sender's SPF no longer fits.
    BreaksSpf,
    /// It leads back to itself; the addresses in order.
    Loop(Vec<EmailAddress>),
    /// An address at one of the owner's domains that nobody has.
    NoSuchMailbox(EmailAddress),
    /// There is a mailbox with this address which gets nothing.
    MailboxGetsNothing,
    /// Longer than any server follows.
    TooLong,
}

impl RouteTrouble {
    /// In words, with what to do about it.
    pub fn words(&self) -> String {
        match self {
            Self::BreaksSpf => "SPF will break: the other receiver sees your provider send mail of strangers. Ask whether the provider rewrites the sender (SRS), or let the person fetch the mail".to_owned(),
            Self::Loop(path) => {
                let path: Vec<String> = path.iter().map(ToString::to_string).collect();
                format!("goes round in a circle: {}. Take one of them out", path.join(" → "))
            }
            Self::NoSuchMailbox(address) => {
                format!("{address} has no mailbox and no alias. Create it, or choose another target")
            }
            Self::MailboxGetsNothing => {
                "the mailbox of the same name gets none of this mail; keep it only for what is in it".to_owned()
            }
            Self::TooLong => "the chain of aliases is too long to follow. Let it lead straight to a mailbox".to_owned(),
        }
    }
}

/// How many of each there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlanCounts {
    /// Further addresses of one mailbox.
    pub aliases: usize,
    /// Lists.
    pub lists: usize,
    /// Forwards, with and without a copy in the mailbox.
    pub forwards: usize,
    /// Catch-alls.
    pub catch_alls: usize,
    /// Routes that lead nowhere.
    pub nowhere: usize,
    /// Routes of any kind that will break SPF.
    pub breaking_spf: usize,
    /// Routes with a circle in them.
    pub circles: usize,
    /// Routes with an end that nobody has.
    pub without_mailbox: usize,
}

impl AliasPlan {
    /// Makes the plan. `mailboxes` are those of the project, which may be more than the files have.
    pub fn of(directory: &Directory, mailboxes: &[EmailAddress]) -> Self {
        let graph = Graph::of(directory, mailboxes);
        Self { routes: (0..directory.routes.len()).filter_map(|at| graph.plan(at)).collect() }
    }

    /// How many of each there are.
    pub fn counts(&self) -> PlanCounts {
        let mut counts = PlanCounts::default();
        for route in &self.routes {
            *match route.kind {
                RouteKind::Alias => &mut counts.aliases,
                RouteKind::List => &mut counts.lists,
                RouteKind::Forward | RouteKind::Copy => &mut counts.forwards,
                RouteKind::CatchAll => &mut counts.catch_alls,
                RouteKind::Nowhere => &mut counts.nowhere,
            } += 1;
            let has = |is: fn(&RouteTrouble) -> bool| usize::from(route.troubles.iter().any(is));
            counts.breaking_spf += has(|trouble| *trouble == RouteTrouble::BreaksSpf);
            counts.circles += has(|trouble| matches!(trouble, RouteTrouble::Loop(_)));
            counts.without_mailbox += has(|trouble| matches!(trouble, RouteTrouble::NoSuchMailbox(_)));
        }
        counts
    }

    /// `7 aliases, 1 list and 2 forwards to create; 2 will break SPF`. Empty without routes.
    pub fn summary(&self) -> String {
        let counts = self.counts();
        let some = |count: usize, one: &str, many: &str| {
            (count > 0).then(|| format!("{count} {}", if count == 1 { one } else { many }))
        };
        let joined = |parts: Vec<Option<String>>| parts.into_iter().flatten().collect::<Vec<_>>().join(", ");
        let made = joined(vec![
            some(counts.aliases, "alias", "aliases"),
            some(counts.lists, "list", "lists"),
            some(counts.forwards, "forward", "forwards"),
            some(counts.catch_alls, "catch-all", "catch-alls"),
        ]);
        let troubles = joined(vec![
            some(counts.breaking_spf, "will break SPF", "will break SPF"),
            some(counts.circles, "goes round in a circle", "go round in a circle"),
            some(counts.without_mailbox, "leads to nobody", "lead to nobody"),
        ]);
        let made = if made.is_empty() { made } else { format!("{made} to create") };
        match (made.is_empty(), troubles.is_empty()) {
            (false, false) => format!("{made}; {troubles}"),
            _ => format!("{made}{troubles}"),
        }
    }
}

/// Addresses as numbers, so that following them is cheap.
struct Graph<'d> {
    directory: &'d Directory,
    /// Route by the address at which it begins.
    routes: BTreeMap<String, usize>,
    accounts: BTreeSet<String>,
    domains: BTreeSet<DomainName>,
    catch_alls: BTreeSet<DomainName>,
    /// For each route what each of its targets is.
    nodes: Vec<Vec<Node>>,
}

/// What an address is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Node {
    /// The mailbox that the route is named after.
    Itself,
    Route(usize),
    Mailbox,
    Outside,
    Nobody,
}

impl<'d> Graph<'d> {
    fn of(directory: &'d Directory, mailboxes: &[EmailAddress]) -> Self {
        let known = directory.accounts.iter().map(|account| &account.address);
        let accounts: Vec<&EmailAddress> = known.chain(mailboxes).collect();
        let mut graph = Self {
            directory,
            routes: BTreeMap::new(),
            domains: accounts.iter().map(|address| address.domain().clone()).collect(),
            accounts: accounts.iter().map(|address| key(address)).collect(),
            catch_alls: BTreeSet::new(),
            nodes: Vec::new(),
        };
        for (at, route) in directory.routes.iter().enumerate() {
            graph.domains.insert(route.from.domain().clone());
            match &route.from {
                RouteFrom::Address(address) => {
                    graph.routes.insert(key(address), at);
                }
                RouteFrom::CatchAll(domain) => {
                    graph.catch_alls.insert(domain.clone());
                }
            }
        }
        graph.nodes = (0..directory.routes.len()).map(|at| graph.nodes_of(at)).collect();
        graph
    }

    fn nodes_of(&self, at: usize) -> Vec<Node> {
        let Some(route) = self.directory.routes.get(at) else { return Vec::new() };
        let own = match &route.from {
            RouteFrom::Address(address) => Some(key(address)),
            RouteFrom::CatchAll(_) => None,
        };
        let node = |target: &EmailAddress| {
            let name = key(target);
            if own.as_ref() == Some(&name) {
                Node::Itself
            } else if let Some(at) = self.routes.get(&name) {
                Node::Route(*at)
            } else if self.accounts.contains(&name) {
                Node::Mailbox
            } else if !self.domains.contains(target.domain()) {
                Node::Outside
            } else if self.catch_alls.contains(target.domain()) {
                Node::Mailbox
            } else {
                Node::Nobody
            }
        };
        route.to.iter().map(node).collect()
    }

    fn plan(&self, at: usize) -> Option<PlannedRoute> {
        let route = self.directory.routes.get(at)?;
        let mut walk =
            Walk { graph: self, visited: BTreeSet::new(), seen: BTreeSet::new(), ends: Ends::default() };
        walk.follow(at);
        let Ends { inside, outside, mut troubles } = walk.ends;
        let has_mailbox = match &route.from {
            RouteFrom::Address(address) => self.accounts.contains(&key(address)),
            RouteFrom::CatchAll(_) => false,
        };
        let keeps_copy = self.nodes.get(at).is_some_and(|nodes| nodes.contains(&Node::Itself));
        let kind = match (&route.from, inside.len(), outside.len()) {
            (_, 0, 0) => RouteKind::Nowhere,
            (RouteFrom::CatchAll(_), ..) => RouteKind::CatchAll,
            _ if has_mailbox && keeps_copy => RouteKind::Copy,
            (_, 0, 1) => RouteKind::Forward,
            (_, 1, 0) if has_mailbox => RouteKind::Forward,
            (_, 1, 0) => RouteKind::Alias,
            _ => RouteKind::List,
        };
        if !outside.is_empty() {
            troubles.insert(0, RouteTrouble::BreaksSpf);
        }
        if has_mailbox && !keeps_copy {
            troubles.push(RouteTrouble::MailboxGetsNothing);
        }
        Some(PlannedRoute { from: route.from.clone(), kind, inside, outside, troubles })
    }
}

#[derive(Default)]
struct Ends {
    inside: Vec<EmailAddress>,
    outside: Vec<EmailAddress>,
    troubles: Vec<RouteTrouble>,
}

/// Follows one route, each address once.
struct Walk<'g, 'd> {
    graph: &'g Graph<'d>,
    visited: BTreeSet<usize>,
    /// Ends so far.
    seen: BTreeSet<String>,
    ends: Ends,
}

/// A route that is being followed.
#[derive(Clone, Copy)]
struct Waypoint {
    /// Its place in the directory.
    route: usize,
    /// Which of its targets is looked at next.
    next: usize,
}

impl Waypoint {
    const fn at(route: usize) -> Self {
        Self { route, next: 0 }
    }
}

impl Walk<'_, '_> {
    fn follow(&mut self, start: usize) {
        // The routes from the start to here.
        let mut path = vec![Waypoint::at(start)];
        self.visited.insert(start);
        while let Some(last) = path.last_mut() {
            let Waypoint { route: at, next: place } = *last;
            last.next += 1;
            let node = self.graph.nodes.get(at).and_then(|nodes| nodes.get(place)).copied();
            let target = self.graph.directory.routes.get(at).and_then(|route| route.to.get(place));
            let (Some(node), Some(target)) = (node, target) else {
                path.pop();
                continue;
            };
            match node {
                Node::Itself | Node::Mailbox if self.seen.insert(key(target)) => {
                    self.ends.inside.push(target.clone());
                }
                Node::Outside if self.seen.insert(key(target)) => self.ends.outside.push(target.clone()),
                Node::Itself | Node::Mailbox | Node::Outside => {}
                Node::Nobody => self.trouble(RouteTrouble::NoSuchMailbox(target.clone())),
                Node::Route(to) if path.iter().any(|seen| seen.route == to) => {
                    self.trouble(RouteTrouble::Loop(self.circle(&path, to)));
                }
                Node::Route(_) if path.len() >= MAX_DEPTH || self.visited.len() >= MAX_VISITED => {
                    self.trouble(RouteTrouble::TooLong);
                }
                Node::Route(to) => {
                    if self.visited.insert(to) {
                        path.push(Waypoint::at(to));
                    }
                }
            }
        }
    }

    fn trouble(&mut self, trouble: RouteTrouble) {
        if self.ends.troubles.len() < MAX_TROUBLES && !self.ends.troubles.contains(&trouble) {
            self.ends.troubles.push(trouble);
        }
    }

    /// The addresses of a circle, the first one again at the end.
    fn circle(&self, path: &[Waypoint], to: usize) -> Vec<EmailAddress> {
        let in_circle = path.iter().map(|waypoint| waypoint.route).skip_while(|at| *at != to);
        let routes = in_circle.chain(std::iter::once(to));
        routes
            .filter_map(|at| match &self.graph.directory.routes.get(at)?.from {
                RouteFrom::Address(address) => Some(address.clone()),
                RouteFrom::CatchAll(_) => None,
            })
            .collect()
    }
}

#[cfg(test)]
mod alias_plan_tests;
