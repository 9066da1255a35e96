//! Whole copies side by side in one run: Mailferry and mbsync between the same two Dovecots on loopback.
//!
//! `make bench`, or `cargo bench --bench compare -- [MESSAGES]`. Figures are ratios within this run, not assertions.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::cast_precision_loss,
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

use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use dovecot::{Dovecot, PASSWORD, Settings};
use plain_imap::{Mail, PlainImap};

const FOLDERS: usize = 10;
const AVERAGE_BYTES: usize = 17_000;

/// Time, peak memory and the messages that arrived.
struct Figure {
    name: &'static str,
    seconds: f64,
    peak_kilobytes: u64,
    arrived: usize,
}

fn main() {
    let messages = std::env::args().find_map(|argument| argument.parse::<usize>().ok()).unwrap_or(5_000);
    let settings = Settings::default();
    let source = Dovecot::start(&["anna"], &settings).expect("apt-get install dovecot-imapd");
    let destination = Dovecot::start(&["ferry", "mbsync"], &settings).expect("apt-get install dovecot-imapd");
    let mails = mailbox(messages);
    let bytes: usize = mails.iter().map(|mail| mail.bytes.len()).sum();
    PlainImap::open(source.clear_port, "anna").store(&mails);
    let work = tempfile::tempdir().unwrap();
    println!(
        "{messages} messages, {:.1} MB, {FOLDERS} folders, Dovecot to Dovecot on loopback",
        bytes as f64 / 1e6
    );

    let figures = [
        mailferry(work.path(), &source, &destination, "none", "mailferry, first copy"),
        mbsync(work.path(), &source, &destination, "mbsync, first copy"),
        mailferry(work.path(), &source, &destination, "none", "mailferry, nothing to do"),
        mbsync(work.path(), &source, &destination, "mbsync, nothing to do"),
        mailferry(work.path(), &source, &destination, "quick", "mailferry, quick proof"),
    ];
    println!("| run | seconds | peak memory | messages at the destination |\n| --- | --- | --- | --- |");
    for figure in &figures {
        println!(
            "| {} | {:.2} | {} MB | {} |",
            figure.name,
            figure.seconds,
            figure.peak_kilobytes / 1_000,
            figure.arrived
        );
    }
    println!(
        "first copy: mailferry is {:.2} times as fast as mbsync",
        figures[1].seconds / figures[0].seconds
    );
    println!(
        "nothing to do: mailferry is {:.2} times as fast as mbsync",
        figures[3].seconds / figures[2].seconds
    );
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

fn mailferry(
    work: &Path,
    source: &Dovecot,
    destination: &Dovecot,
    verify: &str,
    name: &'static str,
) -> Figure {
    let password = work.join("password");
    std::fs::write(&password, PASSWORD).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_mailferry"));
    command
        .arg("copy")
        .args(["--from", &format!("imap://anna@127.0.0.1:{}", source.clear_port)])
        .args(["--to", &format!("imap://ferry@127.0.0.1:{}", destination.clear_port)])
        .arg("--from-password-file")
        .arg(&password)
        .arg("--to-password-file")
        .arg(&password)
        .arg("--project")
        .arg(work.join("bench.mailferry"))
        .args(["--verify", verify]);
    measure(command, name, || PlainImap::open(destination.clear_port, "ferry"))
}

fn mbsync(work: &Path, source: &Dovecot, destination: &Dovecot, name: &'static str) -> Figure {
    let account = |name: &str, user: &str, port: u16| {
        format!(
            "IMAPAccount {name}\nHost 127.0.0.1\nPort {port}\nUser {user}\nPass \"{}\"\nSSLType None\nAuthMechs LOGIN\n\n\
             IMAPStore {name}\nAccount {name}\n\n",
            PASSWORD.replace('"', "\\\"")
        )
    };
    let state = work.join("mbsync-state");
    std::fs::create_dir_all(&state).unwrap();
    let config = format!(
        "{}{}Channel move\nFar :far:\nNear :near:\nPatterns *\nCreate Near\nSync Pull\nCopyArrivalDate yes\nSyncState {}/\n",
        account("far", "anna", source.clear_port),
        account("near", "mbsync", destination.clear_port),
        state.display()
    );
    let file = work.join("mbsyncrc");
    std::fs::write(&file, config).unwrap();
    let mut command = Command::new("mbsync");
    command.arg("-q").arg("-c").arg(&file).arg("move");
    measure(command, name, || PlainImap::open(destination.clear_port, "mbsync"))
}

fn measure(mut command: Command, name: &'static str, reader: impl FnOnce() -> PlainImap) -> Figure {
    let began = Instant::now();
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let status_file = format!("/proc/{}/status", child.id());
    let mut peak_kilobytes = 0;
    let status = loop {
        if let Ok(status) = std::fs::read_to_string(&status_file) {
            let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
            let peak = peak.and_then(|line| line.trim().trim_end_matches(" kB").trim().parse().ok());
            peak_kilobytes = peak_kilobytes.max(peak.unwrap_or(0));
        }
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        std::thread::sleep(Duration::from_millis(5));
    };
    let seconds = began.elapsed().as_secs_f64();
    assert!(
        status.success(),
        "{name} ended with {status}: {:?}",
        std::io::read_to_string(child.stderr.unwrap())
    );
    let mut reader = reader();
    let folders = reader.folders();
    let arrived = folders.iter().map(|folder| reader.count(folder)).sum();
    Figure { name, seconds, peak_kilobytes, arrived }
}
