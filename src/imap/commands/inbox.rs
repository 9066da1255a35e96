//! The inbox, which every mailbox has (RFC 3501 section 5.1), whatever a list says.

use crate::imap::protocol::error::ImapError;
use crate::imap::protocol::folder::{Folder, FolderStatus};
use crate::imap::protocol::reply::Reply;
use crate::imap::session::Session;

impl Session {
    /// Adds the inbox where the list leaves it out or says that it cannot be opened: the server is asked for it by name.
    /// One that is refused is added without counts where it was not listed at all, and opening it will tell why.
    pub(in crate::imap) async fn add_unlisted_inbox(
        &mut self,
        folders: &mut Vec<Folder>,
        items: &str,
    ) -> Result<(), ImapError> {
        let listed = folders.iter().position(|folder| folder.raw.eq_ignore_ascii_case("INBOX"));
        if listed.and_then(|at| folders.get(at)).is_some_and(Folder::is_selectable) {
            return Ok(());
        }
        let mut status = None;
        let tag = self.submit(&format!("STATUS INBOX ({items})"));
        let completion = self
            .finish(tag, |reply| {
                if let Reply::Status(name, values) = reply
                    && name.eq_ignore_ascii_case("INBOX")
                {
                    status = Some(FolderStatus::read(&values));
                }
            })
            .await?;
        if !completion.is_ok() {
            tracing::info!(%completion, "the inbox is not listed, and the server does not count it");
        }
        let inbox = Folder {
            raw: "INBOX".to_owned(),
            name: "INBOX".to_owned(),
            delimiter: folders.iter().find_map(|folder| folder.delimiter),
            attributes: Vec::new(),
            status: status.filter(|_| completion.is_ok()),
        };
        match listed.and_then(|at| folders.get_mut(at)) {
            Some(known) if completion.is_ok() => *known = inbox,
            Some(_) => {}
            None => folders.push(inbox),
        }
        Ok(())
    }

    /// Makes sure that a mailbox without any folder that can be opened does not count as empty.
    ///
    /// Not cancellation safe: replies to pending commands would stay unread.
    pub async fn expect_folders(&mut self, folders: &[Folder]) -> Result<(), ImapError> {
        let open: Vec<&Folder> = folders.iter().filter(|folder| folder.is_selectable()).collect();
        if open.len() > 1 || open.first().is_some_and(|folder| folder.status.is_some()) {
            return Ok(());
        }
        match self.examine("INBOX").await {
            Ok(_) if !open.is_empty() => Ok(()),
            Ok(_) => Err(ImapError::NoFolders("it lists no folder that can be opened".to_owned())),
            Err(ImapError::Refused { completion, .. }) => Err(ImapError::NoFolders(completion.to_string())),
            Err(error) => Err(error),
        }
    }
}
