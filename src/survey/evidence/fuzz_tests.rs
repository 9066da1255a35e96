//! Packed files and mailboxes, for any bytes. Built for tests and for `cargo fuzz` only.

#![allow(clippy::unwrap_used, reason = "targets fail where something does not hold")]

use tokio_util::sync::CancellationToken;

use super::mailboxes::header::Header;
use super::{Origin, Reading};
use crate::audit::evidence::Collector;
use crate::mutate::Target;
use crate::values::{DomainName, UnixTime};

/// The targets of this folder.
pub const TARGETS: &[Target] = &[
    Target { name: "survey: evidence", examples: FILES, read: file },
    Target { name: "survey: header fields", examples: HEADERS, read: header },
];

const HEADERS: &[&[u8]] = &[
    b"Message-ID: <1@a.example>\r\nFrom: mailer-daemon@a.example\r\nSubject: Report\r\n Domain: a.example\r\n\r\n",
    b"X-Failed-Recipients:\nDKIM-Signature: v=1;\n\td=a.example\n",
];

fn header(bytes: &[u8]) {
    let header = Header::read(bytes);
    if let Some(id) = header.first("Message-ID") {
        assert!(header.has_words("message-id", &id.to_ascii_uppercase()));
    }
}

/// A gzip member and a zip archive with the word “hello”, an xz and a Zstandard stream with the same, and mails.
const FILES: &[&[u8]] = &[
    b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\xcbH\xcd\xc9\xc9\xe7\x02\x00 0:6\x06\x00\x00\x00",
    b"PK\x03\x04\x0a\x00\x00\x00\x00\x00\x00\x00!\x00 0:6\x06\x00\x00\x00\x06\x00\x00\x00\x01\x00\x00\x00ahello\nPK\x01\x02\x0a\x03\x0a\x00\x00\x00\x00\x00\x00\x00!\x00 0:6\x06\x00\x00\x00\x06\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\xa4\x81\x00\x00\x00\x00aPK\x05\x06\x00\x00\x00\x00\x01\x00\x01\x00/\x00\x00\x00%\x00\x00\x00\x00\x00",
    b"\xfd7zXZ\x00\x00\x04\xe6\xd6\xb4F\x02\x00!\x01\x16\x00\x00\x00t/\xe5\xa3\x01\x00\x05hello\n\x00\x00\x00\xc5\xa6q\xf4\xd9J2\x98\x00\x01\x1e\x06\xc1/\x1f\x0e\x1f\xb6\xf3}\x01\x00\x00\x00\x00\x04YZ",
    b"(\xb5/\xfd\x04h1\x00\x00hello\n\x1d\xbb\x1d\xb5",
    b"From a@b.example Thu Nov 12 06:25:04 2026\nSubject: x\n\nhello\n\nFrom c@d.example Thu Nov 12 06:25:04 2026\nX-Failed-Recipients: a@b.example\n\nThis message was created automatically by mail delivery software.\n\n  a@b.example\n    550 no\n",
    b"Subject: Report domain: a.example\nContent-Type: application/gzip\nContent-Transfer-Encoding: base64\n\nH4sIAAAAAAAAA8tIzcnJ5wIAIDA6NgYAAAA=\n",
    b"Nov 12 06:25:03 mail postfix/smtp[8]: 4X: to=<r@b.example>, relay=mx.b.example[192.0.2.33]:25, delay=1.2, dsn=2.0.0, status=sent (250 ok)\n",
];

fn file(bytes: &[u8]) {
    let domain = DomainName::parse("a.example").unwrap();
    let cancel = CancellationToken::new();
    let mut progress = |_| {};
    let now = UnixTime(1_795_914_000);
    let mut reading = Reading {
        domain: &domain,
        book: Collector::new(),
        cancel: &cancel,
        progress: &mut progress,
        done: 0,
        total: 0,
        what: String::new(),
    };
    let origin = Origin { name: "file", written: now, depth: 0, is_file: false };
    let mut source = bytes;
    if let Err(error) = reading.stream(&mut source, &origin) {
        assert!(!error.to_string().is_empty());
    }
    let facts = reading.book.finish();
    assert!(facts.sources.iter().all(|source| source.name.chars().count() <= 200));
}

#[cfg(test)]
#[test]
fn no_bytes_cause_a_panic() {
    crate::mutate::run_all(TARGETS);
}
