//! Everything of this room that reads what a server sends, for any bytes: no panic, bounded output, and the same
//! reading whatever pieces the bytes come in. Built for tests and for `cargo fuzz` only.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "targets fail by panicking")]

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::imap::protocol::asked::Wish;
use crate::imap::protocol::completion::{Capabilities, Completion};
use crate::imap::protocol::limits::Limits;
use crate::imap::protocol::reply::{Reply, from_held};
use crate::imap::protocol::tokens::tokens;
use crate::imap::protocol::uid_set::uid_sets;
use crate::imap::protocol::utf7::decode_utf7;
use crate::imap::protocol::utf7::encode_utf7;
use crate::imap::sign_in::refusals::meaning;
use crate::imap::sign_in::scram::ClientFirst;
use crate::imap::transport::deflate::Deflate;
use crate::imap::transport::gate::Gate;
use crate::imap::transport::starttls;
use crate::mutate::Target;
use crate::values::Secret;

/// Bytes of a reply's parts beyond its own: names of codes, and marks for what cannot be read.
const SPARE_BYTES: usize = 256;

/// The targets of this room.
pub const TARGETS: &[Target] = &[
    Target { name: "imap: gate", examples: SESSIONS, read: gate },
    Target { name: "imap: replies", examples: REPLIES, read: replies },
    Target { name: "imap: completions", examples: COMPLETIONS, read: completions },
    Target { name: "imap: folder names", examples: NAMES, read: names },
    Target { name: "imap: STARTTLS", examples: GREETINGS, read: greetings },
    Target { name: "imap: SCRAM", examples: CHALLENGES, read: scram },
    Target { name: "imap: DEFLATE", examples: PACKED, read: deflate },
    Target { name: "imap: UID sets", examples: &[&[0, 0, 0, 1, 0, 0, 0, 2, 0, 0, 1, 0]], read: sets },
];

const CHALLENGES: &[&[u8]] = &[
    b"r=rOprNGfwEbeRWgbNEkqO%hv,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=1",
    b"r=rOprNGfwEbeRWgbNEkqOx,s=AA==,i=2,x=more",
    b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4=",
    b"e=invalid-proof",
];

/// `* OK hello` and the like: stored, with fixed codes, and with an end.
const PACKED: &[&[u8]] = &[
    b"\x00\x05\x00\xfa\xffhello\x00\x00\x00\xff\xff",
    b"\xcbH\xcd\xc9\xc9W\xc8@'\x00\x00\x00\xff\xff",
    b"K\x84\x83\x24\x38\x00\x00",
];

const SESSIONS: &[&[u8]] = &[
    b"* OK [CAPABILITY IMAP4rev1 LITERAL+] ready\r\nF1 OK [CAPABILITY IMAP4rev1 MULTIAPPEND] in\r\n",
    b"* 3 EXISTS\r\n* OK [UIDVALIDITY 7] x\r\n* OK [PERMANENTFLAGS (\\Seen \\*)] x\r\nF2 OK [READ-ONLY] done\r\n",
    b"* 1 FETCH (UID 7 BODY[] {5}\r\na\r\nb) FLAGS (\\Seen))\r\n* 2 FETCH (UID 8 BODY[] {2}\r\n)) FLAGS ())\r\nF3 OK\r\n",
    b"* LIST () \"/\" {3}\r\na\nb\r\n* STATUS {1}\r\nx (MESSAGES 1)\r\nF4 OK done\r\n",
    b"+ go on\r\nF5 OK [APPENDUID 7 10:12] done\r\n* BYE bye\r\n",
];

const REPLIES: &[&[u8]] = &[
    b"* LIST (\\HasNoChildren \\Sent) \"/\" \"Gesendete Objekte\"\r\n",
    b"* LIST () NIL NIL\r\n",
    b"* STATUS \"Sent Items\" (MESSAGES 3 UIDNEXT 9 UIDVALIDITY 12 SIZE 12345678901)\r\n",
    b"* NAMESPACE ((\"INBOX.\" \".\")) NIL ((\"#p.\" \".\"))\r\n",
    b"* ID (\"name\" \"Dovecot\" \"version\" NIL)\r\n",
    b"* CAPABILITY IMAP4rev1 LITERAL- UIDPLUS\r\n",
    b"* 4 FETCH (FLAGS (\\Seen a{b) UID 9 RFC822.SIZE 77 INTERNALDATE \"01-Jan-2024 10:00:00 +0000\" BODY[HEADER.FIELDS (DATE)] {6}\r\nDate:x)\r\n",
    b"* 5 FETCH (UID 6 BODY[]<1048576> {3}\r\nend)\r\n",
    b"* 6 FETCH (UID 6 BODY[] NIL X-GM-LABELS (a \"b c\") X-GM-MSGID 1278455344230334865)\r\n",
    b"* OK [ALERT]\xc3\xa9\r\n",
    b"* 1 FETCH (UID 1 BODYSTRUCTURE (\"TEXT\" \"PLAIN\" NIL NIL NIL \"7BIT\" 1 1 NIL NIL NIL NIL (1 (1 (1)))))\r\n",
    b"* 7 FETCH (ENVELOPE (NIL \"a (b\" ((NIL NIL \"c\" \"d\")) NIL) UID 8 X-NEW {3}\r\n((( FLAGS ())\r\n",
];

const COMPLETIONS: &[&[u8]] = &[
    b"OK [APPENDUID 7 10:12,14] done",
    b"NO [OVERQUOTA] Quota \"exceeded\"",
    b"NO Request is throttled. Suggested Backoff Time: 299961 milliseconds",
    b"BAD [CLIENTBUG [x] \"]\"] what",
    b"OK [PERMANENTFLAGS (\\Seen $Forwarded \\*)] Limited",
    b"NO [AUTHENTICATIONFAILED] Invalid credentials (Failure)",
    b"OK [CAPABILITY IMAP4rev1 APPENDLIMIT=35651584] in",
];

const NAMES: &[&[u8]] = &[
    b"INBOX",
    b"Gel&APY-schte Objekte",
    b"~peter/mail/&U,BTFw-/&ZeVnLIqe-",
    b"A&-B &2D3eAA-",
    b"\xf0\x9f\x93\x81 \xc3\xa9",
];

const GREETINGS: &[&[u8]] = &[
    b"* OK hello\r\n* CAPABILITY IMAP4rev1\r\nS1 OK go\r\n",
    b"* PREAUTH come in\r\n",
    b"* OK hello\r\nS1 NO [UNAVAILABLE] not now\r\n",
];

/// Bytes that arrive in pieces of this size.
struct Pieces<'a> {
    left: &'a [u8],
    size: usize,
}

impl AsyncRead for Pieces<'_> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let length = self.size.min(buffer.remaining()).min(self.left.len());
        let (piece, left) = self.left.split_at(length);
        buffer.put_slice(piece);
        self.left = left;
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for Pieces<'_> {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// Most rounds that are worked through for one input; an honest reader takes more.
const ROUNDS: u32 = 64;

/// What is read of a challenge continues our own nonce, and no answer proves anything but the right one.
fn scram(bytes: &[u8]) {
    let first = ClientFirst::new("", "anna", "rOprNGfwEbeRWgbNEkqO");
    let Ok(challenge) = first.challenge(bytes) else { return };
    assert!(first.read(bytes).is_ok() == (challenge.rounds() >= 4_096));
    assert!(bytes.starts_with(b"r=rOprNGfwEbeRWgbNEkqO") && bytes.len() <= 8_192);
    if challenge.rounds() > ROUNDS {
        return;
    }
    let proof = first.prove(&challenge, &Secret::new("pencil"));
    assert!(proof.message.is_ascii() || !bytes.is_ascii());
    assert!(!proof.is_answered_by(bytes));
}

/// Unpacking ends, and gives the same whatever pieces the bytes come in; before nonsense, as much as was asked for.
fn deflate(bytes: &[u8]) {
    let (whole, makes_sense) = unpacked(bytes, bytes.len().max(1));
    for size in [1, 7] {
        let (pieces, agrees) = unpacked(bytes, size);
        assert_eq!(agrees, makes_sense);
        assert!(if makes_sense {
            pieces == whole
        } else {
            pieces.starts_with(&whole) || whole.starts_with(&pieces)
        });
    }
}

/// What comes out, and whether the stream makes sense as far as it goes.
fn unpacked(bytes: &[u8], size: usize) -> (Vec<u8>, bool) {
    let (mut line, mut unpack) = (Pieces { left: bytes, size }, Deflate::new(Vec::new()));
    let mut context = Context::from_waker(Waker::noop());
    let mut found = Vec::new();
    loop {
        let mut space = [0; 512];
        let mut buffer = ReadBuf::new(&mut space);
        match unpack.poll_read(&mut line, &mut context, &mut buffer) {
            Poll::Ready(Ok(())) if buffer.filled().is_empty() => return (found, true),
            Poll::Ready(Ok(())) => found.extend_from_slice(buffer.filled()),
            Poll::Ready(Err(_)) => return (found, false),
            Poll::Pending => unreachable!("all bytes are there"),
        }
        // A few bytes may unpack to a thousand times as many, and no more.
        assert!(found.len() <= bytes.len() * 1_100 + 512);
    }
}

/// What the gate lets through of what was asked for, and its verdict.
fn walked(bytes: &[u8], size: usize, limits: Limits) -> (Vec<Vec<u8>>, Option<&'static str>) {
    let mut gate = Gate::new(Pieces { left: bytes, size }, limits);
    for command in ["UID FETCH 1:* (UID BODY.PEEK[])", "LIST \"\" *", "NAMESPACE", "ID NIL", "SEARCH ALL"] {
        gate.asked().begin(&Wish::of(command));
    }
    let mut context = Context::from_waker(Waker::noop());
    let mut found = Vec::new();
    loop {
        match gate.poll_reply(&mut context) {
            Poll::Ready(Ok(Some(reply))) => found.push(reply),
            Poll::Ready(Ok(None)) => break,
            Poll::Ready(Err(error)) => {
                assert_eq!(error.kind(), io::ErrorKind::InvalidData);
                break;
            }
            Poll::Pending => unreachable!("all bytes are there"),
        }
    }
    (found, gate.verdict())
}

fn gate(bytes: &[u8]) {
    let small = Limits {
        line_bytes: 120,
        literal_bytes: 400,
        replies_per_command: 20,
        literals_per_reply: 3,
        ..Limits::default()
    };
    for limits in [Limits::default(), small] {
        let whole = walked(bytes, bytes.len().max(1), limits);
        let longest = whole.0.iter().map(Vec::len).sum::<usize>();
        assert!(longest <= bytes.len(), "more comes out than went in");
        assert!(whole.1.is_none() || !bytes.is_empty());
        let pieces = walked(bytes, 7, limits);
        // A line without end is seen sooner where it comes in pieces; the replies before it are the same.
        assert_eq!(whole.0, pieces.0);
        assert_eq!(whole.1.is_some(), pieces.1.is_some());
        for reply in &whole.0 {
            replies(reply);
        }
    }
}

fn replies(bytes: &[u8]) {
    // A byte of a name that is no text becomes a character of four bytes (`raw_name.rs`).
    let most = bytes.len() * 4 + SPARE_BYTES;
    let length = match from_held(bytes.to_vec()) {
        Reply::Tagged(_, completion) => completion.words.len(),
        Reply::List(item) | Reply::Lsub(item) => {
            item.name.len() + item.delimiter.map_or(0, |text| text.len()) + total(&item.attributes)
        }
        Reply::Status(name, values) => name.len() + values.keys().map(String::len).sum::<usize>(),
        Reply::Namespace(found) => {
            let parts = [found.personal, found.other_users, found.shared].concat();
            parts.iter().map(|part| part.prefix.len()).sum()
        }
        Reply::Id(pairs) => pairs.iter().map(|(key, value)| key.len() + value.len()).sum(),
        Reply::Fetch(item) => {
            item.body.as_ref().map_or(0, Vec::len)
                + item.header.as_ref().map_or(0, Vec::len)
                + item.flags.as_deref().map_or(0, total)
                + item.internal_date.as_ref().map_or(0, String::len)
        }
        _ => 0,
    };
    assert!(length <= most, "a reply of {} bytes grows to {length}", bytes.len());
    assert!(tokens(bytes).len() <= bytes.len());
}

fn total(texts: &[String]) -> usize {
    texts.iter().map(String::len).sum()
}

fn completions(bytes: &[u8]) {
    let Some(completion) = Completion::read(bytes) else { return };
    assert!(completion.words.chars().count() <= 500);
    assert!(!completion.to_string().chars().any(char::is_control), "control characters reach people");
    for host in ["imap.gmail.com", "mail.example.org"] {
        let _meaning = meaning(&completion, host);
    }
    let capabilities = Capabilities::read(&completion.words);
    let _known = (capabilities.literal_mode(), capabilities.append_limit());
}

fn names(bytes: &[u8]) {
    let text = String::from_utf8_lossy(bytes);
    let raw = encode_utf7(&text);
    assert!(raw.bytes().all(|byte| (0x20..=0x7e).contains(&byte)), "{raw:?}");
    assert_eq!(decode_utf7(&raw).as_deref(), Some(&*text));
    if let Some(decoded) = decode_utf7(&text) {
        assert!(decoded.len() <= text.len() * 3);
        assert_eq!(decode_utf7(&encode_utf7(&decoded)), Some(decoded));
    }
}

fn greetings(bytes: &[u8]) {
    thread_local! {
        static RUNTIME: tokio::runtime::Runtime =
            tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    }
    let mut stream = Pieces { left: bytes, size: 1 + bytes.len() / 3 };
    let upgraded = RUNTIME
        .with(|runtime| runtime.block_on(starttls::upgrade(&mut stream, Duration::from_secs(5))).is_ok());
    let lines = bytes.split(|byte| *byte == b'\n');
    let is_promised = lines.into_iter().any(|line| line.to_ascii_uppercase().starts_with(b"S1 OK"));
    assert!(!upgraded || is_promised, "TLS begins without the server's word");
}

fn sets(bytes: &[u8]) {
    let (chunks, _) = bytes.as_chunks::<4>();
    let mut uids: Vec<u32> = chunks.iter().map(|chunk| u32::from_be_bytes(*chunk)).collect();
    uids.sort_unstable();
    uids.dedup();
    let sets = uid_sets(&uids);
    assert!(sets.iter().all(|set| set.len() <= 7_100), "a command line grows beyond what servers read");
    // Ranges of millions are not unfolded again: the edges and the count must agree.
    let mut count = 0_u64;
    for member in sets.iter().flat_map(|set| set.split(',')) {
        let (first, last) = member.split_once(':').unwrap_or((member, member));
        let (first, last): (u32, u32) = (first.parse().unwrap(), last.parse().unwrap());
        assert!(first <= last && uids.binary_search(&first).is_ok() && uids.binary_search(&last).is_ok());
        count += u64::from(last - first) + 1;
    }
    assert_eq!(count, uids.len() as u64);
}

#[cfg(test)]
#[test]
fn no_bytes_cause_a_panic() {
    crate::mutate::run_all(TARGETS);
}

#[cfg(test)]
#[test]
fn names_of_bytes_that_are_no_text_grow_fourfold_at_most() {
    // Found by a random run.
    let name = [0xb6; 560];
    replies(&[b"* LIST () NIL \"".as_slice(), &name, b"\"\r\n"].concat());
    let of_the_private_plane = "\u{10ff07}".repeat(140);
    replies(&[b"* LIST () NIL \"".as_slice(), of_the_private_plane.as_bytes(), b"\"\r\n"].concat());
}
