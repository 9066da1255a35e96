//! Before anything is written: the destination is another account than the source, and nobody else writes into it.

use std::time::Duration;

use crate::project::Claimed;
use crate::transfer::context::error::TransferError;
use crate::transfer::context::folder_lists::BothFolders;
use crate::transfer::context::off_thread::off_thread;
use crate::transfer::folder::worker::Worker;
use crate::transfer::run::mailbox::Job;
use crate::values::Side;

/// Between two looks whether another mailbox of this run has come to its end.
const LOOK_AGAIN: Duration = Duration::from_millis(200);

impl Job<'_> {
    /// Asks whether mail may be copied between these two accounts, as their servers describe them, and keeps others from
    /// writing into the destination until the copy of this mailbox ends. False where the copy was stopped meanwhile.
    pub(in crate::transfer) async fn admit(
        &mut self,
        worker: &mut Worker,
        BothFolders { source, destination }: BothFolders<'_>,
    ) -> Result<bool, TransferError> {
        let request = &self.request;
        let from = request.source.account(&mut worker.source, source.values()).await;
        let from = from.map_err(TransferError::at(Side::Source))?;
        let to = request.destination.account(&mut worker.destination, destination.values()).await;
        let to = to.map_err(TransferError::at(Side::Destination))?;
        if from.is_itself(&to) {
            return Err(TransferError::SameAccount);
        }
        let Some(claims) = request.claims.as_ref().filter(|_| self.claim.is_none()) else { return Ok(true) };
        loop {
            let (claims, to) = (claims.clone(), to.clone());
            match off_thread(move || claims.claim(&to)).await?? {
                Claimed::Now(claim) => {
                    self.claim = Some(claim);
                    return Ok(true);
                }
                // Each finds what the one before it has copied.
                Claimed::ByThisRun => {
                    if !self.control.wait(LOOK_AGAIN).await {
                        return Ok(false);
                    }
                }
            }
        }
    }
}
