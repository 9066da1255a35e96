//! From a name to a protected connection: addresses raced, TLS or STARTTLS, greeting read.

use crate::imap::protocol::completion::Status;
use crate::imap::protocol::error::ImapError;
use crate::imap::protocol::limits::{Limits, Timeouts};
use crate::imap::protocol::reply::Reply;
use crate::imap::session::Session;
use crate::imap::session::state::ServerFacts;
use crate::imap::transport::gate::Gate;
use crate::imap::transport::starttls;
use crate::imap::transport::stream::{Transport, Wire};
use crate::net::Reached;
use crate::net::TrustPolicy;
use crate::net::handshake;
use crate::net::reach;
use crate::values::{Endpoint, Security};

/// A protected connection before the sign-in.
#[derive(Debug)]
pub struct Connection {
    pub(in crate::imap) session: Session,
    /// The server let us in without asking who we are.
    pub(in crate::imap) is_preauthenticated: bool,
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::net::NetError;

    #[tokio::test]
    async fn a_dead_port_is_reported_as_not_reached() {
        let port = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let endpoint = Endpoint::new("127.0.0.1", port, Security::Tls).unwrap();
        let error = connect(&endpoint, &TrustPolicy::default(), Timeouts::default()).await.unwrap_err();
        assert!(matches!(error, ImapError::Net(NetError::NotReached { .. })), "{error}");
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
                Security::Tls => matches!(error, ImapError::Net(NetError::Tls(_))),
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
