//! Which folders a count expects, and which it leaves alone.

use std::collections::BTreeSet;

use crate::engine::open_project::OpenProject;
use crate::imap::{Folder, Uncounted};
use crate::plan::{FolderChoice, FolderPath, FolderPattern};
use crate::project::ProjectError;
use crate::values::{MailboxId, Side};

impl OpenProject {
    /// Folders that are not asked for their counts, as the owner leaves them out whatever they hold. The inbox is counted in
    /// any case: accounts are told by it.
    pub(in crate::engine) fn uncounted(&self, side: Side) -> Uncounted {
        if side != Side::Source || self.excluded.is_empty() {
            return Uncounted::default();
        }
        let patterns: Vec<FolderPattern> = self.excluded.clone();
        Uncounted::new(move |folder: &Folder| {
            let path = FolderPath(folder.parts());
            !path.is_inbox() && patterns.iter().any(|pattern| pattern.fits(&path))
        })
    }

    /// Folders of the source that were there before: when it was signed in to, when it was counted last, and those with
    /// messages that are still to do.
    pub(in crate::engine) fn known_folders(
        &self,
        mailbox: MailboxId,
    ) -> Result<BTreeSet<String>, ProjectError> {
        let mut known = self.seen_folders.get(&mailbox).cloned().unwrap_or_default();
        if let Some(plan) = self.view.plan.mailboxes.get(&mailbox) {
            let with_mail = plan
                .folders
                .iter()
                .filter(|folder| folder.choice == FolderChoice::Copy && folder.messages > 0);
            known.extend(with_mail.map(|folder| folder.source_raw.clone()));
        }
        let ledger = self.project.ledger(mailbox);
        let waiting = ledger.waiting_folders()?;
        let memories = ledger.memories()?.into_iter();
        known.extend(memories.filter(|(_, memory)| waiting.contains(&memory.id)).map(|(raw, _)| raw));
        Ok(known)
    }
}
