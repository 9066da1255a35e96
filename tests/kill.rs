//! 5,000 mixed messages between two real servers, while the program is killed ten times at random.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests end where something is wrong"
)]

#[path = "support/dovecot.rs"]
mod dovecot;
#[path = "support/plain_imap.rs"]
mod plain_imap;
#[path = "support/seeds.rs"]
mod seeds;
mod support;

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use dovecot::{Dovecot, PASSWORD, Settings};
use plain_imap::{Mail, PlainImap, large_message, mixed_mailbox};

const MESSAGES: usize = 5_000;
const KILLS: usize = 10;

/// 5,000 messages with everything that is awkward, three of them with 30 MB.
fn mails() -> Vec<Mail> {
    let mut mails = mixed_mailbox(MESSAGES - 3, '/', "");
    for _ in 0..3 {
        mails.push(Mail {
            folder: "Old mail".to_owned(),
            flags: vec!["\\Seen"],
            date: " 7-Mar-2023 08:00:00 +0100".to_owned(),
            bytes: large_message(30_000_000),
        });
    }
    mails
}

fn copy(work: &Path, source: &Dovecot, destination: &Dovecot) -> Child {
    Command::new(env!("CARGO_BIN_EXE_mailferry"))
        .arg("copy")
        .args(["--from", &format!("imap://anna@127.0.0.1:{}", source.clear_port)])
        .args(["--to", &format!("imap://anna@127.0.0.1:{}", destination.clear_port)])
        .arg("--from-password-file")
        .arg(work.join("password"))
        .arg("--to-password-file")
        .arg(work.join("password"))
        .arg("--project")
        .arg(work.join("kill.mailferry"))
        .args(["--verify", "full", "--json"])
        .arg(work.join("outcome.json"))
        .env("HOME", work)
        .env("XDG_CONFIG_HOME", work.join("config"))
        .env_remove("DBUS_SESSION_BUS_ADDRESS")
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Ends like `kill -9` a moment after so many messages are there, unless the program comes to its end before.
/// True where it was killed.
fn kill_at(mut child: Child, messages: usize, moment: Duration, reader: &mut PlainImap) -> bool {
    while child.try_wait().unwrap().is_none() {
        if arrived(reader) >= messages {
            std::thread::sleep(moment);
            let was_running = child.try_wait().unwrap().is_none();
            child.kill().unwrap();
            child.wait().unwrap();
            return was_running;
        }
    }
    false
}

/// Messages at the destination.
fn arrived(reader: &mut PlainImap) -> usize {
    reader.folders().iter().map(|folder| reader.count(folder)).sum()
}

#[test]
fn ten_kills_at_random_change_nothing_about_the_outcome() {
    let settings = Settings::default();
    let Some(source) = Dovecot::start(&["anna"], &settings) else { return };
    let Some(destination) = Dovecot::start(&["anna"], &settings) else { return };
    PlainImap::open(source.clear_port, "anna").store(&mails());
    let work = tempfile::tempdir().unwrap();
    std::fs::write(work.path().join("password"), PASSWORD).unwrap();

    let seed = seeds::seed();
    let mut random = seed;
    let mut kills = 0;
    let mut partly = 0;
    for _ in 0..KILLS {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let mut reader = PlainImap::open(destination.clear_port, "anna");
        let before = arrived(&mut reader);
        // Every kill falls into the copy: at some hundred messages more than before, and some milliseconds later.
        let target = before + 1 + usize::try_from((random >> 33) % 350).unwrap();
        let moment = Duration::from_micros((random >> 20) % 20_000);
        let child = copy(work.path(), &source, &destination);
        kills += usize::from(kill_at(child, target, moment, &mut reader));
        let after = arrived(&mut reader);
        println!("seed {seed}: killed {moment:?} after {target} messages, {after} had arrived");
        if after > before && after < MESSAGES {
            partly += 1;
        }
    }
    let last = copy(work.path(), &source, &destination).wait_with_output().unwrap();
    assert!(last.status.success(), "{}", String::from_utf8_lossy(&last.stderr));
    println!("{kills} of {KILLS} runs were killed, {partly} of them in the middle of the copy");

    let from = PlainImap::open(source.clear_port, "anna").multiset(str::to_owned);
    let to = PlainImap::open(destination.clear_port, "anna").multiset(str::to_owned);
    let missing: Vec<_> = from.iter().filter(|(seen, count)| to.get(*seen) != Some(count)).take(5).collect();
    let surplus: Vec<_> = to.iter().filter(|(seen, count)| from.get(*seen) != Some(count)).take(5).collect();
    assert!(missing.is_empty() && surplus.is_empty(), "missing {missing:#?}, surplus {surplus:#?}");

    let outcome: serde_json::Value =
        serde_json::from_slice(&std::fs::read(work.path().join("outcome.json")).unwrap()).unwrap();
    let total: usize = from.values().sum();
    assert_eq!(outcome["sum"]["source_count"], total);
    assert_eq!(outcome["sum"]["to_do"], 0);
    assert_eq!(outcome["is_complete"], true);
    let proof = outcome["proof"].as_str().unwrap();
    assert!(proof.contains("all agree"), "{proof}");
    assert!(partly >= KILLS / 2, "too few kills fell into the copy: make the mailbox larger");
}
