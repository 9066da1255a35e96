//! Folder names, headers, dates and mailbox tables, for any bytes. Built for tests and for `cargo fuzz` only.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "targets fail where something does not hold"
)]

use super::folder_words::special_use_by_name;
use super::{
    DestinationRules, FolderPath, SourceFolder, clean_destination, identity_key, internal_date_secs,
    map_folders, parse_mailboxes,
};
use crate::mutate::Target;
use crate::values::Bytes;

/// The targets of this room.
pub const TARGETS: &[Target] = &[
    Target { name: "plan: headers", examples: HEADERS, read: headers },
    Target { name: "plan: dates", examples: DATES, read: dates },
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
fn any_bytes_are_survived() {
    crate::mutate::run_all(TARGETS);
}
