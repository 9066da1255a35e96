//! A name server for all zones of the bench, over UDP and TCP, which takes its time for each answer.

#![expect(
    clippy::disallowed_methods,
    reason = "it ends with the bench, and there is no engine to keep its tasks"
)]

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use mailferry::values::{Asked, DnsAnswer, DnsName, DnsQuestion, Outcome, RecordData, RecordType};
use mailferry_test_support::dns_zone::Zone;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, UdpSocket};
use tokio::time::sleep;

/// Where it listens, and how much it was asked.
pub struct Responder {
    pub address: SocketAddr,
    pub asked: Arc<AtomicUsize>,
}

impl Responder {
    /// Answers from this zone on loopback, each time after `delay`.
    pub async fn start(zone: Zone, delay: Duration) -> Self {
        Self::start_at(SocketAddr::from(([127, 0, 0, 1], 0)), zone, delay).await.unwrap()
    }

    /// The same at this address.
    pub async fn start_at(address: SocketAddr, zone: Zone, delay: Duration) -> io::Result<Self> {
        let udp = Arc::new(UdpSocket::bind(address).await?);
        let address = udp.local_addr()?;
        let tcp = TcpListener::bind(address).await?;
        let (zone, asked) = (Arc::new(zone), Arc::<AtomicUsize>::default());
        let (names, count) = (Arc::clone(&zone), Arc::clone(&asked));
        tokio::spawn(async move {
            let mut bytes = [0; 1_500];
            while let Ok((length, from)) = udp.recv_from(&mut bytes).await {
                count.fetch_add(1, Ordering::Relaxed);
                let (answer, udp) = (reply(&names, &bytes[..length]), Arc::clone(&udp));
                tokio::spawn(async move {
                    sleep(delay).await;
                    udp.send_to(&answer, from).await.unwrap();
                });
            }
        });
        let count = Arc::clone(&asked);
        tokio::spawn(async move {
            while let Ok((mut stream, _)) = tcp.accept().await {
                let (names, count) = (Arc::clone(&zone), Arc::clone(&count));
                tokio::spawn(async move {
                    while let Ok(length) = stream.read_u16().await {
                        let mut bytes = vec![0; usize::from(length)];
                        stream.read_exact(&mut bytes).await.unwrap();
                        count.fetch_add(1, Ordering::Relaxed);
                        let answer = reply(&names, &bytes);
                        sleep(delay).await;
                        stream.write_u16(u16::try_from(answer.len()).unwrap()).await.unwrap();
                        stream.write_all(&answer).await.unwrap();
                    }
                });
            }
        });
        Ok(Self { address, asked })
    }
}

/// The answer to one query (RFC 1035 section 4.1).
fn reply(zone: &Zone, query: &[u8]) -> Vec<u8> {
    let mut at = 12;
    let mut labels = Vec::new();
    while query[at] > 0 {
        let end = at + 1 + usize::from(query[at]);
        labels.push(String::from_utf8_lossy(&query[at + 1..end]).into_owned());
        at = end;
    }
    let record_type = u16::from_be_bytes([query[at + 1], query[at + 2]]);
    let end = at + 5;
    let is_recursive = query[2] & 1 == 1;
    let asked = if is_recursive {
        Asked::Resolver
    } else {
        Asked::Server(SocketAddr::from(([127, 0, 0, 1], 0)).ip())
    };
    let name = DnsName::new(&labels.join("."));
    let answer = match kind(record_type) {
        Some(kind) => zone.answer(&DnsQuestion::new(name, kind).to(asked)),
        None => DnsAnswer::empty(DnsQuestion::new(name, RecordType::Txt), Outcome::NoData),
    };
    let is_authority = !is_recursive && answer.is_authoritative;
    let code = match answer.outcome {
        Outcome::Answer | Outcome::NoData => 0,
        Outcome::NxDomain => 3,
        _ => 2,
    };
    let records: Vec<Vec<u8>> = answer.records.iter().filter_map(data).collect();
    let mut out = query[..2].to_vec();
    out.push(0x80 | (u8::from(is_authority) << 2) | u8::from(is_recursive));
    out.push((u8::from(is_recursive) << 7) | code);
    let has_none = records.is_empty();
    for count in [1, records.len(), usize::from(has_none), 0] {
        out.extend(u16::try_from(count).unwrap().to_be_bytes());
    }
    out.extend(&query[12..end]);
    for record in &records {
        // The name of the question, by reference.
        out.extend([0xc0, 12]);
        out.extend(record_type.to_be_bytes());
        push_record(&mut out, record);
    }
    if has_none {
        out.extend([0, 0, 6]);
        push_record(&mut out, &soa(&answer));
    }
    out
}

fn push_record(out: &mut Vec<u8>, data: &[u8]) {
    out.extend([0, 1, 0, 0, 0x0e, 0x10]);
    out.extend(u16::try_from(data.len()).unwrap().to_be_bytes());
    out.extend(data);
}

/// What says how long “does not exist” is remembered.
fn soa(_answer: &DnsAnswer) -> Vec<u8> {
    let mut data = vec![0, 0];
    data.extend([1_u32, 7_200, 3_600, 1_209_600, 3_600].iter().flat_map(|number| number.to_be_bytes()));
    data
}

fn name(text: &DnsName) -> Vec<u8> {
    let mut out = Vec::new();
    for label in text.labels().filter(|label| !label.is_empty()) {
        out.push(u8::try_from(label.len()).unwrap());
        out.extend(label.as_bytes());
    }
    out.push(0);
    out
}

fn data(record: &RecordData) -> Option<Vec<u8>> {
    Some(match record {
        RecordData::A(address) => address.octets().to_vec(),
        RecordData::Aaaa(address) => address.octets().to_vec(),
        RecordData::Mx { preference, exchange } => {
            preference.to_be_bytes().into_iter().chain(name(exchange)).collect()
        }
        RecordData::Ns(host) | RecordData::Ptr(host) => name(host),
        // A key is longer than a string may be (RFC 1035 section 3.3).
        RecordData::Txt(text) => text
            .strings()
            .iter()
            .flat_map(|string| string.chunks(255))
            .flat_map(|string| std::iter::once(u8::try_from(string.len()).unwrap()).chain(string.to_vec()))
            .collect(),
        RecordData::Soa { primary, mailbox, serial, refresh_secs, retry_secs, expire_secs, minimum_secs } => {
            let numbers = [serial, refresh_secs, retry_secs, expire_secs, minimum_secs];
            let names = name(primary).into_iter().chain(name(mailbox));
            names.chain(numbers.into_iter().flat_map(|number| number.to_be_bytes())).collect()
        }
        _ => return None,
    })
}

fn kind(number: u16) -> Option<RecordType> {
    Some(match number {
        1 => RecordType::A,
        2 => RecordType::Ns,
        6 => RecordType::Soa,
        12 => RecordType::Ptr,
        15 => RecordType::Mx,
        16 => RecordType::Txt,
        28 => RecordType::Aaaa,
        33 => RecordType::Srv,
        43 => RecordType::Ds,
        48 => RecordType::Dnskey,
        51 => RecordType::Nsec3param,
        52 => RecordType::Tlsa,
        257 => RecordType::Caa,
        _ => return None,
    })
}
