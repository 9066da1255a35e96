//! Opening a folder on both sides; what is missing at the destination is made.

use super::ahead::Ahead;
use super::destination_name::{parents, raw_name};
use super::error::TransferError;
use super::lane::{Lane, is_busy, refuse_folder};
use super::request::Progress;
use super::work::{Unit, Work};
use crate::imap::{ImapError, NewFolder, Opened, Session};
use crate::plan::{FolderPath, Side};

/// What may be the matter where Gmail neither makes nor opens a folder.
const HIDDEN_LABEL: &str = " (where the label is there already, Gmail may hide it: tick “Show in IMAP” for it in Gmail’s \
                            settings under Labels)";

/// A folder that was opened on both sides, and its first messages, which were asked for.
pub(super) struct Opening {
    pub(super) opened: Result<Opened, ImapError>,
    pub(super) examined: Result<Opened, ImapError>,
    pub(super) asked: Option<Ahead>,
}

/// How the two sides spell a folder.
fn names(unit: &Unit) -> [(&String, Side); 2] {
    [(&unit.raw, Side::Destination), (&unit.plan.source_raw, Side::Source)]
}

impl Lane {
    /// Opens a folder on both sides, and asks for its first messages. `None` where a side is known to say goodbye to it.
    pub(super) async fn open_both(
        &mut self,
        work: &Work<'_>,
        unit: &Unit,
    ) -> Result<Option<Opening>, TransferError> {
        for (raw, side) in names(unit) {
            if let Some(words) = work.caution.goodbye(raw, side) {
                work.note_problem(&unit.plan, side, words);
                return Ok(None);
            }
        }
        (work.sink)(Progress::Folder { folder: unit.plan.source.clone() });
        let examine =
            self.source.ask_examine(&unit.plan.source_raw).map_err(TransferError::at(Side::Source))?;
        let asked = Ahead::ask(&mut self.source, work, unit)?;
        let (opened, examined) =
            tokio::join!(open_destination(&mut self.destination, work, unit), self.source.examined(&examine));
        Ok(Some(Opening { opened, examined, asked }))
    }

    /// The folder at the destination; `None` where it is not to be had, which is told.
    pub(super) fn judge_opening(
        &self,
        work: &Work<'_>,
        unit: &Unit,
        opened: Result<Opened, ImapError>,
        source_error: Option<&ImapError>,
    ) -> Result<Option<Opened>, TransferError> {
        for ((raw, side), error) in names(unit).into_iter().zip([opened.as_ref().err(), source_error]) {
            if let Some(error) = error {
                work.caution.opening_failed(raw, side, error);
            }
        }
        match opened {
            Ok(opened) => Ok(Some(opened)),
            Err(busy) if is_busy(&busy) => Err(TransferError::at(Side::Destination)(busy)),
            Err(ImapError::Refused { completion, .. }) => {
                let mut words = completion.to_string();
                if self.destination.is_gmail() {
                    words.push_str(HIDDEN_LABEL);
                }
                refuse_folder(work, unit, &words)?;
                work.note_problem(&unit.plan, Side::Destination, words);
                Ok(None)
            }
            Err(error) => Err(TransferError::at(Side::Destination)(error)),
        }
    }
}

/// Opens the destination folder, and makes it, with the folders above it, where it is not there.
async fn open_destination(session: &mut Session, work: &Work<'_>, unit: &Unit) -> Result<Opened, ImapError> {
    let raw = &unit.raw;
    match session.select(raw).await {
        Err(refused @ ImapError::Refused { .. }) if !is_busy(&refused) => {}
        settled => return settled,
    }
    let folder = NewFolder { raw: raw.clone(), is_subscribed: !unit.plan.is_unsubscribed };
    let made = session.create(&folder).await;
    if matches!(made, Err(ImapError::Refused { .. })) {
        make_parents(session, work, &unit.plan.destination).await?;
        session.create(&folder).await?;
    } else {
        made?;
    }
    session.select(raw).await
}

async fn make_parents(session: &mut Session, work: &Work<'_>, path: &FolderPath) -> Result<(), ImapError> {
    for parent in parents(path) {
        let parent = NewFolder { raw: raw_name(&parent, &work.namespace), is_subscribed: true };
        match session.create(&parent).await {
            // A parent that may not be made may still be there under a namespace.
            Ok(()) | Err(ImapError::Refused { .. }) => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}
