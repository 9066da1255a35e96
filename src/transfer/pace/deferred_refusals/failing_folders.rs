//! Destination folders at whose opening the server fails, although it opens others: they come last, are waited for a few
//! times, and are left then.

use super::DeferredRefusals;

/// How often such a folder is tried: at its turn, behind the others, and after each wait.
pub(in crate::transfer) const OPENING_TRIES: u32 = 5;

/// What the folders of this run have taught.
#[derive(Debug, Default)]
pub(super) struct FailingFolders {
    /// Rounds through everything that had such folders.
    rounds: u32,
    /// Those of this round, each with the server's words.
    told: Vec<String>,
    has_opened_one: bool,
}

/// What is to be done about them once everything else is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::transfer) enum NextRound {
    /// There are none.
    NotNeeded,
    /// They are tried once more, now that the others are done.
    Now,
    /// They are tried once more after a wait; what is waited for.
    Later(String),
}

impl DeferredRefusals {
    /// The destination has opened a folder.
    pub(in crate::transfer) fn opened_one(&self) {
        self.learnt().failing.has_opened_one = true;
    }

    /// Whether the destination has opened any folder in this run, so that a failure may be that of a folder.
    pub(in crate::transfer) fn has_opened_one(&self) -> bool {
        self.learnt().failing.has_opened_one
    }

    /// The server fails at this folder. False where it was tried often enough.
    pub(in crate::transfer) fn opens_later(&self, words: String) -> bool {
        let failing = &mut self.learnt().failing;
        let is_tried_again = failing.rounds + 1 < OPENING_TRIES;
        if is_tried_again {
            failing.told.push(words);
        }
        is_tried_again
    }

    /// Everything else is done: whether such folders are tried again.
    pub(in crate::transfer) fn next_round(&self) -> NextRound {
        let failing = &mut self.learnt().failing;
        let told = std::mem::take(&mut failing.told);
        let Some(first) = told.first() else { return NextRound::NotNeeded };
        failing.rounds += 1;
        if failing.rounds == 1 {
            return NextRound::Now;
        }
        let more =
            if told.len() > 1 { format!(", and {} more folders", told.len() - 1) } else { String::new() };
        NextRound::Later(format!("{first}{more}"))
    }
}
