//! Changes a zone at its primary server (RFC 2136), signed with a key that both know (TSIG, RFC 8945).

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use hickory_proto::op::{Message, MessageType, OpCode, Query, ResponseCode};
use hickory_proto::rr::rdata::tsig::{TsigAlgorithm as WireAlgorithm, TsigError};
use hickory_proto::rr::rdata::{A, AAAA, CNAME, MX, NS, SRV, TLSA, TXT};
use hickory_proto::rr::{DNSClass, Name, RData, Record, RecordType as WireType, TSigVerifier, TSigner};
use thiserror::Error;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::packet::wire_type;
use super::tsig_key::{TsigAlgorithm, TsigKey};
use crate::values::{DnsName, DomainName, Prerequisite, RecordData, UnixTime, ZoneUpdate};

/// How far the clocks of both sides may be apart, in seconds (RFC 8945 section 10).
const FUDGE_SECS: u16 = 300;
/// Time limit for connecting, and for the answer: a server writes a large zone to disk first.
const PATIENCE: Duration = Duration::from_secs(20);

/// Why a zone was not changed. After [`UpdateError::Unproven`] and [`UpdateError::Silent`] it may have been.
#[derive(Debug, Error)]
pub enum UpdateError {
    /// No connection.
    #[error("the name server cannot be reached: {0}")]
    Unreachable(#[source] io::Error),
    /// It received the change and did not answer.
    #[error("the name server did not answer")]
    Silent(#[source] Option<io::Error>),
    /// It does not know the key, or does not accept it.
    #[error("the name server does not know the key “{0}”")]
    UnknownKey(String),
    /// The secrets differ.
    #[error("the secret of the key “{0}” is not the one that the name server has")]
    WrongSecret(String),
    /// The clocks differ.
    #[error("the clocks of this computer and of the name server are more than five minutes apart")]
    Clock,
    /// The zone has changed since it was read.
    #[error("the zone is no longer as it was read, so nothing was changed")]
    Changed,
    /// The key may not change this.
    #[error("the name server refuses the change")]
    Refused,
    /// It is not the primary of this zone.
    #[error("the name server is not the primary of this zone")]
    NotThePrimary,
    /// Another error of the server.
    #[error("the name server answered {0}")]
    Failed(String),
    /// The answer is not signed as it must be, so anybody may have sent it.
    #[error("the answer is not signed by the name server, so it does not prove anything")]
    Unproven,
    /// A record or a name that DNS cannot carry.
    #[error("the change cannot be written as DNS has it: {0}")]
    NotCarried(String),
}

/// Sends the change over TCP and waits for the signed answer.
///
/// # Errors
/// If the zone was not changed, or if that is unknown.
///
/// # Cancellation
/// Not safe: a change that was sent may take effect, and nothing reports it.
pub async fn send_update(
    server: SocketAddr,
    key: &TsigKey,
    update: &ZoneUpdate,
    now: UnixTime,
) -> Result<(), UpdateError> {
    let (sent, verifier) = signed(key, update, now)?;
    let bytes = sent.to_vec().map_err(|error| UpdateError::NotCarried(error.to_string()))?;
    let answer = exchange(server, &bytes).await?;
    judge(&sent, verifier, &answer, key)
}

fn signed(
    key: &TsigKey,
    update: &ZoneUpdate,
    now: UnixTime,
) -> Result<(Message, Option<TSigVerifier>), UpdateError> {
    let not_carried = |error: &dyn std::error::Error| UpdateError::NotCarried(error.to_string());
    let key_name = to_name(&DnsName::new(&key.name))?;
    let algorithm = match key.algorithm {
        TsigAlgorithm::Sha256 => WireAlgorithm::HmacSha256,
        TsigAlgorithm::Sha384 => WireAlgorithm::HmacSha384,
        TsigAlgorithm::Sha512 => WireAlgorithm::HmacSha512,
    };
    let secret = key.bytes().unwrap_or_default();
    let signer =
        TSigner::new(secret, algorithm, key_name, FUDGE_SECS).map_err(|error| not_carried(&error))?;
    let mut message = to_message(update)?;
    let now = u64::try_from(now.0).unwrap_or_default();
    let verifier = message.finalize(&signer, now).map_err(|error| not_carried(&error))?;
    Ok((message, verifier))
}

/// The change as the sections of a message (RFC 2136 section 2).
fn to_message(update: &ZoneUpdate) -> Result<Message, UpdateError> {
    let mut message = Message::query();
    message.metadata.op_code = OpCode::Update;
    message.metadata.recursion_desired = false;
    let mut zone = Query::query(to_name(&DomainName::dns(&update.zone))?, WireType::SOA);
    zone.set_query_class(DNSClass::IN);
    message.add_query(zone);
    for prerequisite in &update.prerequisites {
        match prerequisite {
            Prerequisite::Exactly(name, records) => {
                for record in records {
                    message.add_answer(Record::from_rdata(to_name(name)?, 0, to_rdata(record)?));
                }
            }
            Prerequisite::None(name, record_type) => {
                let mut record = Record::update0(to_name(name)?, 0, wire_type(*record_type));
                record.dns_class = DNSClass::NONE;
                message.add_answer(record);
            }
        }
    }
    for (name, record) in &update.removed {
        let mut record = Record::from_rdata(to_name(name)?, 0, to_rdata(record)?);
        record.dns_class = DNSClass::NONE;
        message.add_authority(record);
    }
    for set in &update.after {
        for record in &set.records {
            message.add_authority(Record::from_rdata(to_name(&set.name)?, set.ttl_secs, to_rdata(record)?));
        }
    }
    Ok(message)
}

async fn exchange(server: SocketAddr, bytes: &[u8]) -> Result<Vec<u8>, UpdateError> {
    let length = u16::try_from(bytes.len())
        .map_err(|_too_long| UpdateError::NotCarried(format!("{} bytes are too many", bytes.len())))?;
    let connected = timeout(PATIENCE, TcpStream::connect(server)).await;
    let mut stream = connected
        .unwrap_or_else(|_elapsed| Err(io::ErrorKind::TimedOut.into()))
        .map_err(UpdateError::Unreachable)?;
    let talk = async {
        let mut query = length.to_be_bytes().to_vec();
        query.extend_from_slice(bytes);
        stream.write_all(&query).await?;
        let mut answer = vec![0_u8; usize::from(stream.read_u16().await?)];
        stream.read_exact(&mut answer).await?;
        Ok::<_, io::Error>(answer)
    };
    match timeout(PATIENCE, talk).await {
        Ok(answer) => answer.map_err(|error| UpdateError::Silent(Some(error))),
        Err(_elapsed) => Err(UpdateError::Silent(None)),
    }
}

fn judge(
    sent: &Message,
    verifier: Option<TSigVerifier>,
    bytes: &[u8],
    key: &TsigKey,
) -> Result<(), UpdateError> {
    let answer = Message::from_vec(bytes).map_err(|_unreadable| UpdateError::Unproven)?;
    let is_ours = answer.metadata.id == sent.metadata.id
        && answer.metadata.message_type == MessageType::Response
        && answer.metadata.op_code == OpCode::Update;
    if !is_ours {
        return Err(UpdateError::Unproven);
    }
    // A server that cannot check our signature cannot sign either (RFC 8945 section 5.3.2).
    match answer.signature().and_then(|signature| signature.data.error) {
        Some(TsigError::BadKey) => return Err(UpdateError::UnknownKey(key.name.clone())),
        Some(TsigError::BadSig | TsigError::BadTrunc) => {
            return Err(UpdateError::WrongSecret(key.name.clone()));
        }
        Some(TsigError::BadTime) => return Err(UpdateError::Clock),
        Some(TsigError::Unknown(_)) | None => {}
    }
    match answer.metadata.response_code {
        ResponseCode::NoError => {
            let is_proven = verifier.is_some_and(|mut verifier| verifier.verify(bytes).is_ok());
            if is_proven { Ok(()) } else { Err(UpdateError::Unproven) }
        }
        ResponseCode::NXDomain | ResponseCode::YXDomain | ResponseCode::NXRRSet | ResponseCode::YXRRSet => {
            Err(UpdateError::Changed)
        }
        ResponseCode::Refused => Err(UpdateError::Refused),
        ResponseCode::NotAuth | ResponseCode::NotZone => Err(UpdateError::NotThePrimary),
        other => Err(UpdateError::Failed(other.to_string())),
    }
}

/// A name in wire form, with `\DDD` and `\X` decoded (RFC 1035 section 5.1).
fn to_name(name: &DnsName) -> Result<Name, UpdateError> {
    let no_name = || UpdateError::NotCarried(format!("“{}” is no name", name.as_str()));
    let mut labels: Vec<Vec<u8>> = vec![Vec::new()];
    let mut bytes = name.as_str().trim_end_matches('.').bytes().peekable();
    while let Some(byte) = bytes.next() {
        let byte = match byte {
            b'.' => {
                labels.push(Vec::new());
                continue;
            }
            b'\\' => match bytes.next().ok_or_else(no_name)? {
                digit @ b'0'..=b'9' => {
                    let mut number = u32::from(digit - b'0');
                    for _more in 0..2 {
                        let next = bytes.next().filter(u8::is_ascii_digit).ok_or_else(no_name)?;
                        number = number * 10 + u32::from(next - b'0');
                    }
                    u8::try_from(number).map_err(|_too_large| no_name())?
                }
                other => other,
            },
            other => other,
        };
        if let Some(label) = labels.last_mut() {
            label.push(byte);
        }
    }
    labels.retain(|label| !label.is_empty());
    let mut name = Name::from_labels(labels.iter().map(Vec::as_slice)).map_err(|_too_long| no_name())?;
    name.set_fqdn(true);
    Ok(name)
}

fn to_rdata(record: &RecordData) -> Result<RData, UpdateError> {
    Ok(match record {
        RecordData::A(address) => RData::A(A(*address)),
        RecordData::Aaaa(address) => RData::AAAA(AAAA(*address)),
        RecordData::Cname(target) => RData::CNAME(CNAME(to_name(target)?)),
        RecordData::Ns(host) => RData::NS(NS(to_name(host)?)),
        RecordData::Mx { preference, exchange } => RData::MX(MX::new(*preference, to_name(exchange)?)),
        RecordData::Txt(strings) => {
            let strings: Vec<&[u8]> = strings.strings().iter().map(Vec::as_slice).collect();
            RData::TXT(TXT::from_bytes(strings))
        }
        RecordData::Srv { priority, weight, port, target } => {
            RData::SRV(SRV::new(*priority, *weight, *port, to_name(target)?))
        }
        RecordData::Tlsa { usage, selector, matching, data } => RData::TLSA(TLSA::new(
            (*usage).into(),
            (*selector).into(),
            (*matching).into(),
            data.as_bytes().to_vec(),
        )),
        other => return Err(UpdateError::NotCarried(other.to_string())),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_carried_with_their_escapes() {
        let of = |text: &str| {
            to_name(&DnsName::new(text)).map(|name| name.iter().map(<[u8]>::to_vec).collect::<Vec<_>>())
        };
        assert_eq!(of("*.d.test").unwrap(), [b"*".to_vec(), b"d".to_vec(), b"test".to_vec()]);
        assert_eq!(of("a\\046b.d.test").unwrap().first().unwrap(), b"a.b");
        assert_eq!(of("a\\.b.d.test").unwrap().first().unwrap(), b"a.b");
        assert!(of("").unwrap().is_empty());
        for wrong in ["a\\", "a\\25", "a\\256.d", &"x".repeat(64)] {
            assert!(of(wrong).is_err(), "{wrong}");
        }
    }
}
