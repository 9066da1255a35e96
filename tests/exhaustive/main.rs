//! Cases by the thousand, of which an ordinary run takes a part: every step of a copy broken, random mailboxes and faults,
//! every pair of servers, inputs for parsers. `MAILFERRY_EXHAUSTIVE=1` (`make exhaustive`) takes all.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::large_futures,
    clippy::panic,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "tests and their helpers end where something is wrong, and say what they skip"
)]

mod interruption;
mod kill;
mod parsers;
mod personalities;
mod random_faults;
mod server_pairs;
mod stale_memory;
