//! Making folders: CREATE and SUBSCRIBE.

use crate::imap::commands::list::STATUS_WINDOW;
use crate::imap::protocol::completion::Completion;
use crate::imap::protocol::error::ImapError;
use crate::imap::session::Session;

/// A folder to be made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewFolder {
    /// The name for commands.
    pub raw: String,
    /// Whether mail programs are to show it.
    pub is_subscribed: bool,
}

impl Session {
    /// Makes folders, and subscribes to those that are to be seen, all in one round trip. Returns those that are refused, by
    /// their place among the others. A folder that is there already is no error.
    ///
    /// Not cancellation safe: which folders were made is not known afterwards; to ask again does no harm.
    pub async fn create_many(&mut self, folders: &[NewFolder]) -> Result<Vec<usize>, ImapError> {
        let mut refused = Vec::new();
        for (first, window) in (0..).step_by(STATUS_WINDOW).zip(folders.chunks(STATUS_WINDOW)) {
            let mut tags = Vec::with_capacity(window.len() * 2);
            for (at, folder) in (first..).zip(window) {
                let name = self.folder_name(&folder.raw)?;
                tags.push((Some(at), self.submit(&format!("CREATE {name}"))));
                if folder.is_subscribed {
                    tags.push((None, self.submit(&format!("SUBSCRIBE {name}"))));
                }
            }
            for (made, tag) in tags {
                let completion = self.finish(tag, |_| {}).await?;
                if let Some(at) = made.filter(|_| !completion.is_ok() && !is_already_there(&completion)) {
                    tracing::debug!(%completion, "a folder is refused");
                    refused.push(at);
                }
            }
        }
        Ok(refused)
    }

    /// Makes a folder, and subscribes to it where it is to be seen. A folder that is there already is no error.
    ///
    /// Not cancellation safe: whether the folder was made is not known afterwards; to ask again does no harm.
    pub async fn create(&mut self, folder: &NewFolder) -> Result<(), ImapError> {
        let name = self.folder_name(&folder.raw)?;
        match self.run("CREATE", &format!("CREATE {name}"), |_| {}).await {
            Ok(_) => {}
            Err(ImapError::Refused { completion, .. }) if is_already_there(&completion) => {}
            Err(error) => return Err(error),
        }
        if !folder.is_subscribed {
            return Ok(());
        }
        match self.run("SUBSCRIBE", &format!("SUBSCRIBE {name}"), |_| {}).await {
            // A folder works without a subscription.
            Ok(_) | Err(ImapError::Refused { .. }) => Ok(()),
            Err(error) => Err(error),
        }
    }
}

fn is_already_there(completion: &Completion) -> bool {
    let words = completion.words.to_lowercase();
    completion.has_code("ALREADYEXISTS")
        || words.contains("already exists")
        || words.contains("exists already")
}
