//! Mailboxes so small that a copy of them can be broken at every step.

use std::collections::BTreeSet;

use mailferry::rehearsal::{FolderPath, SampleFolder, SampleMessage};
use mailferry::values::UnixTime;

/// Seven messages with what makes copying hard: equal ones within a folder and across two, one without Message-ID, one
/// without a text, one that goes through a temporary file, flags, a keyword, a raw header, and an empty folder.
pub fn tiny_mailbox() -> Vec<SampleFolder> {
    let letter = message("Message-ID: <1@weber.example>\nSubject: Grüße\n\nHallo\n", &["\\Seen"], 1);
    let bare =
        message("From: anna@weber.example\nSubject: no number\n\nText\n", &["\\Flagged", "Projekt-7"], 2);
    let empty = message("Message-ID: <3@weber.example>\n\n", &[], 3);
    let lines = format!("{}\n", "0123456789abcdef ".repeat(40)).repeat(14);
    let large = format!("Message-ID: <4@weber.example>\nSubject: large\n\n{lines}");
    let large = message(&large, &["\\Seen", "\\Answered"], 4);
    let sent =
        message("Message-ID: <5@weber.example>\nReferences: <1@weber.example>\n\nRe\n", &["\\Seen"], 5);
    vec![
        folder("INBOX", vec![letter.clone(), bare, empty, letter.clone()]),
        folder("Projekte/2024", vec![letter, large, sent]),
        folder("Leer", Vec::new()),
    ]
}

/// The same as Gmail shows it: two labels on one message, sent and archived mail.
pub fn labelled_tiny_mailbox() -> Vec<SampleFolder> {
    let mut folders = tiny_mailbox();
    let archived =
        message("Message-ID: <6@weber.example>\nSubject: old\n\nOld\n", &["\\Seen", "\\Flagged"], 6);
    let sent = message("Message-ID: <7@weber.example>\nSubject: sent\n\nSent\n", &["\\Seen"], 7);
    let labelled = folders.iter().flat_map(|folder| &folder.messages).take(2).cloned().collect();
    folders.push(folder("Kunden/Weber & Söhne", labelled));
    folders.push(folder("[Gmail]/Sent Mail", vec![sent]));
    folders.push(folder("[Gmail]/All Mail", vec![archived]));
    folders
}

/// Messages of 300 KB each: three of them are one request.
pub fn bulky_mailbox() -> Vec<SampleFolder> {
    let lines = format!("{}\n", "0123456789abcdef ".repeat(4)).repeat(4_400);
    let bulky = |number| format!("Message-ID: <{number}@weber.example>\nSubject: bulky {number}\n\n{lines}");
    vec![folder("INBOX", (1..=12).map(|number| message(&bulky(number), &[], number)).collect())]
}

fn folder(name: &str, messages: Vec<SampleMessage>) -> SampleFolder {
    SampleFolder { path: FolderPath::parse(name), special_use: None, messages }
}

fn message(text: &str, flags: &[&str], day: i64) -> SampleMessage {
    SampleMessage {
        bytes: text.replace('\n', "\r\n").into_bytes().into(),
        flags: flags.iter().map(|flag| (*flag).to_owned()).collect::<BTreeSet<_>>(),
        internal_date: UnixTime(1_700_000_000 + day * 86_400),
    }
}
