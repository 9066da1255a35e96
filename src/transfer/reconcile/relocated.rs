//! Where copies are that are not in their own folder any more, as people file their mail and junk filters move it.

use std::collections::BTreeSet;

use crate::imap::{Completion, Folder, ImapError};
use crate::message::{IdentityKey, MessageKey, RefusalMeaning};
use crate::plan::{FolderPath, MessageState};
use crate::project::{CopyKey, FolderId, FoundCopy, Ledger, LedgerRow};
use crate::transfer::context::error::TransferError;
use crate::transfer::pace::refusal::{code_name, meaning, passing};
use crate::transfer::reconcile::account_search::{CopySearch, SearchedFolder, searched_folders};
use crate::transfer::reconcile::destination_folder::DestinationFolder;
use crate::transfer::reconcile::matching::{WantedCopy, assign};
use crate::transfer::reconcile::missing::{Lost, Search};
use crate::transfer::reconcile::same_content::{Lies, Sought};
use crate::transfer::reconcile::strays::WAITING;
use crate::values::{DestinationUid, Placement, Side, SourceUid, Uid, UidValidity};

/// What came of looking into another folder.
pub(in crate::transfer) enum Looked {
    /// It was searched whole.
    At(Elsewhere),
    /// There is nothing to find in it.
    Nothing,
    /// It was not searched whole, for this reason.
    Unsure(String),
}

/// An opened folder that copies are looked for in.
pub(in crate::transfer) struct Elsewhere {
    pub(in crate::transfer) uid_validity: UidValidity,
    /// Messages that no row claims and that look like one that is wanted.
    pub(in crate::transfer) present: Vec<MessageKey<DestinationUid>>,
    /// What rows without a known place in this folder look like: such copies may be theirs.
    pub(in crate::transfer) contested: BTreeSet<IdentityKey>,
}

/// Copies that another place was found for.
#[derive(Default)]
pub(in crate::transfer) struct Found {
    pub(in crate::transfer) found: Vec<FoundCopy>,
    /// UIDs at the source of those whose like is there, and may belong to another row.
    pub(in crate::transfer) unclear: Vec<SourceUid>,
}

impl Search<'_> {
    /// Folders that copies may have been moved to, without those that hold nothing.
    pub(in crate::transfer) fn others(&self) -> Vec<Folder> {
        let has_mail = |folder: &&Folder| folder.status.and_then(|status| status.messages) != Some(0);
        let others = searched_folders(self.destination.values(), self.session.is_gmail());
        others.into_iter().filter(has_mail).cloned().collect()
    }

    /// Opens another folder, and reads what no row of this account claims there, as far as it looks like one of these.
    pub(in crate::transfer) async fn unclaimed_in(
        &mut self,
        account: FolderId,
        (folder, path): (&Folder, &FolderPath),
        wanted: &BTreeSet<IdentityKey>,
    ) -> Result<Looked, TransferError> {
        // Opened and listed whatever its counts say: servers keep old ones, and a copy that is overlooked is doubled.
        if let Some(words) = self.failures.goodbye(&folder.raw, Side::Destination) {
            return Ok(Looked::Unsure(words));
        }
        let (opened, present) = match self.list(&folder.raw, false).await {
            Ok(listed) => listed,
            Err(ImapError::Refused { completion, .. }) => return looked_in_vain(&completion),
            Err(error) => {
                self.failures.opening_failed(&folder.raw, Side::Destination, &error);
                let words =
                    error.folder_trouble().ok_or_else(|| TransferError::at(Side::Destination)(error))?;
                return Ok(Looked::Unsure(words));
            }
        };
        if present.len() < opened.exists as usize {
            return Ok(Looked::Unsure("the server lists fewer messages than it reports".to_owned()));
        }
        let searched = SearchedFolder { account, path, uid_validity: opened.uid_validity };
        let mut search = self.copies();
        let unclaimed = search.without_claimed(searched, present)?;
        let present = search.keys_like(&unclaimed, wanted).await?;
        let folders = self.by_destination.get(path).map(Vec::as_slice).unwrap_or_default();
        let waiting = contested(self.ledger(), folders, opened.uid_next.map(DestinationUid))?;
        let mut contested: BTreeSet<IdentityKey> = waiting.into_iter().map(|key| key.identity).collect();
        for folder in folders {
            let unplaced = self.ledger().unplaced_copies(*folder)?;
            contested.extend(unplaced.into_iter().map(|(_, row)| row.identity));
        }
        Ok(Looked::At(Elsewhere { uid_validity: opened.uid_validity, present, contested }))
    }

    /// A look into the opened folder.
    pub(in crate::transfer) fn copies(&mut self) -> CopySearch<'_> {
        CopySearch { session: &mut *self.session, ledger: &self.request.ledger }
    }

    /// Looks for copies among the unclaimed messages of the opened folder. In their own folder copies of ours may have
    /// got another size, and everywhere at a server that writes messages anew; else what messages say decides, as one
    /// mail is often in two folders in two forms.
    pub(in crate::transfer) async fn find(
        &mut self,
        lost: &Lost<'_, '_>,
        there: &Elsewhere,
        is_own_folder: bool,
    ) -> Result<Found, TransferError> {
        let suspect = lost.suspect;
        let wanted: BTreeSet<_> = lost.keys.iter().map(|copy| copy.key.identity).collect();
        let mut present: Vec<MessageKey<DestinationUid>> =
            there.present.iter().filter(|key| wanted.contains(&key.identity)).copied().collect();
        if present.is_empty() {
            return Ok(Found::default());
        }
        let rewrites = self.session.rewrites_messages();
        let unclear: BTreeSet<IdentityKey> =
            present.iter().map(|key| key.identity).filter(|key| there.contested.contains(key)).collect();
        let (waiting, clear): (Vec<_>, Vec<_>) =
            lost.keys.iter().partition(|copy| unclear.contains(&copy.key.identity));
        let seekers: Vec<WantedCopy> = clear
            .iter()
            .map(|CopyKey { key, is_ours, .. }: &&CopyKey| WantedCopy {
                identity: key.identity,
                size: key.size,
                lowest_uid: DestinationUid::first(),
                is_ours: rewrites || (*is_ours && is_own_folder),
            })
            .collect();
        present.retain(|key| !unclear.contains(&key.identity));
        let places = assign(&seekers, &present, &[]);
        let rows: Vec<Sought> = clear
            .iter()
            .zip(places)
            .map(|(copy, place)| Sought {
                key: copy.key,
                place: place.map(|uid| (uid, copy.is_repaired)),
                lowest_uid: DestinationUid::first(),
                is_readable: !copy.is_repaired,
            })
            .collect();
        let mut place = DestinationFolder {
            ledger: &self.request.ledger,
            folder: suspect.memory.id,
            uid_validity: there.uid_validity,
            source: Some((self.request, suspect.plan.source_raw.as_str())),
            session: &mut *self.session,
        };
        let lies = if is_own_folder { Lies::Here } else { Lies::Elsewhere };
        let places = Box::pin(place.told_by_content(&rows, &present, lies)).await?;
        let found = clear
            .iter()
            .zip(places)
            .filter_map(|(copy, place)| {
                Some(FoundCopy { uid: copy.key.uid, place: Placement::new(there.uid_validity, place?.0) })
            })
            .collect();
        Ok(Found { found, unclear: waiting.into_iter().map(|copy| copy.key.uid).collect() })
    }
}

/// Rows of these folders, which go to one place, that wait and may have a copy there. `uid_next` is that of the folder now.
pub(in crate::transfer) fn contested(
    ledger: &Ledger,
    folders: &[FolderId],
    uid_next: Option<DestinationUid>,
) -> Result<Vec<MessageKey<SourceUid>>, TransferError> {
    let mut contested = Vec::new();
    for folder in folders {
        let Some(known) = ledger.memory_of(*folder)? else { continue };
        let is_unknown = match uid_next {
            Some(uid_next) => ledger.unknown_from(known.id, uid_next)?.is_some(),
            None => false,
        };
        let states = if known.needs_match || is_unknown { &WAITING[..] } else { &[MessageState::InFlight] };
        contested.extend(ledger.rows(known.id, states)?.iter().map(LedgerRow::key));
    }
    Ok(contested)
}

/// What refused opening says of copies: nothing is in a folder that has gone since it was listed, and nobody moves mail
/// into one that the account may not read. A server that is busy is asked again later.
fn looked_in_vain(completion: &Completion) -> Result<Looked, TransferError> {
    if let Some(error) = passing(Side::Destination, completion) {
        return Err(error);
    }
    let is_closed = meaning(completion) == RefusalMeaning::Folder || code_name(completion) == Some("NOPERM");
    Ok(if is_closed { Looked::Nothing } else { Looked::Unsure(completion.to_string()) })
}
