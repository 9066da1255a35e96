//! From a name to a protected connection: addresses raced, TLS or STARTTLS, greeting read.

use std::fmt;
use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use rustls::pki_types::ServerName;
use socket2::{SockRef, TcpKeepalive};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::TlsConnector;

use super::completion::Status;
use super::error::ImapError;
use super::gate::Gate;
use super::limits::{Limits, Timeouts};
use super::reply::Reply;
use super::session::Session;
use super::starttls;
use super::trust::{self, TrustPolicy};
use super::wire::{Transport, Wire};
use crate::values::{Endpoint, Security};

/// A protected connection that nobody has signed in on.
#[derive(Debug)]
pub struct Connection {
    pub(super) session: Session,
    /// The server let us in without asking who we are.
    pub(super) is_preauthenticated: bool,
}

/// What is known of a server for people to read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServerFacts {
    /// `Dovecot`, from ID (RFC 2971) or the greeting.
    pub name: Option<String>,
    /// `TLS 1.3`; `None` in clear text.
    pub tls: Option<&'static str>,
    /// What was checked about whose mailbox this is, where an admin has signed in for it.
    pub note: Option<String>,
}

impl fmt::Display for ServerFacts {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.name.as_deref().unwrap_or("IMAP server");
        write!(formatter, "{name}, {}", self.tls.unwrap_or("clear text on this computer"))?;
        self.note.as_deref().map_or(Ok(()), |note| write!(formatter, ", {note}"))
    }
}

/// Connects, protects the connection as the endpoint says, and reads the greeting. Never falls back to clear text.
pub async fn connect(
    endpoint: &Endpoint,
    trust: &TrustPolicy,
    timeouts: Timeouts,
) -> Result<Connection, ImapError> {
    let Reached { stream, round_trip, addresses } = reach(endpoint, timeouts.connect).await?;
    let mut is_greeted = false;
    let transport = match endpoint.security {
        Security::Tls => {
            Transport::Tls(Box::new(handshake(endpoint, trust, stream, timeouts.connect).await?))
        }
        Security::StartTls => {
            let mut stream = stream;
            starttls::upgrade(&mut stream, timeouts.reply).await?;
            is_greeted = true;
            Transport::Tls(Box::new(handshake(endpoint, trust, stream, timeouts.connect).await?))
        }
        Security::Clear => {
            let is_local = stream.peer_addr().is_ok_and(|address| address.ip().is_loopback());
            if !is_local {
                return Err(ImapError::ClearText(endpoint.clone()));
            }
            Transport::Clear(stream)
        }
    };
    let wire = Wire::new(transport);
    let facts = ServerFacts { name: None, tls: tls_version(&wire), note: None };
    let mut session = Session::new(Gate::new(wire, Limits::default()), timeouts, facts);
    session.round_trip = round_trip;
    session.addresses = addresses;
    let mut connection = Connection { session, is_preauthenticated: false };
    if !is_greeted {
        connection.read_greeting().await?;
    }
    Ok(connection)
}

impl Connection {
    async fn read_greeting(&mut self) -> Result<(), ImapError> {
        match self.session.next().await? {
            Reply::Untagged(greeting) if greeting.status == Status::Ok => {
                self.session.facts.name = known_server(&greeting.words);
                Ok(())
            }
            Reply::Untagged(greeting) if greeting.status == Status::PreAuth => {
                self.is_preauthenticated = true;
                Ok(())
            }
            Reply::Untagged(greeting) => Err(ImapError::TurnedAway(greeting.words)),
            _ => Err(ImapError::TurnedAway("it does not speak IMAP".to_owned())),
        }
    }
}

/// Server products that name themselves in their greeting.
fn known_server(greeting: &str) -> Option<String> {
    [
        "Dovecot",
        "Cyrus",
        "Courier",
        "Domino",
        "Gimap",
        "Microsoft Exchange",
        "Proton",
        "Zimbra",
        "hMailServer",
        "Stalwart",
    ]
    .into_iter()
    .find(|name| greeting.to_ascii_lowercase().contains(&name.to_ascii_lowercase()))
    .map(str::to_owned)
}

fn tls_version(wire: &Wire) -> Option<&'static str> {
    match wire.transport() {
        Transport::Clear(_) => None,
        Transport::Tls(stream) => match stream.get_ref().1.protocol_version() {
            Some(rustls::ProtocolVersion::TLSv1_3) => Some("TLS 1.3"),
            Some(rustls::ProtocolVersion::TLSv1_2) => Some("TLS 1.2"),
            _ => Some("TLS"),
        },
    }
}

/// Head start of one address before the next is tried as well (RFC 8305 section 5).
const HEAD_START: Duration = Duration::from_millis(250);
/// Most addresses tried of one name.
const MAX_ADDRESSES: usize = 8;
/// Most addresses that are remembered of one name.
const MAX_KNOWN_ADDRESSES: usize = 32;

/// Silence on a connection after which the system asks whether the other end is still there, and again.
const KEEPALIVE_AFTER: Duration = Duration::from_mins(1);
const KEEPALIVE_AGAIN: Duration = Duration::from_secs(20);

struct Reached {
    stream: TcpStream,
    /// How long the connection took.
    round_trip: Duration,
    /// Every address that the name has.
    addresses: Vec<IpAddr>,
}

/// A connection to the first address that answers.
async fn reach(endpoint: &Endpoint, limit: Duration) -> Result<Reached, ImapError> {
    let looked_up = timeout(limit, tokio::net::lookup_host((endpoint.host.as_str(), endpoint.port)));
    let addresses = match looked_up.await.unwrap_or_else(|_elapsed| Err(io::ErrorKind::TimedOut.into())) {
        Ok(addresses) => interleave(addresses.collect()),
        Err(source) => return Err(ImapError::NoAddress { endpoint: endpoint.clone(), source }),
    };
    let known = addresses.iter().take(MAX_KNOWN_ADDRESSES).map(SocketAddr::ip).collect();
    let mut attempts: FuturesUnordered<_> = addresses
        .into_iter()
        .take(MAX_ADDRESSES)
        .enumerate()
        .map(|(position, address)| attempt(position, address, limit))
        .collect();
    let mut last = io::Error::from(io::ErrorKind::AddrNotAvailable);
    while let Some(outcome) = attempts.next().await {
        match outcome {
            Ok((stream, round_trip)) => {
                tune(&stream);
                // Nothing is further away on a computer that is busy.
                let is_local = stream.peer_addr().is_ok_and(|address| address.ip().is_loopback());
                let round_trip = if is_local { Duration::ZERO } else { round_trip };
                return Ok(Reached { stream, round_trip, addresses: known });
            }
            Err(error) => last = error,
        }
    }
    Err(ImapError::NotReached { endpoint: endpoint.clone(), source: last })
}

async fn attempt(position: usize, address: SocketAddr, limit: Duration) -> io::Result<(TcpStream, Duration)> {
    tokio::time::sleep(HEAD_START * u32::try_from(position).unwrap_or(0)).await;
    let began = Instant::now();
    let stream = timeout(limit, TcpStream::connect(address))
        .await
        .unwrap_or_else(|_elapsed| Err(io::ErrorKind::TimedOut.into()))?;
    Ok((stream, began.elapsed()))
}

/// Small commands leave at once, and a dead line is noticed while nothing is sent (half-open after a change of network).
fn tune(stream: &TcpStream) {
    let keepalive = TcpKeepalive::new().with_time(KEEPALIVE_AFTER).with_interval(KEEPALIVE_AGAIN);
    let tuned = stream.set_nodelay(true).and_then(|()| SockRef::from(stream).set_tcp_keepalive(&keepalive));
    if let Err(error) = tuned {
        tracing::debug!(%error, "the connection could not be tuned");
    }
}

/// IPv6 and IPv4 by turns, so that a dead family costs one head start only.
fn interleave(addresses: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let (v6, v4): (Vec<_>, Vec<_>) = addresses.into_iter().partition(SocketAddr::is_ipv6);
    let longest = v6.len().max(v4.len());
    (0..longest).flat_map(|index| [v6.get(index).copied(), v4.get(index).copied()]).flatten().collect()
}

async fn handshake(
    endpoint: &Endpoint,
    trust: &TrustPolicy,
    stream: TcpStream,
    limit: Duration,
) -> Result<tokio_rustls::client::TlsStream<TcpStream>, ImapError> {
    let failed = |error: rustls::Error| ImapError::Tls(io::Error::other(error));
    let (config, seen) = trust::client_config(trust).map_err(failed)?;
    let name = ServerName::try_from(endpoint.host.clone())
        .map_err(|error| ImapError::Tls(io::Error::new(io::ErrorKind::InvalidInput, error)))?;
    let connecting = TlsConnector::from(Arc::new(config)).connect(name, stream);
    let outcome =
        timeout(limit, connecting).await.unwrap_or_else(|_elapsed| Err(io::ErrorKind::TimedOut.into()));
    outcome.map_err(|error| match (trust::take_seen(&seen).map(Box::new), trust.pinned) {
        (Some(shown), Some(approved)) => ImapError::CertificateChanged { approved, shown },
        (Some(shown), None) => ImapError::CertificateNotKnown(shown),
        (None, _) => ImapError::Tls(error),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn families_take_turns() {
        let parse =
            |texts: &[&str]| texts.iter().map(|text| text.parse().unwrap()).collect::<Vec<SocketAddr>>();
        let mixed = parse(&["192.0.2.1:1", "192.0.2.2:1", "[2001:db8::1]:1"]);
        assert_eq!(interleave(mixed), parse(&["[2001:db8::1]:1", "192.0.2.1:1", "192.0.2.2:1"]));
    }

    #[tokio::test]
    async fn a_dead_port_is_told_as_not_reached() {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let endpoint = Endpoint::new("127.0.0.1", port, Security::Tls).unwrap();
        let error = connect(&endpoint, &TrustPolicy::default(), Timeouts::default()).await.unwrap_err();
        assert!(matches!(error, ImapError::NotReached { .. }), "{error}");
    }

    /// A server that says this and then a byte a second.
    async fn drip(listener: tokio::net::TcpListener, first: &[u8]) {
        use tokio::io::AsyncWriteExt as _;
        let (mut stream, _) = listener.accept().await.unwrap();
        stream.write_all(first).await.unwrap();
        while stream.write_all(b"x").await.is_ok() {
            tokio::time::sleep(Duration::from_secs(1)).await;
        }
        std::future::pending::<()>().await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_drip_before_the_greeting_ends() {
        // A record of TLS that is announced and never whole; a greeting without end.
        for (security, first) in [
            (Security::Tls, &b"\x16\x03\x03\x40\x00"[..]),
            (Security::StartTls, b"* OK "),
            (Security::Clear, b"* OK "),
        ] {
            let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
            let endpoint =
                Endpoint::new("127.0.0.1", listener.local_addr().unwrap().port(), security).unwrap();
            let began = tokio::time::Instant::now();
            let (trust, timeouts) = (TrustPolicy::default(), Timeouts::default());
            let error = tokio::select! {
                outcome = connect(&endpoint, &trust, timeouts) => outcome.unwrap_err(),
                () = drip(listener, first) => unreachable!(),
            };
            let is_slow = match security {
                Security::Tls => matches!(error, ImapError::Tls(_)),
                Security::StartTls => matches!(error, ImapError::Silent { .. }),
                Security::Clear => matches!(error, ImapError::TooSlow { .. }),
            };
            assert!(is_slow, "{security:?}: {error}");
            assert!(
                began.elapsed() <= timeouts.connect + timeouts.reply + Duration::from_secs(10),
                "{security:?}"
            );
        }
    }
}
