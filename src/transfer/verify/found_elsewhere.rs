//! Copies that a verification does not find in their place: looked for in every folder of the account before they count as
//! missing, as junk filters and people move mail at once.

use std::collections::{BTreeMap, BTreeSet};

use crate::imap::{ImapError, Namespace, Session};
use crate::message::{IdentityKey, MessageKey};
use crate::plan::FolderPath;
use crate::project::FolderId;
use crate::transfer::context::error::TransferError;
use crate::transfer::context::request::CopyRequest;
use crate::transfer::context::special_folders::is_junk;
use crate::transfer::reconcile::account_search::{
    CopySearch, SearchedFolder, known_places, path_of, searched_folders,
};
use crate::transfer::reconcile::destination_folder::DestinationFolder;
use crate::transfer::reconcile::matching::{WantedCopy, assign};
use crate::transfer::reconcile::same_content::{Lies, Sought};
use crate::values::{DestinationUid, Side, SourceUid, Uid, UidValidity};

/// A copy that is not where it should be.
#[derive(Clone, Debug)]
pub(in crate::transfer) struct Lost {
    pub(in crate::transfer) folder: FolderId,
    pub(in crate::transfer) source: FolderPath,
    /// UID at the source.
    pub(in crate::transfer) uid: SourceUid,
    pub(in crate::transfer) identity: IdentityKey,
    pub(in crate::transfer) size: u64,
    /// Its place was known once.
    pub(in crate::transfer) had_place: bool,
}

/// What the search came to.
#[derive(Debug, Default)]
pub(in crate::transfer) struct Found {
    /// Copies that are in some folder.
    pub(in crate::transfer) count: u64,
    /// Where, with the number of copies in each of these folders.
    pub(in crate::transfer) places: BTreeMap<String, u64>,
    /// Those of them in the folder for junk.
    pub(in crate::transfer) in_junk: u64,
    /// Copies that are nowhere.
    pub(in crate::transfer) lost: Vec<Lost>,
    /// Names of the folders that the destination lists as such that can be opened.
    pub(in crate::transfer) listed: BTreeSet<String>,
}

/// Where it is looked.
pub(in crate::transfer) struct Search<'a> {
    /// Folders that are passed by, as the connection ends at them.
    pub(in crate::transfer) skipped: &'a BTreeSet<String>,
    /// The folder that is being looked into; it stays where the search breaks off.
    pub(in crate::transfer) under_way: &'a mut Option<String>,
}

/// Looks for copies by their headers, each time among messages that belong to nothing else. Multiplicity is kept.
pub(in crate::transfer) async fn look_elsewhere(
    session: &mut Session,
    (request, namespace): (&CopyRequest, &Namespace),
    lost: &[Lost],
    search: Search<'_>,
) -> Result<Found, TransferError> {
    let mut found = Found { lost: lost.to_vec(), ..Found::default() };
    if lost.is_empty() {
        return Ok(found);
    }
    let places = known_places(&request.ledger, namespace)?;
    let folders =
        session.list_folders_unsized().await.map_err(TransferError::from_imap(Side::Destination))?;
    let selectable = folders.iter().filter(|folder| folder.is_selectable());
    found.listed = selectable.map(|folder| folder.raw.clone()).collect();
    for folder in searched_folders(&folders, session.is_gmail()) {
        if search.skipped.contains(&folder.raw) {
            continue;
        }
        *search.under_way = Some(folder.raw.clone());
        let Some(account) = found.lost.first().map(|lost| lost.folder) else { break };
        let path = path_of(folder, &places);
        let opened = match session.examine(&folder.raw).await {
            Ok(opened) if opened.exists == 0 => continue,
            Ok(opened) => opened,
            Err(ImapError::Refused { .. } | ImapError::BadName(_)) => continue,
            Err(error) => return Err(TransferError::from_imap(Side::Destination)(error)),
        };
        let searched = SearchedFolder { account, path: &path, uid_validity: opened.uid_validity };
        let mut copies = CopySearch { session: &mut *session, ledger: &request.ledger };
        let free = copies.unclaimed(searched, DestinationUid::first()).await?;
        let count = take((session, request), (opened.uid_validity, &free), &mut found.lost).await?;
        found.count += count;
        found.in_junk += if is_junk(folder) { count } else { 0 };
        if count > 0 {
            *found.places.entry(path.to_string()).or_default() += count;
            tracing::info!(count, folder = %path, "copies are in a different folder than expected");
        }
    }
    *search.under_way = None;
    Ok(found)
}

/// Takes those out of `lost` that are among these messages of the opened folder. Returns how many.
async fn take(
    (session, request): (&mut Session, &CopyRequest),
    (uid_validity, free): (UidValidity, &[DestinationUid]),
    lost: &mut Vec<Lost>,
) -> Result<u64, TransferError> {
    if free.is_empty() {
        return Ok(0);
    }
    let wanted: BTreeSet<IdentityKey> = lost.iter().map(|lost| lost.identity).collect();
    let mut copies = CopySearch { session: &mut *session, ledger: &request.ledger };
    let present = copies.keys_like(free, &wanted).await?;
    // Sizes say nothing about copies that the destination writes anew.
    let is_ours = session.rewrites_messages();
    let seekers: Vec<WantedCopy> = lost
        .iter()
        .map(|lost| WantedCopy {
            identity: lost.identity,
            size: lost.size,
            lowest_uid: DestinationUid::first(),
            is_ours,
        })
        .collect();
    let mut places = assign(&seekers, &present, &[]);
    tell_by_content((session, request), (uid_validity, &present), lost, &mut places).await?;
    let before = lost.len();
    let mut places = places.into_iter();
    lost.retain(|_| places.next().flatten().is_none());
    Ok((before - lost.len()) as u64)
}

/// Where sizes do not say so, what messages of the opened folder say decides, one folder of the source after the other.
async fn tell_by_content(
    (session, request): (&mut Session, &CopyRequest),
    (uid_validity, present): (UidValidity, &[MessageKey<DestinationUid>]),
    lost: &[Lost],
    places: &mut [Option<DestinationUid>],
) -> Result<(), TransferError> {
    let mut by_folder: BTreeMap<FolderId, Vec<usize>> = BTreeMap::new();
    for (index, lost) in lost.iter().enumerate() {
        by_folder.entry(lost.folder).or_default().push(index);
    }
    for (folder, indices) in by_folder {
        let rows: Vec<(&Lost, Option<DestinationUid>)> =
            indices.iter().filter_map(|index| Some((lost.get(*index)?, *places.get(*index)?))).collect();
        let given: BTreeSet<DestinationUid> = places.iter().flatten().copied().collect();
        let own: BTreeSet<DestinationUid> = rows.iter().filter_map(|(_, place)| *place).collect();
        let is_free = |uid: &DestinationUid| !given.contains(uid) || own.contains(uid);
        let free: Vec<MessageKey<DestinationUid>> =
            present.iter().filter(|key| is_free(&key.uid)).copied().collect();
        let plan = rows
            .first()
            .and_then(|(lost, _)| request.plan.folders.iter().find(|plan| plan.source == lost.source));
        let Some(plan) = plan else { continue };
        let sought: Vec<Sought> = rows
            .iter()
            .map(|(lost, place)| Sought {
                key: MessageKey { uid: lost.uid, identity: lost.identity, size: lost.size },
                place: place.map(|uid| (uid, false)),
                lowest_uid: DestinationUid::first(),
                is_readable: true,
            })
            .collect();
        let source = Some((request, plan.source_raw.as_str()));
        let mut place = DestinationFolder {
            session: &mut *session,
            ledger: &request.ledger,
            folder,
            uid_validity,
            source,
        };
        let found = Box::pin(place.told_by_content(&sought, &free, Lies::Elsewhere)).await?;
        for (index, found) in indices.into_iter().zip(found) {
            if let Some(place) = places.get_mut(index) {
                *place = found.map(|(uid, _)| uid);
            }
        }
    }
    Ok(())
}
