//! Why a copy ended early.

use thiserror::Error;

use crate::imap::{ImapError, SignInError};
use crate::message::RefusalMeaning;
use crate::plan::{SearchTextError, duration_words};
use crate::project::{ClaimError, ProjectError};
use crate::values::Side;
use crate::values::UnixTime;

/// Why the copy of a mailbox cannot continue by itself. What was copied stays, and is in the ledger.
#[derive(Debug, Error)]
pub enum TransferError {
    /// Signing in failed, and another try would not help.
    #[error("signing in at the {side} failed: {source}")]
    SignIn {
        /// Which server.
        side: Side,
        /// Why.
        source: SignInError,
    },
    /// The server misbehaves, or the connection broke more often than is worth trying again.
    #[error("the connection to the {side} failed: {source}")]
    Server {
        /// Which server.
        side: Side,
        /// The last error.
        source: ImapError,
    },
    /// A folder is not what it was when the copy began with it: new connections look at it anew.
    #[error("{}", change.words(*side))]
    FolderChanged {
        /// Which server.
        side: Side,
        /// What happened to it.
        change: FolderChange,
    },
    /// The mailbox at the destination is full.
    #[error("the mailbox at the destination is full: {words}")]
    DestinationFull {
        /// The server's words.
        words: String,
    },
    /// The server asks to be left alone for a while.
    #[error("the {side} asks to wait {seconds} seconds: {words}")]
    Throttled {
        /// Which server.
        side: Side,
        /// How long, in seconds.
        seconds: u64,
        /// The server's words.
        words: String,
        /// What they mean.
        meaning: RefusalMeaning,
    },
    /// The server has answered in this way again and again, over a long time.
    #[error("the {side} did not recover within {}; Mailferry tried {tries} times: {words}", duration_words(*.seconds))]
    NotRecovered {
        /// Which server.
        side: Side,
        /// How often it was tried without a step forward.
        tries: u32,
        /// How long it was waited for, in seconds.
        seconds: u64,
        /// The server's words.
        words: String,
    },
    /// Messages arrive in the destination that this run has not sent: copies of the same mail.
    #[error("{}; {doubled} messages in {folder} are duplicates", by.words())]
    SecondRun {
        /// The destination folder where it was noticed.
        folder: String,
        /// Messages that are there twice.
        doubled: usize,
        /// Who has made the second copies.
        by: Doubler,
    },
    /// The search among the filters cannot be sent to any server.
    #[error("the search does not work: {0}")]
    Search(#[from] SearchTextError),
    /// What the provider lets through in a day has gone through.
    #[error("{words}")]
    DailyLimit {
        /// Which account.
        side: Side,
        /// When the copy continues.
        until: UnixTime,
        /// What is limited, and how.
        words: String,
    },
    /// Source and destination are one account, whatever they are called.
    #[error("source and destination are the same account")]
    SameAccount,
    /// Others write into the destination, or nobody can say whether they do.
    #[error(transparent)]
    NotClaimed(#[from] ClaimError),
    /// The ledger could not be read or written; nothing is sent without it.
    #[error(transparent)]
    Project(#[from] ProjectError),
}

/// Who has made second copies of messages, as far as known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Doubler {
    /// Another run, which copies the same mail.
    OtherRun,
    /// Another run, or a server that stores an APPEND twice.
    Unclear,
    /// The server, which stores each APPEND twice.
    Server,
}

impl Doubler {
    const fn words(self) -> &'static str {
        match self {
            Self::OtherRun => "another program is copying the same mail into this account",
            Self::Unclear => {
                "the server stores messages twice, or another program is copying the same mail into this account"
            }
            Self::Server => "the server stores messages twice",
        }
    }
}

/// What happened to a folder during the copy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FolderChange {
    /// It has another UIDVALIDITY.
    MadeAnew,
    /// It is not there any more; the server's words.
    Gone(String),
}

impl FolderChange {
    fn words(&self, side: Side) -> String {
        match (self, side) {
            (Self::MadeAnew, Side::Source) => "the source folder was recreated during the copy".to_owned(),
            (Self::MadeAnew, Side::Destination) => {
                "the destination folder was recreated during the copy".to_owned()
            }
            (Self::Gone(words), _) => format!("the folder no longer exists: {words}"),
        }
    }
}

impl TransferError {
    /// Labels an IMAP error with its side.
    pub(in crate::transfer) fn at(side: Side) -> impl Fn(ImapError) -> Self {
        move |source| Self::Server { side, source }
    }

    /// Which server it is about, where it is about one.
    pub(in crate::transfer) const fn side(&self) -> Option<Side> {
        match self {
            Self::SignIn { side, .. }
            | Self::Server { side, .. }
            | Self::FolderChanged { side, .. }
            | Self::Throttled { side, .. }
            | Self::NotRecovered { side, .. }
            | Self::DailyLimit { side, .. } => Some(*side),
            Self::DestinationFull { .. } | Self::SecondRun { .. } => Some(Side::Destination),
            Self::Search(_) | Self::SameAccount | Self::NotClaimed(_) | Self::Project(_) => None,
        }
    }

    /// What has happened at the server, without which side it is.
    pub(in crate::transfer) fn server_words(&self) -> String {
        match self {
            Self::Server { source, .. } => source.to_string(),
            other => other.to_string(),
        }
    }

    /// The destination fails at some folders by its own words.
    pub(in crate::transfer) const fn failing(words: String) -> Self {
        let meaning = RefusalMeaning::Trouble;
        Self::Throttled { side: Side::Destination, seconds: 0, words, meaning }
    }

    /// Whether the computer slept: nobody's fault, and no reason to go slower.
    pub(in crate::transfer) fn is_after_sleep(&self) -> bool {
        matches!(self, Self::Server { source: ImapError::Slept { .. }, .. })
    }

    /// Whether new connections may help.
    pub(in crate::transfer) fn is_connection_lost(&self) -> bool {
        match self {
            Self::Server { source, .. } => source.is_connection_lost(),
            Self::SignIn { source, .. } => source.is_temporary(),
            Self::FolderChanged { .. } => true,
            _ => false,
        }
    }
}
