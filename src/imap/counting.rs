//! Counting a folder behind what was sent to it, without waiting in between.

use std::collections::{BTreeMap, BTreeSet};

use super::error::ImapError;
use super::folders::FolderStatus;
use super::reply::Reply;
use super::session::Session;

/// A count that is on its way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CountRequest {
    /// An opened folder is counted as this connection has last seen it: this lets the server look again.
    look: Option<String>,
    status: String,
}

/// Counts that were asked for. Whoever reads the replies may be waiting for something else.
#[derive(Debug, Default)]
pub(super) struct AskedCounts {
    tags: BTreeSet<String>,
    last: Option<FolderStatus>,
    found: BTreeMap<String, FolderStatus>,
}

impl AskedCounts {
    /// Keeps what a reply tells for the request that it belongs to: counts come before the end of their command.
    pub(super) fn note(&mut self, reply: &Reply) {
        if self.tags.is_empty() {
            return;
        }
        match reply {
            Reply::Status(_, values) => self.last = Some(FolderStatus::read(values)),
            Reply::Tagged(tag, _) if self.tags.remove(tag) => {
                self.found.insert(tag.clone(), self.last.take().unwrap_or_default());
            }
            _ => {}
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imap::reply::from_held;

    #[test]
    fn each_count_belongs_to_its_own_request() {
        let mut asked = AskedCounts::default();
        let told = |asked: &mut AskedCounts, line: &str| asked.note(&from_held(line.as_bytes().to_vec()));
        told(&mut asked, "* STATUS a (MESSAGES 9)\r\n");
        assert_eq!(asked.last, None, "nobody has asked");
        asked.tags.extend(["F2".to_owned(), "F4".to_owned()]);
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
        assert_eq!((asked.found["F2"].messages, asked.found["F2"].uid_next), (Some(3), Some(4)));
        assert_eq!(asked.found["F4"], FolderStatus::default());
        assert!(asked.tags.is_empty());
    }
}
