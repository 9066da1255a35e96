//! Counting a folder behind what was sent to it, without waiting in between.

use crate::imap::protocol::completion::Completion;
use crate::imap::protocol::error::ImapError;
use crate::imap::protocol::folder::FolderStatus;
use crate::imap::protocol::tag::Tag;
use crate::imap::session::Session;
use crate::imap::session::pending::{Answer, Pending, Reader};

/// Counts of one folder that are on their way. Whoever reads replies for something else keeps them meanwhile.
#[derive(Debug)]
pub struct Counts(Tag);

impl Answer for Counts {
    /// Nothing where the server refuses to count.
    type Output = FolderStatus;
}

impl Reader for Counts {
    fn end(&mut self, _refused_or_not: Completion) -> Result<(), ImapError> {
        Ok(())
    }

    fn output(self, session: &mut Session) -> FolderStatus {
        session.asked_counts.found.remove(&self.0).unwrap_or_default()
    }
}

impl Session {
    /// Asks how many messages a folder has and which UID comes next, as of everything that was sent before.
    ///
    /// # Errors
    ///
    /// [`ImapError::BadName`] where its name cannot be sent.
    pub fn ask_counts(&mut self, raw: &str) -> Result<Pending<Counts>, ImapError> {
        let name = self.folder_name(raw)?;
        // An opened folder is counted as this connection has last seen it: this lets the server look again.
        let look = self.has_opened.then(|| self.submit("NOOP"));
        let status = self.submit(&format!("STATUS {name} (MESSAGES UIDNEXT UIDVALIDITY)"));
        self.asked_counts.tags.insert(status);
        Ok(Pending::new(look.into_iter().chain([status]), Counts(status)))
    }
}
