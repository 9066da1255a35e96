//! Which folders a count expects and which it skips.

use std::collections::BTreeSet;

use crate::engine::open_project::OpenProject;
use crate::imap::{Folder, Uncounted};
use crate::plan::{FolderChoice, FolderPath, FolderPattern};
use crate::project::ProjectError;
use crate::values::{MailboxId, Side};

impl OpenProject {
    /// Folders not counted because the user leaves them out. The inbox is counted in
    /// any case, because it identifies the account.
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

    /// Known source folders: from the sign-in, from the last count, and those with
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
