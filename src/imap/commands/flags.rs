//! Flags: which messages have which, and the storing of flags (RFC 3501 section 6.4.6, RFC 7162).

use crate::imap::commands::select::{OpenFor, Opening};
use crate::imap::protocol::error::ImapError;
use crate::imap::protocol::reply::FetchItem;
use crate::imap::protocol::uid_set::uid_sets;
use crate::imap::session::Session;
use crate::imap::session::pending::{BehindOpening, Done, Pending, Rows};
use crate::values::Uid;

/// UID and flags of a message.
pub type MessageFlags<U = u32> = (U, Vec<String>);

/// Messages whose flags are handed over at once.
const FLAGS_WINDOW: usize = 5_000;
/// The result for each message.
const UID_AND_FLAGS: &str = "UID FLAGS";

/// The flags in one FETCH reply.
fn flags_in<U: Uid>(item: FetchItem) -> Option<(u32, MessageFlags<U>)> {
    let uid = item.uid?;
    Some((uid, (uid.into(), item.flags?)))
}

const fn flag_rows<U: Uid>() -> Rows<MessageFlags<U>> {
    Rows::new(FLAGS_WINDOW, flags_in)
}

impl Session {
    /// Whether the server keeps mod-sequences (RFC 7162).
    pub fn has_condstore(&self) -> bool {
        self.capabilities.has("CONDSTORE") || self.capabilities.has("QRESYNC")
    }

    /// Opens a folder for reading and asks for all its UIDs, without waiting in between. Where STATUS counts no
    /// message, nothing is asked: some servers refuse `1:*` in an empty folder.
    ///
    /// # Errors
    ///
    /// [`ImapError::BadName`] where its name cannot be sent.
    pub fn ask_uids<U: Uid>(
        &mut self,
        raw: &str,
        is_empty: bool,
    ) -> Result<BehindOpening<Opening, Rows<U>>, ImapError> {
        let opening = self.submit_open(OpenFor::Reading, raw)?;
        let tag = (!is_empty).then(|| self.submit("UID FETCH 1:* (UID)"));
        let uids = Rows::new(FLAGS_WINDOW, |item| item.uid.map(|uid| (uid, uid.into())));
        Ok(BehindOpening { opening, then: Pending::new(tag, uids) })
    }

    /// Opens a folder for reading and asks for the flags that have changed since this mod-sequence; for all of them
    /// where there is none.
    ///
    /// # Errors
    ///
    /// [`ImapError::BadName`] where its name cannot be sent.
    pub fn ask_flags<U: Uid>(
        &mut self,
        raw: &str,
        since: Option<u64>,
    ) -> Result<BehindOpening<Opening, Rows<MessageFlags<U>>>, ImapError> {
        let opening = self.submit_open(OpenFor::Reading, raw)?;
        let changed = since.map(|modseq| format!(" (CHANGEDSINCE {modseq})")).unwrap_or_default();
        let tag = self.submit(&format!("UID FETCH 1:* ({UID_AND_FLAGS}){changed}"));
        Ok(BehindOpening { opening, then: Pending::new([tag], flag_rows()) })
    }

    /// Opens a folder for writing and asks for the flags of these messages (ascending UIDs).
    ///
    /// # Errors
    ///
    /// [`ImapError::BadName`] where its name cannot be sent.
    pub fn ask_flags_of<U: Uid>(
        &mut self,
        raw: &str,
        uids: &[U],
    ) -> Result<BehindOpening<Opening, Rows<MessageFlags<U>>>, ImapError> {
        let opening = self.submit_open(OpenFor::Writing, raw)?;
        Ok(BehindOpening { opening, then: self.ask_flags_in_open(uids) })
    }

    fn ask_flags_in_open<U: Uid>(&mut self, uids: &[U]) -> Pending<Rows<MessageFlags<U>>> {
        let sets = uid_sets(uids).into_iter();
        let tags: Vec<_> =
            sets.map(|set| self.submit(&format!("UID FETCH {set} ({UID_AND_FLAGS})"))).collect();
        Pending::new(tags, flag_rows())
    }

    /// The flags of these messages (ascending UIDs) of the open folder, for those that are there.
    ///
    /// Not cancellation safe: replies to pending commands would stay unread.
    ///
    /// # Errors
    ///
    /// [`ImapError::Refused`] where a command is refused or its answer cut short.
    pub async fn flags_of<U: Uid>(&mut self, uids: &[U]) -> Result<Vec<MessageFlags<U>>, ImapError> {
        let asked = self.ask_flags_in_open(uids);
        let mut found = self.answer(asked).await?;
        // The server also reports flags changed by others meanwhile.
        found.retain(|(uid, _)| uids.binary_search(uid).is_ok());
        Ok(found)
    }

    /// Flags of all messages of the open folder by UID, page by page where the server cuts its answers.
    ///
    /// Not cancellation safe: replies to pending commands would stay unread.
    ///
    /// # Errors
    ///
    /// [`ImapError::Refused`] where a command is refused.
    pub async fn fetch_flags<U: Uid>(&mut self) -> Result<Vec<MessageFlags<U>>, ImapError> {
        let found = self.fetch_each(1, UID_AND_FLAGS, |item| flags_in(item).map(|(_, flags)| flags)).await?;
        Ok(found.into_values().collect())
    }

    /// Adds flags to messages of the opened folder, or takes them away, without an answer for each message.
    pub fn ask_store<U: Uid>(&mut self, uids: &[U], is_added: bool, flags: &[String]) -> Pending<Done> {
        let (sign, flags) = (if is_added { '+' } else { '-' }, flags.join(" "));
        let sets = uid_sets(uids).into_iter();
        let tags: Vec<_> =
            sets.map(|set| self.submit(&format!("UID STORE {set} {sign}FLAGS.SILENT ({flags})"))).collect();
        Pending::new(tags, Done::new("STORE"))
    }

    /// Adds flags to these messages of the open folder, and takes none away.
    ///
    /// Not cancellation safe: whether the flags are there is not known afterwards.
    ///
    /// # Errors
    ///
    /// [`ImapError::Refused`] with the first refusal; the others were carried out.
    pub async fn add_flags<U: Uid>(&mut self, uids: &[U], flags: &[String]) -> Result<(), ImapError> {
        let stored = self.ask_store(uids, true, flags);
        self.answer(stored).await
    }
}
