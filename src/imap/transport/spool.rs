//! Keeps the bytes of a message until they are sent: small ones in memory, large ones in a temporary file.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::sync::Arc;

use tokio::sync::OwnedSemaphorePermit;

use crate::imap::protocol::error::ImapError;

/// A large message on its way: in memory as far as there is room for it, else in a temporary file without a name that
/// vanishes with the program.
#[derive(Debug, Default)]
pub struct Spool {
    pieces: Vec<Piece>,
    file: Option<Arc<File>>,
    bytes: u64,
    /// The piece that is read next.
    next: usize,
    lets_go: bool,
    /// Pieces were let go of.
    is_spent: bool,
}

/// A part of the message.
#[derive(Debug)]
enum Piece {
    Held { bytes: Vec<u8>, room: Option<OwnedSemaphorePermit> },
    Stored { at: u64, length: usize },
}

/// The most that is read from the file at once.
const READ_BYTES: usize = 256 * 1024;

impl Spool {
    /// Adds bytes at the end: in memory where there is room, else in the file.
    pub async fn add(&mut self, bytes: Vec<u8>, room: Option<OwnedSemaphorePermit>) -> Result<(), ImapError> {
        let (at, length) = (self.bytes, bytes.len());
        self.bytes += length as u64;
        if room.is_some() {
            self.pieces.push(Piece::Held { bytes, room });
            return Ok(());
        }
        let known = self.file.clone();
        let write = move || -> io::Result<Arc<File>> {
            let file = match known {
                Some(file) => file,
                None => Arc::new(tempfile::tempfile()?),
            };
            // What is held leaves a hole.
            (&*file).seek(SeekFrom::Start(at))?;
            (&*file).write_all(&bytes)?;
            Ok(file)
        };
        self.file = Some(off_thread(write).await?);
        for at in (at..at + length as u64).step_by(READ_BYTES) {
            let length = usize::try_from(self.bytes - at).unwrap_or(READ_BYTES).min(READ_BYTES);
            self.pieces.push(Piece::Stored { at, length });
        }
        Ok(())
    }

    /// Goes back to the beginning, for another reading.
    pub fn rewind(&mut self) -> Result<(), ImapError> {
        if self.is_spent {
            return Err(ImapError::Spool(io::Error::other("the message is no longer in memory")));
        }
        self.next = 0;
        Ok(())
    }

    /// What is held in memory is let go of as it is sent, to make room for the next message.
    pub fn let_go(&mut self) {
        self.lets_go = true;
    }

    /// Keeps everything from now on, because it is sent more than once.
    pub fn keep(&mut self) {
        self.lets_go = false;
    }

    /// Whether it cannot be read again.
    pub const fn is_spent(&self) -> bool {
        self.is_spent
    }

    /// The next bytes, on their way out; empty at the end.
    pub(in crate::imap) async fn take(&mut self) -> Result<Vec<u8>, ImapError> {
        match self.pieces.get_mut(self.next) {
            Some(Piece::Held { bytes, room }) if self.lets_go => {
                self.next += 1;
                self.is_spent = true;
                *room = None;
                Ok(std::mem::take(bytes))
            }
            _ => self.read().await,
        }
    }

    /// The next bytes; empty at the end.
    pub async fn read(&mut self) -> Result<Vec<u8>, ImapError> {
        let (at, length) = match self.pieces.get(self.next) {
            None => return Ok(Vec::new()),
            Some(Piece::Held { bytes, .. }) => {
                self.next += 1;
                return Ok(bytes.clone());
            }
            Some(Piece::Stored { at, length }) => (*at, *length),
        };
        self.next += 1;
        let Some(file) = self.file.clone() else { return Ok(Vec::new()) };
        off_thread(move || {
            let mut bytes = vec![0; length];
            (&*file).seek(SeekFrom::Start(at))?;
            (&*file).read_exact(&mut bytes)?;
            Ok(bytes)
        })
        .await
    }

    /// The whole message, in memory.
    pub async fn read_whole(&mut self) -> Result<Vec<u8>, ImapError> {
        self.rewind()?;
        let mut whole = Vec::with_capacity(usize::try_from(self.bytes).unwrap_or(0));
        loop {
            let piece = self.read().await?;
            if piece.is_empty() {
                return Ok(whole);
            }
            whole.extend(piece);
        }
    }

    /// Size of the message, in bytes.
    pub const fn bytes(&self) -> u64 {
        self.bytes
    }
}

async fn off_thread<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> Result<T, ImapError> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(io::Error::other).and_then(|done| done).map_err(ImapError::Spool)
}

#[cfg(test)]
mod tests {
    use tokio::sync::Semaphore;

    use super::*;

    async fn filled(room: &Arc<Semaphore>) -> (Spool, Vec<u8>) {
        let (mut spool, mut whole) = (Spool::default(), Vec::new());
        for (number, length) in [3, 700_000, 1, READ_BYTES, 5].into_iter().enumerate() {
            let piece = vec![b'a' + u8::try_from(number).unwrap(); length];
            whole.extend_from_slice(&piece);
            let room = Arc::clone(room).try_acquire_owned().ok();
            spool.add(piece, room).await.unwrap();
        }
        (spool, whole)
    }

    #[tokio::test]
    async fn what_is_held_and_what_is_stored_make_one_message() {
        for held in 0..=5 {
            let room = Arc::new(Semaphore::new(held));
            let (mut spool, whole) = filled(&room).await;
            assert_eq!(spool.bytes(), whole.len() as u64);
            for _reading in 0..2 {
                assert_eq!(spool.read_whole().await.unwrap(), whole, "{held} pieces in memory");
            }
        }
    }

    #[tokio::test]
    async fn what_is_sent_makes_room_and_is_not_taken_for_the_whole_again() {
        let room = Arc::new(Semaphore::new(2));
        let (mut spool, whole) = filled(&room).await;
        let mut sent = Vec::new();
        for lets_go in [false, true] {
            if lets_go {
                spool.let_go();
                assert_eq!(spool.read_whole().await.unwrap(), whole, "nothing has left yet");
            }
            assert_eq!((spool.is_spent(), room.available_permits()), (false, 0));
            spool.rewind().unwrap();
            sent.clear();
            loop {
                let piece = spool.take().await.unwrap();
                if piece.is_empty() {
                    break;
                }
                sent.extend(piece);
            }
            assert_eq!(sent, whole);
            assert_eq!(spool.is_spent(), lets_go);
        }
        assert_eq!((spool.is_spent(), room.available_permits()), (true, 2));
        assert!(spool.rewind().is_err() && spool.read_whole().await.is_err());
    }
}
