//! Adds up what logs, bounces and reports say, in bounded memory.

use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap, HashSet};
use std::hash::{BuildHasher as _, BuildHasherDefault, Hasher, RandomState};
use std::net::IpAddr;

use super::dates::day_of_time;
use super::facts::{
    AccountFacts, DayTally, EvidenceFacts, ReceiverFacts, ReplyFacts, SndsColour, SourceFacts, SourceKind,
};
use super::receivers::{self, owner_of};
use super::reply_meaning::{Meaning, meaning, redacted, tidied};
use super::report_id::{ReportId, ReportIds};
use super::{Bounce, DmarcReport, Feedback, SndsRow, TlsReport};
use crate::assets::{Receiver, ReplyClass};
use crate::audit::message::MessageFacts;
use crate::values::UnixTime;

/// Most receivers counted individually; the rest are counted together.
const MAX_RECEIVERS: usize = 2_000;
/// Receivers that the facts keep.
pub(super) const KEPT_RECEIVERS: usize = 200;
/// Recipients that are counted separately at all receivers.
const MAX_RECIPIENTS: usize = 500_000;
/// Messages whose deferral is remembered until they are delivered.
const MAX_WAITING: usize = 200_000;
/// Domains of recipients that are counted for one receiver, and those that the facts keep.
const MAX_DOMAINS: usize = 5_000;
pub(super) const KEPT_DOMAINS: usize = 40;
/// Kinds of replies of one receiver.
pub(super) const MAX_REPLIES: usize = 60;
/// Days that are kept separately; a log with more has a broken clock.
pub(super) const MAX_DAYS: usize = 1_000;
/// Own addresses and names.
pub(super) const MAX_NAMES: usize = 200;
/// Accounts, and networks of each, that are distinguished.
const MAX_ACCOUNTS: usize = 20_000;
const MAX_NETWORKS: usize = 2_000;
/// Notices of failed delivery that are remembered until they are sent.
const MAX_NOTICES: usize = 100_000;
/// Protected connections that are remembered until mail goes over them.
const MAX_SESSIONS: usize = 50_000;
/// Messages that are kept, and those of other domains.
pub(super) const MAX_MESSAGES: usize = 200;
const MAX_FOREIGN_MESSAGES: usize = 5;
/// Files that are named one by one.
pub(super) const MAX_SOURCES: usize = 500;
/// Sources of mail in DMARC reports, and other names there.
pub(super) const MAX_REPORTED: usize = 5_000;

/// What a log line says of one recipient of one message.
#[derive(Clone, Copy, Debug)]
pub(super) struct Attempt<'a> {
    pub at: UnixTime,
    /// The message, as the log names it.
    pub queue_id: &'a [u8],
    pub recipient: &'a [u8],
    /// The host that took or refused it; empty if none was reached.
    pub host: &'a [u8],
    pub outcome: AttemptOutcome,
    /// What the receiver said; empty if it said nothing.
    pub reply: &'a [u8],
    /// Seconds since the message came in.
    pub delay: u64,
    /// Whether the connection was encrypted.
    pub protection: Protection,
}

/// What a log says about TLS on the connection of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Protection {
    Encrypted,
    Clear,
    /// In clear text, if this log writes TLS down at all.
    Unmentioned,
    /// Nothing can be concluded.
    Untold,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum AttemptOutcome {
    Delivered,
    Deferred,
    Refused,
}

#[derive(Debug, Default)]
struct ReceiverBook {
    facts: ReceiverFacts,
    domains: HashMap<Vec<u8>, u64>,
}

#[derive(Debug, Default)]
struct AccountBook {
    days: BTreeMap<i64, u64>,
    /// Each with its day.
    networks: HashedSet<(i64, u64)>,
}

/// What a delivered or refused message was before.
#[derive(Clone, Copy, Debug)]
struct Waiting {
    receiver: usize,
}

/// Entries, and the time that they span.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Noted {
    /// How many.
    pub entries: u64,
    /// The oldest.
    pub first: Option<UnixTime>,
    /// The newest.
    pub last: Option<UnixTime>,
    /// Reports that were counted before, and are no entries.
    pub repeated: u64,
}

impl Noted {
    /// Takes more entries in.
    pub fn add(&mut self, other: Self) {
        self.entries += other.entries;
        self.first = self.first.into_iter().chain(other.first).min();
        self.last = self.last.max(other.last);
        self.repeated += other.repeated;
    }
}

/// Collects evidence and returns its sum.
#[derive(Debug, Default)]
pub struct Collector {
    receivers: Vec<ReceiverBook>,
    /// By id.
    by_id: HashMap<String, usize>,
    /// By host name, as the log spells it.
    by_host: HashMap<Vec<u8>, usize>,
    /// Random keys of the hashes; they differ in each run, so that nobody can craft a log full of collisions.
    hash_keys: RandomState,
    recipients: HashedSet<u64>,
    waiting: HashedMap<Waiting>,
    accounts: HashedMap<AccountBook>,
    notices: HashedSet<u64>,
    /// Processes with the hosts that they have protected connections to.
    tls_sessions: HashedSet<u64>,
    /// Whether the log writes down where TLS is used.
    logs_tls: bool,
    pub(super) facts: EvidenceFacts,
    /// Reports that are counted at another place.
    elsewhere: ReportIds,
    noted: Noted,
}

/// Takes a number as its own hash, because it is one already: [`Collector::hash_of`].
#[derive(Debug, Default)]
struct AsItIs(u64);

impl Hasher for AsItIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    /// A day that stands beside the number is mixed in.
    fn write_u64(&mut self, number: u64) {
        self.0 ^= number;
    }
}

type HashedSet<K> = HashSet<K, BuildHasherDefault<AsItIs>>;
type HashedMap<V> = HashMap<u64, V, BuildHasherDefault<AsItIs>>;

/// Adds to a count in a map that may not grow beyond `most`.
pub(super) fn count<K: Ord>(map: &mut BTreeMap<K, u64>, key: K, by: u64, most: usize) {
    if let Some(known) = map.get_mut(&key) {
        *known += by;
    } else if map.len() < most {
        map.insert(key, by);
    }
}

impl Collector {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Nothing yet, beside reports that were read at another place and count there.
    pub fn beside(reports: ReportIds) -> Self {
        Self { elsewhere: reports, ..Self::default() }
    }

    /// A number that stands for these texts, and leads back to none of them.
    fn hash_of(&self, parts: &[&[u8]]) -> u64 {
        self.hash_keys.hash_one(parts)
    }

    /// Entries found since the last source was closed.
    pub fn entries(&self) -> u64 {
        self.noted.entries
    }

    /// Writes down what the file was whose entries were added last.
    pub fn end_source(&mut self, name: &str, kind: SourceKind, problem: &str) {
        let Noted { entries, first, last, repeated } = self.take_noted();
        let problem = problem.to_owned();
        self.add_source(SourceFacts {
            name: name.to_owned(),
            kind,
            entries,
            first,
            last,
            repeated,
            problem,
            mails: None,
        });
    }

    /// The entries that were added since this was asked last, or a source was closed.
    pub fn take_noted(&mut self) -> Noted {
        std::mem::take(&mut self.noted)
    }

    /// Writes down a source whose entries were added one by one.
    pub fn add_source(&mut self, mut source: SourceFacts) {
        if self.facts.sources.len() < MAX_SOURCES {
            source.name = source.name.chars().take(200).collect();
            self.facts.sources.push(source);
        }
    }

    fn note(&mut self, at: UnixTime) {
        self.noted.entries += 1;
        self.noted.first = Some(self.noted.first.map_or(at, |first| first.min(at)));
        self.noted.last = Some(self.noted.last.map_or(at, |last| last.max(at)));
    }

    /// Whether a report is met for the first time: the same one comes as a file and as a mail, or in two mails.
    fn is_new(&mut self, id: ReportId) -> bool {
        let is_elsewhere = self.elsewhere.contains(id);
        let ids = if is_elsewhere { &mut self.facts.reports_elsewhere } else { &mut self.facts.reports };
        let is_new = ids.insert(id) && !is_elsewhere;
        self.noted.repeated += u64::from(!is_new);
        is_new
    }

    /// The receiver behind a host or, where no host was reached, behind the domain of the recipient.
    fn receiver_at(&mut self, host: &[u8], domain: &[u8]) -> Option<usize> {
        let key = if host.is_empty() { domain } else { host };
        if let Some(known) = self.by_host.get(key) {
            return Some(*known);
        }
        let name = String::from_utf8_lossy(key).to_ascii_lowercase();
        let known = if host.is_empty() {
            // A domain that was never reached says nothing about who receives for it, unless everybody knows.
            Some(receivers::receiver_of_domain(&name)?)
        } else {
            receivers::receiver_of(&name)
        };
        let index = self.index_of(known, &name);
        if self.by_host.len() < MAX_RECIPIENTS {
            self.by_host.insert(key.to_vec(), index);
        }
        Some(index)
    }

    fn index_of(&mut self, known: Option<&Receiver>, host: &str) -> usize {
        let (mut id, mut name, mut what) = if let Some(receiver) = known {
            (receiver.id.clone(), receiver.name.clone(), receiver.what.clone())
        } else {
            let owner: String = owner_of(host).chars().take(100).collect();
            (owner.clone(), owner, String::new())
        };
        if !self.by_id.contains_key(&id) && self.receivers.len() >= MAX_RECEIVERS {
            (id, name, what) = ("others".to_owned(), "Other servers".to_owned(), String::new());
        }
        match self.by_id.entry(id) {
            Entry::Occupied(entry) => *entry.get(),
            Entry::Vacant(entry) => {
                let facts = ReceiverFacts { id: entry.key().clone(), name, what, ..ReceiverFacts::default() };
                self.receivers.push(ReceiverBook { facts, domains: HashMap::new() });
                *entry.insert(self.receivers.len() - 1)
            }
        }
    }

    /// Counts a recipient once, by a hash that does not reveal the address.
    fn count_recipient(&mut self, index: usize, recipient: &[u8], domain: &[u8]) {
        if self.recipients.len() >= MAX_RECIPIENTS {
            return;
        }
        let number = self.hash_of(&[recipient]);
        if !self.recipients.insert(number) {
            return;
        }
        let Some(book) = self.receivers.get_mut(index) else { return };
        book.facts.recipients += 1;
        if let Some(known) = book.domains.get_mut(domain) {
            *known += 1;
        } else if book.domains.len() < MAX_DOMAINS {
            book.domains.insert(domain.to_ascii_lowercase(), 1);
        }
    }

    /// Adds what one log line says.
    pub(super) fn attempt(&mut self, attempt: &Attempt<'_>) {
        let at_sign = memchr::memrchr(b'@', attempt.recipient);
        let domain = at_sign.and_then(|at| attempt.recipient.get(at + 1..)).unwrap_or_default();
        let Some(index) = self.receiver_at(attempt.host, domain) else { return };
        self.note(attempt.at);
        self.count_recipient(index, attempt.recipient, domain);
        let day = day_of_time(attempt.at);
        if !self.notices.is_empty() && attempt.outcome == AttemptOutcome::Delivered {
            let message = self.hash_of(&[attempt.queue_id]);
            self.facts.backscatter += u64::from(self.notices.remove(&message));
        }
        let was_waiting = self.end_waiting(attempt);
        if attempt.outcome == AttemptOutcome::Delivered {
            self.protection(index, attempt.protection);
        }
        match attempt.outcome {
            AttemptOutcome::Delivered => {
                let Some(book) = self.receivers.get_mut(index) else { return };
                book.facts.slowest_seconds = book.facts.slowest_seconds.max(attempt.delay);
                let Some(tally) = tally(&mut book.facts, day) else { return };
                *if was_waiting { &mut tally.later } else { &mut tally.delivered } += 1;
            }
            AttemptOutcome::Deferred | AttemptOutcome::Refused => {
                let is_permanent = attempt.outcome == AttemptOutcome::Refused;
                if !is_permanent && self.waiting.len() < MAX_WAITING {
                    let key = self.hash_of(&[attempt.queue_id, attempt.recipient]);
                    self.waiting.insert(key, Waiting { receiver: index });
                }
                self.refusal(index, day, is_permanent, attempt.reply);
            }
        }
    }

    /// Whether the message was deferred before; forgets the deferral.
    fn end_waiting(&mut self, attempt: &Attempt<'_>) -> bool {
        if self.waiting.is_empty() || attempt.outcome == AttemptOutcome::Deferred {
            return false;
        }
        let key = self.hash_of(&[attempt.queue_id, attempt.recipient]);
        self.waiting.remove(&key).is_some()
    }

    fn protection(&mut self, index: usize, protection: Protection) {
        let tls = &mut self.facts.outbound_tls;
        let receiver = match protection {
            Protection::Untold => return,
            Protection::Encrypted => {
                tls.encrypted += 1;
                return;
            }
            Protection::Clear => {
                tls.clear += 1;
                index
            }
            Protection::Unmentioned => {
                tls.unmentioned += 1;
                index
            }
        };
        if let Some(book) = self.receivers.get_mut(receiver) {
            book.facts.in_clear += 1;
        }
    }

    /// A connection to a host of others that this process of the log protected with TLS.
    pub(super) fn tls_session(&mut self, process: &[u8], host: &[u8]) {
        self.logs_tls = true;
        if self.tls_sessions.len() >= MAX_SESSIONS {
            self.tls_sessions.clear();
        }
        let session = self.hash_of(&[process, host]);
        self.tls_sessions.insert(session);
    }

    /// Whether [`Self::tls_session`] knows this connection.
    pub(super) fn has_tls_session(&self, process: &[u8], host: &[u8]) -> bool {
        self.logs_tls && self.tls_sessions.contains(&self.hash_of(&[process, host]))
    }

    /// Adds a refusal or a deferral with its words.
    fn refusal(&mut self, index: usize, day: i64, is_permanent: bool, reply: &[u8]) {
        let reply = tidied(&String::from_utf8_lossy(reply));
        let Some(book) = self.receivers.get_mut(index) else { return };
        let id = book.facts.id.clone();
        let found = if reply.is_empty() { None } else { meaning(Some(&id), &reply) };
        let class = found.map(|found| found.class);
        let is_recipient = matches!(class, Some(ReplyClass::Recipient | ReplyClass::Local));
        if let Some(tally) = tally(&mut book.facts, day) {
            match (is_permanent, is_recipient) {
                _ if reply.is_empty() => tally.unreached += 1,
                (true, true) => tally.recipient_faults += 1,
                (true, false) => tally.refused += 1,
                (false, _) => tally.deferred += 1,
            }
        }
        if reply.is_empty() {
            return;
        }
        keep_reply(&mut book.facts, found, is_permanent, day, &reply);
        if let Some(name) = refused_greeting(&reply) {
            // Also one that is no name of the Internet: that is why it was refused.
            count(&mut self.facts.helo_names, name.to_ascii_lowercase(), 1, MAX_NAMES);
        }
        if !is_recipient {
            for address in own_addresses(&reply) {
                if is_permanent {
                    count(&mut book.facts.refused_from, address, 1, MAX_NAMES);
                }
                count(&mut self.facts.sending_addresses, address, 1, MAX_NAMES);
            }
        }
    }

    /// An address that the log names as the one that mail is sent from.
    pub(super) fn sending_address(&mut self, address: IpAddr) {
        count(&mut self.facts.sending_addresses, address, 1, MAX_NAMES);
    }

    /// A name that the server calls itself.
    pub(super) fn helo_name(&mut self, name: &str) {
        let name = name.trim_end_matches('.').to_ascii_lowercase();
        let is_name = name.len() <= 253
            && name.contains('.')
            && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte));
        if is_name {
            count(&mut self.facts.helo_names, name, 1, MAX_NAMES);
        }
    }

    /// A message whose sender is empty: a notice of failed delivery.
    pub(super) fn notice(&mut self, queue_id: &[u8]) {
        if self.notices.len() < MAX_NOTICES {
            let message = self.hash_of(&[queue_id]);
            self.notices.insert(message);
        }
    }

    /// A message submitted by an account.
    pub(super) fn handed_in(&mut self, at: UnixTime, account: &[u8], network: &[u8]) {
        let (key, network) = (self.hash_of(&[account]), self.hash_of(&[network]));
        if self.accounts.len() >= MAX_ACCOUNTS && !self.accounts.contains_key(&key) {
            return;
        }
        let book = self.accounts.entry(key).or_default();
        let day = day_of_time(at);
        count(&mut book.days, day, 1, MAX_DAYS);
        if book.networks.len() < MAX_NETWORKS {
            book.networks.insert((day, network));
        }
    }

    /// Keeps the facts of a message: those of the domain, and a few of others, to report that they are of no use.
    pub fn message(&mut self, message: MessageFacts, domain: &str) {
        let limit = if message.is_of(domain) { MAX_MESSAGES } else { MAX_FOREIGN_MESSAGES };
        let same =
            self.facts.messages.iter().filter(|known| known.is_of(domain) == message.is_of(domain)).count();
        if same < limit {
            self.facts.messages.push(message);
        }
    }

    /// Keeps what a message of the domain tells that came back to a mailbox of its own.
    pub fn came_home(&mut self, message: MessageFacts) {
        if self.facts.came_home.len() < MAX_MESSAGES {
            self.facts.came_home.push(message);
        }
    }

    /// Adds a notice of failed delivery.
    pub fn bounce(&mut self, bounce: &Bounce, read_at: UnixTime) {
        let at = bounce.at.unwrap_or(read_at);
        if let Some(reporter) = &bounce.reporter {
            self.helo_name(reporter);
        }
        for failure in &bounce.failures {
            let recipient = failure.recipient.as_bytes();
            let at_sign = memchr::memrchr(b'@', recipient);
            let domain = at_sign.and_then(|at| recipient.get(at + 1..)).unwrap_or_default();
            let Some(index) = self.receiver_at(failure.host.as_bytes(), domain) else { continue };
            self.note(at);
            self.count_recipient(index, recipient, domain);
            let reply = tidied(&failure.reply);
            let Some(book) = self.receivers.get_mut(index) else { continue };
            let found = if reply.is_empty() { None } else { meaning(Some(&book.facts.id), &reply) };
            let is_recipient =
                found.is_some_and(|found| matches!(found.class, ReplyClass::Recipient | ReplyClass::Local));
            let day = day_of_time(at);
            if let Some(tally) = tally(&mut book.facts, day) {
                if !failure.is_permanent {
                    tally.deferred += 1;
                } else if is_recipient {
                    tally.recipient_faults += 1;
                } else {
                    tally.bounced += 1;
                }
            }
            if reply.is_empty() {
                continue;
            }
            keep_reply(&mut book.facts, found, failure.is_permanent, day, &reply);
            if !is_recipient {
                for address in own_addresses(&reply) {
                    count(&mut book.facts.refused_from, address, 1, MAX_NAMES);
                    count(&mut self.facts.sending_addresses, address, 1, MAX_NAMES);
                }
            }
        }
    }

    /// Adds a DMARC aggregate report, unless it was added before.
    pub fn dmarc_report(&mut self, report: &DmarcReport) {
        if !self.is_new(report.id) {
            return;
        }
        self.note(report.begin);
        self.noted.last = self.noted.last.max(Some(report.end));
        report.add_to(self.facts.dmarc.get_or_insert_default());
    }

    /// Adds a TLS report, unless it was added before.
    pub fn tls_report(&mut self, report: &TlsReport) {
        if !self.is_new(report.id) {
            return;
        }
        self.note(report.begin);
        self.noted.last = self.noted.last.max(Some(report.end));
        report.add_to(self.facts.tls.get_or_insert_default());
    }

    /// Adds a row of Microsoft's dashboard.
    pub fn snds(&mut self, row: &SndsRow) {
        self.noted.entries += 1;
        self.helo_name(&row.helo);
        count(&mut self.facts.sending_addresses, row.address, 1, MAX_NAMES);
        let known = &mut self.facts.snds;
        if known.len() >= MAX_NAMES && !known.contains_key(&row.address) {
            return;
        }
        let facts = known.entry(row.address).or_default();
        facts.rows += 1;
        facts.trap_hits = facts.trap_hits.saturating_add(row.trap_hits);
        if !row.complaints.is_empty() {
            facts.complaints.clone_from(&row.complaints);
        }
        let Some(colour) = row.colour else { return };
        facts.newest = Some(colour);
        match colour {
            SndsColour::Green => facts.green += 1,
            SndsColour::Yellow => facts.yellow += 1,
            SndsColour::Red => facts.red += 1,
        }
    }

    /// Adds a complaint.
    pub fn feedback(&mut self, feedback: &Feedback, read_at: UnixTime) {
        let at = feedback.at.unwrap_or(read_at);
        self.note(at);
        count(&mut self.facts.feedback.kinds, feedback.kind.clone(), 1, MAX_NAMES);
        self.facts.feedback.last = self.facts.feedback.last.max(Some(at));
        if let Some(address) = feedback.source {
            count(&mut self.facts.sending_addresses, address, 1, MAX_NAMES);
        }
    }

    /// The sum of everything.
    pub fn finish(mut self) -> EvidenceFacts {
        let receivers = &mut self.receivers;
        self.waiting.values().for_each(|waiting| {
            if let Some(book) = receivers.get_mut(waiting.receiver) {
                book.facts.waiting += 1;
            }
        });
        let mut receivers: Vec<ReceiverFacts> = Vec::new();
        for mut book in self.receivers {
            let mut domains: Vec<(Vec<u8>, u64)> = book.domains.into_iter().collect();
            domains.sort_by(|one, other| (other.1, &one.0).cmp(&(one.1, &other.0)));
            domains.truncate(KEPT_DOMAINS);
            book.facts.domains = domains
                .into_iter()
                .map(|(domain, count)| (String::from_utf8_lossy(&domain).into_owned(), count))
                .collect();
            book.facts.replies.sort_by_key(|reply| {
                (std::cmp::Reverse(reply.days.values().sum::<u64>()), reply.sample.clone())
            });
            receivers.push(book.facts);
        }
        receivers.sort_by(|one, other| (other.recipients, &one.id).cmp(&(one.recipients, &other.id)));
        receivers.truncate(KEPT_RECEIVERS);
        self.facts.receivers = receivers;
        self.facts.busiest_account = busiest(&self.accounts);
        if self.logs_tls {
            let tls = &mut self.facts.outbound_tls;
            tls.clear += std::mem::take(&mut tls.unmentioned);
        }
        if self.facts.outbound_tls.unmentioned > 0 {
            // Nobody can tell which of them they were.
            receivers_without_doubt(&mut self.facts.receivers);
        }
        self.facts
    }
}

fn receivers_without_doubt(receivers: &mut [ReceiverFacts]) {
    for receiver in receivers {
        receiver.in_clear = 0;
    }
}

fn tally(facts: &mut ReceiverFacts, day: i64) -> Option<&mut DayTally> {
    if facts.days.len() >= MAX_DAYS && !facts.days.contains_key(&day) {
        return None;
    }
    Some(facts.days.entry(day).or_default())
}

fn keep_reply(facts: &mut ReceiverFacts, found: Option<Meaning>, is_permanent: bool, day: i64, reply: &str) {
    let pattern = found.and_then(|found| found.pattern).map(|pattern| pattern.id.as_str());
    let (class, scope) = (found.map(|found| found.class), found.map(|found| found.scope));
    // What nobody knows is kept separately by its words; numbers in them do not tell two kinds from one another.
    let alike = |known: &ReplyFacts| {
        known.pattern.as_deref() == pattern
            && known.is_permanent == is_permanent
            && (known.class, known.scope) == (class, scope)
            && (found.is_some() || letters(&known.sample).eq(letters(reply)))
    };
    if let Some(known) = facts.replies.iter_mut().find(|known| alike(known)) {
        count(&mut known.days, day, 1, MAX_DAYS);
    } else if facts.replies.len() < MAX_REPLIES {
        facts.replies.push(ReplyFacts {
            pattern: pattern.map(ToOwned::to_owned),
            class,
            scope,
            is_permanent,
            days: BTreeMap::from([(day, 1)]),
            sample: redacted(reply),
        });
    }
}

/// The first letters of a reply, without what differs from one message to the next.
pub(super) fn letters(reply: &str) -> impl Iterator<Item = char> {
    reply.chars().filter(char::is_ascii_alphabetic).take(60)
}

/// The name in `504 5.5.2 <localhost>: Helo command rejected: need fully-qualified hostname`.
fn refused_greeting(reply: &str) -> Option<&str> {
    let (before, _) = reply.split_once(">: Helo command rejected")?;
    let name = before.rsplit_once('<')?.1;
    let is_name = (1..=253).contains(&name.len())
        && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-._".contains(&byte));
    is_name.then_some(name)
}

/// Addresses that a refusal names: it speaks of the sender, not of itself.
fn own_addresses(reply: &str) -> impl Iterator<Item = IpAddr> {
    let is_edge = |letter: char| !(letter.is_ascii_hexdigit() || letter == ':' || letter == '.');
    reply
        .split(|letter: char| letter.is_whitespace() || "[]()<>,;=".contains(letter))
        .map(move |word| word.trim_matches(is_edge).trim_end_matches(['.', ':']))
        .filter(|word| word.len() > 6)
        .filter_map(|word| word.parse::<IpAddr>().ok())
        .filter(|address| match address {
            IpAddr::V4(v4) => !(v4.is_private() || v4.is_loopback() || v4.octets().first() == Some(&0)),
            IpAddr::V6(v6) => !(v6.is_loopback() || v6.is_unspecified()),
        })
        .take(2)
}

/// The account and day that stand out most: far more messages than usual, or sign-ins from very many networks.
fn busiest(accounts: &HashedMap<AccountBook>) -> Option<AccountFacts> {
    const MANY: u64 = 200;
    const TIMES: u64 = 10;
    const MANY_NETWORKS: u64 = 20;
    let standing_out = |book: &AccountBook| {
        let mut counts: Vec<u64> = book.days.values().copied().collect();
        counts.sort_unstable();
        let usual = counts.get(counts.len().saturating_sub(1) / 2).copied().unwrap_or(0);
        let of_day = |(day, messages): (&i64, &u64)| {
            let networks = book.networks.iter().filter(|(other, _)| other == day).count() as u64;
            AccountFacts { day: *day, messages: *messages, usual, networks }
        };
        let has_other_days = book.days.len() > 1;
        let stands_out = |account: &AccountFacts| {
            let is_spike = account.messages >= MANY && account.messages >= TIMES * usual.max(1);
            (is_spike && has_other_days) || account.networks >= MANY_NETWORKS
        };
        book.days.iter().map(of_day).filter(stands_out).collect::<Vec<_>>()
    };
    let found = accounts.values().flat_map(standing_out);
    found.max_by_key(|account| (account.messages, account.networks, account.day, account.usual))
}
