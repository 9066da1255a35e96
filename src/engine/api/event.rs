use std::path::PathBuf;

use crate::engine::api::user_error::UserError;

/// Things that happen once and must not be merged away. State belongs in the snapshot.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// Something the user requested was done; shown as a toast.
    Notice(Notice),
    /// Something requested failed; shown as a persistent toast and on the page it concerns.
    Failed {
        /// What happened, why, and the ways out.
        error: UserError,
        /// The command that requested it, counted from 1 in the order of sending; `None` if a job failed on its
        /// way.
        command: Option<u64>,
    },
    /// The copy came to its end.
    CopyFinished,
    /// The engine has ended after [`crate::engine::api::command::Command::Quit`].
    Ended,
}

/// What was done, in words, with the file written, if any.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// `Saved the zone file`.
    pub words: String,
    /// The file.
    pub path: Option<PathBuf>,
}
