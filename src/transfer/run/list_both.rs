//! What both sides list at the beginning of a copy.

use std::collections::{BTreeMap, BTreeSet};

use crate::imap::{Detail, Folder};
use crate::transfer::context::control::CopyControl;
use crate::transfer::context::error::TransferError;
use crate::transfer::folder::worker::Lane;
use crate::transfer::run::known_folders::{Lacking, complete};
use crate::values::Side;

/// The folders of a server by their names in commands.
pub(in crate::transfer) type FoldersByName = BTreeMap<String, Folder>;

/// Folders that are known to have been there, by their names in commands.
#[derive(Debug, Default)]
pub(in crate::transfer) struct KnownFolders {
    pub(in crate::transfer) source: BTreeSet<String>,
    pub(in crate::transfer) destination: BTreeSet<String>,
}

/// What both sides have listed.
pub(in crate::transfer) struct BothLists {
    pub(in crate::transfer) source: FoldersByName,
    pub(in crate::transfer) destination: FoldersByName,
    /// What the source's list has lacked.
    pub(in crate::transfer) lacking: Lacking,
}

/// The folders of both sides with their counts.
pub(in crate::transfer) async fn list_both(
    lane: &mut Lane,
    detail: Detail,
    (known, control): (&KnownFolders, &CopyControl),
) -> Result<BothLists, TransferError> {
    let Lane { source, destination, .. } = lane;
    let ((source, lacking), destination) = tokio::try_join!(
        async {
            let at = TransferError::at(Side::Source);
            let mut folders = source.list_in(detail).await.map_err(&at)?;
            let completed = complete(source, &mut folders, &known.source, (detail, Some(control))).await;
            let lacking = completed.map_err(&at)?;
            source.expect_folders(&folders).await.map_err(&at)?;
            Ok::<_, TransferError>((folders, lacking))
        },
        async {
            let (detail, at) = (Detail::Counts, TransferError::at(Side::Destination));
            let mut folders = destination.list_in(detail).await.map_err(&at)?;
            let how = (detail, Some(control));
            // Copies in a folder that is only not listed are neither lost nor to be made again.
            complete(destination, &mut folders, &known.destination, how).await.map_err(&at)?;
            Ok(folders)
        },
    )?;
    Ok(BothLists { source: by_name(source), destination: destination_by_name(destination), lacking })
}

fn by_name(folders: Vec<Folder>) -> FoldersByName {
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
