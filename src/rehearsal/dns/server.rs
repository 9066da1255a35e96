//! The practice DNS server, over UDP and TCP.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use futures::StreamExt;
use futures::stream::FuturesUnordered;
use hickory_proto::op::{Edns, Message, MessageType, OpCode, ResponseCode};
use hickory_proto::rr::{DNSClass, Name, RecordType};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio_util::sync::CancellationToken;

use crate::rehearsal::RehearsalError;

use super::world::{DnsWorld, Host};
use super::zones::{Answer, Zones};
use crate::values::UnixTime;

/// Answers over UDP stay below this, whatever the client takes (DNS flag day 2020).
const UDP_BYTES: u16 = 1232;
const UDP_BYTES_WITHOUT_EDNS: u16 = 512;
const TCP_CONNECTIONS: usize = 64;
const TCP_IDLE: Duration = Duration::from_secs(10);
/// How often another port is tried when the one that UDP got is taken for TCP.
const PORT_ATTEMPTS: usize = 16;

/// The address of the second practice host. Where the system has one loopback address only, it is that of IPv6.
const SECOND: [IpAddr; 2] = [IpAddr::V4(Ipv4Addr::new(127, 0, 0, 2)), IpAddr::V6(Ipv6Addr::LOCALHOST)];

/// What a server answers from.
#[derive(Clone, Debug)]
enum Knowledge {
    /// Zones that stay as they are.
    Fixed(Arc<Zones>),
    /// The practice world: a name server, and a resolver for whoever asks it to look further.
    Changing(DnsWorld, Host),
}

impl Knowledge {
    fn answer(&self, name: &Name, record_type: RecordType, is_recursive: bool) -> Answer {
        match self {
            Self::Fixed(zones) => zones.answer(name, record_type),
            Self::Changing(world, host) if is_recursive => {
                world.resolve(*host, name, record_type, UnixTime::now())
            }
            Self::Changing(world, host) => world.authoritative(*host, name, record_type, UnixTime::now()),
        }
    }
}

/// A practice DNS server on one loopback port, for UDP and TCP.
#[derive(Debug)]
pub struct DnsServer {
    udp: UdpSocket,
    tcp: TcpListener,
    address: SocketAddr,
    knowledge: Knowledge,
}

/// The two hosts of the practice domain, on the same port of two addresses.
#[derive(Debug)]
pub(in crate::rehearsal) struct DnsHosts {
    servers: [DnsServer; 2],
}

impl DnsHosts {
    /// Opens the ports. `zones` makes the world once it is known where the hosts are.
    pub(in crate::rehearsal) async fn bind(
        zones: impl FnOnce([IpAddr; 2]) -> Result<Zones, RehearsalError>,
    ) -> Result<(Self, DnsWorld), RehearsalError> {
        let mut attempts = 0;
        let (first, second) = loop {
            attempts += 1;
            match bind_pair().await {
                Ok(pair) => break pair,
                Err(error) if error.kind() == io::ErrorKind::AddrInUse && attempts < PORT_ATTEMPTS => {}
                Err(source) => return Err(RehearsalError::Bind { source }),
            }
        };
        let world = DnsWorld::new(zones([first.2.ip(), second.2.ip()])?);
        let server = |(udp, tcp, address), host| DnsServer {
            udp,
            tcp,
            address,
            knowledge: Knowledge::Changing(world.clone(), host),
        };
        let servers = [server(first, Host::Primary), server(second, Host::Secondary)];
        Ok((Self { servers }, world))
    }

    /// Where the resolvers are asked.
    pub(in crate::rehearsal) fn addresses(&self) -> [SocketAddr; 2] {
        self.servers.each_ref().map(DnsServer::address)
    }

    /// Answers questions until cancelled.
    pub(in crate::rehearsal) async fn serve(self, cancel: CancellationToken) {
        let [first, second] = self.servers;
        tokio::join!(first.serve(cancel.clone()), second.serve(cancel));
    }
}

type Sockets = (UdpSocket, TcpListener, SocketAddr);

async fn bind_pair() -> io::Result<(Sockets, Sockets)> {
    let first = bind_both(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await?;
    let port = first.2.port();
    let mut failure = io::Error::from(io::ErrorKind::AddrNotAvailable);
    for address in SECOND {
        match bind_both(SocketAddr::new(address, port)).await {
            Ok(second) => return Ok((first, second)),
            Err(error) => failure = error,
        }
    }
    Err(failure)
}

impl DnsServer {
    /// Opens the port; questions wait from now on and are answered once the server is served.
    pub async fn bind(zones: Zones) -> Result<Self, RehearsalError> {
        let mut attempts = 0;
        loop {
            attempts += 1;
            match bind_both(SocketAddr::from((Ipv4Addr::LOCALHOST, 0))).await {
                Ok((udp, tcp, address)) => {
                    return Ok(Self { udp, tcp, address, knowledge: Knowledge::Fixed(Arc::new(zones)) });
                }
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
        let Self { udp, tcp, address: _, knowledge } = self;
        tokio::select! {
            () = cancel.cancelled() => {}
            () = serve_udp(&udp, &knowledge) => {}
            () = serve_tcp(&tcp, &knowledge) => {}
        }
    }
}

async fn bind_both(wanted: SocketAddr) -> io::Result<Sockets> {
    let udp = UdpSocket::bind(wanted).await?;
    let address = udp.local_addr()?;
    let tcp = TcpListener::bind(address).await?;
    Ok((udp, tcp, address))
}

async fn serve_udp(socket: &UdpSocket, knowledge: &Knowledge) {
    let mut question = vec![0; usize::from(u16::MAX)];
    loop {
        // An error here is the echo of an answer that a client no longer waits for.
        let Ok((length, client)) = socket.recv_from(&mut question).await else { continue };
        let Some(answer) = question.get(..length).and_then(|question| respond(knowledge, question, true))
        else {
            continue;
        };
        if let Err(error) = socket.send_to(&answer, client).await {
            tracing::debug!(%error, "a practice answer could not be sent");
        }
    }
}

async fn serve_tcp(listener: &TcpListener, knowledge: &Knowledge) {
    let mut clients = FuturesUnordered::new();
    loop {
        tokio::select! {
            Some(()) = clients.next(), if !clients.is_empty() => {}
            accepted = listener.accept(), if clients.len() < TCP_CONNECTIONS => match accepted {
                Ok((stream, _client)) => clients.push(serve_client(stream, knowledge)),
                Err(error) => {
                    tracing::debug!(%error, "the practice server could not accept a connection");
                    tokio::time::sleep(Duration::from_millis(50)).await;
                }
            },
        }
    }
}

/// Answers one client's questions in their order (RFC 7766).
async fn serve_client(mut stream: TcpStream, knowledge: &Knowledge) {
    while let Ok(Ok(question)) = tokio::time::timeout(TCP_IDLE, read_question(&mut stream)).await {
        let Some(answer) = respond(knowledge, &question, false) else { return };
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
fn respond(knowledge: &Knowledge, question: &[u8], is_udp: bool) -> Option<Vec<u8>> {
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
    fill(knowledge, &request, &mut response);
    let bytes = response.to_vec().ok()?;
    let room = request.edns.as_ref().map_or(UDP_BYTES_WITHOUT_EDNS, Edns::max_payload);
    let room = usize::from(room.clamp(UDP_BYTES_WITHOUT_EDNS, UDP_BYTES));
    if is_udp && bytes.len() > room { response.truncate().to_vec().ok() } else { Some(bytes) }
}

fn fill(knowledge: &Knowledge, request: &Message, response: &mut Message) {
    let [query] = request.queries.as_slice() else {
        response.metadata.response_code = ResponseCode::FormErr;
        return;
    };
    response.metadata.response_code =
        match (request.metadata.op_code, query.query_class(), query.query_type()) {
            (OpCode::Query, DNSClass::IN, RecordType::AXFR | RecordType::IXFR) => ResponseCode::Refused,
            (OpCode::Query, DNSClass::IN, RecordType::ANY) => ResponseCode::NotImp,
            (OpCode::Query, DNSClass::IN, record_type) => {
                let is_recursive = request.metadata.recursion_desired;
                let answer = knowledge.answer(query.name(), record_type, is_recursive);
                // Only who is in charge says so: a resolver of the practice world is not.
                let is_resolver = is_recursive && matches!(knowledge, Knowledge::Changing(..));
                response.metadata.authoritative = answer.code != ResponseCode::ServFail && !is_resolver;
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
        let zones = Knowledge::Fixed(Arc::new(zones));
        let question = question("long.example.", RecordType::TXT).to_vec().unwrap();
        let udp = Message::from_vec(&respond(&zones, &question, true).unwrap()).unwrap();
        assert!(udp.metadata.truncation && udp.answers.is_empty());
        let tcp = Message::from_vec(&respond(&zones, &question, false).unwrap()).unwrap();
        assert_eq!((tcp.metadata.truncation, tcp.answers.len()), (false, 20));
    }

    #[test]
    fn odd_questions_get_an_error_or_nothing() {
        let zones = Knowledge::Fixed(Arc::new(Zones::practice().unwrap()));
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

    #[test]
    fn who_asks_to_look_further_is_answered_by_a_resolver() {
        let world = DnsWorld::new(Zones::practice().unwrap());
        let primary = Knowledge::Changing(world, Host::Primary);
        let mut asked = question("weber-familie.example.", RecordType::MX);
        for is_recursive in [true, false] {
            asked.metadata.recursion_desired = is_recursive;
            let answer = respond(&primary, &asked.to_vec().unwrap(), true).unwrap();
            let answer = Message::from_vec(&answer).unwrap();
            assert_eq!((answer.metadata.authoritative, answer.answers.len()), (!is_recursive, 1));
        }
    }

    #[tokio::test]
    async fn two_hosts_share_a_port() {
        let mut seen = Vec::new();
        let (hosts, _world) = DnsHosts::bind(|addresses| {
            seen.extend(addresses);
            Zones::practice()
        })
        .await
        .unwrap();
        let [first, second] = hosts.addresses();
        assert_eq!(seen, [first.ip(), second.ip()]);
        assert!(first.port() == second.port() && first.ip() != second.ip() && second.ip().is_loopback());
    }
}
