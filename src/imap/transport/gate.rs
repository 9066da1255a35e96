//! The gate: the only place that handles raw input from a possibly hostile server.
//!
//! It sits above TLS. It walks server lines and literals, enforces the [`Limits`] and the depth of lists, and hands each
//! reply over whole to our own readers. Unrequested data is dropped here, before it is stored or parsed.
//! What a parser from elsewhere may read is decided in `fetch.rs`: imap-proto recurses as deep as a server likes.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, AsyncWrite};
use tokio_util::bytes::BufMut as _;
use tokio_util::io::poll_read_buf;

use crate::imap::protocol::asked::{Asked, Kind};
use crate::imap::protocol::asked_data::{About, Fit, Holds};
use crate::imap::protocol::depth::Depth;
use crate::imap::protocol::limits::Limits;
use crate::imap::protocol::tag::Tag;
use crate::imap::transport::stream::Wire;
use crate::imap::transport::trace::Trace;
use pour::Pour;
pub(in crate::imap) use pour::Poured;

mod pour;

/// Replies that are not message data are held up to this size.
const HELD_BYTES: usize = 256 * 1024;
/// Largest message data held in memory. Larger messages are fetched in pieces, so a larger literal was not requested.
const KEPT_LITERAL_BYTES: usize = 8 << 20;
/// Longest reply that is held: message data and the lines around it.
const KEPT_REPLY_BYTES: usize = KEPT_LITERAL_BYTES + (1 << 20);
/// One read from the socket.
const READ_BYTES: usize = 64 * 1024;
/// Memory that is kept for the next commands when all is sent.
const KEPT_OUTGOING_BYTES: usize = 1 << 20;

/// What stands behind the NIL in place of message data that is longer than was asked for, as one more attribute.
pub(in crate::imap) const TOO_LONG: &[u8] = b" X-TOO-LONG 1";

const NOT_MESSAGE_DATA: &str = "a large reply that is not message data";

/// The stream above TLS: bytes from the server become replies, commands become bytes.
pub(in crate::imap) struct Gate<S> {
    wire: S,
    limits: Limits,
    /// Bytes from the wire that were not yet walked over.
    input: Vec<u8>,
    /// Where the unwalked part of `input` begins.
    start: usize,
    reply: PartialReply,
    asked: Asked,
    outgoing: Vec<u8>,
    /// Where the unsent part of `outgoing` begins.
    outgoing_start: usize,
    needs_flush: bool,
    tally: Tally,
    counters: Counters,
    trace: Trace,
    /// What the server did wrong; further reads fail as well.
    verdict: Option<&'static str>,
    hold: Hold,
    /// The message that is taken out of its reply.
    pour: Option<Pour>,
}

/// What has come since the last command was answered.
#[derive(Debug, Default)]
struct Tally {
    replies: usize,
    /// Those that are not message data.
    other_replies: usize,
    /// Bytes of replies that are not message data.
    reply_bytes: u64,
    /// Dropped unrequested replies, and their bytes.
    unasked: usize,
    unasked_bytes: u64,
    /// What was received when the last command was answered.
    received_before: u64,
}

/// Where reading stops for a moment: what comes behind the consent to COMPRESS is packed.
#[derive(Debug, Default, PartialEq, Eq)]
enum Hold {
    #[default]
    No,
    /// The beginning of the reply to stop behind.
    After(Vec<u8>),
    /// It has come.
    Now,
}

/// Bytes that went over the wire, after TLS.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// From the server.
    pub received: u64,
    /// To the server.
    pub sent: u64,
}

/// A reply that is being collected.
#[derive(Default)]
struct PartialReply {
    bytes: Vec<u8>,
    /// Known with its first line.
    kind: Option<Kind>,
    /// Words for people follow, in which parentheses mean nothing.
    is_text: bool,
    /// Nobody asked for it: nothing of it is held.
    is_dropped: bool,
    depth: Depth,
    /// Which message it is about.
    about: About,
    literals: usize,
    literal: Literal,
    /// Bytes of the current literal still to come.
    literal_left: usize,
}

/// What happens to a literal.
#[derive(Debug, Default, PartialEq, Eq)]
enum Literal {
    #[default]
    Held,
    LeftOut,
    /// It goes to the reader of that message.
    Poured,
}

/// How far a step has led.
enum Walked {
    /// More bytes are needed.
    Dry,
    On,
    Whole(Vec<u8>),
}

impl<S> fmt::Debug for Gate<S> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Gate").field("counters", &self.counters).finish_non_exhaustive()
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Gate<S> {
    pub(in crate::imap) fn new(wire: S, limits: Limits) -> Self {
        Self {
            wire,
            limits,
            input: Vec::with_capacity(READ_BYTES),
            start: 0,
            reply: PartialReply::default(),
            asked: Asked::default(),
            outgoing: Vec::new(),
            outgoing_start: 0,
            needs_flush: false,
            tally: Tally::default(),
            counters: Counters::default(),
            trace: Trace::default(),
            verdict: None,
            hold: Hold::No,
            pour: None,
        }
    }

    /// Queues bytes for the server; reading and [`Self::poll_send`] move them on.
    pub(in crate::imap) fn queue(&mut self, bytes: &[u8]) {
        if self.outgoing_start > self.outgoing.len() / 2 {
            self.outgoing.drain(..self.outgoing_start);
            self.outgoing_start = 0;
        }
        self.outgoing.extend_from_slice(bytes);
    }

    /// Queues bytes that are nobody else's; they are not copied where nothing waits before them.
    pub(in crate::imap) fn queue_owned(&mut self, bytes: Vec<u8>) {
        if self.queued() > 0 {
            return self.queue(&bytes);
        }
        self.outgoing = bytes;
        self.outgoing_start = 0;
    }

    /// Bytes that wait to be sent.
    pub(in crate::imap) fn queued(&self) -> usize {
        self.outgoing.len().saturating_sub(self.outgoing_start)
    }

    pub(in crate::imap) fn counters(&self) -> Counters {
        self.counters
    }

    pub(in crate::imap) fn trace(&mut self) -> &mut Trace {
        &mut self.trace
    }

    pub(in crate::imap) fn verdict(&self) -> Option<&'static str> {
        self.verdict
    }

    /// Reads no further than the reply with this tag until [`Self::go_on`].
    pub(in crate::imap) fn hold_after(&mut self, tag: Tag) {
        self.hold = Hold::After(format!("{tag} ").into_bytes());
    }

    /// Reads on.
    pub(in crate::imap) fn go_on(&mut self) {
        self.hold = Hold::No;
    }

    pub(in crate::imap) fn wire(&self) -> &S {
        &self.wire
    }

    /// What the pending commands requested.
    pub(in crate::imap) fn asked(&mut self) -> &mut Asked {
        &mut self.asked
    }

    /// A command was answered; resets the counters for the next one.
    pub(in crate::imap) fn command_done(&mut self) {
        self.tally = Tally { received_before: self.counters.received, ..Tally::default() };
    }

    /// Sends the queued bytes; ready when the queue is empty.
    pub(in crate::imap) fn poll_send(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        while self.queued() > 0 {
            let chunk = self.outgoing.get(self.outgoing_start..).unwrap_or_default();
            let written = ready!(Pin::new(&mut self.wire).poll_write(context, chunk))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.counters.sent += written as u64;
            self.outgoing_start += written;
            self.needs_flush = true;
        }
        self.outgoing.clear();
        self.outgoing.shrink_to(KEPT_OUTGOING_BYTES);
        self.outgoing_start = 0;
        if self.needs_flush {
            ready!(Pin::new(&mut self.wire).poll_flush(context))?;
            self.needs_flush = false;
        }
        Poll::Ready(Ok(()))
    }

    /// The next reply, whole; `None` at the end of the stream. Whoever waits for a reply also moves the commands on, so a
    /// full socket on both sides cannot lock up.
    pub(in crate::imap) fn poll_reply(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<Option<Vec<u8>>>> {
        let sent = self.poll_send(context);
        loop {
            if let Some(what) = self.verdict {
                return Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, what)));
            }
            if self.hold == Hold::Now || self.is_pour_full() {
                // What was held for is done, and what was poured out is taken, before the next poll.
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
            match self.walk()? {
                Walked::Whole(reply) => return Poll::Ready(Ok(Some(reply))),
                Walked::On => continue,
                Walked::Dry => {}
            }
            match (self.poll_fill(context), &sent) {
                (Poll::Ready(Ok(0)), Poll::Ready(Ok(())) | Poll::Pending) => return Poll::Ready(Ok(None)),
                (Poll::Ready(Ok(read)), _) if read > 0 => {}
                // A server that turns a command away says why before it closes; its last words were read first.
                (_, Poll::Ready(Err(error))) => {
                    return Poll::Ready(Err(io::Error::new(error.kind(), error.to_string())));
                }
                (Poll::Ready(Err(error)), _) => return Poll::Ready(Err(error)),
                _ => return Poll::Pending,
            }
        }
    }

    /// Reads no further: somebody has seen what the server did wrong.
    pub(in crate::imap) fn condemn(&mut self, what: &'static str) {
        self.verdict.get_or_insert(what);
    }

    fn hostile(&mut self, what: &'static str) -> io::Error {
        self.verdict = Some(what);
        io::Error::new(io::ErrorKind::InvalidData, what)
    }

    fn unwalked(&self) -> &[u8] {
        self.input.get(self.start..).unwrap_or_default()
    }

    /// Walks over one line or a piece of a literal.
    fn walk(&mut self) -> io::Result<Walked> {
        if self.reply.literal_left > 0 {
            return Ok(if self.walk_literal() { Walked::On } else { Walked::Dry });
        }
        let Some(end) = memchr::memchr(b'\n', self.unwalked()) else {
            if self.unwalked().len() > self.limits.line_bytes {
                return Err(self.hostile("an endless line"));
            }
            return Ok(Walked::Dry);
        };
        let line = self.unwalked().get(..=end).unwrap_or_default().to_vec();
        self.start += line.len();
        if line.len() > self.limits.line_bytes {
            return Err(self.hostile("an oversized line"));
        }
        self.look_at(&line)?;
        if let Some(length) = literal_length(&line).filter(|_| !self.reply.is_text) {
            self.begin_literal(&line, length)?;
            return Ok(Walked::On);
        }
        self.take_up(&line)?;
        Ok(self.end_reply()?.map_or(Walked::On, Walked::Whole))
    }

    /// Decides what happens to a reply by its first line, and counts how deep each line leads.
    fn look_at(&mut self, line: &[u8]) -> io::Result<()> {
        if self.reply.kind.is_none() {
            let kind = Kind::of(line);
            self.reply.kind = Some(kind);
            self.reply.is_text = Kind::is_text(line);
            self.reply.is_dropped = !self.asked.wants(kind);
        }
        if !self.reply.is_text && !self.reply.depth.takes(line) {
            return Err(self.hostile("lists nested too deeply"));
        }
        // Servers may report flags changed by others at any time.
        if self.reply.is_dropped && self.reply.kind != Some(Kind::Fetch) {
            self.count_unasked(line.len())?;
        }
        Ok(())
    }

    fn count_unasked(&mut self, bytes: usize) -> io::Result<()> {
        self.tally.unasked += 1;
        self.tally.unasked_bytes = self.tally.unasked_bytes.saturating_add(bytes as u64);
        if self.tally.unasked > self.limits.unasked_per_command
            || self.tally.unasked_bytes > self.limits.unasked_bytes_per_command
        {
            return Err(self.hostile("endless unrequested replies"));
        }
        Ok(())
    }

    fn walk_literal(&mut self) -> bool {
        let length = self.reply.literal_left.min(self.unwalked().len());
        if length == 0 {
            return false;
        }
        self.reply.literal_left -= length;
        self.pour_out(length);
        if self.reply.literal == Literal::Held {
            let piece = self.input.get(self.start..self.start + length).unwrap_or_default();
            self.reply.bytes.extend_from_slice(piece);
        }
        self.start += length;
        true
    }

    fn take_up(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.reply.is_dropped {
            return Ok(());
        }
        self.reply.bytes.extend_from_slice(bytes);
        if self.reply.bytes.len() > KEPT_REPLY_BYTES {
            return Err(self.hostile("an oversized reply"));
        }
        Ok(())
    }

    fn begin_literal(&mut self, line: &[u8], length: usize) -> io::Result<()> {
        self.reply.literals += 1;
        if self.reply.literals > self.limits.literals_per_reply {
            return Err(self.hostile("too many literals in one reply"));
        }
        if length > self.limits.literal_bytes {
            return Err(self.hostile("an oversized literal"));
        }
        let text = line.get(..memchr::memrchr(b'{', line).unwrap_or(line.len())).unwrap_or_default();
        let is_data = self.reply.kind == Some(Kind::Fetch);
        let fit = if is_data { self.fit(text, length) } else { Fit::Wanted };
        let is_unasked = self.reply.is_dropped || fit == Fit::Unasked;
        if is_unasked {
            self.count_unasked(length)?;
        }
        let held = (self.reply.bytes.len() + line.len()).saturating_add(length);
        if !is_data && !is_unasked && held > HELD_BYTES {
            return Err(self.hostile(NOT_MESSAGE_DATA));
        }
        self.reply.literal_left = length;
        self.reply.literal = if is_unasked || fit == Fit::TooLong {
            Literal::LeftOut
        } else if let Some(poured) = self.poured(text, length) {
            poured
        } else if length > KEPT_LITERAL_BYTES || held > KEPT_REPLY_BYTES {
            Literal::LeftOut
        } else {
            Literal::Held
        };
        if self.reply.literal != Literal::Held {
            // As if the server gave nothing.
            self.take_up(text)?;
            self.take_up(b"NIL")?;
            return if fit == Fit::TooLong { self.take_up(TOO_LONG) } else { Ok(()) };
        }
        self.take_up(line)?;
        // Honest servers close the reply right behind it.
        self.reply.bytes.reserve(length + 16);
        Ok(())
    }

    /// Whether the literal behind this text of a FETCH reply is wanted.
    fn fit(&mut self, text: &[u8], length: usize) -> Fit {
        self.reply.about.walk(text);
        let holds = Holds::after(text);
        match self.asked.fit(self.reply.about.uid(), holds, length) {
            // Labels and names of header fields are short.
            Fit::Wanted if holds == Holds::Text && length > HELD_BYTES => Fit::Unasked,
            fit => fit,
        }
    }

    /// The reply, unless it is dropped.
    fn end_reply(&mut self) -> io::Result<Option<Vec<u8>>> {
        let reply = std::mem::take(&mut self.reply);
        self.tally.replies += 1;
        if self.tally.replies > self.limits.replies_per_command {
            return Err(self.hostile("too many replies to one command"));
        }
        if reply.kind != Some(Kind::Fetch) {
            self.tally.other_replies += 1;
            if self.tally.other_replies > self.limits.other_replies_per_command {
                return Err(self.hostile("too many replies to one command"));
            }
            self.tally.reply_bytes += reply.bytes.len() as u64;
            if self.tally.reply_bytes > self.limits.reply_bytes_per_command {
                return Err(self.hostile("endless replies to one command"));
            }
        }
        if reply.is_dropped {
            return Ok(None);
        }
        self.trace.received(&reply.bytes);
        if let Hold::After(beginning) = &self.hold
            && reply.bytes.starts_with(beginning)
        {
            self.hold = Hold::Now;
        }
        Ok(Some(reply.bytes))
    }

    fn poll_fill(&mut self, context: &mut Context<'_>) -> Poll<io::Result<usize>> {
        self.input.drain(..self.start);
        self.start = 0;
        let left = self.reply.literal_left;
        // What is left of a long literal goes straight to where it is held, or to whoever waits for it.
        let (target, most, is_direct) = match (&self.reply.literal, &mut self.pour) {
            _ if !self.input.is_empty() => (&mut self.input, READ_BYTES, false),
            (Literal::Held, _) if left >= READ_BYTES => (&mut self.reply.bytes, READ_BYTES, true),
            (Literal::Poured, Some(pour)) if left > 0 => {
                let (waiting, room) = pour.room();
                (waiting, room.min(left), true)
            }
            _ => (&mut self.input, READ_BYTES, false),
        };
        target.reserve(most);
        let read = ready!(poll_read_buf(Pin::new(&mut self.wire), context, &mut target.limit(most)))?;
        if is_direct {
            self.reply.literal_left -= read;
        }
        self.counters.received += read as u64;
        if self.counters.received - self.tally.received_before > self.limits.bytes_per_command {
            return Poll::Ready(Err(self.hostile("endless data for one command")));
        }
        Poll::Ready(Ok(read))
    }
}

impl Gate<Wire> {
    /// Everything from here on is compressed in both directions (RFC 4978), including bytes already read but not parsed.
    pub(in crate::imap) fn compress(&mut self) {
        let early = self.input.split_off(self.start.min(self.input.len()));
        self.input.clear();
        self.start = 0;
        self.wire.compress(early);
        self.go_on();
    }
}

/// `{123}` or `{123+}` at the end of a line, before its line end. A number beyond all numbers counts as the largest.
fn literal_length(line: &[u8]) -> Option<usize> {
    let line = line.strip_suffix(b"\r\n")?.strip_suffix(b"}")?;
    let open = memchr::memrchr(b'{', line)?;
    let digits = line.get(open + 1..)?;
    let digits = digits.strip_suffix(b"+").unwrap_or(digits);
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    Some(std::str::from_utf8(digits).ok()?.parse().unwrap_or(usize::MAX))
}

#[cfg(test)]
mod gate_tests;
