//! Gmail's own extension, X-GM-EXT-1: one number for each message, and folders that are labels on it.
//!
//! <https://developers.google.com/workspace/gmail/imap/imap-extensions>

use crate::imap::commands::select::{OpenFor, Opening};
use crate::imap::protocol::command;
use crate::imap::protocol::completion::Completion;
use crate::imap::protocol::error::ImapError;
use crate::imap::protocol::reply::{FetchItem, Reply};
use crate::imap::protocol::uid_set::uid_sets;
use crate::imap::session::Session;
use crate::imap::session::pending::{BehindOpening, Pending, Rows};
use crate::values::Uid;

/// X-GM-MSGID: the number of a message, the same under all its labels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct GmailNumber(pub u64);

/// UID and number of a message.
pub type MessageNumber<U = u32> = (U, GmailNumber);

/// Messages whose numbers are handed over at once.
const NUMBERS_WINDOW: usize = 5_000;

/// Gmail's own extension.
const EXTENSION: &str = "X-GM-EXT-1";

impl Session {
    /// Whether the server is Gmail, judging by its extension.
    pub fn is_gmail(&self) -> bool {
        self.capabilities().has(EXTENSION)
    }

    /// The server returned no message ids, so its folders are ordinary ones, whatever it announces.
    pub fn has_no_labels(&mut self) {
        self.capabilities.forget(EXTENSION);
    }

    /// Opens a folder for reading and asks for the number of each of its messages, without waiting in between.
    ///
    /// # Errors
    ///
    /// [`ImapError::BadName`] where its name cannot be sent.
    pub fn ask_numbers<U: Uid>(
        &mut self,
        raw: &str,
    ) -> Result<BehindOpening<Opening, Rows<MessageNumber<U>>>, ImapError> {
        let opening = self.submit_open(OpenFor::Reading, raw)?;
        let tag = self.submit("UID FETCH 1:* (UID X-GM-MSGID)");
        Ok(BehindOpening { opening, then: Pending::new([tag], number_rows()) })
    }

    /// UID and number of the messages of the open folder from UID `first` on.
    ///
    /// Not cancellation safe: replies to pending commands would stay unread.
    ///
    /// # Errors
    ///
    /// [`ImapError::Refused`] where a command is refused or its answer cut short.
    pub async fn numbers_from<U: Uid>(&mut self, first: U) -> Result<Vec<MessageNumber<U>>, ImapError> {
        let mut found: Vec<MessageNumber<U>> = self.read_numbers(&[format!("{first}:*")]).await?;
        found.retain(|(uid, _)| *uid >= first);
        Ok(found)
    }

    /// Number of these messages (ascending UIDs) of the open folder.
    ///
    /// Not cancellation safe: replies to pending commands would stay unread.
    ///
    /// # Errors
    ///
    /// [`ImapError::Refused`] where a command is refused or its answer cut short.
    pub async fn numbers_of<U: Uid>(&mut self, uids: &[U]) -> Result<Vec<MessageNumber<U>>, ImapError> {
        let mut found: Vec<MessageNumber<U>> = self.read_numbers(&uid_sets(uids)).await?;
        found.retain(|(uid, _)| uids.binary_search(uid).is_ok());
        Ok(found)
    }

    async fn read_numbers<U: Uid>(&mut self, sets: &[String]) -> Result<Vec<MessageNumber<U>>, ImapError> {
        let tags: Vec<_> =
            sets.iter().map(|set| self.submit(&format!("UID FETCH {set} (UID X-GM-MSGID)"))).collect();
        self.answer(Pending::new(tags, number_rows())).await
    }

    /// Labels and size of every message of the open folder.
    ///
    /// Not cancellation safe: replies to pending commands would stay unread.
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
    ///
    /// Not cancellation safe: which messages have the label is not known afterwards; to ask again does no harm.
    pub async fn add_label<U: Uid>(&mut self, uids: &[U], label: &str) -> Result<Vec<Completion>, ImapError> {
        let label = match label {
            inbox if inbox.eq_ignore_ascii_case("INBOX") => "\\Inbox".to_owned(),
            other => command::folder_name(other, self.literal_mode())?,
        };
        let tags: Vec<_> = uid_sets(uids)
            .into_iter()
            .map(|set| self.submit(&format!("UID STORE {set} +X-GM-LABELS.SILENT ({label})")))
            .collect();
        let mut answers = Vec::with_capacity(tags.len());
        for tag in tags {
            answers.push(self.finish(tag, |_| {}).await?);
        }
        Ok(answers)
    }
}

const fn number_rows<U: Uid>() -> Rows<MessageNumber<U>> {
    Rows::new(NUMBERS_WINDOW, numbered)
}

#[expect(clippy::needless_pass_by_value, reason = "rows are made of what is told, whatever of it they keep")]
fn numbered<U: Uid>(item: FetchItem) -> Option<(u32, MessageNumber<U>)> {
    let (uid, number) = (item.uid?, item.gmail_message?);
    Some((uid, (uid.into(), GmailNumber(number))))
}
