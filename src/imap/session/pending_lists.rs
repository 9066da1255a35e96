//! Lists of folders that were asked for, and what has come of them; answers may come while another command is waited for.

use std::collections::{BTreeMap, BTreeSet};

use crate::imap::protocol::folder::FolderStatus;
use crate::imap::protocol::reply::{ListItem, Reply};
use crate::imap::protocol::tag::Tag;
use crate::imap::session::list_cache::Detail;

/// More folders than this count as an attack.
pub(in crate::imap) const MAX_FOLDERS: usize = 50_000;

/// Bytes of all names together.
const MAX_NAME_BYTES: usize = 16 << 20;

/// Lists that were asked for, with what has come of them.
#[derive(Debug)]
pub(in crate::imap) struct PendingLists {
    pub(in crate::imap) detail: Detail,
    /// The STATUS items to request.
    pub(in crate::imap) items: String,
    pub(in crate::imap) lsub: Option<Tag>,
    pub(in crate::imap) list: Tag,
    /// Commands that had been sent by then.
    pub(in crate::imap) commands: u32,
    pub(in crate::imap) listing: Listing,
    pub(in crate::imap) names: Listing,
}

impl PendingLists {
    /// Answers may come while another command is waited for.
    pub(in crate::imap) fn take(&mut self, reply: &Reply) {
        match reply {
            Reply::Lsub(item) => self.names.take(Reply::Lsub(item.clone())),
            Reply::List(item) => self.listing.take(Reply::List(item.clone())),
            Reply::Status(name, values) => self.listing.take(Reply::Status(name.clone(), values.clone())),
            _ => {}
        }
    }
}

#[derive(Debug, Default)]
pub(in crate::imap) struct Listing {
    pub(in crate::imap) items: Vec<ListItem>,
    pub(in crate::imap) statuses: BTreeMap<String, FolderStatus>,
    pub(in crate::imap) name_bytes: usize,
}

impl Listing {
    /// Counts a name; false where all of them together are longer than any honest mailbox has.
    fn has_room(&mut self, name_bytes: usize) -> bool {
        self.name_bytes = self.name_bytes.saturating_add(name_bytes);
        self.name_bytes <= MAX_NAME_BYTES
    }

    pub(in crate::imap) fn take(&mut self, reply: Reply) {
        match reply {
            Reply::List(item) | Reply::Lsub(item)
                if self.items.len() < MAX_FOLDERS && self.has_room(item.name.len()) =>
            {
                self.items.push(item);
            }
            Reply::Status(name, values) if self.statuses.len() < MAX_FOLDERS && self.has_room(name.len()) => {
                self.statuses.insert(name, FolderStatus::read(&values));
            }
            _ => {}
        }
    }

    /// The names of an answer to LSUB. `\Noselect` marks a parent that is listed for a subscribed child only.
    pub(in crate::imap) fn subscribed(self) -> BTreeSet<String> {
        let is_own =
            |item: &ListItem| !item.attributes.iter().any(|own| own.eq_ignore_ascii_case("\\Noselect"));
        self.items.into_iter().filter(is_own).map(|item| item.name).collect()
    }
}
