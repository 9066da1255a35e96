//! The practice DNS server, over UDP and TCP.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use hickory_proto::op::{Edns, Message, MessageType, OpCode, ResponseCode};
use hickory_proto::rr::{DNSClass, RecordType};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio_util::sync::CancellationToken;

use crate::rehearsal::RehearsalError;

use super::zones::Zones;

/// Answers over UDP stay below this, whatever the client takes (DNS flag day 2020).
const UDP_BYTES: u16 = 1232;
const UDP_BYTES_WITHOUT_EDNS: u16 = 512;
const TCP_CONNECTIONS: usize = 64;
const TCP_IDLE: Duration = Duration::from_secs(10);
/// How often another port is tried when the one that UDP got is taken for TCP.
const PORT_ATTEMPTS: usize = 16;

/// A practice DNS server on one loopback port, for UDP and TCP.
#[derive(Debug)]
pub struct DnsServer {
    udp: UdpSocket,
    tcp: TcpListener,
    address: SocketAddr,
    zones: Arc<Zones>,
}

impl DnsServer {
    /// Opens the port; questions wait from now on and are answered once the server is served.
    pub async fn bind(zones: Zones) -> Result<Self, RehearsalError> {
        let mut attempts = 0;
        loop {
            attempts += 1;
            match bind_both().await {
                Ok((udp, tcp, address)) => return Ok(Self { udp, tcp, address, zones: Arc::new(zones) }),
                Err(error) if error.kind() == io::ErrorKind::AddrInUse && attempts < PORT_ATTEMPTS => {}
                Err(source) => return Err(RehearsalError::Bind { source }),
            }
        }
    }

    /// Where questions go, over UDP and TCP.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Answers questions until cancelled.
    pub async fn serve(self, cancel: CancellationToken) {
        let Self { udp, tcp, address: _, zones } = self;
        tokio::select! {
            () = cancel.cancelled() => {}
            () = serve_udp(&udp, &zones) => {}
            () = serve_tcp(&tcp, &zones) => {}
        }
    }
}

async fn bind_both() -> io::Result<(UdpSocket, TcpListener, SocketAddr)> {
    let udp = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0)).await?;
    let address = udp.local_addr()?;
    let tcp = TcpListener::bind(address).await?;
    Ok((udp, tcp, address))
}

async fn serve_udp(socket: &UdpSocket, zones: &Zones) {
    let mut question = vec![0; usize::from(u16::MAX)];
    loop {
        // An error here is the echo of an answer that a client no longer waits for.
        let Ok((length, client)) = socket.recv_from(&mut question).await else { continue };
        let Some(answer) = question.get(..length).and_then(|question| respond(zones, question, true)) else {
            continue;
        };
        if let Err(error) = socket.send_to(&answer, client).await {
            tracing::debug!(%error, "a practice answer could not be sent");
        }
    }
}

async fn serve_tcp(listener: &TcpListener, zones: &Zones) {
    let mut clients = FuturesUnordered::new();
    loop {
        tokio::select! {
            Some(()) = clients.next(), if !clients.is_empty() => {}
            accepted = listener.accept(), if clients.len() < TCP_CONNECTIONS => match accepted {
                Ok((stream, _client)) => clients.push(serve_client(stream, zones)),
                Err(error) => {
                    tracing::debug!(%error, "the practice server could not accept a connection");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            },
        }
    }
}

/// Answers one client's questions in their order (RFC 7766).
async fn serve_client(mut stream: TcpStream, zones: &Zones) {
    while let Ok(Ok(question)) = tokio::time::timeout(TCP_IDLE, read_question(&mut stream)).await {
        let Some(answer) = respond(zones, &question, false) else { return };
        let Ok(length) = u16::try_from(answer.len()) else { return };
        let framed = [&length.to_be_bytes()[..], &answer].concat();
        if !matches!(tokio::time::timeout(TCP_IDLE, stream.write_all(&framed)).await, Ok(Ok(()))) {
            return;
        }
    }
}

async fn read_question(stream: &mut TcpStream) -> io::Result<Vec<u8>> {
    let length = stream.read_u16().await?;
    let mut question = vec![0; usize::from(length)];
    stream.read_exact(&mut question).await?;
    Ok(question)
}

/// The answer to a question on the wire; `None` for what must not be answered.
fn respond(zones: &Zones, question: &[u8], is_udp: bool) -> Option<Vec<u8>> {
    let Ok(request) = Message::from_vec(question) else {
        let id = question.first_chunk::<2>().map(|id| u16::from_be_bytes(*id))?;
        // A damaged answer must not be answered, or two servers could keep each other busy.
        let is_question = question.get(2).is_some_and(|flags| flags & 0x80 == 0);
        return is_question
            .then(|| Message::error_msg(id, OpCode::Query, ResponseCode::FormErr).to_vec().ok())
            .flatten();
    };
    if request.metadata.message_type != MessageType::Query {
        return None;
    }
    let mut response = Message::response(request.metadata.id, request.metadata.op_code);
    response.metadata.recursion_desired = request.metadata.recursion_desired;
    // Clients that ask a resolver want one that says it can do its work.
    response.metadata.recursion_available = true;
    response.add_queries(request.queries.iter().cloned());
    if request.edns.is_some() {
        response.set_edns(Edns::new()).edns.as_mut()?.set_max_payload(UDP_BYTES);
    }
    fill(zones, &request, &mut response);
    let bytes = response.to_vec().ok()?;
    let room = request.edns.as_ref().map_or(UDP_BYTES_WITHOUT_EDNS, Edns::max_payload);
    let room = usize::from(room.clamp(UDP_BYTES_WITHOUT_EDNS, UDP_BYTES));
    if is_udp && bytes.len() > room { response.truncate().to_vec().ok() } else { Some(bytes) }
}

fn fill(zones: &Zones, request: &Message, response: &mut Message) {
    let [query] = request.queries.as_slice() else {
        response.metadata.response_code = ResponseCode::FormErr;
        return;
    };
    response.metadata.response_code =
        match (request.metadata.op_code, query.query_class(), query.query_type()) {
            (OpCode::Query, DNSClass::IN, RecordType::AXFR | RecordType::IXFR) => ResponseCode::Refused,
            (OpCode::Query, DNSClass::IN, RecordType::ANY) => ResponseCode::NotImp,
            (OpCode::Query, DNSClass::IN, record_type) => {
                let answer = zones.answer(query.name(), record_type);
                response.metadata.authoritative = answer.code != ResponseCode::ServFail;
                response.add_answers(answer.answers);
                response.add_authorities(answer.authority);
                answer.code
            }
            (OpCode::Query, ..) => ResponseCode::Refused,
            _ => ResponseCode::NotImp,
        };
}

#[cfg(test)]
mod tests {
    use hickory_proto::op::Query;
    use hickory_proto::rr::Name;

    use super::*;

    fn question(name: &str, record_type: RecordType) -> Message {
        let mut question = Message::query();
        question.add_query(Query::query(Name::from_ascii(name).unwrap(), record_type));
        question
    }

    #[test]
    fn large_answers_are_cut_over_udp_only() {
        let mut zones = Zones::practice().unwrap();
        let line = |number: usize| format!("@ IN TXT \"{number:02}{}\"\n", "x".repeat(100));
        let long = (10..30).map(line).collect::<Vec<_>>().concat();
        zones.add("long.example", &format!("$TTL 60\n{long}")).unwrap();
        let question = question("long.example.", RecordType::TXT).to_vec().unwrap();
        let udp = Message::from_vec(&respond(&zones, &question, true).unwrap()).unwrap();
        assert!(udp.metadata.truncation && udp.answers.is_empty());
        let tcp = Message::from_vec(&respond(&zones, &question, false).unwrap()).unwrap();
        assert_eq!((tcp.metadata.truncation, tcp.answers.len()), (false, 20));
    }

    #[test]
    fn odd_questions_get_an_error_or_nothing() {
        let zones = Zones::practice().unwrap();
        let code = |message: &Message| {
            let answer = respond(&zones, &message.to_vec().unwrap(), true).unwrap();
            Message::from_vec(&answer).unwrap().metadata.response_code
        };
        assert_eq!(code(&question("weber-familie.example.", RecordType::AXFR)), ResponseCode::Refused);
        assert_eq!(code(&question("weber-familie.example.", RecordType::ANY)), ResponseCode::NotImp);
        let mut two = question("weber-familie.example.", RecordType::A);
        two.add_query(Query::query(Name::root(), RecordType::NS));
        assert_eq!(code(&two), ResponseCode::FormErr);
        assert_eq!(respond(&zones, &[1], true), None);
        let damaged = respond(&zones, &[0xab, 0xcd, 0, 0, 0, 9], true).unwrap();
        assert_eq!(Message::from_vec(&damaged).unwrap().metadata.response_code, ResponseCode::FormErr);
        assert_eq!(respond(&zones, &[0xab, 0xcd, 0x80, 0, 0, 9], true), None);
        let answer = Message::response(7, OpCode::Query).to_vec().unwrap();
        assert_eq!(respond(&zones, &answer, true), None);
    }
}
