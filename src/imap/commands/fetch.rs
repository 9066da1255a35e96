//! Reading: facts about messages, and their bytes.

use std::collections::BTreeMap;
use std::marker::PhantomData;

use crate::imap::commands::paging::WINDOW;
use crate::imap::commands::select::{OpenFor, Opening};
use crate::imap::protocol::asked::Came;
use crate::imap::protocol::error::ImapError;
use crate::imap::protocol::reply::{FetchItem, Reply};
use crate::imap::protocol::tag::Tag;
use crate::imap::protocol::uid_set::uid_sets;
use crate::imap::session::Session;
use crate::imap::session::pending::{BehindOpening, Pending, Rows, Step, refused_unless_whole};
use crate::values::Uid;

/// Facts about one message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MessageFacts<U = u32> {
    /// UID.
    pub uid: U,
    /// RFC822.SIZE, in bytes; some servers lie.
    pub size: u64,
    /// INTERNALDATE as the server wrote it.
    pub internal_date: String,
    /// Flags and keywords as the server wrote them.
    pub flags: Vec<String>,
    /// The header fields that identify the message.
    pub header: Vec<u8>,
}

/// Bytes kept of the header fields of one message; what identifies it stands in the first of them.
const MAX_HEADER_BYTES: usize = 16 << 10;

impl Session {
    /// Whether a whole folder can be listed with one command: no limit on messages per command (RFC 9738) is told.
    pub fn can_list_at_once(&self) -> bool {
        !self.capabilities.names().any(|name| name.starts_with("MESSAGELIMIT"))
    }

    /// Opens a folder for reading and asks for the facts about its messages from UID `first` on, without waiting in
    /// between. The last message comes along where its UID is below `first`.
    ///
    /// # Errors
    ///
    /// [`ImapError::BadName`] where its name cannot be sent.
    pub fn ask_listing<U: Uid>(
        &mut self,
        raw: &str,
        first: U,
        header_fields: &[&str],
    ) -> Result<FactsBehindOpening<U>, ImapError> {
        self.ask_behind_opening(OpenFor::Reading, raw, &listing_from(first, header_fields))
    }

    /// As [`Self::ask_listing`], but opens the folder for writing, which tells the flags that it keeps.
    ///
    /// # Errors
    ///
    /// [`ImapError::BadName`] where its name cannot be sent.
    pub fn ask_writable_listing<U: Uid>(
        &mut self,
        raw: &str,
        first: U,
        header_fields: &[&str],
    ) -> Result<FactsBehindOpening<U>, ImapError> {
        self.ask_behind_opening(OpenFor::Writing, raw, &listing_from(first, header_fields))
    }

    /// Opens a folder for reading and asks for the facts about the messages with these sequence numbers, without waiting
    /// in between.
    ///
    /// # Errors
    ///
    /// [`ImapError::BadName`] where its name cannot be sent.
    pub fn ask_sample<U: Uid>(
        &mut self,
        raw: &str,
        numbers: &[u32],
        header_fields: &[&str],
    ) -> Result<FactsBehindOpening<U>, ImapError> {
        let (numbers, fields) = (uid_sets(numbers).join(","), header_fields.join(" "));
        let items = format!("UID INTERNALDATE RFC822.SIZE BODY.PEEK[HEADER.FIELDS ({fields})]");
        self.ask_behind_opening(OpenFor::Reading, raw, &format!("FETCH {numbers} ({items})"))
    }

    fn ask_behind_opening<U: Uid>(
        &mut self,
        purpose: OpenFor,
        raw: &str,
        fetch: &str,
    ) -> Result<FactsBehindOpening<U>, ImapError> {
        let opening = self.submit_open(purpose, raw)?;
        let facts =
            Rows::new(WINDOW, |item| facts_of(item).map(|facts: MessageFacts<U>| (facts.uid.into(), facts)));
        Ok(BehindOpening { opening, then: Pending::new([self.submit(fetch)], facts) })
    }

    /// Facts about these messages, ascending, handed over in portions so that memory stays bounded.
    /// Messages that are gone are left out.
    ///
    /// Not cancellation safe: replies to pending commands would stay unread.
    ///
    /// # Errors
    ///
    /// [`ImapError::Refused`] where a command is refused or its answer cut short, and what `each` returns.
    pub async fn fetch_facts<U: Uid, E: From<ImapError>>(
        &mut self,
        uids: &[U],
        header_fields: &[&str],
        mut each: impl FnMut(Vec<MessageFacts<U>>) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut windows = uids.chunks(self.window());
        // One portion ahead: the server reads the next while we store this one.
        let mut ahead = windows.next().map(|window| (self.ask_facts(window, header_fields), window));
        let mut found: BTreeMap<U, MessageFacts<U>> = BTreeMap::new();
        while let Some((tags, window)) = ahead {
            ahead = windows.next().map(|window| (self.ask_facts(window, header_fields), window));
            let last = window.last();
            // Facts about unrequested messages would fill the memory.
            let early = ahead.as_ref().map_or(&[][..], |(_, window)| window);
            for tag in tags {
                self.collect_facts(tag, [window, early], &mut found).await?;
            }
            // Facts of the next portion may come early; they wait for the rest of it.
            let early = found.split_off(&last.map_or(U::last(), |last| last.next()));
            each(std::mem::replace(&mut found, early).into_values().collect())?;
        }
        Ok(())
    }

    /// Flags and dates of these messages without a look into them, for messages whose headers the server does not
    /// give. Those that it says nothing about are left out.
    ///
    /// Not cancellation safe: replies to pending commands would stay unread.
    ///
    /// # Errors
    ///
    /// [`ImapError::Refused`] where a command is refused or its answer cut short.
    pub async fn fetch_bare_facts<U: Uid>(&mut self, uids: &[U]) -> Result<Vec<MessageFacts<U>>, ImapError> {
        let mut found = BTreeMap::new();
        for set in uids.chunks(self.window()).flat_map(uid_sets) {
            let tag = self.submit(&format!("UID FETCH {set} (UID FLAGS INTERNALDATE)"));
            let completion = self
                .finish(tag, |reply| {
                    if let Reply::Fetch(item) = reply
                        && let Some(uid) = item.uid.map(U::from)
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
            refused_unless_whole("FETCH", completion)?;
        }
        Ok(found.into_values().collect())
    }

    /// Whether the server still lists this message in the opened folder. Needs a connection without pending requests.
    ///
    /// Not cancellation safe.
    ///
    /// # Errors
    ///
    /// [`ImapError::Refused`] where the server does not say.
    pub async fn is_listed(&mut self, uid: impl Uid) -> Result<bool, ImapError> {
        let mut is_listed = false;
        let completion = self
            .run("FETCH", &format!("UID FETCH {uid} (UID)"), |reply| {
                is_listed |= matches!(&reply, Reply::Fetch(item) if item.uid == Some(uid.into()));
            })
            .await?;
        refused_unless_whole("FETCH", completion)?;
        Ok(is_listed)
    }

    fn ask_facts<U: Uid>(&mut self, window: &[U], header_fields: &[&str]) -> Vec<Tag> {
        let items = fact_items(header_fields);
        uid_sets(window).into_iter().map(|set| self.submit(&format!("UID FETCH {set} ({items})"))).collect()
    }

    async fn collect_facts<U: Uid>(
        &mut self,
        tag: Tag,
        asked: [&[U]; 2],
        found: &mut BTreeMap<U, MessageFacts<U>>,
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
        refused_unless_whole("FETCH", completion)
    }

    /// Asks for whole messages; the answers come from [`Self::next_body`].
    pub fn ask_bodies<U: Uid>(&mut self, uids: &[U]) -> Vec<Pending<Bodies<U>>> {
        self.ask_bodies_within(uids, usize::MAX)
    }

    /// As [`Self::ask_bodies`]; messages of more bytes than these are left out.
    pub fn ask_bodies_within<U: Uid>(&mut self, uids: &[U], bytes: usize) -> Vec<Pending<Bodies<U>>> {
        let is_quiet = self.is_quiet();
        self.bodies.ask(uids, (false, is_quiet));
        uid_sets(uids)
            .into_iter()
            .map(|set| self.submit_within(&format!("UID FETCH {set} (UID BODY.PEEK[])"), bytes))
            .map(|tag| Pending::new([tag], Bodies::new()))
            .collect()
    }

    /// Asks for the first bytes of messages, which is all of those that are shorter; the answers come from
    /// [`Self::next_body`].
    pub fn ask_beginnings<U: Uid>(&mut self, uids: &[U], bytes: u32) -> Vec<Pending<Bodies<U>>> {
        let is_quiet = self.is_quiet();
        self.bodies.ask(uids, (true, is_quiet));
        uid_sets(uids)
            .into_iter()
            .map(|set| self.submit(&format!("UID FETCH {set} (UID BODY.PEEK[]<0.{bytes}>)")))
            .map(|tag| Pending::new([tag], Bodies::new()))
            .collect()
    }

    /// The next message of a request, or the request's end, after which there is nothing more to ask it for.
    ///
    /// Cancellation safe: dropping the future loses nothing.
    ///
    /// # Errors
    ///
    /// [`ImapError::Refused`] at its end, where the request was refused or its answer cut short;
    /// [`ImapError::Hostile`] if the server sends endless unrequested bytes.
    pub async fn next_body<U: Uid>(
        &mut self,
        request: &mut Pending<Bodies<U>>,
    ) -> Result<BodyReply<U>, ImapError> {
        while let Some(tag) = request.tag() {
            let item = match self.step(tag).await? {
                Step::End(completion) => {
                    request.has_ended();
                    return refused_unless_whole("FETCH", completion).map(|()| BodyReply::End);
                }
                Step::Reply(Reply::Fetch(item)) => item,
                Step::Reply(_) => continue,
            };
            let (Some(uid), Some(bytes)) = (item.uid, item.body) else { continue };
            match self.bodies.take(uid, (item.origin, bytes.len()))? {
                Came::First => return Ok(BodyReply::Message { uid: uid.into(), bytes }),
                Came::Again => return Ok(BodyReply::Again { uid: uid.into(), bytes }),
                Came::Unasked => {}
            }
        }
        Ok(BodyReply::End)
    }
}

/// Facts about messages, asked for behind the opening of their folder.
pub type FactsBehindOpening<U = u32> = BehindOpening<Opening, Rows<MessageFacts<U>>>;

/// Whole messages, or the first bytes of each, which are returned one at a time: [`Session::next_body`].
#[derive(Debug)]
pub struct Bodies<U>(PhantomData<U>);

impl<U> Bodies<U> {
    const fn new() -> Self {
        Self(PhantomData)
    }
}

/// The outcome of a request for whole messages.
#[derive(Debug, PartialEq, Eq)]
pub enum BodyReply<U = u32> {
    /// A message.
    Message {
        /// Its UID.
        uid: U,
        /// Its bytes.
        bytes: Vec<u8>,
    },
    /// A second answer for a message already received. If it differs, it is unclear which one is right.
    Again {
        /// Its UID.
        uid: U,
        /// What is said to be its bytes.
        bytes: Vec<u8>,
    },
    /// There is no more; messages that did not come are gone.
    End,
}

/// What is asked about each message.
fn fact_items(header_fields: &[&str]) -> String {
    let fields = header_fields.join(" ");
    format!("UID FLAGS INTERNALDATE RFC822.SIZE BODY.PEEK[HEADER.FIELDS ({fields})]")
}

fn listing_from(first: impl Uid, header_fields: &[&str]) -> String {
    format!("UID FETCH {first}:* ({})", fact_items(header_fields))
}

fn bounded(mut header: Vec<u8>) -> Vec<u8> {
    header.truncate(MAX_HEADER_BYTES);
    header.shrink_to_fit();
    header
}

fn facts_of<U: Uid>(item: FetchItem) -> Option<MessageFacts<U>> {
    // An unsolicited FETCH brings flags only.
    let size = item.size?;
    Some(MessageFacts {
        uid: item.uid?.into(),
        size,
        internal_date: item.internal_date.unwrap_or_default(),
        flags: item.flags.unwrap_or_default(),
        header: bounded(item.header.unwrap_or_default()),
    })
}
