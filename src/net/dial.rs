//! From a name to a TCP connection: every address is tried, with a head start for the first (RFC 8305).

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use futures::StreamExt as _;
use futures::stream::FuturesUnordered;
use socket2::{SockRef, TcpKeepalive};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::error::NetError;
use crate::values::Endpoint;

/// Head start of one address before the next is tried as well (RFC 8305 section 5).
const HEAD_START: Duration = Duration::from_millis(250);

/// Most addresses tried of one name.
const MAX_ADDRESSES: usize = 8;

/// Most addresses kept of one name.
const MAX_KNOWN_ADDRESSES: usize = 32;

/// Idle time before the system probes the other end (TCP keep-alive), and between probes.
const KEEPALIVE_AFTER: Duration = Duration::from_mins(1);

const KEEPALIVE_AGAIN: Duration = Duration::from_secs(20);

/// A TCP connection, with what connecting revealed.
#[derive(Debug)]
pub struct Reached {
    /// The connection.
    pub stream: TcpStream,
    /// How long the connection took.
    pub round_trip: Duration,
    /// Every address that the name has.
    pub addresses: Vec<IpAddr>,
}

/// Connects to the first address of the name that answers, within this time for the name and for each address.
///
/// # Errors
///
/// [`NetError::NoAddress`] if the name has none, [`NetError::NotReached`] if no address answers.
pub async fn reach(endpoint: &Endpoint, limit: Duration) -> Result<Reached, NetError> {
    let looked_up = timeout(limit, tokio::net::lookup_host((endpoint.host.as_str(), endpoint.port)));
    let addresses = match looked_up.await.unwrap_or_else(|_elapsed| Err(io::ErrorKind::TimedOut.into())) {
        Ok(addresses) => interleave(addresses.collect()),
        Err(source) => return Err(NetError::NoAddress { endpoint: endpoint.clone(), source }),
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
    Err(NetError::NotReached { endpoint: endpoint.clone(), source: last })
}

async fn attempt(position: usize, address: SocketAddr, limit: Duration) -> io::Result<(TcpStream, Duration)> {
    tokio::time::sleep(HEAD_START * u32::try_from(position).unwrap_or(0)).await;
    let began = Instant::now();
    let stream = timeout(limit, TcpStream::connect(address))
        .await
        .unwrap_or_else(|_elapsed| Err(io::ErrorKind::TimedOut.into()))?;
    Ok((stream, began.elapsed()))
}

/// Connects to one address and no other, within this time.
///
/// # Errors
///
/// The system's error; [`io::ErrorKind::TimedOut`] after the time limit.
pub async fn connect(address: SocketAddr, limit: Duration) -> io::Result<TcpStream> {
    let (stream, _round_trip) = attempt(0, address, limit).await?;
    tune(&stream);
    Ok(stream)
}

/// Sends small commands at once, and notices a dead connection while idle (half-open after a change of network).
fn tune(stream: &TcpStream) {
    let keepalive = TcpKeepalive::new().with_time(KEEPALIVE_AFTER).with_interval(KEEPALIVE_AGAIN);
    let tuned = stream.set_nodelay(true).and_then(|()| SockRef::from(stream).set_tcp_keepalive(&keepalive));
    if let Err(error) = tuned {
        tracing::debug!(%error, "the connection could not be tuned");
    }
}

/// Alternates IPv6 and IPv4, so that a dead family costs only one head start.
fn interleave(addresses: Vec<SocketAddr>) -> Vec<SocketAddr> {
    let (v6, v4): (Vec<_>, Vec<_>) = addresses.into_iter().partition(SocketAddr::is_ipv6);
    let longest = v6.len().max(v4.len());
    (0..longest).flat_map(|index| [v6.get(index).copied(), v4.get(index).copied()]).flatten().collect()
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
}
