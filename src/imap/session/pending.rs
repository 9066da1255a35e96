//! A pending request, and the only way to read its answer.
//!
//! Requests are sent without waiting (`ask_…`), so that several can be pending at once. Their answers are read in the order
//! of the requests, which is the order in which a server answers.

use std::collections::{BTreeMap, VecDeque};

use crate::imap::protocol::completion::Completion;
use crate::imap::protocol::error::ImapError;
use crate::imap::protocol::reply::{FetchItem, Reply};
use crate::imap::protocol::tag::Tag;
use crate::imap::session::Session;

/// Pending commands for one answer of type `A`. [`Session::answer`] reads it.
#[derive(Debug)]
#[must_use = "what was asked has to be read"]
pub struct Pending<A> {
    /// Commands whose end is still to be read, in the order in which they were sent.
    tags: VecDeque<Tag>,
    /// The first refusal. What was asked behind it is read all the same, so that the next answer is not taken for it.
    refused: Option<ImapError>,
    answer: A,
}

/// A question about a folder that is being opened: both go out together, and [`Session::opened`] reads the first.
#[derive(Debug)]
#[must_use = "what was asked has to be read"]
pub struct BehindOpening<O, A> {
    pub(in crate::imap) opening: Pending<O>,
    pub(in crate::imap) then: Pending<A>,
}

/// A kind of answer.
pub trait Answer {
    /// What was asked for.
    type Output;
}

/// How an answer is put together from what a server sends.
pub(in crate::imap) trait Reader: Answer {
    /// Takes a reply that has come before the end of a command.
    fn take(&mut self, _reply: Reply) {}

    /// Takes the end of a command. A refusal is an error, unless it is an answer.
    fn end(&mut self, completion: Completion) -> Result<(), ImapError>;

    /// The answer, after the end of all commands.
    fn output(self, session: &mut Session) -> Self::Output;
}

/// What comes next for a command.
#[derive(Debug)]
pub(in crate::imap) enum Step {
    /// A reply; whether it belongs to this command, only its content tells.
    Reply(Reply),
    /// The end of the command.
    End(Completion),
}

impl<A> Pending<A> {
    pub(in crate::imap) fn new(tags: impl IntoIterator<Item = Tag>, answer: A) -> Self {
        Self { tags: tags.into_iter().collect(), refused: None, answer }
    }

    /// The first command whose end is still to be read; `None` at the end of the answer.
    pub(in crate::imap) fn tag(&self) -> Option<Tag> {
        self.tags.front().copied()
    }

    /// The end of the first command was read.
    pub(in crate::imap) fn has_ended(&mut self) {
        self.tags.pop_front();
    }

    fn ended(&mut self, outcome: Result<(), ImapError>) {
        self.has_ended();
        if let Err(error) = outcome {
            self.refused.get_or_insert(error);
        }
    }
}

impl Session {
    /// The next reply, or the end of the command with this tag. Ends of other commands are kept until they are asked for.
    ///
    /// Cancellation safe: dropping the future loses nothing.
    pub(in crate::imap) async fn step(&mut self, tag: Tag) -> Result<Step, ImapError> {
        loop {
            if let Some(completion) = self.take_completed(tag) {
                return Ok(Step::End(completion));
            }
            match self.next().await? {
                Reply::Tagged(answered, completion) => self.keep_completed(answered, completion),
                reply => {
                    if let Some(asked) = &mut self.asked_lists {
                        asked.take(&reply);
                    }
                    return Ok(Step::Reply(reply));
                }
            }
        }
    }

    /// The whole answer to a question. Everything that was asked is read, also behind a refusal.
    ///
    /// Not cancellation safe: what has come of the answer is gone with the future. The connection can be used further on;
    /// replies that still come for it are dropped.
    ///
    /// # Errors
    ///
    /// [`ImapError::Refused`] with the first refusal; any other where the connection cannot be used any more.
    #[expect(private_bounds, reason = "how answers are read is known to this room only")]
    pub async fn answer<A: Reader>(&mut self, mut pending: Pending<A>) -> Result<A::Output, ImapError> {
        while let Some(tag) = pending.tag() {
            match self.step(tag).await? {
                Step::Reply(reply) => pending.answer.take(reply),
                Step::End(completion) => {
                    let outcome = pending.answer.end(completion);
                    pending.ended(outcome);
                }
            }
        }
        pending.refused.map_or_else(|| Ok(pending.answer.output(self)), Err)
    }

    /// Reads and discards an answer that is no longer needed.
    pub(in crate::imap) async fn drop_answer<A>(&mut self, pending: Pending<A>) -> Result<(), ImapError> {
        for tag in pending.tags {
            self.finish(tag, |_| {}).await?;
        }
        Ok(())
    }

    /// The next rows of a long answer, so that memory stays bounded; `None` at its end. A message may come twice in
    /// different portions: what is said last counts.
    ///
    /// Cancellation safe: what has come stays in `pending`.
    ///
    /// # Errors
    ///
    /// [`ImapError::Refused`] behind everything that came, where a command was refused or its answer cut short.
    pub async fn next_rows<T>(
        &mut self,
        pending: &mut Pending<Rows<T>>,
    ) -> Result<Option<Vec<T>>, ImapError> {
        while let Some(tag) = pending.tag() {
            if pending.answer.by_uid.len() >= pending.answer.portion {
                return Ok(Some(pending.answer.hand_over()));
            }
            match self.step(tag).await? {
                Step::Reply(reply) => pending.answer.take(reply),
                Step::End(completion) => {
                    let outcome = pending.answer.end(completion);
                    pending.ended(outcome);
                }
            }
        }
        if !pending.answer.by_uid.is_empty() {
            return Ok(Some(pending.answer.hand_over()));
        }
        // The answers to many questions may be here by now; whoever waits for one of them is let in between.
        tokio::task::yield_now().await;
        pending.refused.take().map_or(Ok(None), Err)
    }
}

/// The result of a FETCH, one row per message.
#[derive(Debug)]
pub struct Rows<T> {
    /// Makes a row of what was told, with its UID; `None` where that is not what was asked for.
    read: fn(FetchItem) -> Option<(u32, T)>,
    /// The last word about a message counts.
    by_uid: BTreeMap<u32, T>,
    /// Rows that are handed over at once.
    portion: usize,
}

impl<T> Rows<T> {
    pub(in crate::imap) const fn new(portion: usize, read: fn(FetchItem) -> Option<(u32, T)>) -> Self {
        Self { read, by_uid: BTreeMap::new(), portion }
    }

    fn hand_over(&mut self) -> Vec<T> {
        std::mem::take(&mut self.by_uid).into_values().collect()
    }
}

impl<T> Answer for Rows<T> {
    /// By ascending UID.
    type Output = Vec<T>;
}

impl<T> Reader for Rows<T> {
    fn take(&mut self, reply: Reply) {
        if let Reply::Fetch(item) = reply {
            self.by_uid.extend((self.read)(*item));
        }
    }

    fn end(&mut self, completion: Completion) -> Result<(), ImapError> {
        refused_unless_whole("FETCH", completion)
    }

    fn output(mut self, _session: &mut Session) -> Vec<T> {
        self.hand_over()
    }
}

/// Commands of which only the success is of interest.
#[derive(Debug)]
pub struct Done {
    /// The name of the command.
    command: &'static str,
}

impl Done {
    pub(in crate::imap) const fn new(command: &'static str) -> Self {
        Self { command }
    }
}

impl Answer for Done {
    type Output = ();
}

impl Reader for Done {
    fn end(&mut self, completion: Completion) -> Result<(), ImapError> {
        if completion.is_ok() {
            Ok(())
        } else {
            Err(ImapError::Refused { command: self.command, completion })
        }
    }

    fn output(self, _session: &mut Session) {}
}

/// An answer that was cut short (RFC 9738) is an error as well: what it leaves out must not pass for gone.
pub(in crate::imap) fn refused_unless_whole(
    command: &'static str,
    completion: Completion,
) -> Result<(), ImapError> {
    if completion.is_ok() && !completion.has_code("MESSAGELIMIT") {
        Ok(())
    } else {
        Err(ImapError::Refused { command, completion })
    }
}
