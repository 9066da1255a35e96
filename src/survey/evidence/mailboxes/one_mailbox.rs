//! One mailbox, folder by folder: searched by its server or, where that cannot, header by header; sized, and then fetched.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash as _, Hasher as _};
use std::sync::PoisonError;

use tokio::time::Instant;

use super::header::Header;
use super::searches::{FIELDS, MESSAGE_ID, Sought, Wanted, chosen};
use super::{EvidenceMailbox, Found, MailboxBounds, Shared};
use crate::imap::{BodyReply, Detail, Folder, ImapError, MessageFacts, Session, SignInError};
use crate::message::internal_date_secs;
use crate::values::{UnixTime, with_thousands};

/// Messages requested with one command.
const PORTION: usize = 16;
/// Headers that are asked for in one step at a server that does not search.
const STEP: usize = 500;
/// Message-IDs that are remembered.
const MAX_MET: usize = 100_000;
/// Folders whose problems are reported individually.
const MAX_TROUBLES: usize = 3;

/// What is left of one mailbox's limits, and what went wrong in it.
struct Left {
    messages: BTreeMap<Sought, usize>,
    bytes: u64,
    /// The limit on bytes was reached.
    is_full: bool,
    /// Messages too large to be a report.
    too_large: usize,
    /// Kinds of which there were more than are read.
    had_more: BTreeSet<Sought>,
    folder_troubles: Vec<String>,
    /// The server has refused to search.
    searches_not: bool,
    /// Headers that may still be asked for in place of a search.
    headers: usize,
    /// There were more messages than headers are asked for.
    had_more_headers: bool,
}

impl Left {
    fn of(bounds: &MailboxBounds) -> Self {
        let most = |sought| match sought {
            Sought::Notice => bounds.notices,
            Sought::Report => bounds.reports,
            Sought::Own => bounds.received,
            Sought::Test => bounds.tests,
        };
        let sought = [Sought::Notice, Sought::Report, Sought::Own, Sought::Test];
        Self {
            messages: sought.into_iter().map(|sought| (sought, most(sought))).collect(),
            bytes: bounds.bytes,
            is_full: false,
            too_large: 0,
            had_more: BTreeSet::new(),
            folder_troubles: Vec::new(),
            searches_not: false,
            headers: bounds.headers,
            had_more_headers: false,
        }
    }

    fn messages(&mut self, sought: Sought) -> &mut usize {
        self.messages.entry(sought).or_default()
    }

    /// What the owner should know, in sentences.
    fn troubles(self, bounds: &MailboxBounds) -> Vec<String> {
        let more_folders = self.folder_troubles.len().saturating_sub(MAX_TROUBLES);
        let mut troubles: Vec<String> = self.folder_troubles.into_iter().take(MAX_TROUBLES).collect();
        if more_folders > 0 {
            troubles.push(format!("and the same in {more_folders} more"));
        }
        // A few of the domain's own messages are enough, and of tests the newest count.
        let is_told = |sought: &Sought| !matches!(sought, Sought::Own | Sought::Test);
        for sought in self.had_more.into_iter().filter(is_told) {
            troubles.push(format!("it has more {} than are read; the newest were", sought.words()));
        }
        if self.had_more_headers {
            troubles.push(format!(
                "its server does not search, so only {} of the newest messages were looked at",
                with_thousands(bounds.headers as u64)
            ));
        }
        if self.too_large > 0 {
            let megabytes = bounds.message_bytes >> 20;
            troubles.push(format!("{} larger than {megabytes} MB were left alone", self.too_large));
        }
        if self.is_full {
            troubles.push(format!("only the first {} MB were read", bounds.bytes >> 20));
        }
        troubles
    }
}

/// Sends every message that may be evidence, and says what could not be read.
pub(super) async fn look_through(
    index: usize,
    mailbox: &EvidenceMailbox,
    shared: &Shared<'_>,
) -> Vec<String> {
    let Some(access) = &mailbox.access else { return vec!["no password for it is known".to_owned()] };
    let mut left = Left::of(shared.bounds);
    let deadline = Instant::now() + shared.bounds.time;
    let looking = async {
        let mut session = access.open_to_list(Detail::Names).await?;
        let mut looker = Looker { index, address: &mailbox.address, shared, left: &mut left };
        looker.every_folder(&mut session).await?;
        access.leave(session);
        Ok::<(), SignInError>(())
    };
    let outcome = tokio::time::timeout_at(deadline, looking).await;
    let mut troubles = left.troubles(shared.bounds);
    match outcome {
        Ok(Ok(())) => {}
        Ok(Err(error)) => troubles.insert(0, words(&error)),
        Err(_elapsed) => {
            let minutes = shared.bounds.time.as_secs().div_ceil(60);
            troubles.insert(0, format!("it took longer than {minutes} minutes, so the rest was not read"));
        }
    }
    troubles
}

/// An error with what caused it.
fn words(error: &dyn std::error::Error) -> String {
    let mut words = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let more = error.to_string();
        if !words.contains(&more) {
            words = format!("{words}: {more}");
        }
        cause = error.source();
    }
    words
}

/// A message that is looked for, at a server that does not search.
struct Seen {
    facts: MessageFacts,
    /// As what; not empty.
    sought: Vec<Sought>,
}

impl Seen {
    fn of(facts: MessageFacts, wanted: &Wanted) -> Option<Self> {
        let header = Header::read(&facts.header);
        let sought: Vec<Sought> =
            wanted.sought().iter().copied().filter(|sought| wanted.fits(*sought, &header)).collect();
        (!sought.is_empty()).then_some(Self { facts, sought })
    }

    fn fits(&self, sought: Sought) -> bool {
        self.sought.contains(&sought)
    }
}

/// The newest of those that are looked for as this, at most so many, ascending.
fn newest(seen: &[Seen], sought: Sought, most: usize) -> Vec<MessageFacts> {
    let fitting = seen.iter().rev().filter(|seen| seen.fits(sought));
    let mut newest: Vec<MessageFacts> = fitting.take(most).map(|seen| seen.facts.clone()).collect();
    newest.reverse();
    newest
}

/// Facts about these messages, ascending.
async fn facts_of(
    session: &mut Session,
    uids: &[u32],
    fields: &[&str],
) -> Result<Vec<MessageFacts>, ImapError> {
    let mut facts = Vec::new();
    session
        .fetch_facts(uids, fields, |portion| {
            facts.extend(portion);
            Ok::<(), ImapError>(())
        })
        .await?;
    Ok(facts)
}

struct Looker<'a, 'b> {
    index: usize,
    address: &'a str,
    shared: &'a Shared<'b>,
    left: &'a mut Left,
}

impl Looker<'_, '_> {
    async fn every_folder(&mut self, session: &mut Session) -> Result<(), ImapError> {
        let namespace = session.namespace().await?;
        let folders = session.list_folder_names().await?;
        for folder in chosen(folders, &namespace, self.shared.bounds.folders) {
            self.shared.tell(format!("{}, {}", self.address, folder.name));
            match self.folder(session, &folder).await {
                Ok(()) => {}
                Err(error) => {
                    let trouble = error.folder_trouble();
                    let Some(_of_the_folder_alone) = trouble else { return Err(error) };
                    self.left.folder_troubles.push(format!("in {} {error}", folder.name));
                }
            }
        }
        Ok(())
    }

    async fn folder(&mut self, session: &mut Session, folder: &Folder) -> Result<(), ImapError> {
        if session.examine(&folder.raw).await?.exists == 0 {
            return Ok(());
        }
        let mut taken = BTreeSet::new();
        let mut looked_at = None;
        for sought in self.shared.wanted.sought().iter().copied() {
            let room = *self.left.messages(sought);
            if room == 0 || self.left.is_full {
                continue;
            }
            let most = room.saturating_add(1);
            let mut found = if let Some(facts) = self.searched(session, sought, most).await? {
                facts
            } else {
                let seen = match looked_at.take() {
                    Some(seen) => seen,
                    None => self.headers(session).await?,
                };
                newest(looked_at.insert(seen), sought, most)
            };
            if found.len() > room {
                found.remove(0);
                self.left.had_more.insert(sought);
            }
            found.retain(|facts| taken.insert(facts.uid));
            let picked = self.picked(found);
            let used = self.fetch(session, folder, sought, &picked).await?;
            let room = self.left.messages(sought);
            *room = room.saturating_sub(used);
        }
        Ok(())
    }

    /// The newest that the server's search finds, ascending; `None` where it does not search.
    async fn searched(
        &mut self,
        session: &mut Session,
        sought: Sought,
        most: usize,
    ) -> Result<Option<Vec<MessageFacts>>, ImapError> {
        if self.left.searches_not {
            return Ok(None);
        }
        let uids: Vec<u32> = match session.newest_found(&self.shared.wanted.keys(sought), most).await {
            Ok(uids) => uids,
            Err(error) if error.refusal().is_some() => {
                // Some servers know no search at all, or not with these keys (NO or BAD).
                tracing::debug!(%error, "headers are looked at in place of a search");
                self.left.searches_not = true;
                return Ok(None);
            }
            Err(error) => return Err(error),
        };
        facts_of(session, &uids, &[MESSAGE_ID]).await.map(Some)
    }

    /// What is looked for by its header, among the newest messages of a folder, ascending: step by step, until the messages
    /// are too old or the bound is reached.
    async fn headers(&mut self, session: &mut Session) -> Result<Vec<Seen>, ImapError> {
        let uids: Vec<u32> = session.fetch_uids(1).await?;
        let mut seen = Vec::new();
        for whole in uids.rchunks(STEP) {
            let step = whole.get(whole.len().saturating_sub(self.left.headers)..).unwrap_or_default();
            self.left.had_more_headers |= step.len() < whole.len();
            if step.is_empty() {
                break;
            }
            self.left.headers -= step.len();
            let facts = facts_of(session, step, &FIELDS).await?;
            let arrived = |facts: &MessageFacts| internal_date_secs(&facts.internal_date);
            let is_old = |facts: &MessageFacts| {
                arrived(facts).is_some_and(|arrived| self.shared.wanted.is_too_old(arrived))
            };
            // Messages that were moved here are not in the order of their dates, so one old one says nothing.
            let is_end = !facts.is_empty() && facts.iter().all(is_old);
            let new = facts.into_iter().filter(|facts| !is_old(facts));
            seen.extend(new.rev().filter_map(|facts| Seen::of(facts, &self.shared.wanted)));
            if is_end {
                break;
            }
        }
        seen.reverse();
        Ok(seen)
    }

    /// Those that fit and were not met before, the newest first.
    fn picked(&mut self, facts: Vec<MessageFacts>) -> Vec<MessageFacts> {
        let mut bytes = self.left.bytes;
        let mut picked = Vec::new();
        for facts in facts.into_iter().rev() {
            if facts.size > self.shared.bounds.message_bytes {
                self.left.too_large += 1;
            } else if facts.size > bytes {
                self.left.is_full = true;
                break;
            } else if self.is_new(&facts.header) {
                bytes -= facts.size;
                picked.push(facts);
            }
        }
        picked
    }

    /// Whether this Message-ID is new; a message without one always is.
    fn is_new(&self, header: &[u8]) -> bool {
        let header = Header::read(header);
        let Some(id) = header.first(MESSAGE_ID) else { return true };
        let mut hasher = DefaultHasher::new();
        id.hash(&mut hasher);
        let mut met = self.shared.met.lock().unwrap_or_else(PoisonError::into_inner);
        met.len() >= MAX_MET || met.insert(hasher.finish())
    }

    /// Fetches them and sends them to the reader; returns how many arrived.
    async fn fetch(
        &mut self,
        session: &mut Session,
        folder: &Folder,
        sought: Sought,
        picked: &[MessageFacts],
    ) -> Result<usize, ImapError> {
        let most = usize::try_from(self.shared.bounds.message_bytes).unwrap_or(usize::MAX);
        let mut came = 0;
        for portion in picked.chunks(PORTION) {
            if self.left.bytes == 0 {
                // The server reported sizes that were too small.
                self.left.is_full = true;
                break;
            }
            let mut uids: Vec<u32> = portion.iter().map(|facts| facts.uid).collect();
            uids.sort_unstable();
            for mut request in session.ask_bodies_within(&uids, most) {
                loop {
                    let (uid, raw) = match session.next_body(&mut request).await? {
                        BodyReply::Message { uid, bytes } => (uid, bytes),
                        BodyReply::Again { .. } => continue,
                        BodyReply::End => break,
                    };
                    came += 1;
                    self.left.bytes = self.left.bytes.saturating_sub(raw.len() as u64);
                    let date = portion.iter().find(|facts| facts.uid == uid);
                    let at = date.and_then(|facts| internal_date_secs(&facts.internal_date));
                    let found = Found {
                        mailbox: self.index,
                        sought,
                        place: format!("{}, {}, message {uid}", self.address, folder.name),
                        at: at.map_or(self.shared.now, UnixTime),
                        raw,
                    };
                    if self.shared.found.send(found).await.is_err() {
                        // The reader has ended and reports the reason itself.
                        return Ok(came);
                    }
                }
            }
        }
        Ok(came)
    }
}
