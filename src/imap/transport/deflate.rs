//! COMPRESS=DEFLATE (RFC 4978): what goes over the line is deflated in both directions.
//!
//! Below the gate, so that its limits count what comes out: a small flood that unpacks into a large one meets the same
//! bounds as the large one, and is never held in memory.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use flate2::{Compress, Decompress, FlushCompress, FlushDecompress, Status};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// Whether what goes over the line is compressed, where the server offers it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Compression {
    /// Where the line is slow enough for it to pay, as far as the round trip tells.
    #[default]
    Automatic,
    /// Wherever it is offered.
    Always,
    /// Not at all.
    Never,
}

/// From this round trip on compression pays.
///
/// Measured on one core with this packer: text shrinks to 28 % and mail with attachments in base64 to 76 %; level 1
/// packs 70 to 115 MB/s and unpacks some 200 MB/s, the level 6 that servers use packs 20 to 30 MB/s per connection.
/// A line within one building carries more than that, so packing would hold it up. Lines to the outside, from 10 ms
/// round trip on, rarely carry more than 20 MB/s per connection, and there every byte less is time won.
const WORTHWHILE_ROUND_TRIP: Duration = Duration::from_millis(10);

/// One read from the line.
const READ_BYTES: usize = 16 * 1024;
/// Packed bytes that may wait for the line.
const MAX_WAITING: usize = 64 * 1024;
/// Bytes packed at once.
const CHUNK_BYTES: usize = 32 * 1024;
/// Room made for packed bytes at once.
const ROOM_BYTES: usize = 8 * 1024;

impl Compression {
    pub(in crate::imap) fn is_worthwhile(self, round_trip: Duration) -> bool {
        match self {
            Self::Automatic => round_trip >= WORTHWHILE_ROUND_TRIP,
            Self::Always => true,
            Self::Never => false,
        }
    }
}

/// Packs and unpacks what goes over a line.
pub(in crate::imap) struct Deflate {
    unpack: Decompress,
    pack: Compress,
    /// Packed bytes from the line; those before `start` are done with.
    input: Vec<u8>,
    start: usize,
    /// The last step filled its whole buffer, so that more may come without further input.
    may_hold_more: bool,
    /// The server has ended the stream.
    is_ended: bool,
    /// Packed bytes for the line; those before `sent` are gone.
    output: Vec<u8>,
    sent: usize,
    /// Bytes were packed that the packer may still keep back.
    is_dirty: bool,
}

impl fmt::Debug for Deflate {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Deflate")
    }
}

impl Deflate {
    /// `early` came behind the server's consent, so it is packed already.
    pub(in crate::imap) fn new(early: Vec<u8>) -> Self {
        Self {
            unpack: Decompress::new(false),
            pack: Compress::new(flate2::Compression::fast(), false),
            input: early,
            start: 0,
            may_hold_more: true,
            is_ended: false,
            output: Vec::new(),
            sent: 0,
            is_dirty: false,
        }
    }

    pub(in crate::imap) fn poll_read<S: AsyncRead + Unpin>(
        &mut self,
        line: &mut S,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        loop {
            if self.is_ended || buffer.remaining() == 0 {
                return Poll::Ready(Ok(()));
            }
            if (self.start < self.input.len() || self.may_hold_more) && self.step(buffer)? {
                return Poll::Ready(Ok(()));
            }
            if self.is_ended || self.start < self.input.len() {
                continue;
            }
            if ready!(self.poll_fill(line, context))? == 0 {
                return Poll::Ready(Ok(()));
            }
        }
    }

    /// Unpacks into the buffer; true when something came out.
    fn step(&mut self, buffer: &mut ReadBuf<'_>) -> io::Result<bool> {
        let (before_in, before_out) = (self.unpack.total_in(), self.unpack.total_out());
        let packed = self.input.get(self.start..).unwrap_or_default();
        let room = buffer.initialize_unfilled();
        let size = room.len();
        let status = self.unpack.decompress(packed, room, FlushDecompress::Sync);
        let status = status.map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
        let taken = usize::try_from(self.unpack.total_in() - before_in).unwrap_or(usize::MAX);
        let made = usize::try_from(self.unpack.total_out() - before_out).unwrap_or(usize::MAX);
        self.start = self.start.saturating_add(taken);
        self.may_hold_more = made == size;
        self.is_ended = status == Status::StreamEnd;
        buffer.advance(made);
        if taken == 0 && made == 0 && self.start < self.input.len() && !self.is_ended {
            return Err(io::Error::new(io::ErrorKind::InvalidData, "the compressed stream is invalid"));
        }
        Ok(made > 0)
    }

    fn poll_fill<S: AsyncRead + Unpin>(
        &mut self,
        line: &mut S,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<usize>> {
        self.start = 0;
        self.input.clear();
        self.input.resize(READ_BYTES, 0);
        let mut packed = ReadBuf::new(&mut self.input);
        let polled = Pin::new(line).poll_read(context, &mut packed);
        let read = packed.filled().len();
        self.input.truncate(read);
        ready!(polled)?;
        Poll::Ready(Ok(read))
    }

    pub(in crate::imap) fn poll_write<S: AsyncWrite + Unpin>(
        &mut self,
        line: &mut S,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if self.output.len() - self.sent >= MAX_WAITING {
            ready!(self.poll_send(line, context))?;
        }
        let chunk = bytes.get(..bytes.len().min(CHUNK_BYTES)).unwrap_or_default();
        let mut rest = chunk;
        while !rest.is_empty() {
            let taken = self.pack_some(rest, FlushCompress::None)?;
            rest = rest.get(taken..).unwrap_or_default();
        }
        self.is_dirty |= !chunk.is_empty();
        Poll::Ready(Ok(chunk.len()))
    }

    /// The packer keeps bytes back until it is told otherwise; whoever waits for an answer flushes first, or waits for
    /// ever.
    pub(in crate::imap) fn poll_flush<S: AsyncWrite + Unpin>(
        &mut self,
        line: &mut S,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        while self.is_dirty {
            self.pack_some(&[], FlushCompress::Sync)?;
            // Room that is left says that nothing is kept back any more.
            self.is_dirty = self.output.len() == self.output.capacity();
        }
        ready!(self.poll_send(line, context))?;
        Pin::new(line).poll_flush(context)
    }

    /// Packs into fresh room; how many bytes it took.
    fn pack_some(&mut self, bytes: &[u8], flush: FlushCompress) -> io::Result<usize> {
        let before = self.pack.total_in();
        self.output.reserve(ROOM_BYTES);
        let packed = self.pack.compress_vec(bytes, &mut self.output, flush);
        packed.map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error))?;
        Ok(usize::try_from(self.pack.total_in() - before).unwrap_or(usize::MAX))
    }

    fn poll_send<S: AsyncWrite + Unpin>(
        &mut self,
        line: &mut S,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        while let Some(waiting) = self.output.get(self.sent..).filter(|waiting| !waiting.is_empty()) {
            let written = ready!(Pin::new(&mut *line).poll_write(context, waiting))?;
            if written == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.sent += written;
        }
        self.output.clear();
        self.sent = 0;
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod deflate_tests;
