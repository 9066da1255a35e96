//! What the tests share: real servers, fake servers, clients that judge them, and scenes of a copy.
//!
//! It has no program of its own: a test hands in `env!("CARGO_BIN_EXE_mailferry")`.
#![allow(
    missing_docs,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::large_futures,
    clippy::missing_panics_doc,
    clippy::panic,
    clippy::print_stderr,
    clippy::return_self_not_must_use,
    clippy::unwrap_used,
    reason = "helpers of tests fail the test, and say what they skip"
)]

pub mod cases;
/// Programs that look at what was made from outside.
pub mod clients {
    pub mod checkzone;
    pub mod http;
    pub mod mbsync;
    pub mod plain_imap;
    pub mod signzone;
}
pub mod dns_zone;
/// Servers that do what no real one does on demand, and lines between two ends.
pub mod fakes {
    pub mod counting_proxy;
    pub mod cutting_proxy;
    pub mod dns_relay;
    pub mod folder_server;
    pub mod https_server;
    pub mod leaving_line;
    pub mod odd_imap;
    pub mod practice_server;
    pub mod scripted_imap;
    pub mod scripted_smtp;
    pub mod token_endpoint;
}
pub mod odd_mail;
pub mod probe_lines;
pub mod programs;
pub mod public_targets;
pub mod quick_time;
/// A copy with both of its servers, its project file, and the comparison of both sides.
pub mod scenes {
    pub mod breaking;
    pub mod copy_bench;
    pub mod practice_copy;
    pub mod practice_scene;
    pub mod tiny_mailboxes;
}
/// Real servers, unprivileged on loopback.
pub mod servers {
    pub mod any_server;
    pub mod authority;
    pub mod courier;
    pub mod cyrus;
    pub mod dovecot;
    pub mod exim;
    pub mod keyring;
    pub mod named;
    pub mod oidc;
    pub mod policy_site;
    pub mod postfix;
    mod postfix_instance;
    mod process_group;
    pub mod pymap;
    pub mod receiving_postfix;
    pub mod unbound;
    pub mod unpacked;
}
#[cfg(feature = "gui")]
pub mod sign_in_samples;
#[cfg(feature = "gui")]
pub mod window;
