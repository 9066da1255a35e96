use std::io;

use thiserror::Error;

use crate::imap::protocol::reply::Completion;
use crate::net::NetError;
use crate::values::Endpoint;

/// Why talking to an IMAP server failed.
#[derive(Debug, Error)]
pub enum ImapError {
    /// No connection, or none that can be trusted.
    #[error(transparent)]
    Net(#[from] NetError),
    /// Clear text was asked for, and the name leads to another computer.
    #[error(
        "{0} is not on this computer, so an unencrypted connection is refused: use TLS (port 993) or STARTTLS (port 143)"
    )]
    ClearText(Endpoint),
    /// STARTTLS was asked for, and the server does not do it. There is no fall-back to clear text.
    #[error("the server refused STARTTLS ({0}): use TLS on port 993")]
    StartTlsRefused(String),
    /// Bytes came in clear text behind the answer to STARTTLS: somebody on the way tampers with the connection.
    #[error("plain text was injected after STARTTLS: the connection cannot be trusted")]
    StartTlsInjected,
    /// The server greeted with BYE or with something that is not IMAP.
    #[error("the server refused the connection: {0}")]
    TurnedAway(String),
    /// No reply, and no progress within one, for this long.
    #[error("the server was silent for {seconds} seconds")]
    Silent {
        /// The time waited, in seconds.
        seconds: u64,
    },
    /// The server began to answer, or to accept a command, but continues so slowly that it may never finish.
    #[error("the connection is too slow to continue: {bytes} bytes in {seconds} seconds")]
    TooSlow {
        /// What went over it in this time.
        bytes: u64,
        /// The time waited, in seconds.
        seconds: u64,
    },
    /// The server did not understand a command and does not say which (an untagged BAD), or answers in a way that is none.
    #[error("the server did not understand a command: {0}")]
    NotUnderstood(String),
    /// The computer slept meanwhile, and no connection survives that.
    #[error("the computer was asleep for {seconds} seconds, and the connection did not survive")]
    Slept {
        /// How long, in seconds.
        seconds: u64,
    },
    /// The connection broke.
    #[error("the connection broke: {0}")]
    Broken(#[source] io::Error),
    /// The server closed the connection; its BYE where it sent one.
    #[error("the server closed the connection{}", .0.as_deref().map(|words| format!(": {words}")).unwrap_or_default())]
    Closed(Option<String>),
    /// The server sends more than any honest one does.
    #[error("the server misbehaves: {0}")]
    Hostile(&'static str),
    /// A command was answered with NO or BAD.
    #[error("{command} was refused: {completion}")]
    Refused {
        /// The command's name.
        command: &'static str,
        /// The answer.
        completion: Completion,
    },
    /// The answer is well-formed and yet not one to this command.
    #[error("the answer to {command} is invalid: {problem}")]
    Unexpected {
        /// The command's name.
        command: &'static str,
        /// What is wrong with the answer.
        problem: String,
    },
    /// No folder of the mailbox can be opened, not even the inbox: that is no empty mailbox.
    #[error("the server lists no folders in the mailbox and does not open its inbox: {0}")]
    NoFolders(String),
    /// A name cannot be put into a command.
    #[error("“{0}” cannot be sent to the server: it contains a NUL or a line break")]
    BadName(String),
    /// The temporary file for large messages in transit failed.
    #[error("a temporary file could not be used: {0}")]
    Spool(#[source] io::Error),
}

impl ImapError {
    /// Whether the connection is gone, so that a new one may succeed.
    pub const fn is_connection_lost(&self) -> bool {
        matches!(
            self,
            Self::Net(NetError::NotReached { .. } | NetError::NoAddress { .. } | NetError::Tls(_))
                | Self::Silent { .. }
                | Self::TooSlow { .. }
                | Self::Slept { .. }
                | Self::Broken(_)
                | Self::Closed(_)
                | Self::TurnedAway(_)
        )
    }

    /// What is the matter with the folder alone that a command was about; `None` where it may be the whole connection.
    pub fn folder_trouble(&self) -> Option<String> {
        match self {
            Self::Refused { completion, .. } => Some(completion.to_string()),
            Self::BadName(_) => Some(self.to_string()),
            _ => None,
        }
    }

    /// The refusal's answer, where the server refused a command.
    pub const fn refusal(&self) -> Option<&Completion> {
        match self {
            Self::Refused { completion, .. } => Some(completion),
            _ => None,
        }
    }
}
