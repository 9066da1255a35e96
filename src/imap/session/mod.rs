//! A connection with pending commands: queue, read, time out.

pub(in crate::imap) mod keep_alive;
pub(in crate::imap) mod list_cache;
pub(in crate::imap) mod list_care;
pub(in crate::imap) mod pending;
pub(in crate::imap) mod pending_counts;
pub(in crate::imap) mod pending_lists;
pub(in crate::imap) mod server_kind;
pub(in crate::imap) mod state;
pub(in crate::imap) mod utf8;

use std::collections::{BTreeMap, VecDeque};
use std::io;
use std::net::IpAddr;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, SystemTime};

use tokio::sync::OwnedSemaphorePermit;

use crate::imap::protocol::asked::{AskedBodies, Wish};
use crate::imap::protocol::completion::{LiteralMode, Status};
use crate::imap::protocol::error::ImapError;
use crate::imap::protocol::limits::Timeouts;
use crate::imap::protocol::namespace::Namespace;
use crate::imap::protocol::raw_name;
use crate::imap::protocol::reply::{self, Capabilities, Completion, Reply};
use crate::imap::protocol::tag::Tag;
use crate::imap::session::list_cache::Listed;
use crate::imap::session::list_care::ListCare;
use crate::imap::session::pending::Step;
use crate::imap::session::pending_counts::PendingCounts;
use crate::imap::session::pending_lists::PendingLists;
use crate::imap::session::state::InboxId;
use crate::imap::session::state::PendingSignIn;
use crate::imap::session::state::Qresync;
use crate::imap::session::state::ServerFacts;
use crate::imap::transport::deflate::Compression;
use crate::imap::transport::gate::{Counters, Gate};
use crate::imap::transport::pace::Pace;
use crate::imap::transport::redact::Redactor;
use crate::imap::transport::stream::Wire;
use crate::imap::transport::suspend::SuspendDetector;
use crate::imap::transport::trace::Trace;
use flood::Flood;

/// Replies that may wait while commands are being sent, and their bytes.
const MAX_INBOX: usize = 4_096;
const MAX_INBOX_BYTES: usize = 4 << 20;
/// A command whose end has not come.
#[derive(Debug)]
struct Unanswered {
    wish: Wish,
    /// Bytes that were queued before it.
    queued_before: u64,
}

/// A signed-in connection to an IMAP server.
///
/// # Cancellation
///
/// Commands that were sent stay under way where a future is dropped: their answers come all the same, and are dropped while
/// the next command is waited for. So the connection can be used further on, and what the dropped future was to find out is
/// not known. Each method says whether it is cancellation safe, which means that it can be called again as if nothing had
/// happened. After [`Session::send_append`] alone the connection is of no use.
#[derive(Debug)]
pub struct Session {
    gate: Gate<Wire>,
    inbox: VecDeque<Reply>,
    /// Bytes of the replies that came while commands were being sent, and wait.
    inbox_bytes: usize,
    completed: BTreeMap<Tag, Completion>,
    next_tag: u32,
    /// Tags of commands whose end has not come, and what they ask for.
    unanswered: BTreeMap<Tag, Unanswered>,
    pub(super) timeouts: Timeouts,
    pub(super) capabilities: Capabilities,
    /// How often the server has sent its capabilities.
    pub(super) capabilities_told: u32,
    /// The first personal namespace, once it is known.
    pub(super) namespace: Option<Namespace>,
    pub(super) facts: ServerFacts,
    /// Every address of the server's name when the connection was made.
    pub(super) addresses: Vec<IpAddr>,
    /// The server's id of the inbox, once requested; `Some(None)` if it has none.
    pub(super) inbox_id: InboxId,
    /// Messages in the opened folder, as last reported by the server.
    pub(super) exists: u32,
    /// Messages that went away since it was opened.
    pub(super) expunged: u32,
    /// Messages that one command is answered for, as a cut answer has told.
    pub(super) message_limit: Option<usize>,
    /// How long the line takes there and back, as the connection was made.
    pub(super) round_trip: Duration,
    /// How long the first answer behind the sign-in took.
    pub(super) first_answer: Duration,
    /// Bytes that were ever queued.
    queued_bytes: u64,
    suspend_detector: SuspendDetector,
    pace: Pace,
    flood: Flood,
    /// Messages whose bytes were asked for.
    pub(super) bodies: AskedBodies,
    /// A folder was opened at some time, and may still be.
    pub(super) has_opened: bool,
    /// The folder that is opened for reading only, as it was named.
    pub(super) only_read: Option<String>,
    /// Names and headers go over the line in UTF-8.
    pub(super) has_utf8: bool,
    /// The confirmation of the sign-in, if it is still pending.
    pub(super) unconfirmed: Option<PendingSignIn>,
    /// Lists of the folders that are on their way.
    pub(super) asked_lists: Option<PendingLists>,
    /// Counts of single folders that are on their way.
    pub(super) asked_counts: PendingCounts,
    /// The cached folder lists, with their time.
    pub(super) listed: Option<Listed>,
    /// How carefully folders are counted.
    pub(super) care: ListCare,
    /// The last list of all folders had none.
    pub(super) lists_nothing: bool,
    /// The folder that the server is asked about alone.
    pub(super) asks_about: Option<String>,
    /// Whether the server reports expunged messages (QRESYNC).
    pub(super) qresync: Qresync,
    /// The words of a BYE.
    bye: Option<String>,
    /// The words of an untagged BAD, until no command is pending.
    bad: Option<String>,
    /// What server words must not hold, once somebody has signed in.
    scrub: Option<Redactor>,
    /// It counts as open to its server until this is dropped: the last field, so that the connection is closed by then.
    pub(in crate::imap) permit: Option<OwnedSemaphorePermit>,
}

impl Session {
    pub(super) fn new(gate: Gate<Wire>, timeouts: Timeouts, facts: ServerFacts) -> Self {
        Self {
            gate,
            inbox: VecDeque::new(),
            inbox_bytes: 0,
            completed: BTreeMap::new(),
            next_tag: 0,
            unanswered: BTreeMap::new(),
            timeouts,
            capabilities: Capabilities::default(),
            capabilities_told: 0,
            namespace: None,
            facts,
            addresses: Vec::new(),
            inbox_id: InboxId::default(),
            exists: 0,
            expunged: 0,
            message_limit: None,
            round_trip: Duration::ZERO,
            first_answer: Duration::ZERO,
            queued_bytes: 0,
            suspend_detector: SuspendDetector::new(SystemTime::now),
            pace: Pace::default(),
            flood: Flood::default(),
            bodies: AskedBodies::default(),
            has_opened: false,
            only_read: None,
            has_utf8: false,
            unconfirmed: None,
            asked_lists: None,
            asked_counts: PendingCounts::default(),
            listed: None,
            care: ListCare::default(),
            lists_nothing: false,
            asks_about: None,
            qresync: Qresync::default(),
            bye: None,
            bad: None,
            scrub: None,
            permit: None,
        }
    }

    /// Whether what goes over the line is packed.
    pub fn is_compressed(&self) -> bool {
        self.gate.wire().is_compressed()
    }

    /// Asks to pack everything that follows, where the server offers it and it pays. Nothing may be sent until the
    /// answer was read by [`Self::finish_compress`].
    pub(super) fn submit_compress(&mut self, compression: Compression) -> Option<Tag> {
        let is_offered = self.capabilities.has("COMPRESS=DEFLATE");
        if !is_offered || self.is_compressed() || !compression.is_worthwhile(self.round_trip) {
            return None;
        }
        let tag = self.submit("COMPRESS DEFLATE");
        self.gate.hold_after(tag);
        Some(tag)
    }

    /// Starts compression if the server agrees; otherwise continues without it.
    pub(super) async fn finish_compress(&mut self, tag: Option<Tag>) -> Result<(), ImapError> {
        let Some(tag) = tag else { return Ok(()) };
        let completion = self.finish(tag, |_| {}).await?;
        if completion.is_ok() {
            self.gate.compress();
        } else {
            tracing::debug!(%completion, "continuing without compression");
            self.gate.go_on();
        }
        Ok(())
    }

    /// How long an answer takes, as the beginning of the connection has shown: something near may have taken the
    /// connection for a server far away.
    pub fn answer_time(&self) -> Duration {
        self.round_trip.max(self.first_answer)
    }

    /// What the server can do, as of the last time it said so.
    pub fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    /// `Dovecot, TLS 1.3`.
    pub fn server_words(&self) -> String {
        self.facts.to_string()
    }

    /// Bytes that went over this connection.
    pub fn counters(&self) -> Counters {
        self.gate.counters()
    }

    /// The last lines of the dialogue, without message data and credentials.
    pub fn trace(&mut self) -> &Trace {
        self.gate.trace()
    }

    /// From now on the trace holds nothing of this password.
    pub(super) fn conceal(&mut self, scrub: Redactor) {
        self.gate.trace().conceal(scrub);
    }

    /// Redacts this password in all replies from now on.
    pub(super) fn keep_out(&mut self, scrub: Redactor) {
        self.facts.name = self.facts.name.take().map(|name| scrub.words(&name));
        self.bye = self.bye.take().map(|words| scrub.words(&words));
        self.bad = self.bad.take().map(|words| scrub.words(&words));
        self.scrub = Some(scrub);
    }

    /// Queues a command; the tag names it in its answer. `text` must hold no secret.
    pub(super) fn submit(&mut self, text: &str) -> Tag {
        let tag = self.submit_secret(text, text);
        tracing::trace!(command = %text, %tag, "queued");
        tag
    }

    /// Queues a FETCH whose whole messages are left out where they are longer than this.
    pub(super) fn submit_within(&mut self, text: &str, bytes: usize) -> Tag {
        let tag = self.new_tag_for(text, Wish::of(text).at_most(bytes));
        self.queue(&raw_name::to_bytes(&format!("{tag} {text}\r\n")));
        tag
    }

    /// Queues a command of which only `shown` may be kept in the trace.
    pub(super) fn submit_secret(&mut self, text: &str, shown: &str) -> Tag {
        let tag = self.new_tag(shown);
        self.queue(&raw_name::to_bytes(&format!("{tag} {text}\r\n")));
        tag
    }

    /// A tag for a command that is queued in pieces.
    pub(super) fn new_tag(&mut self, shown: &str) -> Tag {
        self.new_tag_for(shown, Wish::of(shown))
    }

    fn new_tag_for(&mut self, shown: &str, wish: Wish) -> Tag {
        self.next_tag = self.next_tag.wrapping_add(1);
        let tag = Tag::of(self.next_tag);
        self.gate.asked().begin(&wish);
        self.unanswered.insert(tag, Unanswered { wish, queued_before: self.queued_bytes });
        let line = format!("{tag} {shown}");
        self.gate.trace().sent(&line);
        tag
    }

    /// Queues raw bytes.
    pub(super) fn queue(&mut self, bytes: &[u8]) {
        self.queued_bytes = self.queued_bytes.saturating_add(bytes.len() as u64);
        self.gate.queue(bytes);
    }

    /// Queues raw bytes.
    pub(super) fn queue_owned(&mut self, bytes: Vec<u8>) {
        self.queued_bytes = self.queued_bytes.saturating_add(bytes.len() as u64);
        self.gate.queue_owned(bytes);
    }

    /// Commands that were sent up to now.
    pub(super) fn commands_sent(&self) -> u32 {
        self.next_tag
    }

    /// Bytes that wait to be sent.
    pub(super) fn queued(&self) -> usize {
        self.gate.queued()
    }

    pub(super) fn literal_mode(&self) -> LiteralMode {
        self.capabilities.literal_mode()
    }

    fn poll_reply(&mut self, context: &mut Context<'_>) -> Poll<Result<Reply, ImapError>> {
        match self.gate.poll_reply(context) {
            Poll::Ready(Ok(Some(reply))) => Poll::Ready(Ok(self.noted(reply::from_held(reply)))),
            Poll::Ready(Ok(None)) => Poll::Ready(Err(self.ended())),
            Poll::Ready(Err(error)) => Poll::Ready(Err(self.broken(error))),
            Poll::Pending => Poll::Pending,
        }
    }

    fn broken(&self, error: io::Error) -> ImapError {
        match self.gate.verdict() {
            None if error.kind() != io::ErrorKind::UnexpectedEof => ImapError::Broken(error),
            _ => self.ended(),
        }
    }

    fn ended(&self) -> ImapError {
        match self.gate.verdict() {
            Some(what) => ImapError::Hostile(what),
            None => ImapError::Closed(self.bye.clone().or_else(|| self.bad.clone())),
        }
    }

    fn noted(&mut self, reply: Reply) -> Reply {
        let mut reply = match self.in_modified_utf7(reply) {
            // Neither OK nor NO nor BAD: the command was answered, and not understood.
            Reply::Odd(tag, words) if self.unanswered.contains_key(&tag) => {
                Reply::Tagged(tag, Completion { status: Status::Bad, code: None, words })
            }
            other => other,
        };
        if let Some(scrub) = &self.scrub {
            reply = scrub.reply(reply);
        }
        self.asked_counts.note(&reply);
        self.heed_flood(&reply);
        match &reply {
            Reply::Tagged(tag, _) => self.note_answered(*tag),
            Reply::Fetch(_) | Reply::List(_) | Reply::Status(..) | Reply::Search(_) => self.pace.computed(),
            Reply::Exists(count) => self.exists = *count,
            Reply::Expunge => {
                self.exists = self.exists.saturating_sub(1);
                self.expunged = self.expunged.wrapping_add(1);
            }
            // Messages expunged before the folder was opened do not count.
            Reply::Vanished { is_earlier: false, ranges } => {
                let count = ranges.iter().map(|(first, last)| last - first + 1).fold(0, u32::saturating_add);
                self.exists = self.exists.saturating_sub(count);
                self.expunged = self.expunged.wrapping_add(count);
            }
            Reply::Untagged(completion) if completion.status == Status::Bye => {
                self.bye = Some(completion.words.clone());
            }
            Reply::Untagged(completion) if completion.status == Status::Bad => {
                self.bad = Some(completion.to_string());
            }
            Reply::Capability(capabilities) => self.learn(capabilities.clone()),
            _ => {}
        }
        if let Reply::Tagged(_, completion) | Reply::Untagged(completion) = &reply
            && let Some(reply::Code::Capability(capabilities)) = &completion.code
        {
            self.learn(capabilities.clone());
        }
        reply
    }

    /// Only the first answer to a command that was sent counts: others come as often as a server likes.
    fn note_answered(&mut self, tag: Tag) {
        let Some(Unanswered { wish, .. }) = self.unanswered.remove(&tag) else { return };
        self.gate.asked().end(&wish);
        self.gate.command_done();
        self.flood = Flood::default();
        self.pace.start_anew(self.gate.counters());
        if self.unanswered.is_empty() {
            self.bad = None;
        }
    }

    /// Whether no command is pending.
    pub(super) fn is_quiet(&self) -> bool {
        self.unanswered.is_empty()
    }

    fn learn(&mut self, capabilities: Capabilities) {
        self.capabilities = capabilities;
        self.capabilities_told = self.capabilities_told.saturating_add(1);
    }

    /// Whether the connection is still open, without asking the server.
    pub(super) fn is_alive(&mut self) -> bool {
        if self.suspend_detector.look().is_some() {
            return false;
        }
        let mut context = Context::from_waker(Waker::noop());
        loop {
            match self.poll_reply(&mut context) {
                // Something unsolicited came while the connection was idle.
                Poll::Ready(Ok(_)) => {}
                Poll::Ready(Err(_)) => return false,
                Poll::Pending => return self.bye.is_none(),
            }
        }
    }

    /// The next reply. Sends what is queued while it waits. Dropping the future loses nothing.
    pub(super) async fn next(&mut self) -> Result<Reply, ImapError> {
        if let Some(reply) = self.inbox.pop_front() {
            return Ok(self.noted(reply));
        }
        self.inbox_bytes = 0;
        self.wait_for(Self::poll_reply).await
    }

    /// Sends until at most `below` bytes wait. Replies that come meanwhile are kept for [`Self::next`].
    pub(super) async fn drain(&mut self, below: usize) -> Result<(), ImapError> {
        self.wait_for(|session, context| session.poll_drain(context, below)).await
    }

    fn poll_drain(&mut self, context: &mut Context<'_>, below: usize) -> Poll<Result<(), ImapError>> {
        loop {
            let sent = self.gate.poll_send(context);
            let is_broken = matches!(sent, Poll::Ready(Err(_)));
            if !is_broken && self.gate.queued() <= below {
                return Poll::Ready(Ok(()));
            }
            if self.inbox.len() >= MAX_INBOX || self.inbox_bytes >= MAX_INBOX_BYTES {
                return Poll::Ready(Err(ImapError::Hostile("endless replies while a command is being sent")));
            }
            match self.gate.poll_reply(context) {
                Poll::Ready(Ok(Some(reply))) => {
                    self.inbox_bytes += reply.len();
                    self.inbox.push_back(reply::from_held(reply));
                }
                Poll::Ready(Ok(None)) => return Poll::Ready(Err(self.ended())),
                Poll::Ready(Err(error)) => return Poll::Ready(Err(self.broken(error))),
                Poll::Pending => return Poll::Pending,
            }
        }
    }

    /// Reads to the end of the command with this tag and hands every other reply to `each`.
    ///
    /// Not cancellation safe: replies that `each` has heard of do not come again.
    pub(super) async fn finish(
        &mut self,
        tag: Tag,
        mut each: impl FnMut(Reply),
    ) -> Result<Completion, ImapError> {
        loop {
            match self.step(tag).await? {
                Step::Reply(reply) => each(reply),
                Step::End(completion) => return Ok(completion),
            }
        }
    }

    /// The end of a command that was read while waiting for another.
    pub(super) fn take_completed(&mut self, tag: Tag) -> Option<Completion> {
        self.completed.remove(&tag)
    }

    /// Whether the end of a command was read and not taken yet.
    pub(super) fn is_completed(&self, tag: Tag) -> bool {
        self.completed.contains_key(&tag)
    }

    /// Keeps the completion of a command until it is needed.
    pub(super) fn keep_completed(&mut self, tag: Tag, completion: Completion) {
        if self.completed.len() < MAX_INBOX {
            self.completed.insert(tag, completion);
        }
    }

    /// Runs one command to its end; NO and BAD are errors.
    pub(super) async fn run(
        &mut self,
        command: &'static str,
        text: &str,
        each: impl FnMut(Reply),
    ) -> Result<Completion, ImapError> {
        let tag = self.submit(text);
        let completion = self.finish(tag, each).await?;
        if completion.is_ok() { Ok(completion) } else { Err(ImapError::Refused { command, completion }) }
    }

    /// Keeps the connection from being closed for idleness.
    ///
    /// Cancellation safe: an answer that comes later is dropped.
    pub async fn noop(&mut self) -> Result<(), ImapError> {
        self.run("NOOP", "NOOP", |_| {}).await.map(drop)
    }

    /// Says goodbye and does not wait for the answer; the connection is dropped whatever comes.
    ///
    /// Cancellation safe: the connection is closed.
    pub async fn logout(mut self) {
        self.timeouts.reply = self.timeouts.reply.min(Duration::from_secs(2));
        self.end_pour();
        self.submit("LOGOUT");
        let sent = self.drain(0).await;
        tracing::trace!(is_polite = sent.is_ok(), "signed out");
    }
}

mod flood;
mod pouring;
#[cfg(test)]
mod session_tests;
mod waiting;
