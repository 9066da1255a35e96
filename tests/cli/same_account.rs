//! Whose mail a ledger is about, and that one run at a time writes into an account.

use std::fmt::Write as _;
use std::path::PathBuf;
use std::process::{Command, Output};

use mailferry::project::{AccountClaim, AccountClaims, Claimed};
use mailferry::values::{AccountIdentity, Security};
use mailferry_test_support::clients::plain_imap::{Mail, PlainImap};
use mailferry_test_support::servers::dovecot::{Dovecot, PASSWORD, Settings, access};

/// Two servers, and a home of its own for the program.
struct Pair {
    source: Dovecot,
    destination: Dovecot,
    home: tempfile::TempDir,
}

impl Pair {
    fn start() -> Option<Self> {
        let source = Dovecot::start(&["anna", "ben"], &Settings::default())?;
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
        let from = format!("imap://anna@{host}:{}", self.source.clear_port);
        let to = format!("imap://anna@127.0.0.1:{}", self.destination.clear_port);
        self.copy_between(&from, &to, more)
    }

    fn copy_between(&self, from: &str, to: &str, more: &[&str]) -> Output {
        self.command(from, to, more).output().unwrap()
    }

    fn command(&self, from: &str, to: &str, more: &[&str]) -> Command {
        let password = self.home.path().join("password");
        let mut command = Command::new(env!("CARGO_BIN_EXE_mailferry"));
        command
            .env("HOME", self.home.path())
            .env("XDG_CONFIG_HOME", self.home.path().join("config"))
            .env_remove("XDG_STATE_HOME")
            .env_remove("DBUS_SESSION_BUS_ADDRESS")
            .args(["copy", "--from", from, "--to", to])
            .args([
                "--from-password-file".into(),
                password.clone(),
                "--to-password-file".into(),
                password.clone(),
            ])
            .args(more);
        command
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

/// What a server says of an account.
async fn described(port: u16, user: &str) -> AccountIdentity {
    let access = access(port, Security::Clear, user);
    let mut session = access.open().await.unwrap();
    let folders = session.list_folders().await.unwrap();
    access.account(&mut session, &folders).await.unwrap()
}

/// Another run that writes into this account.
fn held(pair: &Pair, account: &AccountIdentity) -> (AccountClaims, AccountClaim) {
    let folder: PathBuf = [".local", "state", "mailferry", "accounts"].iter().collect();
    let run = AccountClaims::begin(&pair.home.path().join(folder)).unwrap();
    let Claimed::Now(claim) = run.claim(account).unwrap() else { panic!("nobody has it") };
    (run, claim)
}

#[tokio::test]
async fn a_second_run_into_the_same_account_is_refused_whatever_it_calls_it() {
    let Some(pair) = Pair::start() else { return };
    let port = pair.destination.clear_port;
    let claim = held(&pair, &described(port, "anna").await);
    let from = format!("imap://anna@127.0.0.1:{}", pair.source.clear_port);
    let project = pair.project();
    for to in ["anna@127.0.0.1", "anna@localhost", "Anna@localhost"] {
        // With a project file, and without one.
        for more in [vec!["--project", &project], Vec::new()] {
            let words = assert_status(&pair.copy_between(&from, &format!("imap://{to}:{port}"), &more), 3);
            assert!(words.to_lowercase().contains("already being copied into anna at"), "{words}");
            assert!(words.contains(&format!("(process {})", std::process::id())), "{words}");
        }
    }
    assert_eq!(pair.held(), 0);
    drop(claim);
    assert_status(&pair.copy("127.0.0.1", &["--project", &project]), 0);
    assert_eq!(pair.held(), 12);
}

#[tokio::test]
async fn a_server_tells_accounts_apart_and_knows_its_own_under_each_name() {
    let Some(pair) = Pair::start() else { return };
    let anna = described(pair.source.clear_port, "anna").await;
    let ben = described(pair.source.clear_port, "ben").await;
    let other = described(pair.destination.clear_port, "anna").await;
    assert!(anna.inbox.id.as_deref().is_some_and(|id| id.starts_with("X-GUID ")), "{anna:?}");
    assert!(anna.inbox.uid_validity.is_some() && anna.inbox.messages == Some(12), "{anna:?}");
    let again = described(pair.source.clear_port, "ANNA").await;
    assert!(anna.is_same_account(&again) && anna.is_itself(&again));
    for two in [&ben, &other] {
        assert!(!anna.is_same_account(two) && !anna.is_itself(two), "{two:?}");
    }
}

#[test]
fn a_copy_of_an_account_into_itself_is_refused_whatever_it_is_called() {
    let Some(pair) = Pair::start() else { return };
    let port = pair.source.clear_port;
    let from = format!("imap://anna@127.0.0.1:{port}");
    for to in ["anna@127.0.0.1", "anna@localhost", "ANNA@127.0.0.1"] {
        for more in [vec!["--dry-run"], vec![], vec!["--project", &pair.project()]] {
            let words = assert_status(&pair.copy_between(&from, &format!("imap://{to}:{port}"), &more), 3);
            assert!(words.contains("are the same account"), "{words}");
        }
    }
    let inbox = |user: &str| PlainImap::open(port, user).count("INBOX");
    assert_eq!((inbox("anna"), inbox("ben")), (12, 0));
    // Two users of one server are two accounts.
    assert_status(&pair.copy_between(&from, &format!("imap://ben@localhost:{port}"), &[]), 0);
    assert_eq!((inbox("anna"), inbox("ben")), (12, 12));
}

#[test]
fn a_list_of_accounts_that_cannot_be_kept_is_an_error_with_a_way_out() {
    let Some(pair) = Pair::start() else { return };
    let from = format!("imap://anna@127.0.0.1:{}", pair.source.clear_port);
    let to = format!("imap://anna@127.0.0.1:{}", pair.destination.clear_port);
    let run =
        |more: &[&str]| pair.command(&from, &to, more).env("XDG_STATE_HOME", "/dev/null").output().unwrap();
    let words = assert_status(&run(&[]), 3);
    assert!(words.contains("/dev/null/mailferry/accounts"), "{words}");
    assert!(words.contains("--without-account-lock"), "{words}");
    assert_eq!(pair.held(), 0);
    let words = assert_status(&run(&["--without-account-lock"]), 0);
    assert!(words.contains("no longer checks for another copy"), "{words}");
    assert_eq!(pair.held(), 12);
}

#[test]
fn one_account_twice_in_a_list_is_copied_once() {
    let Some(pair) = Pair::start() else { return };
    let list = pair.home.path().join("list.csv");
    std::fs::write(
        &list,
        "address,source_user,destination_user\nanna@weber.example,anna,anna\na.weber@weber.example,ANNA,Anna\n",
    )
    .unwrap();
    let from = format!("imap://127.0.0.1:{}", pair.source.clear_port);
    let to = format!("imap://127.0.0.1:{}", pair.destination.clear_port);
    assert_status(&pair.copy_between(&from, &to, &["--accounts", &list.display().to_string()]), 0);
    assert_eq!(pair.held(), 12);
}

#[test]
fn open_files_do_not_grow_with_the_mailboxes() {
    const MAILBOXES: usize = 120;
    // What four mailboxes at a time need, with their connections, and those that rest between two steps.
    const FILES: usize = 96;
    let users: Vec<String> = (0..MAILBOXES).map(|number| format!("user{number}")).collect();
    let names: Vec<&str> = users.iter().map(String::as_str).collect();
    let Some(source) = Dovecot::start(&names, &Settings::default()) else { return };
    let Some(destination) = Dovecot::start(&names, &Settings::default()) else { return };
    let home = tempfile::tempdir().unwrap();
    let password = home.path().join("password");
    std::fs::write(&password, format!("{PASSWORD}\n")).unwrap();
    let mut list = "address,source_user,destination_user\n".to_owned();
    for user in &users {
        writeln!(list, "{user}@weber.example,{user},{user}").unwrap();
    }
    std::fs::write(home.path().join("list.csv"), list).unwrap();
    for user in [0, MAILBOXES / 2, MAILBOXES - 1] {
        let mail = Mail {
            folder: "INBOX".to_owned(),
            flags: Vec::new(),
            date: "01-Mar-2023 10:00:00 +0100".to_owned(),
            bytes: format!("Message-ID: <{user}@weber.example>\r\n\r\nText\r\n").into_bytes(),
        };
        PlainImap::open(source.clear_port, &format!("user{user}")).store(&[mail]);
    }
    let output = Command::new("sh")
        .args(["-c", &format!("ulimit -n {FILES}; exec \"$@\""), "sh", env!("CARGO_BIN_EXE_mailferry")])
        .env("HOME", home.path())
        .env("XDG_CONFIG_HOME", home.path().join("config"))
        .env_remove("XDG_STATE_HOME")
        .env_remove("DBUS_SESSION_BUS_ADDRESS")
        .args(["copy", "--from", &format!("imap://127.0.0.1:{}", source.clear_port)])
        .args(["--to", &format!("imap://127.0.0.1:{}", destination.clear_port), "--accounts"])
        .arg(home.path().join("list.csv"))
        .args(["--from-password-file".into(), password.clone(), "--to-password-file".into(), password])
        .output()
        .unwrap();
    assert_status(&output, 0);
    for user in [0, MAILBOXES / 2, MAILBOXES - 1] {
        let copied = PlainImap::open(destination.clear_port, &format!("user{user}")).count("INBOX");
        assert_eq!(copied, 1, "user{user}");
    }
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
    assert!(words.contains("Is this the same account") && words.contains("--same-accounts"), "{words}");
    assert_eq!(pair.held(), 9);
    assert_status(&pair.copy("localhost", &[&after[..], &["--same-accounts"]].concat()), 0);
    assert_eq!(pair.held(), 9, "what people have removed came back");
    // The answer is kept.
    assert_status(&pair.copy("localhost", &after), 0);
    assert_eq!(pair.held(), 9);
}
