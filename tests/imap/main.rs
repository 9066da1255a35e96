//! One connection to an IMAP server: signing in, what goes over the line, and servers that do harm.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::large_futures,
    clippy::panic,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "tests and their helpers end where something is wrong, and say what they skip"
)]

mod hostile;
mod hostile_sign_in;
mod sign_in;
mod sign_in_ways;
mod wire;
