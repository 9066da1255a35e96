//! Why a conversation with a mail host ended early.

use std::io;

use thiserror::Error;

/// Why nothing more could be learnt.
#[derive(Debug, Error)]
pub enum SmtpError {
    /// The connection broke.
    #[error("the connection broke: {0}")]
    Broken(#[from] io::Error),
    /// The server ended the connection.
    #[error("the server ended the connection")]
    Closed,
    /// The server said nothing, or not all of it, in time.
    #[error("the server did not answer within {seconds} seconds")]
    Silent {
        /// How long was waited.
        seconds: u64,
    },
    /// A line or a reply has no end.
    #[error("the server sends {0} without end")]
    Endless(&'static str),
    /// What came is no reply of SMTP (RFC 5321 section 4.2).
    #[error("the server does not speak SMTP: it said “{0}”")]
    NotSmtp(String),
    /// The lines of one reply have different codes.
    #[error("the lines of one reply have the codes {first} and {other}")]
    CodesDiffer {
        /// The code of the first line.
        first: u16,
        /// The other.
        other: u16,
    },
    /// What came is no line of IMAP (RFC 3501 section 7).
    #[error("the server does not speak IMAP: it said “{0}”")]
    NotImap(String),
}
