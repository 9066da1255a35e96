//! Replies of mail hosts and pasted output, for any bytes. Built for tests and for `cargo fuzz` only.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "targets fail where something does not hold"
)]

use super::limits::{MAX_LINE, MAX_REPLY_LINES};
use super::pasted::read_pasted;
use super::reply::{Read, Reply};
use crate::mutate::Target;
use crate::net::Roots;
use crate::values::UnixTime;

/// The targets of this room.
pub const TARGETS: &[Target] = &[
    Target { name: "smtp: replies", examples: REPLIES, read: replies },
    Target { name: "smtp: pasted output", examples: OUTPUTS, read: outputs },
];

const REPLIES: &[&[u8]] = &[
    b"220 mail.example ESMTP Postfix\r\n250-mail.example\r\n250-PIPELINING\r\n250-SIZE 10240000\r\n250-STARTTLS\r\n250 SMTPUTF8\r\n220 2.0.0 Ready to start TLS\r\n",
    b"554-no\r\n554 service\r\n421 4.3.2 later\n250 \xff\xfe\r\n",
];

const OUTPUTS: &[&[u8]] = &[
    b"mailferry-probe mail.example 192.0.2.1 25\n220 mail.example\n250-mail.example\n250 STARTTLS\nCONNECTED(00000003)\n\
      -----BEGIN CERTIFICATE-----\nMIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8A\n-----END CERTIFICATE-----\n\
      New, TLSv1.3, Cipher is TLS_AES_256_GCM_SHA384\nVerify return code: 0 (ok)\nmailferry-probe end\n",
    b"mailferry-probe a.example 2001:db8::1 25\nnc: failed: Connection refused\nconnect:errno=110\nDidn't find STARTTLS\n",
];

/// Reads one reply after the other, as a conversation does.
fn replies(bytes: &[u8]) {
    let mut rest = bytes;
    while let Ok(Read::Whole(reply, length)) = Reply::read(rest) {
        assert!((200..600).contains(&reply.code) && (1..=rest.len()).contains(&length));
        assert!((1..=MAX_REPLY_LINES).contains(&reply.lines.len()));
        assert!(reply.lines.iter().all(|line| line.chars().count() <= MAX_LINE));
        assert_eq!(reply.hello().code, reply.code);
        rest = &rest[length..];
    }
}

fn outputs(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let Ok(hosts) = read_pasted(&text, UnixTime(0), &Roots::Only(Vec::new())) else { return };
    assert!((1..=64).contains(&hosts.probes.len()));
    for probe in &hosts.probes {
        assert!(probe.target.port > 0 && probe.transcript.len() <= 100);
    }
}

#[cfg(test)]
#[test]
fn no_bytes_cause_a_panic() {
    crate::mutate::run_all(TARGETS);
}
