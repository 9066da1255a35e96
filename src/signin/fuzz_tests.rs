//! What browsers, providers and other people's key files may say, for any bytes. Built for tests and for `cargo fuzz` only.

#![allow(clippy::unwrap_used, reason = "targets fail where something does not hold")]

use super::browser_reply::{BrowserReply, read_reply};
use super::key_file::KeyFile;
use super::provider_error::{read_error, read_error_body};
use crate::mutate::Target;

/// The targets of this room.
pub const TARGETS: &[Target] = &[
    Target { name: "signin: browser", examples: REPLIES, read: browser_reply },
    Target { name: "signin: errors", examples: ERRORS, read: provider_error },
    Target { name: "signin: key file", examples: KEYS, read: key_file },
];

const REPLIES: &[&[u8]] = &[
    b"GET /?code=abc&state=right-state HTTP/1.1",
    b"GET /?error=access_denied&error_description=no&state=right-state HTTP/1.1",
];

const ERRORS: &[&[u8]] = &[
    br#"{"error":"invalid_grant","error_description":"AADSTS50076: x"}"#,
    b"invalid_grant AADSTS50076: words",
];

const KEYS: &[&[u8]] = &[
    br#"{"type":"service_account","client_email":"a@b.example","private_key":"k","token_uri":"https://b.example/token"}"#,
    br#"{"type":"microsoft_app","tenant":"t","client_id":"c","client_secret":"s"}"#,
];

/// A code is never taken without the state.
fn browser_reply(bytes: &[u8]) {
    let line = String::from_utf8_lossy(bytes);
    let reply = read_reply(&line, "right-state");
    assert!(!matches!(reply, BrowserReply::Code(_)) || line.contains("state"), "{line}");
}

fn provider_error(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let (code, words) = text.split_once(' ').unwrap_or((&text, ""));
    for problem in [read_error(code, words), read_error_body(400, bytes)] {
        assert!(!problem.words.chars().any(char::is_control) && problem.words.chars().count() <= 600);
    }
}

/// The secret of a file that is refused is not in the error.
fn key_file(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    if let Err(error) = KeyFile::parse(&text) {
        assert!(error.to_string().len() < 200, "{error}");
    }
}

#[cfg(test)]
#[test]
fn no_bytes_cause_a_panic() {
    crate::mutate::run_all(TARGETS);
}
