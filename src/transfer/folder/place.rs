//! Where a folder goes: the name that it has got at the destination.

use crate::plan::FolderPath;
use crate::transfer::context::destination_name::raw_name;
use crate::transfer::context::error::TransferError;
use crate::transfer::context::folder_job::FolderJob;
use crate::transfer::folder::copy_state::CopyState;

impl CopyState<'_> {
    /// How many parts of a path stand above the folders of the mailbox at the destination.
    pub(in crate::transfer) fn prefix_parts(&self) -> usize {
        let parts =
            self.context.namespace.prefix.split(|sign| Some(sign) == self.context.namespace.delimiter);
        parts.filter(|part| !part.is_empty()).count()
    }

    /// Folders that were missing have been made, or refused.
    pub(in crate::transfer) fn folders_are_made(&self) {
        self.making.cancel();
    }

    /// The folder under the name that it has got, once it is clear which.
    pub(in crate::transfer) async fn placed(&self, mut unit: FolderJob) -> Result<FolderJob, TransferError> {
        if unit.is_new {
            tokio::select! {
                () = self.making.cancelled() => {}
                () = self.context.control.stopped() => {}
            }
            let place = self.names.place_of(&unit.plan.destination);
            self.rename(&mut unit, place)?;
        }
        Ok(unit)
    }

    /// The folder goes to another place than was planned.
    pub(in crate::transfer) fn rename(
        &self,
        unit: &mut FolderJob,
        place: FolderPath,
    ) -> Result<(), TransferError> {
        if place != unit.plan.destination {
            self.context.request.ledger.move_destination(unit.folder, &place)?;
            unit.raw = raw_name(&place, &self.context.namespace);
            unit.plan.destination = place;
        }
        Ok(())
    }
}
