//! What happens to a message that the destination refuses: repairs one after the other, then a file, then its words.

use std::sync::Arc;

use sha2::{Digest, Sha256};

use crate::imap::{Body, Completion, ImapError, NewMessage, is_sendable_date};
use crate::message::{
    Draft, RefusalMeaning, RepairLadder, RepairStep, RepairTrigger, asks_for_receipt, identity_key,
};
use crate::plan::{MessageState, Reason};
use crate::project::{ExportedFile, MessageResult, SentForm};
use crate::transfer::context::clock::now;
use crate::transfer::context::error::{FolderChange, TransferError};
use crate::transfer::context::export::{Exported, Origin, export};
use crate::transfer::context::request::Progress;
use crate::transfer::context::under_way::InFlight;
use crate::transfer::folder::appender::Appender;
use crate::transfer::folder::batch::{Batch, Load, Loaded};
use crate::transfer::folder::content::Content;
use crate::transfer::folder::second_try::says_nothing;
use crate::transfer::pace::deferred_refusals::{Suspect, record_refusals};
use crate::transfer::pace::refusal::{Refusal, meaning, refusal, server_words};
use crate::values::{Side, SourceUid};

/// Larger messages are not repaired but saved as they are: a repair holds the whole message in memory, up to three times.
/// Hardly any provider takes a larger one.
const REPAIR_BYTES: u64 = 36 << 20;

/// Why a message does not go as it is, and what that is about.
struct Obstacle {
    trigger: RepairTrigger<Completion>,
    meaning: RefusalMeaning,
}

/// What happened to a message that is not taken in any form.
struct Saved {
    state: MessageState,
    reason: Reason,
    file: Option<Exported>,
}

/// How the repairs of one message ended.
enum Repaired {
    /// The destination has it.
    Taken,
    /// It is refused in every form; the steps that were tried.
    Not(Vec<RepairStep>),
}

impl Appender<'_> {
    /// What a refusal is about, judged by everything that is known of the message.
    pub(in crate::transfer) fn meaning_of(&self, batch: &Batch, refused: &Completion) -> RefusalMeaning {
        let limit = self.session.capabilities().append_limit().unwrap_or(u64::MAX);
        let is_larger = batch.messages.iter().any(|message| message.body.bytes() > limit);
        match meaning(refused) {
            RefusalMeaning::Unknown if is_larger => RefusalMeaning::Size,
            meaning => meaning,
        }
    }

    /// A message at which the destination has ended the connection again and again is not sent as it is any more.
    pub(in crate::transfer) async fn settle_poison(&mut self, load: Load) -> Result<(), TransferError> {
        let batch = self.announce(load).await?;
        let trigger = RepairTrigger::EndsConnection;
        self.settle_refused(batch, Obstacle { trigger, meaning: RefusalMeaning::Unknown }).await
    }

    /// The mailbox is full, and its owner wants files: this message is saved in place of being sent.
    pub(in crate::transfer) async fn settle_rest(&self, load: Load) -> Result<(), TransferError> {
        let mut batch = self.announce(load).await?;
        let bytes = batch.source_bytes();
        let Saved { state, reason, .. } = self.save(&mut batch, (&RepairTrigger::NoRoom, &[]), true).await?;
        let Some(sent) = batch.rows.first() else { return Ok(()) };
        let result = MessageResult {
            uid: sent.row.uid,
            state,
            placement: None,
            sha256: Some(sent.sha256),
            reason: Some(reason),
            flag_check: None,
        };
        self.record(&[result], bytes)
    }

    /// Whether a message goes without its request for a receipt: the owner asked for it, and the message is read. What is
    /// too large for the memory goes as it is.
    pub(in crate::transfer) fn is_to_be_disarmed(&self, message: &Loaded) -> bool {
        self.state.context.request.options.disarms_receipts
            && message.row.flags.iter().any(|flag| flag.eq_ignore_ascii_case("\\Seen"))
            && matches!(&message.content, Content::Memory { bytes, .. } if asks_for_receipt(bytes))
    }

    /// A message whose date no server can be told goes with the date that its header names; one that asks for a receipt,
    /// without the request.
    pub(in crate::transfer) async fn settle_unsendable(&mut self, load: Load) -> Result<(), TransferError> {
        let batch = self.announce(load).await?;
        if batch.messages.iter().all(|message| is_sendable_date(&message.internal_date)) {
            let meaning = RefusalMeaning::Message(Some(RepairStep::ReadReceipt));
            let obstacle = Obstacle { trigger: RepairTrigger::DisarmReceipt, meaning };
            return self.settle_refused(batch, obstacle).await;
        }
        let date = batch.messages.first().map(|message| message.internal_date.clone()).unwrap_or_default();
        let meaning = RefusalMeaning::Message(Some(RepairStep::Date));
        self.settle_refused(batch, Obstacle { trigger: RepairTrigger::UnsendableDate(date), meaning }).await
    }

    /// Settles a single message that the server has refused.
    pub(in crate::transfer) async fn settle_answered(
        &mut self,
        mut batch: Batch,
        refused: Completion,
    ) -> Result<(), TransferError> {
        let Some(refused) = self.try_again(&mut batch, refused).await? else { return Ok(()) };
        let meaning = self.meaning_of(&batch, &refused);
        if meaning == RefusalMeaning::Trouble {
            return self.put_aside(&batch, refused);
        }
        self.settle_refused(batch, Obstacle { trigger: RepairTrigger::Refused(refused), meaning }).await
    }

    /// The server fails at this message: it waits while others are tried. An error where it fails at one after the other.
    fn put_aside(&self, batch: &Batch, refused: Completion) -> Result<(), TransferError> {
        let folder = self.folder.job.folder;
        self.state.lessons.failures.passed(folder, Side::Destination);
        let Some(sent) = batch.rows.first() else { return Ok(()) };
        let result = MessageResult::because(
            sent.row.uid,
            MessageState::Refused,
            Reason::NotTaken(RepairTrigger::Refused(server_words(&refused))),
        );
        let bytes = batch.source_bytes();
        self.suspect(Suspect {
            folder,
            side: Side::Destination,
            result,
            bytes,
            refusal: refused,
            is_trouble: true,
            file: None,
        })
    }

    /// Keeps a refusal until it is clear what it is about; an error where it means the mailbox.
    fn suspect(&self, suspect: Suspect) -> Result<(), TransferError> {
        let completion = suspect.refusal.clone();
        if !self.state.lessons.refusals.suspect(suspect) {
            return Ok(());
        }
        for suspect in self.state.lessons.refusals.take_suspects() {
            suspect.take_back(&self.state.context.request.ledger)?;
        }
        Err(ending(refusal(&completion), completion))
    }

    /// Settles a single message that cannot go as it is. An error where the refusal means the mailbox after all, or where
    /// something else comes between.
    async fn settle_refused(&mut self, mut batch: Batch, obstacle: Obstacle) -> Result<(), TransferError> {
        for message in &mut batch.messages {
            if let Body::Spooled(spool) = &mut message.body {
                spool.keep();
            }
        }
        let tried = match obstacle.meaning {
            RefusalMeaning::Size | RefusalMeaning::Virus | RefusalMeaning::Account => Vec::new(),
            _ => match self.repair(&mut batch, &obstacle).await? {
                Repaired::Taken => return Ok(()),
                Repaired::Not(tried) => tried,
            },
        };
        let folder = self.folder.job.folder;
        self.state.lessons.failures.passed(folder, Side::Destination);
        let Obstacle { trigger, meaning } = obstacle;
        let bytes = batch.source_bytes();
        let may_export = meaning != RefusalMeaning::Account;
        let saved = self.save(&mut batch, (&trigger.map(server_words), &tried), may_export).await?;
        let Saved { state, reason, file } = saved;
        let Some(sent) = batch.rows.first() else { return Ok(()) };
        let result = MessageResult {
            uid: sent.row.uid,
            state,
            placement: None,
            sha256: Some(sent.sha256),
            reason: Some(reason),
            flag_check: None,
        };
        let refusal = match trigger {
            RepairTrigger::Refused(refusal) if !meaning.is_about_message() => refusal,
            _ => return self.record(&[result], bytes),
        };
        self.suspect(Suspect {
            folder,
            side: Side::Destination,
            result,
            bytes,
            refusal,
            is_trouble: false,
            file,
        })
    }

    /// Tries the repairs, each once, with the intent of each on the disk before it is sent.
    async fn repair(&mut self, batch: &mut Batch, obstacle: &Obstacle) -> Result<Repaired, TransferError> {
        let folder = self.folder.job.folder;
        let Some(uid) = batch.rows.first().map(|sent| sent.row.uid) else {
            return Ok(Repaired::Not(Vec::new()));
        };
        // One at a time: each holds its message several times.
        let repairs = &self.state.lessons.repairs;
        let _alone = repairs.repairing.lock().await;
        let trigger = obstacle.trigger.map(server_words);
        let Some(draft) = batch.draft().await? else {
            return self.repair_flags(batch, &trigger).await;
        };
        let mut ladder = RepairLadder::new(draft, now().0);
        for step in repairs.steps_to_skip(folder, uid, trigger == RepairTrigger::EndsConnection) {
            ladder.skip(step);
        }
        let learnt = repairs.learnt_repair(&trigger);
        let mut last = obstacle.meaning;
        while let Some(form) = ladder.next(last, learnt) {
            let mut message = NewMessage {
                flags: form.flags.clone(),
                internal_date: form.internal_date.clone(),
                body: Body::Memory(form.bytes.clone()),
            };
            let sent = sent_form(&form.bytes);
            let answer =
                self.send_form((batch, uid), &mut message, (&trigger, ladder.tried()), &sent).await?;
            if answer.is_ok() {
                repairs.learn_repair(&trigger, ladder.tried().last().copied());
                self.taken(batch, &answer)?;
                return Ok(Repaired::Taken);
            }
            last = meaning(&answer);
            if says_nothing(last) && self.has_come(batch).await? {
                return Ok(Repaired::Taken);
            }
        }
        Ok(Repaired::Not(ladder.tried().to_vec()))
    }

    /// What can be done for a message that is too large to be repaired: it goes without flags that may be in the way.
    async fn repair_flags(
        &mut self,
        batch: &mut Batch,
        trigger: &RepairTrigger,
    ) -> Result<Repaired, TransferError> {
        let mut tried = Vec::new();
        for step in [RepairStep::Deleted, RepairStep::Keywords] {
            let (Some(first), Some(message)) = (batch.rows.first(), batch.messages.first_mut()) else {
                break;
            };
            let bare = Draft { flags: message.flags.clone(), ..Draft::default() };
            let Some(Draft { flags, .. }) = step.apply(&bare, 0) else { continue };
            message.flags = flags;
            tried.push(step);
            let (uid, sha256) = (first.row.uid, first.sha256);
            let sent = SentForm { size: message.body.bytes(), identity: first.row.identity, sha256 };
            let Some(mut message) = batch.messages.pop() else { break };
            let answer = self.send_form((batch, uid), &mut message, (trigger, &tried), &sent).await;
            batch.messages.push(message);
            let answer = answer?;
            if answer.is_ok() {
                self.taken(batch, &answer)?;
                return Ok(Repaired::Taken);
            }
            if says_nothing(meaning(&answer)) && self.has_come(batch).await? {
                return Ok(Repaired::Taken);
            }
        }
        Ok(Repaired::Not(tried))
    }

    /// Sends a message in another form. A refusal that is not about the message takes the intent back and is an error.
    async fn send_form(
        &mut self,
        (batch, uid): (&Batch, SourceUid),
        message: &mut NewMessage,
        (trigger, steps): (&RepairTrigger, &[RepairStep]),
        sent: &SentForm,
    ) -> Result<Completion, TransferError> {
        let (folder, repairs) = (self.folder.job.folder, &self.state.lessons.repairs);
        self.may_upload(batch, message.body.bytes())?;
        self.state.context.request.ledger.record_repair(folder, uid, trigger, steps, sent)?;
        repairs.tries(folder, uid, steps.last().copied());
        let answer = self.send_alone(std::slice::from_mut(message)).await?;
        repairs.has_answer(folder, uid);
        self.judged(batch, answer)
    }

    /// Counts bytes that are about to be sent; an error, with the intent taken back, where they are too many for today.
    pub(in crate::transfer) fn may_upload(&self, batch: &Batch, bytes: u64) -> Result<(), TransferError> {
        if let Err(limit) = self.state.meter.upload(bytes) {
            self.withdraw(batch, &[])?;
            return Err(limit);
        }
        Ok(())
    }

    /// Sends one message whose intent is on the disk, and reads the answer to it.
    pub(in crate::transfer) async fn send_alone(
        &mut self,
        message: &mut [NewMessage],
    ) -> Result<Completion, TransferError> {
        let at = TransferError::at(Side::Destination);
        let _sending = Arc::clone(&self.folder.company.sending).read_owned().await;
        let number = self.folder.company.arrivals().sent(self.number, 1);
        let raw = &self.folder.job.raw;
        let in_flight = InFlight::new(&self.state.context.request.under_way);
        let left = |bytes| in_flight.left(bytes);
        let request = self.session.send_append(raw, message, &left).await.map_err(&at)?;
        let counts = self.ask_counts()?;
        let answer = self.session.answer(request).await.map_err(&at)?;
        let counted = match counts {
            Some(request) => Some(self.session.answer(request).await.map_err(&at)?),
            None => None,
        };
        let uids = if answer.is_ok() { self.told_uids(&answer, 1) } else { Vec::new() };
        self.note_arrivals(number, (uids.len(), uids.into_iter().flatten().collect()), counted);
        Ok(answer)
    }

    /// An answer that is about the message; any other takes the intent back and is an error.
    pub(in crate::transfer) fn judged(
        &self,
        batch: &Batch,
        answer: Completion,
    ) -> Result<Completion, TransferError> {
        match refusal(&answer) {
            _ if answer.is_ok() => Ok(answer),
            Refusal::Message => Ok(answer),
            // It fails at this form again and again: the next one is tried.
            Refusal::Trouble(_) if self.is_careful() => Ok(answer),
            other => {
                self.withdraw(batch, &[])?;
                Err(ending(other, answer))
            }
        }
    }

    /// A repaired message has arrived.
    fn taken(&mut self, batch: &Batch, answer: &Completion) -> Result<(), TransferError> {
        let folder = self.folder.job.folder;
        let known = match batch.rows.first() {
            Some(sent) => self.state.context.request.ledger.repair(folder, sent.row.uid)?,
            None => None,
        };
        let repair = known.map(|repair| repair.reason());
        let results = self.arrived(batch, answer, MessageState::Repaired, repair.as_ref());
        self.record(&results, batch.source_bytes())
    }

    /// Saves a message that the destination will not have as a file, where there is a place for it.
    async fn save(
        &self,
        batch: &mut Batch,
        (trigger, tried): (&RepairTrigger, &[RepairStep]),
        may_export: bool,
    ) -> Result<Saved, TransferError> {
        let root = self.state.context.request.export_folder.as_deref().filter(|_| may_export);
        let (Some(root), Some(sent), Some(message)) = (root, batch.rows.first(), batch.messages.first_mut())
        else {
            let reason = Reason::NotTaken(trigger.clone());
            return Ok(Saved { state: MessageState::Refused, reason, file: None });
        };
        let (request, job) = (self.state.context.request, &self.folder.job);
        let origin = Origin { user: &request.source.user, folder: &job.plan.source, uid: sent.row.uid };
        match export(root, origin, &mut message.body, sent.sha256).await {
            Ok(file) => {
                let kept = ExportedFile { path: file.shown.clone(), sha256: sent.sha256 };
                request.ledger.record_export(job.folder, sent.row.uid, trigger, tried, &kept)?;
                let reason = Reason::Exported { trigger: trigger.clone(), file: kept.path };
                Ok(Saved { state: MessageState::Exported, reason, file: Some(file) })
            }
            Err(error) => {
                let reason = Reason::NotSaved { trigger: trigger.clone(), error: error.to_string() };
                Ok(Saved { state: MessageState::Refused, reason, file: None })
            }
        }
    }

    /// Something was accepted, so the refusals before were about their messages.
    pub(in crate::transfer) fn record_suspects(&self) -> Result<(), TransferError> {
        record_refusals(
            &self.state.lessons.refusals,
            &self.state.context.request.ledger,
            self.state.context.sink,
        )
    }

    /// Records results and reports them.
    pub(in crate::transfer) fn record(
        &self,
        results: &[MessageResult],
        bytes: u64,
    ) -> Result<(), TransferError> {
        if results.is_empty() {
            return Ok(());
        }
        if results.iter().any(|result| matches!(result.state, MessageState::Copied | MessageState::Repaired))
        {
            self.state.lessons.failures.passed(self.folder.job.folder, Side::Destination);
            self.state.lessons.refusals.accepted();
            self.record_suspects()?;
        }
        self.state.context.request.ledger.record_results(self.folder.job.folder, results)?;
        (self.state.context.sink)(Progress::Advanced { messages: results.len() as u64, bytes });
        Ok(())
    }
}

impl Batch {
    /// The only message in memory; `None` where it is too large.
    async fn draft(&mut self) -> Result<Option<Draft>, TransferError> {
        let Some(message) = self.messages.first_mut() else { return Ok(None) };
        if message.body.bytes() > REPAIR_BYTES {
            return Ok(None);
        }
        let bytes = match &mut message.body {
            Body::Memory(bytes) => bytes.clone(),
            Body::Spooled(spool) => {
                spool.read_whole().await.map_err(TransferError::at(Side::Destination))?.into()
            }
        };
        let (internal_date, flags) = (message.internal_date.clone(), message.flags.clone());
        Ok(Some(Draft { bytes, internal_date, flags }))
    }
}

/// What a refusal that is not about a message means for the copy.
pub(in crate::transfer) fn ending(refusal: Refusal, completion: Completion) -> TransferError {
    let (side, words) = (Side::Destination, completion.to_string());
    match refusal {
        Refusal::Full => TransferError::DestinationFull { words },
        Refusal::Wait(seconds) | Refusal::Trouble(seconds) => {
            let meaning = meaning(&completion);
            TransferError::Throttled { side, seconds, words, meaning }
        }
        // Deleted meanwhile: a new connection recreates it and looks what is in it.
        Refusal::FolderMissing => TransferError::FolderChanged { side, change: FolderChange::Gone(words) },
        Refusal::Message => {
            TransferError::Server { side, source: ImapError::Refused { command: "APPEND", completion } }
        }
    }
}

fn sent_form(bytes: &[u8]) -> SentForm {
    SentForm { size: bytes.len() as u64, identity: identity_key(bytes), sha256: Sha256::digest(bytes).into() }
}
