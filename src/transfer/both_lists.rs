//! What both sides list at the beginning of a copy.

use std::collections::BTreeMap;

use super::error::TransferError;
use super::lane::Lane;
use crate::imap::Folder;
use crate::plan::Side;

/// The folders of a server by their names in commands.
pub(super) type FoldersByName = BTreeMap<String, Folder>;

/// The folders of both sides with their counts, by their names in commands.
pub(super) async fn list_both(
    lane: &mut Lane,
    asks_changes: bool,
) -> Result<(FoldersByName, FoldersByName), TransferError> {
    let (source, destination) = tokio::try_join!(
        async {
            let listed = if asks_changes {
                lane.source.list_folders_with_changes().await
            } else {
                lane.source.list_folders_unsized().await
            };
            let folders = listed.map_err(TransferError::at(Side::Source))?;
            lane.source.expect_folders(&folders).await.map_err(TransferError::at(Side::Source))?;
            Ok(folders)
        },
        async { lane.destination.list_folders_unsized().await.map_err(TransferError::at(Side::Destination)) },
    )?;
    Ok((by_name(source), destination_by_name(destination)))
}

fn by_name(folders: Vec<Folder>) -> FoldersByName {
    folders.into_iter().map(|one| (one.raw.clone(), one)).collect()
}

/// Some servers list the inbox in letters of their own; here it has one name, as in the plan.
pub(super) fn destination_by_name(folders: Vec<Folder>) -> FoldersByName {
    let named = folders.into_iter().map(|folder| match folder.raw.as_str() {
        other if other.eq_ignore_ascii_case("INBOX") => Folder { raw: "INBOX".to_owned(), ..folder },
        _ => folder,
    });
    by_name(named.collect())
}
