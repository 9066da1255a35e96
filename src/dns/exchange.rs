//! Sockets: one question to one server, over UDP and, where that is not enough, TCP.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpStream, UdpSocket};
use tokio::time::timeout;

use super::packet::{self, Asked, Reading, Said, UDP_PAYLOAD_BYTES};
use crate::values::{DnsQuestion, Outcome};

/// Time for each try over UDP. A resolver that walks the tree for us needs a moment for the first answer.
const UDP_TRIES: [Duration; 2] = [Duration::from_millis(1_500), Duration::from_millis(3_500)];
const TCP_TIME: Duration = Duration::from_secs(4);

/// Asks one server; always comes back, with [`Outcome::Timeout`] at the worst.
pub(super) async fn ask(server: SocketAddr, question: &DnsQuestion) -> Said {
    match ask_with(server, question, true).await {
        Reading::NoEdns => match ask_with(server, question, false).await {
            Reading::Said(said) => said,
            _ => Said::nothing(Outcome::Broken("the resolver understands no question".to_owned())),
        },
        Reading::Said(said) => said,
        Reading::NotOurs | Reading::Truncated => {
            Said::nothing(Outcome::Broken("the answer came back cut off, over TCP too".to_owned()))
        }
    }
}

async fn ask_with(server: SocketAddr, question: &DnsQuestion, with_edns: bool) -> Reading {
    let mut last_error = None;
    for time in UDP_TRIES {
        // A new id and a new port for each try, so that a late or forged answer fits neither.
        let Some(asked) = packet::build(question, with_edns) else {
            return Reading::Said(Said::nothing(Outcome::Broken(
                "this is no name that DNS can carry".to_owned(),
            )));
        };
        match timeout(time, over_udp(server, &asked)).await {
            Ok(Ok(Reading::Truncated)) => return finish_over_tcp(server, &asked).await,
            Ok(Ok(reading)) => return reading,
            Ok(Err(error)) => last_error = Some(error),
            Err(_elapsed) => last_error = None,
        }
    }
    // Networks that drop UDP port 53 exist; one try over TCP tells them from a dead server.
    let Some(asked) = packet::build(question, with_edns) else {
        return Reading::Said(Said::silence(Outcome::Timeout));
    };
    match timeout(TCP_TIME, over_tcp(server, &asked)).await {
        Ok(Ok(reading)) => reading,
        Ok(Err(error)) => Reading::Said(Said::silence(match last_error {
            None if error.kind() == io::ErrorKind::ConnectionRefused => Outcome::Timeout,
            _ => Outcome::Broken(error.to_string()),
        })),
        Err(_elapsed) => Reading::Said(Said::silence(Outcome::Timeout)),
    }
}

async fn finish_over_tcp(server: SocketAddr, asked: &Asked) -> Reading {
    match timeout(TCP_TIME, over_tcp(server, asked)).await {
        Ok(Ok(reading)) => reading,
        Ok(Err(error)) => Reading::Said(Said::nothing(Outcome::Broken(format!(
            "the answer is too long for UDP, and TCP does not work: {error}"
        )))),
        Err(_elapsed) => Reading::Said(Said::silence(Outcome::Timeout)),
    }
}

async fn over_udp(server: SocketAddr, asked: &Asked) -> io::Result<Reading> {
    let local: IpAddr = match server {
        SocketAddr::V4(_) => Ipv4Addr::UNSPECIFIED.into(),
        SocketAddr::V6(_) => Ipv6Addr::UNSPECIFIED.into(),
    };
    let socket = UdpSocket::bind((local, 0)).await?;
    // A connected socket takes datagrams from this server only, and hears when its port is closed.
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

async fn over_tcp(server: SocketAddr, asked: &Asked) -> io::Result<Reading> {
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
        let question = DnsQuestion { name: DnsName::new("weber.example"), record_type: RecordType::Txt };
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
            reading = finish_over_tcp(server, &asked) => {
                assert!(matches!(&reading, Reading::Said(said) if matches!(said.outcome, Outcome::Timeout)));
            }
        }
        assert!(began.elapsed() <= TCP_TIME + Duration::from_secs(1), "{:?}", began.elapsed());
    }
}
