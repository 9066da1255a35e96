//! Whose mail a ledger is about, and that one run at a time writes into an account.
#![allow(clippy::unwrap_used, clippy::panic, reason = "tests and their helpers fail loudly")]

#[path = "support/dovecot.rs"]
mod dovecot;
#[path = "support/plain_imap.rs"]
mod plain_imap;
mod support;

use std::path::PathBuf;
use std::process::{Command, Output};

use dovecot::{Dovecot, PASSWORD, Settings};
use mailferry::project::AccountLock;
use plain_imap::{Mail, PlainImap};

/// Two servers, and a home of its own for the program.
struct Pair {
    source: Dovecot,
    destination: Dovecot,
    home: tempfile::TempDir,
}

impl Pair {
    fn start() -> Option<Self> {
        let source = Dovecot::start(&["anna"], &Settings::default())?;
        let destination = Dovecot::start(&["anna"], &Settings::default())?;
        let mails: Vec<Mail> = (0..12)
            .map(|number| Mail {
                folder: "INBOX".to_owned(),
                flags: Vec::new(),
                date: "01-Mar-2023 10:00:00 +0100".to_owned(),
                bytes: format!("Message-ID: <{number}@weber.example>\r\n\r\nText {number}\r\n").into_bytes(),
            })
            .collect();
        PlainImap::open(source.clear_port, "anna").store(&mails);
        let home = tempfile::tempdir().unwrap();
        std::fs::write(home.path().join("password"), format!("{PASSWORD}\n")).unwrap();
        Some(Self { source, destination, home })
    }

    fn copy(&self, host: &str, more: &[&str]) -> Output {
        let password = self.home.path().join("password");
        Command::new(env!("CARGO_BIN_EXE_mailferry"))
            .env("HOME", self.home.path())
            .env("XDG_CONFIG_HOME", self.home.path().join("config"))
            .env_remove("XDG_STATE_HOME")
            .env_remove("DBUS_SESSION_BUS_ADDRESS")
            .args(["copy", "--from", &format!("imap://anna@{host}:{}", self.source.clear_port)])
            .args(["--to", &format!("imap://anna@127.0.0.1:{}", self.destination.clear_port)])
            .args([
                "--from-password-file".into(),
                password.clone(),
                "--to-password-file".into(),
                password.clone(),
            ])
            .args(more)
            .output()
            .unwrap()
    }

    fn project(&self) -> String {
        self.home.path().join("anna.mailferry").display().to_string()
    }

    fn held(&self) -> u64 {
        PlainImap::open(self.destination.clear_port, "anna").count("INBOX").try_into().unwrap()
    }
}

#[track_caller]
fn assert_status(output: &Output, expected: i32) -> String {
    let words = String::from_utf8_lossy(&output.stderr).into_owned();
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(expected), "stdout: {said}\nstderr: {words}");
    words
}

#[test]
fn a_second_run_into_the_same_account_is_told_of_the_first() {
    let Some(pair) = Pair::start() else { return };
    let folder: PathBuf = [".local", "state", "mailferry", "accounts"].iter().collect();
    let account = format!("127.0.0.1:{} anna", pair.destination.clear_port);
    let lock = AccountLock::take(&pair.home.path().join(folder), &account).unwrap();
    // With a project file, and without one.
    for more in [vec!["--project", &pair.project()], Vec::new()] {
        let words = assert_status(&pair.copy("127.0.0.1", &more), 3);
        assert!(words.contains("already being copied into anna"), "{words}");
        assert!(words.contains(&format!("(process {})", std::process::id())), "{words}");
    }
    assert_eq!(pair.held(), 0);
    drop(lock);
    assert_status(&pair.copy("127.0.0.1", &["--project", &pair.project()]), 0);
    assert_eq!(pair.held(), 12);
}

#[test]
fn after_the_switch_another_name_of_a_server_is_asked_about_and_nothing_comes_back() {
    let Some(pair) = Pair::start() else { return };
    let project = pair.project();
    assert_status(&pair.copy("127.0.0.1", &["--project", &project]), 0);
    let mut people = PlainImap::open(pair.destination.clear_port, "anna");
    people.run("SELECT INBOX");
    people.run("STORE 2:4 +FLAGS (\\Deleted)");
    people.run("EXPUNGE");
    let after = ["--project", &project, "--mode", "after", "--verify", "none"];
    assert_status(&pair.copy("127.0.0.1", &after), 0);
    let words = assert_status(&pair.copy("localhost", &after), 3);
    assert!(words.contains("Is this the account") && words.contains("--same-accounts"), "{words}");
    assert_eq!(pair.held(), 9);
    assert_status(&pair.copy("localhost", &[&after[..], &["--same-accounts"]].concat()), 0);
    assert_eq!(pair.held(), 9, "what people have removed came back");
    // The answer is kept.
    assert_status(&pair.copy("localhost", &after), 0);
    assert_eq!(pair.held(), 9);
}
