//! Lines over a stream, bounded in length, number and time.

use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::time::timeout;

use super::error::SmtpError;
use super::limits::{MAX_IMAP_LINES, MAX_LINE};
use super::reply::{Read, Reply};
use super::transcript::Transcript;

/// One side of a conversation.
#[derive(Debug)]
pub(super) struct Conversation<S> {
    stream: S,
    buffer: Vec<u8>,
}

impl<S: AsyncRead + AsyncWrite + Unpin> Conversation<S> {
    pub(super) fn new(stream: S) -> Self {
        Self { stream, buffer: Vec::new() }
    }

    /// Reads one reply of SMTP, within this time for all of it.
    pub(super) async fn reply(
        &mut self,
        limit: Duration,
        transcript: &mut Transcript,
    ) -> Result<Reply, SmtpError> {
        let read = timeout(limit, self.next_reply()).await;
        let reply = read.map_err(|_elapsed| SmtpError::Silent { seconds: limit.as_secs() })??;
        for (position, line) in reply.lines.iter().enumerate() {
            let sign = if position + 1 == reply.lines.len() { ' ' } else { '-' };
            transcript.server(&format!("{}{sign}{line}", reply.code));
        }
        Ok(reply)
    }

    async fn next_reply(&mut self) -> Result<Reply, SmtpError> {
        loop {
            if let Read::Whole(reply, length) = Reply::read(&self.buffer)? {
                self.buffer.drain(..length);
                return Ok(reply);
            }
            self.more().await?;
        }
    }

    /// Reads lines of IMAP up to one that begins so, within this time for all of them.
    pub(super) async fn imap_lines(
        &mut self,
        until: &str,
        limit: Duration,
        transcript: &mut Transcript,
    ) -> Result<Vec<String>, SmtpError> {
        let read = timeout(limit, self.next_imap_lines(until)).await;
        let lines = read.map_err(|_elapsed| SmtpError::Silent { seconds: limit.as_secs() })??;
        for line in &lines {
            transcript.server(line);
        }
        Ok(lines)
    }

    async fn next_imap_lines(&mut self, until: &str) -> Result<Vec<String>, SmtpError> {
        let mut lines = Vec::new();
        while lines.len() < MAX_IMAP_LINES {
            let line = self.next_line().await?;
            let is_last = line.starts_with(until);
            if !is_last && !line.starts_with("* ") {
                let begin = line.chars().take(80).collect::<String>();
                return Err(SmtpError::NotImap(crate::values::printable_line(&begin).into_owned()));
            }
            lines.push(line);
            if is_last {
                return Ok(lines);
            }
        }
        Err(SmtpError::Endless("lines"))
    }

    async fn next_line(&mut self) -> Result<String, SmtpError> {
        loop {
            if let Some(end) = self.buffer.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.buffer.drain(..=end).collect();
                return Ok(String::from_utf8_lossy(&line).trim_end().to_owned());
            }
            if self.buffer.len() > MAX_LINE {
                return Err(SmtpError::Endless("a line"));
            }
            self.more().await?;
        }
    }

    /// Reads what has come. The buffer never holds more than one chunk above what its reader accepts.
    async fn more(&mut self) -> Result<(), SmtpError> {
        let mut chunk = [0_u8; 1_024];
        let length = self.stream.read(&mut chunk).await?;
        match chunk.get(..length) {
            None | Some([]) => Err(SmtpError::Closed),
            Some(read) => {
                self.buffer.extend_from_slice(read);
                Ok(())
            }
        }
    }

    /// Sends one line.
    pub(super) async fn say(
        &mut self,
        line: &str,
        limit: Duration,
        transcript: &mut Transcript,
    ) -> Result<(), SmtpError> {
        transcript.us(line);
        let sending = async {
            self.stream.write_all(format!("{line}\r\n").as_bytes()).await?;
            self.stream.flush().await
        };
        let sent = timeout(limit, sending).await;
        sent.map_err(|_elapsed| SmtpError::Silent { seconds: limit.as_secs() })?.map_err(SmtpError::Broken)
    }

    /// The stream, where nothing was read that nobody has asked for; `None` where bytes wait in the buffer.
    pub(super) fn into_clean_stream(self) -> Option<S> {
        self.buffer.is_empty().then_some(self.stream)
    }
}
