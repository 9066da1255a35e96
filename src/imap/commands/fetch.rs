//! Reading: EXAMINE and SELECT, facts about messages, and their bytes.

use std::collections::BTreeMap;

use crate::imap::commands::paging::WINDOW;
use crate::imap::protocol::asked::Came;
use crate::imap::protocol::completion::{Code, Completion, Status};
use crate::imap::protocol::error::ImapError;
use crate::imap::protocol::reply::{FetchItem, Reply};
use crate::imap::protocol::uid_set::uid_sets;
use crate::imap::session::Session;

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
    /// Grows with every change of a message (RFC 7162); `None` where the server does not say.
    pub highest_modseq: Option<u64>,
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

/// The number in `HIGHESTMODSEQ 715194045007`.
fn highest_modseq(code: &str) -> Option<u64> {
    code.strip_prefix("HIGHESTMODSEQ ")?.trim().parse().ok().filter(|modseq| *modseq > 0)
}

/// Bytes kept of the header fields of one message; what identifies it stands in the first of them.
const MAX_HEADER_BYTES: usize = 16 << 10;

impl Session {
    /// Opens a folder for reading only; nothing in it changes, not even `\Recent`.
    pub async fn examine(&mut self, raw: &str) -> Result<Opened, ImapError> {
        self.open_folder("EXAMINE", raw).await
    }

    /// Opens a folder for reading only, with the answer to come from [`Self::examined`].
    pub fn ask_examine(&mut self, raw: &str) -> Result<OpenRequest, ImapError> {
        let tag = self.submit(&format!("EXAMINE {}", self.folder_name(raw)?));
        (self.exists, self.expunged) = (0, 0);
        Ok(OpenRequest(tag))
    }

    /// The folder as opened.
    pub async fn examined(&mut self, request: &OpenRequest) -> Result<Opened, ImapError> {
        self.finish_open("EXAMINE", &request.0).await
    }

    /// Opens a folder for writing, which tells the flags that it keeps.
    pub async fn select(&mut self, raw: &str) -> Result<Opened, ImapError> {
        self.open_folder("SELECT", raw).await
    }

    async fn open_folder(&mut self, command: &'static str, raw: &str) -> Result<Opened, ImapError> {
        let tag = self.submit(&format!("{command} {}", self.folder_name(raw)?));
        (self.exists, self.expunged) = (0, 0);
        self.finish_open(command, &tag).await
    }

    pub(in crate::imap) async fn finish_open(
        &mut self,
        command: &'static str,
        tag: &str,
    ) -> Result<Opened, ImapError> {
        let mut opened = Opened::default();
        self.has_opened = true;
        let completion = self
            .finish(tag, |reply| match reply {
                Reply::Exists(count) => opened.exists = count,
                Reply::Untagged(completion) => match completion.code {
                    Some(Code::UidValidity(number)) => opened.uid_validity = number,
                    Some(Code::UidNext(number)) => opened.uid_next = Some(number),
                    Some(Code::PermanentFlags(flags)) => opened.permanent_flags = Some(flags),
                    Some(Code::Other(code)) => {
                        opened.highest_modseq = highest_modseq(&code).or(opened.highest_modseq);
                    }
                    _ => {}
                },
                _ => {}
            })
            .await?;
        if self.is_gmail()
            && let Some(flags) = &mut opened.permanent_flags
        {
            // At Gmail the flag moves a message to the trash or out of sight, so it is never given.
            flags.retain(|flag| !flag.eq_ignore_ascii_case("\\Deleted"));
        }
        if command == "SELECT" && completion.is_ok() && completion.has_code("READ-ONLY") {
            // Said before the first message is sent, and not by the refusal of each.
            let words = "the server opens this folder for reading only; whoever owns it has to give the right to write";
            let completion = Completion { status: Status::No, words: words.to_owned(), ..completion };
            return Err(ImapError::Refused { command, completion });
        }
        if completion.is_ok() { Ok(opened) } else { Err(ImapError::Refused { command, completion }) }
    }

    /// Whether a whole folder can be listed with one command: no limit on messages per command (RFC 9738) is told.
    pub fn can_list_at_once(&self) -> bool {
        !self.capabilities.names().any(|name| name.starts_with("MESSAGELIMIT"))
    }

    /// Opens a folder for reading and asks for the facts about its messages from UID `first` on, without waiting in
    /// between. The last message comes along where its UID is below `first`.
    pub fn ask_listing(
        &mut self,
        raw: &str,
        first: u32,
        header_fields: &[&str],
    ) -> Result<ListingRequest, ImapError> {
        self.ask_listing_by("EXAMINE", raw, first, header_fields)
    }

    /// As [`Self::ask_listing`], but opens the folder for writing, which tells the flags that it keeps.
    pub fn ask_writable_listing(
        &mut self,
        raw: &str,
        first: u32,
        header_fields: &[&str],
    ) -> Result<ListingRequest, ImapError> {
        self.ask_listing_by("SELECT", raw, first, header_fields)
    }

    fn ask_listing_by(
        &mut self,
        command: &str,
        raw: &str,
        first: u32,
        header_fields: &[&str],
    ) -> Result<ListingRequest, ImapError> {
        let fields = header_fields.join(" ");
        let items = format!("UID FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[HEADER.FIELDS ({fields})]");
        self.ask_behind_opening(command, raw, &format!("UID FETCH {first}:* ({items})"))
    }

    fn ask_behind_opening(
        &mut self,
        command: &str,
        raw: &str,
        fetch: &str,
    ) -> Result<ListingRequest, ImapError> {
        let examine = self.submit(&format!("{command} {}", self.folder_name(raw)?));
        Ok(ListingRequest { examine, fetch: self.submit(fetch) })
    }

    /// Opens a folder for reading and asks for the facts about the messages with these sequence numbers, without waiting
    /// in between.
    pub fn ask_sample(
        &mut self,
        raw: &str,
        numbers: &[u32],
        header_fields: &[&str],
    ) -> Result<ListingRequest, ImapError> {
        let (numbers, fields) = (uid_sets(numbers).join(","), header_fields.join(" "));
        let items = format!("UID INTERNALDATE RFC822.SIZE BODY.PEEK[HEADER.FIELDS ({fields})]");
        self.ask_behind_opening("EXAMINE", raw, &format!("FETCH {numbers} ({items})"))
    }

    /// The folder of a listing, as opened. Where it is refused, the rest of the answer is read and dropped.
    pub async fn listing_opened(&mut self, request: &ListingRequest) -> Result<Opened, ImapError> {
        let opened = self.finish_open("EXAMINE", &request.examine).await;
        if matches!(opened, Err(ImapError::Refused { .. })) {
            self.finish(&request.fetch, |_| {}).await?;
        }
        opened
    }

    /// The facts of a listing, in portions so that memory stays bounded; after [`Self::listing_opened`].
    /// Hands back how many messages came.
    pub async fn listing_facts<E: From<ImapError>>(
        &mut self,
        request: &ListingRequest,
        mut each: impl FnMut(Vec<MessageFacts>) -> Result<(), E>,
    ) -> Result<usize, E> {
        let mut portion: BTreeMap<u32, MessageFacts> = BTreeMap::new();
        let mut count = 0;
        let completion = loop {
            if let Some(completion) = self.take_completed(&request.fetch) {
                break completion;
            }
            match self.next().await? {
                Reply::Tagged(tag, completion) => self.keep_completed(tag, completion),
                Reply::Fetch(item) => {
                    if let Some(facts) = facts_of(*item) {
                        portion.insert(facts.uid, facts);
                    }
                }
                _ => {}
            }
            if portion.len() >= WINDOW {
                count += portion.len();
                each(std::mem::take(&mut portion).into_values().collect())?;
            }
        };
        count += portion.len();
        each(portion.into_values().collect())?;
        // The answers to many requests may be here by now; whoever waits for one of them is let in between.
        tokio::task::yield_now().await;
        refused_unless_ok("FETCH", completion)?;
        Ok(count)
    }

    /// Facts about these messages, ascending, handed over in portions so that memory stays bounded.
    /// Messages that are gone are left out.
    pub async fn fetch_facts<E: From<ImapError>>(
        &mut self,
        uids: &[u32],
        header_fields: &[&str],
        mut each: impl FnMut(Vec<MessageFacts>) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut windows = uids.chunks(self.window());
        // One portion ahead: the server reads the next while we store this one.
        let mut ahead = windows.next().map(|window| (self.ask_facts(window, header_fields), window));
        let mut found: BTreeMap<u32, MessageFacts> = BTreeMap::new();
        while let Some((tags, window)) = ahead {
            ahead = windows.next().map(|window| (self.ask_facts(window, header_fields), window));
            let last = window.last();
            // Facts about messages that nobody asked for would fill the memory.
            let early = ahead.as_ref().map_or(&[][..], |(_, window)| window);
            for tag in tags {
                self.collect_facts(&tag, [window, early], &mut found).await?;
            }
            // Facts of the next portion may come early; they wait for the rest of it.
            let early = found.split_off(&last.map_or(u32::MAX, |last| last.saturating_add(1)));
            each(std::mem::replace(&mut found, early).into_values().collect())?;
        }
        Ok(())
    }

    /// Flags and dates of these messages without a look into them, for messages whose headers the server does not
    /// give. Those that it says nothing about are left out.
    pub async fn fetch_bare_facts(&mut self, uids: &[u32]) -> Result<Vec<MessageFacts>, ImapError> {
        let mut found = BTreeMap::new();
        for set in uids.chunks(self.window()).flat_map(uid_sets) {
            let tag = self.submit(&format!("UID FETCH {set} (UID FLAGS INTERNALDATE)"));
            let completion = self
                .finish(&tag, |reply| {
                    if let Reply::Fetch(item) = reply
                        && let Some(uid) = item.uid
                        && item.internal_date.is_some()
                        && uids.binary_search(&uid).is_ok()
                    {
                        let facts = MessageFacts {
                            uid,
                            internal_date: item.internal_date.unwrap_or_default(),
                            flags: item.flags.unwrap_or_default(),
                            ..MessageFacts::default()
                        };
                        found.insert(uid, facts);
                    }
                })
                .await?;
            refused_unless_ok("FETCH", completion)?;
        }
        Ok(found.into_values().collect())
    }

    /// Whether the server still lists this message in the opened folder. Needs a connection without requests under way.
    pub async fn is_listed(&mut self, uid: u32) -> Result<bool, ImapError> {
        let mut is_listed = false;
        let completion = self
            .run("FETCH", &format!("UID FETCH {uid} (UID)"), |reply| {
                is_listed |= matches!(&reply, Reply::Fetch(item) if item.uid == Some(uid));
            })
            .await?;
        refused_unless_ok("FETCH", completion)?;
        Ok(is_listed)
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

    async fn collect_facts(
        &mut self,
        tag: &str,
        asked: [&[u32]; 2],
        found: &mut BTreeMap<u32, MessageFacts>,
    ) -> Result<(), ImapError> {
        let completion = self
            .finish(tag, |reply| {
                if let Reply::Fetch(item) = reply
                    && let Some(facts) = facts_of(*item)
                    && asked.iter().any(|window| window.binary_search(&facts.uid).is_ok())
                {
                    found.insert(facts.uid, facts);
                }
            })
            .await?;
        refused_unless_ok("FETCH", completion)
    }

    /// Asks for whole messages; the answers come from [`Self::next_body`].
    pub fn ask_bodies(&mut self, uids: &[u32]) -> Vec<BodyRequest> {
        self.ask_bodies_within(uids, usize::MAX)
    }

    /// As [`Self::ask_bodies`]; messages of more bytes than these are left out.
    pub fn ask_bodies_within(&mut self, uids: &[u32], bytes: usize) -> Vec<BodyRequest> {
        let is_quiet = self.is_quiet();
        self.bodies.ask(uids, (false, is_quiet));
        uid_sets(uids)
            .into_iter()
            .map(|set| BodyRequest(self.submit_within(&format!("UID FETCH {set} (UID BODY.PEEK[])"), bytes)))
            .collect()
    }

    /// Asks for the first bytes of messages, which is all of those that are shorter; the answers come from
    /// [`Self::next_body`].
    pub fn ask_beginnings(&mut self, uids: &[u32], bytes: u32) -> Vec<BodyRequest> {
        let is_quiet = self.is_quiet();
        self.bodies.ask(uids, (true, is_quiet));
        uid_sets(uids)
            .into_iter()
            .map(|set| BodyRequest(self.submit(&format!("UID FETCH {set} (UID BODY.PEEK[]<0.{bytes}>)"))))
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
                    let (Some(uid), Some(bytes)) = (item.uid, item.body) else { continue };
                    match self.bodies.take(uid, (item.origin, bytes.len()))? {
                        Came::First => return Ok(BodyReply::Message { uid, bytes }),
                        Came::Again => return Ok(BodyReply::Again { uid, bytes }),
                        Came::Unasked => {}
                    }
                }
                _ => {}
            }
        }
    }
}

/// An answer that was cut short (RFC 9738) is an error as well: what it leaves out must not pass for gone.
pub(in crate::imap) fn refused_unless_ok(
    command: &'static str,
    completion: Completion,
) -> Result<(), ImapError> {
    if completion.is_ok() && !completion.has_code("MESSAGELIMIT") {
        Ok(())
    } else {
        Err(ImapError::Refused { command, completion })
    }
}

/// A folder that is being opened and listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListingRequest {
    examine: String,
    fetch: String,
}

/// A folder that is being opened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenRequest(String);

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
    /// One more answer for a message that has come; where it says something else, nobody knows which of them it is.
    Again {
        /// Its UID.
        uid: u32,
        /// What is said to be its bytes.
        bytes: Vec<u8>,
    },
    /// There is no more; messages that did not come are gone.
    End,
}

fn bounded(mut header: Vec<u8>) -> Vec<u8> {
    header.truncate(MAX_HEADER_BYTES);
    header.shrink_to_fit();
    header
}

fn facts_of(item: FetchItem) -> Option<MessageFacts> {
    // An unsolicited FETCH brings flags only.
    let size = item.size?;
    Some(MessageFacts {
        uid: item.uid?,
        size,
        internal_date: item.internal_date.unwrap_or_default(),
        flags: item.flags.unwrap_or_default(),
        header: bounded(item.header.unwrap_or_default()),
    })
}
