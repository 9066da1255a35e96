//! Mail and folder names that servers treat differently, and what of them is compared across servers.

use crate::clients::plain_imap::Mail;

/// A message and what tells it in a table.
pub struct Odd {
    /// In words.
    pub what: &'static str,
    flags: &'static [&'static str],
    date: &'static str,
    bytes: Vec<u8>,
}

const DATE: &str = "07-Mar-2023 08:09:10 +0100";

fn odd(what: &'static str, bytes: impl Into<Vec<u8>>) -> Odd {
    Odd { what, flags: &["\\Seen"], date: DATE, bytes: bytes.into() }
}

fn dated(what: &'static str, date: &'static str) -> Odd {
    let bytes = format!("Message-ID: <{}@odd.example>\r\nSubject: {what}\r\n\r\nText\r\n", what.len());
    Odd { what, flags: &[], date, bytes: bytes.into() }
}

fn flagged(what: &'static str, flags: &'static [&'static str]) -> Odd {
    let bytes = format!("Message-ID: <flags-{}@odd.example>\r\nSubject: {what}\r\n\r\nText\r\n", what.len());
    Odd { what, flags, date: DATE, bytes: bytes.into() }
}

/// Everything that servers have been seen to treat differently.
pub fn odd_mail() -> Vec<Odd> {
    let twin = "Message-ID: <twin@odd.example>\r\nSubject: twin\r\n\r\nTwin\r\n";
    let long_line = format!("X-Long: {}\r\n", "x".repeat(20_000));
    let references = format!("References: {}\r\n", "<0123456789@odd.example>\r\n ".repeat(400).trim_end());
    vec![
        odd("plain", "Message-ID: <plain@odd.example>\r\nSubject: plain\r\n\r\nText\r\n"),
        odd("NUL in the body", b"Message-ID: <nul@odd.example>\r\nSubject: nul\r\n\r\nA\0B\r\n".to_vec()),
        odd(
            "Latin-1 in a header",
            b"Message-ID: <latin@odd.example>\r\nSubject: Gr\xfc\xdfe\r\n\r\nGr\xfc\xdfe\r\n".to_vec(),
        ),
        odd("UTF-8 in a header", "Message-ID: <utf8@odd.example>\r\nSubject: Grüße 日本\r\n\r\nText\r\n"),
        odd("bare LF", "Message-ID: <lf@odd.example>\nSubject: lf\n\nOne\nTwo\n"),
        odd("bare CR", "Message-ID: <cr@odd.example>\r\nSubject: cr\r\n\r\nOne\rTwo\r\n"),
        odd("no byte", ""),
        odd("no line end", "Message-ID: <end@odd.example>\r\nSubject: end\r\n\r\nNo end"),
        odd(
            "empty lines at the end",
            "Message-ID: <lines@odd.example>\r\nSubject: lines\r\n\r\nText\r\n\r\n\r\n",
        ),
        odd("header only", "Message-ID: <head@odd.example>\r\nSubject: head\r\n\r\n"),
        odd("no header", "\r\nOnly a body\r\n"),
        odd("no Message-ID", "From: anna@odd.example\r\nSubject: draft\r\n\r\nFirst\r\n"),
        odd("no Message-ID, other text", "From: anna@odd.example\r\nSubject: draft\r\n\r\nAnother one\r\n"),
        odd("same Message-ID", "Message-ID: <same@odd.example>\r\nSubject: same\r\n\r\nFirst\r\n"),
        odd(
            "same Message-ID, other text",
            "Message-ID: <same@odd.example>\r\nSubject: same\r\n\r\nOther one\r\n",
        ),
        odd("twin", twin),
        odd("twin", twin),
        odd(
            "a line like mbox's own",
            "Message-ID: <from@odd.example>\r\nSubject: from\r\n\r\nFrom here on\r\n>From\r\n",
        ),
        odd(
            "20,000 letters in a header line",
            format!("Message-ID: <long@odd.example>\r\n{long_line}\r\nText\r\n"),
        ),
        odd(
            "10,000 letters in a folded header",
            format!("Message-ID: <fold@odd.example>\r\n{references}\r\n\r\nText\r\n"),
        ),
        odd(
            "100,000 letters in a line",
            format!("Message-ID: <line@odd.example>\r\nSubject: line\r\n\r\n{}\r\n", "y".repeat(100_000)),
        ),
        dated("of 1971", "02-Jan-1971 00:00:00 +0000"),
        dated("of 1999, in America", "31-Dec-1999 23:59:59 -0800"),
        dated("of 2037, in India", "01-Feb-2037 12:00:00 +0530"),
        flagged("all flags", &["\\Seen", "\\Answered", "\\Flagged", "\\Draft"]),
        flagged("deleted, not expunged", &["\\Deleted"]),
        flagged("keywords", &["\\Seen", "$Forwarded", "Projekt-7"]),
        flagged("no flag at all", &[]),
    ]
}

/// Folder names, level by level, as commands spell them; in words for a table.
pub const NAMES: [(&str, &[&str]); 13] = [
    ("plain", &["Sent"]),
    ("blanks", &["Old  mail of 2019"]),
    ("quotes", &["so \"called\""]),
    ("backslash", &["back\\slash"]),
    ("percent", &["100% sure"]),
    ("dot", &["Dr. Weber"]),
    ("tilde", &["~old"]),
    ("ampersand", &["Weber &- Sons"]),
    ("umlauts", &["Gr&APwA3w-e"]),
    ("Japanese", &["&ZeVnLIqe-"]),
    ("emoji", &["&2D3eAA-"]),
    ("hash", &["#1"]),
    ("deep", &["Deep", "a", "b", "c", "d", "e", "f"]),
];

/// What a folder's marker says; a folder at the destination is known by it whatever it is called there.
pub fn marker(folder: &str) -> Vec<u8> {
    let id = folder.replace(' ', "-");
    format!(
        "Message-ID: <marker-{id}@odd.example>\r\nX-Folder: {folder}\r\nSubject: marker\r\n\r\n{folder}\r\n"
    )
    .into()
}

impl Odd {
    /// The message for a folder.
    pub fn mail(&self, folder: &str) -> Mail {
        Mail {
            folder: folder.to_owned(),
            flags: self.flags.to_vec(),
            date: self.date.to_owned(),
            bytes: self.bytes.clone(),
        }
    }
}

/// A marker for a folder.
pub fn marker_mail(folder: &str, what: &str) -> Mail {
    Mail { folder: folder.to_owned(), flags: Vec::new(), date: DATE.to_owned(), bytes: marker(what) }
}

/// A message as it is after any server has had it: line ends, a line end that is added or taken away at the end, and NUL,
/// which Dovecot shows as the byte 0x80.
pub fn normalised(bytes: &[u8]) -> Vec<u8> {
    let mut normal: Vec<u8> = Vec::with_capacity(bytes.len());
    for (index, byte) in bytes.iter().enumerate() {
        match byte {
            b'\r' if bytes.get(index + 1) == Some(&b'\n') => {}
            0 => normal.push(0x80),
            other => normal.push(*other),
        }
    }
    let end = normal.iter().rposition(|byte| *byte != b'\n').map_or(0, |last| last + 1);
    normal.truncate(end);
    normal
}
