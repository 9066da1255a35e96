//! What a resolver sends, for any bytes. Built for tests and for `cargo fuzz` only.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "targets fail where something does not hold"
)]

use super::packet::{Reading, build, read};
use crate::mutate::Target;
use crate::values::{DnsName, DnsQuestion, RecordType};

/// The targets of this room.
pub const TARGETS: &[Target] = &[Target { name: "dns: answers", examples: ANSWERS, read: answers }];

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
];

fn answers(bytes: &[u8]) {
    for record_type in [RecordType::A, RecordType::Mx, RecordType::Txt] {
        let question = DnsQuestion { name: DnsName::new("example.org"), record_type };
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
fn any_bytes_are_survived() {
    crate::mutate::run_all(TARGETS);
}
