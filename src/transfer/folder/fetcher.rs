//! The source half: asks for messages ahead, within the byte budget, and hands them over in order.

use std::collections::VecDeque;

use tokio::sync::{OwnedSemaphorePermit, mpsc};

use crate::imap::{Bodies, BodyReply, Completion, ImapError, Pending, Session};
use crate::message::identity_key;
use crate::plan::{MessageState, Reason};
use crate::project::{FolderId, LedgerRow, MessageResult};
use crate::transfer::context::error::TransferError;
use crate::transfer::context::room::Slot;
use crate::transfer::context::under_way::Named;
use crate::transfer::folder::content::Content;
use crate::transfer::folder::copy_state::{CopyState, FolderShare};
use crate::transfer::folder::fetch_group::{Arrived, Group, most_of};
use crate::transfer::folder::large::{Beside, FetchMethod, Large, Reading, Wanted, read_large};
use crate::transfer::folder::prefetch::{Ahead, AskedRows, GROUP_MESSAGES, next_group};
use crate::transfer::folder::second_method::Form;
use crate::transfer::pace::deferred_refusals::Suspect;
use crate::transfer::pace::refusal::{Refusal, heed, refusal, server_words};
use crate::values::{Side, SourceUid};

/// What the source half hands over.
pub(in crate::transfer) enum Item {
    Message(Box<Fetched>),
    /// The source no longer has it, or does not return it: final state and reason.
    Unavailable(Box<Unavailable>),
    /// Nothing more comes for a while: send what there is.
    Flush,
}

/// A message without bytes.
pub(in crate::transfer) struct Unavailable {
    pub(in crate::transfer) row: LedgerRow,
    pub(in crate::transfer) state: MessageState,
    pub(in crate::transfer) reason: Reason,
}

/// A message with its bytes.
pub(in crate::transfer) struct Fetched {
    pub(in crate::transfer) row: LedgerRow,
    pub(in crate::transfer) content: Content,
    /// Given back when the message has left.
    pub(in crate::transfer) reserved: OwnedSemaphorePermit,
}

/// Requests under way at the source, as far as the byte budget goes.
const REQUESTS_AHEAD: usize = 8;

pub(in crate::transfer) struct Fetcher<'a> {
    pub(in crate::transfer) session: &'a mut Session,
    pub(in crate::transfer) state: &'a CopyState<'a>,
    pub(in crate::transfer) share: &'a FolderShare<'a>,
    /// Both servers answer at once.
    pub(in crate::transfer) is_near: bool,
    /// What was asked for already.
    pub(in crate::transfer) asked: Option<Ahead>,
    pub(in crate::transfer) items: mpsc::Sender<Item>,
}

/// The receiver is gone: the other half has failed and tells why.
pub(in crate::transfer) struct Gone;

pub(in crate::transfer) enum ReadEnd {
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

impl Fetcher<'_> {
    /// Reads every message that is to do, until the end or a stop.
    pub(in crate::transfer) async fn run(mut self) -> Result<(), TransferError> {
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
        let mut is_end = false;
        // After a stop, none of it counts as under way yet.
        if let Some(asked) = self.asked.take().filter(|_| !self.state.context.control.is_stopped()) {
            rows.extend(self.share.next_page().map_err(TransferError::from)?);
            let asked = asked.take(&mut rows);
            self.wait_for_first_batch(asked.iter().map(|asked| bytes_of(&asked.rows)).sum(), &mut ahead)
                .await?;
            self.take_over(asked, &mut ahead).await;
        }
        loop {
            if self.state.context.control.is_stopped() {
                break;
            }
            if self.state.context.control.is_paused() {
                self.rest(&mut ahead).await?;
                continue;
            }
            if rows.len() < GROUP_MESSAGES && !is_end {
                // Before the last ones are asked for, so that no request is smaller than it could be.
                let page = self.share.next_page().map_err(TransferError::from)?;
                is_end = page.is_empty();
                rows.extend(page);
            }
            if rows.is_empty() {
                break;
            }
            if self.state.lessons.failures.is_careful(self.folder(), Side::Source) {
                self.wait_for_first_batch(u64::MAX, &mut ahead).await?;
                self.finish_all(&mut ahead).await?;
                if let Some(row) = rows.pop_front() {
                    self.read_carefully(row).await?;
                }
                continue;
            }
            if rows.front().is_some_and(|row| self.state.is_large(row)) {
                self.wait_for_first_batch(u64::MAX, &mut ahead).await?;
                self.finish_all(&mut ahead).await?;
                if let Some(row) = rows.pop_front() {
                    self.send(Item::Flush).await?;
                    self.read_large(row, None).await?;
                }
                continue;
            }
            let group = next_group(&mut rows, |row| self.state.is_large(row));
            self.wait_for_first_batch(bytes_of(&group), &mut ahead).await?;
            if let Err(limit) = self.state.meter.download(bytes_of(&group)) {
                self.finish_all(&mut ahead).await?;
                return Err(limit.into());
            }
            let Some(reserved) = self.reserve(&group, &mut ahead).await? else { break };
            self.ask(group, reserved, &mut ahead);
            if ahead.len() >= REQUESTS_AHEAD {
                self.finish_first(&mut ahead).await?;
            }
        }
        self.finish_all(&mut ahead).await
    }

    /// While another folder sends the first batch of the run, little is read here: that one needs room for it.
    async fn wait_for_first_batch(&mut self, bytes: u64, ahead: &mut VecDeque<Group>) -> Result<(), ReadEnd> {
        let state = self.state;
        if !state.may_read_early(&self.share.folder.job, bytes) {
            self.finish_all(ahead).await?;
            state.first_batch_is_due(&self.share.folder.job).await;
        }
        Ok(())
    }

    fn folder(&self) -> FolderId {
        self.share.folder.job.folder
    }

    /// One message and nothing else, so that it is clear which one ends the connection.
    async fn read_carefully(&mut self, row: LedgerRow) -> Result<(), ReadEnd> {
        self.send(Item::Flush).await?;
        self.state.lessons.failures.alone(self.folder(), Side::Source, row.uid);
        if self.state.is_large(&row) {
            self.read_large(row, None).await?;
        } else if let Some(reserved) = self.state.budget.reserve(row.size).await {
            self.read_alone(row, reserved).await?;
        }
        self.state.lessons.failures.passed(self.folder(), Side::Source);
        Ok(())
    }

    /// Finishes what is under way and waits for the end of a pause.
    async fn rest(&mut self, ahead: &mut VecDeque<Group>) -> Result<(), ReadEnd> {
        self.finish_all(ahead).await?;
        self.send(Item::Flush).await?;
        self.state.rest().await;
        Ok(())
    }

    /// Takes over requests that went out before. Nothing is read before all of them are known: a server may answer
    /// several at once, and what belongs to none would be dropped and asked for again, message by message.
    async fn take_over(&self, asked: Vec<AskedRows>, ahead: &mut VecDeque<Group>) {
        let bytes = asked.iter().map(|asked| bytes_of(&asked.rows)).sum();
        let Some(mut whole) = self.state.budget.reserve(bytes).await else { return };
        for AskedRows { requests, rows } in asked {
            let Some(reserved) = self.state.budget.part_of(&mut whole, bytes_of(&rows)) else { return };
            ahead.push_back(Group::new(requests, rows, reserved));
        }
    }

    /// Room in the byte budget. Messages that wait to be read hold it, so they come first.
    async fn reserve(
        &mut self,
        group: &[LedgerRow],
        ahead: &mut VecDeque<Group>,
    ) -> Result<Option<OwnedSemaphorePermit>, ReadEnd> {
        let bytes = bytes_of(group);
        loop {
            match self.state.budget.try_reserve(bytes) {
                Some(reserved) => return Ok(Some(reserved)),
                None if ahead.is_empty() => return Ok(self.state.budget.reserve(bytes).await),
                None => self.finish_first(ahead).await?,
            }
        }
    }

    fn ask(&mut self, rows: Vec<LedgerRow>, reserved: OwnedSemaphorePermit, ahead: &mut VecDeque<Group>) {
        let uids: Vec<SourceUid> = rows.iter().map(|row| row.uid).collect();
        let requests = self.session.ask_bodies_within(&uids, most_of(&rows));
        ahead.push_back(Group::new(requests, rows, reserved));
    }

    async fn finish_all(&mut self, ahead: &mut VecDeque<Group>) -> Result<(), ReadEnd> {
        while !ahead.is_empty() {
            self.finish_first(ahead).await?;
        }
        Ok(())
    }

    /// Reads the oldest requests to their end, and what needs another look.
    async fn finish_first(&mut self, ahead: &mut VecDeque<Group>) -> Result<(), ReadEnd> {
        let (mut unsure, mut lacking) = (Vec::new(), Vec::new());
        while let Some(group) = self.read_first(ahead).await? {
            // What has come and is not handed over keeps its part of the byte budget, and nothing else does.
            let Group { came, waiting, .. } = group;
            unsure.extend(self.hand_over_believed(came).await?);
            lacking.extend(waiting.into_values());
            if unsure.is_empty() && lacking.is_empty() {
                return Ok(());
            }
            // Asking again needs a quiet connection: the other requests are read first.
        }
        self.look_behind(unsure).await?;
        for row in lacking {
            let Some(reserved) = self.state.budget.reserve(row.size).await else { break };
            self.read_alone(row, reserved).await?;
        }
        Ok(())
    }

    /// Reads what belongs to the oldest group; `None` where there is none.
    async fn read_first(&mut self, ahead: &mut VecDeque<Group>) -> Result<Option<Group>, ReadEnd> {
        while let Some(request) = ahead.front_mut().and_then(|group| group.requests.front_mut()) {
            match self.session.next_body(request).await {
                Ok(BodyReply::Message { uid, bytes } | BodyReply::Again { uid, bytes }) => {
                    let budget = &self.state.budget;
                    // A message that nobody asked for is dropped.
                    let keep = |bytes, group: &mut Group| group.keep(uid, bytes, budget);
                    let _dropped = ahead.iter_mut().try_fold(bytes, keep);
                    continue;
                }
                Ok(BodyReply::End) => {}
                // One message may spoil the answer for its whole group: each that lacks is asked for alone.
                Err(ImapError::Refused { completion, .. }) => heed(Side::Source, &completion)?,
                Err(error) => {
                    self.hand_over_sound(ahead, &error).await?;
                    return Err(error.into());
                }
            }
            if let Some(group) = ahead.front_mut() {
                group.requests.pop_front();
            }
        }
        Ok(ahead.pop_front())
    }

    async fn read_alone(&mut self, row: LedgerRow, reserved: OwnedSemaphorePermit) -> Result<(), ReadEnd> {
        let most = most_of(std::slice::from_ref(&row));
        for mut request in self.session.ask_bodies_within(&[row.uid], most) {
            loop {
                match self.session.next_body(&mut request).await {
                    Ok(BodyReply::Message { uid, bytes }) if uid == row.uid => {
                        let mut arrived = Arrived::new(row, bytes, reserved);
                        // The tagged answer comes first: a connection that ends here has not given the message.
                        if let Err(refused) = self.finish_request(&mut request, &mut arrived).await? {
                            return self.give_up_refused(arrived.row, &refused).await;
                        }
                        let unsure = self.hand_over_believed(vec![arrived]).await?;
                        return self.look_behind(unsure).await;
                    }
                    Ok(BodyReply::Message { .. } | BodyReply::Again { .. }) => {}
                    Ok(BodyReply::End) => break,
                    Err(ImapError::Refused { completion, .. }) => {
                        return self.give_up_refused(row, &completion).await;
                    }
                    Err(error) => return Err(error.into()),
                }
            }
        }
        // Gone, not returned, or so much larger than listed that it was left out: in pieces it may come all the same.
        drop(reserved);
        self.send(Item::Flush).await?;
        self.read_large(row, None).await
    }

    /// Reads to the end of a request whose message has come; the refusal where it ends with one all the same.
    async fn finish_request(
        &mut self,
        request: &mut Pending<Bodies<SourceUid>>,
        arrived: &mut Arrived,
    ) -> Result<Result<(), Completion>, ReadEnd> {
        loop {
            match self.session.next_body::<SourceUid>(request).await {
                Ok(BodyReply::End) => return Ok(Ok(())),
                Ok(BodyReply::Again { uid, bytes }) if uid == arrived.row.uid => arrived.again(&bytes),
                Ok(BodyReply::Message { .. } | BodyReply::Again { .. }) => {}
                Err(ImapError::Refused { completion, .. }) => return Ok(Err(completion)),
                Err(error) => return Err(error.into()),
            }
        }
    }

    /// No bytes came: gone, or listed and not returned.
    async fn give_up_without_bytes(&mut self, row: LedgerRow) -> Result<(), ReadEnd> {
        match self.session.is_listed(row.uid).await {
            Ok(false) => self.give_up(row, MessageState::Vanished, Reason::Gone).await,
            Ok(true) => self.give_up(row, MessageState::Refused, Reason::NotHandedOut).await,
            Err(ImapError::Refused { completion, .. }) => self.give_up_refused(row, &completion).await,
            Err(error) => Err(error.into()),
        }
    }

    /// Reads a message by two methods, where one alone is no witness. `shown` is what has come of it before.
    pub(in crate::transfer) async fn read_large(
        &mut self,
        row: LedgerRow,
        shown: Option<Form>,
    ) -> Result<(), ReadEnd> {
        self.state.meter.download(row.size)?;
        let wanted = Wanted { uid: row.uid.0, listed: row.size, is_kept: true };
        // A connection that breaks at a whole message may last for a piece.
        let is_careful = self.state.lessons.failures.is_careful(self.folder(), Side::Source);
        let first = if is_careful { FetchMethod::Pieces } else { FetchMethod::Whole };
        let folder = &self.share.folder.job.plan.source;
        let named = Named::begin(&self.state.context.request.under_way, folder, row.uid, row.size);
        let methods = &self.state.lessons.methods;
        let beside = Beside { methods: Some(methods), named: named.as_ref(), slot: self.slot(&row) };
        let mut reading = read_large(self.session, (wanted, beside), first).await;
        if matches!(reading, Ok(Reading::Doubtful(_))) && methods.may_read_anew() {
            // What one connection does not return another may.
            self.state.meter.download(row.size)?;
            // Boxed, as it opens a connection.
            reading = Box::pin(self.read_anew((wanted, named.as_ref()), first)).await?;
            methods.read_anew(!matches!(reading, Ok(Reading::Doubtful(_))));
        }
        self.learn_size(&row, shown, &reading);
        match reading {
            Ok(Reading::Message(large)) => self.hand_over_large(row, large, named).await,
            Ok(Reading::Doubtful(words)) => {
                self.give_up(row, MessageState::Refused, Reason::Doubtful(words)).await
            }
            Ok(Reading::Nothing) => self.give_up_without_bytes(row).await,
            Err(ImapError::Refused { completion, .. }) => self.give_up_refused(row, &completion).await,
            Err(error) => Err(error.into()),
        }
    }

    /// Room in memory for a message that is likely to leave at once, and for good.
    fn slot(&self, row: &LedgerRow) -> Option<Slot> {
        let (state, folder) = (self.state, self.folder());
        // Where messages wait for one another, one that has left cannot be read a second time.
        let is_alone = state.deduplication.is_none() && self.share.folder.twins.is_none();
        let is_careful = [Side::Source, Side::Destination]
            .into_iter()
            .any(|side| state.lessons.failures.is_careful(folder, side));
        if !self.is_near || !is_alone || is_careful || state.room.is_refused(folder, row.uid) {
            return None;
        }
        state.room.slot()
    }

    async fn hand_over_large(
        &mut self,
        row: LedgerRow,
        large: Large,
        named: Option<Named>,
    ) -> Result<(), ReadEnd> {
        let Large { spool: Some(spool), bytes, sha256, head } = large else { return Ok(()) };
        // What was listed may be less than what has come.
        self.state.meter.downloaded(bytes.saturating_sub(row.size)).map_err(TransferError::from)?;
        let row = self.learn(row, bytes, &head)?;
        let mut content = Content::Spooled { spool, sha256, named };
        if self.waits(&row, &mut content) {
            return Ok(());
        }
        let Some(reserved) = self.state.budget.reserve(self.state.context.request.limits.spool_bytes).await
        else {
            return Ok(());
        };
        let item = Fetched { row, content, reserved };
        self.send(Item::Message(Box::new(item))).await
    }

    /// Reads a large message over a connection of its own.
    async fn read_anew(
        &mut self,
        wanted: (Wanted, Option<&Named>),
        first: FetchMethod,
    ) -> Result<Result<Reading, ImapError>, ReadEnd> {
        let opened = self.state.context.request.source.open_new_briefly().await;
        let mut session = opened.map_err(|source| TransferError::SignIn { side: Side::Source, source })?;
        session.examine(&self.share.folder.job.plan.source_raw).await?;
        let (wanted, named) = wanted;
        let beside = Beside { methods: Some(&self.state.lessons.methods), named, slot: None };
        let reading = read_large(&mut session, (wanted, beside), first).await;
        session.logout().await;
        Ok(reading)
    }

    /// A message that was listed without facts gets them from its bytes, so that its copy can be recognised.
    fn learn(&self, mut row: LedgerRow, size: u64, head: &[u8]) -> Result<LedgerRow, TransferError> {
        if row.size == 0 && size > 0 {
            (row.size, row.identity) = (size, identity_key(head));
            self.state.context.request.ledger.learn(self.folder(), row.uid, row.size, row.identity)?;
        }
        Ok(row)
    }

    /// Hands a message over, unless it waits for a closer look.
    pub(in crate::transfer) async fn hand_over(
        &mut self,
        row: LedgerRow,
        bytes: Vec<u8>,
        reserved: OwnedSemaphorePermit,
    ) -> Result<(), ReadEnd> {
        let mut content = Content::in_memory(bytes);
        if self.waits(&row, &mut content) {
            return Ok(());
        }
        let item = Fetched { row, content, reserved };
        self.send(Item::Message(Box::new(item))).await
    }

    /// Whether the same message has gone before, so that this one may stay behind.
    fn waits(&self, row: &LedgerRow, content: &mut Content) -> bool {
        self.share.folder.twins.as_ref().is_some_and(|twins| twins.waits(row, content.sha256()))
    }

    /// A message that was asked for alone is refused.
    async fn give_up_refused(&mut self, row: LedgerRow, refused: &Completion) -> Result<(), ReadEnd> {
        let reason = Reason::RefusedBySource(server_words(refused));
        let is_careful = self.state.lessons.failures.is_careful(self.folder(), Side::Source);
        if is_careful && let Refusal::Trouble(_) = refusal(refused) {
            return Ok(self.suspect(&row, refused, reason)?);
        }
        heed(Side::Source, refused)?;
        self.give_up(row, MessageState::Refused, reason).await
    }

    /// A server that fails at a message which goes alone: it waits while others are tried. An error where it fails at
    /// one after the other.
    fn suspect(&self, row: &LedgerRow, refused: &Completion, reason: Reason) -> Result<(), TransferError> {
        let (folder, lessons) = (self.folder(), self.state.lessons);
        let result = MessageResult::because(row.uid, MessageState::Refused, reason);
        let suspect = Suspect {
            folder,
            side: Side::Source,
            result,
            bytes: row.size,
            refusal: refused.clone(),
            is_trouble: true,
            file: None,
        };
        if !lessons.refusals.suspect(suspect) {
            return Ok(());
        }
        for suspect in lessons.refusals.take_suspects() {
            suspect.take_back(&self.state.context.request.ledger)?;
        }
        heed(Side::Source, refused)
    }

    async fn give_up(&mut self, row: LedgerRow, state: MessageState, reason: Reason) -> Result<(), ReadEnd> {
        self.send(Item::Unavailable(Box::new(Unavailable { row, state, reason }))).await
    }

    pub(in crate::transfer) async fn send(&mut self, item: Item) -> Result<(), ReadEnd> {
        self.items.send(item).await.map_err(|_closed| Gone.into())
    }
}

fn bytes_of(rows: &[LedgerRow]) -> u64 {
    rows.iter().map(|row| row.size).sum()
}
