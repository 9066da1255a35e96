//! Merges the SPF records of the zone and the terms of the provider into one record (RFC 7208).

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use super::spf_senders::who;
use super::spf_terms::{Term, TermKind, terms};
use super::{LeftOut, Sender};
use crate::audit::spf::meant_term;
use crate::values::{DnsName, DomainName};

/// Lookups that receivers make at most (RFC 7208 section 4.6.4).
const LOOKUPS_MAX: u32 = 10;
/// Longest record that fits an answer over UDP beside its neighbours (RFC 7208 section 3.4).
const RECORD_BYTES_ADVISED: usize = 450;

/// What the merge is made of.
pub(super) struct SpfInput<'a> {
    pub domain: &'a DomainName,
    /// Records of today.
    pub existing: &'a [String],
    /// Hosts of today's MX records that the provider does not run.
    pub old_hosts: &'a [DnsName],
    /// Addresses of the old server that the record of today does not name, and that have to be allowed all the same.
    pub more_own: &'a [IpAddr],
    /// Addresses of other senders that would lose their right with a term of the old server.
    pub more_kept: &'a [IpAddr],
    /// Terms that parse and must not be copied all the same, with the reason, in words.
    pub useless: &'a BTreeMap<String, String>,
    /// How the list of today ends where a redirect decides it.
    pub redirected_end: Option<char>,
    pub addresses: &'a BTreeMap<String, BTreeSet<IpAddr>>,
    /// Terms of the provider, templates filled.
    pub provider_terms: &'a [String],
    pub provider_name: &'a str,
    /// Terms of senders that the owner drops.
    pub dropped: &'a BTreeSet<String>,
    pub lookups: &'a BTreeMap<String, u32>,
}

/// What the merge says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct SpfMerge {
    /// The record to publish now: provider, own server, and every sender that is kept.
    pub now: String,
    /// The record for three days after the switch, without the own server; `None` where nothing of it is in `now`.
    pub later: Option<String>,
    /// Others that may send today.
    pub senders: Vec<Sender>,
    /// Why `now` differs from what is there, each a clause.
    pub reasons: Vec<String>,
    /// What the owner must know.
    pub notes: Vec<String>,
    /// Terms of today that are not copied, each with the reason; the owner decides about them.
    pub left_out: Vec<LeftOut>,
}

pub(super) fn merge(input: &SpfInput<'_>) -> SpfMerge {
    let mut merge = Merge::new(input);
    for record in input.existing {
        merge.take_record(terms(record));
    }
    merge.finish()
}

struct Merge<'a> {
    input: &'a SpfInput<'a>,
    provider: Vec<Term>,
    own: Vec<Term>,
    kept: Vec<Term>,
    modifiers: Vec<Term>,
    /// Qualifier of `all`; the mildest where several records are merged.
    all: Option<char>,
    /// Own and other terms in the order of today, where a qualifier other than `+` makes the order matter.
    in_order: Vec<Placed>,
    senders: Vec<Sender>,
    reasons: Vec<String>,
    notes: Vec<String>,
    left_out: Vec<LeftOut>,
}

/// A term where it stood, which counts where terms say more than “pass”.
struct Placed {
    /// Whether it goes with the old server.
    is_own: bool,
    term: Term,
}

impl<'a> Merge<'a> {
    fn new(input: &'a SpfInput<'a>) -> Self {
        Self {
            input,
            provider: input.provider_terms.iter().map(|term| Term::parse(term)).collect(),
            own: Vec::new(),
            kept: Vec::new(),
            modifiers: Vec::new(),
            all: None,
            in_order: Vec::new(),
            senders: Vec::new(),
            reasons: Vec::new(),
            notes: Vec::new(),
            left_out: Vec::new(),
        }
    }

    /// Takes what receivers read of a record: nothing behind `all`, and no redirect beside it (RFC 7208 section 5.1).
    fn take_record(&mut self, terms: Vec<Term>) {
        self.note_doubled_modifiers(&terms);
        let all_at = terms.iter().position(|term| term.kind == TermKind::All);
        for (index, term) in terms.into_iter().enumerate() {
            let is_redirect = matches!(term.kind, TermKind::Redirect(_));
            let is_behind = all_at.is_some_and(|at| index > at) && term.kind != TermKind::Modifier;
            if is_behind || (is_redirect && all_at.is_some()) {
                self.reasons
                    .push(format!("“{}” is left out, as “all” keeps receivers from reading it", term.text));
            } else {
                self.take(term);
            }
        }
    }

    /// Receivers refuse a record in which `redirect` or `exp` stands twice (RFC 7208 section 6).
    fn note_doubled_modifiers(&mut self, terms: &[Term]) {
        for name in ["redirect=", "exp="] {
            let is_it = |term: &&Term| {
                term.text.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name))
            };
            let all: Vec<&str> = terms.iter().filter(is_it).map(|term| term.text.as_str()).collect();
            if all.len() > 1 {
                self.notes.push(format!(
                    "“{name}” stands {} times in your SPF record ({}), so receivers refuse it as a whole today (RFC 7208, section 6): say \
                     which one is meant before you publish the new one.",
                    all.len(),
                    all.join(", ")
                ));
            }
        }
    }

    fn take(&mut self, term: Term) {
        if self.is_known(&term) {
            return;
        }
        if let Some(why) = self.input.useless.get(&term.bare()) {
            self.leave_out(&term.text, why);
            return;
        }
        match &term.kind {
            TermKind::All => self.take_all(term.qualifier),
            TermKind::Redirect(host) => {
                self.reasons
                    .push(format!("“{}” becomes an include, as other terms stand beside it", term.text));
                let include = Term::parse(&format!("include:{host}"));
                if !self.is_known(&include) {
                    self.take_sender(include);
                }
            }
            TermKind::Broken(why) => {
                let why = format!("receivers refuse the whole record because of it ({why})");
                self.leave_out(&term.text, &why);
            }
            TermKind::Modifier => self.take_modifier(term),
            TermKind::Mx(host, prefix) if host.as_deref().is_none_or(|host| self.is_own_domain(host)) => {
                let prefix = prefix.clone();
                self.spell_out_mx(&term, &prefix);
            }
            TermKind::Ptr => {
                self.notes.push(format!(
                    "The SPF term “{}” is slow and some receivers ignore it (RFC 7208, section 5.5); it goes with your server.",
                    term.text
                ));
                self.take_own(term);
            }
            _ if self.is_own(&term) => self.take_own(term),
            _ => self.take_sender(term),
        }
    }

    fn leave_out(&mut self, term: &str, why: &str) {
        if !self.left_out.iter().any(|left| left.term == term) {
            let (term, why) = (term.to_owned(), why.to_owned());
            self.left_out.push(LeftOut { instead: meant_term(&term), term, why });
        }
    }

    /// `exp=` may stand in a record once (RFC 7208 section 6).
    fn take_modifier(&mut self, term: Term) {
        let is_exp = |term: &Term| term.bare().starts_with("exp=");
        if is_exp(&term) && self.modifiers.iter().any(is_exp) {
            self.leave_out(&term.text, "“exp=” may stand in a record only once");
        } else {
            self.modifiers.push(term);
        }
    }

    /// Whether the term is in the new record already, from the provider or from another record.
    fn is_known(&self, term: &Term) -> bool {
        let has = |terms: &[Term]| terms.iter().any(|other| other.is_same(term));
        has(&self.provider) || has(&self.own) || has(&self.kept) || has(&self.modifiers)
    }

    fn take_all(&mut self, qualifier: char) {
        let mildness = |sign: char| match sign {
            '-' => 0,
            '~' => 1,
            '?' => 2,
            _ => 3,
        };
        let all = self.all.map_or(qualifier, |known| {
            if mildness(known) >= mildness(qualifier) { known } else { qualifier }
        });
        self.all = Some(all);
    }

    /// `mx` means the old server today and would mean the provider after the switch, so its hosts are written out.
    fn spell_out_mx(&mut self, term: &Term, prefix: &str) {
        let sign = if term.qualifier == '+' { String::new() } else { term.qualifier.to_string() };
        if self.input.old_hosts.is_empty() {
            self.reasons.push("“mx” is left out, as the provider’s own term covers its hosts".to_owned());
            return;
        }
        self.reasons.push("“mx” is written out, as it would mean the provider after the switch".to_owned());
        for host in self.input.old_hosts {
            let addresses = self.input.addresses.get(host.as_str()).filter(|_| prefix.is_empty());
            let spelled = match addresses {
                Some(addresses) if !addresses.is_empty() => addresses
                    .iter()
                    .map(|address| {
                        format!("{sign}{}:{address}", if address.is_ipv4() { "ip4" } else { "ip6" })
                    })
                    .collect(),
                _ => vec![format!("{sign}a:{host}{prefix}")],
            };
            for text in spelled {
                let term = Term::parse(&text);
                if !self.is_known(&term) {
                    self.take_own(term);
                }
            }
        }
    }

    /// Whether the term lets the old server send, and nobody else that is known. A name below the domain says nothing: its
    /// web site may stand there.
    fn is_own(&self, term: &Term) -> bool {
        match &term.kind {
            TermKind::A(None, _) => self.is_own_host(self.input.domain.as_ascii()),
            TermKind::A(Some(host), _) => self.is_own_host(host),
            TermKind::Ip(net) => self.own_addresses().any(|address| net.contains(&address)),
            _ => false,
        }
    }

    fn is_own_domain(&self, host: &str) -> bool {
        DnsName::new(host).as_str() == self.input.domain.as_ascii()
    }

    /// Whether the host is one that receives mail today, or has no addresses but those of such hosts.
    fn is_own_host(&self, host: &str) -> bool {
        let host = DnsName::new(host);
        if self.input.old_hosts.contains(&host) {
            return true;
        }
        let own: BTreeSet<IpAddr> = self.own_addresses().collect();
        self.input
            .addresses
            .get(host.as_str())
            .is_some_and(|addresses| !addresses.is_empty() && addresses.is_subset(&own))
    }

    fn own_addresses(&self) -> impl Iterator<Item = IpAddr> + '_ {
        let hosts = self.input.old_hosts.iter();
        hosts.filter_map(|host| self.input.addresses.get(host.as_str())).flatten().copied()
    }

    fn take_own(&mut self, term: Term) {
        self.in_order.push(Placed { is_own: true, term: term.clone() });
        self.own.push(term);
    }

    fn take_sender(&mut self, term: Term) {
        let is_kept = !self.input.dropped.iter().any(|dropped| dropped.eq_ignore_ascii_case(&term.text));
        if self.senders.iter().any(|sender| sender.term.eq_ignore_ascii_case(&term.text)) {
            return;
        }
        let name = who(&term).to_owned();
        self.senders.push(Sender { term: term.text.clone(), who: name, is_kept });
        if is_kept {
            self.in_order.push(Placed { is_own: false, term: term.clone() });
            self.kept.push(term);
        }
    }

    fn finish(mut self) -> SpfMerge {
        if self.input.existing.len() > 1 {
            let reason = format!(
                "{} SPF records become one, as receivers refuse a domain with several",
                self.input.existing.len()
            );
            self.reasons.insert(0, reason);
        }
        self.take_more();
        let all = self.final_all();
        let now = self.record(true, all);
        let later = (!self.own.is_empty()).then(|| self.record(false, all));
        self.judge(&now);
        SpfMerge {
            now,
            later,
            senders: self.senders,
            reasons: self.reasons,
            notes: self.notes,
            left_out: self.left_out,
        }
    }

    /// Addresses that lose their right without a term of their own.
    fn take_more(&mut self) {
        let term = |address: &IpAddr| {
            Term::parse(&format!("{}:{address}", if address.is_ipv4() { "ip4" } else { "ip6" }))
        };
        for own in self.input.more_own.iter().map(term) {
            if !self.is_known(&own) {
                self.reasons.push(format!("“{}” keeps your server allowed until it sends no more", own.text));
                self.take_own(own);
            }
        }
        for kept in self.input.more_kept.iter().map(term) {
            if !self.is_known(&kept) {
                self.reasons.push(format!("“{}” stays allowed when your server goes", kept.text));
                self.take_sender(kept);
            }
        }
    }

    fn final_all(&mut self) -> char {
        match self.all {
            Some(sign @ ('-' | '~')) => sign,
            Some(sign) => {
                let old = if sign == '+' { "all".to_owned() } else { format!("{sign}all") };
                let why = if sign == '+' { "lets everybody send" } else { "asks for nothing" };
                self.reasons.push(format!("“{old}” becomes “~all”, as it {why}"));
                '~'
            }
            None if self.input.redirected_end.is_some_and(|sign| matches!(sign, '-' | '~')) => {
                let sign = self.input.redirected_end.unwrap_or('~');
                self.reasons.push(format!("“{sign}all” is how the record behind “redirect” ends the list"));
                sign
            }
            None => {
                if !self.input.existing.is_empty() {
                    self.reasons.push("“~all” ends the list, which was left open".to_owned());
                }
                '~'
            }
        }
    }

    fn record(&self, with_own: bool, all: char) -> String {
        let mut terms: Vec<&Term> = Vec::new();
        if self.in_order.iter().any(|placed| placed.term.qualifier != '+') {
            terms.extend(&self.provider);
            let in_order = self.in_order.iter().filter(|placed| with_own || !placed.is_own);
            terms.extend(in_order.map(|placed| &placed.term));
        } else {
            if with_own {
                terms.extend(&self.own);
            }
            terms.extend(&self.provider);
            terms.extend(&self.kept);
        }
        let mut record = String::from("v=spf1");
        for term in terms {
            record.push(' ');
            record.push_str(&term.text);
        }
        record.extend([' ', all]);
        record.push_str("all");
        for modifier in &self.modifiers {
            record.push(' ');
            record.push_str(&modifier.text);
        }
        record
    }

    /// What a receiver would stumble over in the new record.
    fn judge(&mut self, record: &str) {
        let terms = terms(record);
        let measured = |term: &Term| self.input.lookups.get(&term.bare()).copied();
        let lookups: u32 = terms
            .iter()
            .map(|term| measured(term).unwrap_or_else(|| term.own_lookups()))
            .fold(0, u32::saturating_add);
        let is_exact = terms.iter().all(|term| term.own_lookups() == 0 || measured(term).is_some());
        if lookups > LOOKUPS_MAX {
            let least = if is_exact { "" } else { "at least " };
            self.notes.push(format!(
                "The new SPF record needs {least}{lookups} lookups and receivers stop at {LOOKUPS_MAX} (RFC 7208, section 4.6.4): drop a sender that you no longer use."
            ));
        }
        if record.len() > RECORD_BYTES_ADVISED {
            self.notes.push(format!(
                "The new SPF record is {} bytes long; above {RECORD_BYTES_ADVISED} some answers do not fit (RFC 7208, section 3.4): drop a sender that you no longer use.",
                record.len()
            ));
        }
        if self.provider.is_empty() {
            self.notes.push(format!(
                "Nothing lets {} send yet: its SPF term is not known.",
                self.input.provider_name
            ));
        }
    }
}

#[cfg(test)]
#[path = "spf_tests.rs"]
mod tests;
