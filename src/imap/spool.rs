use std::io;

use tokio::fs::File;
use tokio::io::{AsyncReadExt as _, AsyncSeekExt as _, AsyncWriteExt as _};

use super::error::ImapError;

/// A large message on its way, in a temporary file without a name that vanishes with the program.
#[derive(Debug)]
pub struct Spool {
    file: File,
    bytes: u64,
}

/// One read from the file.
const READ_BYTES: usize = 256 * 1024;

impl Spool {
    /// Makes the file.
    pub async fn create() -> Result<Self, ImapError> {
        let made = tokio::task::spawn_blocking(tempfile::tempfile).await;
        let file = made.map_err(io::Error::other).and_then(|file| file).map_err(ImapError::Spool)?;
        Ok(Self { file: File::from_std(file), bytes: 0 })
    }

    /// Adds bytes at the end.
    pub async fn write(&mut self, piece: &[u8]) -> Result<(), ImapError> {
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

    /// Size of the message, in bytes.
    pub const fn bytes(&self) -> u64 {
        self.bytes
    }
}
