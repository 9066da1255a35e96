//! Counting folders with care, where a server has ended the connection while many were counted at once.

use std::collections::BTreeSet;

use super::error::ImapError;
use super::folders::{Folder, FolderStatus};
use super::listed::Detail;
use super::reply::Reply;
use super::session::Session;
use super::sign_in::{Access, SignInError};

/// How carefully folders are counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ListCare {
    /// One at a time, so that it is seen which of them ends the connection.
    pub is_one_by_one: bool,
    /// In UTF-8 where the server offers it, as it has ended the connection without.
    pub is_in_utf8: bool,
    /// Those that have done so are not counted; names as the server spells them.
    pub left: BTreeSet<String>,
}

impl ListCare {
    /// A connection for whoever lists the folders first thing. The lists are asked for with the sign-in, where nothing
    /// speaks against it.
    pub async fn open(self, access: &Access, detail: Detail) -> Result<Session, SignInError> {
        if !self.is_one_by_one {
            return access.open_to_list(detail).await;
        }
        let mut session = access.open_new().await?;
        if self.is_in_utf8 {
            session.speak_utf8().await?;
        }
        session.care = self;
        Ok(session)
    }
}

impl Session {
    /// The folder that the server is asked about alone, where it is asked about one at a time.
    pub fn asks_about(&self) -> Option<&str> {
        self.asks_about.as_deref()
    }

    /// From now on the server is asked about this folder alone, or about none in particular.
    pub fn now_about(&mut self, raw: Option<&str>) {
        self.asks_about = raw.map(str::to_owned);
    }

    /// The counts of each folder, asked for one at a time.
    pub(super) async fn count_one_by_one(
        &mut self,
        folders: &mut [&mut Folder],
        items: &str,
    ) -> Result<(), ImapError> {
        for folder in folders {
            if self.care.left.contains(&folder.raw) {
                continue;
            }
            let Ok(name) = self.folder_name(&folder.raw) else { continue };
            self.now_about(Some(&folder.raw));
            let mut status = None;
            let tag = self.submit(&format!("STATUS {name} ({items})"));
            self.finish(&tag, |reply| {
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
