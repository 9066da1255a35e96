//! A plain IMAP client for tests, independent of the one that is tested: one command at a time, clear text, loopback.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;

use data_encoding::BASE64;
use sha2::{Digest as _, Sha256};

use crate::servers::dovecot::PASSWORD;

/// A message as a comparison sees it: folder, SHA-256 of its bytes, flags, INTERNALDATE.
pub type Seen = (String, String, Vec<String>, String);

/// A message that a server holds.
pub struct Held {
    /// Flags and keywords, sorted.
    pub flags: Vec<String>,
    /// INTERNALDATE.
    pub date: String,
    /// The message.
    pub bytes: Vec<u8>,
}

/// One connection.
pub struct PlainImap {
    stream: BufReader<TcpStream>,
    number: u32,
}

/// A message to be stored.
#[derive(Clone, Debug)]
pub struct Mail {
    /// Folder as the server spells it.
    pub folder: String,
    /// Flags and keywords.
    pub flags: Vec<&'static str>,
    /// INTERNALDATE.
    pub date: String,
    /// The message.
    pub bytes: Vec<u8>,
}

impl PlainImap {
    /// Connects and signs in.
    pub fn open(port: u16, user: &str) -> Self {
        Self::try_open(port, user).unwrap()
    }

    /// Connects and signs in by the mechanism LOGIN, for servers that have no other.
    pub fn open_by_mechanism(port: u16, user: &str) -> Self {
        let stream = BufReader::new(TcpStream::connect(("127.0.0.1", port)).unwrap());
        let mut client = Self { stream, number: 0 };
        client.line();
        for line in
            ["m AUTHENTICATE LOGIN", &BASE64.encode(user.as_bytes()), &BASE64.encode(PASSWORD.as_bytes())]
        {
            client.stream.get_mut().write_all(format!("{line}\r\n").as_bytes()).unwrap();
            let answer = client.line();
            assert!(
                answer.starts_with('+') || answer.starts_with("m OK") || answer.starts_with("* CAPABILITY"),
                "{answer}"
            );
            if answer.starts_with('*') {
                client.line();
            }
        }
        client
    }

    /// Connects and signs in, or returns the server's refusal.
    pub fn try_open(port: u16, user: &str) -> Result<Self, String> {
        let stream = BufReader::new(TcpStream::connect(("127.0.0.1", port)).unwrap());
        let mut client = Self { stream, number: 0 };
        client.line();
        let password = PASSWORD.replace('"', "\\\"");
        client.try_run(format!("LOGIN {user} \"{password}\"").as_bytes())?;
        Ok(client)
    }

    fn line(&mut self) -> String {
        let mut line = Vec::new();
        self.stream.read_until(b'\n', &mut line).unwrap();
        String::from_utf8_lossy(&line).trim_end().to_owned()
    }

    /// Runs a command; untagged lines come with the literals that followed them.
    pub fn run(&mut self, command: &str) -> Vec<(String, Vec<u8>)> {
        self.try_run(command.as_bytes()).unwrap_or_else(|refusal| panic!("{command}: {refusal}"))
    }

    fn try_run(&mut self, command: &[u8]) -> Result<Vec<(String, Vec<u8>)>, String> {
        self.try_send(command, None)
    }

    /// Runs a command, which may end with a literal that the server has to ask for.
    fn try_send(&mut self, command: &[u8], literal: Option<&[u8]>) -> Result<Vec<(String, Vec<u8>)>, String> {
        self.number += 1;
        let tag = format!("p{} ", self.number);
        let announced = literal.map(|bytes| format!(" {{{}}}", bytes.len())).unwrap_or_default();
        let socket = self.stream.get_mut();
        socket.write_all(&[tag.as_bytes(), command, announced.as_bytes(), b"\r\n"].concat()).unwrap();
        let mut lines = Vec::new();
        loop {
            let mut line = self.line();
            if line.is_empty() {
                return Err("the server closed the connection".to_owned());
            }
            if let (true, Some(literal)) = (line.starts_with('+'), literal) {
                self.stream.get_mut().write_all(&[literal, b"\r\n"].concat()).unwrap();
                continue;
            }
            if let Some(rest) = line.strip_prefix(&tag) {
                return if rest.starts_with("OK") { Ok(lines) } else { Err(rest.to_owned()) };
            }
            let mut data = Vec::new();
            while let Some(length) = line.strip_suffix('}').and_then(|head| head.rsplit_once('{')) {
                let mut literal = vec![0; length.1.parse().unwrap()];
                self.stream.read_exact(&mut literal).unwrap();
                data.extend_from_slice(&literal);
                line = format!("{} {}", length.0, self.line());
            }
            lines.push((line, data));
        }
    }

    /// Stores messages, making folders as needed.
    pub fn store(&mut self, mails: &[Mail]) {
        for mail in mails {
            self.try_store(mail).unwrap_or_else(|refusal| panic!("{}: {refusal}", mail.folder));
        }
    }

    /// Stores a message, making its folder as needed, or returns the server's refusal.
    pub fn try_store(&mut self, mail: &Mail) -> Result<(), String> {
        let folder = quoted(&mail.folder);
        let command = format!("APPEND {folder} ({}) \"{}\"", mail.flags.join(" "), mail.date);
        let Err(refusal) = self.try_send(command.as_bytes(), Some(&mail.bytes)) else { return Ok(()) };
        if !refusal.contains("TRYCREATE") {
            return Err(refusal);
        }
        self.try_run(format!("CREATE {folder}").as_bytes())?;
        self.try_send(command.as_bytes(), Some(&mail.bytes)).map(|_lines| ())
    }

    /// Makes a folder, or returns the server's refusal.
    pub fn try_create(&mut self, folder: &str) -> Result<(), String> {
        self.try_run(format!("CREATE {}", quoted(folder)).as_bytes()).map(|_lines| ())
    }

    /// Folder names as the server spells them, without quotes.
    pub fn folders(&mut self) -> Vec<String> {
        self.try_folders().unwrap()
    }

    /// The same, or the server's refusal.
    pub fn try_folders(&mut self) -> Result<Vec<String>, String> {
        let lines = self.try_run(b"LIST \"\" \"*\"")?;
        let names = lines
            .iter()
            .filter(|(line, _)| line.starts_with("* LIST ") && !line.to_lowercase().contains("\\noselect"));
        let names = names.map(|(line, data)| {
            if !data.is_empty() {
                return String::from_utf8(data.clone()).unwrap();
            }
            // `* LIST (...) "/" name`, with or without quotes.
            let name = line.split_once(") ").unwrap().1.split_once(' ').unwrap().1.trim();
            match name.strip_prefix('"').and_then(|name| name.strip_suffix('"')) {
                Some(name) => name.replace("\\\"", "\"").replace("\\\\", "\\"),
                None => name.to_owned(),
            }
        });
        Ok(names.collect())
    }

    /// Everything in the mailbox, as a multiset. `rename` gives a folder the name that is compared.
    pub fn multiset(&mut self, rename: impl Fn(&str) -> String) -> BTreeMap<Seen, usize> {
        let mut found = BTreeMap::new();
        for folder in self.folders() {
            for Held { flags, date, bytes } in self.messages(&folder) {
                *found.entry((rename(&folder), digest(&bytes), flags, date)).or_default() += 1;
            }
        }
        found
    }

    /// Everything in a folder; nothing where it cannot be opened or read.
    pub fn messages(&mut self, folder: &str) -> Vec<Held> {
        self.run(&format!("EXAMINE {}", quoted(folder)));
        let Ok(lines) = self.try_run(b"FETCH 1:* (FLAGS INTERNALDATE BODY.PEEK[])") else {
            return Vec::new();
        };
        let lines = lines.into_iter().filter(|(line, _)| line.contains(" FETCH ("));
        lines
            .map(|(line, bytes)| {
                let flags = between(&line, "FLAGS (", ")").split_ascii_whitespace();
                let mut flags: Vec<String> =
                    flags.filter(|flag| *flag != "\\Recent").map(str::to_owned).collect();
                flags.sort_unstable();
                Held { flags, date: between(&line, "INTERNALDATE \"", "\"").to_owned(), bytes }
            })
            .collect()
    }

    /// Message bytes of a folder as SHA-256, in the order of their sequence numbers.
    pub fn order(&mut self, folder: &str) -> Vec<String> {
        self.run(&format!("EXAMINE {}", quoted(folder)));
        self.selected_order()
    }

    /// The same of the folder that is selected, with the numbers that commands on it take until it is left. A server
    /// may give unseen messages another order when the folder is opened again.
    pub fn selected_order(&mut self) -> Vec<String> {
        let Ok(lines) = self.try_run(b"FETCH 1:* (BODY.PEEK[])") else { return Vec::new() };
        let bodies = lines.into_iter().filter(|(line, _)| line.contains(" FETCH ("));
        bodies.map(|(_, body)| digest(&body)).collect()
    }

    /// Messages in a folder.
    pub fn count(&mut self, folder: &str) -> usize {
        let lines = self.run(&format!("STATUS {} (MESSAGES)", quoted(folder)));
        between(&lines[0].0, "MESSAGES ", ")").parse().unwrap()
    }
}

/// SHA-256 of a message, as comparisons show it.
pub fn digest(bytes: &[u8]) -> String {
    data_encoding::HEXLOWER.encode(&Sha256::digest(bytes))
}

/// A quoted string (RFC 3501 section 4.3).
fn quoted(name: &str) -> String {
    format!("\"{}\"", name.replace('\\', "\\\\").replace('"', "\\\""))
}

fn between<'a>(line: &'a str, before: &str, after: &str) -> &'a str {
    let rest = line.split_once(before).unwrap_or_else(|| panic!("no {before:?} in {line:?}")).1;
    rest.split_once(after).unwrap().0
}

/// A mixed mailbox: nested folders, non-ASCII names, keywords, drafts without Message-ID, true duplicates, large mail.
/// `separator` is the server's; `prefix` what its folders begin with.
pub fn mixed_mailbox(count: usize, separator: char, prefix: &str) -> Vec<Mail> {
    let folders = [
        "INBOX",
        "Sent",
        "Drafts",
        "Projekte/2024/M&APw-ller & S&APY-hne".replace(" & ", " &- ").leak(),
        "Deep/a/b/c",
        "Old mail",
    ];
    let mut mails = Vec::new();
    let mut seed = 0x2545_f491_4f6c_dd1d_u64;
    for index in 0..count {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let folder = folders[(seed >> 33) as usize % folders.len()];
        let named = match folder {
            "INBOX" => folder.to_owned(),
            other => format!("{prefix}{}", other.replace('/', &separator.to_string())),
        };
        let mail = Mail {
            folder: named,
            flags: flags_for(seed, folder),
            date: format!(
                "{:>2}-Mar-2023 {:02}:{:02}:{:02} +0100",
                1 + index % 28,
                index % 24,
                index % 60,
                seed % 60
            ),
            bytes: message(index, seed, folder),
        };
        if index % 17 == 3 {
            // A true duplicate stays a duplicate.
            mails.push(mail.clone());
        }
        mails.push(mail);
    }
    mails
}

fn flags_for(seed: u64, folder: &str) -> Vec<&'static str> {
    let mut flags = Vec::new();
    for (bit, flag) in
        ["\\Seen", "\\Answered", "\\Flagged", "$Forwarded", "Projekt-7", "\\Deleted"].iter().enumerate()
    {
        if seed >> (40 + 2 * bit) & 3 == 3 {
            flags.push(*flag);
        }
    }
    if folder == "Drafts" {
        flags.push("\\Draft");
    }
    flags
}

fn message(index: usize, seed: u64, folder: &str) -> Vec<u8> {
    let mut text = String::new();
    if folder != "Drafts" {
        write!(text, "Message-ID: <{index}.{seed:x}@weber.example>\r\n").unwrap();
    }
    write!(
        text,
        "Date: Tue, {} Mar 2023 10:{:02}:00 +0100\r\nFrom: Anna Weber <anna@weber.example>\r\n\
         To: =?utf-8?q?J=C3=B6rg?= <joerg@example.org>\r\nSubject: Nummer\r\n {index}\r\n\r\n",
        1 + index % 28,
        index % 60
    )
    .unwrap();
    let mut bytes = text.into_bytes();
    let length = match index % 50 {
        7 => 700_000,
        13 => 40_000,
        _ => (seed >> 45) as usize % 6_000,
    };
    let mut left = length;
    while left > 0 {
        let line = left.min(72);
        bytes.extend(std::iter::repeat_n(b"abcdefghijklmnopqrstuvwxyz"[left % 26], line));
        bytes.extend_from_slice(b"\r\n");
        left -= line;
    }
    bytes
}

/// A message of this size, for attachments beyond memory.
pub fn large_message(bytes: usize) -> Vec<u8> {
    let mut message = b"Message-ID: <large@weber.example>\r\nSubject: large\r\n\r\n".to_vec();
    while message.len() < bytes {
        message.extend_from_slice(format!("{:076}\r\n", message.len()).as_bytes());
    }
    message
}
