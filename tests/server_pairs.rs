//! Copies between every kind of real server.
#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    clippy::panic,
    clippy::large_futures,
    reason = "tests and their helpers fail loudly"
)]

#[path = "support/courier.rs"]
mod courier;
#[path = "support/dovecot.rs"]
mod dovecot;
#[path = "support/mbsync.rs"]
mod mbsync;
#[path = "support/plain_imap.rs"]
mod plain_imap;
#[path = "support/pymap.rs"]
mod pymap;
mod support;

use courier::Courier;
use dovecot::Dovecot;
use mbsync::Account;
use plain_imap::{Mail, PlainImap};
use pymap::Pymap;

/// Two messages in the inbox and one in a folder.
fn three(prefix: &str) -> Vec<Mail> {
    let mail = |folder: &str, number: u32| Mail {
        folder: folder.to_owned(),
        flags: vec!["\\Seen"],
        date: "01-Mar-2023 10:00:00 +0000".to_owned(),
        bytes: format!("Message-ID: <{number}@weber.example>\r\nSubject: {number}\r\n\r\nText\r\n").into(),
    };
    vec![mail("INBOX", 1), mail("INBOX", 2), mail(&format!("{prefix}Sent"), 3)]
}

fn counts(port: u16) -> Vec<(String, usize)> {
    let mut client = PlainImap::open(port, "anna");
    let mut folders = client.folders();
    folders.sort();
    folders.into_iter().map(|folder| (folder.clone(), client.count(&folder))).collect()
}

fn counted(prefix: &str) -> Vec<(String, usize)> {
    vec![("INBOX".to_owned(), 2), (format!("{prefix}Sent"), 1)]
}

#[test]
fn each_server_keeps_what_it_is_given() {
    let Some(courier) = Courier::start(&["anna"]) else { return };
    PlainImap::open(courier.clear_port, "anna").store(&three("INBOX."));
    assert_eq!(counts(courier.clear_port), counted("INBOX."));
    courier.kill();
    assert_eq!(counts(courier.clear_port), counted("INBOX."));

    let Some(pymap) = Pymap::start("anna") else { return };
    PlainImap::open(pymap.clear_port, "anna").store(&three(""));
    assert_eq!(counts(pymap.clear_port), counted(""), "{}", pymap.log());
}

#[test]
fn mbsync_writes_a_maildir_into_an_account_and_an_account_into_another() {
    let Some(source) = Dovecot::start(&["anna"], &dovecot::Settings::default()) else { return };
    let Some(courier) = Courier::start(&["anna"]) else { return };
    let Some(pymap) = Pymap::start("anna") else { return };
    PlainImap::open(source.clear_port, "anna").store(&three(""));
    let account = |port, prefix| Account { port, user: "anna", prefix };
    let maildir = tempfile::tempdir().unwrap();
    let Some(()) = mbsync::pull(account(source.clear_port, ""), maildir.path()) else { return };
    mbsync::push(maildir.path(), account(courier.clear_port, "INBOX.")).unwrap();
    assert_eq!(counts(courier.clear_port), counted("INBOX."));
    mbsync::copy(account(source.clear_port, ""), account(pymap.clear_port, "")).unwrap();
    assert_eq!(counts(pymap.clear_port), counted(""));
}

/// What a test that is killed leaves behind: nothing that it started goes on.
#[test]
fn servers_end_with_the_thread_that_started_them() {
    let started = std::thread::spawn(|| Some((Courier::start(&["anna"])?, Pymap::start("anna")?)));
    let Some((courier, pymap)) = started.join().unwrap() else { return };
    for process in [courier.watcher(), pymap.process()] {
        let state = || std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
        // An ended process stays in the table until somebody asks for its result.
        while !state().is_empty() && !state().contains(") Z ") {
            std::thread::yield_now();
        }
    }
}
