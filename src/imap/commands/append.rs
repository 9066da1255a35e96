//! Writing: single APPENDs, pipelined APPENDs, and MULTIAPPEND (RFC 3502).

use std::sync::Arc;

use crate::imap::protocol::completion::{Completion, LiteralMode, Status};
use crate::imap::protocol::error::ImapError;
use crate::imap::protocol::raw_name;
use crate::imap::protocol::reply::Reply;
use crate::imap::protocol::tag::Tag;
use crate::imap::session::Session;
use crate::imap::session::pending::{Answer, Pending, Reader};
use crate::imap::session::utf8::has_utf8_header;
use crate::imap::transport::spool::Spool;

/// A message to be appended.
#[derive(Debug)]
pub struct NewMessage {
    /// Flags that the folder accepts.
    pub flags: Vec<String>,
    /// INTERNALDATE as the source wrote it; empty for the server's clock.
    pub internal_date: String,
    /// The message itself.
    pub body: Body,
}

/// The bytes of a message.
#[derive(Debug)]
pub enum Body {
    /// In memory; clones share it.
    Memory(Arc<Vec<u8>>),
    /// In a temporary file.
    Spooled(Spool),
}

impl Body {
    /// Whether its header is in UTF-8, as far as it is in memory.
    fn has_utf8_header(&self) -> bool {
        matches!(self, Self::Memory(bytes) if has_utf8_header(bytes))
    }

    /// Size in bytes.
    pub fn bytes(&self) -> u64 {
        match self {
            Self::Memory(bytes) => bytes.len() as u64,
            Self::Spooled(spool) => spool.bytes(),
        }
    }
}

/// What a server says to an APPEND; a refusal is an answer, too.
#[derive(Debug)]
pub struct Appended {
    said: Completion,
}

impl Answer for Appended {
    type Output = Completion;
}

impl Reader for Appended {
    fn end(&mut self, completion: Completion) -> Result<(), ImapError> {
        self.said = completion;
        Ok(())
    }

    fn output(self, _session: &mut Session) -> Completion {
        self.said
    }
}

/// A pending APPEND. Some servers refuse before they have received everything; then nothing more is sent.
fn append_under_way(tag: Tag, refused_early: Option<Completion>) -> Pending<Appended> {
    let tags = refused_early.is_none().then_some(tag);
    let nothing = Completion { status: Status::Bad, code: None, words: String::new() };
    Pending::new(tags, Appended { said: refused_early.unwrap_or(nothing) })
}

/// Receives the number of message bytes written to the socket since the last call.
pub type Leaving<'a> = &'a (dyn Fn(u64) + Send + Sync);

/// How much of the messages of a command has gone to the socket.
struct Gone<'a> {
    queued: u64,
    told: u64,
    tell: Leaving<'a>,
}

impl Gone<'_> {
    /// So many bytes still wait for the socket: what was queued beyond them has gone.
    fn look(&mut self, waiting: usize) {
        let gone = self.queued.saturating_sub(waiting as u64);
        if gone > self.told {
            (self.tell)(gone - self.told);
            self.told = gone;
        }
    }
}

/// Bytes that may wait for the socket while the next message is prepared.
const SEND_WINDOW: usize = 256 * 1024;
/// A larger message waits for the server's word, where it need not: one that is refused for its size has not gone over
/// the line then.
const ASK_FIRST_BYTES: u64 = 8 << 20;
/// Largest literal that LITERAL- sends without asking (RFC 7888 section 5).
const LITERAL_MINUS_BYTES: u64 = 4_096;

impl Session {
    /// Whether several messages can go in one command without waiting for the server in between.
    pub fn can_append_many(&self) -> bool {
        self.capabilities.has("MULTIAPPEND") && self.literal_mode() == LiteralMode::Plus
    }

    /// Sends messages with one APPEND; more than one only where [`Self::can_append_many`].
    /// Returns when nearly all of it has left, with the answer still to come. `leaving` hears how much that is.
    ///
    /// Not cancellation safe: half a command may have been sent, which makes the connection unusable.
    ///
    /// # Errors
    ///
    /// Those after which the connection is of no use; a refusal is an answer.
    pub async fn send_append(
        &mut self,
        folder: &str,
        messages: &mut [NewMessage],
        leaving: Leaving<'_>,
    ) -> Result<Pending<Appended>, ImapError> {
        let name = self.folder_name(folder)?;
        self.open_for_append(folder).await?;
        let tag = self.new_tag(&format!("APPEND {name} … ({} messages)", messages.len()));
        let mut line = format!("{tag} APPEND {name}");
        let mut end = "";
        let mut gone = Gone { queued: 0, told: 0, tell: leaving };
        for message in messages {
            line.insert_str(0, end);
            let length = message.body.bytes();
            let is_utf8 = self.has_utf8 && message.body.has_utf8_header();
            end = if is_utf8 { ")" } else { "" };
            let waits = match self.literal_mode() {
                LiteralMode::Plus => length > ASK_FIRST_BYTES,
                LiteralMode::Minus => length > LITERAL_MINUS_BYTES,
                LiteralMode::Synchronising => true,
            };
            line.push_str(&arguments(message, (length, is_utf8), waits));
            self.queue(&raw_name::to_bytes(&std::mem::take(&mut line)));
            if waits && let Some(refusal) = self.wait_for_go(tag).await? {
                return Ok(append_under_way(tag, Some(refusal)));
            }
            self.send_body(&mut message.body, &mut gone).await?;
        }
        self.queue(end.as_bytes());
        self.queue(b"\r\n");
        self.drain(SEND_WINDOW).await?;
        gone.look(self.queued());
        Ok(append_under_way(tag, None))
    }

    /// Opens the folder for writing if this connection has opened it for reading only: Courier then refuses to store
    /// anything in it. A refusal is left to the APPEND, whose answer counts.
    async fn open_for_append(&mut self, folder: &str) -> Result<(), ImapError> {
        if self.only_read.as_deref() != Some(folder) {
            return Ok(());
        }
        match self.select(folder).await {
            Ok(_) | Err(ImapError::Refused { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }

    async fn send_body(&mut self, body: &mut Body, gone: &mut Gone<'_>) -> Result<(), ImapError> {
        match body {
            Body::Memory(bytes) => {
                for piece in bytes.chunks(SEND_WINDOW) {
                    self.queue(piece);
                    gone.queued += piece.len() as u64;
                    // Small messages go together: a system call for each costs more than the copying.
                    if self.queued() > SEND_WINDOW {
                        self.drain(SEND_WINDOW).await?;
                        gone.look(self.queued());
                    }
                }
                Ok(())
            }
            Body::Spooled(spool) => {
                spool.rewind()?;
                loop {
                    let chunk = spool.take().await?;
                    if chunk.is_empty() {
                        return Ok(());
                    }
                    // The socket has enough to go on with, and what nothing waits before is not copied once more.
                    self.drain(0).await?;
                    gone.look(self.queued());
                    gone.queued += chunk.len() as u64;
                    self.queue_owned(chunk);
                }
            }
        }
    }

    /// Waits until the server asks for the literal; its refusal where it does not.
    async fn wait_for_go(&mut self, tag: Tag) -> Result<Option<Completion>, ImapError> {
        loop {
            match self.next().await? {
                Reply::Continue(_) => return Ok(None),
                Reply::Tagged(answered, completion) if answered == tag => return Ok(Some(completion)),
                Reply::Tagged(answered, completion) => self.keep_completed(answered, completion),
                _ => {}
            }
        }
    }

    /// Waits until the answer to an APPEND is here; [`Self::answer`] then has it at once.
    ///
    /// Cancellation safe: dropping the future loses nothing.
    ///
    /// # Errors
    ///
    /// Those after which the connection is of no use.
    pub async fn append_answered(&mut self, request: &Pending<Appended>) -> Result<(), ImapError> {
        while request.tag().is_some_and(|tag| !self.is_completed(tag)) {
            if let Reply::Tagged(tag, completion) = self.next().await? {
                self.keep_completed(tag, completion);
            }
        }
        Ok(())
    }
}

fn arguments(message: &NewMessage, (length, is_utf8): (u64, bool), waits: bool) -> String {
    let flags = message.flags.join(" ");
    let date = if is_date(&message.internal_date) {
        format!(" \"{}\"", message.internal_date)
    } else {
        String::new()
    };
    let plus = if waits { "" } else { "+" };
    let utf8 = if is_utf8 { "UTF8 (~" } else { "" };
    format!(" ({flags}){date} {utf8}{{{length}{plus}}}\r\n")
}

/// Whether a date can be sent with a message; an empty one means none.
pub fn is_sendable_date(text: &str) -> bool {
    text.is_empty() || is_date(text)
}

/// Whether the text can be sent as a quoted date; its meaning is for the destination to judge.
fn is_date(text: &str) -> bool {
    (20..=28).contains(&text.len())
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b' ' | b':' | b'+' | b'-'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arguments_hold_flags_and_a_harmless_date() {
        let message = |date: &str| NewMessage {
            flags: vec!["\\Seen".into(), "$Forwarded".into()],
            internal_date: date.to_owned(),
            body: Body::Memory(Arc::default()),
        };
        assert_eq!(
            arguments(&message(" 7-Feb-2024 10:00:00 +0100"), (5, false), false),
            " (\\Seen $Forwarded) \" 7-Feb-2024 10:00:00 +0100\" {5+}\r\n"
        );
        assert_eq!(arguments(&message("\" {5}\r\nX"), (5, false), true), " (\\Seen $Forwarded) {5}\r\n");
    }
}
