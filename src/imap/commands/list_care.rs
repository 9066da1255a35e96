//! Counting folders with care, where a server has ended the connection while many were counted at once.

use crate::imap::protocol::error::ImapError;
use crate::imap::protocol::folder::{Folder, FolderStatus};
use crate::imap::protocol::reply::Reply;
use crate::imap::session::Session;
use crate::imap::session::list_cache::Detail;
use crate::imap::session::list_care::ListCare;
use crate::imap::sign_in::{Access, SignInError};

impl ListCare {
    /// A connection for whoever lists the folders first thing. The lists are asked for with the sign-in, where nothing
    /// speaks against it.
    ///
    /// Cancellation safe: the connection is closed.
    pub async fn open(self, access: &Access, detail: Detail) -> Result<Session, SignInError> {
        if self.counts_at_once() {
            return access.open_to_list(detail).await;
        }
        let session = if self.is_one_by_one { access.open_new().await? } else { access.open().await? };
        self.begin(session).await
    }

    /// The same for a sign-in that is to be proven: never a connection that an earlier step has left behind.
    ///
    /// Cancellation safe: the connection is closed.
    pub async fn open_new(self, access: &Access, detail: Detail) -> Result<Session, SignInError> {
        if self.counts_at_once() {
            return access.open_new_to_list(detail).await;
        }
        let session = access.open_new().await?;
        self.begin(session).await
    }

    async fn begin(self, mut session: Session) -> Result<Session, SignInError> {
        if self.is_in_utf8 {
            session.speak_utf8().await?;
        }
        session.care = self;
        Ok(session)
    }
}

impl Session {
    /// How carefully folders are counted on this connection, and which ones are not.
    pub const fn care(&self) -> &ListCare {
        &self.care
    }

    /// The folder that the server is asked about alone, where it is asked about one at a time.
    pub fn asks_about(&self) -> Option<&str> {
        self.asks_about.as_deref()
    }

    /// From now on the server is asked about this folder alone, or about none in particular.
    pub fn now_about(&mut self, raw: Option<&str>) {
        self.asks_about = raw.map(str::to_owned);
    }

    /// The counts of each folder, asked for one at a time.
    pub(in crate::imap) async fn count_one_by_one(
        &mut self,
        folders: &mut [&mut Folder],
        items: &str,
    ) -> Result<(), ImapError> {
        for folder in folders {
            let Ok(name) = self.folder_name(&folder.raw) else { continue };
            self.now_about(Some(&folder.raw));
            let mut status = None;
            let tag = self.submit(&format!("STATUS {name} ({items})"));
            self.finish(tag, |reply| {
                if let Reply::Status(_, values) = reply {
                    status = Some(FolderStatus::read(&values));
                }
            })
            .await?;
            folder.status = status;
            self.now_about(None);
        }
        Ok(())
    }
}
