//! Folders that a server marks as views of mail that lives elsewhere (RFC 6154), where nothing else says that they are. On a
//! plain server such a folder may hold messages of its own, so messages that are in no other folder are copied from it.

use std::collections::{BTreeMap, BTreeSet};

use crate::imap::{Folder, Session};
use crate::message::IdentityKey;
use crate::plan::{FolderPlan, MessageState, Reason, ReasonCode, SourceFolder, SpecialUse};
use crate::project::{FolderId, Ledger, MessageResult};
use crate::transfer::context::error::TransferError;
use crate::transfer::context::folder_lists::FoldersByName;
use crate::transfer::listing::selection::Chosen;
use crate::values::SourceUid;

/// Rows that are looked at together.
const PAGE_ROWS: usize = 2_000;
/// Rows whose message comes from its own folder, or has.
const TAKES_PART: [MessageState; 7] = [
    MessageState::ToDo,
    MessageState::InFlight,
    MessageState::Copied,
    MessageState::AlreadyThere,
    MessageState::Repaired,
    MessageState::Exported,
    MessageState::Deferred,
];

/// Whether the server is known to have no mail of its own in what it calls a view: Gmail and Proton's Bridge.
const fn has_proven_views(is_gmail: bool, is_proton: bool) -> bool {
    is_gmail || is_proton
}

/// Makes folders that nothing but their mark calls views ordinary ones, and says so.
pub(in crate::transfer) fn doubt_views(session: &Session, folders: &mut [SourceFolder]) -> Vec<String> {
    if has_proven_views(session.is_gmail(), session.is_proton()) {
        return Vec::new();
    }
    let mut remarks = Vec::new();
    for folder in folders.iter_mut().filter(|folder| folder.special_use.is_some_and(SpecialUse::is_virtual)) {
        folder.special_use = None;
        if folder.messages > 0 && folder.is_selectable && folder.stays_because.is_none() {
            remarks.push(format!(
                "Your server marks the folder {} as a view of mail in other folders. Mailferry copies from \
                 it only the messages that are in no other folder; the others are copied from their own \
                 folders",
                folder.path
            ));
        }
    }
    remarks
}

/// The views among the folders of a source, by their names in commands.
pub(in crate::transfer) struct Views(BTreeSet<String>);

impl Views {
    pub(in crate::transfer) fn of(session: &Session, source: &FoldersByName) -> Self {
        let marks = ["\\All", "\\Flagged", "\\Important"];
        let is_view = |folder: &&Folder| marks.iter().any(|mark| folder.has_attribute(mark));
        let is_doubtful = !has_proven_views(session.is_gmail(), session.is_proton());
        let views = source.values().filter(|_| is_doubtful).filter(is_view);
        Self(views.map(|folder| folder.raw.clone()).collect())
    }

    pub(in crate::transfer) fn has(&self, plan: &FolderPlan) -> bool {
        self.0.contains(&plan.source_raw)
    }

    /// Leaves out what is in another folder as well, once all others are listed. What two views show and no other folder
    /// has comes from the first of them.
    pub(in crate::transfer) fn settle(ledger: &Ledger, views: &[Chosen<'_>]) -> Result<(), TransferError> {
        if views.is_empty() {
            return Ok(());
        }
        // What had another place may be gone from there.
        if ledger.sum()?.vanished > 0 {
            ledger.take_in_again(ReasonCode::ShownByView)?;
        }
        let mut open: BTreeSet<FolderId> = views.iter().map(|view| view.folder).collect();
        for view in views {
            settle_one(ledger, view.folder, &open)?;
            open.remove(&view.folder);
        }
        Ok(())
    }
}

/// Leaves out the waiting messages of one view that are also in a folder that is no view.
fn settle_one(ledger: &Ledger, view: FolderId, open: &BTreeSet<FolderId>) -> Result<(), TransferError> {
    let mut wanted: BTreeMap<(IdentityKey, u64), Vec<SourceUid>> = BTreeMap::new();
    for row in ledger.rows(view, &[MessageState::ToDo])? {
        wanted.entry((row.identity, row.size)).or_default().push(row.uid);
    }
    for folder in ledger.folder_totals()?.into_iter().filter(|folder| !open.contains(&folder.id)) {
        let mut after = SourceUid(0);
        while !wanted.is_empty() {
            let rows = ledger.rows_after(folder.id, &TAKES_PART, after, PAGE_ROWS)?;
            let Some(last) = rows.last() else { break };
            after = last.uid;
            let found = rows.iter().filter_map(|row| wanted.remove(&(row.identity, row.size))).flatten();
            let results: Vec<MessageResult> = found
                .map(|uid| {
                    MessageResult::because(
                        uid,
                        MessageState::LeftOut,
                        Reason::ShownByView(folder.source.to_string()),
                    )
                })
                .collect();
            ledger.record_results(view, &results)?;
        }
    }
    Ok(())
}
