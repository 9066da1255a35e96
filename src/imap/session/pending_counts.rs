//! Counts of folders that were asked for. Whoever reads the replies may be waiting for something else.

use std::collections::{BTreeMap, BTreeSet};

use crate::imap::protocol::folder::FolderStatus;
use crate::imap::protocol::reply::Reply;
use crate::imap::protocol::tag::Tag;

/// Counts that were asked for. Whoever reads the replies may be waiting for something else.
#[derive(Debug, Default)]
pub(in crate::imap) struct PendingCounts {
    pub(in crate::imap) tags: BTreeSet<Tag>,
    pub(in crate::imap) last: Option<FolderStatus>,
    pub(in crate::imap) found: BTreeMap<Tag, FolderStatus>,
}

impl PendingCounts {
    /// Keeps what a reply tells for the request that it belongs to: counts come before the end of their command.
    pub(in crate::imap) fn note(&mut self, reply: &Reply) {
        if self.tags.is_empty() {
            return;
        }
        match reply {
            Reply::Status(_, values) => self.last = Some(FolderStatus::read(values)),
            Reply::Tagged(tag, _) if self.tags.remove(tag) => {
                self.found.insert(*tag, self.last.take().unwrap_or_default());
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imap::protocol::reply::from_held;

    #[test]
    fn each_count_belongs_to_its_own_request() {
        let mut asked = PendingCounts::default();
        let told = |asked: &mut PendingCounts, line: &str| asked.note(&from_held(line.as_bytes().to_vec()));
        told(&mut asked, "* STATUS a (MESSAGES 9)\r\n");
        assert_eq!(asked.last, None, "nobody has asked");
        asked.tags.extend([Tag::of(2), Tag::of(4)]);
        for line in [
            "F1 OK\r\n",
            "* STATUS a (MESSAGES 3 UIDNEXT 4)\r\n",
            "F2 OK\r\n",
            "F3 OK\r\n",
            "* 5 EXISTS\r\n",
            "F4 NO not now\r\n",
        ] {
            told(&mut asked, line);
        }
        assert_eq!(
            (asked.found[&Tag::of(2)].messages, asked.found[&Tag::of(2)].uid_next),
            (Some(3), Some(4))
        );
        assert_eq!(asked.found[&Tag::of(4)], FolderStatus::default());
        assert!(asked.tags.is_empty());
    }
}
