//! Sends DNS queries over UDP and TCP, reports each outcome as it is, and keeps a trace.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use hickory_resolver::config::ProtocolConfig;
use hickory_resolver::system_conf::read_system_conf;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::DnsError;
use super::exchange;
use super::hidden_key::HiddenKey;
use super::packet::Said;
use crate::values::{AnswerBook, Asked, DnsAnswer, DnsName, DnsQuestion, Outcome, RecordType, UnixTime};

/// Questions under way at once. dnsmasq, which most small offices ask, refuses those beyond 150 (`--dns-forward-max`).
pub const QUESTIONS_AT_ONCE: usize = 128;
/// Questions under way at once to servers in charge of zones; each of them gets a few in all.
const MAX_CONCURRENT_DIRECT: usize = 32;
/// Longest time for one question over all servers.
const QUESTION_TIME: Duration = Duration::from_secs(9);
/// Longest wait for a sign of life: every resolver has the root in its cache.
const PROBE_TIME: Duration = Duration::from_secs(6);
/// Name servers of the system that are tried.
const MAX_SERVERS: usize = 3;
/// Most answers in the cache; a run that needs more asks again.
const MAX_REMEMBERED: usize = 20_000;

/// Asks DNS questions. Cheap to clone; clones share a cache and a trace.
#[derive(Clone)]
pub struct Resolver {
    source: Arc<Source>,
    run: Arc<Run>,
}

enum Source {
    Servers {
        label: String,
        servers: Vec<SocketAddr>,
        /// Asked as well whether signatures hold.
        second: Option<SocketAddr>,
    },
    Recorded(AnswerBook),
}

struct Run {
    memory: Mutex<BTreeMap<DnsQuestion, DnsAnswer>>,
    trace: Mutex<Vec<DnsAnswer>>,
    permits: Semaphore,
    direct_permits: Semaphore,
}

impl Run {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            memory: Mutex::default(),
            trace: Mutex::default(),
            permits: Semaphore::new(QUESTIONS_AT_ONCE),
            direct_permits: Semaphore::new(MAX_CONCURRENT_DIRECT),
        })
    }
}

impl Resolver {
    /// The resolver that this computer uses.
    pub fn system() -> Result<Self, DnsError> {
        let (config, _options) =
            read_system_conf().map_err(|error| DnsError::NoSystemResolver(io::Error::other(error)))?;
        let mut servers: Vec<SocketAddr> = Vec::new();
        for server in config.name_servers() {
            let plain = server
                .connections
                .iter()
                .find(|connection| matches!(connection.protocol, ProtocolConfig::Udp));
            if let Some(connection) = plain {
                let address = SocketAddr::new(server.ip, connection.port);
                if !servers.contains(&address) {
                    servers.push(address);
                }
            }
        }
        servers.truncate(MAX_SERVERS);
        let Some(first) = servers.first() else {
            return Err(DnsError::NoSystemResolver(io::Error::other("no name server is listed")));
        };
        let label = format!("system ({})", without_default_port(*first));
        let second = servers.get(1).copied();
        Ok(Self::with_source(Source::Servers { label, servers, second }))
    }

    /// The resolver at this address.
    pub fn at(server: SocketAddr) -> Self {
        let label = without_default_port(server);
        Self::with_source(Source::Servers { label, servers: vec![server], second: None })
    }

    /// The same servers, with another resolver for a second opinion on signatures.
    #[must_use]
    pub fn with_second(&self, other: &Self) -> Self {
        match (&*self.source, &*other.source) {
            (Source::Servers { label, servers, .. }, Source::Servers { servers: others, .. }) => {
                Self::with_source(Source::Servers {
                    label: label.clone(),
                    servers: servers.clone(),
                    second: others.first().copied(),
                })
            }
            _ => self.clone(),
        }
    }

    /// The second resolver in words, where there is one.
    pub fn second_label(&self) -> Option<String> {
        match &*self.source {
            Source::Servers { second, .. } => second.map(without_default_port),
            Source::Recorded(_) => None,
        }
    }

    /// Reads `HOST`, `HOST:PORT` or `[v6]:PORT`; empty means the system's resolver. Looks the host name up.
    pub async fn parse(text: &str) -> Result<Self, DnsError> {
        if text.trim().is_empty() { Self::system() } else { Self::address_of(text).await.map(Self::at) }
    }

    /// The address of a server that is named as in [`Resolver::parse`].
    pub async fn address_of(text: &str) -> Result<SocketAddr, DnsError> {
        let text = text.trim();
        if let Ok(server) = text.parse::<SocketAddr>() {
            return if server.port() == 0 { Err(DnsError::BadAddress(text.to_owned())) } else { Ok(server) };
        }
        if let Ok(address) = text.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>() {
            return Ok(SocketAddr::new(address, 53));
        }
        let bad = || DnsError::BadAddress(text.to_owned());
        let (host, port) = match text.rsplit_once(':') {
            Some((host, port)) => (host, port.parse::<u16>().ok().filter(|port| *port > 0).ok_or_else(bad)?),
            None => (text, 53),
        };
        let is_host = !host.is_empty()
            && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte))
            && host.bytes().any(|byte| byte.is_ascii_alphabetic());
        if !is_host {
            return Err(bad());
        }
        let unknown = |source| DnsError::UnknownHost { host: host.to_owned(), source };
        let mut addresses =
            tokio::net::lookup_host((host, port)).await.map_err(|error| unknown(Some(error)))?;
        addresses.next().ok_or_else(|| unknown(None))
    }

    /// Answers from a book and never from the network; anything else is [`Outcome::Broken`].
    pub fn recorded(book: AnswerBook) -> Self {
        Self::with_source(Source::Recorded(book))
    }

    fn with_source(source: Source) -> Self {
        Self { source: Arc::new(source), run: Run::new() }
    }

    /// The same servers with an empty cache and an empty trace, for a new run.
    #[must_use]
    pub fn fresh(&self) -> Self {
        Self { source: Arc::clone(&self.source), run: Run::new() }
    }

    /// The resolver in words: `system (192.0.2.53)` or `127.0.0.1:5353`.
    pub fn label(&self) -> &str {
        match &*self.source {
            Source::Servers { label, .. } => label,
            Source::Recorded(_) => "recorded answers",
        }
    }

    /// Every answer that the network gave in this run, in order of arrival.
    pub fn trace(&self) -> Vec<DnsAnswer> {
        lock(&self.run.trace).clone()
    }

    /// Checks that something answers, before a whole survey waits for timeouts.
    ///
    /// # Errors
    /// [`DnsError::Dead`] if nothing comes back; a refusal is a sign of life.
    pub async fn probe(&self) -> Result<(), DnsError> {
        let Source::Servers { servers, .. } = &*self.source else { return Ok(()) };
        let question = DnsQuestion::new(DnsName::new("."), RecordType::Ns);
        let silence = || (None, Said::silence(Outcome::Timeout));
        let (_, said) =
            timeout(PROBE_TIME, ask_servers(servers, &question)).await.unwrap_or_else(|_elapsed| silence());
        if said.was_heard {
            return Ok(());
        }
        let words = match said.outcome {
            Outcome::Broken(words) => words,
            Outcome::OutOfReach => "no way leads there from this computer".to_owned(),
            _ => format!("no answer within {} seconds", PROBE_TIME.as_secs()),
        };
        Err(DnsError::Dead { server: self.label().to_owned(), words })
    }

    /// Asks the resolver one question, or answers it from the cache of this run.
    pub async fn query(&self, name: &DnsName, record_type: RecordType) -> DnsAnswer {
        self.ask(&DnsQuestion::new(name.clone(), record_type)).await
    }

    /// Asks the server that the question names, or answers from the cache of this run.
    pub async fn ask(&self, question: &DnsQuestion) -> DnsAnswer {
        self.ask_as(question, None).await
    }

    /// Asks a question whose name contains a key. Everything stored or shown has the stand-in instead.
    pub async fn ask_with_key(&self, question: &DnsQuestion, hidden: &HiddenKey<'_>) -> DnsAnswer {
        self.ask_as(question, Some(hidden)).await
    }

    async fn ask_as(&self, question: &DnsQuestion, hidden: Option<&HiddenKey<'_>>) -> DnsAnswer {
        if let Source::Recorded(book) = &*self.source {
            let not_recorded = || Outcome::Broken("this question was not recorded".to_owned());
            return book
                .get(question)
                .cloned()
                .unwrap_or_else(|| DnsAnswer::empty(question.clone(), not_recorded()));
        }
        if let Some(answer) = lock(&self.run.memory).get(question) {
            return answer.clone();
        }
        let is_direct = question.asked.is_direct();
        let permits = if is_direct { &self.run.direct_permits } else { &self.run.permits };
        // The semaphores are never closed, and one question without a permit does no harm.
        let _permit = permits.acquire().await.ok();
        let at = UnixTime::now();
        let started = Instant::now();
        let sent = hidden.map(|hidden| DnsQuestion { name: hidden.sent.clone(), ..question.clone() });
        let ways = self.ways_to(question.asked);
        let (server, mut said) = ask_servers(&ways, sent.as_ref().unwrap_or(question)).await;
        if let Some(hidden) = hidden {
            hidden.cover(&mut said);
        }
        let answer = DnsAnswer {
            question: question.clone(),
            outcome: said.outcome,
            records: said.records,
            aliases: said.aliases,
            ttl_secs: said.ttl_secs,
            is_authoritative: said.is_authoritative,
            is_authentic: said.is_authentic,
            is_too_long_for_udp: said.is_too_long_for_udp,
            size_bytes: said.size_bytes,
            signatures: said.signatures,
            delegation: said.delegation,
            extended_error: said.extended_error,
            server: server.map_or_else(String::new, without_default_port),
            at,
            duration_millis: u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
        };
        tracing::debug!(%question, outcome = %answer.outcome, millis = answer.duration_millis, "dns");
        let mut memory = lock(&self.run.memory);
        if memory.len() < MAX_REMEMBERED {
            memory.insert(question.clone(), answer.clone());
            lock(&self.run.trace).push(answer.clone());
        }
        answer
    }

    /// The addresses to ask; empty if there is no route.
    fn ways_to(&self, asked: Asked) -> Vec<SocketAddr> {
        let Source::Servers { servers, second, .. } = &*self.source else { return Vec::new() };
        match asked {
            Asked::Resolver | Asked::Unchecked => servers.clone(),
            Asked::Second | Asked::SecondUnchecked => second.iter().copied().collect(),
            Asked::Server(address) | Asked::ServerAgain(address) | Asked::ServerOverTcp(address) => {
                way_to_authority(servers, address).into_iter().collect()
            }
        }
    }
}

/// Where an authoritative server listens. Records may name any address; only public ones are asked, so that no zone can
/// make us contact hosts inside the owner's network.
///
/// A resolver on another loopback port is a test network whose servers listen on the same port.
fn way_to_authority(resolver: &[SocketAddr], address: IpAddr) -> Option<SocketAddr> {
    let address = address.to_canonical();
    if is_on_the_internet(address) {
        return Some(SocketAddr::new(address, 53));
    }
    let test_port = resolver
        .first()
        .filter(|server| server.ip().is_loopback() && server.port() != 53)
        .map(SocketAddr::port)
        .filter(|_| address.is_loopback());
    test_port.map(|port| SocketAddr::new(address, port))
}

/// Whether an address can be a server on the Internet: neither private nor reserved for documentation (RFC 6890).
fn is_on_the_internet(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            let [first, second, third, _] = v4.octets();
            let is_kept = matches!((first, second, third), (0 | 240.., ..) | (192, 0, 0))
                || (first == 100 && (64..128).contains(&second))
                || (first == 198 && (18..20).contains(&second));
            !(is_kept
                || v4.is_private()
                || v4.is_loopback()
                || v4.is_link_local()
                || v4.is_multicast()
                || v4.is_documentation())
        }
        IpAddr::V6(v6) => {
            let [first, second, ..] = v6.segments();
            // Only 2000::/3 is allocated, and 2001:db8::/32 is for documentation.
            (first & 0xe000) == 0x2000 && !(first == 0x2001 && second == 0xdb8)
        }
    }
}

impl fmt::Debug for Resolver {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Resolver({})", self.label())
    }
}

/// Asks one server after the other until one answers; otherwise returns the most informative failure.
async fn ask_servers(servers: &[SocketAddr], question: &DnsQuestion) -> (Option<SocketAddr>, Said) {
    if servers.is_empty() {
        return (None, Said::silence(Outcome::OutOfReach));
    }
    let mut last = (servers.first().copied(), Said::silence(Outcome::Timeout));
    let walk = async {
        for server in servers {
            let said = exchange::ask(*server, question).await;
            // An authoritative server that refers to others has said all it knows.
            let is_known = said.outcome.is_known() || said.outcome == Outcome::Referral;
            let is_worse = said.outcome == Outcome::Timeout && last.1.outcome != Outcome::Timeout;
            if !is_worse {
                last = (Some(*server), said);
            }
            if is_known {
                return;
            }
        }
    };
    // An answer that arrived before the time ran out still counts.
    let _ran_out = timeout(QUESTION_TIME, walk).await.is_err();
    last
}

fn without_default_port(server: SocketAddr) -> String {
    if server.port() == 53 { server.ip().to_string() } else { server.to_string() }
}

/// Both maps stay whole when a holder panics, so a poisoned lock is still good.
fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
#[path = "resolver_tests.rs"]
mod resolver_tests;
