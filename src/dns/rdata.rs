//! Reads the data of records: from hickory's types, and for DNSSEC from the wire.

use hickory_proto::rr::{Name, RData, RecordType};
use hickory_proto::serialize::binary::BinEncodable;

use crate::values::{DnsName, HexBytes, RecordData, Signature, TxtStrings, UnixTime};

pub(super) fn record_data(data: &RData) -> Option<RecordData> {
    Some(match data {
        RData::A(address) => RecordData::A(address.0),
        RData::AAAA(address) => RecordData::Aaaa(address.0),
        RData::CNAME(name) => RecordData::Cname(dns_name(&name.0)),
        RData::NS(name) => RecordData::Ns(dns_name(&name.0)),
        RData::PTR(name) => RecordData::Ptr(dns_name(&name.0)),
        RData::MX(mx) => RecordData::Mx { preference: mx.preference, exchange: dns_name(&mx.exchange) },
        RData::SRV(srv) => RecordData::Srv {
            priority: srv.priority,
            weight: srv.weight,
            port: srv.port,
            target: dns_name(&srv.target),
        },
        RData::SOA(soa) => RecordData::Soa {
            primary: dns_name(&soa.mname),
            mailbox: dns_name(&soa.rname),
            serial: soa.serial,
            refresh_secs: seconds(soa.refresh),
            retry_secs: seconds(soa.retry),
            expire_secs: seconds(soa.expire),
            minimum_secs: soa.minimum,
        },
        RData::CAA(caa) => RecordData::Caa {
            is_critical: caa.issuer_critical,
            tag: caa.tag.clone(),
            value: String::from_utf8_lossy(&caa.value).into_owned(),
        },
        RData::TLSA(tlsa) => RecordData::Tlsa {
            usage: tlsa.cert_usage.into(),
            selector: tlsa.selector.into(),
            matching: tlsa.matching.into(),
            data: HexBytes::new(tlsa.cert_data.clone()),
        },
        RData::Unknown { code, rdata } => return raw_data(*code, &rdata.anything),
        RData::DNSSEC(_) => return raw_data(data.record_type(), &BinEncodable::to_bytes(data).ok()?),
        RData::TXT(text) => {
            RecordData::Txt(TxtStrings::new(text.txt_data.iter().map(|string| string.to_vec()).collect()))
        }
        _ => return None,
    })
}

/// The name as text, with what would mislead a reader (dots and control characters inside labels) as `\DDD`.
pub(super) fn dns_name(name: &Name) -> DnsName {
    let mut text = String::new();
    for label in name {
        if !text.is_empty() {
            text.push('.');
        }
        for &byte in label {
            if byte.is_ascii_graphic() && byte != b'.' && byte != b'\\' {
                text.push(char::from(byte));
            } else {
                text.extend(["\\", &format!("{byte:03}")]);
            }
        }
    }
    DnsName::new(&text)
}

/// A time span in a SOA record; a negative one is invalid.
fn seconds(span: i32) -> u32 {
    u32::try_from(span).unwrap_or(0)
}

/// Records about signatures (RFC 4034, RFC 5155).
fn raw_data(code: RecordType, bytes: &[u8]) -> Option<RecordData> {
    match code {
        RecordType::DS => {
            let (&[tag_high, tag_low, algorithm, digest_type], digest) = bytes.split_first_chunk::<4>()?;
            let key_tag = u16::from_be_bytes([tag_high, tag_low]);
            Some(RecordData::Ds { key_tag, algorithm, digest_type, digest: HexBytes::new(digest.to_vec()) })
        }
        RecordType::DNSKEY => {
            let (&[flags_high, flags_low, _protocol, algorithm], _key) = bytes.split_first_chunk::<4>()?;
            let flags = u16::from_be_bytes([flags_high, flags_low]);
            Some(RecordData::Dnskey { flags, algorithm, key_tag: key_tag(bytes) })
        }
        RecordType::NSEC3PARAM => {
            let (&[algorithm, _flags, high, low, salt_bytes], _salt) = bytes.split_first_chunk::<5>()?;
            let iterations = u16::from_be_bytes([high, low]);
            Some(RecordData::Nsec3param { algorithm, iterations, salt_bytes })
        }
        _ => None,
    }
}

/// The key tag (RFC 4034 appendix B).
fn key_tag(bytes: &[u8]) -> u16 {
    let sum: u32 = bytes
        .iter()
        .enumerate()
        .map(|(index, byte)| if index % 2 == 0 { u32::from(*byte) << 8 } else { u32::from(*byte) })
        .sum();
    u16::try_from((sum + (sum >> 16)) & 0xffff).unwrap_or_default()
}

/// A signature over records of this type (RFC 4034 section 3.1); `None` if it covers another type or is truncated.
pub(super) fn signature(data: &RData, over: RecordType) -> Option<Signature> {
    let bytes = match data {
        RData::Unknown { rdata, .. } => rdata.anything.clone(),
        RData::DNSSEC(_) => BinEncodable::to_bytes(data).ok()?,
        _ => return None,
    };
    let (covered, rest) = bytes.split_first_chunk::<2>()?;
    if u16::from_be_bytes(*covered) != u16::from(over) {
        return None;
    }
    let (&[algorithm, _labels], rest) = rest.split_first_chunk::<2>()?;
    let (_original_ttl, rest) = rest.split_first_chunk::<4>()?;
    let (expiration, rest) = rest.split_first_chunk::<4>()?;
    let (inception, rest) = rest.split_first_chunk::<4>()?;
    let (key_tag, rest) = rest.split_first_chunk::<2>()?;
    Some(Signature {
        algorithm,
        key_tag: u16::from_be_bytes(*key_tag),
        inception: UnixTime(u32::from_be_bytes(*inception).into()),
        expiration: UnixTime(u32::from_be_bytes(*expiration).into()),
        signer: uncompressed_name(rest)?,
    })
}

/// The signer's name, which is never compressed (RFC 4034 section 3.1.7).
fn uncompressed_name(mut bytes: &[u8]) -> Option<DnsName> {
    let mut labels: Vec<&[u8]> = Vec::new();
    loop {
        let (length, rest) = bytes.split_first()?;
        if *length == 0 {
            break;
        }
        let (label, rest) = rest.split_at_checked(usize::from(*length)).filter(|_| *length < 64)?;
        labels.push(label);
        bytes = rest;
    }
    Name::from_labels(labels).ok().map(|name| dns_name(&name))
}

#[cfg(test)]
mod tests {
    use hickory_proto::rr::rdata::NULL;

    use super::*;

    fn unknown(code: RecordType, bytes: &[u8]) -> RData {
        RData::Unknown { code, rdata: NULL::with(bytes.to_vec()) }
    }

    #[test]
    fn a_key_has_the_tag_of_the_standard() {
        // The example of RFC 4034 section 5.4: dskey.example.com, key tag 60485.
        let key = [
            "01039e8a247418e318903b215a848acfd5f37f026bd4062db26c774c690968d5d56df8bfda91e6f36d9a279888",
            "f41333357c5e6029990d10fdf5663062a512763326980a615ddbf17a05ddfcce7e5fb3abcca05a31b0957452d4",
            "521e83870789063115bf97f6c308ccf57cdc9ce7fe10f6ed1bd0cc0660038c50dcdb0feb963c2f17",
        ]
        .concat();
        let key = HexBytes::parse(&key).unwrap();
        let bytes = [&[1, 0, 3, 5][..], key.as_bytes()].concat();
        assert_eq!(
            record_data(&unknown(RecordType::DNSKEY, &bytes)),
            Some(RecordData::Dnskey { flags: 256, algorithm: 5, key_tag: 60485 })
        );
    }

    #[test]
    fn signatures_are_read_and_cut_ones_are_not() {
        let mut bytes = vec![0, 6, 13, 2];
        bytes.extend([0, 0, 14, 16]);
        bytes.extend(1_700_100_000_u32.to_be_bytes());
        bytes.extend(1_700_000_000_u32.to_be_bytes());
        bytes.extend([0x12, 0x34]);
        bytes.extend(b"\x01a\x07example\0signature");
        let read = |bytes: &[u8]| signature(&unknown(RecordType::RRSIG, bytes), RecordType::SOA);
        let found = read(&bytes).unwrap();
        assert_eq!((found.algorithm, found.key_tag, found.signer.as_str()), (13, 0x1234, "a.example"));
        assert_eq!((found.inception, found.expiration), (UnixTime(1_700_000_000), UnixTime(1_700_100_000)));
        for length in 1..bytes.len() - b"\0signature".len() {
            assert_eq!(read(&bytes[..length]), None, "{length}");
        }
        assert_eq!(signature(&unknown(RecordType::RRSIG, &bytes), RecordType::MX), None);
        for code in [RecordType::DS, RecordType::DNSKEY, RecordType::NSEC3PARAM] {
            assert_eq!(record_data(&unknown(code, &[1, 2])), None);
        }
        assert_eq!(
            record_data(&unknown(RecordType::NSEC3PARAM, &[1, 0, 0, 150, 1, 9])),
            Some(RecordData::Nsec3param { algorithm: 1, iterations: 150, salt_bytes: 1 })
        );
    }
}
