//! Refusals that wait until it is clear what they are about: the message, a folder, the mailbox, or a server that fails.

use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::imap::Completion;
use crate::project::{FolderId, Ledger, MessageResult};
use crate::transfer::context::error::TransferError;
use crate::transfer::context::export::{Exported, take_back};
use crate::transfer::context::request::{Progress, ProgressSink};
use crate::values::Side;

mod failing_folders;

use failing_folders::FailingFolders;
pub(in crate::transfer) use failing_folders::{NextRound, OPENING_TRIES};

/// Refusals with the same words, without anything accepted in between, that mean the mailbox and not the messages.
const SAME_REFUSALS: usize = 10;
/// How often messages at which a server fails are tried again once all others are done.
const TROUBLE_ROUNDS: u32 = 2;

/// The refusals of this run that are not recorded yet.
#[derive(Debug, Default)]
pub(in crate::transfer) struct DeferredRefusals(Mutex<Learnt>);

#[derive(Debug, Default)]
struct Learnt {
    suspects: Vec<Suspect>,
    /// Messages at which a server has failed.
    troubled: Vec<Suspect>,
    /// How often these were all that was left.
    trouble_rounds: u32,
    /// Something was accepted in this run.
    has_accepted: bool,
    failing: FailingFolders,
}

/// A refusal that may be meant for the whole mailbox, or a server's own trouble. Its row stays as it is until that is
/// clear.
#[derive(Clone, Debug)]
pub(in crate::transfer) struct Suspect {
    pub(in crate::transfer) folder: FolderId,
    pub(in crate::transfer) side: Side,
    pub(in crate::transfer) result: MessageResult,
    pub(in crate::transfer) bytes: u64,
    /// What the server has answered.
    pub(in crate::transfer) refusal: Completion,
    /// The server itself has failed: that is never a verdict about the message.
    pub(in crate::transfer) is_trouble: bool,
    /// Where the message was saved meanwhile.
    pub(in crate::transfer) file: Option<Exported>,
}

impl Suspect {
    /// It was not about the message: it is tried again, and its file is not needed.
    pub(in crate::transfer) fn take_back(self, ledger: &Ledger) -> Result<(), TransferError> {
        ledger.withdraw_intents(self.folder, &[self.result.uid])?;
        if let Some(file) = &self.file {
            take_back(file);
        }
        Ok(())
    }
}

/// Records the refusals that turned out to be about their messages. Where the server itself has failed, the message is
/// put aside.
pub(in crate::transfer) fn record_refusals(
    refusals: &DeferredRefusals,
    ledger: &Ledger,
    sink: ProgressSink<'_>,
) -> Result<(), TransferError> {
    let (troubled, suspects): (Vec<_>, Vec<_>) =
        refusals.take_suspects().into_iter().partition(|suspect| suspect.is_trouble);
    refusals.learnt().troubled.extend(troubled);
    for Suspect { folder, result, bytes, .. } in suspects {
        ledger.record_results(folder, &[result])?;
        sink(Progress::Advanced { messages: 1, bytes });
    }
    Ok(())
}

impl DeferredRefusals {
    fn learnt(&self) -> MutexGuard<'_, Learnt> {
        // What was learnt is whole between two statements, so a panic elsewhere does not spoil it.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps a refusal until it is clear what it is about. True when it means the mailbox.
    pub(in crate::transfer) fn suspect(&self, suspect: Suspect) -> bool {
        let mut learnt = self.learnt();
        learnt.suspects.push(suspect);
        let kind_of = |one: &Suspect| kind(&one.refusal.to_string());
        let last = learnt.suspects.last().map(kind_of);
        let same = learnt.suspects.iter().rev().take_while(|one| Some(kind_of(one)) == last).count();
        same >= SAME_REFUSALS
    }

    /// A message was accepted.
    pub(in crate::transfer) fn accepted(&self) {
        self.learnt().has_accepted = true;
    }

    /// The messages at which a server has failed, to be taken back.
    pub(in crate::transfer) fn take_troubled(&self) -> Vec<Suspect> {
        std::mem::take(&mut self.learnt().troubled)
    }

    /// Nothing but messages at which a server fails is left. True where they have been tried often enough for this run:
    /// others were accepted meanwhile, so that waiting longer would not help them.
    pub(in crate::transfer) fn leaves_troubled(&self) -> bool {
        let mut learnt = self.learnt();
        learnt.trouble_rounds += 1;
        learnt.has_accepted && learnt.trouble_rounds > TROUBLE_ROUNDS
    }

    /// The refusals that are kept, to be recorded or taken back.
    pub(in crate::transfer) fn take_suspects(&self) -> Vec<Suspect> {
        std::mem::take(&mut self.learnt().suspects)
    }
}

/// Some servers put a number of their own into every refusal.
pub(in crate::transfer) fn kind(words: &str) -> String {
    words.chars().filter(|character| !character.is_ascii_digit()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imap::Status;
    use crate::plan::MessageState;
    use crate::values::SourceUid;

    const FOLDER: FolderId = FolderId(1);

    #[test]
    fn the_same_words_again_and_again_mean_the_mailbox() {
        let refusals = DeferredRefusals::default();
        let suspect = |words: &str| Suspect {
            folder: FOLDER,
            result: MessageResult::new(SourceUid(1), MessageState::Refused),
            side: Side::Destination,
            bytes: 1,
            refusal: Completion { status: Status::No, code: None, words: words.to_owned() },
            is_trouble: false,
            file: None,
        };
        for _ in 1..SAME_REFUSALS {
            assert!(!refusals.suspect(suspect("no")));
        }
        assert!(!refusals.suspect(suspect("other")));
        for _ in 1..SAME_REFUSALS {
            assert!(!refusals.suspect(suspect("no")));
        }
        assert!(refusals.suspect(suspect("no")));
        assert_eq!(refusals.take_suspects().len(), 2 * SAME_REFUSALS);
        assert!(refusals.take_suspects().is_empty());
    }
}
