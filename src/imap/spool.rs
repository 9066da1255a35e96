use std::io;

use tokio::fs::File;
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _, AsyncWriteExt as _};

use super::error::ImapError;
use super::messages::PIECE_BYTES;

/// A large message on its way, in a temporary file without a name that vanishes with the program.
#[derive(Debug)]
pub struct Spool {
    file: File,
    bytes: u64,
}

/// One read from the file.
const READ_BYTES: usize = 256 * 1024;

impl Spool {
    pub(super) async fn create() -> Result<Self, ImapError> {
        let made = tokio::task::spawn_blocking(tempfile::tempfile).await;
        let file = made.map_err(io::Error::other).and_then(|file| file).map_err(ImapError::Spool)?;
        Ok(Self { file: File::from_std(file), bytes: 0 })
    }

    pub(super) async fn write(&mut self, piece: &[u8]) -> Result<(), ImapError> {
        self.file.write_all(piece).await.map_err(ImapError::Spool)?;
        self.bytes += piece.len() as u64;
        Ok(())
    }

    /// Goes back to the beginning, for another reading.
    pub async fn rewind(&mut self) -> Result<(), ImapError> {
        self.file.flush().await.map_err(ImapError::Spool)?;
        self.file.rewind().await.map_err(ImapError::Spool)?;
        Ok(())
    }

    /// The next bytes; empty at the end.
    pub async fn read(&mut self) -> Result<Vec<u8>, ImapError> {
        let mut chunk = vec![0; READ_BYTES];
        let read = self.file.read(&mut chunk).await.map_err(ImapError::Spool)?;
        chunk.truncate(read);
        Ok(chunk)
    }

    /// The whole message, in memory.
    pub async fn read_whole(&mut self) -> Result<Vec<u8>, ImapError> {
        self.rewind().await?;
        let mut bytes = Vec::with_capacity(usize::try_from(self.bytes).unwrap_or(0));
        self.file.read_to_end(&mut bytes).await.map_err(ImapError::Spool)?;
        Ok(bytes)
    }

    /// Whether this may be the beginning of a longer message of so many bytes: it ends on a whole piece, as where a server
    /// answers for some pieces and not for the rest.
    pub const fn may_be_cut(&self, listed_bytes: u64) -> bool {
        self.bytes < listed_bytes && self.bytes > 0 && self.bytes.is_multiple_of(PIECE_BYTES)
    }

    /// Size of the message, in bytes.
    pub const fn bytes(&self) -> u64 {
        self.bytes
    }
}
