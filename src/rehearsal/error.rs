use std::io;
use std::path::PathBuf;

use hickory_proto::serialize::txt::ParseError;
use thiserror::Error;

/// Why a practice server cannot run.
#[derive(Debug, Error)]
pub enum RehearsalError {
    /// No port could be opened on loopback.
    #[error("a practice server could not open a port on this computer: {source}")]
    Bind {
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A zone that is built into the program, or given by a test, is damaged.
    #[error("the practice zone {origin} cannot be read: {source}")]
    Zone {
        /// The name of the zone.
        origin: String,
        /// What the reader of zone files said.
        #[source]
        source: Box<ParseError>,
    },
    /// The name of a zone is no domain name.
    #[error("“{0}” is not a valid name for a practice zone")]
    ZoneName(String),
    /// The certificate of the practice server cannot be made or read.
    #[error("the certificate of the practice server cannot be used: {0}")]
    Certificate(String),
    /// A line of a change is not understood.
    #[error("the practice name server does not understand “{0}”")]
    Script(String),
    /// The zone is not what a change builds on.
    #[error("{0} is not what the change builds on")]
    ZoneChanged(String),
    /// What the practice mail host shows is damaged.
    #[error("what the practice mail host shows cannot be read: {0}")]
    MailHosts(#[source] serde_json::Error),
    /// The folder that keeps the practice destination cannot be read or written.
    #[error("the practice mail in {path} cannot be saved: {source}")]
    Keep {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
}
