//! Mail that has come to the destination since the last run that ended well, and that no row claims. Copies that nobody
//! has recorded may be among it, in whatever folder people have filed them meanwhile.

use std::collections::{BTreeMap, BTreeSet};

use tokio::sync::Mutex;

use crate::imap::{Folder, ImapError, Namespace, Session};
use crate::message::{IdentityKey, MessageKey};
use crate::plan::{FolderPath, MessageState};
use crate::project::{FolderId, FoundCopy, Ledger, LedgerRow, Repair, SeenFolder};
use crate::transfer::context::destination_name::raw_name;
use crate::transfer::context::error::TransferError;
use crate::transfer::context::folder_lists::FoldersByName;
use crate::transfer::context::special_folders::is_trash;
use crate::transfer::reconcile::account_search::{
    CopySearch, SearchedFolder, known_places, path_of, searched_folders,
};
use crate::transfer::reconcile::destination_folder::DestinationFolder;
use crate::transfer::reconcile::matching::{WantedCopy, WantedForms, assign, assign_forms};
use crate::transfer::reconcile::relocated::contested;
use crate::transfer::reconcile::same_content::{Lies, Sought};
use crate::values::{DestinationUid, Placement, Side, SourceUid, Uid, UidValidity};

/// Folders that mail has come to. They are looked into once, and only where copies are lacking.
#[derive(Debug, Default)]
pub(in crate::transfer) struct Strays {
    /// Each with the lowest UID that such mail can have.
    folders: Vec<(Folder, DestinationUid)>,
    namespace: Namespace,
    found: Mutex<Option<Found>>,
}

/// What was found when they were looked into.
#[derive(Debug)]
struct Found {
    dens: Vec<Den>,
    /// Where in `dens` there are messages with these headers.
    by_identity: BTreeMap<IdentityKey, BTreeSet<usize>>,
    /// Copies of other places whose place is not known: what has come may be theirs.
    unplaced: Vec<MessageKey<SourceUid>>,
}

/// What has come to one folder.
#[derive(Debug)]
struct Den {
    raw: String,
    path: FolderPath,
    /// Folders of the ledger whose copies go there.
    folders: Vec<FolderId>,
    uid_validity: UidValidity,
    uid_next: Option<DestinationUid>,
    keys: Vec<MessageKey<DestinationUid>>,
}

impl Strays {
    /// Compares the destination's list with what was remembered of it. A ledger that remembers nothing may not be the
    /// first, as its owner may have begun anew, so all mail counts as unknown until a run has ended well. Only what is in
    /// the trash was put there by people, who want it back where it is to be copied.
    pub(in crate::transfer) fn of(
        ledger: &Ledger,
        destination: &FoldersByName,
        (namespace, is_gmail): (&Namespace, bool),
    ) -> Result<Self, TransferError> {
        // Gmail's folders are labels: a message shows in several, and sending it again makes no second one.
        if is_gmail {
            return Ok(Self::default());
        }
        let mut seen = ledger.seen_folders()?;
        if seen.is_empty() && !ledger.is_doubted()? {
            seen = listed(destination, |folder| !is_trash(folder));
            ledger.set_seen_folders(&seen)?;
        }
        let grown = |folder: &Folder| {
            let status = folder.status.unwrap_or_default();
            let known = seen.get(&folder.raw).filter(|seen| status.uid_validity == Some(seen.uid_validity));
            let first = known.map_or(DestinationUid::first(), |seen| seen.uid_next);
            let is_grown = status.uid_next.is_none_or(|uid_next| DestinationUid(uid_next) > first);
            (is_grown && status.messages != Some(0)).then_some(first)
        };
        let folders = searched_folders(destination.values(), is_gmail)
            .into_iter()
            .filter_map(|folder| Some((folder.clone(), grown(folder)?)))
            .collect();
        Ok(Self { folders, namespace: namespace.clone(), found: Mutex::default() })
    }

    /// Whether there is anything to be found outside this folder.
    pub(in crate::transfer) fn is_empty_beside(&self, raw: &str) -> bool {
        self.folders.iter().all(|(folder, _)| folder.raw == raw)
    }

    /// Finds copies without a reported UID in their own folders, before anything that may be theirs is given to others.
    /// Nobody else works on these folders yet.
    pub(in crate::transfer) async fn place_at_home(
        &self,
        session: &mut Session,
        ledger: &Ledger,
    ) -> Result<(), TransferError> {
        if self.folders.is_empty() {
            return Ok(());
        }
        for known in ledger.memories()?.into_values() {
            if ledger.unplaced_copies(known.id)?.is_empty() {
                continue;
            }
            let uid_validity = match session.examine(&raw_name(&known.destination, &self.namespace)).await {
                Ok(opened) if Some(opened.uid_validity) == known.destination_uid_validity => {
                    opened.uid_validity
                }
                Ok(_) | Err(ImapError::Refused { .. }) => continue,
                Err(error) => return Err(TransferError::at(Side::Destination)(error)),
            };
            let mut place =
                DestinationFolder { session, ledger, folder: known.id, uid_validity, source: None };
            place.place_copies().await?;
        }
        session.unselect();
        Ok(())
    }

    /// Gives waiting rows of a folder their copies in other folders. One of these is opened afterwards.
    pub(in crate::transfer) async fn take(
        &self,
        place: &mut DestinationFolder<'_>,
        raw: &str,
        rows: Vec<LedgerRow>,
    ) -> Result<(), TransferError> {
        let mut found = self.found.lock().await;
        let Found { dens, by_identity, unplaced } = match &mut *found {
            Some(found) => found,
            none => none.insert(self.look(place.session, (place.ledger, place.folder)).await?),
        };
        if !unplaced.is_empty() {
            *unplaced = place.ledger.unplaced_elsewhere(place.folder)?;
        }
        let mut seekers = Seekers::new(place, rows)?;
        // Most folders have nothing that looks like one of these, and are not asked about in the ledger.
        let candidates: BTreeSet<usize> = seekers
            .identities()
            .filter_map(|identity| by_identity.get(&identity))
            .flatten()
            .copied()
            .collect();
        for at in candidates {
            let Some(den) = dens.get_mut(at).filter(|den| den.raw != raw) else { continue };
            // Rows of that folder may have found their copies since it was looked into.
            let claimed = place.ledger.claimed_in(place.folder, &den.path, den.uid_validity)?;
            den.keys.retain(|key| !claimed.contains(&key.uid));
            if den.keys.is_empty() || seekers.rows.is_empty() {
                continue;
            }
            let first: Vec<MessageKey<SourceUid>> = contested(place.ledger, &den.folders, den.uid_next)?
                .into_iter()
                .chain(unplaced.iter().copied())
                .collect();
            let taken = seekers.settle_in(place, den, &first).await?;
            den.keys.retain(|key| !taken.contains(&key.uid));
        }
        Ok(())
    }

    /// What no row claims in the folders that have grown. One that cannot be opened now is looked into next time: that its
    /// mail is ours is not likely enough to hold everything else up.
    async fn look(
        &self,
        session: &mut Session,
        (ledger, account): (&Ledger, FolderId),
    ) -> Result<Found, TransferError> {
        let mut dens = Vec::with_capacity(self.folders.len());
        let places = known_places(ledger, &self.namespace)?;
        let mut by_destination: BTreeMap<FolderPath, Vec<FolderId>> = BTreeMap::new();
        for known in ledger.memories()?.into_values() {
            by_destination.entry(known.destination).or_default().push(known.id);
        }
        for (folder, first) in &self.folders {
            let opened = match session.examine(&folder.raw).await {
                Ok(opened) if opened.exists == 0 => continue,
                Ok(opened) => opened,
                Err(ImapError::Refused { completion, .. }) => {
                    tracing::warn!(%completion, folder = %folder.name, "cannot search for copies here");
                    continue;
                }
                Err(error) => return Err(TransferError::at(Side::Destination)(error)),
            };
            let path = path_of(folder, &places);
            let listed = folder.status.and_then(|status| status.uid_validity);
            let first = if listed == Some(opened.uid_validity) { *first } else { DestinationUid::first() };
            let mut search = CopySearch { session: &mut *session, ledger };
            let searched = SearchedFolder { account, path: &path, uid_validity: opened.uid_validity };
            let unclaimed = search.unclaimed(searched, first).await?;
            let keys = search.keys(&unclaimed).await?;
            let (raw, uid_validity, uid_next) =
                (folder.raw.clone(), opened.uid_validity, opened.uid_next.map(DestinationUid));
            let folders = by_destination.get(&path).cloned().unwrap_or_default();
            dens.push(Den { raw, path, folders, uid_validity, uid_next, keys });
        }
        let mut by_identity: BTreeMap<IdentityKey, BTreeSet<usize>> = BTreeMap::new();
        for (at, den) in dens.iter().enumerate() {
            for key in &den.keys {
                by_identity.entry(key.identity).or_default().insert(at);
            }
        }
        Ok(Found { dens, by_identity, unplaced: ledger.unplaced_elsewhere(account)? })
    }
}

/// Rows of one place that look for their copies in other folders. Those that have been copied and are not at home come
/// first, as their copies are certainly there.
struct Seekers {
    rows: Vec<(FolderId, LedgerRow)>,
    /// In which form some of them were sent.
    repairs: BTreeMap<(FolderId, SourceUid), Repair>,
}

impl Seekers {
    fn new(place: &DestinationFolder<'_>, waiting: Vec<LedgerRow>) -> Result<Self, TransferError> {
        let mut rows = place.ledger.unplaced_copies(place.folder)?;
        rows.extend(waiting.into_iter().map(|row| (place.folder, row)));
        Ok(Self { rows, repairs: place.ledger.repairs(place.folder)? })
    }

    /// What their copies look like.
    fn identities(&self) -> impl Iterator<Item = IdentityKey> {
        let sent = self.repairs.values().filter_map(|repair| Some(repair.sent.as_ref()?.identity));
        self.rows.iter().map(|(_, row)| row.identity).chain(sent)
    }

    /// Records the copies that are in this folder, and looks no further for them. `first` are messages of other
    /// places that these may belong to. UIDs that are given away now.
    async fn settle_in(
        &mut self,
        place: &mut DestinationFolder<'_>,
        den: &Den,
        first: &[MessageKey<SourceUid>],
    ) -> Result<BTreeSet<DestinationUid>, TransferError> {
        let places = self.places(place, den, first).await?;
        let mut found: BTreeMap<(FolderId, bool), Vec<FoundCopy>> = BTreeMap::new();
        for ((folder, row), uid) in self.rows.iter().zip(&places) {
            if let Some(uid) = uid {
                let is_waiting = row.state == MessageState::ToDo;
                let copy = FoundCopy { uid: row.uid, place: Placement::new(den.uid_validity, *uid) };
                found.entry((*folder, is_waiting)).or_default().push(copy);
            }
        }
        for ((folder, is_waiting), copies) in &found {
            tracing::info!(count = copies.len(), folder = %den.path, "found unrecorded copies");
            if *is_waiting {
                place.ledger.record_strays(*folder, &den.path, copies)?;
            } else {
                place.ledger.record_moved(*folder, Some(&den.path), copies)?;
            }
        }
        let mut is_open = places.iter().map(Option::is_none);
        self.rows.retain(|_| is_open.next() == Some(true));
        Ok(places.into_iter().flatten().collect())
    }

    /// Equal sizes first, then what messages say.
    async fn places(
        &self,
        place: &mut DestinationFolder<'_>,
        den: &Den,
        first: &[MessageKey<SourceUid>],
    ) -> Result<Vec<Option<DestinationUid>>, TransferError> {
        let rewrites = place.session.rewrites_messages();
        let exact = |identity: IdentityKey, size: u64, is_ours| WantedCopy {
            identity,
            size,
            lowest_uid: DestinationUid::first(),
            is_ours,
        };
        let others = first
            .iter()
            .map(|key| WantedForms { original: exact(key.identity, key.size, true), repaired: None });
        let ours = self.rows.iter().map(|(folder, row)| {
            let sent = self.repairs.get(&(*folder, row.uid)).and_then(|repair| repair.sent.as_ref());
            let repaired = sent.map(|form| exact(form.identity, form.size, rewrites));
            WantedForms { original: exact(row.identity, row.size, false), repaired }
        });
        let seekers: Vec<WantedForms> = others.chain(ours).collect();
        let places =
            assign_forms(&seekers, Vec::new(), |seekers, _, claimed| assign(&seekers, &den.keys, &claimed));
        let (theirs, ours) = places.split_at(first.len());
        let theirs: BTreeSet<DestinationUid> = theirs.iter().filter_map(|place| Some((*place)?.0)).collect();
        let free: Vec<MessageKey<DestinationUid>> =
            den.keys.iter().filter(|key| !theirs.contains(&key.uid)).copied().collect();
        let rows: Vec<Sought> = self
            .rows
            .iter()
            .zip(ours)
            .map(|((folder, row), found)| Sought {
                key: row.key(),
                place: *found,
                lowest_uid: DestinationUid::first(),
                is_readable: *folder == place.folder,
            })
            .collect();
        let sought: BTreeSet<IdentityKey> =
            rows.iter().filter(|row| row.place.is_none()).map(|row| row.key.identity).collect();
        if !free.iter().any(|key| sought.contains(&key.identity)) {
            return Ok(ours.iter().map(|place| place.map(|(uid, _)| uid)).collect());
        }
        place.session.examine(&den.raw).await.map_err(TransferError::at(Side::Destination))?;
        let places = Box::pin(place.told_by_content(&rows, &free, Lies::Elsewhere)).await?;
        Ok(places.into_iter().map(|place| place.map(|(uid, _)| uid)).collect())
    }
}

/// Remembers the destination's folders as they were listed, once everything that was sent before is recorded.
pub(in crate::transfer) fn remember(
    ledger: &Ledger,
    destination: &FoldersByName,
) -> Result<(), TransferError> {
    Ok(ledger.set_seen_folders(&listed(destination, |_| false))?)
}

/// The folders as they were listed, as if nothing had come yet to those that are unknown.
fn listed(destination: &FoldersByName, is_unknown: impl Fn(&Folder) -> bool) -> BTreeMap<String, SeenFolder> {
    destination
        .iter()
        .filter_map(|(raw, folder)| {
            let status = folder.status?;
            let (uid_validity, uid_next) = status.uid_validity.zip(status.uid_next)?;
            let uid_next =
                if is_unknown(folder) { DestinationUid::first() } else { DestinationUid(uid_next) };
            Some((raw.clone(), SeenFolder { uid_validity, uid_next }))
        })
        .collect()
}

/// States that wait for a copy to be found or made.
pub(in crate::transfer) const WAITING: [MessageState; 2] = [MessageState::ToDo, MessageState::InFlight];
