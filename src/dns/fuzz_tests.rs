//! What a resolver sends, for any bytes. Built for tests and for `cargo fuzz` only.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "targets fail where something does not hold"
)]

use std::net::Ipv4Addr;

use super::packet::{Reading, build, read};
use super::tsig_key::TsigKey;
use crate::mutate::Target;
use crate::values::{Asked, DnsName, DnsQuestion, RecordType};

/// The targets of this room.
pub const TARGETS: &[Target] = &[
    Target { name: "dns: answers", examples: ANSWERS, read: answers },
    Target { name: "dns: keys", examples: KEYS, read: keys },
];

const KEYS: &[&[u8]] = &[
    b"key \"mover\" {\n\talgorithm hmac-sha256;\n\tsecret \"QUJDRA==\";\n};\n",
    b"# a\n/* b */ key mover{secret QUJDRA==;// c\nalgorithm HMAC-SHA512.;};",
];

/// Whatever is read has a secret.
fn keys(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else { return };
    if let Ok(key) = TsigKey::parse(text) {
        assert!(!key.secret.is_empty());
    }
}

/// Behind the number of the question: flags, counts, the question for `example.org`, and answers.
const ANSWERS: &[&[u8]] = &[
    // MX 10 mail.example.org
    b"\x81\x80\0\x01\0\x01\0\0\0\0\x07example\x03org\0\0\x0f\0\x01\xc0\x0c\0\x0f\0\x01\0\0\x0e\x10\0\x09\0\x0a\x04mail\xc0\x0c",
    // TXT "v=spf1 -all"
    b"\x81\x80\0\x01\0\x01\0\0\0\0\x07example\x03org\0\0\x10\0\x01\xc0\x0c\0\x10\0\x01\0\0\x0e\x10\0\x0c\x0bv=spf1 -all",
    // A 192.0.2.1 behind a CNAME
    b"\x81\x80\0\x01\0\x02\0\0\0\0\x07example\x03org\0\0\x01\0\x01\xc0\x0c\0\x05\0\x01\0\0\0\x05\0\x04\x01a\xc0\x0c\
      \xc0\x29\0\x01\0\x01\0\0\0\x05\0\x04\xc0\0\x02\x01",
    // NXDOMAIN with SOA
    b"\x81\x83\0\x01\0\0\0\x01\0\0\x07example\x03org\0\0\x01\0\x01\xc0\x0c\0\x06\0\x01\0\0\0\x05\0\x16\xc0\x0c\xc0\x0c\
      \0\0\0\x01\0\0\0\x02\0\0\0\x03\0\0\0\x04\0\0\0\x05",
    // SOA with its signature
    b"\x84\0\0\x01\0\x02\0\0\0\0\x07example\x03org\0\0\x06\0\x01\xc0\x0c\0\x06\0\x01\0\0\0\x05\0\x18\xc0\x0c\xc0\x0c\
      \0\0\0\x01\0\0\0\x02\0\0\0\x03\0\0\0\x04\0\0\0\x05\xc0\x0c\0\x2e\0\x01\0\0\0\x05\0\x20\0\x06\x0d\x02\0\0\0\x05\
      e\0\0\0d\0\0\0\x12\x34\x07example\x03org\0s",
    // A referral with glue
    b"\x80\0\0\x01\0\0\0\x01\0\x01\x07example\x03org\0\0\x02\0\x01\xc0\x0c\0\x02\0\x01\0\0\0\x05\0\x05\x02ns\xc0\x0c\
      \xc0\x29\0\x01\0\x01\0\0\0\x05\0\x04\xc0\0\x02\x01",
    // SERVFAIL with an extended error
    b"\x81\x82\0\x01\0\0\0\0\0\x01\x07example\x03org\0\0\x01\0\x01\0\0\x29\x04\xd0\0\0\0\0\0\x0a\0\x0f\0\x06\0\x07late",
];

fn answers(bytes: &[u8]) {
    let resolver =
        [RecordType::A, RecordType::Mx, RecordType::Txt, RecordType::Ds].map(|kind| (kind, Asked::Resolver));
    let server = Asked::Server(Ipv4Addr::LOCALHOST.into());
    let direct = [RecordType::Soa, RecordType::Dnskey, RecordType::Ns].map(|kind| (kind, server));
    for (record_type, whom) in resolver.into_iter().chain(direct) {
        let question = DnsQuestion::new(DnsName::new("example.org"), record_type).to(whom);
        let Some(asked) = build(&question, true) else { continue };
        let mut message: Vec<u8> = asked.bytes.get(..2).unwrap().to_vec();
        message.extend_from_slice(bytes);
        if let Reading::Said(said) = read(&asked, &message) {
            // A name packed into a pointer may become 255 bytes, and a record has at least 12.
            assert!(
                format!("{said:?}").len() < 4_000 + bytes.len() * 60,
                "an answer grows beyond all bounds"
            );
        }
        // Somebody else's answer is never taken for ours.
        let mut foreign = message;
        foreign[0] ^= 1;
        assert!(matches!(read(&asked, &foreign), Reading::NotOurs));
    }
}

#[cfg(test)]
#[test]
fn no_bytes_cause_a_panic() {
    crate::mutate::run_all(TARGETS);
}
