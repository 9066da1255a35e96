//! Where copies are looked for: which folders of the destination, in which order, and which of their messages no row claims.
//! Every look for a copy goes through here, that of a copy and that of a verification.

use std::collections::{BTreeMap, BTreeSet};

use crate::imap::{Folder, ImapError, MessageFacts, Namespace, Session};
use crate::message::{IDENTITY_HEADERS, IdentityKey, MessageKey};
use crate::plan::FolderPath;
use crate::project::{FolderId, Ledger};
use crate::transfer::context::destination_name::raw_name;
use crate::transfer::context::error::TransferError;
use crate::transfer::context::special_folders::{is_junk, is_trash, is_view};
use crate::transfer::reconcile::matching::message_key;
use crate::values::{DestinationUid, Side, UidValidity};

/// A look into the opened folder of the destination.
pub(in crate::transfer) struct CopySearch<'a> {
    pub(in crate::transfer) session: &'a mut Session,
    pub(in crate::transfer) ledger: &'a Ledger,
}

/// The folder that is opened.
#[derive(Clone, Copy, Debug)]
pub(in crate::transfer) struct SearchedFolder<'a> {
    /// Any folder of the account: rows of all of them may claim messages.
    pub(in crate::transfer) account: FolderId,
    /// Its path, as the ledger calls it.
    pub(in crate::transfer) path: &'a FolderPath,
    pub(in crate::transfer) uid_validity: UidValidity,
}

impl CopySearch<'_> {
    /// Messages from this UID on that no row claims, by ascending UID.
    pub(in crate::transfer) async fn unclaimed(
        &mut self,
        folder: SearchedFolder<'_>,
        first: DestinationUid,
    ) -> Result<Vec<DestinationUid>, TransferError> {
        let uids =
            self.session.fetch_uids(first).await.map_err(TransferError::from_imap(Side::Destination))?;
        self.without_claimed(folder, uids)
    }

    /// Those of these messages that no row claims.
    pub(in crate::transfer) fn without_claimed(
        &self,
        folder: SearchedFolder<'_>,
        mut uids: Vec<DestinationUid>,
    ) -> Result<Vec<DestinationUid>, TransferError> {
        let claimed = self.ledger.claimed_in(folder.account, folder.path, folder.uid_validity)?;
        uids.retain(|uid| !claimed.contains(uid));
        Ok(uids)
    }

    /// What identifies each of these messages, as far as it looks like one that is wanted.
    pub(in crate::transfer) async fn keys_like(
        &mut self,
        uids: &[DestinationUid],
        wanted: &BTreeSet<IdentityKey>,
    ) -> Result<Vec<MessageKey<DestinationUid>>, TransferError> {
        self.read(uids, |facts| Some(message_key(facts)).filter(|key| wanted.contains(&key.identity))).await
    }

    /// What identifies each of these messages.
    pub(in crate::transfer) async fn keys(
        &mut self,
        uids: &[DestinationUid],
    ) -> Result<Vec<MessageKey<DestinationUid>>, TransferError> {
        self.read(uids, |facts| Some(message_key(facts))).await
    }

    /// Reads what identifies these messages, and what is made of it.
    pub(in crate::transfer) async fn read<T>(
        &mut self,
        uids: &[DestinationUid],
        make: impl Fn(&MessageFacts<DestinationUid>) -> Option<T>,
    ) -> Result<Vec<T>, TransferError> {
        let mut found = Vec::new();
        if uids.is_empty() {
            return Ok(found);
        }
        self.session
            .fetch_facts(uids, &IDENTITY_HEADERS, |facts| {
                found.extend(facts.iter().filter_map(&make));
                Ok::<(), ImapError>(())
            })
            .await
            .map_err(TransferError::from_imap(Side::Destination))?;
        Ok(found)
    }
}

/// Folders that copies may be in, in the order in which they are searched: junk and trash first, where filters and
/// people move mail. Views show mail that lives elsewhere, so that finding it there says nothing; but at Gmail archived
/// mail is in `\\All` only, which comes last.
pub(in crate::transfer) fn searched_folders<'f>(
    folders: impl IntoIterator<Item = &'f Folder>,
    is_gmail: bool,
) -> Vec<&'f Folder> {
    let is_searched = |folder: &&Folder| folder.is_selectable() && !is_view(folder, is_gmail);
    let mut folders: Vec<&Folder> = folders.into_iter().filter(is_searched).collect();
    folders.sort_by_key(|folder| (folder.has_attribute("\\All"), !is_junk(folder), !is_trash(folder)));
    folders
}

/// What the ledger calls the folders that copies go to, by their names at the server: these may have a prefix more.
pub(in crate::transfer) fn known_places(
    ledger: &Ledger,
    namespace: &Namespace,
) -> Result<BTreeMap<String, FolderPath>, TransferError> {
    let known = ledger.memories()?.into_values().map(|known| known.destination);
    Ok(known.map(|path| (raw_name(&path, namespace), path)).collect())
}

/// The path of a folder of the destination, as the ledger calls it.
pub(in crate::transfer) fn path_of(folder: &Folder, places: &BTreeMap<String, FolderPath>) -> FolderPath {
    places.get(&folder.raw).cloned().unwrap_or_else(|| FolderPath(folder.parts()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(raw: &str, attributes: &[&str]) -> Folder {
        Folder {
            raw: raw.to_owned(),
            name: raw.to_owned(),
            delimiter: Some('/'),
            attributes: attributes.iter().map(|attribute| (*attribute).to_owned()).collect(),
            status: None,
        }
    }

    #[test]
    fn junk_and_trash_are_looked_into_first_and_views_never() {
        let all = [
            folder("All Mail", &["\\All"]),
            folder("Archive", &[]),
            folder("Bin", &["\\Trash"]),
            folder("INBOX", &[]),
            folder("Important", &["\\Important"]),
            folder("Only folders", &["\\Noselect"]),
            folder("Spam", &["\\Junk"]),
            folder("Starred", &["\\Flagged"]),
        ];
        let names = |is_gmail| {
            searched_folders(&all, is_gmail).into_iter().map(|folder| folder.raw.as_str()).collect::<Vec<_>>()
        };
        assert_eq!(names(false), ["Spam", "Bin", "Archive", "INBOX"]);
        assert_eq!(names(true), ["Spam", "Bin", "Archive", "INBOX", "All Mail"]);
    }

    #[test]
    fn a_folder_is_called_as_the_ledger_calls_it() {
        let places = BTreeMap::from([("INBOX.Work".to_owned(), FolderPath(vec!["Work".to_owned()]))]);
        assert_eq!(path_of(&folder("INBOX.Work", &[]), &places), FolderPath(vec!["Work".to_owned()]));
        assert_eq!(path_of(&folder("Other", &[]), &places), FolderPath(vec!["Other".to_owned()]));
    }
}
