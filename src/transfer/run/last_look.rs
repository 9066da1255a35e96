//! The end of a run that cannot go on: what was under way over connections that have broken may have arrived, and is counted
//! where it is seen. Nothing is waited for; what is not seen is looked for by the next run.

use crate::imap::ImapError;
use crate::plan::MessageState;
use crate::project::FolderId;
use crate::transfer::context::destination_name::raw_name;
use crate::transfer::context::error::TransferError;
use crate::transfer::reconcile::destination_folder::DestinationFolder;
use crate::transfer::run::mailbox::Job;
use crate::values::{DestinationUid, Side, Uid};

impl Job<'_> {
    /// Looks for messages whose append was not answered, where the destination is still there to be asked. Trouble on the way
    /// is no news: the run has ended for another reason, and the next one looks again.
    pub(in crate::transfer) async fn look_at_the_end(&self, error: &TransferError) {
        if let Err(trouble) = self.find_unanswered(error).await {
            tracing::info!(%trouble, "could not look for messages whose append was not answered");
        }
    }

    async fn find_unanswered(&self, error: &TransferError) -> Result<(), TransferError> {
        let ledger = &self.request.ledger;
        let mut open: Vec<(FolderId, String)> = Vec::new();
        for (raw, memory) in ledger.memories()? {
            if ledger.newest_intent(memory.id)?.is_some() {
                open.push((memory.id, raw));
            }
        }
        if open.is_empty() || !leaves_destination(error) {
            return Ok(());
        }
        let at = TransferError::at(Side::Destination);
        let side = Side::Destination;
        let opened = self.request.destination.open_new().await;
        let mut session = opened.map_err(|source| TransferError::SignIn { side, source })?;
        let namespace = session.namespace().await.map_err(&at)?;
        for (folder, raw) in open {
            let Some(memory) = ledger.memory_of(folder)? else { continue };
            let opened = match session.select(&raw_name(&memory.destination, &namespace)).await {
                Ok(opened) if Some(opened.uid_validity) == memory.destination_uid_validity => opened,
                Ok(_) | Err(ImapError::Refused { .. }) => continue,
                Err(error) => return Err(at(error)),
            };
            let rows = ledger.rows(folder, &[MessageState::InFlight])?;
            let (source, uid_validity) = (Some((&self.request, raw.as_str())), opened.uid_validity);
            let mut place = DestinationFolder { session: &mut session, ledger, folder, uid_validity, source };
            Box::pin(place.look(rows, true, DestinationUid::first())).await?;
        }
        session.logout().await;
        Ok(())
    }
}

/// Whether the destination is there after this error, and may be asked.
fn leaves_destination(error: &TransferError) -> bool {
    match error {
        TransferError::SignIn { side, .. } | TransferError::Server { side, .. } => *side == Side::Source,
        TransferError::DestinationFull { .. }
        | TransferError::SecondRun { .. }
        | TransferError::Search(_) => true,
        TransferError::FolderChanged { .. }
        | TransferError::Throttled { .. }
        | TransferError::NotRecovered { .. }
        | TransferError::DailyLimit { .. }
        | TransferError::SameAccount
        | TransferError::NotClaimed(_)
        | TransferError::Project(_) => false,
    }
}
