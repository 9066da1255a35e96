//! The copy of one mailbox: what arrives, what a later run adds, and what servers do to it on bad days.
//!
//! | asked | files |
//! | --- | --- |
//! | a first run | `dovecot`, `cyrus`, `protected`, `folder_tree`, `refused_names`, `odd_folder_lists`, `large_messages`, `duplicates`, `gmail`, `progress` |
//! | a later run | `later_runs`, `qresync`, `never_doubled`, `filed_copies`, `copies_of_others`, `restored_destination`, `two_runs_at_once` |
//! | faults of servers | `full_mailboxes`, `exactly_once`, `server_lies`, `dying_servers`, `network_loss`, `faults_before_copy`, `folder_faults`, `wrong_uids`, `two_forms` |
//! | refused messages | `repair`, `second_try` |
//! | how hard servers are asked | `throttling` |
//! | the verification afterwards | `verification` |
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::large_futures,
    clippy::panic,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "tests and their helpers end where something is wrong, and say what they skip"
)]

mod copies_of_others;
mod cyrus;
mod dovecot;
mod duplicates;
mod dying_servers;
mod exactly_once;
mod faults_before_copy;
mod filed_copies;
mod folder_faults;
mod folder_tree;
mod full_mailboxes;
mod gmail;
mod large_messages;
mod later_runs;
mod network_loss;
mod never_doubled;
mod odd_folder_lists;
mod progress;
mod protected;
mod qresync;
mod refused_names;
mod repair;
mod restored_destination;
mod second_try;
mod server_lies;
mod throttling;
mod two_forms;
mod two_runs_at_once;
mod verification;
mod wrong_uids;
