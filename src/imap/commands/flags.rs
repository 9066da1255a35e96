//! Flags: which have changed since an earlier run, and the storing of flags (RFC 3501 section 6.4.6, RFC 7162).

use crate::imap::commands::fetch::Opened;
use crate::imap::commands::fetch::refused_unless_ok;
use crate::imap::protocol::completion::Completion;
use crate::imap::protocol::error::ImapError;
use crate::imap::protocol::reply::Reply;
use crate::imap::protocol::uid_set::uid_sets;
use crate::imap::session::Session;

/// A folder that is being opened, and whose messages are being listed by UID and flags.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FlagsRequest {
    command: &'static str,
    open: String,
    fetches: Vec<String>,
}

/// UID and flags of a message.
pub type MessageFlags = (u32, Vec<String>);

/// A STORE that is under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoreRequest(Vec<String>);

impl Session {
    /// Whether the server keeps mod-sequences (RFC 7162).
    pub fn has_condstore(&self) -> bool {
        self.capabilities.has("CONDSTORE") || self.capabilities.has("QRESYNC")
    }

    /// Opens a folder for reading and asks for all its UIDs, without waiting in between. Where STATUS counts no
    /// message, nothing is asked: some servers refuse `1:*` in an empty folder.
    pub fn ask_uids(&mut self, raw: &str, is_empty: bool) -> Result<FlagsRequest, ImapError> {
        let open = self.submit(&format!("EXAMINE {}", self.folder_name(raw)?));
        let fetches = if is_empty { Vec::new() } else { vec![self.submit("UID FETCH 1:* (UID)")] };
        Ok(FlagsRequest { command: "EXAMINE", open, fetches })
    }

    /// Opens a folder for reading and asks for the flags that have changed since this mod-sequence; for all of them
    /// where there is none.
    pub fn ask_flags(&mut self, raw: &str, since: Option<u64>) -> Result<FlagsRequest, ImapError> {
        let open = self.submit(&format!("EXAMINE {}", self.folder_name(raw)?));
        let changed = since.map(|modseq| format!(" (CHANGEDSINCE {modseq})")).unwrap_or_default();
        let fetch = self.submit(&format!("UID FETCH 1:* (UID FLAGS){changed}"));
        Ok(FlagsRequest { command: "EXAMINE", open, fetches: vec![fetch] })
    }

    /// Opens a folder for writing and asks for the flags of these messages.
    pub fn ask_flags_of(&mut self, raw: &str, uids: &[u32]) -> Result<FlagsRequest, ImapError> {
        let open = self.submit(&format!("SELECT {}", self.folder_name(raw)?));
        let sets = uid_sets(uids).into_iter();
        let fetches = sets.map(|set| self.submit(&format!("UID FETCH {set} (UID FLAGS)"))).collect();
        Ok(FlagsRequest { command: "SELECT", open, fetches })
    }

    /// The folder as opened, and its messages by ascending UID; flags are empty where only UIDs were asked for.
    /// A refusal of either command is an error, after everything that was asked has been read.
    pub async fn flags_answer(
        &mut self,
        request: &FlagsRequest,
    ) -> Result<(Opened, Vec<MessageFlags>), ImapError> {
        let mut found = Vec::new();
        let opened = self
            .flags_in_portions(request, |portion| {
                found.extend(portion);
                Ok::<(), ImapError>(())
            })
            .await?;
        // The last word about a message counts.
        found.reverse();
        found.sort_by_key(|(uid, _)| *uid);
        found.dedup_by_key(|(uid, _)| *uid);
        Ok((opened, found))
    }

    /// The same, handed over in portions as they come, so that memory stays bounded. A message may come twice; what is
    /// said last counts.
    pub async fn flags_in_portions<E: From<ImapError>>(
        &mut self,
        request: &FlagsRequest,
        mut each: impl FnMut(Vec<MessageFlags>) -> Result<(), E>,
    ) -> Result<Opened, E> {
        let opened = self.finish_open(request.command, &request.open).await;
        if !matches!(opened, Ok(_) | Err(ImapError::Refused { .. })) {
            return opened.map_err(E::from);
        }
        let mut refused = None;
        for tag in &request.fetches {
            let mut portion = Vec::new();
            let completion = loop {
                if let Some(completion) = self.take_completed(tag) {
                    break completion;
                }
                match self.next().await? {
                    Reply::Tagged(tag, completion) => self.keep_completed(tag, completion),
                    Reply::Fetch(item) => {
                        portion.extend(item.uid.map(|uid| (uid, item.flags.unwrap_or_default())));
                    }
                    _ => {}
                }
                if portion.len() >= FLAGS_WINDOW && opened.is_ok() {
                    each(std::mem::take(&mut portion))?;
                }
            };
            if let Err(error) = refused_unless_ok("FETCH", completion) {
                refused.get_or_insert(error);
            } else if opened.is_ok() {
                each(portion)?;
            }
        }
        let opened = opened?;
        refused.map_or(Ok(opened), |error| Err(error.into()))
    }

    /// Adds flags to messages of the opened folder, or takes them away, without an answer for each message.
    pub fn ask_store(&mut self, uids: &[u32], is_added: bool, flags: &[String]) -> StoreRequest {
        let (sign, flags) = (if is_added { '+' } else { '-' }, flags.join(" "));
        let sets = uid_sets(uids).into_iter();
        StoreRequest(
            sets.map(|set| self.submit(&format!("UID STORE {set} {sign}FLAGS.SILENT ({flags})"))).collect(),
        )
    }

    /// The answer to a STORE; the first refusal where it was refused in part.
    pub async fn store_answer(&mut self, request: &StoreRequest) -> Result<(), ImapError> {
        let mut refused: Option<Completion> = None;
        for tag in &request.0 {
            let completion = self.finish(tag, |_| {}).await?;
            if !completion.is_ok() {
                refused.get_or_insert(completion);
            }
        }
        match refused {
            Some(completion) => Err(ImapError::Refused { command: "STORE", completion }),
            None => Ok(()),
        }
    }

    /// The flags of these messages (ascending UIDs) of the open folder, for those that are there.
    pub async fn flags_of(&mut self, uids: &[u32]) -> Result<Vec<(u32, Vec<String>)>, ImapError> {
        let mut found = Vec::new();
        for set in uid_sets(uids) {
            self.run("FETCH", &format!("UID FETCH {set} (UID FLAGS)"), |reply| {
                if let Reply::Fetch(item) = reply
                    && let (Some(uid), Some(flags)) = (item.uid, item.flags)
                    && uids.binary_search(&uid).is_ok()
                {
                    found.push((uid, flags));
                }
            })
            .await?;
        }
        found.sort_unstable();
        found.dedup_by_key(|(uid, _)| *uid);
        Ok(found)
    }

    /// Adds flags to these messages of the open folder, and takes none away.
    pub async fn add_flags(&mut self, uids: &[u32], flags: &[String]) -> Result<(), ImapError> {
        let flags = flags.join(" ");
        for set in uid_sets(uids) {
            self.run("STORE", &format!("UID STORE {set} +FLAGS.SILENT ({flags})"), |_| {}).await?;
        }
        Ok(())
    }
}

/// Messages whose flags are handed over at once.
const FLAGS_WINDOW: usize = 5_000;
