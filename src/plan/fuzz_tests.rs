//! Folder names, headers, dates, mailbox tables, parts of messages and their repair, for any bytes. Built for tests and for `cargo fuzz` only.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "targets fail by panicking")]

use crate::message::Draft;
use crate::message::RepairStep;
use crate::message::identity_key;
use crate::message::internal_date_secs;
use crate::message::mime_content;
use crate::mutate::Target;
use crate::plan::folders::mapping::DestinationRules;
use crate::plan::folders::mapping::SourceFolder;
use crate::plan::folders::mapping::map_folders;
use crate::plan::folders::name::clean_destination;
use crate::plan::folders::path::FolderPath;
use crate::plan::folders::words::special_use_by_name;
use crate::plan::mailboxes::csv::parse_mailboxes;
use crate::values::Bytes;

/// The targets of this room.
pub const TARGETS: &[Target] = &[
    Target { name: "plan: headers", examples: HEADERS, read: headers },
    Target { name: "plan: dates", examples: DATES, read: dates },
    Target { name: "plan: parts of messages", examples: MESSAGES, read: parts },
    Target { name: "plan: header repair", examples: BAD_HEADERS, read: header_repair },
    Target { name: "plan: line ends and NUL bytes", examples: MESSAGES, read: byte_repairs },
    Target { name: "plan: other repairs", examples: MESSAGES, read: other_repairs },
    Target { name: "plan: folder names", examples: FOLDERS, read: folders },
    Target { name: "plan: mailbox CSV", examples: TABLES, read: tables },
];

/// As many as a listing gives.
const LEVELS: usize = 100;

const HEADERS: &[&[u8]] = &[
    b"Message-ID: <1@example.org>\r\nDate: Mon, 3 Mar 2025 10:00:00 +0100\r\nFrom: Anna <a@example.org>\r\nSubject: a\r\n b\r\n\r\n",
    b"TO: x\r\nCC: y\r\n\tz\r\nSUBJECT:\xff\xfe?\r\n",
];

const DATES: &[&[u8]] = &[
    b" 1-Mar-2023 10:00:00 +0100",
    b"Mon, 3 Mar 2025 10:00:00 +0100 (CET)",
    b"31 Dec 69 23:59:60 EST",
    b"Mon,3-Mar-25 09:00:00 (a (nested) comment) +0000",
];

const FOLDERS: &[&[u8]] = &[
    b"INBOX/Gesendete Objekte/../2024",
    b"Deep/a/b/c/d/e/f/g/h/i",
    b"Sent. Items/trailing /~tilde/*star",
    b"\xe5\xb7\xb2\xe5\x8f\x91\xe9\x80\x81/CON/.hidden/[Gmail]/All Mail",
];

const TABLES: &[&[u8]] = &[
    b"address,source_user,source_password\r\nanna@example.org,anna,\"se\"\"cret\"\r\nben@example.org,,\r\n",
    b"email;user1;password1;user2;password2\nanna@example.org;a;b;c;d\n",
    b"\xff\xfea\0d\0d\0r\0e\0s\0s\0\n\0a\0@\0b\0.\0d\0e\0\n\0",
];

const MESSAGES: &[&[u8]] = &[
    b"Content-Type: multipart/mixed; boundary=\"a b\"\r\n\r\n--a b\r\nContent-Transfer-Encoding: base64\r\n\r\naGVsbG8=\r\n--a b\r\n\r\ntwo\r\n--a b--\r\n",
    b"Content-Type: message/rfc822\r\n\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\na=3Db=\r\nc\r\n",
    b"Content-Type: multipart/alternative;\r\n boundary*0=x;\r\n boundary*1=y\r\n\r\n--xy\r\n\r\nNUL \0 here\r\n--xy--\r\n",
    b"Disposition-Notification-To: anna@example.org\r\nReturn-Receipt-To: x\r\n\r\nbare\nand\rCR\r\n",
];

const BAD_HEADERS: &[&[u8]] = &[
    b"From anna Mon Mar  3 10:00:00 2025\r\nSubject: Gr\xfc\xdfe aus K\xf6ln\r\n\tfolded\r\n>From x\r\n no name\r\nTo: \xe2\x82\xac <a@example.org>\r\n\r\nbody\r\n",
    b"Subject: =?utf-8?q?a?=\r\n \r\nX\xff: y\r\n: z\r\nContent-Type: text/plain; name=\"\xc3\xa4.pdf\"\r\n\r\n",
];

/// A message with more parts than this counts the rest as none.
const MAX_PARTS: usize = 2_000;

/// Longer lines cannot always be folded.
const MAX_LINE_BYTES: usize = 998;

fn draft(bytes: &[u8]) -> Draft {
    let internal_date = String::from_utf8_lossy(bytes.get(..40).unwrap_or(bytes)).into_owned();
    Draft {
        bytes: bytes.to_vec().into(),
        internal_date,
        flags: vec!["\\Seen".to_owned(), "Projekt-7".to_owned()],
    }
}

/// Content is the same however often it is read, and line ends say nothing.
fn parts(bytes: &[u8]) {
    let content = mime_content(bytes);
    assert_eq!(mime_content(bytes), content);
    assert!(format!("{content:?}").len() < MAX_PARTS * 200 + 1_000);
}

/// What was repaired needs no repair, unless a word is longer than a line may be, and it does not grow without bound.
fn header_repair(bytes: &[u8]) {
    let Some(once) = RepairStep::Header.apply(&draft(bytes), 0) else { return };
    assert!(once.bytes.len() <= bytes.len() * 20 + 1_000, "{} from {}", once.bytes.len(), bytes.len());
    assert!(once.bytes.as_slice() != bytes, "a repair that changes nothing");
    if once.bytes.split(|byte| *byte == b'\n').any(|line| line.len() > MAX_LINE_BYTES) {
        return;
    }
    let twice = RepairStep::Header.apply(&once, 0);
    assert!(twice.is_none(), "{:?} becomes {:?}", once.bytes, twice.map(|draft| draft.bytes));
}

fn byte_repairs(bytes: &[u8]) {
    if let Some(once) = RepairStep::LineEnds.apply(&draft(bytes), 0) {
        assert!(once.bytes.len() <= bytes.len() * 2 + 2);
        assert_eq!(RepairStep::LineEnds.apply(&once, 0), None);
    }
    if let Some(once) = RepairStep::Nul.apply(&draft(bytes), 0) {
        assert!(once.bytes.len() <= bytes.len() * 6 + 4_000, "{} from {}", once.bytes.len(), bytes.len());
        assert_eq!(RepairStep::Nul.apply(&once, 0), None);
    }
}

fn other_repairs(bytes: &[u8]) {
    for step in RepairStep::ALL {
        let Some(once) = step.apply(&draft(bytes), 1_700_000_000) else { continue };
        assert!(
            once.bytes.len() <= bytes.len() * 20 + 4_000,
            "{step:?}: {} from {}",
            once.bytes.len(),
            bytes.len()
        );
        // The ladder goes on from any of them.
        for next in RepairStep::ALL.into_iter().filter(|next| *next > step) {
            let _repaired = next.apply(&once, 1_700_000_000);
        }
    }
}

fn headers(bytes: &[u8]) {
    let key = identity_key(bytes);
    assert_eq!(identity_key(bytes), key);
    // Nothing behind the header counts, and servers may write line ends either way.
    if bytes.ends_with(b"\r\n\r\n") && !bytes.starts_with(b"\r\n") {
        assert_eq!(identity_key(&[bytes, b"Subject: in the body\r\n"].concat()), key);
    }
}

fn dates(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    if let Some(seconds) = internal_date_secs(&text) {
        // Years 0 to 9999 and every zone.
        assert!((-63_000_000_000..260_000_000_000).contains(&seconds), "{text:?}: {seconds}");
    }
}

fn folders(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let path = FolderPath(text.splitn(LEVELS, '/').map(str::to_owned).collect());
    let _known = special_use_by_name(&path);
    for delimiter in ['/', '.', '\\'] {
        let rules = DestinationRules { delimiter: Some(delimiter), ..DestinationRules::default() };
        let (clean, _) = clean_destination(&path, &rules);
        let is_safe = |part: &String| {
            !part.is_empty() && !part.contains(delimiter) && !part.chars().any(char::is_control)
        };
        assert!(clean.0.iter().all(is_safe), "{path:?} becomes {clean:?}");
        assert_eq!(clean_destination(&clean, &rules).0, clean, "cleaning again changes the name");
        let source = SourceFolder {
            path: path.clone(),
            raw: text.clone().into_owned(),
            special_use: None,
            is_selectable: true,
            messages: 1,
            bytes: Bytes(1),
            ..SourceFolder::default()
        };
        assert_eq!(map_folders(&[source], &[], &rules).folders.len(), 1);
    }
}

fn tables(bytes: &[u8]) {
    match parse_mailboxes(bytes) {
        Ok(rows) => assert!(rows.len() <= bytes.len()),
        Err(error) => assert!(error.to_string().len() <= bytes.len() * 4 + 1_000),
    }
}

#[cfg(test)]
#[test]
fn no_bytes_cause_a_panic() {
    crate::mutate::run_all(TARGETS);
}
