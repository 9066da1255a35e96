//! Sockets: one question to one server, over UDP and, where that is not enough, TCP.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::timeout;

use super::packet::{self, Reading, Said, Sent, UDP_PAYLOAD_BYTES};
use crate::values::{Asked, DnsQuestion, Outcome};

/// How long to wait for a server.
struct Patience {
    /// Each try over UDP.
    udp: [Duration; 2],
    /// The one try over TCP.
    tcp: Duration,
    /// Whether the network may be dropping UDP, so that TCP is worth a try.
    tries_tcp_after_silence: bool,
}

/// A resolver that follows referrals for us needs a moment for the first answer.
const RESOLVER: Patience = Patience {
    udp: [Duration::from_millis(1_500), Duration::from_secs(3)],
    tcp: Duration::from_secs(3),
    tries_tcp_after_silence: true,
};
/// An authoritative server knows the answer, or is down.
const DIRECT: Patience = Patience {
    udp: [Duration::from_secs(1), Duration::from_secs(2)],
    tcp: Duration::from_secs(3),
    tries_tcp_after_silence: false,
};

/// Asks one server. Always returns; the worst outcome is [`Outcome::Timeout`].
pub(super) async fn ask(server: SocketAddr, question: &DnsQuestion) -> Said {
    match ask_with(server, question, true).await {
        Reading::NoEdns => match ask_with(server, question, false).await {
            Reading::Said(said) => said,
            _ => Said::nothing(Outcome::Broken("the server understands no question".to_owned())),
        },
        Reading::Said(said) => said,
        Reading::NotOurs | Reading::Truncated => {
            Said::nothing(Outcome::Broken("the answer came back cut off, over TCP too".to_owned()))
        }
    }
}

async fn ask_with(server: SocketAddr, question: &DnsQuestion, with_edns: bool) -> Reading {
    let patience = match question.asked {
        Asked::Server(_) | Asked::ServerAgain(_) | Asked::ServerOverTcp(_) => DIRECT,
        _ => RESOLVER,
    };
    let mut last_error = None;
    let over_udp_first = !matches!(question.asked, Asked::ServerOverTcp(_));
    for time in patience.udp.into_iter().filter(|_| over_udp_first) {
        // A new id and a new port for each try, so that a late or forged answer fits neither.
        let Some(sent) = packet::build(question, with_edns) else {
            return Reading::Said(Said::nothing(Outcome::Broken(
                "this is no name that DNS can carry".to_owned(),
            )));
        };
        match timeout(time, over_udp(server, &sent)).await {
            Ok(Ok(Reading::Truncated)) => return finish_over_tcp(server, &sent, patience.tcp).await,
            Ok(Ok(reading)) => return reading,
            Ok(Err(error)) if is_without_way(&error) => {
                return Reading::Said(Said::silence(Outcome::OutOfReach));
            }
            Ok(Err(error)) => last_error = Some(error),
            Err(_elapsed) => last_error = None,
        }
    }
    if over_udp_first && !patience.tries_tcp_after_silence {
        return Reading::Said(Said::silence(Outcome::Timeout));
    }
    // Some networks drop UDP port 53; one try over TCP tells them from a dead server.
    let Some(sent) = packet::build(question, with_edns) else {
        return Reading::Said(Said::silence(Outcome::Timeout));
    };
    match timeout(patience.tcp, over_tcp(server, &sent)).await {
        Ok(Ok(reading)) => reading,
        Ok(Err(error)) => Reading::Said(Said::silence(match last_error {
            _ if is_without_way(&error) => Outcome::OutOfReach,
            None if error.kind() == io::ErrorKind::ConnectionRefused => Outcome::Timeout,
            _ => Outcome::Broken(error.to_string()),
        })),
        Err(_elapsed) => Reading::Said(Said::silence(Outcome::Timeout)),
    }
}

/// Whether this computer has no route there, which says nothing about the server.
fn is_without_way(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::NetworkUnreachable
            | io::ErrorKind::HostUnreachable
            | io::ErrorKind::AddrNotAvailable
            | io::ErrorKind::NetworkDown
            | io::ErrorKind::Unsupported
            | io::ErrorKind::PermissionDenied
    )
}

async fn finish_over_tcp(server: SocketAddr, sent: &Sent, time: Duration) -> Reading {
    match timeout(time, over_tcp(server, sent)).await {
        Ok(Ok(Reading::Said(said))) => Reading::Said(Said { is_too_long_for_udp: true, ..said }),
        Ok(Ok(reading)) => reading,
        Ok(Err(error)) => Reading::Said(Said {
            is_too_long_for_udp: true,
            ..Said::nothing(Outcome::Broken(format!(
                "the answer is too long for UDP, and TCP does not work: {error}"
            )))
        }),
        Err(_elapsed) => Reading::Said(Said { is_too_long_for_udp: true, ..Said::silence(Outcome::Timeout) }),
    }
}

async fn over_udp(server: SocketAddr, asked: &Sent) -> io::Result<Reading> {
    let local: IpAddr = match server {
        SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    let socket = UdpSocket::bind((local, 0)).await?;
    // A connected socket accepts datagrams from this server only, and reports a closed port.
    socket.connect(server).await?;
    socket.send(&asked.bytes).await?;
    let mut buffer = vec![0_u8; usize::from(UDP_PAYLOAD_BYTES).max(4_096)];
    loop {
        let length = socket.recv(&mut buffer).await?;
        match packet::read(asked, buffer.get(..length).unwrap_or_default()) {
            Reading::NotOurs => {}
            reading => return Ok(reading),
        }
    }
}

async fn over_tcp(server: SocketAddr, asked: &Sent) -> io::Result<Reading> {
    let mut stream = TcpStream::connect(server).await?;
    let length = u16::try_from(asked.bytes.len()).map_err(|_too_long| io::ErrorKind::InvalidInput)?;
    let mut query = length.to_be_bytes().to_vec();
    query.extend_from_slice(&asked.bytes);
    stream.write_all(&query).await?;
    let length = stream.read_u16().await?;
    let mut answer = vec![0_u8; usize::from(length)];
    stream.read_exact(&mut answer).await?;
    Ok(packet::read(asked, &answer))
}

#[cfg(test)]
mod tests {
    use tokio::net::TcpListener;

    use super::*;
    use crate::values::{DnsName, RecordType};

    #[tokio::test(start_paused = true)]
    async fn an_answer_that_drips_over_tcp_is_given_up() {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = listener.local_addr().unwrap();
        let question = DnsQuestion::new(DnsName::new("weber.example"), RecordType::Txt);
        let asked = packet::build(&question, true).unwrap();
        let drip = async {
            let (mut stream, _) = listener.accept().await.unwrap();
            stream.write_all(&[0xff, 0xff]).await.unwrap();
            while stream.write_all(b"x").await.is_ok() {
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
            std::future::pending::<()>().await;
        };
        let began = tokio::time::Instant::now();
        tokio::select! {
            () = drip => unreachable!(),
            reading = finish_over_tcp(server, &asked, RESOLVER.tcp) => {
                assert!(matches!(&reading, Reading::Said(said) if matches!(said.outcome, Outcome::Timeout)));
            }
        }
        assert!(began.elapsed() <= RESOLVER.tcp + Duration::from_secs(1), "{:?}", began.elapsed());
    }
}
