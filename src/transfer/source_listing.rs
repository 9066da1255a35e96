//! First of all, every source message gets its row in the ledger.

use super::error::TransferError;
use crate::imap::{Folder, FolderStatus, ImapError, MessageFacts, Session};
use crate::plan::{FolderPlan, IDENTITY_HEADERS, Side, identity_key};
use crate::project::{FolderId, Ledger, ProjectError, SourceMessage};

/// What came of listing a folder.
pub(super) enum Listed {
    /// Every message has its row.
    All(FolderId),
    /// The server listed fewer messages than it counts; those it listed have their rows.
    Some(FolderId, String),
    /// The folder cannot be read, with the server's words.
    Closed(String),
}

/// Lists a folder into the ledger, or sees from its counts that nothing is new.
pub(super) async fn list_source(
    session: &mut Session,
    ledger: &Ledger,
    plan: &FolderPlan,
    listed: Option<&Folder>,
) -> Result<Listed, TransferError> {
    let status = listed.and_then(|folder| folder.status).unwrap_or_default();
    if let Some(folder) = unchanged(ledger, plan, status)? {
        return Ok(Listed::All(folder));
    }
    let opened = match session.examine(&plan.source_raw).await {
        Ok(opened) => opened,
        Err(ImapError::Refused { completion, .. }) => return Ok(Listed::Closed(completion.to_string())),
        Err(error) => return Err(TransferError::at(Side::Source)(error)),
    };
    let folder = ledger.folder(&plan.source_raw, &plan.source, &plan.destination, opened.uid_validity)?;
    let present = match opened.exists {
        0 => Vec::new(),
        _ => match session.fetch_uids(1).await {
            Ok(present) => present,
            // Cut short or refused: the folder is told of, and nothing in it passes for vanished.
            Err(ImapError::Refused { completion, .. }) => return Ok(Listed::Closed(completion.to_string())),
            Err(error) => return Err(TransferError::at(Side::Source)(error)),
        },
    };
    let lacking = (opened.exists as usize).saturating_sub(present.len());
    if lacking == 0 {
        ledger.mark_vanished_except(folder, &present)?;
    }
    let highest = ledger.highest_uid(folder)?.unwrap_or(0);
    let first_new = present.partition_point(|uid| *uid <= highest);
    let new = present.get(first_new..).unwrap_or_default();
    session
        .fetch_facts(new, &IDENTITY_HEADERS, |facts| {
            let rows: Vec<SourceMessage> = facts.into_iter().map(source_message).collect();
            ledger.add_messages(folder, &rows).map_err(ListingError::Project)
        })
        .await
        .map_err(TransferError::from)?;
    Ok(match lacking {
        0 => Listed::All(folder),
        _ => Listed::Some(folder, format!("the server counts {lacking} messages more than it lists")),
    })
}

/// The folder's number where UIDVALIDITY, UIDNEXT and count all say that every message has its row already.
fn unchanged(
    ledger: &Ledger,
    plan: &FolderPlan,
    status: FolderStatus,
) -> Result<Option<FolderId>, ProjectError> {
    let (Some(uid_validity), Some(uid_next), Some(messages)) =
        (status.uid_validity, status.uid_next, status.messages)
    else {
        return Ok(None);
    };
    let folder = ledger.folder(&plan.source_raw, &plan.source, &plan.destination, uid_validity)?;
    let highest = ledger.highest_uid(folder)?.unwrap_or(0);
    let totals = ledger.folder_totals()?;
    let sum =
        totals.iter().find(|known| known.id == folder).map(|known| known.totals.sum).unwrap_or_default();
    let is_unchanged =
        highest.checked_add(1) == Some(uid_next) && sum.source_count - sum.vanished == messages;
    Ok(is_unchanged.then_some(folder))
}

fn source_message(facts: MessageFacts) -> SourceMessage {
    SourceMessage {
        uid: facts.uid,
        size: facts.size,
        internal_date: facts.internal_date,
        flags: facts.flags,
        identity: identity_key(&facts.header),
    }
}

/// Either side of a listing: the server or the ledger.
enum ListingError {
    Imap(ImapError),
    Project(ProjectError),
}

impl From<ImapError> for ListingError {
    fn from(error: ImapError) -> Self {
        Self::Imap(error)
    }
}

impl From<ListingError> for TransferError {
    fn from(error: ListingError) -> Self {
        match error {
            ListingError::Imap(source) => Self::Server { side: Side::Source, source },
            ListingError::Project(error) => Self::Project(error),
        }
    }
}
