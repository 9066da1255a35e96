//! The last look of a run that could not know what had been under way before it: messages of a program that was killed may
//! have arrived after the last batch of this one was answered.

use crate::imap::{ImapError, Namespace, Session, uid_sets};
use crate::plan::FolderPlan;
use crate::project::FolderMemory;
use crate::transfer::context::destination_name::raw_name;
use crate::transfer::context::error::TransferError;
use crate::transfer::context::folder_lists::destination_by_name;
use crate::transfer::context::request::{FolderProblem, FolderTrouble};
use crate::transfer::folder::other_writers::Since;
use crate::transfer::reconcile::destination_folder::DestinationFolder;
use crate::transfer::run::mailbox::Job;
use crate::values::{DestinationUid, Side, Uid};

/// A folder of the destination in which something has arrived.
struct Late<'a> {
    plan: &'a FolderPlan,
    memory: &'a FolderMemory,
    /// The lowest UID of what has arrived.
    from: DestinationUid,
}

impl Job<'_> {
    /// Where the newest changes of the ledger were lost: what has come to the folders of the plan beside our own copies is
    /// matched, and reported if it is there twice.
    pub(in crate::transfer) async fn look_for_late_ones(
        &mut self,
        session: &mut Session,
    ) -> Result<(), TransferError> {
        let ledger = &self.request.ledger;
        // At Gmail a message that is sent again makes no second one.
        if !ledger.is_doubted()? || session.is_gmail() {
            return Ok(());
        }
        let namespace = session.namespace().await.map_err(TransferError::at(Side::Destination))?;
        // A list from a moment ago is too old.
        session.noop().await.map_err(TransferError::at(Side::Destination))?;
        let listed = session.list_folders_unsized().await.map_err(TransferError::at(Side::Destination))?;
        let listed = destination_by_name(listed);
        let memories = ledger.memories()?;
        let mut found = Vec::new();
        for plan in self.chosen() {
            let Some(memory) = memories.get(&plan.source_raw) else { continue };
            let raw = raw_name(&plan.destination, &namespace);
            let uid_next = listed.get(&raw).and_then(|folder| folder.status?.uid_next);
            let Some(uid_next) = uid_next.map(DestinationUid) else { continue };
            if let Some(from) = ledger.unknown_from(memory.id, uid_next)? {
                found.extend(self.late_in(session, Late { plan, memory, from }, &namespace).await?);
            }
        }
        for problem in found {
            self.problems.insert((problem.folder.clone(), problem.trouble), problem);
        }
        Ok(())
    }

    async fn late_in(
        &self,
        session: &mut Session,
        late: Late<'_>,
        namespace: &Namespace,
    ) -> Result<Option<FolderProblem>, TransferError> {
        let Late { plan, memory, from } = late;
        let opened = match session.select(&raw_name(&plan.destination, namespace)).await {
            Ok(opened) => opened,
            // Closed or gone meanwhile: the next run compares it.
            Err(ImapError::Refused { .. }) => return Ok(None),
            Err(error) => return Err(TransferError::at(Side::Destination)(error)),
        };
        let Some(uid_next) = opened
            .uid_next
            .map(DestinationUid)
            .filter(|_| Some(opened.uid_validity) == memory.destination_uid_validity)
        else {
            return Ok(None);
        };
        let (ledger, uid_validity) = (&self.request.ledger, opened.uid_validity);
        let source = Some((&self.request, plan.source_raw.as_str()));
        let mut place = DestinationFolder { session, ledger, folder: memory.id, uid_validity, source };
        let met = place
            .meet_from(uid_next, Since { arrivals: from, copies: DestinationUid::first() }, uid_next)
            .await?;
        if met.doubled.is_empty() {
            return Ok(None);
        }
        let words = format!(
            "{} messages are in this folder twice: messages of an interrupted run arrived late, or \
             somebody else put them there: UIDs {}",
            met.doubled.len(),
            uid_sets(&met.doubled).join(",")
        );
        let (folder, trouble) = (plan.source.clone(), FolderTrouble::ArrivedLate);
        Ok(Some(FolderProblem { folder, side: Side::Destination, trouble, words }))
    }
}
