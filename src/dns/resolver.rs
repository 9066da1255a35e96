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
use super::packet::Said;
use crate::values::{AnswerBook, DnsAnswer, DnsName, DnsQuestion, Outcome, RecordType, UnixTime};

/// Questions under way at once; polite to the resolver of a small office.
const MAX_CONCURRENT: usize = 12;
/// Longest time for one question over all servers.
const QUESTION_TIME: Duration = Duration::from_secs(12);
/// Longest wait for a sign of life: the root is in the memory of every resolver.
const PROBE_TIME: Duration = Duration::from_secs(6);
/// Name servers of the system that are tried.
const MAX_SERVERS: usize = 3;
/// Answers that are remembered; a run that needs more asks again.
const MAX_REMEMBERED: usize = 20_000;

/// Asks DNS questions. Cheap to clone; clones share their memory and their trace.
#[derive(Clone)]
pub struct Resolver {
    source: Arc<Source>,
    run: Arc<Run>,
}

enum Source {
    Servers { label: String, servers: Vec<SocketAddr> },
    Recorded(AnswerBook),
}

struct Run {
    memory: Mutex<BTreeMap<DnsQuestion, DnsAnswer>>,
    trace: Mutex<Vec<DnsAnswer>>,
    permits: Semaphore,
}

impl Run {
    fn new() -> Arc<Self> {
        Arc::new(Self {
            memory: Mutex::default(),
            trace: Mutex::default(),
            permits: Semaphore::new(MAX_CONCURRENT),
        })
    }
}

impl Resolver {
    /// The resolver that this computer is set up with.
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
        Ok(Self::with_source(Source::Servers { label, servers }))
    }

    /// The resolver at this address.
    pub fn at(server: SocketAddr) -> Self {
        Self::with_source(Source::Servers { label: without_default_port(server), servers: vec![server] })
    }

    /// Reads `HOST`, `HOST:PORT` or `[v6]:PORT`; empty means the system's resolver. Looks the host name up.
    pub async fn parse(text: &str) -> Result<Self, DnsError> {
        let text = text.trim();
        if text.is_empty() {
            return Self::system();
        }
        if let Ok(server) = text.parse::<SocketAddr>() {
            return if server.port() == 0 {
                Err(DnsError::BadAddress(text.to_owned()))
            } else {
                Ok(Self::at(server))
            };
        }
        if let Ok(address) = text.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>() {
            return Ok(Self::at(SocketAddr::new(address, 53)));
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
        addresses.next().map(Self::at).ok_or_else(|| unknown(None))
    }

    /// Answers from a book and never from the network; what is not in the book is [`Outcome::Broken`].
    pub fn recorded(book: AnswerBook) -> Self {
        Self::with_source(Source::Recorded(book))
    }

    fn with_source(source: Source) -> Self {
        Self { source: Arc::new(source), run: Run::new() }
    }

    /// The same servers with an empty memory and an empty trace, for a new run.
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

    /// Everything that was asked over the network in this run, in the order in which it came back.
    pub fn trace(&self) -> Vec<DnsAnswer> {
        lock(&self.run.trace).clone()
    }

    /// Makes sure that something answers, before a whole survey waits for timeouts.
    ///
    /// # Errors
    /// [`DnsError::Dead`] where nothing comes back; a refusal is a sign of life.
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
            _ => format!("no answer within {} seconds", PROBE_TIME.as_secs()),
        };
        Err(DnsError::Dead { server: self.label().to_owned(), words })
    }

    /// Asks one question, from memory where it was asked before in this run.
    pub async fn query(&self, name: &DnsName, record_type: RecordType) -> DnsAnswer {
        let question = DnsQuestion::new(name.clone(), record_type);
        let servers = match &*self.source {
            Source::Recorded(book) => {
                let not_recorded = || Outcome::Broken("this question was not recorded".to_owned());
                return book
                    .get(&question)
                    .cloned()
                    .unwrap_or_else(|| DnsAnswer::empty(question, not_recorded()));
            }
            Source::Servers { servers, .. } => servers,
        };
        if let Some(answer) = lock(&self.run.memory).get(&question) {
            return answer.clone();
        }
        // The semaphore is never closed, and without a permit the question is still a polite one.
        let _permit = self.run.permits.acquire().await.ok();
        let at = UnixTime::now();
        let started = Instant::now();
        let (server, said) = ask_servers(servers, &question).await;
        let answer = DnsAnswer {
            question: question.clone(),
            outcome: said.outcome,
            records: said.records,
            aliases: said.aliases,
            ttl_secs: said.ttl_secs,
            server: server.map_or_else(String::new, without_default_port),
            at,
            duration_millis: u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX),
        };
        tracing::debug!(%question, outcome = %answer.outcome, millis = answer.duration_millis, "dns");
        let mut memory = lock(&self.run.memory);
        if memory.len() < MAX_REMEMBERED {
            memory.insert(question, answer.clone());
            lock(&self.run.trace).push(answer.clone());
        }
        answer
    }
}

impl fmt::Debug for Resolver {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Resolver({})", self.label())
    }
}

/// Asks one server after the other until one knows; otherwise the most telling of the failures.
async fn ask_servers(servers: &[SocketAddr], question: &DnsQuestion) -> (Option<SocketAddr>, Said) {
    let mut last = (servers.first().copied(), Said::silence(Outcome::Timeout));
    let walk = async {
        for server in servers {
            let said = exchange::ask(*server, question).await;
            let is_known = said.outcome.is_known();
            let is_worse = said.outcome == Outcome::Timeout && last.1.outcome != Outcome::Timeout;
            if !is_worse {
                last = (Some(*server), said);
            }
            if is_known {
                return;
            }
        }
    };
    // What was heard before the time ran out still counts.
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
