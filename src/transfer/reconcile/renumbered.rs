//! Habits of single providers that change what can be copied: reported, or worked around.

use std::collections::BTreeSet;

use crate::imap::{Opened, Session};
use crate::plan::{
    FolderChoice, FolderPath, LeftOutBecause, MailboxPlan, RenameReason, SourceFolder, SpecialUse,
    special_use_at_gmail,
};
use crate::project::Ledger;
use crate::transfer::context::error::TransferError;
use crate::transfer::context::folder_job::FolderJob;
use crate::values::{Side, SourceUid, Uid};

/// Yahoo and AOL show no more messages of a folder than these (bichon #144 and #271).
const YAHOO_SHOWS: u64 = 10_000;

/// Whether the server is Yahoo or AOL, as far as the limit tells that they alone announce (RFC 9738).
pub(in crate::transfer) fn has_window(session: &Session) -> bool {
    session.capabilities().has("MESSAGELIMIT=1000")
}

/// Words for a folder that shows as many messages as Yahoo ever shows: the newest ones only.
pub(in crate::transfer) fn cut_off(has_window: bool, messages: Option<u64>) -> Option<String> {
    (has_window && messages == Some(YAHOO_SHOWS)).then(|| {
        format!(
            "the server shows {YAHOO_SHOWS} messages of this folder, the most that Yahoo ever shows. Older \
             ones are not copied. Use the server export.imap.mail.yahoo.com, or first move older mail into \
             separate folders"
        )
    })
}

/// Some gateways give every message another UID when they start anew. Rows of messages that are only numbered anew get
/// their copies back before anything is sent; `examined` is the source folder, which is open. Whether there are such.
pub(in crate::transfer) async fn hand_on_renumbered(
    session: &mut Session,
    ledger: &Ledger,
    job: &FolderJob,
    examined: &Opened,
) -> Result<bool, TransferError> {
    // A server that tells what went away by UID keeps its UIDs; messages that are gone there are gone.
    if session.capabilities().has("QRESYNC") {
        return Ok(false);
    }
    let sum = ledger.totals_of(job.folder)?.sum;
    let has_surplus = sum.source_count.saturating_sub(sum.vanished) > u64::from(examined.exists);
    if !has_surplus || sum.to_do == 0 || sum.copied + sum.already_there + sum.repaired == 0 {
        return Ok(false);
    }
    let present = if examined.exists == 0 {
        Vec::new()
    } else {
        session.fetch_uids(SourceUid::first()).await.map_err(TransferError::at(Side::Source))?
    };
    // A list that is cut short must not make messages pass for gone.
    if present.len() < examined.exists as usize {
        return Ok(false);
    }
    let count = ledger.renumber(job.folder, &present)?;
    if count > 0 {
        tracing::info!(count, folder = %job.plan.source, "UIDs changed although UIDVALIDITY did not");
    }
    Ok(count > 0)
}

/// Whether the folders are those of Proton's Bridge: mail, and beside it labels and All Mail as views. Asked only where the
/// server says that it is the Bridge, because any user may have folders of these names.
fn is_proton<'p>(paths: impl Iterator<Item = &'p [String]>) -> bool {
    let mut found = [false; 3];
    for path in paths {
        if let [only] = path {
            for (name, is_there) in ["Folders", "Labels", "All Mail"].iter().zip(&mut found) {
                *is_there |= only == name;
            }
        }
    }
    found.iter().all(|is_there| *is_there)
}

/// Marks views as what they are where the provider is known by more than their names, and its server does not say so.
pub(in crate::transfer) fn name_views(session: &Session, folders: &mut [SourceFolder]) {
    if session.is_gmail() {
        for folder in folders.iter_mut().filter(|folder| folder.special_use.is_none()) {
            folder.special_use = special_use_at_gmail(&folder.path).filter(|found| found.is_virtual());
        }
    }
    if !session.is_proton() || !is_proton(folders.iter().map(|folder| folder.path.0.as_slice())) {
        return;
    }
    for folder in folders {
        match folder.path.0.as_slice() {
            [only] if only == "All Mail" => folder.special_use = Some(SpecialUse::All),
            [only] if only == "Starred" => folder.special_use = Some(SpecialUse::Flagged),
            _ => {}
        }
    }
}

/// Leaves out what Proton's Bridge shows below Labels: each message there is in a folder as well.
pub(in crate::transfer) fn leave_labels(session: &Session, plan: &mut MailboxPlan) {
    if !session.is_proton() || !is_proton(plan.folders.iter().map(|folder| folder.source.0.as_slice())) {
        return;
    }
    for folder in &mut plan.folders {
        let is_label = folder.source.0.first().is_some_and(|top| top == "Labels");
        if is_label && folder.choice == FolderChoice::Copy {
            folder.choice = FolderChoice::LeaveOut(LeftOutBecause::ItIsAView);
        }
    }
}

/// Puts folders below `Folders`, where Proton's Bridge wants all that it does not have itself.
pub(in crate::transfer) fn move_below_folders(
    session: &Session,
    plan: &mut MailboxPlan,
    existing: &[FolderPath],
) {
    if !session.is_proton() || !is_proton(existing.iter().map(|path| path.0.as_slice())) {
        return;
    }
    let existing: BTreeSet<&FolderPath> = existing.iter().collect();
    for folder in &mut plan.folders {
        let top = folder.destination.0.first();
        let has_place = folder.destination.is_inbox()
            || top.is_some_and(|top| top == "Folders" || top == "Labels")
            || existing.contains(&folder.destination);
        if !has_place {
            let below = |path: &FolderPath| {
                let parts = ["Folders".to_owned()].into_iter().chain(path.0.iter().cloned());
                Some(FolderPath(parts.collect()))
            };
            folder.move_by(below);
            folder.renamed.push(RenameReason::BelowProtonFolders);
        }
    }
}
