//! The servers that tests use: practice servers held against independent judges, and real ones that end with their test.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::large_futures,
    clippy::panic,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "tests and their helpers end where something is wrong, and say what they skip"
)]

mod end_with_test;
mod panics;
mod practice;
mod practice_against_dovecot;
