//! The folders of a server, by their names in commands.

use std::collections::{BTreeMap, BTreeSet};

use crate::imap::Folder;

/// The folders of a server by their names in commands.
pub(in crate::transfer) type FoldersByName = BTreeMap<String, Folder>;

/// The folders of both sides.
#[derive(Clone, Copy)]
pub(in crate::transfer) struct BothFolders<'a> {
    pub(in crate::transfer) source: &'a FoldersByName,
    pub(in crate::transfer) destination: &'a FoldersByName,
}

/// Folders that are known to have been there, by their names in commands.
#[derive(Debug, Default)]
pub(in crate::transfer) struct KnownFolders {
    pub(in crate::transfer) source: BTreeSet<String>,
    pub(in crate::transfer) destination: BTreeSet<String>,
}

/// The folders by their names in commands.
pub(in crate::transfer) fn by_name(folders: Vec<Folder>) -> FoldersByName {
    folders.into_iter().map(|one| (one.raw.clone(), one)).collect()
}

/// Some servers list the inbox in letters of their own; here it has one name, as in the plan.
pub(in crate::transfer) fn destination_by_name(folders: Vec<Folder>) -> FoldersByName {
    let named = folders.into_iter().map(|folder| match folder.raw.as_str() {
        other if other.eq_ignore_ascii_case("INBOX") => Folder { raw: "INBOX".to_owned(), ..folder },
        _ => folder,
    });
    by_name(named.collect())
}
