//! Fuzzes account URLs from the command line. Built only for tests and `cargo fuzz`.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "targets fail by panicking")]

use super::account_url::AccountUrl;
use crate::mutate::Target;

/// The targets of this room.
pub const TARGETS: &[Target] = &[Target { name: "cli: account URL", examples: ACCOUNTS, read: accounts }];

const ACCOUNTS: &[&[u8]] = &[
    b"imaps://anna%40example.org@mail.example.org:993",
    b"imap://anna@127.0.0.1:10143",
    b"imaps://anna:secret@[2001:db8::1]",
];

fn accounts(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    match AccountUrl::parse(&text) {
        Ok(account) => assert!(account.server.port > 0 && !account.server.host.is_empty()),
        Err(error) => assert!(error.to_string().len() <= text.len() * 4 + 400),
    }
}

#[cfg(test)]
#[test]
fn no_bytes_cause_a_panic() {
    crate::mutate::run_all(TARGETS);
}
