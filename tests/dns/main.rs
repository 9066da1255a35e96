//! The domain: zones in, findings and records out; held against BIND's own tools where these are there.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::large_futures,
    clippy::panic,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "tests and their helpers end where something is wrong, and say what they skip"
)]

mod audit;
mod checks;
mod consumers;
mod delegation;
mod every_provider;
mod lists;
mod mail_hosts;
mod named;
mod providers;
mod snippets;
mod spf;
mod traffic;
mod verdict;
mod zone;
