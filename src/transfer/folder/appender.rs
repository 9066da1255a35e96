//! The destination half: intent, append, result; several batches under way, refused batches halved.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use futures::FutureExt as _;
use tokio::sync::{Mutex, OwnedRwLockReadGuard, mpsc};

use crate::imap::{Appended, Body, Completion, Counts, NewMessage, Pending, Session, is_sendable_date};
use crate::plan::{FlagCheck, MessageState, Reason, Rest};
use crate::project::{LedgerRow, MessageResult};
use crate::transfer::context::error::TransferError;
use crate::transfer::context::flag_words::flags_for;
use crate::transfer::context::off_thread::{flush, off_thread};
use crate::transfer::context::under_way::InFlight;
use crate::transfer::folder::active_folder::ActiveFolder;
use crate::transfer::folder::batch::{Batch, Load, Loaded, named};
use crate::transfer::folder::copy_state::CopyState;
use crate::transfer::folder::fetcher::{Fetched, Item, Unavailable};
use crate::transfer::folder::other_writers::SendTurn;
use crate::transfer::folder::repair::ending;
use crate::transfer::folder::worker::is_asking;
use crate::transfer::pace::refusal::{Refusal, refusal};
use crate::values::{DestinationUid, Placement, Side, SourceUid, Uid};

/// Batches under way at the destination.
const BATCHES_AHEAD: usize = 8;

/// How long an unfinished batch waits for more messages. It must not wait for ever: it holds a part of the byte
/// budget that the reader may be waiting for.
const LINGER: Duration = Duration::from_millis(60);
/// Messages in one batch where each waits for the server: several connections share the messages evenly.
const BATCH_OF_ASKING_SERVER: usize = 8;

/// What comes from the source half; writers of one worker take turns at it.
pub(in crate::transfer) type Items = Arc<Mutex<mpsc::Receiver<Item>>>;

pub(in crate::transfer) struct Appender<'a> {
    pub(in crate::transfer) session: &'a mut Session,
    pub(in crate::transfer) state: &'a CopyState<'a>,
    pub(in crate::transfer) folder: &'a ActiveFolder,
    /// Which of the writers of the folder it is.
    pub(in crate::transfer) number: usize,
    /// The lowest UID that the next message can get.
    pub(in crate::transfer) uid_next: DestinationUid,
    /// Copies whose UID the server did not tell.
    pub(in crate::transfer) unplaced: Vec<LedgerRow>,
    /// Messages that cannot be sent as they are.
    pub(in crate::transfer) unsendable: Vec<Load>,
}

/// What the destination has answered.
#[derive(Default)]
struct Answers {
    /// What arrived.
    results: Vec<MessageResult>,
    /// Its bytes.
    bytes: u64,
    refused: Vec<(Batch, Completion)>,
}

/// What happens while a batch is filled.
enum Event {
    /// A message, or a sign from the source half.
    Came(Item),
    /// The oldest batch under way is answered.
    Answered,
    /// The batch has waited long enough.
    Late,
    /// The source half is done.
    End,
}

pub(in crate::transfer) struct Flight {
    /// What of it has left; taken back when its answers are read.
    left: InFlight,
    requests: Vec<Pending<Appended>>,
    batch: Batch,
    /// Its number among those of the folder.
    number: u64,
    /// How full the folder is behind it.
    counts: Option<Pending<Counts>>,
    _sending: OwnedRwLockReadGuard<()>,
}

impl Appender<'_> {
    /// Appends what comes until the other half is done. Returns copies whose UID is not known.
    pub(in crate::transfer) async fn run(mut self, items: Items) -> Result<Vec<LedgerRow>, TransferError> {
        let mut load = Load::default();
        let mut flights: VecDeque<Flight> = VecDeque::new();
        let mut is_open = true;
        while is_open || load.len() > 0 || !flights.is_empty() || !self.unsendable.is_empty() {
            if let Some(unsendable) = self.unsendable.pop() {
                self.settle_all(&mut flights).await?;
                let unsendable = self.without_settled(unsendable)?;
                if unsendable.len() > 0 {
                    Box::pin(self.settle_unsendable(unsendable)).await?;
                }
                continue;
            }
            let mut is_due = !is_open;
            while is_open && !is_due && !self.is_full(&load) {
                match self.next_event(&items, &load, flights.front()).await? {
                    Event::Came(item) => is_due = self.take(item, &mut load)?,
                    Event::Answered => break,
                    Event::Late => is_due = true,
                    Event::End => is_open = false,
                }
            }
            if load.len() > 0 && (is_due || !is_open || self.is_full(&load)) {
                if flights.len() >= self.batches_ahead() {
                    self.settle_first(&mut flights).await?;
                }
                let state = self.state;
                // Before the right to send: whoever looks at strangers waits for that of all others.
                let turn = state.turn_to_send(&self.folder.job).await;
                if matches!(turn, SendTurn::Over) {
                    // The run ends, and what has left may have arrived.
                    self.settle_all(&mut flights).await?;
                    return Ok(self.unplaced);
                }
                self.heed_strangers(&mut flights).await?;
                let sending = self.may_send(&mut flights).await?;
                load = self.without_settled(load)?;
                if load.len() == 0 {
                    turn.give_back();
                    continue;
                }
                if self.saves_rest() {
                    drop(sending);
                    turn.give_back();
                    Box::pin(self.settle_rest(std::mem::take(&mut load))).await?;
                    continue;
                }
                if let Err(limit) = self.state.meter.upload(load.bytes()) {
                    self.settle_all(&mut flights).await?;
                    return Err(limit);
                }
                if self.is_poison(&load) {
                    drop(sending);
                    turn.give_back();
                    self.settle_all(&mut flights).await?;
                    Box::pin(self.settle_poison(std::mem::take(&mut load))).await?;
                    continue;
                }
                if load.bytes() > state.context.request.limits.batch_bytes {
                    // A large message would keep everybody waiting.
                    state.probe_answered();
                }
                let batch = self.announce(std::mem::take(&mut load)).await?;
                let flight = self.send(batch, sending).await?;
                flights.push_back(flight);
                if let SendTurn::First(_turn) = turn {
                    self.settle_all(&mut flights).await?;
                    self.count_first().await?;
                    self.heed_strangers(&mut flights).await?;
                    state.probe_answered();
                }
            } else {
                self.settle_first(&mut flights).await?;
            }
        }
        self.heed_strangers(&mut flights).await?;
        Ok(self.unplaced)
    }

    /// One message at a time, so that it is clear which one ends the connection.
    pub(in crate::transfer) fn is_careful(&self) -> bool {
        self.state.lessons.failures.is_careful(self.folder.job.folder, Side::Destination)
    }

    /// Whether this is the one message at which the destination ends the connection.
    fn is_poison(&self, load: &Load) -> bool {
        matches!(load.uids().as_slice(), [uid] if self.state.lessons.repairs.is_poison(self.folder.job.folder, *uid))
    }

    /// Whether messages become files in place of being sent; each goes alone.
    fn saves_rest(&self) -> bool {
        self.state.context.request.options.rest == Rest::Save
    }

    fn batches_ahead(&self) -> usize {
        if self.is_careful() || self.goes_slowly() { 1 } else { BATCHES_AHEAD }
    }

    /// Waits for a message, for the answer to the oldest batch under way, or until the batch has waited long enough.
    async fn next_event(
        &mut self,
        items: &Items,
        load: &Load,
        flight: Option<&Flight>,
    ) -> Result<Event, TransferError> {
        let came = async {
            match items.lock().await.recv().await {
                Some(item) => Event::Came(item),
                None => Event::End,
            }
        };
        let session = &mut *self.session;
        let answered = async {
            match flight.and_then(|flight| flight.requests.last()) {
                Some(request) => session.append_answered(request).await.map(|()| Event::Answered),
                None => std::future::pending().await,
            }
        };
        let late = async {
            if load.len() == 0 || flight.is_some() {
                return std::future::pending().await;
            }
            tokio::time::sleep(LINGER).await;
            Event::Late
        };
        tokio::select! {
            biased;
            event = came => Ok(event),
            outcome = answered => outcome.map_err(TransferError::at(Side::Destination)),
            event = late => Ok(event),
        }
    }

    fn is_full(&self, load: &Load) -> bool {
        let limits = self.state.context.request.limits;
        let most = if self.is_careful() || self.saves_rest() {
            1
        } else if is_asking(self.session) {
            // The last ones go one by one, so that no connection has several to send while others have none.
            let most = if self.folder.is_running_out() { 1 } else { BATCH_OF_ASKING_SERVER };
            most.min(limits.batch_messages)
        } else {
            limits.batch_messages
        };
        load.len() >= most || load.bytes() >= limits.batch_bytes
    }

    /// Puts a message to the others. True when they are to be sent as they are.
    fn take(&mut self, item: Item, load: &mut Load) -> Result<bool, TransferError> {
        match item {
            Item::Flush => return Ok(true),
            Item::Unavailable(unavailable) => {
                let Unavailable { row, state, reason } = *unavailable;
                let result = MessageResult::because(row.uid, state, reason);
                self.record(&[result], row.size)?;
            }
            Item::Message(fetched) => {
                let Fetched { row, mut content, reserved } = *fetched;
                let deduplication = self.state.deduplication.as_ref();
                if deduplication.is_some_and(|deduplication| {
                    !deduplication.is_first(&self.folder.job, &row, content.sha256())
                }) {
                    return Ok(false);
                }
                let flags = flags_for(&row.flags, self.folder.opened.permanent_flags.as_deref());
                let message = Loaded { row, content, flags, reserved };
                let goes_as_it_is =
                    is_sendable_date(&message.row.internal_date) && !self.is_to_be_disarmed(&message);
                if !goes_as_it_is && !self.saves_rest() {
                    let mut alone = Load::default();
                    alone.push(message);
                    self.unsendable.push(alone);
                    return Ok(true);
                }
                load.push(message);
            }
        }
        Ok(false)
    }

    /// Sends what is announced: one MULTIAPPEND, or one APPEND for each message behind one another.
    async fn send(
        &mut self,
        mut batch: Batch,
        sending: OwnedRwLockReadGuard<()>,
    ) -> Result<Flight, TransferError> {
        let number = self.folder.company.arrivals().sent(self.number, batch.len());
        if self.is_careful()
            && let [only] = batch.uids().as_slice()
        {
            self.state.lessons.failures.alone(self.folder.job.folder, Side::Destination, *only);
        }
        if let [NewMessage { body: Body::Spooled(spool), .. }] = batch.messages.as_mut_slice() {
            spool.let_go();
        }
        let mut requests = Vec::new();
        // An empty literal would abort a MULTIAPPEND (RFC 3502 section 6.3.11), and every message after it.
        let has_empty = batch.messages.iter().any(|message| message.body.bytes() == 0);
        let at_once = if self.session.can_append_many() && !has_empty { batch.len() } else { 1 };
        let in_flight = InFlight::new(&self.state.context.request.under_way);
        let named = named(&batch.rows);
        if let Some(named) = named {
            named.begins_to_leave();
        }
        let left = |bytes| {
            in_flight.left(bytes);
            if let Some(named) = named {
                named.left(bytes);
            }
        };
        for messages in batch.messages.chunks_mut(at_once.max(1)) {
            let sent = self.session.send_append(&self.folder.job.raw, messages, &left).await;
            requests.push(sent.map_err(TransferError::at(Side::Destination))?);
        }
        let counts = self.ask_counts()?;
        Ok(Flight { left: in_flight, requests, batch, number, counts, _sending: sending })
    }

    /// Writes intents down, durably, and hashes the messages meanwhile.
    pub(in crate::transfer) async fn announce(&self, load: Load) -> Result<Batch, TransferError> {
        let (uids, lengths) = (load.uids(), load.unlisted_lengths());
        self.state.context.request.ledger.learn_lengths(self.folder.job.folder, &lengths)?;
        let (batch, ()) = tokio::try_join!(off_thread(move || load.into_batch()), self.intend(&uids))?;
        Ok(batch)
    }

    async fn intend(&self, uids: &[SourceUid]) -> Result<(), TransferError> {
        let (ledger, folder) = (&self.state.context.request.ledger, &self.folder);
        let intent =
            ledger.record_intent(folder.job.folder, uids, folder.opened.uid_validity, self.uid_next)?;
        flush(intent).await
    }

    pub(in crate::transfer) async fn settle_all(
        &mut self,
        flights: &mut VecDeque<Flight>,
    ) -> Result<(), TransferError> {
        while !flights.is_empty() {
            self.settle_first(flights).await?;
        }
        Ok(())
    }

    async fn settle_first(&mut self, flights: &mut VecDeque<Flight>) -> Result<(), TransferError> {
        let mut answers = Answers::default();
        let mut outcome = Ok(true);
        // Answers that are here already are recorded with the first: one change of the ledger is enough.
        while let Ok(true) = outcome
            && answers.refused.is_empty()
            && let Some(flight) = flights.pop_front()
        {
            outcome = match self.read_answers(flight, &mut answers).await {
                Ok(()) => self.is_answered(flights.front()),
                Err(error) => Err(error),
            };
        }
        self.record(&answers.results, answers.bytes)?;
        outcome?;
        // Trying again goes step by step, so everything else that is under way is settled before.
        let mut again = answers.refused;
        if again.is_empty() {
            return Ok(());
        }
        while let Some(flight) = flights.pop_front() {
            again.extend(self.settle(flight).await?);
        }
        let mut again = again.into_iter();
        while let Some((batch, completion)) = again.next() {
            if let Err(error) = self.heed(batch, completion).await {
                // The refusals of the others were read as well: nothing of them is at the destination.
                let rest: Vec<_> = again.collect();
                if matches!(error, TransferError::DestinationFull { .. }) {
                    let refused: Vec<SourceUid> = rest.iter().flat_map(|(batch, _)| batch.uids()).collect();
                    Box::pin(self.record_come(&refused)).await?;
                }
                self.withdraw(&Batch::default(), &rest)?;
                return Err(error);
            }
        }
        Ok(())
    }

    /// Reads the answers to a flight and records what arrived. Returns what was refused.
    async fn settle(&mut self, flight: Flight) -> Result<Vec<(Batch, Completion)>, TransferError> {
        let mut answers = Answers::default();
        let outcome = self.read_answers(flight, &mut answers).await;
        self.record(&answers.results, answers.bytes)?;
        outcome.map(|()| answers.refused)
    }

    /// Whether all answers to a flight are here, without waiting for them.
    fn is_answered(&mut self, flight: Option<&Flight>) -> Result<bool, TransferError> {
        let Some(request) = flight.and_then(|flight| flight.requests.last()) else { return Ok(false) };
        match self.session.append_answered(request).now_or_never() {
            Some(answered) => answered.map(|()| true).map_err(TransferError::at(Side::Destination)),
            None => Ok(false),
        }
    }

    /// Reads the answers to a flight; what was read before an error stays read.
    async fn read_answers(&mut self, flight: Flight, answers: &mut Answers) -> Result<(), TransferError> {
        let Flight { requests, batch, left: _until_here, number, counts, _sending } = flight;
        let first = answers.results.len();
        let per_request = batch.len() / requests.len().max(1);
        let mut rows = batch.rows.into_iter();
        let mut messages = batch.messages.into_iter();
        for request in requests {
            let part = Batch {
                rows: rows.by_ref().take(per_request).collect(),
                messages: messages.by_ref().take(per_request).collect(),
            };
            let completion = self.session.answer(request).await;
            let completion = completion.map_err(TransferError::at(Side::Destination))?;
            if completion.is_ok() {
                answers.bytes += part.rows.iter().map(|sent| sent.row.size).sum::<u64>();
                answers.results.extend(self.arrived(&part, &completion, MessageState::Copied, None));
            } else {
                answers.refused.push((part, completion));
            }
        }
        let counted = self.counted(counts).await?;
        let arrived = answers.results.get(first..).unwrap_or_default();
        let uids: Vec<DestinationUid> =
            arrived.iter().filter_map(|result| Some(result.placement?.uid)).collect();
        self.note_arrivals(number, (arrived.len(), uids), counted);
        Ok(())
    }

    pub(in crate::transfer) fn arrived(
        &mut self,
        batch: &Batch,
        completion: &Completion,
        state: MessageState,
        repair: Option<&Reason>,
    ) -> Vec<MessageResult> {
        let uids = self.told_uids(completion, batch.len());
        if let Some(highest) = uids.iter().flatten().max() {
            self.uid_next = self.uid_next.max(highest.next());
        }
        let unplaced = batch.rows.iter().zip(&uids).filter(|(_, uid)| uid.is_none());
        self.unplaced.extend(unplaced.map(|(sent, _)| LedgerRow { state, ..sent.row.clone() }));
        let (kept_flags, folder) = (&self.state.kept_flags, self.folder.job.folder);
        batch
            .rows
            .iter()
            .zip(&batch.messages)
            .zip(uids)
            .map(|((sent, message), uid)| MessageResult {
                uid: sent.row.uid,
                state,
                placement: uid.map(|uid| Placement::new(self.folder.opened.uid_validity, uid)),
                sha256: Some(sent.sha256),
                reason: repair.cloned(),
                flag_check: match repair {
                    Some(_) => Some(FlagCheck::Unseen),
                    None => kept_flags.doubt(folder, sent.row.uid, &message.flags),
                },
            })
            .map(|result| match &self.state.deduplication {
                Some(deduplication) => deduplication.made(&self.folder.job, result),
                None => result,
            })
            .collect()
    }

    /// Does what a refusal asks for: create the folder, wait, halve the batch, or deal with the message alone.
    async fn heed(&mut self, batch: Batch, completion: Completion) -> Result<(), TransferError> {
        let mut waiting = vec![(batch, completion)];
        while let Some((batch, completion)) = waiting.pop() {
            match refusal(&completion) {
                Refusal::Message if batch.len() > 1 => {
                    let (first, second) = batch.split();
                    // The last one pushed goes first, which keeps the order of the messages.
                    for half in [second, first] {
                        waiting.push((half, Completion { code: None, ..completion.clone() }));
                    }
                    self.try_halves(&mut waiting).await?;
                }
                Refusal::Message if batch.is_spent() => self.read_again(&batch)?,
                Refusal::Message => self.settle_alone(batch, completion, &waiting).await?,
                Refusal::Trouble(_) if batch.len() == 1 && self.is_careful() => {
                    // The server fails again at a message that goes alone: it waits while others are tried.
                    self.settle_alone(batch, completion, &waiting).await?;
                }
                other => {
                    if other == Refusal::Full {
                        // A part of a batch may have found room, or all of it before the server looked.
                        let refused: Vec<SourceUid> = batch
                            .uids()
                            .into_iter()
                            .chain(waiting.iter().flat_map(|(one, _)| one.uids()))
                            .collect();
                        Box::pin(self.record_come(&refused)).await?;
                    }
                    self.withdraw(&batch, &waiting)?;
                    return Err(ending(other, completion));
                }
            }
        }
        Ok(())
    }

    /// A refused message whose bytes have left the memory is read once more when the folder is through.
    fn read_again(&self, batch: &Batch) -> Result<(), TransferError> {
        self.withdraw(batch, &[])?;
        let job = &self.folder.job;
        batch.uids().into_iter().for_each(|uid| self.state.room.refused(job.folder, uid));
        self.state.give_back(job.clone());
        Ok(())
    }

    /// Settles a message that was refused; where that ends in an error, nothing of those that wait has been taken.
    async fn settle_alone(
        &mut self,
        batch: Batch,
        refused: Completion,
        waiting: &[(Batch, Completion)],
    ) -> Result<(), TransferError> {
        if let Err(error) = Box::pin(self.settle_answered(batch, refused)).await {
            self.withdraw(&Batch::default(), waiting)?;
            return Err(error);
        }
        Ok(())
    }

    /// Sends the two halves that were just pushed; a half that arrives leaves the list.
    async fn try_halves(&mut self, waiting: &mut Vec<(Batch, Completion)>) -> Result<(), TransferError> {
        let mut refused = Vec::new();
        for _half in 0..2 {
            let Some((half, _)) = waiting.pop() else { break };
            if let Err(limit) = self.state.meter.upload(half.message_bytes()) {
                self.withdraw(&half, waiting)?;
                return Err(limit);
            }
            self.intend(&half.uids()).await?;
            let sending = Arc::clone(&self.folder.company.sending).read_owned().await;
            let flight = self.send(half, sending).await?;
            refused.extend(self.settle(flight).await?);
        }
        waiting.extend(refused.into_iter().rev());
        Ok(())
    }

    /// Takes intents back whose refusal was read: nothing of them is at the destination.
    pub(in crate::transfer) fn withdraw(
        &self,
        batch: &Batch,
        waiting: &[(Batch, Completion)],
    ) -> Result<(), TransferError> {
        let mut uids = batch.uids();
        uids.extend(waiting.iter().flat_map(|(batch, _)| batch.uids()));
        Ok(self.state.context.request.ledger.withdraw_intents(self.folder.job.folder, &uids)?)
    }
}
