//! Where copies are that are not in their own folder any more, as people file their mail and junk filters move it.

use std::collections::{BTreeMap, BTreeSet};

use super::destination_name::raw_name;
use super::error::TransferError;
use super::governor::{code_name, meaning, passing};
use super::lost_copies::{Search, Suspect, at_destination};
use super::seats::{Seeker, assign};
use super::strays::WAITING;
use crate::imap::{Completion, Folder, ImapError, Namespace};
use crate::plan::{
    FolderPath, IDENTITY_HEADERS, IdentityKey, MessageKey, MessageState, RefusalMeaning, Side, identity_key,
};
use crate::project::{FolderId, FoundCopy, Ledger};

/// What came of looking into another folder.
pub(super) enum Looked {
    /// It was searched whole.
    At(Elsewhere),
    /// There is nothing to find in it.
    Nothing,
    /// It was not searched whole, for this reason.
    Unsure(String),
}

/// An opened folder that copies are looked for in.
pub(super) struct Elsewhere {
    pub(super) uid_validity: u32,
    /// UIDs that no row claims.
    pub(super) unclaimed: Vec<u32>,
    /// What rows without a known place in this folder look like: such copies may be theirs.
    pub(super) contested: BTreeSet<IdentityKey>,
}

/// Copies that another place was found for.
#[derive(Default)]
pub(super) struct Found {
    pub(super) found: Vec<FoundCopy>,
    /// UIDs at the source of those whose like is there, and may belong to another row.
    pub(super) unclear: Vec<u32>,
}

impl Search<'_> {
    /// Folders that copies may have been moved to. Views show mail that lives elsewhere, so that finding it there says
    /// nothing; but at Gmail archived mail is in `\All` only.
    pub(super) fn others(&self, suspect: &Suspect<'_>) -> Vec<Folder> {
        let is_gmail = self.session.capabilities().has("X-GM-EXT-1");
        let mut others: Vec<Folder> = self
            .destination
            .values()
            .filter(|folder| {
                folder.is_selectable() && folder.raw != suspect.raw && !is_view(folder, is_gmail)
            })
            .filter(|folder| folder.status.and_then(|status| status.messages) != Some(0))
            .cloned()
            .collect();
        others.sort_by_key(|folder| folder.has_attribute("\\All"));
        others
    }

    /// Opens another folder, and lists what no row claims there.
    pub(super) async fn unclaimed_in(
        &mut self,
        suspect: &Suspect<'_>,
        folder: &Folder,
        path: &FolderPath,
    ) -> Result<Looked, TransferError> {
        // Opened and listed whatever its counts say: servers keep old ones, and a copy that is overlooked is doubled.
        if let Some(words) = self.caution.goodbye(&folder.raw, Side::Destination) {
            return Ok(Looked::Unsure(words));
        }
        let (opened, present) = match self.list(&folder.raw, false).await {
            Ok(listed) => listed,
            Err(ImapError::Refused { completion, .. }) => return looked_in_vain(&completion),
            Err(error) => {
                self.caution.opening_failed(&folder.raw, Side::Destination, &error);
                let words = error.folder_trouble().ok_or_else(|| at_destination(error))?;
                return Ok(Looked::Unsure(words));
            }
        };
        if present.len() < opened.exists as usize {
            return Ok(Looked::Unsure("the server does not list all that it counts".to_owned()));
        }
        let claimed = self.ledger().claimed_in(suspect.memory.id, path, opened.uid_validity)?;
        let unclaimed = present.into_iter().filter(|uid| !claimed.contains(uid)).collect();
        let folders = self.by_destination.get(path).map(Vec::as_slice).unwrap_or_default();
        let contested = contested(self.ledger(), folders, opened.uid_next)?;
        Ok(Looked::At(Elsewhere { uid_validity: opened.uid_validity, unclaimed, contested }))
    }

    /// Looks for copies among the unclaimed messages of the opened folder. In their own folder copies of ours may have
    /// got another size, and everywhere at a server that writes messages anew; else only an equal size will do, as one
    /// mail is often in two folders in two sizes.
    pub(super) async fn find(
        &mut self,
        suspect: &Suspect<'_>,
        uids: &BTreeSet<u32>,
        there: &Elsewhere,
        is_own_folder: bool,
    ) -> Result<Found, TransferError> {
        if there.unclaimed.is_empty() {
            return Ok(Found::default());
        }
        let keys = self.ledger().copy_keys(suspect.memory.id, uids)?;
        let wanted: BTreeSet<_> = keys.iter().map(|(key, _)| key.identity).collect();
        let mut present: Vec<MessageKey> = Vec::new();
        self.session
            .fetch_facts(&there.unclaimed, &IDENTITY_HEADERS, |facts| {
                let found = facts.iter().map(|facts| MessageKey {
                    uid: facts.uid,
                    identity: identity_key(&facts.header),
                    size: facts.size,
                });
                present.extend(found.filter(|key| wanted.contains(&key.identity)));
                Ok::<(), ImapError>(())
            })
            .await
            .map_err(at_destination)?;
        let rewrites = self.session.rewrites_messages();
        let unclear: BTreeSet<IdentityKey> =
            present.iter().map(|key| key.identity).filter(|key| there.contested.contains(key)).collect();
        let (waiting, clear): (Vec<_>, Vec<_>) =
            keys.into_iter().partition(|(key, _)| unclear.contains(&key.identity));
        let seekers: Vec<Seeker> = clear
            .iter()
            .map(|(key, is_ours)| Seeker {
                identity: key.identity,
                size: key.size,
                lowest_uid: 1,
                is_ours: rewrites || (*is_ours && is_own_folder),
            })
            .collect();
        let places = assign(&seekers, &present, &[]);
        let found = clear
            .iter()
            .zip(places)
            .filter_map(|((key, _), place)| {
                Some(FoundCopy { uid: key.uid, place: (there.uid_validity, place?) })
            })
            .collect();
        Ok(Found { found, unclear: waiting.into_iter().map(|(key, _)| key.uid).collect() })
    }
}

/// What the ledger calls the folders that copies go to, by their names at the server: these may have a prefix more.
pub(super) fn known_places(
    ledger: &Ledger,
    namespace: &Namespace,
) -> Result<BTreeMap<String, FolderPath>, TransferError> {
    let known = ledger.memories()?.into_values().map(|known| known.destination);
    Ok(known.map(|path| (raw_name(&path, namespace), path)).collect())
}

/// Folders that show mail which lives elsewhere. At Gmail archived mail is in `\\All` only.
pub(super) fn is_view(folder: &Folder, is_gmail: bool) -> bool {
    folder.has_attribute("\\Flagged")
        || folder.has_attribute("\\Important")
        || (folder.has_attribute("\\All") && !is_gmail)
}

/// Identities of rows of these folders, which go to one place, whose copies there, if there are any, are not known yet. `uid_next` is
/// that of the folder now.
pub(super) fn contested(
    ledger: &Ledger,
    folders: &[FolderId],
    uid_next: Option<u32>,
) -> Result<BTreeSet<IdentityKey>, TransferError> {
    let mut contested = BTreeSet::new();
    for folder in folders {
        let Some(known) = ledger.memory(*folder)? else { continue };
        let is_unknown = match uid_next {
            Some(uid_next) => ledger.unknown_from(known.id, uid_next)?.is_some(),
            None => false,
        };
        let states = if known.needs_match || is_unknown { &WAITING[..] } else { &[MessageState::InFlight] };
        contested.extend(ledger.rows(known.id, states)?.into_iter().map(|row| row.identity));
        contested.extend(ledger.unplaced_copies(known.id)?.into_iter().map(|(_, row)| row.identity));
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
