//! The source half: asks for messages ahead, within the byte budget, and hands them over in order.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use sha2::{Digest, Sha256};
use tokio::sync::{OwnedSemaphorePermit, mpsc};

use super::error::TransferError;
use super::governor::{Refusal, refusal};
use super::work::{Part, Work};
use crate::imap::{Body, BodyReply, BodyRequest, ImapError, Session};
use crate::plan::{MessageState, Side};
use crate::project::LedgerRow;

/// What the source half hands over.
pub(super) enum Item {
    Message(Box<Fetched>),
    /// The source no longer has it, or does not hand it out: final state and cause.
    Unavailable(Box<Unavailable>),
    /// Nothing more comes for a while: send what there is.
    Flush,
}

/// A message without bytes.
pub(super) struct Unavailable {
    pub(super) row: LedgerRow,
    pub(super) state: MessageState,
    pub(super) cause: String,
}

/// A message with its bytes.
pub(super) struct Fetched {
    pub(super) row: LedgerRow,
    pub(super) body: Body,
    pub(super) sha256: [u8; 32],
    /// Given back when the message has left.
    pub(super) reserved: Arc<OwnedSemaphorePermit>,
}

/// Requests under way at the source.
const REQUESTS_AHEAD: usize = 3;
/// Messages in one request.
const GROUP_MESSAGES: usize = 100;
/// Bytes in one request.
const GROUP_BYTES: u64 = 1 << 20;

pub(super) struct Reader<'a> {
    pub(super) session: &'a mut Session,
    pub(super) work: &'a Work<'a>,
    pub(super) part: &'a Part<'a>,
    pub(super) items: mpsc::Sender<Item>,
}

struct Group {
    requests: VecDeque<BodyRequest>,
    waiting: BTreeMap<u32, LedgerRow>,
    reserved: Arc<OwnedSemaphorePermit>,
}

/// The receiver is gone: the other half has failed and tells why.
struct Gone;

enum ReadEnd {
    Gone,
    Error(TransferError),
}

impl From<Gone> for ReadEnd {
    fn from(_: Gone) -> Self {
        Self::Gone
    }
}

impl From<ImapError> for ReadEnd {
    fn from(source: ImapError) -> Self {
        Self::Error(TransferError::Server { side: Side::Source, source })
    }
}

impl From<TransferError> for ReadEnd {
    fn from(error: TransferError) -> Self {
        Self::Error(error)
    }
}

impl Reader<'_> {
    /// Reads every message that is to do, until the end or a stop.
    pub(super) async fn run(mut self) -> Result<(), TransferError> {
        let items = self.items.clone();
        tokio::select! {
            end = self.read_all() => match end {
                Ok(()) | Err(ReadEnd::Gone) => Ok(()),
                Err(ReadEnd::Error(error)) => Err(error),
            },
            () = items.closed() => Ok(()),
        }
    }

    async fn read_all(&mut self) -> Result<(), ReadEnd> {
        let mut ahead: VecDeque<Group> = VecDeque::new();
        let mut rows: VecDeque<LedgerRow> = VecDeque::new();
        loop {
            if self.work.control.is_stopped() {
                break;
            }
            if self.work.control.is_paused() {
                self.rest(&mut ahead).await?;
                continue;
            }
            if rows.is_empty() {
                rows = self.part.next_page().map_err(TransferError::from)?.into();
                if rows.is_empty() {
                    break;
                }
            }
            if rows.front().is_some_and(|row| self.is_large(row)) {
                self.finish_all(&mut ahead).await?;
                if let Some(row) = rows.pop_front() {
                    self.send(Item::Flush).await?;
                    self.read_large(row).await?;
                }
                continue;
            }
            let group = self.next_group(&mut rows);
            let bytes = group.iter().map(|row| row.size).sum();
            let reserved = loop {
                // Messages that wait to be read hold the budget, so they come first.
                match self.work.budget.try_reserve(bytes) {
                    Some(reserved) => break Some(reserved),
                    None if ahead.is_empty() => break self.work.budget.reserve(bytes).await,
                    None => self.finish_first(&mut ahead).await?,
                }
            };
            let Some(reserved) = reserved else { break };
            self.ask(group, reserved, &mut ahead);
            if ahead.len() >= REQUESTS_AHEAD {
                self.finish_first(&mut ahead).await?;
            }
        }
        self.finish_all(&mut ahead).await
    }

    /// Finishes what is under way and waits for the end of a pause.
    async fn rest(&mut self, ahead: &mut VecDeque<Group>) -> Result<(), ReadEnd> {
        self.finish_all(ahead).await?;
        self.send(Item::Flush).await?;
        self.work.rest().await;
        Ok(())
    }

    /// Some servers give no size or a wrong one; such messages are read in pieces as well.
    fn is_large(&self, row: &LedgerRow) -> bool {
        row.size == 0 || row.size > self.work.request.limits.spool_bytes
    }

    fn next_group(&self, rows: &mut VecDeque<LedgerRow>) -> Vec<LedgerRow> {
        let mut group = Vec::new();
        let mut bytes = 0;
        while let Some(row) = rows.front() {
            let is_full =
                group.len() >= GROUP_MESSAGES || (bytes + row.size > GROUP_BYTES && !group.is_empty());
            if is_full || self.is_large(row) {
                break;
            }
            bytes += row.size;
            group.extend(rows.pop_front());
        }
        group
    }

    fn ask(&mut self, rows: Vec<LedgerRow>, reserved: OwnedSemaphorePermit, ahead: &mut VecDeque<Group>) {
        let uids: Vec<u32> = rows.iter().map(|row| row.uid).collect();
        ahead.push_back(Group {
            requests: self.session.ask_bodies(&uids).into(),
            waiting: rows.into_iter().map(|row| (row.uid, row)).collect(),
            reserved: Arc::new(reserved),
        });
    }

    async fn finish_all(&mut self, ahead: &mut VecDeque<Group>) -> Result<(), ReadEnd> {
        while !ahead.is_empty() {
            self.finish_first(ahead).await?;
        }
        Ok(())
    }

    /// Reads the oldest request to its end.
    async fn finish_first(&mut self, ahead: &mut VecDeque<Group>) -> Result<(), ReadEnd> {
        while let Some(request) = ahead.front().and_then(|group| group.requests.front().cloned()) {
            match self.session.next_body(&request).await {
                Ok(BodyReply::Message { uid, bytes }) => {
                    let found = ahead
                        .iter_mut()
                        .find_map(|group| Some((group.waiting.remove(&uid)?, Arc::clone(&group.reserved))));
                    // A message that nobody asked for, or a second time, is dropped.
                    if let Some((row, reserved)) = found {
                        self.hand_over(row, bytes, reserved).await?;
                    }
                    continue;
                }
                Ok(BodyReply::End) => {}
                // One message may spoil the answer for its whole group: each is asked for alone below.
                Err(ImapError::Refused { completion, .. }) => self.heed(&completion)?,
                Err(error) => return Err(error.into()),
            }
            if let Some(group) = ahead.front_mut() {
                group.requests.pop_front();
            }
        }
        let Some(group) = ahead.pop_front() else { return Ok(()) };
        if group.waiting.is_empty() {
            return Ok(());
        }
        // Asking alone needs a quiet connection: the other requests are read first.
        while ahead.front().is_some() {
            Box::pin(self.finish_first(ahead)).await?;
        }
        for row in group.waiting.into_values() {
            self.read_alone(row, &group.reserved).await?;
        }
        Ok(())
    }

    async fn read_alone(
        &mut self,
        row: LedgerRow,
        reserved: &Arc<OwnedSemaphorePermit>,
    ) -> Result<(), ReadEnd> {
        for request in self.session.ask_bodies(&[row.uid]) {
            loop {
                match self.session.next_body(&request).await {
                    Ok(BodyReply::Message { uid, bytes }) if uid == row.uid => {
                        self.hand_over(row.clone(), bytes, Arc::clone(reserved)).await?;
                        // The tagged answer that follows is kept aside and never missed.
                        self.session.next_body(&request).await?;
                        return Ok(());
                    }
                    Ok(BodyReply::Message { .. }) => {}
                    Ok(BodyReply::End) => break,
                    Err(ImapError::Refused { completion, .. }) => {
                        self.heed(&completion)?;
                        let cause = format!("the source does not hand it out: {completion}");
                        return self.give_up(row, MessageState::Refused, cause).await;
                    }
                    Err(error) => return Err(error.into()),
                }
            }
        }
        self.give_up(row, MessageState::Vanished, "gone from the source".to_owned()).await
    }

    async fn read_large(&mut self, row: LedgerRow) -> Result<(), ReadEnd> {
        let mut hash = Sha256::new();
        let fetched = self.session.fetch_large(row.uid, |piece| hash.update(piece)).await;
        match fetched {
            Ok(Some(spool)) => {
                let Some(reserved) = self.work.budget.reserve(self.work.request.limits.spool_bytes).await
                else {
                    return Ok(());
                };
                let item = Fetched {
                    row,
                    body: Body::Spooled(spool),
                    sha256: hash.finalize().into(),
                    reserved: Arc::new(reserved),
                };
                self.send(Item::Message(Box::new(item))).await
            }
            Ok(None) => self.give_up(row, MessageState::Vanished, "gone from the source".to_owned()).await,
            Err(ImapError::Refused { completion, .. }) => {
                self.heed(&completion)?;
                let cause = format!("the source does not hand it out: {completion}");
                self.give_up(row, MessageState::Refused, cause).await
            }
            Err(error) => Err(error.into()),
        }
    }

    /// A refusal that speaks of load, not of the message, ends this reading.
    #[expect(clippy::unused_self, reason = "reads as a step of the reader")]
    fn heed(&self, completion: &crate::imap::Completion) -> Result<(), TransferError> {
        match refusal(completion) {
            Refusal::Wait(seconds) => {
                let words = completion.to_string();
                Err(TransferError::Throttled { side: Side::Source, seconds, words })
            }
            _ => Ok(()),
        }
    }

    async fn hand_over(
        &mut self,
        row: LedgerRow,
        bytes: Vec<u8>,
        reserved: Arc<OwnedSemaphorePermit>,
    ) -> Result<(), ReadEnd> {
        let sha256 = Sha256::digest(&bytes).into();
        let item = Fetched { row, body: Body::Memory(bytes), sha256, reserved };
        self.send(Item::Message(Box::new(item))).await
    }

    async fn give_up(&mut self, row: LedgerRow, state: MessageState, cause: String) -> Result<(), ReadEnd> {
        self.send(Item::Unavailable(Box::new(Unavailable { row, state, cause }))).await
    }

    async fn send(&mut self, item: Item) -> Result<(), ReadEnd> {
        self.items.send(item).await.map_err(|_closed| Gone.into())
    }
}
