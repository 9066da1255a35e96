//! The folders themselves arrive: empty ones too, and those that the owner had hidden stay hidden.
#![allow(clippy::unwrap_used, clippy::print_stderr, reason = "tests fail loudly")]

#[path = "support/copy_bench.rs"]
mod copy_bench;
#[path = "support/dovecot.rs"]
mod dovecot;
#[path = "support/plain_imap.rs"]
mod plain_imap;
mod support;

use std::collections::BTreeSet;

use copy_bench::Bench;
use dovecot::{Dovecot, Settings, access};
use mailferry::values::Security;
use plain_imap::{Mail, PlainImap};

fn servers() -> Option<(Dovecot, Dovecot)> {
    let source =
        Dovecot::start(&["anna"], &Settings { separator: '.', prefix: "INBOX.", ..Settings::default() })?;
    Some((source, Dovecot::start(&["anna"], &Settings::default())?))
}

async fn copied(source: &Dovecot, destination: &Dovecot) {
    let from = access(source.clear_port, Security::Clear, "anna");
    let to = access(destination.clear_port, Security::Clear, "anna");
    Bench::new(from, to).await.copy_all().await;
}

fn names(port: u16, command: &str) -> BTreeSet<String> {
    let lines = PlainImap::open(port, "anna").run(command);
    let name = |line: &str| line.rsplit_once("\"/\" ").unwrap().1.trim_matches('"').to_owned();
    lines.iter().filter(|(line, _)| !line.contains("\\Noselect")).map(|(line, _)| name(line)).collect()
}

fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn empty_folders_arrive_and_hidden_ones_stay_hidden() {
    let Some((source, destination)) = servers() else { return };
    let mut client = PlainImap::open(source.clear_port, "anna");
    for folder in ["INBOX.Work", "INBOX.Work.Empty", "INBOX.Hidden", "INBOX.Hidden.Below"] {
        client.run(&format!("CREATE \"{folder}\""));
    }
    for folder in ["INBOX", "INBOX.Work", "INBOX.Work.Empty", "INBOX.Hidden.Below"] {
        client.run(&format!("SUBSCRIBE \"{folder}\""));
    }
    let mail = |folder: &str| Mail {
        folder: folder.to_owned(),
        flags: vec!["\\Seen"],
        date: " 1-Mar-2023 10:00:00 +0100".to_owned(),
        bytes: format!("Message-ID: <{folder}@weber.example>\r\nSubject: one\r\n\r\nText\r\n").into_bytes(),
    };
    client.store(&[mail("INBOX"), mail("INBOX.Hidden")]);
    copied(&source, &destination).await;
    let all = set(&["INBOX", "Work", "Work/Empty", "Hidden", "Hidden/Below"]);
    assert_eq!(names(destination.clear_port, "LIST \"\" \"*\""), all);
    let mut shown = names(destination.clear_port, "LSUB \"\" \"*\"");
    shown.remove("INBOX");
    assert_eq!(shown, set(&["Work", "Work/Empty", "Hidden/Below"]));
    assert_eq!(PlainImap::open(destination.clear_port, "anna").count("Hidden"), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_nobody_subscribed_to_anything_all_folders_are_shown() {
    let Some((source, destination)) = servers() else { return };
    let mut client = PlainImap::open(source.clear_port, "anna");
    for folder in ["INBOX.Work", "INBOX.Old"] {
        client.run(&format!("CREATE \"{folder}\""));
    }
    client.run("SUBSCRIBE \"INBOX\"");
    copied(&source, &destination).await;
    let mut shown = names(destination.clear_port, "LSUB \"\" \"*\"");
    shown.remove("INBOX");
    assert_eq!(shown, set(&["Work", "Old"]));
}
