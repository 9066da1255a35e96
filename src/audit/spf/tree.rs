//! The lookups an SPF record needs in the worst case: every term, depth first, with its cost (RFC 7208 section 4.6.4).

use std::collections::BTreeSet;

use super::evaluate::published;
use super::macros::{Client, MacroString};
use super::record::{DomainSpec, Mechanism, SpfRecord};
use super::{MAX_HOSTS, MAX_LOOKUPS};
use crate::audit::lookups::is_askable;
use crate::audit::{Lookups, SpfTreeNode};
use crate::values::{AnswerBook, DnsName, DnsQuestion, Outcome, RecordData, RecordType};

/// Terms shown; a tree that is larger went wrong long before.
const MAX_NODES: usize = 250;
/// Includes inside includes that are followed. The eleventh is never read by anybody.
const MAX_DEPTH: usize = 11;

/// The tree with its sums.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::audit) struct CostTree {
    pub nodes: Vec<SpfTreeNode>,
    /// Lookups that the whole record needs.
    pub lookups: u32,
    /// Lookups that come back empty for a sender with an IPv4 address.
    pub voids_v4: u32,
    /// Lookups that come back empty for a sender with an IPv6 address.
    pub voids_v6: u32,
    /// Terms that depend on the sender.
    pub by_sender: Vec<String>,
    /// Broken parts: included records that are missing, wrong or lead in a circle; `mx` with too many hosts.
    pub errors: Vec<String>,
    /// Questions that DNS did not answer: the sums may be too low.
    pub unknown: Vec<String>,
    /// Whether the sums or the nodes stop short of a tree that goes on.
    pub is_cut: bool,
}

/// Walks the record of `domain`. `client` fills macros in; without one, names that depend on the sender are not asked.
pub(in crate::audit) fn cost_tree(
    lookups: &Lookups<'_>,
    domain: &DnsName,
    record: &SpfRecord,
    client: Option<&Client>,
) -> CostTree {
    let mut walk = Walk { lookups, client, tree: CostTree::default(), path: vec![domain.clone()] };
    walk.record(domain, record);
    walk.tree
}

/// What each term of a record costs, or what has to be asked before that can be said.
///
/// A text that is not an SPF record costs nothing. Names that depend on the sender are not asked.
pub fn record_costs(
    book: &AnswerBook,
    domain: &DnsName,
    text: &[u8],
) -> Result<Vec<SpfTreeNode>, BTreeSet<DnsQuestion>> {
    let Ok(record) = SpfRecord::parse(text) else { return Ok(Vec::new()) };
    let lookups = Lookups::new(book);
    let tree = cost_tree(&lookups, domain, &record, None);
    let missing = lookups.into_missing();
    if missing.is_empty() { Ok(tree.nodes) } else { Err(missing) }
}

struct Walk<'l, 'a> {
    lookups: &'l Lookups<'a>,
    client: Option<&'l Client>,
    tree: CostTree,
    path: Vec<DnsName>,
}

impl Walk<'_, '_> {
    fn record(&mut self, domain: &DnsName, record: &SpfRecord) {
        let mut is_over = false;
        for term in &record.terms {
            if is_over {
                self.push(&term.text, false, "after “all”: never read");
                if let Some(node) = self.tree.nodes.last_mut() {
                    node.is_read = false;
                }
                continue;
            }
            self.term(domain, &term.text, &term.mechanism);
            is_over = term.mechanism == Mechanism::All;
        }
        if let Some(redirect) = &record.redirect {
            if is_over {
                self.push(&redirect.text, false, "beside “all”: never read");
                if let Some(node) = self.tree.nodes.last_mut() {
                    node.is_read = false;
                }
            } else if let Some(index) = self.push(&redirect.text, true, "") {
                self.follow(index, domain, &redirect.target);
            }
        }
    }

    fn term(&mut self, domain: &DnsName, text: &str, mechanism: &Mechanism) {
        let Some(index) = self.push(text, mechanism.costs_lookup(), "") else { return };
        if mechanism.depends_on_sender() && self.tree.by_sender.len() < MAX_NODES {
            self.tree.by_sender.push(text.to_owned());
        }
        match mechanism {
            Mechanism::All | Mechanism::Ip4(_) | Mechanism::Ip6(_) => {}
            Mechanism::Include(DomainSpec(target)) => self.follow(index, domain, target),
            Mechanism::Ptr(_) => self.note(index, "slow, and not to be used"),
            Mechanism::A(target, _) => {
                let Some(host) = self.target(index, domain, target.as_ref()) else { return };
                let v4 = self.lookups.ask(&host, RecordType::A);
                let v6 = self.lookups.ask(&host, RecordType::Aaaa);
                if let Some(outcome) = [&v4.outcome, &v6.outcome].into_iter().find(|one| !one.is_known()) {
                    self.unknown(index, &format!("{}: {outcome}", v4.question.name));
                } else {
                    self.void(index, v4.outcome.is_void(), v6.outcome.is_void());
                }
            }
            Mechanism::Mx(target, _) => {
                let Some(host) = self.target(index, domain, target.as_ref()) else { return };
                self.mx(index, &host);
            }
            Mechanism::Exists(DomainSpec(target)) => {
                let Some(host) = self.expand(target, domain) else {
                    self.note(index, "depends on the sender");
                    return;
                };
                if is_askable(&host) {
                    // That nothing is found for one sender is how `exists` is meant to work: no fault of the record.
                    let answer = self.lookups.ask(&host, RecordType::A);
                    if !answer.outcome.is_known() {
                        self.unknown(index, &format!("A {host}: {}", answer.outcome));
                    } else if answer.outcome.is_void() && !target.depends_on_client() {
                        self.void(index, true, true);
                        self.note(index, "no such name");
                    }
                }
            }
        }
    }

    fn mx(&mut self, index: usize, host: &DnsName) {
        let answer = self.lookups.ask(host, RecordType::Mx);
        if !answer.outcome.is_known() {
            self.unknown(index, &format!("{host}: {}", answer.outcome));
        } else if answer.outcome.is_void() {
            self.void(index, true, true);
            self.note(index, "no mail hosts");
        }
        if answer.records.len() > MAX_HOSTS {
            let words = format!("{} mail hosts, {MAX_HOSTS} are allowed", answer.records.len());
            self.error(index, format!("mx of {host}: {words}"), &words);
        }
        for record in answer.records.iter().take(MAX_HOSTS) {
            if let RecordData::Mx { exchange, .. } = record
                && is_askable(exchange)
            {
                let (_, worse) = self.lookups.addresses(exchange);
                if !worse.outcome.is_known() {
                    self.unknown(index, &format!("address of {exchange}: {}", worse.outcome));
                }
            }
        }
    }

    /// Reads the record behind an `include` or `redirect` and charges it to the node.
    fn follow(&mut self, index: usize, domain: &DnsName, target: &MacroString) {
        let Some(name) = self.expand(target, domain) else {
            self.note(index, "depends on the sender");
            return;
        };
        if self.path.contains(&name) {
            self.error(index, format!("{name} leads back to itself"), "leads round in a circle");
            return;
        }
        if self.path.len() >= MAX_DEPTH {
            self.tree.is_cut = true;
            return;
        }
        if !is_askable(&name) {
            self.error(index, format!("“{name}” is not a name that DNS can carry"), "no valid name");
            return;
        }
        let answer = self.lookups.ask(&name, RecordType::Txt);
        if !answer.outcome.is_known() {
            self.unknown(index, &format!("TXT {name}: {}", answer.outcome));
            return;
        }
        let records = published(answer);
        match records.as_slice() {
            [] => {
                if answer.outcome.is_void() {
                    self.void(index, true, true);
                }
                let words =
                    if answer.outcome == Outcome::NxDomain { "no such name" } else { "no SPF record there" };
                self.error(index, format!("{name} has no SPF record"), words);
            }
            [text] => match SpfRecord::parse(text) {
                Ok(record) => {
                    let voids_before = self.tree.voids_v4;
                    self.path.push(name.clone());
                    self.record(&name, &record);
                    self.path.pop();
                    let spent = self.tree.lookups;
                    let voids = self.tree.voids_v4.saturating_sub(voids_before);
                    if let Some(node) = self.tree.nodes.get_mut(index) {
                        node.lookups_with_children = spent.saturating_sub(node.running_total) + node.lookups;
                        node.voids_with_children = voids;
                    }
                }
                Err(error) => {
                    self.error(index, format!("the record of {name} has an error: {error}"), "has an error");
                }
            },
            several => {
                let words = format!("{} SPF records there, one is allowed", several.len());
                self.error(index, format!("{name} has {words}"), &words);
            }
        }
    }

    fn push(&mut self, term: &str, costs: bool, note: &str) -> Option<usize> {
        if self.tree.nodes.len() >= MAX_NODES {
            self.tree.is_cut = true;
            return None;
        }
        let price = u32::from(costs);
        self.tree.lookups += price;
        let running_total = self.tree.lookups;
        let index = self.tree.nodes.len();
        self.tree.nodes.push(SpfTreeNode {
            depth: self.path.len().saturating_sub(1),
            term: term.to_owned(),
            lookups: price,
            lookups_with_children: price,
            running_total,
            is_void: false,
            voids_with_children: 0,
            is_read: running_total <= MAX_LOOKUPS,
            note: note.to_owned(),
        });
        Some(index)
    }

    fn target(&mut self, index: usize, domain: &DnsName, spec: Option<&DomainSpec>) -> Option<DnsName> {
        let name = match spec {
            None => Some(domain.clone()),
            Some(DomainSpec(target)) => self.expand(target, domain),
        };
        match name {
            Some(name) if is_askable(&name) => Some(name),
            Some(_) => {
                self.note(index, "no valid name");
                None
            }
            None => {
                self.note(index, "depends on the sender");
                None
            }
        }
    }

    /// The name, where it does not depend on a sender that is not known. `%{p}` is never looked up here.
    fn expand(&self, target: &MacroString, domain: &DnsName) -> Option<DnsName> {
        let name = match self.client.filter(|_| !target.uses_validated_name()) {
            Some(client) => target.expand_domain(client, domain.as_str(), "unknown"),
            None => target.expand_without_client(domain.as_str())?,
        };
        Some(DnsName::new(&name))
    }

    /// A lookup that comes back empty for senders of one family or of both: each pays for its own (section 4.6.4).
    fn void(&mut self, index: usize, for_v4: bool, for_v6: bool) {
        self.tree.voids_v4 += u32::from(for_v4);
        self.tree.voids_v6 += u32::from(for_v6);
        let words = match (for_v4, for_v6) {
            (true, true) => "no address",
            (true, false) => "no IPv4 address",
            // Most hosts have none, and nobody who sends over IPv4 pays for it.
            (false, _) => return,
        };
        if let Some(node) = self.tree.nodes.get_mut(index) {
            node.is_void = true;
            node.voids_with_children += 1;
        }
        self.note(index, words);
    }

    fn error(&mut self, index: usize, words: String, note: &str) {
        self.tree.errors.push(words);
        self.note(index, note);
    }

    fn unknown(&mut self, index: usize, words: &str) {
        self.tree.unknown.push(words.to_owned());
        self.note(index, "not measured");
    }

    fn note(&mut self, index: usize, words: &str) {
        if let Some(node) = self.tree.nodes.get_mut(index) {
            words.clone_into(&mut node.note);
        }
    }
}
