//! STARTTLS (RFC 3501 section 6.2.1) in clear text, before any buffer exists that injected bytes could hide in.

use std::io;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::time::timeout;

use crate::imap::protocol::completion::{Completion, Status};
use crate::imap::protocol::error::ImapError;

/// Longest exchange before TLS.
const MAX_BYTES: usize = 16 * 1024;

/// Reads the greeting, asks for STARTTLS and leaves the stream at the first byte of the handshake.
pub(in crate::imap) async fn upgrade<S: AsyncRead + AsyncWrite + Unpin>(
    stream: &mut S,
    limit: Duration,
) -> Result<(), ImapError> {
    let silent = |_elapsed| ImapError::Silent { seconds: limit.as_secs() };
    timeout(limit, exchange(stream)).await.map_err(silent)?
}

async fn exchange<S: AsyncRead + AsyncWrite + Unpin>(stream: &mut S) -> Result<(), ImapError> {
    let mut buffer = Vec::new();
    let greeting = read_line(stream, &mut buffer).await?;
    let greeting = greeting.strip_prefix(b"* ").and_then(Completion::read);
    match greeting {
        Some(greeting) if greeting.status == Status::Ok => {}
        Some(greeting) if greeting.status == Status::PreAuth => {
            // Signed in already, STARTTLS is no longer allowed: a known trick to keep the line in clear text.
            return Err(ImapError::StartTlsRefused("it pre-authenticates before TLS".to_owned()));
        }
        Some(greeting) => return Err(ImapError::TurnedAway(greeting.words)),
        None => return Err(ImapError::TurnedAway("it does not speak IMAP".to_owned())),
    }
    stream.write_all(b"S1 STARTTLS\r\n").await.map_err(ImapError::Broken)?;
    stream.flush().await.map_err(ImapError::Broken)?;
    loop {
        let line = read_line(stream, &mut buffer).await?;
        let Some(answer) = line.strip_prefix(b"S1 ").and_then(Completion::read) else {
            continue;
        };
        if !answer.is_ok() {
            return Err(ImapError::StartTlsRefused(answer.to_string()));
        }
        return if buffer.is_empty() { Ok(()) } else { Err(ImapError::StartTlsInjected) };
    }
}

async fn read_line<S: AsyncRead + Unpin>(stream: &mut S, buffer: &mut Vec<u8>) -> Result<Vec<u8>, ImapError> {
    let mut total = buffer.len();
    loop {
        if let Some(end) = memchr::memchr(b'\n', buffer) {
            let rest = buffer.split_off(end + 1);
            return Ok(std::mem::replace(buffer, rest));
        }
        if total > MAX_BYTES {
            return Err(ImapError::Hostile("an endless line"));
        }
        let mut chunk = [0_u8; 512];
        let read = stream.read(&mut chunk).await.map_err(ImapError::Broken)?;
        if read == 0 {
            return Err(ImapError::Broken(io::ErrorKind::UnexpectedEof.into()));
        }
        total += read;
        buffer.extend_from_slice(chunk.get(..read).unwrap_or_default());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn upgraded(server: &[u8]) -> Result<(), ImapError> {
        let (mut ours, mut theirs) = tokio::io::duplex(4096);
        theirs.write_all(server).await.unwrap();
        upgrade(&mut ours, Duration::from_secs(5)).await
    }

    #[tokio::test]
    async fn only_a_clean_ok_leads_to_tls() {
        assert!(upgraded(b"* OK hello\r\n* CAPABILITY IMAP4rev1\r\nS1 OK go\r\n").await.is_ok());
        let injected = upgraded(b"* OK hello\r\nS1 OK go\r\n* CAPABILITY AUTH=EVIL\r\n").await;
        assert!(matches!(injected, Err(ImapError::StartTlsInjected)));
        let refused = upgraded(b"* OK hello\r\nS1 BAD what?\r\n").await;
        assert!(matches!(refused, Err(ImapError::StartTlsRefused(_))));
        let preauth = upgraded(b"* PREAUTH come in\r\n").await;
        assert!(matches!(preauth, Err(ImapError::StartTlsRefused(_))));
        assert!(matches!(upgraded(b"* BYE no\r\n").await, Err(ImapError::TurnedAway(_))));
        assert!(matches!(upgraded(b"220 smtp.example\r\n").await, Err(ImapError::TurnedAway(_))));
    }
}
