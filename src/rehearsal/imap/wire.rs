//! Both directions of one connection to a practice server, with the faults that act on bytes.

use std::io;
use std::sync::Arc;
use std::time::Duration;

use memchr::memchr;
use thiserror::Error;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use super::fault::{Action, ByteFaults};
use super::server::Shared;

/// Output that waits is sent once it is this large, so that a FETCH of a whole mailbox stays small in memory.
const FLUSH_BYTES: usize = 128 * 1024;
const READ_BYTES: usize = 64 * 1024;

/// What a connection runs over: clear text, or TLS.
pub(super) trait Line: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Line for T {}

/// Why a connection is over.
#[derive(Debug, Error)]
pub(super) enum WireEnd {
    #[error("the client closed the connection")]
    Closed,
    #[error("the connection was closed on purpose")]
    OnPurpose,
    #[error("a line is longer than the server allows")]
    LineTooLong,
    #[error("the client was silent for too long")]
    Idle,
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// The two directions of one connection: lines and literals in, bytes out, with the byte faults on both.
///
/// What is written waits until the server would wait for the client, or until there is much of it. It has no `Debug`,
/// as passwords pass through it.
pub(super) struct Wire {
    stream: Box<dyn Line>,
    input: Vec<u8>,
    /// How much of `input` was taken.
    taken: usize,
    output: Vec<u8>,
    /// What happens after this much of `output` was sent.
    due: Vec<(usize, Action)>,
    shared: Arc<Shared>,
    received_bytes: u64,
    sent_bytes: u64,
    faults: ByteFaults,
    bytes_per_second: Option<u64>,
    idle_limit: Duration,
}

impl Wire {
    pub(super) fn new(stream: Box<dyn Line>, shared: Arc<Shared>, idle_limit: Duration) -> Self {
        let faults = shared.faults.arm();
        Self {
            stream,
            input: Vec::new(),
            taken: 0,
            output: Vec::new(),
            due: Vec::new(),
            shared,
            received_bytes: 0,
            sent_bytes: 0,
            faults,
            bytes_per_second: None,
            idle_limit,
        }
    }

    pub(super) fn set_idle_limit(&mut self, idle_limit: Duration) {
        self.idle_limit = idle_limit;
    }

    /// Bytes received and sent so far.
    pub(super) fn byte_counts(&self) -> (u64, u64) {
        (self.received_bytes, self.sent_bytes)
    }

    pub(super) fn throttle(&mut self, bytes_per_second: u64) {
        self.bytes_per_second = Some(bytes_per_second.max(1));
    }

    pub(super) fn push(&mut self, bytes: &[u8]) {
        self.output.extend_from_slice(bytes);
    }

    pub(super) fn push_line(&mut self, line: &str) {
        self.begin_reply(line);
        self.output.extend_from_slice(line.as_bytes());
        self.output.extend_from_slice(b"\r\n");
    }

    /// Counts a reply that begins here, and has its faults strike when everything before it has gone out.
    pub(super) fn begin_reply(&mut self, line: &str) {
        self.shared.circumstances.count_reply();
        for action in self.shared.faults.on_reply(line) {
            match action {
                Action::Say(words) => {
                    self.push(format!("* {words}\r\n").as_bytes());
                }
                action => self.due.push((self.output.len(), action)),
            }
        }
    }

    /// Waits this long for bytes from the client, after everything that waits to be sent has gone out; whether there
    /// are any now.
    pub(super) async fn has_input_within(&mut self, time: Duration) -> Result<bool, WireEnd> {
        if self.taken < self.input.len() {
            return Ok(true);
        }
        self.flush().await?;
        // Cut off only while it waits for the socket: what came stays in the buffer.
        match tokio::time::timeout(time, self.fill()).await {
            Err(_elapsed) => Ok(false),
            Ok(filled) => filled.map(|()| true),
        }
    }

    /// The next line without its end; a bare LF ends a line too, as at Dovecot.
    ///
    /// Safe to drop while it waits, if nothing waits to be sent.
    pub(super) async fn line(&mut self, limit: usize) -> Result<Vec<u8>, WireEnd> {
        let mut searched = 0;
        loop {
            let waiting = self.input.get(self.taken..).unwrap_or_default();
            if let Some(end) = memchr(b'\n', waiting.get(searched..).unwrap_or_default()) {
                let line = waiting.get(..searched + end).unwrap_or_default();
                let line = line.strip_suffix(b"\r").unwrap_or(line).to_vec();
                self.taken += searched + end + 1;
                return if line.len() > limit { Err(WireEnd::LineTooLong) } else { Ok(line) };
            }
            if waiting.len() > limit {
                return Err(WireEnd::LineTooLong);
            }
            searched = waiting.len();
            self.fill().await?;
        }
    }

    /// Exactly this many bytes.
    pub(super) async fn literal(&mut self, length: usize) -> Result<Vec<u8>, WireEnd> {
        // The announced length is only a promise: memory grows with what really comes.
        let mut literal = Vec::with_capacity(length.min(1 << 20));
        while literal.len() < length {
            let waiting = self.input.get(self.taken..).unwrap_or_default();
            if waiting.is_empty() {
                self.fill().await?;
                continue;
            }
            let part = waiting.get(..waiting.len().min(length - literal.len())).unwrap_or_default();
            literal.extend_from_slice(part);
            self.taken += part.len();
        }
        Ok(literal)
    }

    /// Takes this many bytes and forgets them.
    pub(super) async fn skip(&mut self, length: u64) -> Result<(), WireEnd> {
        let mut left = length;
        while left > 0 {
            let waiting = self.input.len() - self.taken;
            if waiting == 0 {
                self.fill().await?;
                continue;
            }
            let part = usize::try_from(left).unwrap_or(usize::MAX).min(waiting);
            self.taken += part;
            left -= u64::try_from(part).unwrap_or(left);
        }
        Ok(())
    }

    /// Waits for more input, after everything that waits to be sent has gone out.
    async fn fill(&mut self) -> Result<(), WireEnd> {
        self.flush().await?;
        self.input.drain(..self.taken);
        self.taken = 0;
        self.input.reserve(READ_BYTES);
        let room = self.room_before_fault().await?;
        let mut source = (&mut self.stream).take(room);
        let read = tokio::time::timeout(self.idle_limit, source.read_buf(&mut self.input));
        match read.await {
            Err(_elapsed) => Err(WireEnd::Idle),
            Ok(Ok(0)) => Err(WireEnd::Closed),
            Ok(Ok(count)) => {
                self.received_bytes += u64::try_from(count).unwrap_or(0);
                Ok(())
            }
            Ok(Err(error)) => Err(error.into()),
        }
    }

    /// How many bytes may be read before a fault strikes; strikes it when it is due.
    async fn room_before_fault(&mut self) -> Result<u64, WireEnd> {
        if let Some((limit, _)) = &self.faults.received {
            let room = limit.saturating_sub(self.received_bytes);
            if room > 0 {
                return Ok(room);
            }
            if let Some((_, action)) = self.faults.received.take() {
                self.strike(action).await?;
            }
        }
        Ok(u64::MAX)
    }

    /// Sends everything that waits.
    pub(super) async fn flush(&mut self) -> Result<(), WireEnd> {
        if self.output.is_empty() {
            return Ok(());
        }
        let output = std::mem::take(&mut self.output);
        let mut start = 0;
        for (end, action) in std::mem::take(&mut self.due) {
            self.send_all(output.get(start..end).unwrap_or_default()).await?;
            start = end;
            self.strike(action).await?;
        }
        self.send_all(output.get(start..).unwrap_or_default()).await?;
        // The buffer is kept for the next replies, unless a large message made it large.
        self.output = output;
        self.output.clear();
        self.output.shrink_to(2 * FLUSH_BYTES);
        Ok(())
    }

    /// Sends bytes, with the faults that wait for their number.
    async fn send_all(&mut self, bytes: &[u8]) -> Result<(), WireEnd> {
        let mut rest = bytes;
        while !rest.is_empty() {
            let due = self.faults.sent.as_ref().map(|(limit, _)| limit.saturating_sub(self.sent_bytes));
            if due == Some(0) {
                if let Some((_, action)) = self.faults.sent.take() {
                    self.strike(action).await?;
                }
                continue;
            }
            let step = due.map_or(usize::MAX, |due| usize::try_from(due).unwrap_or(usize::MAX));
            let (now, later) = rest.split_at(rest.len().min(step).min(self.slice_bytes()));
            self.send(now).await?;
            rest = later;
        }
        Ok(())
    }

    /// Sends what waits when there is much of it.
    pub(super) async fn flush_if_large(&mut self) -> Result<(), WireEnd> {
        if self.output.len() >= FLUSH_BYTES { self.flush().await } else { Ok(()) }
    }

    /// Throttled output goes out in tenths of a second.
    fn slice_bytes(&self) -> usize {
        self.bytes_per_second
            .map_or(usize::MAX, |rate| usize::try_from(rate / 10).unwrap_or(usize::MAX).max(1))
    }

    async fn send(&mut self, bytes: &[u8]) -> Result<(), WireEnd> {
        self.stream.write_all(bytes).await?;
        self.sent_bytes += u64::try_from(bytes.len()).unwrap_or(0);
        if self.bytes_per_second.is_some() {
            tokio::time::sleep(Duration::from_millis(100)).await;
        }
        Ok(())
    }

    /// Does what a fault says to the connection itself; other actions mean nothing here.
    pub(super) async fn strike(&mut self, action: Action) -> Result<(), WireEnd> {
        match action {
            Action::Close | Action::LoseReply => Err(WireEnd::OnPurpose),
            Action::Stall => std::future::pending().await,
            Action::Delay(time) => {
                tokio::time::sleep(time).await;
                Ok(())
            }
            Action::Throttle { bytes_per_second } => {
                self.throttle(bytes_per_second);
                Ok(())
            }
            Action::Say(line) => {
                self.push_line(&format!("* {line}"));
                Ok(())
            }
            Action::Refuse(_)
            | Action::OmitAppendUid
            | Action::SwapAppendUid
            | Action::OverstateExists(_)
            | Action::UnderstateUidNext(_)
            | Action::MisstateSize(_)
            | Action::FetchNothing
            | Action::FetchNil
            | Action::Reorder => Ok(()),
        }
    }
}
