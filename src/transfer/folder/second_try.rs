//! A refusal that says nothing of its message may pass, or be wrong: before the message goes in another form, the folder is
//! looked into, and the message is sent once more as it was.

use std::sync::Arc;

use crate::imap::{Body, Completion};
use crate::message::RefusalMeaning;
use crate::plan::MessageState;
use crate::transfer::context::error::TransferError;
use crate::transfer::context::request::Progress;
use crate::transfer::folder::appender::Appender;
use crate::transfer::folder::batch::Batch;
use crate::transfer::reconcile::destination_folder::DestinationFolder;
use crate::values::{DestinationUid, Side, SourceUid, Uid};

/// Whether a refusal leaves open what is wrong with the message, if anything is.
pub(in crate::transfer) const fn says_nothing(meaning: RefusalMeaning) -> bool {
    matches!(meaning, RefusalMeaning::Unknown | RefusalMeaning::Message(None))
}

impl Appender<'_> {
    /// Gives a message that was refused a second try as it was, where the refusal does not say what is wrong with it.
    /// Returns the refusal that stands; `None` where the message is there now.
    pub(in crate::transfer) async fn try_again(
        &mut self,
        batch: &mut Batch,
        refused: Completion,
    ) -> Result<Option<Completion>, TransferError> {
        if !says_nothing(self.meaning_of(batch, &refused)) {
            return Ok(Some(refused));
        }
        if self.has_come(batch).await? {
            return Ok(None);
        }
        let answer = self.send_once_more(batch).await?;
        if answer.is_ok() {
            let results = self.arrived(batch, &answer, MessageState::Copied, None);
            self.record(&results, batch.source_bytes())?;
            return Ok(None);
        }
        let is_there = says_nothing(self.meaning_of(batch, &answer)) && self.has_come(batch).await?;
        Ok((!is_there).then_some(answer))
    }

    /// Whether a message whose refusal was read is in the folder all the same, in a form in which it was sent; it counts as
    /// copied then.
    pub(in crate::transfer) async fn has_come(&mut self, batch: &Batch) -> Result<bool, TransferError> {
        let Some(uid) = batch.rows.first().map(|sent| sent.row.uid) else { return Ok(false) };
        if self.record_come(&[uid]).await? == 0 {
            return Ok(false);
        }
        tracing::info!("the server refused a message but has it");
        self.note_come(uid)?;
        (self.state.context.sink)(Progress::Advanced { messages: 1, bytes: batch.source_bytes() });
        Ok(true)
    }

    /// Records those of these messages, whose refusals were read, that are in the folder all the same. How many there are.
    /// Nothing of ours is under way meanwhile, whose equal copies might be taken for them.
    pub(in crate::transfer) async fn record_come(
        &mut self,
        uids: &[SourceUid],
    ) -> Result<usize, TransferError> {
        // Gmail folds what is sent again into the message that is there.
        if uids.is_empty() || self.session.is_gmail() {
            return Ok(0);
        }
        let _alone = Arc::clone(&self.folder.company.sending).write_owned().await;
        let opened = self.reopen().await?;
        let (job, ledger) = (&self.folder.job, &self.state.context.request.ledger);
        let mut rows = ledger.rows(job.folder, &[MessageState::InFlight])?;
        rows.retain(|row| uids.contains(&row.uid));
        let (asked, uid_validity) = (rows.len(), opened.uid_validity);
        let source = Some((self.state.context.request, job.plan.source_raw.as_str()));
        let mut place =
            DestinationFolder { session: self.session, ledger, folder: job.folder, uid_validity, source };
        let missing = Box::pin(place.look(rows, true, DestinationUid::first())).await?.missing;
        self.session.unselect();
        Ok(asked - missing.len())
    }

    /// The copy of this message was found: its place is one of ours, and the destination takes messages.
    fn note_come(&mut self, uid: SourceUid) -> Result<(), TransferError> {
        let (folder, lessons) = (self.folder.job.folder, self.state.lessons);
        let states = [MessageState::Copied, MessageState::Repaired];
        let found = self.state.context.request.ledger.row(folder, uid)?;
        let place = found.filter(|row| states.contains(&row.state)).and_then(|row| row.destination_uid);
        if let Some(place) = place {
            self.uid_next = self.uid_next.max(place.next());
        }
        let mut arrivals = self.folder.company.arrivals();
        let number = arrivals.sent(self.number, 1);
        arrivals.answered(number, 1, place);
        drop(arrivals);
        lessons.failures.passed(folder, Side::Destination);
        lessons.refusals.accepted();
        self.record_suspects()
    }

    /// Sends the only message of a batch as it was. A refusal that is not about the message takes the intent back and is an
    /// error.
    async fn send_once_more(&mut self, batch: &mut Batch) -> Result<Completion, TransferError> {
        self.may_upload(batch, batch.message_bytes())?;
        for message in &mut batch.messages {
            if let Body::Spooled(spool) = &mut message.body {
                spool.keep();
            }
        }
        let answer = self.send_alone(&mut batch.messages).await?;
        self.judged(batch, answer)
    }
}
