//! Reading: EXAMINE and SELECT, facts about messages, and their bytes.

use super::command;
use super::completion::{Code, Completion};
use super::error::ImapError;
use super::reply::{FetchItem, Reply};
use super::session::Session;
use super::spool::Spool;
use super::uid_set::uid_sets;

/// An opened folder.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Opened {
    /// Messages in it.
    pub exists: u32,
    /// UIDs mean something only together with this number.
    pub uid_validity: u32,
    /// The UID that the next message will get, where the server says so.
    pub uid_next: Option<u32>,
    /// Flags that can be stored; `\*` for any keyword. `None` where the server does not say.
    pub permanent_flags: Option<Vec<String>>,
}

/// Facts about one message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MessageFacts {
    /// UID.
    pub uid: u32,
    /// RFC822.SIZE, in bytes; some servers lie.
    pub size: u64,
    /// INTERNALDATE as the server wrote it.
    pub internal_date: String,
    /// Flags and keywords as the server wrote them.
    pub flags: Vec<String>,
    /// The header fields that identify the message.
    pub header: Vec<u8>,
}

/// Messages asked for with one command.
const FACTS_WINDOW: usize = 2_000;
/// Bytes asked for at once of a message that is read in pieces.
const PIECE_BYTES: u32 = 1 << 20;

impl Session {
    /// Opens a folder for reading only; nothing in it changes, not even `\Recent`.
    pub async fn examine(&mut self, raw: &str) -> Result<Opened, ImapError> {
        self.open_folder("EXAMINE", raw).await
    }

    /// Opens a folder for writing, which tells the flags that it keeps.
    pub async fn select(&mut self, raw: &str) -> Result<Opened, ImapError> {
        self.open_folder("SELECT", raw).await
    }

    async fn open_folder(&mut self, command: &'static str, raw: &str) -> Result<Opened, ImapError> {
        let text = format!("{command} {}", command::folder_name(raw)?);
        let mut opened = Opened::default();
        self.run(command, &text, |reply| match reply {
            Reply::Exists(count) => opened.exists = count,
            Reply::Untagged(completion) => match completion.code {
                Some(Code::UidValidity(number)) => opened.uid_validity = number,
                Some(Code::UidNext(number)) => opened.uid_next = Some(number),
                Some(Code::PermanentFlags(flags)) => opened.permanent_flags = Some(flags),
                _ => {}
            },
            _ => {}
        })
        .await?;
        Ok(opened)
    }

    /// UIDs of the opened folder from `first` on, ascending. UID FETCH, as SEARCH is broken on many servers.
    pub async fn fetch_uids(&mut self, first: u32) -> Result<Vec<u32>, ImapError> {
        let mut uids = Vec::new();
        self.run("FETCH", &format!("UID FETCH {first}:* (UID)"), |reply| {
            if let Reply::Fetch(item) = reply
                && let Some(uid) = item.uid
            {
                uids.push(uid);
            }
        })
        .await?;
        uids.sort_unstable();
        uids.dedup();
        // `first:*` always names the last message, also when its UID is below `first`.
        uids.retain(|uid| *uid >= first);
        Ok(uids)
    }

    /// Sum of the message sizes of a folder, in bytes, for servers whose STATUS does not tell.
    pub async fn folder_bytes(&mut self, raw: &str) -> Result<u64, ImapError> {
        if self.examine(raw).await?.exists == 0 {
            return Ok(0);
        }
        let mut bytes = 0_u64;
        self.run("FETCH", "FETCH 1:* (RFC822.SIZE)", |reply| {
            if let Reply::Fetch(item) = reply {
                bytes = bytes.saturating_add(item.size.unwrap_or(0));
            }
        })
        .await?;
        Ok(bytes)
    }

    /// Flags of messages by UID, for the messages that are there.
    pub async fn fetch_flags(&mut self) -> Result<Vec<(u32, Vec<String>)>, ImapError> {
        let mut found = Vec::new();
        self.run("FETCH", "UID FETCH 1:* (UID FLAGS)", |reply| {
            if let Reply::Fetch(item) = reply
                && let (Some(uid), Some(flags)) = (item.uid, item.flags)
            {
                found.push((uid, flags));
            }
        })
        .await?;
        found.sort_unstable();
        found.dedup_by_key(|(uid, _)| *uid);
        Ok(found)
    }

    /// Facts about these messages, ascending, handed over in portions so that memory stays bounded.
    /// Messages that are gone are left out.
    pub async fn fetch_facts<E: From<ImapError>>(
        &mut self,
        uids: &[u32],
        header_fields: &[&str],
        mut each: impl FnMut(Vec<MessageFacts>) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut windows = uids.chunks(FACTS_WINDOW);
        // One portion ahead: the server reads the next while we store this one.
        let mut ahead = windows.next().map(|window| self.ask_facts(window, header_fields));
        while let Some(tags) = ahead {
            ahead = windows.next().map(|window| self.ask_facts(window, header_fields));
            let mut portion = Vec::new();
            for tag in tags {
                self.collect_facts(&tag, &mut portion).await?;
            }
            portion.sort_by_key(|facts| facts.uid);
            portion.dedup_by_key(|facts| facts.uid);
            each(portion)?;
        }
        Ok(())
    }

    fn ask_facts(&mut self, window: &[u32], header_fields: &[&str]) -> Vec<String> {
        let fields = header_fields.join(" ");
        uid_sets(window)
            .into_iter()
            .map(|set| {
                self.submit(&format!(
                    "UID FETCH {set} (UID FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[HEADER.FIELDS ({fields})])"
                ))
            })
            .collect()
    }

    async fn collect_facts(&mut self, tag: &str, portion: &mut Vec<MessageFacts>) -> Result<(), ImapError> {
        let completion = self
            .finish(tag, |reply| {
                if let Reply::Fetch(item) = reply {
                    portion.extend(facts_of(*item));
                }
            })
            .await?;
        refused_unless_ok("FETCH", completion)
    }

    /// Asks for whole messages; the answers come from [`Self::next_body`].
    pub fn ask_bodies(&mut self, uids: &[u32]) -> Vec<BodyRequest> {
        uid_sets(uids)
            .into_iter()
            .map(|set| BodyRequest(self.submit(&format!("UID FETCH {set} (UID BODY.PEEK[])"))))
            .collect()
    }

    /// The next message of a request, or the request's end.
    pub async fn next_body(&mut self, request: &BodyRequest) -> Result<BodyReply, ImapError> {
        loop {
            if let Some(completion) = self.take_completed(&request.0) {
                return refused_unless_ok("FETCH", completion).map(|()| BodyReply::End);
            }
            match self.next().await? {
                Reply::Tagged(tag, completion) => self.keep_completed(tag, completion),
                Reply::Fetch(item) => {
                    if let (Some(uid), Some(bytes)) = (item.uid, item.body) {
                        return Ok(BodyReply::Message { uid, bytes });
                    }
                }
                _ => {}
            }
        }
    }

    /// Reads one message in pieces into a temporary file and shows each piece to `see`, so that memory stays bounded.
    /// `None` where the message is gone.
    pub async fn fetch_large(
        &mut self,
        uid: u32,
        mut see: impl FnMut(&[u8]),
    ) -> Result<Option<Spool>, ImapError> {
        let mut spool = Spool::create().await?;
        let mut tag = self.ask_piece(uid, 0);
        let mut asked = PIECE_BYTES;
        loop {
            // One piece ahead, so that the line does not rest between pieces.
            let ahead = self.ask_piece(uid, asked);
            let piece = self.collect_piece(&tag, uid).await?;
            let length = piece.as_ref().map_or(0, Vec::len);
            if let Some(piece) = &piece {
                see(piece);
                spool.write(piece).await?;
            }
            if length != PIECE_BYTES as usize {
                // The end; a server that ignores the range has sent the whole message at once.
                self.collect_piece(&ahead, uid).await?;
                let is_gone = piece.is_none() && spool.bytes() == 0;
                return Ok(if is_gone { None } else { Some(spool) });
            }
            asked = asked
                .checked_add(PIECE_BYTES)
                .ok_or(ImapError::Hostile("a message of more than four gigabytes"))?;
            tag = ahead;
        }
    }

    fn ask_piece(&mut self, uid: u32, offset: u32) -> String {
        self.submit(&format!("UID FETCH {uid} (UID BODY.PEEK[]<{offset}.{PIECE_BYTES}>)"))
    }

    async fn collect_piece(&mut self, tag: &str, uid: u32) -> Result<Option<Vec<u8>>, ImapError> {
        let mut piece = None;
        let completion = self
            .finish(tag, |reply| {
                if let Reply::Fetch(item) = reply
                    && item.uid == Some(uid)
                    && item.body.is_some()
                {
                    piece = item.body;
                }
            })
            .await?;
        refused_unless_ok("FETCH", completion).map(|()| piece)
    }
}

fn refused_unless_ok(command: &'static str, completion: Completion) -> Result<(), ImapError> {
    if completion.is_ok() { Ok(()) } else { Err(ImapError::Refused { command, completion }) }
}

/// A request for whole messages that is under way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BodyRequest(String);

/// What comes of a request for whole messages.
#[derive(Debug, PartialEq, Eq)]
pub enum BodyReply {
    /// A message.
    Message {
        /// Its UID.
        uid: u32,
        /// Its bytes.
        bytes: Vec<u8>,
    },
    /// There is no more; messages that did not come are gone.
    End,
}

fn facts_of(item: FetchItem) -> Option<MessageFacts> {
    // An unsolicited FETCH brings flags only.
    let size = item.size?;
    Some(MessageFacts {
        uid: item.uid?,
        size,
        internal_date: item.internal_date.unwrap_or_default(),
        flags: item.flags.unwrap_or_default(),
        header: item.header.unwrap_or_default(),
    })
}
