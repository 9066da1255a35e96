//! Known folders that are missing from a list: the server is asked for each by its name.

use std::collections::BTreeMap;

use crate::imap::commands::list::{STATUS_WINDOW, is_same_name};
use crate::imap::protocol::completion::Completion;
use crate::imap::protocol::error::ImapError;
use crate::imap::protocol::folder::Folder;
use crate::imap::protocol::folder::FolderStatus;
use crate::imap::protocol::raw_name;
use crate::imap::protocol::reply::Reply;
use crate::imap::protocol::utf7;
use crate::imap::session::Session;
use crate::imap::session::list_cache::Detail;

/// What the server says of a folder that it has not listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unlisted {
    /// It counts it, so it is there.
    There(Folder),
    /// The folder does not exist.
    Gone,
    /// It does not say; its words.
    Unclear(String),
}

/// Words for a folder that is not there, in lower case; servers that know RFC 5530 say NONEXISTENT.
const GONE: [&str; 8] = [
    "nonexistent",
    "non-existent",
    "does not exist",
    "doesn't exist",
    "no such",
    "not exist",
    "not found",
    "unknown mailbox",
];

/// Whether a refusal says that the folder does not exist.
pub fn is_gone(completion: &Completion) -> bool {
    let words = completion.to_string().to_lowercase();
    completion.has_code("NONEXISTENT")
        || completion.has_code("TRYCREATE")
        || GONE.iter().any(|said| words.contains(said))
}

impl Session {
    /// Makes the next list bypass the cache.
    pub fn forget_lists(&mut self) {
        self.listed = None;
    }

    /// The first wait before the server is asked again.
    pub const fn first_wait(&self) -> std::time::Duration {
        self.timeouts.again
    }

    /// Whether the last list of all folders had none: every mailbox has an inbox (RFC 3501 section 5.1).
    pub const fn lists_nothing(&self) -> bool {
        self.lists_nothing
    }

    /// Asks for folders that were not listed, each by its name as the server spells it. `delimiter` is that of the list.
    ///
    /// Not cancellation safe: replies to pending commands would stay unread.
    pub async fn ask_unlisted(
        &mut self,
        raws: &[String],
        delimiter: Option<char>,
    ) -> Result<BTreeMap<String, Unlisted>, ImapError> {
        let items = self.status_items(Detail::Everything);
        let window = if self.care.is_one_by_one { 1 } else { STATUS_WINDOW };
        let mut told = BTreeMap::new();
        for some in raws.chunks(window) {
            let mut asked = Vec::with_capacity(some.len());
            for raw in some {
                if let Ok(name) = self.folder_name(raw)
                    && !self.care.left.contains_key(raw)
                {
                    self.asks_about = (window == 1).then(|| raw.clone());
                    asked.push((raw, self.submit(&format!("STATUS {name} ({items})"))));
                }
            }
            let mut counts: BTreeMap<&String, FolderStatus> = BTreeMap::new();
            for (raw, tag) in &asked {
                let completion = self
                    .finish(*tag, |reply| {
                        if let Reply::Status(name, values) = reply
                            && let Some((raw, _)) = asked.iter().find(|(raw, _)| is_same_name(raw, &name))
                        {
                            counts.insert(raw, FolderStatus::read(&values));
                        }
                    })
                    .await?;
                let found = match completion {
                    refused if !refused.is_ok() && is_gone(&refused) => Unlisted::Gone,
                    refused if !refused.is_ok() => Unlisted::Unclear(refused.to_string()),
                    _ => Unlisted::There(by_name(raw, delimiter, counts.get(raw).copied())),
                };
                told.insert((*raw).clone(), found);
            }
            self.asks_about = None;
        }
        Ok(told)
    }
}

/// A folder of which only the name is known.
fn by_name(raw: &str, delimiter: Option<char>, status: Option<FolderStatus>) -> Folder {
    Folder {
        raw: raw.to_owned(),
        name: raw_name::readable(&utf7::decode_utf7(raw).unwrap_or_else(|| raw.to_owned())),
        delimiter,
        attributes: Vec::new(),
        status,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_words_about_a_missing_folder_say_that_it_is_gone() {
        for (reply, expected) in [
            ("NO [NONEXISTENT] Unknown Mailbox", true),
            ("NO Mailbox doesn't exist: A", true),
            ("NO [TRYCREATE] no", true),
            ("NO no such folder", true),
            ("NO [SERVERBUG] Internal error", false),
            ("NO [INUSE] locked", false),
            ("NO permission denied", false),
            ("BAD what", false),
        ] {
            let completion = Completion::read(reply.as_bytes()).unwrap();
            assert_eq!(is_gone(&completion), expected, "{reply}");
        }
    }
}
