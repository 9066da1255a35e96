//! A connection with commands under way: queue, read, time out.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::future::poll_fn;
use std::io;
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use std::time::{Duration, SystemTime};

use super::awake::Awake;
use super::beside::Unconfirmed;
use super::completion::{LiteralMode, Status};
use super::connect::ServerFacts;
use super::deflate::Compression;
use super::error::ImapError;
use super::folders::AskedLists;
use super::gate::{Counters, Gate};
use super::limits::Timeouts;
use super::listed::Listed;
use super::namespace::Namespace;
use super::qresync::Qresync;
use super::reply::{self, Capabilities, Completion, Reply};
use super::scrub::Scrub;
use super::trace::Trace;
use super::wire::Wire;

/// Progress within one timeout that counts as alive; less is a server that drips to hold us.
const ALIVE_BYTES: u64 = 256;
/// Replies that may wait while commands are being sent, and their bytes.
const MAX_INBOX: usize = 4_096;
const MAX_INBOX_BYTES: usize = 4 << 20;
/// A look at the clocks while a reply is waited for.
const LOOK_EVERY: Duration = Duration::from_secs(5);
/// Slowest server that is waited for while it stores what it was sent, in bytes per second.
const SLOWEST_STORE: u64 = 64 * 1024;

/// How long a reply is waited for.
struct Patience {
    limit: Duration,
    waited: Duration,
    /// What had gone over the line when the waiting began.
    before: Counters,
}

impl Patience {
    /// When to look at the clocks next.
    fn look_after(&self) -> Duration {
        LOOK_EVERY.min(self.limit.saturating_sub(self.waited))
    }
}

/// A signed-in connection to an IMAP server.
#[derive(Debug)]
pub struct Session {
    client: async_imap::Client<Gate<Wire>>,
    inbox: VecDeque<Reply>,
    /// Bytes of the replies that came while commands were being sent, and wait.
    inbox_bytes: usize,
    completed: BTreeMap<String, Completion>,
    next_tag: u32,
    /// Tags of commands whose end has not come.
    unanswered: BTreeSet<String>,
    pub(super) timeouts: Timeouts,
    pub(super) capabilities: Capabilities,
    /// How often the server has told what it can do.
    pub(super) capabilities_told: u32,
    /// The first personal namespace, once it is known.
    pub(super) namespace: Option<Namespace>,
    pub(super) facts: ServerFacts,
    /// Messages in the opened folder, as far as the server has told.
    pub(super) exists: u32,
    /// Messages that went away since it was opened.
    pub(super) expunged: u32,
    /// Messages that one command is answered for, as a cut answer has told.
    pub(super) message_limit: Option<usize>,
    /// How long the line takes there and back, as the connection was made.
    pub(super) round_trip: Duration,
    /// How long the first answer behind the sign-in took.
    pub(super) first_answer: Duration,
    /// Bytes sent since the last command was answered: storing them takes its time.
    unanswered_bytes: u64,
    awake: Awake,
    /// A folder was opened at some time, and may still be.
    pub(super) has_opened: bool,
    /// Names and headers go over the line in UTF-8.
    pub(super) has_utf8: bool,
    /// The proof of the sign-in, where nobody has waited for it.
    pub(super) unconfirmed: Option<Unconfirmed>,
    /// Lists of the folders that are on their way.
    pub(super) asked_lists: Option<AskedLists>,
    /// What was told of the folders, and when.
    pub(super) listed: Option<Listed>,
    /// Whether the server tells which messages went away.
    pub(super) qresync: Qresync,
    /// The words of a BYE.
    bye: Option<String>,
    /// What server words must not hold, once somebody has signed in.
    scrub: Option<Scrub>,
}

impl Session {
    pub(super) fn new(gate: Gate<Wire>, timeouts: Timeouts, facts: ServerFacts) -> Self {
        Self {
            client: async_imap::Client::new(gate),
            inbox: VecDeque::new(),
            inbox_bytes: 0,
            completed: BTreeMap::new(),
            next_tag: 0,
            unanswered: BTreeSet::new(),
            timeouts,
            capabilities: Capabilities::default(),
            capabilities_told: 0,
            namespace: None,
            facts,
            exists: 0,
            expunged: 0,
            message_limit: None,
            round_trip: Duration::ZERO,
            first_answer: Duration::ZERO,
            unanswered_bytes: 0,
            awake: Awake::new(SystemTime::now),
            has_opened: false,
            has_utf8: false,
            unconfirmed: None,
            asked_lists: None,
            listed: None,
            qresync: Qresync::default(),
            bye: None,
            scrub: None,
        }
    }

    /// Whether what goes over the line is packed.
    pub fn is_compressed(&self) -> bool {
        self.client.get_ref().wire().is_compressed()
    }

    /// Asks to pack everything that follows, where the server offers it and it pays. Nothing may be sent until the
    /// answer was read by [`Self::finish_compress`].
    pub(super) fn submit_compress(&mut self, compression: Compression) -> Option<String> {
        let is_offered = self.capabilities.has("COMPRESS=DEFLATE");
        if !is_offered || self.is_compressed() || !compression.is_worthwhile(self.round_trip) {
            return None;
        }
        let tag = self.submit("COMPRESS DEFLATE");
        self.client.get_mut().hold_after(&tag);
        Some(tag)
    }

    /// Begins to pack where the server agrees; goes on without where it does not.
    pub(super) async fn finish_compress(&mut self, tag: Option<String>) -> Result<(), ImapError> {
        let Some(tag) = tag else { return Ok(()) };
        let completion = self.finish(&tag, |_| {}).await?;
        if completion.is_ok() {
            self.client.get_mut().compress();
        } else {
            tracing::debug!(%completion, "going on without compression");
            self.client.get_mut().go_on();
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
        self.client.get_ref().counters()
    }

    /// The last lines of the dialogue, without message data and credentials.
    pub fn trace(&mut self) -> &Trace {
        self.client.get_mut().trace()
    }

    /// From now on the trace holds nothing of this password.
    pub(super) fn conceal(&mut self, scrub: Scrub) {
        self.client.get_mut().trace().conceal(scrub);
    }

    /// From now on no reply that is handed out holds this password in its words.
    pub(super) fn keep_out(&mut self, scrub: Scrub) {
        self.facts.name = self.facts.name.take().map(|name| scrub.words(&name));
        self.bye = self.bye.take().map(|words| scrub.words(&words));
        self.scrub = Some(scrub);
    }

    /// Queues a command; the tag names it in its answer. `text` must hold no secret.
    pub(super) fn submit(&mut self, text: &str) -> String {
        let tag = self.submit_secret(text, text);
        tracing::trace!(command = %text, %tag, "queued");
        tag
    }

    /// Queues a command of which only `shown` may be kept in the trace.
    pub(super) fn submit_secret(&mut self, text: &str, shown: &str) -> String {
        let tag = self.new_tag(shown);
        self.queue(format!("{tag} {text}\r\n").as_bytes());
        tag
    }

    /// A tag for a command that is queued in pieces.
    pub(super) fn new_tag(&mut self, shown: &str) -> String {
        self.next_tag = self.next_tag.wrapping_add(1);
        let tag = format!("F{}", self.next_tag);
        self.unanswered.insert(tag.clone());
        let line = format!("{tag} {shown}");
        self.client.get_mut().trace().sent(&line);
        tag
    }

    /// Queues raw bytes.
    pub(super) fn queue(&mut self, bytes: &[u8]) {
        self.unanswered_bytes = self.unanswered_bytes.saturating_add(bytes.len() as u64);
        self.client.get_mut().queue(bytes);
    }

    /// Commands that were sent up to now.
    pub(super) fn commands_sent(&self) -> u32 {
        self.next_tag
    }

    /// Bytes that wait to be sent.
    pub(super) fn queued(&self) -> usize {
        self.client.get_ref().queued()
    }

    pub(super) fn literal_mode(&self) -> LiteralMode {
        self.capabilities.literal_mode()
    }

    fn poll_reply(&mut self, context: &mut Context<'_>) -> Poll<Result<Reply, ImapError>> {
        // The parser keeps its state in the connection, so a fresh future goes on where the last one stopped.
        let polled = pin!(self.client.read_response()).poll(context);
        let gate = self.client.get_mut();
        while let Some(aside) = gate.take_aside() {
            self.inbox.push_back(reply::from_held(aside));
        }
        match polled {
            Poll::Ready(Ok(Some(response))) => self.inbox.push_back(reply::from_parsed(response.parsed())),
            Poll::Ready(Ok(None)) if self.inbox.is_empty() => return Poll::Ready(Err(self.ended())),
            Poll::Ready(Err(error)) if self.inbox.is_empty() => return Poll::Ready(Err(self.broken(error))),
            _ => {}
        }
        match self.inbox.pop_front() {
            Some(reply) => Poll::Ready(Ok(self.noted(reply))),
            None => Poll::Pending,
        }
    }

    fn broken(&self, error: io::Error) -> ImapError {
        match self.client.get_ref().verdict() {
            None if error.kind() != io::ErrorKind::UnexpectedEof => ImapError::Broken(error),
            _ => self.ended(),
        }
    }

    fn ended(&self) -> ImapError {
        match self.client.get_ref().verdict() {
            Some(what) => ImapError::Hostile(what),
            None => ImapError::Closed(self.bye.clone()),
        }
    }

    fn noted(&mut self, reply: Reply) -> Reply {
        let mut reply = self.in_modified_utf7(reply);
        if let Some(scrub) = &self.scrub {
            reply = scrub.reply(reply);
        }
        match &reply {
            // Only the first answer to a command that was sent: others come as often as a server likes.
            Reply::Tagged(tag, _) if self.unanswered.remove(tag) => {
                self.unanswered_bytes = 0;
                self.client.get_mut().command_done();
            }
            Reply::Exists(count) => self.exists = *count,
            Reply::Expunge => {
                self.exists = self.exists.saturating_sub(1);
                self.expunged = self.expunged.wrapping_add(1);
            }
            // What went away before the folder was opened is not counted there any more.
            Reply::Vanished { is_earlier: false, ranges } => {
                let count = ranges.iter().map(|(first, last)| last - first + 1).fold(0, u32::saturating_add);
                self.exists = self.exists.saturating_sub(count);
                self.expunged = self.expunged.wrapping_add(count);
            }
            Reply::Untagged(completion) if completion.status == Status::Bye => {
                self.bye = Some(completion.words.clone());
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

    fn learn(&mut self, capabilities: Capabilities) {
        self.capabilities = capabilities;
        self.capabilities_told = self.capabilities_told.saturating_add(1);
    }

    /// Whether the connection still stands, as far as can be told without asking the server.
    pub(super) fn is_alive(&mut self) -> bool {
        if self.awake.look().is_some() {
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
        let mut patience = self.patience()?;
        loop {
            let waited =
                tokio::time::timeout(patience.look_after(), poll_fn(|context| self.poll_reply(context)));
            if let Ok(reply) = waited.await {
                return reply;
            }
            self.check_alive(&mut patience)?;
        }
    }

    /// How long to wait from now on; an error where the computer has slept, which no connection survives.
    fn patience(&mut self) -> Result<Patience, ImapError> {
        self.check_awake()?;
        // What was sent has to be stored before it is answered.
        let storing = Duration::from_secs(self.unanswered_bytes / SLOWEST_STORE);
        Ok(Patience { limit: self.timeouts.reply + storing, waited: Duration::ZERO, before: self.counters() })
    }

    fn check_awake(&mut self) -> Result<(), ImapError> {
        match self.awake.look() {
            Some(slept) => Err(ImapError::Slept { seconds: slept.as_secs() }),
            None => Ok(()),
        }
    }

    fn check_alive(&mut self, patience: &mut Patience) -> Result<(), ImapError> {
        self.check_awake()?;
        patience.waited += patience.look_after();
        if patience.waited < patience.limit {
            return Ok(());
        }
        let now = self.counters();
        let moved = (now.received - patience.before.received) + (now.sent - patience.before.sent);
        if moved < ALIVE_BYTES {
            return Err(ImapError::Silent { seconds: patience.limit.as_secs() });
        }
        *patience = self.patience()?;
        Ok(())
    }

    /// Sends until at most `below` bytes wait. Replies that come meanwhile are kept for [`Self::next`].
    pub(super) async fn drain(&mut self, below: usize) -> Result<(), ImapError> {
        let mut patience = self.patience()?;
        loop {
            let drained = poll_fn(|context| self.poll_drain(context, below));
            if let Ok(outcome) = tokio::time::timeout(patience.look_after(), drained).await {
                return outcome;
            }
            self.check_alive(&mut patience)?;
        }
    }

    fn poll_drain(&mut self, context: &mut Context<'_>, below: usize) -> Poll<Result<(), ImapError>> {
        loop {
            if let Poll::Ready(Err(error)) = self.client.get_mut().poll_send(context) {
                return Poll::Ready(Err(self.broken(error)));
            }
            if self.client.get_ref().queued() <= below {
                return Poll::Ready(Ok(()));
            }
            if self.inbox.len() >= MAX_INBOX || self.inbox_bytes >= MAX_INBOX_BYTES {
                return Poll::Ready(Err(ImapError::Hostile("replies without end while a command is sent")));
            }
            let waiting = self.inbox.len();
            let polled = pin!(self.client.read_response()).poll(context);
            while let Some(aside) = self.client.get_mut().take_aside() {
                self.inbox_bytes += aside.len();
                self.inbox.push_back(reply::from_held(aside));
            }
            match polled {
                Poll::Ready(Ok(Some(response))) => {
                    self.inbox.push_back(reply::from_parsed(response.parsed()));
                }
                Poll::Ready(Ok(None)) => return Poll::Ready(Err(self.ended())),
                Poll::Ready(Err(error)) => return Poll::Ready(Err(self.broken(error))),
                Poll::Pending if self.inbox.len() == waiting => return Poll::Pending,
                Poll::Pending => {}
            }
        }
    }

    /// Reads to the end of the command with this tag and hands every other reply to `each`.
    pub(super) async fn finish(
        &mut self,
        tag: &str,
        mut each: impl FnMut(Reply),
    ) -> Result<Completion, ImapError> {
        loop {
            if let Some(completion) = self.take_completed(tag) {
                return Ok(completion);
            }
            match self.next().await? {
                Reply::Tagged(answered, completion) => self.keep_completed(answered, completion),
                reply => {
                    if let Some(asked) = &mut self.asked_lists {
                        asked.take(&reply);
                    }
                    each(reply);
                }
            }
        }
    }

    /// The end of a command that was read while waiting for another.
    pub(super) fn take_completed(&mut self, tag: &str) -> Option<Completion> {
        self.completed.remove(tag)
    }

    /// Whether the end of a command was read and not taken yet.
    pub(super) fn is_completed(&self, tag: &str) -> bool {
        self.completed.contains_key(tag)
    }

    /// Keeps the end of a command until it is asked for. Tags that are not ours are dropped.
    pub(super) fn keep_completed(&mut self, tag: String, completion: Completion) {
        if self.completed.len() < MAX_INBOX && tag.starts_with('F') {
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
        let completion = self.finish(&tag, each).await?;
        if completion.is_ok() { Ok(completion) } else { Err(ImapError::Refused { command, completion }) }
    }

    /// Keeps the connection from being closed for idleness.
    pub async fn noop(&mut self) -> Result<(), ImapError> {
        self.run("NOOP", "NOOP", |_| {}).await.map(drop)
    }

    /// Says goodbye and does not wait for the answer; the connection is dropped whatever comes.
    pub async fn logout(mut self) {
        self.timeouts.reply = self.timeouts.reply.min(Duration::from_secs(2));
        self.end_pour();
        self.submit("LOGOUT");
        let sent = self.drain(0).await;
        tracing::trace!(is_polite = sent.is_ok(), "signed out");
    }
}

mod pouring;
#[cfg(test)]
mod session_tests;
