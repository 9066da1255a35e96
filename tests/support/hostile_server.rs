//! A server that copies fine until one phase, in which it does harm; for either side of a copy.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail the test")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// When the harm is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    Greeting,
    SignIn,
    List,
    Open,
    Facts,
    Bodies,
    Append,
    Logout,
}

/// What is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Harm {
    /// A literal of four gigabytes is announced, and bytes come as long as they are taken.
    GiantLiteral,
    /// A literal is shorter than announced: what follows is eaten.
    WrongLength,
    /// One line that never ends.
    EndlessLine,
    /// Short untagged lines without end.
    EndlessReplies,
    /// Untagged lines of half a megabyte without end.
    EndlessLongReplies,
    /// Ends of commands that nobody sent, without end.
    WrongTags,
    /// The end of the first command, without end.
    OldTag,
    /// Control characters, NULs and escape sequences in every place.
    ControlCharacters,
    /// BYE, and the connection ends.
    Bye,
    /// Message data that nobody asked for, without end.
    ForeignData,
}

impl Harm {
    /// All of them.
    pub const ALL: [Self; 10] = [
        Self::GiantLiteral,
        Self::WrongLength,
        Self::EndlessLine,
        Self::EndlessReplies,
        Self::EndlessLongReplies,
        Self::WrongTags,
        Self::OldTag,
        Self::ControlCharacters,
        Self::Bye,
        Self::ForeignData,
    ];
}

/// The message that the server has.
const MESSAGE: &[u8] = b"Message-ID: <1@hostile.example>\r\nSubject: one\r\n\r\nOne.\r\n";

/// A running server.
pub struct HostileServer {
    pub port: u16,
    /// Whether the phase was reached and the harm begun.
    pub has_struck: Arc<AtomicBool>,
}

impl HostileServer {
    /// Serves a folder `name`, with one message where there is mail, and does harm in this phase.
    pub fn start(phase: Phase, harm: Harm, name: &'static str, has_mail: bool) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let has_struck = Arc::new(AtomicBool::new(false));
        let struck = Arc::clone(&has_struck);
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(stream) = stream else { return };
                let struck = Arc::clone(&struck);
                std::thread::spawn(move || {
                    let reader = BufReader::new(stream.try_clone().unwrap());
                    let _ended = Dialogue { stream, reader, phase, harm, name, has_mail, struck }.run();
                });
            }
        });
        Self { port, has_struck }
    }
}

struct Dialogue {
    stream: TcpStream,
    reader: BufReader<TcpStream>,
    phase: Phase,
    harm: Harm,
    name: &'static str,
    has_mail: bool,
    struck: Arc<AtomicBool>,
}

fn phase_of(command: &str) -> Option<Phase> {
    let word = command.split(' ').next().unwrap_or_default().to_ascii_uppercase();
    Some(match word.as_str() {
        "AUTHENTICATE" | "LOGIN" => Phase::SignIn,
        // The LIST that proves the sign-in names the inbox.
        "LIST" if !command.ends_with("INBOX") => Phase::List,
        "EXAMINE" | "SELECT" => Phase::Open,
        "UID" if command.contains("BODY.PEEK[]") => Phase::Bodies,
        "UID" => Phase::Facts,
        "APPEND" => Phase::Append,
        "LOGOUT" => Phase::Logout,
        _ => return None,
    })
}

impl Dialogue {
    fn run(mut self) -> std::io::Result<()> {
        if self.phase == Phase::Greeting {
            self.do_harm("F1")?;
        }
        self.stream.write_all(b"* OK [CAPABILITY IMAP4rev1 LITERAL+ UIDPLUS] ready\r\n")?;
        loop {
            let mut line = String::new();
            if self.reader.read_line(&mut line)? == 0 {
                return Ok(());
            }
            let line = line.trim_end().to_owned();
            let (tag, command) = line.split_once(' ').unwrap_or((&line, ""));
            if let Some((_, length)) = command.rsplit_once('{') {
                let length: u64 = length.trim_end_matches(['}', '+']).parse().unwrap_or(0);
                std::io::copy(&mut (&mut self.reader).take(length), &mut std::io::sink())?;
                self.reader.read_line(&mut String::new())?;
            }
            if phase_of(command) == Some(self.phase) {
                self.do_harm(tag)?;
            }
            let answer = self.answer(tag, command);
            self.stream.write_all(&answer)?;
        }
    }

    /// Writes for ever, until nobody reads any more.
    fn flood(&mut self, piece: &[u8]) -> std::io::Result<()> {
        let piece = piece.repeat((65_536 / piece.len()).max(1));
        loop {
            self.stream.write_all(&piece)?;
        }
    }

    fn do_harm(&mut self, tag: &str) -> std::io::Result<()> {
        self.struck.store(true, Ordering::Relaxed);
        match self.harm {
            Harm::GiantLiteral => {
                self.stream.write_all(b"* 1 FETCH (UID 1 RFC822.SIZE 50 BODY[] {4294967296}\r\n")?;
                self.flood(b"0123456789abcde\n")
            }
            Harm::WrongLength => {
                self.stream.write_all(b"* 1 FETCH (UID 1 BODY[] {900}\r\nonly this)\r\n")?;
                self.stream.write_all(format!("{tag} OK done\r\n").as_bytes())?;
                // What was promised never comes.
                Err(std::io::ErrorKind::ConnectionAborted.into())
            }
            Harm::EndlessLine => self.flood(b"x"),
            Harm::EndlessReplies => self.flood(b"* 1 EXISTS\r\n"),
            Harm::EndlessLongReplies => {
                let line = [&b"* LIST () \"/\" "[..], &vec![b'n'; 500_000], b"\r\n"].concat();
                self.flood(&line)
            }
            Harm::WrongTags => self.flood(b"X9 OK done\r\n"),
            Harm::OldTag => self.flood(b"F1 OK [READ-WRITE] done\r\n"),
            Harm::ControlCharacters => self.stream.write_all(
                b"* LIST (\\\0x) \"\0\" \"a\0\x1b]0;owned\x07\x1b[2J\r\x08b\"\r\n* OK [ALERT] \x1b[31mred\0\x07\r\n* STATUS \"\0\" (MESSAGES \0)\r\n",
            ),
            Harm::Bye => {
                self.stream.write_all(b"* BYE \x1b[2Jgoing\0 down\r\n")?;
                Err(std::io::ErrorKind::ConnectionAborted.into())
            }
            Harm::ForeignData => {
                let message = [&b"* 7 FETCH (UID 70000 FLAGS (\\Seen) RFC822.SIZE 9 BODY[] {100000}\r\n"[..], &vec![b'm'; 100_000], b")\r\n"];
                self.flood(&message.concat())
            }
        }
    }

    fn answer(&self, tag: &str, command: &str) -> Vec<u8> {
        let word = command.split(' ').next().unwrap_or_default().to_ascii_uppercase();
        let (name, count) = (self.name, u32::from(self.has_mail));
        let mut untagged = match word.as_str() {
            "CAPABILITY" => b"* CAPABILITY IMAP4rev1 LITERAL+ UIDPLUS\r\n".to_vec(),
            "LIST" => format!("* LIST () \"/\" INBOX\r\n* LIST () \"/\" \"{name}\"\r\n").into_bytes(),
            "STATUS" => {
                let folder = command.get(7..).and_then(|rest| rest.rsplit_once(" (")).map_or("INBOX", |(folder, _)| folder);
                format!("* STATUS {folder} (MESSAGES {count} UIDNEXT {} UIDVALIDITY 7)\r\n", count + 1).into_bytes()
            }
            "EXAMINE" | "SELECT" => {
                format!("* {count} EXISTS\r\n* OK [UIDVALIDITY 7] x\r\n* OK [UIDNEXT {}] x\r\n* OK [PERMANENTFLAGS (\\Seen \\*)] x\r\n", count + 1).into_bytes()
            }
            "UID" if self.has_mail => fetched(command),
            _ => Vec::new(),
        };
        let code = if word == "APPEND" { "[APPENDUID 7 1] " } else { "" };
        untagged.extend(format!("{tag} OK {code}done\r\n").bytes());
        untagged
    }
}

/// The message with everything that was asked for.
fn fetched(command: &str) -> Vec<u8> {
    let mut reply = b"* 1 FETCH (UID 1 FLAGS (\\Seen)".to_vec();
    reply.extend(
        format!(" INTERNALDATE \"01-Jan-2024 10:00:00 +0000\" RFC822.SIZE {}", MESSAGE.len()).bytes(),
    );
    let section = if command.contains("BODY.PEEK[]<") {
        Some("BODY[]<0>")
    } else if command.contains("BODY.PEEK[]") {
        Some("BODY[]")
    } else {
        command.contains("HEADER.FIELDS").then_some("BODY[HEADER.FIELDS (MESSAGE-ID)]")
    };
    if let Some(section) = section {
        reply.extend(format!(" {section} {{{}}}\r\n", MESSAGE.len()).bytes());
        reply.extend_from_slice(MESSAGE);
    }
    reply.extend_from_slice(b")\r\n");
    reply
}
