//! How carefully folders are counted, where a server has ended the connection while many were counted at once.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use crate::imap::protocol::folder::Folder;

/// Says whether a folder is one of those.
type Judge = dyn Fn(&Folder) -> bool + Send + Sync;

/// Folders not to count.
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
    /// Folders not to count.
    pub uncounted: Uncounted,
}

impl ListCare {
    /// Whether the list and all counts may be asked for with one command.
    pub(in crate::imap) const fn counts_at_once(&self) -> bool {
        !self.is_one_by_one && self.uncounted.is_none()
    }

    /// Whether to ask the server for the message count of this folder.
    pub(in crate::imap) fn counts(&self, folder: &Folder) -> bool {
        !self.left.contains_key(&folder.raw) && !self.uncounted.has(folder)
    }
}
