//! Opening a folder on both sides; what is missing at the destination is made.

use crate::imap::{Completion, ImapError, Opened, Session};
use crate::message::RefusalMeaning;
use crate::plan::{FolderPath, Reason};
use crate::transfer::context::destination_name::raw_name;
use crate::transfer::context::error::TransferError;
use crate::transfer::context::folder_job::FolderJob;
use crate::transfer::context::request::{FolderTrouble, Progress};
use crate::transfer::folder::copy_state::CopyState;
use crate::transfer::folder::prefetch::Ahead;
use crate::transfer::folder::worker::{Worker, is_busy, refuse_folder};
use crate::transfer::pace::deferred_refusals::OPENING_TRIES;
use crate::transfer::pace::refusal::{meaning, server_words};
use crate::values::Side;

/// What may be the matter where Gmail neither makes nor opens a folder.
pub const HIDDEN_LABEL: &str = " (if the label already exists, Gmail may hide it: tick “Show in IMAP” for it in Gmail’s \
                                settings under Labels)";

/// A folder that was opened on both sides, and its first messages, which were asked for.
pub(in crate::transfer) struct Opening {
    pub(in crate::transfer) opened: Result<Opened, ImapError>,
    pub(in crate::transfer) examined: Result<Opened, ImapError>,
    pub(in crate::transfer) asked: Option<Ahead>,
}

/// How the two sides spell a folder.
fn names(job: &FolderJob) -> [(&String, Side); 2] {
    [(&job.raw, Side::Destination), (&job.plan.source_raw, Side::Source)]
}

impl Worker {
    /// Opens a folder on both sides, and asks for its first messages. `None` where a side is known to say goodbye to it.
    pub(in crate::transfer) async fn open_both(
        &mut self,
        state: &CopyState<'_>,
        job: &mut FolderJob,
    ) -> Result<Option<Opening>, TransferError> {
        for (raw, side) in names(job) {
            if let Some(words) = state.lessons.failures.goodbye(raw, side) {
                state.context.note_trouble(&job.plan, (side, FolderTrouble::ConnectionLost), words);
                return Ok(None);
            }
        }
        (state.context.sink)(Progress::Folder { folder: job.plan.source.clone() });
        let examine =
            self.source.ask_examine(&job.plan.source_raw).map_err(TransferError::at(Side::Source))?;
        let asked = Ahead::ask(&mut self.source, state, job)?;
        let (opened, examined) =
            tokio::join!(open_destination(&mut self.destination, state, job), self.source.answer(examine));
        let (opened, place) = opened?;
        if let Some(place) = place {
            state.rename(job, place)?;
        }
        Ok(Some(Opening { opened, examined, asked }))
    }

    /// The folder at the destination; `None` if it cannot be opened, which is reported.
    pub(in crate::transfer) fn judge_opening(
        &self,
        state: &CopyState<'_>,
        job: &FolderJob,
        opened: Result<Opened, ImapError>,
        source_error: Option<&ImapError>,
    ) -> Result<Option<Opened>, TransferError> {
        for ((raw, side), error) in names(job).into_iter().zip([opened.as_ref().err(), source_error]) {
            match error {
                Some(error) => state.lessons.failures.opening_failed(raw, side, error),
                None => state.lessons.failures.opened(raw, side),
            }
        }
        match opened {
            Ok(opened) => {
                state.lessons.refusals.opened_one();
                Ok(Some(opened))
            }
            // The server fails at this folder: the others go first, then it is waited for, and then it is left.
            Err(ImapError::Refused { command, completion })
                if is_of_this_folder(&completion) && state.lessons.refusals.has_opened_one() =>
            {
                let words = completion.to_string();
                let folder = &job.plan.destination;
                if !state
                    .lessons
                    .refusals
                    .opens_later(format!("the folder {folder} at the destination: {words}"))
                {
                    let words =
                        format!("{words} (tried {OPENING_TRIES} times; its messages are still to do)");
                    state.context.note_trouble(&job.plan, (Side::Destination, refused_at(command)), words);
                }
                Ok(None)
            }
            Err(busy) if is_busy(&busy) => Err(TransferError::at(Side::Destination)(busy)),
            Err(ImapError::Refused { command, completion }) => {
                let trouble = refused_at(command);
                let is_label = self.destination.is_gmail();
                let mut words = completion.to_string();
                if is_label {
                    words.push_str(HIDDEN_LABEL);
                }
                let answer = server_words(&completion);
                let reason = match trouble {
                    FolderTrouble::CreationRefused => Reason::FolderNotMade { answer, is_label },
                    _ => Reason::FolderNotOpened { answer, is_label },
                };
                refuse_folder(state, job, &reason)?;
                state.context.note_trouble(&job.plan, (Side::Destination, trouble), words);
                Ok(None)
            }
            Err(error) => Err(TransferError::at(Side::Destination)(error)),
        }
    }
}

/// What is the matter where this command is refused.
fn refused_at(command: &str) -> FolderTrouble {
    match command {
        "CREATE" => FolderTrouble::CreationRefused,
        _ => FolderTrouble::OpeningRefused,
    }
}

/// Whether a refusal that passes may be about this folder alone: its index is broken, or somebody else has it.
fn is_of_this_folder(completion: &Completion) -> bool {
    matches!(meaning(completion), RefusalMeaning::Trouble | RefusalMeaning::Locked)
        || completion.has_code("INUSE")
        || completion.has_code("UNAVAILABLE")
}

/// Opens the destination folder, and makes it, with the folders above it, where it is not there: under another name where
/// its own is refused, which is reported.
async fn open_destination(
    session: &mut Session,
    state: &CopyState<'_>,
    job: &FolderJob,
) -> Result<(Result<Opened, ImapError>, Option<FolderPath>), TransferError> {
    let refused = match session.select(&job.raw).await {
        Err(refused @ ImapError::Refused { .. }) if !is_busy(&refused) => refused,
        settled => return Ok((settled, None)),
    };
    match state.names.make(session, state, &job.plan).await? {
        Ok(place) => {
            let opened = session.select(&raw_name(&place, &state.context.namespace)).await;
            Ok((opened, Some(place)))
        }
        // It is there, and its opening is what was refused.
        Err(completion) if completion.has_code("ALREADYEXISTS") => Ok((Err(refused), None)),
        Err(completion) => Ok((Err(ImapError::Refused { command: "CREATE", completion }), None)),
    }
}
