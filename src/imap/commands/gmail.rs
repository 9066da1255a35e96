//! Gmail's own extension, X-GM-EXT-1: one number for each message, and folders that are labels on it.
//!
//! <https://developers.google.com/workspace/gmail/imap/imap-extensions>

use crate::imap::commands::fetch::Opened;
use crate::imap::protocol::command;
use crate::imap::protocol::completion::Completion;
use crate::imap::protocol::error::ImapError;
use crate::imap::protocol::reply::Reply;
use crate::imap::protocol::uid_set::uid_sets;
use crate::imap::session::Session;

/// X-GM-MSGID: the number of a message, the same under all its labels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GmailNumber(pub u64);

/// A question for the numbers of a folder's messages, which is under way.
#[derive(Debug)]
pub struct NumberRequest {
    examine: String,
    fetch: String,
}

/// Gmail's own extension.
const EXTENSION: &str = "X-GM-EXT-1";

impl Session {
    /// Whether the server is Gmail, as far as its extension tells.
    pub fn is_gmail(&self) -> bool {
        self.capabilities().has(EXTENSION)
    }

    /// The server has told the number of no message: its folders are ordinary ones, whatever it announces.
    pub fn has_no_labels(&mut self) {
        self.capabilities.forget(EXTENSION);
    }

    /// Opens a folder for reading and asks for the number of each of its messages, without waiting in between.
    pub fn ask_numbers(&mut self, raw: &str) -> Result<NumberRequest, ImapError> {
        let examine = self.submit(&format!("EXAMINE {}", self.folder_name(raw)?));
        let fetch = self.submit("UID FETCH 1:* (UID X-GM-MSGID)");
        Ok(NumberRequest { examine, fetch })
    }

    /// The folder's UIDVALIDITY, and UID and number of each message to `each`. Where the folder cannot be opened, the
    /// rest of the answer is read and dropped.
    pub async fn numbers(
        &mut self,
        request: &NumberRequest,
        mut each: impl FnMut(u32, GmailNumber),
    ) -> Result<Opened, ImapError> {
        let opened = self.finish_open("EXAMINE", &request.examine).await;
        let is_open = opened.is_ok();
        if let Err(ImapError::Refused { .. }) | Ok(_) = opened {
            let completion = self
                .finish(&request.fetch, |reply| {
                    if let Some((uid, number)) = numbered(&reply).filter(|_| is_open) {
                        each(uid, number);
                    }
                })
                .await?;
            if is_open && !completion.is_ok() && opened.as_ref().is_ok_and(|opened| opened.exists > 0) {
                return Err(ImapError::Refused { command: "FETCH", completion });
            }
        }
        opened
    }

    /// UID and number of the messages of the open folder from UID `first` on.
    pub async fn numbers_from(&mut self, first: u32) -> Result<Vec<(u32, GmailNumber)>, ImapError> {
        let mut found = Vec::new();
        self.run("FETCH", &format!("UID FETCH {first}:* (UID X-GM-MSGID)"), |reply| {
            found.extend(numbered(&reply).filter(|(uid, _)| *uid >= first));
        })
        .await?;
        found.sort_unstable();
        found.dedup_by_key(|(uid, _)| *uid);
        Ok(found)
    }

    /// Number of these messages of the open folder.
    pub async fn numbers_of(&mut self, uids: &[u32]) -> Result<Vec<(u32, GmailNumber)>, ImapError> {
        let mut found = Vec::new();
        for set in uid_sets(uids) {
            self.run("FETCH", &format!("UID FETCH {set} (UID X-GM-MSGID)"), |reply| {
                found.extend(numbered(&reply).filter(|(uid, _)| uids.binary_search(uid).is_ok()));
            })
            .await?;
        }
        found.sort_unstable();
        found.dedup_by_key(|(uid, _)| *uid);
        Ok(found)
    }

    /// Labels and size of every message of the open folder.
    pub async fn fetch_labels(&mut self, mut each: impl FnMut(&[String], u64)) -> Result<(), ImapError> {
        self.run("FETCH", "UID FETCH 1:* (UID RFC822.SIZE X-GM-LABELS)", |reply| {
            if let Reply::Fetch(item) = reply
                && let Some(labels) = &item.gmail_labels
            {
                each(labels, item.size.unwrap_or(0));
            }
        })
        .await
        .map(drop)
    }

    /// Gives messages of the open folder one label more: they are in that folder as well from now on, as the same
    /// messages. `label` is spelled as the folder is. Its refusal is an answer, too.
    pub async fn add_label(&mut self, uids: &[u32], label: &str) -> Result<Vec<Completion>, ImapError> {
        let label = match label {
            inbox if inbox.eq_ignore_ascii_case("INBOX") => "\\Inbox".to_owned(),
            other => command::folder_name(other, self.literal_mode())?,
        };
        let tags: Vec<String> = uid_sets(uids)
            .into_iter()
            .map(|set| self.submit(&format!("UID STORE {set} +X-GM-LABELS.SILENT ({label})")))
            .collect();
        let mut answers = Vec::with_capacity(tags.len());
        for tag in tags {
            answers.push(self.finish(&tag, |_| {}).await?);
        }
        Ok(answers)
    }
}

fn numbered(reply: &Reply) -> Option<(u32, GmailNumber)> {
    let Reply::Fetch(item) = reply else { return None };
    Some((item.uid?, GmailNumber(item.gmail_message?)))
}
