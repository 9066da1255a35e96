//! A small IMAP server with one folder that can be told to misbehave, for what real servers do only on bad days.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use mailferry::imap::{Access, Timeouts};
use mailferry::net::TrustPolicy;
use mailferry::values::{Endpoint, Secret, Security};

/// A stored message.
#[derive(Clone, Debug, Default)]
pub struct Stored {
    pub bytes: Vec<u8>,
    pub flags: String,
    pub date: String,
}

/// How a server answers where pieces of a message are asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Pieces {
    #[default]
    AsAsked,
    /// So many bytes and no more.
    AtMost(usize),
    /// This answer.
    Refused(&'static str),
    /// NIL.
    Nil,
    /// The last one is as long as the others.
    Padded,
    /// There is no end of them.
    PaddedForEver,
    /// `BODY[]<0.100>`.
    WithLength,
    /// `BODY[]` with the right bytes.
    WithoutPlace,
    /// The whole message each time.
    Whole,
    /// The first bytes are others.
    Wrong,
    /// A byte in the middle is another.
    WrongInside,
    /// So many bytes more than were asked for.
    Longer(usize),
}

/// How much room a server has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Quota {
    /// Enough.
    #[default]
    Free,
    /// A message that holds this is stored, and then there is no more, as its answer says.
    FullAfter(&'static str),
    /// None.
    Full,
}

/// Which messages are not taken, and how.
pub type DenyAppend = Box<dyn FnMut(&[u8]) -> Option<Denial> + Send>;

/// What the server holds and how it misbehaves.
#[derive(Default)]
pub struct State {
    pub messages: BTreeMap<u32, Stored>,
    /// EXISTS says so many, whatever there is.
    pub counts: Option<u32>,
    pub capabilities: &'static str,
    pub is_missing: bool,
    /// UIDVALIDITY of its folder.
    pub uid_validity: u32,
    /// `BODY[] NIL` for these.
    pub without_body: BTreeSet<u32>,
    /// No line with facts about headers for these.
    pub without_facts: BTreeSet<u32>,
    /// NO to every request for headers with one of these in it.
    pub refused_facts: BTreeSet<u32>,
    /// The line drops where headers of these are asked for.
    pub cut_facts: BTreeSet<u32>,
    /// The line drops where the bodies of these are asked for.
    pub cut_bodies: BTreeSet<u32>,
    /// Counted, and in no answer to FETCH.
    pub unlisted: BTreeSet<u32>,
    /// So many listings of UIDs leave the last message out.
    pub short_listings: usize,
    /// RFC822.SIZE in place of the true one.
    pub sizes: BTreeMap<u32, u64>,
    /// NIL for pieces that begin at the end of a message.
    pub is_nil_at_end: bool,
    /// Words of the answer to APPEND where it is refused: by size of the message.
    pub refuse_append: Option<Box<dyn Fn(usize) -> Option<&'static str> + Send>>,
    /// Asked about each message that APPEND brings: how it is refused, if it is.
    pub deny_append: Option<DenyAppend>,
    /// The line drops behind an APPEND of a message that holds this.
    pub cut_append: Option<&'static str>,
    /// The line drops behind an APPEND of a message that holds this, once, and the message is not there. With the next
    /// APPEND, which is refused, it comes up without its flags.
    pub bury: Option<&'static str>,
    pub buried: Option<Stored>,
    /// In place of the usual PERMANENTFLAGS; what is not among them is dropped.
    pub permanent_flags: Option<&'static str>,
    /// What is added to each message that is stored.
    pub added: &'static [u8],
    /// Stored messages get this date.
    pub own_date: Option<&'static str>,
    /// OK without APPENDUID.
    pub hides_uids: bool,
    /// What is told in place of the UID that a message has got.
    pub told_uid: Option<fn(u32) -> u32>,
    /// OK to an APPEND of a message that holds this, which is dropped; this other mail arrives instead.
    pub swallow: Option<(&'static str, Stored)>,
    /// OK to APPENDs that are not stored, under a UID that is made up.
    pub swallow_as: Option<SwallowedAs>,
    /// Messages that one APPEND stores twice.
    pub double: Option<Doubled>,
    /// How much room there is.
    pub quota: Quota,
    /// NO to LIST, with these words.
    pub refuse_list: Option<&'static str>,
    /// NO to each question for bytes.
    pub refuse_reading: Option<ReadingRefused>,
    /// The bodies of these two are handed out for each other.
    pub swapped: Option<(u32, u32)>,
    /// Pieces that begin here or further on are left out of answers.
    pub no_pieces_from: Option<usize>,
    /// How pieces are answered for.
    pub pieces: Pieces,
    /// Whole messages of so many bytes or more do not come.
    pub no_whole_from: Option<usize>,
    /// Whole messages end after so many bytes; pieces do not.
    pub cut_whole: BTreeMap<u32, usize>,
    /// Whole messages have so many bytes more than pieces.
    pub padded_whole: BTreeMap<u32, usize>,
    /// Nothing comes for pieces of these that begin where the whole message ends, which is cut.
    pub hidden_rest: BTreeSet<u32>,
    /// What comes as the whole message before the true answer to each question for its bytes.
    pub slipped_in: BTreeMap<u32, Vec<u8>>,
    /// Most messages that one FETCH answers for, the newest of them.
    pub most_per_fetch: Option<FetchLimit>,
    /// Commands as they came, without literals.
    pub commands: Vec<String>,
}

/// APPENDs that are answered with OK and not stored.
#[derive(Clone, Copy, Debug)]
pub struct SwallowedAs {
    /// What the messages hold.
    pub text: &'static str,
    /// The UID that is told for them.
    pub told: u32,
    /// How many times more.
    pub times: usize,
}

/// Messages that one APPEND stores twice.
#[derive(Clone, Copy, Debug)]
pub struct Doubled {
    /// What they hold.
    pub text: &'static str,
    /// Whether the second UID is told, in place of the first.
    pub is_second_told: bool,
}

/// NO to reading.
#[derive(Clone, Copy, Debug)]
pub struct ReadingRefused {
    /// What the server says.
    pub words: &'static str,
    /// Whether it refuses to open the folder as well.
    pub is_opening: bool,
}

/// How many messages one FETCH answers for.
#[derive(Clone, Copy, Debug)]
pub struct FetchLimit {
    /// The number.
    pub most: usize,
    /// Whether the answer says so (RFC 9738).
    pub is_told: bool,
}

/// The answer to an APPEND beyond the quota.
const FULL: &str = "NO [OVERQUOTA] the mailbox is full";

/// A refusal of an APPEND.
#[derive(Clone, Copy, Debug)]
pub struct Denial {
    /// The answer behind the tag.
    pub words: &'static str,
    /// The message is stored all the same.
    pub is_stored: bool,
}

/// The running server.
#[derive(Clone)]
pub struct OddImap {
    pub port: u16,
    pub state: Arc<Mutex<State>>,
}

/// A message with this number in its headers.
pub fn numbered(number: u32, body: &str) -> Stored {
    let head = format!("Message-ID: <n{number}@odd.example>\r\nSubject: number {number}\r\n\r\n");
    Stored {
        bytes: format!("{head}{body}\r\n").into_bytes(),
        flags: String::new(),
        date: "01-Jan-2024 10:00:00 +0000".to_owned(),
    }
}

impl OddImap {
    /// Serves these messages under UIDs from 1 on.
    pub fn start(messages: impl IntoIterator<Item = Stored>) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let port = listener.local_addr().unwrap().port();
        let messages = (1..).zip(messages).collect();
        let state = State {
            messages,
            uid_validity: 7,
            capabilities: "IMAP4rev1 LITERAL+ UIDPLUS",
            ..State::default()
        };
        let server = Self { port, state: Arc::new(Mutex::new(state)) };
        let shared = server.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let (stream, server) = (stream.unwrap(), shared.clone());
                std::thread::spawn(move || {
                    let reader = BufReader::new(stream.try_clone().unwrap());
                    let _ended = Connection { server, stream, reader }.serve();
                });
            }
        });
        server
    }

    /// The way in.
    pub fn access(&self) -> Access {
        crate::servers::dovecot::access(self.port, Security::Clear, "anna")
    }

    /// Changes what it holds or does.
    pub fn set(&self, change: impl FnOnce(&mut State)) {
        change(&mut self.state.lock().unwrap());
    }

    /// The messages as a sorted list.
    pub fn bodies(&self) -> Vec<Vec<u8>> {
        let state = self.state.lock().unwrap();
        let mut all: Vec<Vec<u8>> = state.messages.values().map(|message| message.bytes.clone()).collect();
        all.sort();
        all
    }
}

struct Connection {
    server: OddImap,
    stream: TcpStream,
    reader: BufReader<TcpStream>,
}

impl Connection {
    fn serve(mut self) -> std::io::Result<()> {
        self.stream.write_all(b"* OK ready\r\n")?;
        loop {
            let mut line = String::new();
            if self.reader.read_line(&mut line)? == 0 {
                return Ok(());
            }
            let line = line.trim_end().to_owned();
            let (tag, command) = line.split_once(' ').unwrap_or((&line, ""));
            self.server.state.lock().unwrap().commands.push(command.to_owned());
            let answer =
                if command.starts_with("APPEND") { self.append(command)? } else { self.answer(command) };
            let Some(answer) = answer else { return Ok(()) };
            self.stream.write_all(&answer.0)?;
            self.stream.write_all(format!("{tag} {}\r\n", answer.1).as_bytes())?;
        }
    }

    /// Untagged lines and the tagged end; `None` drops the line.
    fn answer(&self, command: &str) -> Option<(Vec<u8>, String)> {
        let mut state = self.server.state.lock().unwrap();
        let done = "OK done".to_owned();
        let next = state.messages.keys().last().map_or(1, |uid| uid + 1);
        let word = command.split(' ').next().unwrap_or_default();
        if let Some(ReadingRefused { words, is_opening }) = state.refuse_reading
            && (command.contains("BODY.PEEK[]") || (is_opening && ["EXAMINE", "SELECT"].contains(&word)))
        {
            return Some((Vec::new(), format!("NO {words}")));
        }
        let lines = match word {
            "LIST" if state.refuse_list.is_some() => {
                return Some((Vec::new(), format!("NO {}", state.refuse_list.unwrap_or_default())));
            }
            "CAPABILITY" => format!("* CAPABILITY {}\r\n", state.capabilities),
            "LIST" => "* LIST () \"/\" INBOX\r\n".to_owned(),
            "STATUS" => {
                let (count, validity) = (state.messages.len(), state.uid_validity);
                format!("* STATUS INBOX (MESSAGES {count} UIDNEXT {next} UIDVALIDITY {validity})\r\n")
            }
            "CREATE" => {
                state.is_missing = false;
                String::new()
            }
            "EXAMINE" | "SELECT" if state.is_missing => {
                return Some((Vec::new(), "NO [NONEXISTENT] no such folder".to_owned()));
            }
            "EXAMINE" | "SELECT" => format!(
                "* {} EXISTS\r\n* OK [UIDVALIDITY {}] x\r\n* OK [UIDNEXT {next}] x\r\n* OK [PERMANENTFLAGS ({})] x\r\n",
                state.counts.map_or(state.messages.len(), |count| count as usize),
                state.uid_validity,
                state.permanent_flags.unwrap_or("\\Seen \\Flagged \\*")
            ),
            "UID" | "FETCH" => return fetch(&mut state, command),
            _ => String::new(),
        };
        Some((lines.into_bytes(), done))
    }

    fn append(&mut self, command: &str) -> std::io::Result<Option<(Vec<u8>, String)>> {
        let length = command.rsplit_once('{').unwrap().1.trim_end_matches(['}', '+']);
        let mut bytes = vec![0; length.parse().unwrap()];
        self.reader.read_exact(&mut bytes)?;
        self.reader.read_line(&mut String::new())?;
        let mut state = self.server.state.lock().unwrap();
        if state.is_missing {
            return Ok(Some((Vec::new(), "NO [TRYCREATE] no such folder".to_owned())));
        }
        if state.cut_append.is_some_and(|text| String::from_utf8_lossy(&bytes).contains(text)) {
            return Ok(None);
        }
        if let Some(words) = state.refuse_append.as_ref().and_then(|refuse| refuse(bytes.len())) {
            return Ok(Some((Vec::new(), words.to_owned())));
        }
        let denial = state.deny_append.as_mut().and_then(|deny| deny(&bytes));
        if let Some(Denial { words, is_stored: false }) = denial {
            return Ok(Some((Vec::new(), words.to_owned())));
        }
        if state.quota == Quota::Full {
            return Ok(Some((Vec::new(), FULL.to_owned())));
        }
        if let Some(SwallowedAs { text, told, times }) = &mut state.swallow_as
            && *times > 0
            && String::from_utf8_lossy(&bytes).contains(*text)
        {
            *times -= 1;
            return Ok(Some((Vec::new(), format!("OK [APPENDUID 7 {told}] done"))));
        }
        let uid = state.messages.keys().last().map_or(1, |uid| uid + 1);
        let flags = command.split(['(', ')']).nth(1).unwrap_or_default().to_owned();
        let date =
            command.rsplit('"').nth(1).filter(|date| date.contains('-')).unwrap_or_default().to_owned();
        bytes.extend_from_slice(state.added);
        let flags = match state.permanent_flags {
            Some(kept) => flags.split(' ').filter(|flag| kept.contains(flag)).collect::<Vec<_>>().join(" "),
            None => flags,
        };
        let date = state.own_date.map_or(date, str::to_owned);
        let mut stored = Stored { bytes, flags, date };
        if let Some(buried) = state.buried.take() {
            state.messages.insert(uid, Stored { flags: String::new(), ..buried });
            return Ok(Some((Vec::new(), "NO [SERVERBUG] Internal error occurred.".to_owned())));
        }
        if state.bury.is_some_and(|text| String::from_utf8_lossy(&stored.bytes).contains(text)) {
            state.bury = None;
            state.buried = Some(stored);
            return Ok(None);
        }
        if let Some((text, other)) = &state.swallow
            && String::from_utf8_lossy(&stored.bytes).contains(text)
        {
            stored = other.clone();
        }
        let holds = |text: &str| String::from_utf8_lossy(&stored.bytes).contains(text);
        let (is_last, second) = (
            matches!(state.quota, Quota::FullAfter(last) if holds(last)),
            state.double.filter(|double| holds(double.text)).map(|double| double.is_second_told),
        );
        if second.is_some() {
            state.messages.insert(uid + 1, stored.clone());
        }
        state.messages.insert(uid, stored);
        if is_last {
            state.quota = Quota::Full;
            return Ok(Some((Vec::new(), FULL.to_owned())));
        }
        let uid = if second == Some(true) { uid + 1 } else { uid };
        if let Some(Denial { words, .. }) = denial {
            return Ok(Some((Vec::new(), words.to_owned())));
        }
        let told = state.told_uid.map_or(uid, |told| told(uid));
        let code = if state.hides_uids { String::new() } else { format!("[APPENDUID 7 {told}] ") };
        Ok(Some((Vec::new(), format!("OK {code}done"))))
    }
}

/// The answer to a FETCH from this folder; `None` drops the line.
pub fn fetch(state: &mut State, command: &str) -> Option<(Vec<u8>, String)> {
    let by_uid = command.starts_with("UID ");
    let set = command.split(' ').nth(if by_uid { 2 } else { 1 }).unwrap();
    let all: Vec<u32> = state.messages.keys().copied().collect();
    let last = if by_uid { all.last().copied().unwrap_or(0) } else { u32::try_from(all.len()).unwrap() };
    let mut asked = BTreeSet::new();
    for part in set.split(',') {
        let (from, to) = part.split_once(':').unwrap_or((part, part));
        let to = if to == "*" { last } else { to.parse().unwrap() };
        asked.extend(from.parse::<u32>().unwrap()..=to);
    }
    let is_asked = |(number, uid): &(u32, u32)| asked.contains(if by_uid { uid } else { number });
    let mut uids: Vec<u32> = (1..).zip(all).filter(is_asked).map(|(_, uid)| uid).collect();
    uids.retain(|uid| !state.unlisted.contains(uid));
    let mut done = "OK done".to_owned();
    if let Some(FetchLimit { most, is_told }) = state.most_per_fetch
        && uids.len() > most
    {
        uids.drain(..uids.len() - most);
        if is_told {
            done = format!("OK [MESSAGELIMIT {most} {}] FETCH completed with partial results", uids[0]);
        }
    }
    if let Pieces::Refused(words) = state.pieces
        && command.contains("BODY.PEEK[]<")
    {
        return Some((Vec::new(), words.to_owned()));
    }
    let wants_header = command.contains("HEADER");
    let wants_body = command.contains("BODY.PEEK[]");
    if command.ends_with("(UID)") && set.ends_with('*') && state.short_listings > 0 {
        state.short_listings -= 1;
        uids.pop();
    }
    if wants_header && uids.iter().any(|uid| state.refused_facts.contains(uid)) {
        return Some((Vec::new(), "NO cannot open message".to_owned()));
    }
    let mut out = Vec::new();
    for uid in uids {
        let cuts = if wants_body { &state.cut_bodies } else { &state.cut_facts };
        if (wants_body || wants_header) && cuts.contains(&uid) {
            return None;
        }
        let stored = &state.messages[&uid];
        if wants_header && state.without_facts.contains(&uid) {
            continue;
        }
        if let Some(other) = state.slipped_in.get(&uid).filter(|_| wants_body) {
            out.extend_from_slice(format!("* {uid} FETCH (UID {uid}").as_bytes());
            literal(&mut out, "BODY[]", other);
            out.extend_from_slice(b")\r\n");
        }
        let mut line = format!("* {uid} FETCH (UID {uid}");
        if command.contains("FLAGS") {
            write!(line, " FLAGS ({})", stored.flags).unwrap();
        }
        if command.contains("INTERNALDATE") {
            write!(line, " INTERNALDATE \"{}\"", stored.date).unwrap();
        }
        if command.contains("RFC822.SIZE") {
            let size = state.sizes.get(&uid).copied().unwrap_or(stored.bytes.len() as u64);
            write!(line, " RFC822.SIZE {size}").unwrap();
        }
        out.extend_from_slice(line.as_bytes());
        if wants_header {
            let end = stored.bytes.windows(4).position(|part| part == b"\r\n\r\n").unwrap() + 4;
            literal(&mut out, "BODY[HEADER.FIELDS (MESSAGE-ID)]", &stored.bytes[..end]);
        }
        if wants_body {
            body(&mut out, state, uid, command);
        }
        out.extend_from_slice(b")\r\n");
    }
    Some((out, done))
}

fn body(out: &mut Vec<u8>, state: &State, uid: u32, command: &str) {
    let shown = match state.swapped {
        Some((one, other)) if uid == one => other,
        Some((one, other)) if uid == other => one,
        _ => uid,
    };
    let bytes = &state.messages[&shown].bytes;
    if state.without_body.contains(&uid) {
        out.extend_from_slice(b" BODY[] NIL");
        return;
    }
    let Some(piece) = command.split_once("BODY.PEEK[]<").map(|(_, rest)| rest.split_once('>').unwrap().0)
    else {
        if state.no_whole_from.is_none_or(|most| bytes.len() < most) {
            let end = state.cut_whole.get(&uid).map_or(bytes.len(), |end| bytes.len().min(*end));
            let mut whole = bytes[..end].to_vec();
            whole.resize(end + state.padded_whole.get(&uid).copied().unwrap_or(0), b'x');
            literal(out, "BODY[]", &whole);
        }
        return;
    };
    let (offset, length) = piece.split_once('.').unwrap();
    let (offset, asked): (usize, usize) = (offset.parse().unwrap(), length.parse().unwrap());
    if state.no_pieces_from.is_some_and(|first| offset >= first) {
        return;
    }
    let is_hidden = state.hidden_rest.contains(&uid) && state.cut_whole.get(&uid) == Some(&offset);
    let is_nil = state.pieces == Pieces::Nil
        || is_hidden
        || (offset >= bytes.len() && offset > 0 && state.is_nil_at_end);
    if is_nil {
        out.extend_from_slice(format!(" BODY[]<{offset}> NIL").as_bytes());
        return;
    }
    let length = match state.pieces {
        Pieces::AtMost(most) => asked.min(most),
        _ => asked,
    };
    let end = (offset + length).min(bytes.len());
    let mut piece = bytes.get(offset.min(end)..end).unwrap().to_vec();
    match state.pieces {
        Pieces::Padded if !piece.is_empty() => piece.resize(asked, 0),
        Pieces::PaddedForEver => piece.resize(asked, 0),
        Pieces::Whole => piece.clone_from(bytes),
        Pieces::Wrong if offset == 0 => piece[0] ^= 1,
        Pieces::WrongInside if !piece.is_empty() => {
            let middle = piece.len() / 2;
            piece[middle] ^= 1;
        }
        Pieces::Longer(more) => piece.resize(asked + more, b'x'),
        _ => {}
    }
    let name = match state.pieces {
        Pieces::WithLength => format!("BODY[]<{offset}.{asked}>"),
        Pieces::WithoutPlace | Pieces::Whole => "BODY[]".to_owned(),
        _ => format!("BODY[]<{offset}>"),
    };
    literal(out, &name, &piece);
}

fn literal(out: &mut Vec<u8>, name: &str, bytes: &[u8]) {
    out.extend_from_slice(format!(" {name} {{{}}}\r\n", bytes.len()).as_bytes());
    out.extend_from_slice(bytes);
}

/// A server that echoes the command that signs in, and says NO.
pub fn echoing(secret: &str, capabilities: &'static str) -> Access {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let reader = BufReader::new(stream.try_clone().unwrap());
            let _greeted = stream.write_all(b"* OK ready\r\n");
            for line in reader.lines() {
                let Ok(line) = line else { break };
                let (tag, rest) = line.split_once(' ').unwrap_or((&line, ""));
                let answer = if rest.starts_with("CAPABILITY") {
                    format!("* CAPABILITY {capabilities}\r\n{tag} OK\r\n")
                } else {
                    format!("{tag} NO Cannot parse: {rest} {}\r\n", rest.to_ascii_uppercase())
                };
                let _sent = stream.write_all(answer.as_bytes());
            }
        }
    });
    Access {
        endpoint: Endpoint::new("127.0.0.1", port, Security::Clear).unwrap(),
        trust: TrustPolicy::default(),
        secret: Secret::new(secret),
        timeouts: Timeouts::default(),
        ..crate::servers::dovecot::access(port, Security::Clear, "anna")
    }
}
