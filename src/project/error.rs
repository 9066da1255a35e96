use std::io;
use std::path::{Path, PathBuf};

use rusqlite::ErrorCode;
use thiserror::Error;

use crate::values::SourceUid;

/// Why something could not be read from or written to the project file.
#[derive(Debug, Error)]
pub enum ProjectError {
    /// There is no file at this path.
    #[error("there is no file {}", .0.display())]
    Missing(PathBuf),
    /// The file exists already; nothing was overwritten.
    #[error("{} already exists: open it, or choose another name", .0.display())]
    AlreadyExists(PathBuf),
    /// Something that is not ours is where a file of ours has to be.
    #[error("{} is a link or belongs to somebody else, so it was left unchanged", .0.display())]
    InTheWay(PathBuf),
    /// The file is no database, or a database of another program.
    #[error("{} is not a Mailferry project", .0.display())]
    NotAProject(PathBuf),
    /// The file was written by a newer version of the program.
    #[error(
        "the project was saved by a newer version of Mailferry (format {found}; this version reads up to {supported})"
    )]
    Newer {
        /// Format number of the file.
        found: i64,
        /// Highest format number that this version reads.
        supported: i64,
    },
    /// Another window or command has the project open.
    #[error("the project is already open in another window{}", .pid.map_or_else(String::new, |pid| format!(" (process {pid})")))]
    Locked {
        /// The process that has it open, where it could be read.
        pid: Option<u32>,
    },
    /// The disk, or a quota on it, is full. The file is as it was before.
    #[error("the disk that holds the project is full")]
    DiskFull(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The file or its folder cannot be written.
    #[error("the project cannot be saved: the file or its folder is read-only")]
    ReadOnly(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The operating system reported an error.
    #[error("the project file could not be read or written")]
    Io(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The contents contradict themselves.
    #[error("the project file is damaged: {0}")]
    Corrupt(String),
    /// The file holds tables, views, indexes or triggers that no project has.
    #[error("the file is not one that Mailferry wrote: it contains {0}")]
    ForeignSchema(String),
    /// The project was closed before the call.
    #[error("the project is closed")]
    Closed,
    /// The project has this mailbox already.
    #[error("the mailbox {0} is already in the project")]
    DuplicateMailbox(String),
    /// The project has no such mailbox, folder or message (any more).
    #[error("the project has no such {0}")]
    Unknown(&'static str),
    /// An append was announced for a message that is not waiting for one. Sending it could make a second copy.
    #[error("message {uid} is not waiting to be copied, so it must not be sent")]
    NotToDo {
        /// UID at the source.
        uid: SourceUid,
    },
    /// The destination folder has another UIDVALIDITY than when it was last compared.
    #[error("the destination folder was recreated: it must be compared before anything is sent")]
    DestinationChanged,
    /// Anything else that SQLite reports.
    #[error("the project file could not be read or written")]
    Database(#[source] rusqlite::Error),
}

impl ProjectError {
    /// Sorts an error of the operating system; `path` is what was touched.
    pub(super) fn from_io(path: &Path, error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::NotFound => Self::Missing(path.to_owned()),
            io::ErrorKind::AlreadyExists => Self::AlreadyExists(path.to_owned()),
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Self::DiskFull(error.into()),
            io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
                Self::ReadOnly(error.into())
            }
            _ => Self::Io(error.into()),
        }
    }

    /// A stored value that does not read back.
    pub(super) fn unreadable(what: &str, error: impl std::fmt::Display) -> Self {
        Self::Corrupt(format!("{what} cannot be read: {error}"))
    }
}

impl From<rusqlite::Error> for ProjectError {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::DiskFull(error.into()),
            Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied | ErrorCode::CannotOpen) => {
                Self::ReadOnly(error.into())
            }
            // The file is held for as long as it is open, so this is met at opening only: somebody else has it open.
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Locked { pid: None },
            Some(ErrorCode::OperationInterrupted) => {
                Self::Corrupt("reading it takes longer than for any real project".to_owned())
            }
            Some(ErrorCode::SystemIoFailure) => Self::Io(error.into()),
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::Corrupt(error.to_string()),
            _ => match error {
                rusqlite::Error::FromSqlConversionFailure(..)
                | rusqlite::Error::IntegralValueOutOfRange(..)
                | rusqlite::Error::InvalidColumnType(..) => Self::Corrupt(error.to_string()),
                other => Self::Database(other),
            },
        }
    }
}
