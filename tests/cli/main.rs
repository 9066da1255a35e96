//! The program from outside: arguments, exit status, output, and the files that it writes.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::large_futures,
    clippy::panic,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "tests and their helpers end where something is wrong, and say what they skip"
)]

mod accounts;
mod certificates;
mod contract;
mod evidence_imap;
mod evidence_without_search;
mod foreign_project;
mod guide;
mod output_files;
mod plan;
mod program;
mod providers;
mod real_exim;
mod real_postfix;
mod results;
mod same_account;
mod strangers;
mod verdict;
mod watch;
