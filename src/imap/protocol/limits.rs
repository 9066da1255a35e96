use std::time::Duration;

/// The limits beyond which a server counts as hostile or broken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Longest line without its literals, in bytes.
    pub line_bytes: usize,
    /// Longest literal, in bytes; a message beyond it cannot be read in one piece.
    pub literal_bytes: usize,
    /// Untagged replies between two tagged ones.
    pub replies_per_command: usize,
    /// Those of them that are not message data.
    pub other_replies_per_command: usize,
    /// Bytes of untagged replies between two tagged ones, message data apart.
    pub reply_bytes_per_command: u64,
    /// Replies between two tagged ones that no command asks for, with the literals in them.
    pub unasked_per_command: usize,
    /// Bytes of those.
    pub unasked_bytes_per_command: u64,
    /// Bytes between two tagged replies, message data and all.
    pub bytes_per_command: u64,
    /// Literals within one reply.
    pub literals_per_reply: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            line_bytes: 1 << 20,
            literal_bytes: 160 << 20,
            replies_per_command: 4_000_000,
            other_replies_per_command: 500_000,
            reply_bytes_per_command: 256 << 20,
            unasked_per_command: 10_000,
            unasked_bytes_per_command: 4 << 20,
            bytes_per_command: 8 << 30,
            literals_per_reply: 64,
        }
    }
}

/// How long to wait for what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timeouts {
    /// Looking up the name, connecting and the TLS handshake, each.
    pub connect: Duration,
    /// A reply, or progress within a long one.
    pub reply: Duration,
    /// The first wait before a failing server is retried, before a copy; later waits are longer.
    pub again: Duration,
}

impl Default for Timeouts {
    fn default() -> Self {
        Self {
            connect: Duration::from_secs(20),
            reply: Duration::from_mins(2),
            again: Duration::from_secs(1),
        }
    }
}
