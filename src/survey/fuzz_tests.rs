//! Autoconfig files, for any bytes. Built for tests and for `cargo fuzz` only.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "targets fail where something does not hold"
)]

use super::autoconfig::imap_servers;
use crate::mutate::Target;
use crate::values::DomainName;

/// The targets of this room.
pub const TARGETS: &[Target] = &[Target { name: "survey: autoconfig", examples: FILES, read: servers }];

const FILES: &[&[u8]] = &[
    b"<?xml version=\"1.0\"?><clientConfig version=\"1.1\"><emailProvider id=\"example.org\">\
      <incomingServer type=\"imap\"><hostname>imap.%EMAILDOMAIN%</hostname><port>993</port>\
      <socketType>SSL</socketType></incomingServer></emailProvider></clientConfig>",
    b"<!DOCTYPE a [<!ENTITY x \"xxxxxxxxxx\"><!ENTITY y \"&x;&x;&x;&x;\">]><clientConfig>\
      <incomingServer type=\"IMAP\"><hostname>&y;</hostname><port>143</port><socketType>STARTTLS</socketType>\
      </incomingServer></clientConfig>",
];

fn servers(bytes: &[u8]) {
    let domain = DomainName::parse("example.org").unwrap();
    let found = imap_servers(bytes, &domain);
    assert!(found.len() <= 8 && found.iter().all(|server| server.host.len() <= 255 && server.port > 0));
}

#[cfg(test)]
#[test]
fn no_bytes_cause_a_panic() {
    crate::mutate::run_all(TARGETS);
}
