//! What both sides list at the beginning of a copy.

use crate::imap::Detail;
use crate::transfer::context::control::CopyControl;
use crate::transfer::context::error::TransferError;
use crate::transfer::context::folder_lists::FoldersByName;
use crate::transfer::context::folder_lists::KnownFolders;
use crate::transfer::context::folder_lists::by_name;
use crate::transfer::context::folder_lists::destination_by_name;
use crate::transfer::folder::worker::Worker;
use crate::transfer::inventory::known_folders::{Lacking, complete};
use crate::values::Side;

/// What both sides have listed.
pub(in crate::transfer) struct BothLists {
    pub(in crate::transfer) source: FoldersByName,
    pub(in crate::transfer) destination: FoldersByName,
    /// What the source's list has lacked.
    pub(in crate::transfer) lacking: Lacking,
}

/// The folders of both sides with their counts.
pub(in crate::transfer) async fn list_both(
    worker: &mut Worker,
    detail: Detail,
    (known, control): (&KnownFolders, &CopyControl),
) -> Result<BothLists, TransferError> {
    let Worker { source, destination, .. } = worker;
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
