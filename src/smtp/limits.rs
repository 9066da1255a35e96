//! How long a mail host may take, and how much it may say.

use std::time::Duration;

/// Longest line that is read, in bytes. RFC 5321 section 4.5.3.1.5 allows 512; some servers say a little more.
pub(super) const MAX_LINE: usize = 2_048;

/// Most lines of one reply; the longest lists of extensions have about thirty.
pub(super) const MAX_REPLY_LINES: usize = 128;

/// Most bytes of one reply.
pub(super) const MAX_REPLY: usize = 16 * 1_024;

/// Most lines that are kept of one conversation.
pub(super) const MAX_TRANSCRIPT_LINES: usize = 100;

/// Longest line that is kept of one conversation, in characters.
pub(super) const MAX_TRANSCRIPT_LINE: usize = 300;

/// Most untagged lines before the answer to an IMAP command.
pub(super) const MAX_IMAP_LINES: usize = 64;

/// Time for the parts of one probe. What is longer is a fact about the server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Until the connection stands.
    pub connect: Duration,
    /// Until the greeting has come. Some servers let strangers wait on purpose (RFC 5321 section 4.5.3.2.1 allows five
    /// minutes, senders have less patience).
    pub greeting: Duration,
    /// For each later reply and for the handshake.
    pub reply: Duration,
    /// For all of one connection.
    pub whole: Duration,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(8),
            greeting: Duration::from_secs(35),
            reply: Duration::from_secs(12),
            whole: Duration::from_mins(1),
        }
    }
}
