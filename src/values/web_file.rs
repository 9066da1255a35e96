use std::fmt;

use serde::{Deserialize, Serialize};

use super::UnixTime;

/// What came of fetching a small file over HTTPS: a policy of MTA-STS (RFC 8461 section 3.3), a page, a picture.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebFile {
    /// Where it was asked for.
    pub url: String,
    /// When.
    pub at: UnixTime,
    /// How long that took.
    pub duration_millis: u64,
    /// What came back.
    pub outcome: WebOutcome,
}

/// What came back. For a policy RFC 8461 section 3.3 takes nothing but the first.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum WebOutcome {
    /// A file, over a connection to a server whose certificate is valid.
    Fetched {
        /// Its media type, as sent; empty where none was.
        media_type: String,
        /// Its text; what is not UTF-8 is replaced.
        text: String,
    },
    /// The server answered with another status than 200.
    Status {
        /// The status.
        code: u16,
    },
    /// The server points elsewhere; nobody follows.
    Redirected {
        /// Where to.
        to: String,
    },
    /// The file is larger than need be read.
    TooLarge,
    /// The certificate of the server is not valid for its name.
    NotTrusted {
        /// Why.
        problem: String,
    },
    /// The server was not reached, or ended the connection.
    NotReached {
        /// What was said.
        problem: String,
    },
    /// Nothing came in time.
    Timeout,
}

impl fmt::Display for WebOutcome {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fetched { media_type, .. } => write!(formatter, "fetched, {media_type}"),
            Self::Status { code } => write!(formatter, "status {code}"),
            Self::Redirected { to } => write!(formatter, "pointed to {to}"),
            Self::TooLarge => formatter.write_str("larger than 64 KiB"),
            Self::NotTrusted { problem } => write!(formatter, "the certificate is not valid: {problem}"),
            Self::NotReached { problem } => write!(formatter, "not reached: {problem}"),
            Self::Timeout => formatter.write_str("no answer in time"),
        }
    }
}
