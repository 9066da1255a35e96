//! First of all, every source message gets its row in the ledger.

use super::error::TransferError;
use crate::imap::{Folder, FolderStatus, ImapError, MessageFacts, Session};
use crate::plan::{FolderPlan, IDENTITY_HEADERS, Side, identity_key};
use crate::project::{FolderId, Ledger, ProjectError, SourceMessage};

/// Lists a folder into the ledger, or sees from its counts that nothing is new. `None`: the folder cannot be opened.
pub(super) async fn list_source(
    session: &mut Session,
    ledger: &Ledger,
    plan: &FolderPlan,
    listed: Option<&Folder>,
) -> Result<Result<FolderId, String>, TransferError> {
    let status = listed.and_then(|folder| folder.status).unwrap_or_default();
    if let Some(folder) = unchanged(ledger, plan, status)? {
        return Ok(Ok(folder));
    }
    let opened = match session.examine(&plan.source_raw).await {
        Ok(opened) => opened,
        Err(ImapError::Refused { completion, .. }) => return Ok(Err(completion.to_string())),
        Err(error) => return Err(TransferError::at(Side::Source)(error)),
    };
    let folder = ledger.folder(&plan.source_raw, &plan.source, &plan.destination, opened.uid_validity)?;
    let present = match opened.exists {
        0 => Vec::new(),
        _ => session.fetch_uids(1).await.map_err(TransferError::at(Side::Source))?,
    };
    ledger.mark_vanished_except(folder, &present)?;
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
    Ok(Ok(folder))
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
