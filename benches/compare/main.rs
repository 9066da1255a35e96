//! Whole copies side by side in one run: Mailferry and mbsync between the same two Dovecots.
//!
//! `make bench`, or `cargo bench --bench compare -- [MESSAGES] [CASE]...` with the cases `loopback`, `distant`,
//! `single-appends` and `large`. Prints a Markdown table; figures are ratios within this run, not assertions.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::cast_precision_loss,
    clippy::let_underscore_must_use,
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "tests end where something is wrong"
)]

#[path = "../../tests/support/mod.rs"]
mod support;

#[path = "../../tests/support/dovecot.rs"]
mod dovecot;

#[path = "../../tests/support/plain_imap.rs"]
mod plain_imap;

mod delay_proxy;
mod tools;

use std::fmt::Write as _;
use std::time::Duration;

use delay_proxy::DelayProxy;
use dovecot::{Dovecot, Settings};
use plain_imap::{Mail, PlainImap, large_message};
use tools::{Account, Figure, mailferry, mbsync};

const FOLDERS: usize = 10;
const AVERAGE_BYTES: usize = 17_000;
const ROUND_TRIP: Duration = Duration::from_millis(40);
const LARGE_MESSAGES: usize = 12;
const LARGE_BYTES: usize = 33_000_000;
/// Gmail's as far as they matter here: no LITERAL+, no MULTIAPPEND.
const GMAIL_LIKE: &str = "IMAP4rev1 UNSELECT IDLE NAMESPACE QUOTA ID CHILDREN UIDPLUS MOVE CONDSTORE ESEARCH LITERAL- \
     SPECIAL-USE SASL-IR AUTH=PLAIN";

/// The servers, the work folder and the lines of the table.
struct Bench {
    source: Dovecot,
    destination: Dovecot,
    work: tempfile::TempDir,
    lines: String,
}

fn main() {
    let mut messages = 5_000;
    let mut chosen = Vec::new();
    for argument in std::env::args().skip(1).filter(|argument| !argument.starts_with('-')) {
        match argument.parse() {
            Ok(number) => messages = number,
            Err(_) => chosen.push(argument),
        }
    }
    let wants = |case: &str| chosen.is_empty() || chosen.iter().any(|name| name == case);
    let users = ["near", "near-mbsync", "far", "far-mbsync", "heavy", "heavy-mbsync"];
    let mut bench = Bench {
        source: Dovecot::start(&["anna", "few", "heavy"], &Settings::default()).expect("dovecot-imapd"),
        destination: Dovecot::start(&users, &Settings::default()).expect("dovecot-imapd"),
        work: tempfile::tempdir().unwrap(),
        lines: String::new(),
    };
    let mails = mailbox(messages);
    if wants("loopback") || wants("distant") {
        PlainImap::open(bench.source.clear_port, "anna").store(&mails);
    }
    if wants("loopback") {
        bench.loopback(&mails);
    }
    if wants("distant") {
        bench.distant(&mails);
    }
    if wants("single-appends") {
        bench.single_appends(mails.get(..messages / 10).unwrap());
    }
    if wants("large") {
        bench.large();
    }
    println!("| case | mailferry | mbsync | times as fast | peak memory: mailferry | mbsync |");
    println!("| --- | --- | --- | --- | --- | --- |\n{}", bench.lines);
}

impl Bench {
    fn loopback(&mut self, mails: &[Mail]) {
        let from = Account { port: self.source.clear_port, user: "anna" };
        let to = |user| Account { port: self.destination.clear_port, user };
        let work = self.work.path();
        let ours = mailferry(work, from, to("near"), "none");
        let theirs = mbsync(work, from, to("near-mbsync"));
        assert_arrived(self.destination.clear_port, &["near", "near-mbsync"], mails.len());
        let idle = mailferry(work, from, to("near"), "none");
        let idle_mbsync = mbsync(work, from, to("near-mbsync"));
        let proof = mailferry(work, from, to("near"), "quick");
        self.line(&format!("{}, loopback", sum(mails)), ours, Some(theirs));
        self.line("nothing to do, loopback", idle, Some(idle_mbsync));
        self.line("nothing to do and quick proof, loopback", proof, None);
    }

    fn distant(&mut self, mails: &[Mail]) {
        let source = DelayProxy::start(self.source.clear_port, ROUND_TRIP);
        let destination = DelayProxy::start(self.destination.clear_port, ROUND_TRIP);
        let from = Account { port: source.port, user: "anna" };
        let to = |user| Account { port: destination.port, user };
        let work = self.work.path();
        let ours = mailferry(work, from, to("far"), "none");
        let theirs = mbsync(work, from, to("far-mbsync"));
        assert_arrived(self.destination.clear_port, &["far", "far-mbsync"], mails.len());
        let idle = mailferry(work, from, to("far"), "none");
        let idle_mbsync = mbsync(work, from, to("far-mbsync"));
        let proof = mailferry(work, from, to("far"), "quick");
        self.line(&format!("{}, 40 ms to each side", sum(mails)), ours, Some(theirs));
        self.line("nothing to do, 40 ms to each side", idle, Some(idle_mbsync));
        self.line("nothing to do and quick proof, 40 ms to each side", proof, None);
    }

    /// A destination that asks for every literal above 4 KB, so each message costs a round trip.
    fn single_appends(&mut self, mails: &[Mail]) {
        let settings = Settings { capabilities: Some(GMAIL_LIKE), ..Settings::default() };
        let users = ["single", "single-mbsync"];
        let like_gmail = Dovecot::start(&users, &settings).expect("dovecot-imapd");
        PlainImap::open(self.source.clear_port, "few").store(mails);
        let source = DelayProxy::start(self.source.clear_port, ROUND_TRIP);
        let destination = DelayProxy::start(like_gmail.clear_port, ROUND_TRIP);
        let from = Account { port: source.port, user: "few" };
        let to = |user| Account { port: destination.port, user };
        let work = self.work.path();
        let ours = mailferry(work, from, to("single"), "none");
        let theirs = mbsync(work, from, to("single-mbsync"));
        assert_arrived(like_gmail.clear_port, &users, mails.len());
        self.line(&format!("{}, LITERAL-, no MULTIAPPEND, 40 ms", sum(mails)), ours, Some(theirs));
    }

    fn large(&mut self) {
        let mail = |number: usize| Mail {
            folder: "INBOX".to_owned(),
            flags: Vec::new(),
            date: "02-Mar-2020 10:00:00 +0100".to_owned(),
            bytes: large_message(LARGE_BYTES + number),
        };
        for number in 0..LARGE_MESSAGES {
            PlainImap::open(self.source.clear_port, "heavy").store(&[mail(number)]);
        }
        let from = Account { port: self.source.clear_port, user: "heavy" };
        let to = |user| Account { port: self.destination.clear_port, user };
        let ours = mailferry(self.work.path(), from, to("heavy"), "none");
        let theirs = mbsync(self.work.path(), from, to("heavy-mbsync"));
        let users = ["heavy", "heavy-mbsync"];
        assert_arrived(self.destination.clear_port, &users, LARGE_MESSAGES);
        self.line("12 messages of 33 MB, loopback", ours, Some(theirs));
    }

    fn line(&mut self, case: &str, ours: Figure, theirs: Option<Figure>) {
        let megabytes = |figure: Figure| format!("{} MB", figure.peak_kilobytes / 1_000);
        let seconds = |figure: Figure| format!("{:.2} s", figure.seconds);
        let none = || "–".to_owned();
        let line = format!(
            "| {case} | {} | {} | {} | {} | {} |",
            seconds(ours),
            theirs.map_or_else(none, seconds),
            theirs.map_or_else(none, |theirs| format!("{:.1}", theirs.seconds / ours.seconds)),
            megabytes(ours),
            theirs.map_or_else(none, megabytes),
        );
        println!("{line}");
        writeln!(self.lines, "{line}").unwrap();
    }
}

fn sum(mails: &[Mail]) -> String {
    let bytes: usize = mails.iter().map(|mail| mail.bytes.len()).sum();
    format!("{} messages, {:.0} MB, {FOLDERS} folders", mails.len(), bytes as f64 / 1e6)
}

fn assert_arrived(port: u16, users: &[&str], expected: usize) {
    for user in users {
        let mut reader = PlainImap::open(port, user);
        let folders = reader.folders();
        let arrived: usize = folders.iter().map(|folder| reader.count(folder)).sum();
        assert_eq!(arrived, expected, "{user}");
    }
}

/// Mixed sizes around the average, deterministic, spread over the folders.
fn mailbox(messages: usize) -> Vec<Mail> {
    (0..messages)
        .map(|number| {
            let length = AVERAGE_BYTES / 8 + (number * 7_919) % (AVERAGE_BYTES * 7 / 4);
            let mut body = format!(
                "From: Anna <anna@example.org>\r\nTo: Ben <ben@example.org>\r\nSubject: Message {number}\r\n\
                 Message-ID: <{number}@example.org>\r\nDate: Mon, 02 Mar 2020 10:{:02}:{:02} +0100\r\n\r\n",
                number / 60 % 60,
                number % 60
            );
            while body.len() < length {
                write!(body, "Line of message {number} at {} of its text, to fill it up.\r\n", body.len())
                    .unwrap();
            }
            let folder = match number % FOLDERS {
                0 => "INBOX".to_owned(),
                folder => format!("Folder {folder}"),
            };
            Mail {
                folder,
                bytes: body.into_bytes(),
                flags: if number % 3 == 0 { vec!["\\Seen"] } else { Vec::new() },
                date: format!("02-Mar-2020 10:{:02}:{:02} +0100", number / 60 % 60, number % 60),
            }
        })
        .collect()
}
