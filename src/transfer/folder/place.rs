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

    /// Waits until new folders have been created: only then is it known which name each of them got.
    pub(in crate::transfer) async fn wait_for_new_folders(&self) {
        tokio::select! {
            () = self.making.cancelled() => {}
            () = self.context.control.stopped() => {}
        }
    }

    /// Continues under the name that the folder got at the destination, if that is not the planned one.
    pub(in crate::transfer) fn take_given_name(&self, job: &mut FolderJob) -> Result<(), TransferError> {
        let place = self.names.place_of(&job.plan.destination);
        self.rename(job, place)
    }

    /// The folder goes to another place than was planned.
    pub(in crate::transfer) fn rename(
        &self,
        job: &mut FolderJob,
        place: FolderPath,
    ) -> Result<(), TransferError> {
        if place != job.plan.destination {
            self.context.request.ledger.move_destination(job.folder, &place)?;
            job.raw = raw_name(&place, &self.context.namespace);
            job.plan.destination = place;
        }
        Ok(())
    }
}
