//! A server that copies fine until one phase, in which it does harm; for either side of a copy.
#![allow(clippy::unwrap_used, clippy::panic, reason = "helpers of tests fail the test")]

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

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
    /// A description of a message that is nested 5,000 deep, which nobody asked for.
    DeepStructure,
    /// Answers of other kinds that are nested as deep, with something between the parentheses.
    DeepAnswers,
    /// Replies that no command asks for, without end.
    UnaskedReplies,
    /// BAD without a tag, and no answer.
    UntaggedBad,
    /// From here on every message and folder has nearly two to the power of 63 bytes.
    HugeSizes,
    /// From here on 80 bytes a second, without end. Costs time, so it has a test of its own.
    Drip,
}

/// What is said with BAD.
pub const BAD_WORDS: &str = "no such thing here";

impl Harm {
    /// All of them.
    pub const ALL: [Self; 15] = [
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
        Self::DeepStructure,
        Self::DeepAnswers,
        Self::UnaskedReplies,
        Self::UntaggedBad,
        Self::HugeSizes,
    ];
}

/// The message that the server has.
pub const MESSAGE: &[u8] = b"Message-ID: <1@hostile.example>\r\nSubject: one\r\n\r\nOne.\r\n";

/// Messages that were appended, by user.
pub type Delivered = BTreeMap<String, Vec<Vec<u8>>>;

/// A running server.
pub struct HostileServer {
    pub port: u16,
    /// Whether the phase was reached and the harm begun.
    pub has_struck: Arc<AtomicBool>,
    pub delivered: Arc<Mutex<Delivered>>,
}

impl HostileServer {
    /// Serves a folder `name`, with one message where there is mail, and does harm in this phase.
    pub fn start(phase: Phase, harm: Harm, name: &'static str, has_mail: bool) -> Self {
        Self::start_for(None, phase, harm, (name, has_mail))
    }

    /// The same, but harm is done to this user alone, behind the sign-in.
    pub fn start_for(
        victim: Option<&'static str>,
        phase: Phase,
        harm: Harm,
        (name, has_mail): (&'static str, bool),
    ) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let server = Self { port, has_struck: Arc::default(), delivered: Arc::default() };
        let (struck, delivered) = (Arc::clone(&server.has_struck), Arc::clone(&server.delivered));
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let Ok(stream) = stream else { return };
                let (struck, delivered) = (Arc::clone(&struck), Arc::clone(&delivered));
                std::thread::spawn(move || {
                    let reader = BufReader::new(stream.try_clone().unwrap());
                    let (user, size) = (String::new(), MESSAGE.len() as u64);
                    let dialogue = Dialogue {
                        stream,
                        reader,
                        phase,
                        harm,
                        name,
                        has_mail,
                        struck,
                        victim,
                        user,
                        size,
                        delivered,
                    };
                    let _ended = dialogue.run();
                });
            }
        });
        server
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
    victim: Option<&'static str>,
    user: String,
    /// The size that is told of the message.
    size: u64,
    delivered: Arc<Mutex<Delivered>>,
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
            if let Some(user) = command.strip_prefix("LOGIN ").and_then(|rest| rest.split(' ').next()) {
                user.trim_matches('"').clone_into(&mut self.user);
            }
            let mut message = Vec::new();
            if let Some((_, length)) = command.rsplit_once('{') {
                let length: u64 = length.trim_end_matches(['}', '+']).parse().unwrap_or(0);
                (&mut self.reader).take(length).read_to_end(&mut message)?;
                self.reader.read_line(&mut String::new())?;
            }
            if phase_of(command) == Some(self.phase) && self.victim.is_none_or(|victim| victim == self.user) {
                self.do_harm(tag)?;
            }
            if command.starts_with("APPEND") {
                self.delivered.lock().unwrap().entry(self.user.clone()).or_default().push(message);
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
            Harm::DeepStructure => {
                let begin = "* 1 FETCH (UID 1 BODYSTRUCTURE (\"TEXT\" \"PLAIN\" NIL NIL NIL \"7BIT\" 1 1 NIL NIL NIL NIL ";
                let line = format!("{begin}{}{}))\r\n", "(1 ".repeat(5_000), ")".repeat(5_000));
                self.stream.write_all(line.as_bytes())
            }
            Harm::DeepAnswers => {
                for begin in ["* STATUS x ", "* LIST () NIL ", "* NAMESPACE ", "* 1 FETCH (FLAGS () ENVELOPE "] {
                    let deep = "( \"x\" (a) ".repeat(5_000);
                    self.stream.write_all(format!("{begin}{deep}\r\n").as_bytes())?;
                }
                Ok(())
            }
            Harm::UnaskedReplies => self.flood(b"* XYZZY on and on\r\n* QUOTA \"\" (STORAGE 1 2)\r\n* 2 FETCH (BODY[] {3}\r\nabc)\r\n"),
            Harm::UntaggedBad => {
                self.stream.write_all(format!("* BAD [CLIENTBUG] {BAD_WORDS}\r\n").as_bytes())?;
                self.wait_for_the_end()
            }
            Harm::HugeSizes => {
                self.size = (1 << 63) - 1;
                Ok(())
            }
            Harm::Drip => loop {
                self.stream.write_all(&[b'x'; 80])?;
                std::thread::sleep(Duration::from_secs(1));
            },
        }
    }

    /// Says nothing more until the other side has gone.
    fn wait_for_the_end(&mut self) -> std::io::Result<()> {
        std::io::copy(&mut self.reader, &mut std::io::sink())?;
        Err(std::io::ErrorKind::ConnectionAborted.into())
    }

    fn answer(&self, tag: &str, command: &str) -> Vec<u8> {
        let word = command.split(' ').next().unwrap_or_default().to_ascii_uppercase();
        let (name, count) = (self.name, u32::from(self.has_mail));
        let mut untagged = match word.as_str() {
            "CAPABILITY" => b"* CAPABILITY IMAP4rev1 LITERAL+ UIDPLUS\r\n".to_vec(),
            "LIST" => format!("* LIST () \"/\" INBOX\r\n* LIST () \"/\" \"{name}\"\r\n").into_bytes(),
            "STATUS" => {
                let folder = command.get(7..).and_then(|rest| rest.rsplit_once(" (")).map_or("INBOX", |(folder, _)| folder);
                format!("* STATUS {folder} (MESSAGES {count} UIDNEXT {} UIDVALIDITY 7 SIZE {})\r\n", count + 1, self.size).into_bytes()
            }
            "EXAMINE" | "SELECT" => {
                format!("* {count} EXISTS\r\n* OK [UIDVALIDITY 7] x\r\n* OK [UIDNEXT {}] x\r\n* OK [PERMANENTFLAGS (\\Seen \\*)] x\r\n", count + 1).into_bytes()
            }
            "UID" if self.has_mail => fetched(command, self.size),
            _ => Vec::new(),
        };
        let code = if word == "APPEND" { "[APPENDUID 7 1] " } else { "" };
        untagged.extend(format!("{tag} OK {code}done\r\n").bytes());
        untagged
    }
}

/// The message with everything that was asked for.
fn fetched(command: &str, size: u64) -> Vec<u8> {
    let mut reply = b"* 1 FETCH (UID 1 FLAGS (\\Seen)".to_vec();
    reply.extend(format!(" INTERNALDATE \"01-Jan-2024 10:00:00 +0000\" RFC822.SIZE {size}").bytes());
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
