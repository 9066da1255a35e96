//! The gate: the one place where a hostile or odd server is met.
//!
//! It sits between TLS and the parser. It walks server lines and literals, enforces the [`Limits`], and holds each reply
//! whole: message data is read by imap-proto ([`read_fetch`]), everything else by our own forgiving readers. Only replies
//! above [`HELD_BYTES`] stream to imap-proto under async-imap, and literals that nobody holds in memory are left out.
//! imap-proto ends the connection at a line it cannot read, and panics on some (`[ALERT]` right before a multi-byte
//! character), so nothing reaches it that is not message data.

use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use async_imap::imap_proto;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use super::limits::Limits;
use super::trace::Trace;
use super::wire::Wire;
use pour::Pour;
pub(super) use pour::Poured;

mod pour;

/// Replies up to this size are held whole.
const HELD_BYTES: usize = 256 * 1024;
/// Bytes of a literal that is kept; messages above it are read in pieces, so a longer one is nobody's.
const KEPT_LITERAL_BYTES: usize = 8 << 20;
/// One read from the socket.
const READ_BYTES: usize = 64 * 1024;
/// Deepest nesting that the recursive parser is given.
const MAX_NESTING: usize = 16;
/// Replies waiting aside; the session takes them out after every read.
const MAX_ASIDE: usize = 64;
/// Bytes waiting aside, beside one reply of [`HELD_BYTES`].
const MAX_ASIDE_BYTES: usize = 256 * 1024;
/// Memory that is kept for the next commands when all is sent.
const KEPT_OUTGOING_BYTES: usize = 1 << 20;

const NOT_MESSAGE_DATA: &str = "a large reply that is not message data";

/// The stream between TLS and async-imap.
pub(super) struct Gate<S> {
    wire: S,
    limits: Limits,
    /// Bytes from the wire that were not yet walked over.
    input: Vec<u8>,
    /// Where the unwalked part of `input` begins.
    start: usize,
    reply: PartialReply,
    /// Bytes cleared for the parser.
    cleared: VecDeque<u8>,
    /// Bytes of a large literal that pass straight to the parser.
    passing: usize,
    aside: VecDeque<Vec<u8>>,
    aside_bytes: usize,
    outgoing: Vec<u8>,
    /// Where the unsent part of `outgoing` begins.
    outgoing_start: usize,
    needs_flush: bool,
    replies: usize,
    /// Those that are not message data.
    other_replies: usize,
    /// Bytes of untagged replies since the last tagged one, message data apart.
    reply_bytes: u64,
    /// What was received when the last tagged reply came.
    received_before: u64,
    counters: Counters,
    trace: Trace,
    /// What the server did wrong; further reads fail as well.
    verdict: Option<&'static str>,
    hold: Hold,
    /// The message that is taken out of its reply.
    pour: Option<Pour>,
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
    /// Bytes of the current literal still to come.
    literal_left: usize,
    /// The current literal is left out.
    is_skipping: bool,
    /// The current literal goes to whoever waits for that message.
    is_pouring: bool,
    literals: usize,
    /// The reply outgrew [`HELD_BYTES`] and is on its way to the parser.
    is_streaming: bool,
}

impl<S> fmt::Debug for Gate<S> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Gate").field("counters", &self.counters).finish_non_exhaustive()
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Gate<S> {
    pub(super) fn new(wire: S, limits: Limits) -> Self {
        Self {
            wire,
            limits,
            input: Vec::with_capacity(READ_BYTES),
            start: 0,
            reply: PartialReply::default(),
            cleared: VecDeque::new(),
            passing: 0,
            aside: VecDeque::new(),
            aside_bytes: 0,
            outgoing: Vec::new(),
            outgoing_start: 0,
            needs_flush: false,
            replies: 0,
            other_replies: 0,
            reply_bytes: 0,
            received_before: 0,
            counters: Counters::default(),
            trace: Trace::default(),
            verdict: None,
            hold: Hold::No,
            pour: None,
        }
    }

    /// Queues bytes for the server; reading and [`Self::poll_send`] move them on.
    pub(super) fn queue(&mut self, bytes: &[u8]) {
        if self.outgoing_start > self.outgoing.len() / 2 {
            self.outgoing.drain(..self.outgoing_start);
            self.outgoing_start = 0;
        }
        self.outgoing.extend_from_slice(bytes);
    }

    /// Bytes that wait to be sent.
    pub(super) fn queued(&self) -> usize {
        self.outgoing.len().saturating_sub(self.outgoing_start)
    }

    /// The oldest reply that went aside.
    pub(super) fn take_aside(&mut self) -> Option<Vec<u8>> {
        let aside = self.aside.pop_front()?;
        self.aside_bytes = self.aside_bytes.saturating_sub(aside.len());
        Some(aside)
    }

    pub(super) fn counters(&self) -> Counters {
        self.counters
    }

    pub(super) fn trace(&mut self) -> &mut Trace {
        &mut self.trace
    }

    pub(super) fn verdict(&self) -> Option<&'static str> {
        self.verdict
    }

    /// Reads no further than the reply with this tag until [`Self::go_on`].
    pub(super) fn hold_after(&mut self, tag: &str) {
        self.hold = Hold::After(format!("{tag} ").into_bytes());
    }

    /// Reads on.
    pub(super) fn go_on(&mut self) {
        self.hold = Hold::No;
    }

    pub(super) fn wire(&self) -> &S {
        &self.wire
    }

    /// A command was answered: what may come for the next one is counted anew.
    pub(super) fn command_done(&mut self) {
        self.replies = 0;
        self.other_replies = 0;
        self.reply_bytes = 0;
        self.received_before = self.counters.received;
    }

    /// Sends what is queued; ready when nothing waits any more.
    pub(super) fn poll_send(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
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

    fn hostile(&mut self, what: &'static str) -> io::Error {
        self.verdict = Some(what);
        io::Error::new(io::ErrorKind::InvalidData, what)
    }

    fn unwalked(&self) -> &[u8] {
        self.input.get(self.start..).unwrap_or_default()
    }

    /// Walks over one line or a piece of a literal. False when more bytes are needed.
    fn walk(&mut self) -> io::Result<bool> {
        if self.reply.literal_left > 0 {
            return Ok(self.walk_literal());
        }
        let Some(end) = memchr::memchr(b'\n', self.unwalked()) else {
            if self.unwalked().len() > self.limits.line_bytes {
                return Err(self.hostile("a line without end"));
            }
            return Ok(false);
        };
        let line = self.unwalked().get(..=end).unwrap_or_default().to_vec();
        self.start += line.len();
        if line.len() > self.limits.line_bytes {
            return Err(self.hostile("a line beyond all bounds"));
        }
        if let Some(length) = literal_length(&line) {
            self.begin_literal(&line, length)?;
        } else {
            self.take_up(&line);
            self.end_reply()?;
        }
        Ok(true)
    }

    fn walk_literal(&mut self) -> bool {
        let length = self.reply.literal_left.min(self.unwalked().len());
        if length == 0 {
            return false;
        }
        self.reply.literal_left -= length;
        self.pour_out(length);
        if self.reply.is_skipping {
            self.start += length;
        } else if self.reply.is_streaming {
            // Stays in `input`: `poll_read` hands it over from there.
            self.passing = length;
        } else {
            let piece = self.input.get(self.start..self.start + length).unwrap_or_default();
            self.reply.bytes.extend_from_slice(piece);
            self.start += length;
        }
        true
    }

    fn take_up(&mut self, bytes: &[u8]) {
        if self.reply.is_streaming {
            self.cleared.extend(bytes);
        } else {
            self.reply.bytes.extend_from_slice(bytes);
        }
    }

    fn begin_literal(&mut self, line: &[u8], length: usize) -> io::Result<()> {
        self.reply.literals += 1;
        if self.reply.literals > self.limits.literals_per_reply {
            return Err(self.hostile("too many literals in one reply"));
        }
        if length > self.limits.literal_bytes {
            return Err(self.hostile("a literal beyond all bounds"));
        }
        let text = line.get(..memchr::memrchr(b'{', line).unwrap_or(line.len())).unwrap_or_default();
        self.reply.literal_left = length;
        self.reply.is_pouring = self.is_poured(text, length);
        let is_held = self.reply.bytes.len() + line.len() + length <= HELD_BYTES;
        self.reply.is_skipping = self.reply.is_pouring
            || length > KEPT_LITERAL_BYTES
            || !(is_held || self.reply.is_streaming || self.is_readable(text));
        if self.reply.is_skipping {
            // As if the server gave nothing.
            self.take_up(text);
            self.take_up(b"NIL");
            let is_message = self.reply.is_streaming || is_safe_fetch(&self.reply.bytes);
            return if is_message { Ok(()) } else { Err(self.hostile(NOT_MESSAGE_DATA)) };
        }
        self.take_up(line);
        if !self.reply.is_streaming && self.reply.bytes.len() + length > HELD_BYTES {
            if !is_safe_fetch(&self.reply.bytes) {
                return Err(self.hostile(NOT_MESSAGE_DATA));
            }
            self.reply.is_streaming = true;
            self.cleared.extend(std::mem::take(&mut self.reply.bytes));
        }
        if !self.reply.is_streaming {
            // Honest servers close the reply right behind it.
            self.reply.bytes.reserve(length + 16);
        }
        Ok(())
    }

    fn end_reply(&mut self) -> io::Result<()> {
        let reply = std::mem::take(&mut self.reply);
        self.replies += 1;
        if self.replies > self.limits.replies_per_command {
            return Err(self.hostile("too many replies to one command"));
        }
        if reply.is_streaming {
            return Ok(());
        }
        if !is_safe_fetch(&reply.bytes) {
            self.other_replies += 1;
            if self.other_replies > self.limits.other_replies_per_command {
                return Err(self.hostile("too many replies to one command"));
            }
            self.reply_bytes += reply.bytes.len() as u64;
            if self.reply_bytes > self.limits.reply_bytes_per_command {
                return Err(self.hostile("replies without end to one command"));
            }
        }
        self.trace.received(&reply.bytes);
        if let Hold::After(beginning) = &self.hold
            && reply.bytes.starts_with(beginning)
        {
            self.hold = Hold::Now;
        }
        self.aside_bytes += reply.bytes.len();
        self.aside.push_back(reply.bytes);
        Ok(())
    }

    fn poll_fill(&mut self, context: &mut Context<'_>) -> Poll<io::Result<usize>> {
        self.input.drain(..self.start);
        self.start = 0;
        let filled = self.input.len();
        self.input.resize(filled + READ_BYTES, 0);
        let mut buffer = ReadBuf::new(self.input.get_mut(filled..).unwrap_or_default());
        let polled = Pin::new(&mut self.wire).poll_read(context, &mut buffer);
        let read = buffer.filled().len();
        self.input.truncate(filled + read);
        ready!(polled)?;
        self.counters.received += read as u64;
        if self.counters.received - self.received_before > self.limits.bytes_per_command {
            return Poll::Ready(Err(self.hostile("data without end to one command")));
        }
        Poll::Ready(Ok(read))
    }

    /// Hands cleared bytes, or a piece of a large literal, to the parser. False when there are none.
    fn hand_over(&mut self, buffer: &mut ReadBuf<'_>) -> bool {
        if !self.cleared.is_empty() {
            let (front, _) = self.cleared.as_slices();
            let length = front.len().min(buffer.remaining());
            buffer.put_slice(front.get(..length).unwrap_or_default());
            self.cleared.drain(..length);
            return true;
        }
        if self.passing == 0 {
            return false;
        }
        let length = self.passing.min(buffer.remaining());
        buffer.put_slice(self.unwalked().get(..length).unwrap_or_default());
        self.start += length;
        self.passing -= length;
        true
    }
}

impl Gate<Wire> {
    /// Everything from here on is packed in both directions (RFC 4978), also what was read already and not looked at.
    pub(super) fn compress(&mut self) {
        let early = self.input.split_off(self.start.min(self.input.len()));
        self.input.clear();
        self.start = 0;
        self.wire.compress(early);
        self.go_on();
    }
}

/// `{123}` or `{123+}` at the end of a line, before its line end.
fn literal_length(line: &[u8]) -> Option<usize> {
    let line = line.strip_suffix(b"\r\n")?.strip_suffix(b"}")?;
    let open = memchr::memrchr(b'{', line)?;
    let digits = line.get(open + 1..)?;
    let digits = digits.strip_suffix(b"+").unwrap_or(digits);
    if digits.is_empty() || digits.len() > 12 || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(digits).ok()?.parse().ok()
}

/// Whether the reply begins like a FETCH whose nesting the recursive parser survives.
fn is_safe_fetch(reply: &[u8]) -> bool {
    let mut words = reply.splitn(4, |byte| *byte == b' ');
    let is_fetch = words.next() == Some(b"*")
        && words.next().is_some_and(|number| number.iter().all(u8::is_ascii_digit))
        && words.next().is_some_and(|word| word.eq_ignore_ascii_case(b"FETCH"));
    is_fetch && !has_deep_structure(reply)
}

/// Whether a run of parentheses, with nothing but blanks between them, goes deeper than any honest reply.
///
/// Message data may hold any number of parentheses; only what is nested before other bytes drives the parser's recursion.
fn has_deep_structure(reply: &[u8]) -> bool {
    let mut run = 0_usize;
    let mut after = 0;
    memchr::memchr_iter(b'(', reply).any(|position| {
        let gap = reply.get(after..position).unwrap_or_default();
        run = if gap.iter().all(|byte| *byte == b' ') { run + 1 } else { 1 };
        after = position + 1;
        run > MAX_NESTING
    })
}

/// Message data, where imap-proto reads the reply to its end and understands all of it; what it skips it would silently
/// lose.
pub(super) fn read_fetch(reply: &[u8]) -> Option<imap_proto::Response<'_>> {
    if !is_safe_fetch(reply) {
        return None;
    }
    let (rest, response) = imap_proto::Response::parse(reply).ok()?;
    let imap_proto::Response::Fetch(_, attributes) = &response else { return None };
    let is_whole = rest.is_empty()
        && !attributes.iter().any(|value| matches!(value, imap_proto::AttributeValue::Unknown));
    is_whole.then_some(response)
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncRead for Gate<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let gate = &mut *self;
        // Whoever waits for a reply also moves the command on, so a full socket on both sides cannot lock up.
        if let Poll::Ready(Err(error)) = gate.poll_send(context) {
            return Poll::Ready(Err(error));
        }
        loop {
            if gate.hand_over(buffer) {
                return Poll::Ready(Ok(()));
            }
            if let Some(what) = gate.verdict {
                return Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, what)));
            }
            let is_full = gate.aside.len() >= MAX_ASIDE
                || gate.aside_bytes >= MAX_ASIDE_BYTES
                || gate.pour.as_ref().is_some_and(Pour::is_full);
            if gate.hold == Hold::Now || is_full {
                // The session takes them out before it polls again.
                context.waker().wake_by_ref();
                return Poll::Pending;
            }
            if !gate.walk()? && ready!(gate.poll_fill(context))? == 0 {
                return Poll::Ready(Ok(()));
            }
        }
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> AsyncWrite for Gate<S> {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        self.get_mut().queue(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    fn poll_flush(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        self.get_mut().poll_send(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.wire).poll_shutdown(context)
    }
}

#[cfg(test)]
mod gate_tests;
