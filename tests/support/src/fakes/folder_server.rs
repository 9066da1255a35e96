//! A server with several folders whose names are any bytes, and that does harm at single ones.
#![allow(clippy::similar_names, reason = "shelf and self are told apart well enough")]

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use mailferry::imap::Access;
use mailferry::values::Security;

use crate::fakes::odd_imap::{State, Stored, fetch};

/// What the server does with a command in place of what it should.
pub enum Harm {
    /// NO with these words.
    No(&'static str),
    /// BYE with these words, and the connection ends.
    Bye(&'static str),
    /// The connection ends.
    Cut,
    /// BAD with these words.
    Bad(&'static str),
    /// OK, and nothing before it.
    Nothing,
    /// No answer, and the connection stays.
    Silence,
    /// The folder gets another UIDVALIDITY first; then what was asked for.
    MadeAnew,
}

/// The end of an answer that never comes.
const NEVER: &str = "never";

/// A folder.
pub struct Shelf {
    /// The name in commands.
    pub name: Vec<u8>,
    /// The name as LIST writes it, with its quotes; empty: it is not listed.
    pub listed: Vec<u8>,
    pub attributes: &'static str,
    pub mail: State,
}

/// A folder that is listed in quotes, with these messages.
pub fn shelf(name: &[u8], messages: impl IntoIterator<Item = Stored>) -> Shelf {
    let escaped: Vec<u8> = name
        .iter()
        .flat_map(|byte| [b'\\', *byte].into_iter().skip(usize::from(!b"\\\"".contains(byte))))
        .collect();
    Shelf { listed: [b"\"", escaped.as_slice(), b"\""].concat(), ..written(name, name, messages) }
}

/// A folder that is listed as it stands here.
pub fn written(name: &[u8], listed: &[u8], messages: impl IntoIterator<Item = Stored>) -> Shelf {
    let mail = State { messages: (1..).zip(messages).collect(), uid_validity: 7, ..State::default() };
    Shelf { name: name.to_vec(), listed: listed.to_vec(), attributes: "", mail }
}

type Judge = Box<dyn Fn(&str, &[u8], &[Vec<u8>]) -> Option<Harm> + Send>;

struct Held {
    shelves: Vec<Shelf>,
    capabilities: &'static str,
    /// Asked about each command with the folder that it names, and the names of all folders.
    judge: Judge,
    commands: Vec<String>,
}

/// The running server.
#[derive(Clone)]
pub struct FolderServer {
    pub port: u16,
    held: Arc<Mutex<Held>>,
}

impl FolderServer {
    /// Serves these folders and harms nobody.
    pub fn start(shelves: Vec<Shelf>) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Held {
            shelves,
            capabilities: "IMAP4rev1 LITERAL+ UIDPLUS",
            judge: Box::new(|_, _, _| None),
            commands: Vec::new(),
        };
        let server = Self { port, held: Arc::new(Mutex::new(state)) };
        let shared = server.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (stream, server) = (stream.unwrap(), shared.clone());
                // Answers go in two parts, which must not wait for each other.
                stream.set_nodelay(true).unwrap();
                std::thread::spawn(move || {
                    let reader = BufReader::new(stream.try_clone().unwrap());
                    let _ended = Line { server, stream, reader, opened: None }.serve();
                });
            }
        });
        server
    }

    /// Does harm from now on: asked with the command, the folder that it names, and the folders that there are.
    pub fn harm(&self, judge: impl Fn(&str, &[u8], &[Vec<u8>]) -> Option<Harm> + Send + 'static) {
        self.held.lock().unwrap().judge = Box::new(judge);
    }

    /// Announces these capabilities.
    pub fn announce(&self, capabilities: &'static str) {
        self.held.lock().unwrap().capabilities = capabilities;
    }

    /// The way in. A server that has trouble is asked once more without a wait worth the name.
    pub fn access(&self) -> Access {
        let mut access = crate::servers::dovecot::access(self.port, Security::Clear, "anna");
        access.timeouts.again = std::time::Duration::from_millis(1);
        access
    }

    /// Commands as they came, without tags and literals.
    pub fn commands(&self) -> Vec<String> {
        self.held.lock().unwrap().commands.clone()
    }

    /// Names of the folders with how many messages each has, sorted.
    pub fn counts(&self) -> Vec<(String, usize)> {
        let state = self.held.lock().unwrap();
        let count =
            |shelf: &Shelf| (String::from_utf8_lossy(&shelf.name).into_owned(), shelf.mail.messages.len());
        let mut counts: Vec<_> = state.shelves.iter().map(count).collect();
        counts.sort();
        counts
    }

    /// Takes a folder away.
    pub fn remove(&self, name: &str) {
        self.held.lock().unwrap().shelves.retain(|shelf| shelf.name != name.as_bytes());
    }

    /// Lists a folder with these attributes from now on.
    pub fn mark(&self, name: &str, attributes: &'static str) {
        let mut held = self.held.lock().unwrap();
        let shelf = held.shelves.iter_mut().find(|shelf| shelf.name == name.as_bytes()).unwrap();
        shelf.attributes = attributes;
    }

    /// LIST leaves out this folder from now on, which stays as it is.
    pub fn hide(&self, name: &str) {
        let mut state = self.held.lock().unwrap();
        let shelf = state.shelves.iter_mut().find(|shelf| shelf.name == name.as_bytes()).unwrap();
        shelf.listed.clear();
    }

    /// Takes a message out of a folder.
    pub fn take_out(&self, name: &str, uid: u32) {
        let mut state = self.held.lock().unwrap();
        let shelf = state.shelves.iter_mut().find(|shelf| shelf.name == name.as_bytes()).unwrap();
        shelf.mail.messages.remove(&uid).unwrap();
    }

    /// Puts one more message into a folder.
    pub fn deliver(&self, name: &str, message: Stored) {
        let mut state = self.held.lock().unwrap();
        let shelf = state.shelves.iter_mut().find(|shelf| shelf.name == name.as_bytes()).unwrap();
        let uid = shelf.mail.messages.keys().last().map_or(1, |uid| uid + 1);
        shelf.mail.messages.insert(uid, message);
    }
}

struct Line {
    server: FolderServer,
    stream: TcpStream,
    reader: BufReader<TcpStream>,
    opened: Option<Vec<u8>>,
}

/// The first astring of some arguments, and what is behind it.
fn name_of(arguments: &[u8]) -> (Vec<u8>, Vec<u8>) {
    if arguments.first() == Some(&b'"') {
        let (mut name, mut at) = (Vec::new(), 1);
        while arguments[at] != b'"' {
            at += usize::from(arguments[at] == b'\\');
            name.push(arguments[at]);
            at += 1;
        }
        return (name, arguments[at + 1..].to_vec());
    }
    if arguments.first() == Some(&b'{') {
        let end = arguments.iter().position(|byte| *byte == b'\n').unwrap();
        let length = String::from_utf8_lossy(&arguments[1..end]);
        let length: usize = length.trim_end_matches(['}', '+', '\r']).parse().unwrap();
        return (arguments[end + 1..=end + length].to_vec(), arguments[end + 1 + length..].to_vec());
    }
    let end = arguments.iter().position(|byte| *byte == b' ').unwrap_or(arguments.len());
    (arguments[..end].to_vec(), arguments[end..].to_vec())
}

impl Line {
    fn serve(mut self) -> std::io::Result<()> {
        self.stream.write_all(b"* OK ready\r\n")?;
        loop {
            let mut line = Vec::new();
            if self.reader.read_until(b'\n', &mut line)? == 0 {
                return Ok(());
            }
            // Literals in names come with the command; that of a message is the last thing of an APPEND.
            while let Some(length) = literal_length(&line).filter(|_| is_in_name(&line)) {
                let mut literal = vec![0; length];
                self.reader.read_exact(&mut literal)?;
                line.extend_from_slice(&literal);
                self.reader.read_until(b'\n', &mut line)?;
            }
            let message = match literal_length(&line) {
                Some(length) => {
                    let mut literal = vec![0; length];
                    self.reader.read_exact(&mut literal)?;
                    self.reader.read_until(b'\n', &mut Vec::new())?;
                    Some(literal)
                }
                None => None,
            };
            let line = line.strip_suffix(b"\r\n").unwrap().to_vec();
            let blank = line.iter().position(|byte| *byte == b' ').unwrap();
            let (tag, command) = (String::from_utf8_lossy(&line[..blank]).into_owned(), &line[blank + 1..]);
            let Some((untagged, tagged)) = self.answer(command, message) else { return Ok(()) };
            if tagged == NEVER {
                continue;
            }
            self.stream.write_all(&untagged)?;
            if tagged.is_empty() {
                return Ok(());
            }
            self.stream.write_all(format!("{tag} {tagged}\r\n").as_bytes())?;
        }
    }

    /// Untagged lines and the tagged end; an empty end says goodbye.
    fn answer(&mut self, command: &[u8], message: Option<Vec<u8>>) -> Option<(Vec<u8>, String)> {
        let server = self.server.clone();
        let mut state = server.held.lock().unwrap();
        let text = String::from_utf8_lossy(command).into_owned();
        state.commands.push(text.clone());
        let (word, arguments) =
            command.split_at(command.iter().position(|b| *b == b' ').unwrap_or(command.len()));
        let word = String::from_utf8_lossy(word).to_ascii_uppercase();
        let names: Vec<Vec<u8>> = state.shelves.iter().map(|shelf| shelf.name.clone()).collect();
        let names_folder = ["STATUS", "EXAMINE", "SELECT", "CREATE", "APPEND"].contains(&word.as_str());
        let name = match &self.opened {
            _ if names_folder => name_of(&arguments[1..]).0,
            Some(opened) if word == "UID" => opened.clone(),
            _ => Vec::new(),
        };
        match (state.judge)(&word, &name, &names) {
            Some(Harm::No(words)) => return Some((Vec::new(), format!("NO {words}"))),
            Some(Harm::Bye(words)) => {
                return Some((format!("* BYE {words}\r\n").into_bytes(), String::new()));
            }
            Some(Harm::Cut) => return None,
            Some(Harm::Bad(words)) => return Some((Vec::new(), format!("BAD {words}"))),
            Some(Harm::Nothing) => return Some((Vec::new(), "OK done".to_owned())),
            Some(Harm::Silence) => return Some((Vec::new(), NEVER.to_owned())),
            Some(Harm::MadeAnew) => {
                let shelf = state.shelves.iter_mut().find(|shelf| shelf.name == name)?;
                shelf.mail.uid_validity += 1;
            }
            None => {}
        }
        let done = |lines: String| Some((lines.into_bytes(), "OK done".to_owned()));
        let at = state.shelves.iter().position(|shelf| shelf.name == name);
        match word.as_str() {
            "CAPABILITY" => done(format!("* CAPABILITY {}\r\n", state.capabilities)),
            "LIST" if text.ends_with("\"*\"") => Some((list_of(&state.shelves), "OK done".to_owned())),
            "NAMESPACE" => done("* NAMESPACE ((\"\" \"/\")) NIL NIL\r\n".to_owned()),
            "LIST" if text == "LIST \"\" \"\"" => done("* LIST (\\Noselect) \"/\" \"\"\r\n".to_owned()),
            "CREATE" if at.is_some() => Some((Vec::new(), "NO [ALREADYEXISTS] it exists already".to_owned())),
            "CREATE" => {
                state.shelves.push(shelf(&name, []));
                done(String::new())
            }
            "STATUS" | "EXAMINE" | "SELECT" | "APPEND" if at.is_none() => {
                Some((Vec::new(), "NO [NONEXISTENT] no such folder".to_owned()))
            }
            "STATUS" => {
                let shelf = &state.shelves[at?];
                let next = shelf.mail.messages.keys().last().map_or(1, |uid| uid + 1);
                let mut lines = b"* STATUS ".to_vec();
                lines.extend_from_slice(if shelf.listed.is_empty() { &shelf.name } else { &shelf.listed });
                let (count, validity) = (shelf.mail.messages.len(), shelf.mail.uid_validity);
                lines.extend_from_slice(
                    format!(" (MESSAGES {count} UIDNEXT {next} UIDVALIDITY {validity})\r\n").as_bytes(),
                );
                Some((lines, "OK done".to_owned()))
            }
            "EXAMINE" | "SELECT" => {
                let State { messages, uid_validity, .. } = &state.shelves[at?].mail;
                let next = messages.keys().last().map_or(1, |uid| uid + 1);
                let count = messages.len();
                self.opened = Some(name);
                done(format!(
                    "* {count} EXISTS\r\n* OK [UIDVALIDITY {uid_validity}] x\r\n* OK [UIDNEXT {next}] x\r\n\
                     * OK [PERMANENTFLAGS (\\Seen \\Flagged \\*)] x\r\n"
                ))
            }
            "APPEND" => {
                let messages = &mut state.shelves[at?].mail.messages;
                let uid = messages.keys().last().map_or(1, |uid| uid + 1);
                let date = text.rsplit('"').nth(1).filter(|date| date.contains('-')).unwrap_or_default();
                let flags = text.rsplit(['(', ')']).nth(1).unwrap_or_default().to_owned();
                messages.insert(uid, Stored { bytes: message?, flags, date: date.to_owned() });
                Some((Vec::new(), format!("OK [APPENDUID 7 {uid}] done")))
            }
            "UID" | "FETCH" => {
                let opened = self.opened.clone()?;
                let shelf = state.shelves.iter_mut().find(|shelf| shelf.name == opened)?;
                fetch(&mut shelf.mail, &text)
            }
            _ => done(String::new()),
        }
    }
}

/// The lines of LIST.
fn list_of(shelves: &[Shelf]) -> Vec<u8> {
    let mut lines = Vec::new();
    for shelf in shelves.iter().filter(|shelf| !shelf.listed.is_empty()) {
        lines.extend_from_slice(format!("* LIST ({}) \"/\" ", shelf.attributes).as_bytes());
        lines.extend_from_slice(&shelf.listed);
        lines.extend_from_slice(b"\r\n");
    }
    lines
}

/// Whether the literal that a line ends with is the first thing behind the command.
fn is_in_name(line: &[u8]) -> bool {
    let text = String::from_utf8_lossy(line);
    text.rsplit_once('{').is_some_and(|(before, _)| before.split_ascii_whitespace().count() == 2)
}

/// The length of the literal that a line ends with.
fn literal_length(line: &[u8]) -> Option<usize> {
    let text = line.strip_suffix(b"}\r\n")?;
    let open = text.iter().rposition(|byte| *byte == b'{')?;
    String::from_utf8_lossy(&text[open + 1..]).trim_end_matches('+').parse().ok()
}
