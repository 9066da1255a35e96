//! Counting folders with care, where a server has ended the connection while many were counted at once.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use super::error::ImapError;
use super::folders::{Folder, FolderStatus};
use super::listed::Detail;
use super::reply::Reply;
use super::session::Session;
use super::sign_in::{Access, SignInError};

/// Says whether a folder is one of those.
type Judge = dyn Fn(&Folder) -> bool + Send + Sync;

/// Folders that nobody wants counted.
#[derive(Clone, Default)]
pub struct Uncounted(Option<Arc<Judge>>);

impl fmt::Debug for Uncounted {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(if self.0.is_some() { "Uncounted(some)" } else { "Uncounted(none)" })
    }
}

impl Uncounted {
    /// Those of which this says so.
    pub fn new(is_uncounted: impl Fn(&Folder) -> bool + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(is_uncounted)))
    }

    /// Whether the server is not asked about this folder.
    pub fn has(&self, folder: &Folder) -> bool {
        self.0.as_ref().is_some_and(|is_uncounted| is_uncounted(folder))
    }

    /// Whether every folder is counted.
    pub const fn is_none(&self) -> bool {
        self.0.is_none()
    }
}

/// How carefully folders are counted.
#[derive(Clone, Debug, Default)]
pub struct ListCare {
    /// One at a time, so that it is seen which of them ends the connection.
    pub is_one_by_one: bool,
    /// In UTF-8 where the server offers it, as it has ended the connection without.
    pub is_in_utf8: bool,
    /// Those that have done so are not counted; names as the server spells them, with its last words.
    pub left: BTreeMap<String, String>,
    /// Those that nobody wants counted.
    pub uncounted: Uncounted,
}

impl ListCare {
    /// Whether the list and all counts may be asked for with one command.
    pub(super) const fn counts_at_once(&self) -> bool {
        !self.is_one_by_one && self.uncounted.is_none()
    }

    /// Whether the server is asked how many messages this folder has.
    pub(super) fn counts(&self, folder: &Folder) -> bool {
        !self.left.contains_key(&folder.raw) && !self.uncounted.has(folder)
    }

    /// A connection for whoever lists the folders first thing. The lists are asked for with the sign-in, where nothing
    /// speaks against it.
    pub async fn open(self, access: &Access, detail: Detail) -> Result<Session, SignInError> {
        if self.counts_at_once() {
            return access.open_to_list(detail).await;
        }
        let session = if self.is_one_by_one { access.open_new().await? } else { access.open().await? };
        self.begin(session).await
    }

    /// The same for a sign-in that is to be proven: never a connection that an earlier step has left behind.
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
    pub(super) async fn count_one_by_one(
        &mut self,
        folders: &mut [&mut Folder],
        items: &str,
    ) -> Result<(), ImapError> {
        for folder in folders {
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
