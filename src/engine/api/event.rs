use std::path::PathBuf;

use crate::engine::api::user_error::UserError;

/// Things that happen once and must not be merged away. State belongs in the snapshot.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// Something was done that the user asked for; shown as a toast.
    Notice(Notice),
    /// Something that was asked for could not be done; shown as a toast that stays, and on the page it concerns.
    Failed {
        /// What happened, why, and the ways out.
        error: UserError,
        /// Which command it was asked for with, counted from 1 in the order of sending; `None` where a job failed on its
        /// way.
        command: Option<u64>,
    },
    /// The copy came to its end.
    CopyFinished,
    /// The engine has ended after [`crate::engine::api::command::Command::Quit`].
    Ended,
}

/// A thing done, in words, with the file it made where there is one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notice {
    /// `Saved the zone file`.
    pub words: String,
    /// The file.
    pub path: Option<PathBuf>,
}
