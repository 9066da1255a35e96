//! Which messages of a folder take part: filters, the source's own search, the trial.

use std::collections::BTreeSet;

use crate::imap::{ImapError, Session};
use crate::plan::{CopyOptions, FolderPlan, check_search, is_choosy, left_out};
use crate::project::{FolderId, Ledger};
use crate::transfer::context::error::TransferError;
use crate::transfer::pace::refusal::passing;
use crate::values::{Side, SourceUid};

/// A listed folder.
pub(in crate::transfer) struct Chosen<'p> {
    pub(in crate::transfer) plan: &'p FolderPlan,
    pub(in crate::transfer) folder: FolderId,
    /// What the source's search has found, where there is one.
    pub(in crate::transfer) found: Option<BTreeSet<SourceUid>>,
    /// Whether the folder is still to be made, however many messages are in it.
    pub(in crate::transfer) is_to_make: bool,
}

/// The owner's choice of messages.
pub(in crate::transfer) struct Selection<'a> {
    options: &'a CopyOptions,
    is_choosy: bool,
}

impl<'a> Selection<'a> {
    /// Checks the search, so that nothing is begun with one that cannot be sent.
    pub(in crate::transfer) fn new(options: &'a CopyOptions) -> Result<Self, TransferError> {
        options.filter.search.as_deref().map_or(Ok(()), check_search)?;
        Ok(Self { options, is_choosy: is_choosy(options) })
    }

    pub(in crate::transfer) fn has_search(&self) -> bool {
        self.options.filter.search.is_some()
    }

    /// Asks the source which messages the search finds. Words where it refuses.
    pub(in crate::transfer) async fn search(
        &self,
        session: &mut Session,
        ledger: &Ledger,
        chosen: &mut Chosen<'_>,
    ) -> Result<Result<(), String>, TransferError> {
        let Some(text) = &self.options.filter.search else { return Ok(Ok(())) };
        let uids = ledger.uids(chosen.folder)?;
        if uids.is_empty() {
            chosen.found = Some(BTreeSet::new());
            return Ok(Ok(()));
        }
        let found = match session.examine(&chosen.plan.source_raw).await {
            Ok(_) => session.search_uids(&uids, text).await,
            Err(error) => Err(error),
        };
        match found {
            Ok(found) => chosen.found = Some(found),
            Err(ImapError::Refused { completion, .. }) => {
                if let Some(error) = passing(Side::Source, &completion) {
                    return Err(error);
                }
                return Ok(Err(format!("the server refuses the search {text}: {completion}")));
            }
            Err(error) => return Err(TransferError::at(Side::Source)(error)),
        }
        Ok(Ok(()))
    }

    /// Leaves messages out, and includes those again that a changed choice admits.
    pub(in crate::transfer) fn apply(
        &self,
        ledger: &Ledger,
        chosen: &Chosen<'_>,
    ) -> Result<(), TransferError> {
        if self.is_choosy || ledger.has_filtered(chosen.folder)? {
            ledger.filter(chosen.folder, |candidates| {
                left_out(self.options, candidates, chosen.found.as_ref())
            })?;
        }
        Ok(())
    }
}
