//! Counting a folder behind what was sent to it, without waiting in between.

use crate::imap::protocol::error::ImapError;
use crate::imap::protocol::folder::FolderStatus;
use crate::imap::session::Session;

/// A count that is on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CountRequest {
    /// An opened folder is counted as this connection has last seen it: this lets the server look again.
    look: Option<String>,
    status: String,
}

impl Session {
    /// Asks how many messages a folder has and which UID comes next, as of everything that was sent before.
    pub fn ask_counts(&mut self, raw: &str) -> Result<CountRequest, ImapError> {
        let name = self.folder_name(raw)?;
        let look = self.has_opened.then(|| self.submit("NOOP"));
        let status = self.submit(&format!("STATUS {name} (MESSAGES UIDNEXT UIDVALIDITY)"));
        self.asked_counts.tags.insert(status.clone());
        Ok(CountRequest { look, status })
    }

    /// What has come of it; nothing where the server refuses to count.
    pub async fn counted(&mut self, request: CountRequest) -> Result<FolderStatus, ImapError> {
        if let Some(look) = request.look {
            self.finish(&look, |_| {}).await?;
        }
        self.finish(&request.status, |_| {}).await?;
        Ok(self.asked_counts.found.remove(&request.status).unwrap_or_default())
    }
}
