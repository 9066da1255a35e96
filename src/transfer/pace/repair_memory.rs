//! What repairs have taught in this run: which message ends the connection, which repair was tried on it, and which helps.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::message::{RepairStep, RepairTrigger, ServerWords};
use crate::project::FolderId;
use crate::transfer::pace::connection_failures::BREAKS_AT_ONE;
use crate::transfer::pace::deferred_refusals::kind;
use crate::values::SourceUid;

/// Kinds of refusals that are remembered.
const MAX_KINDS: usize = 100;

/// What is known of messages that do not go as they are.
#[derive(Debug, Default)]
pub(in crate::transfer) struct RepairMemory {
    learnt: Mutex<Learnt>,
    /// Held while a message is repaired.
    pub(in crate::transfer) repairing: tokio::sync::Mutex<()>,
}

#[derive(Debug, Default)]
struct Learnt {
    /// Messages that end the connection to the destination.
    blamed: BTreeSet<(FolderId, SourceUid)>,
    /// Those of them that are not sent as they are any more.
    poison: BTreeSet<(FolderId, SourceUid)>,
    /// Repairs that are under way, and how often the connection has ended at each.
    trying: BTreeMap<(FolderId, SourceUid), BTreeMap<RepairStep, u32>>,
    /// The repair that helped last, by what called for it.
    helped: BTreeMap<RepairTrigger, RepairStep>,
}

impl RepairMemory {
    fn learnt(&self) -> MutexGuard<'_, Learnt> {
        // What was learnt is whole between two statements, so a panic elsewhere does not spoil it.
        self.learnt.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// This message ends the connection to the destination.
    pub(in crate::transfer) fn blame(&self, folder: FolderId, uid: SourceUid) {
        self.learnt().blamed.insert((folder, uid));
    }

    /// Whether this message was blamed; true once.
    pub(in crate::transfer) fn take_blame(&self, folder: FolderId, uid: SourceUid) -> bool {
        self.learnt().blamed.remove(&(folder, uid))
    }

    /// This message was blamed. True where it may still be sent in another form: from now on it is not sent as it is.
    pub(in crate::transfer) fn begins_repaired(&self, folder: FolderId, uid: SourceUid) -> bool {
        self.learnt().poison.insert((folder, uid))
    }

    /// Whether this message is not sent as it is any more.
    pub(in crate::transfer) fn is_poison(&self, folder: FolderId, uid: SourceUid) -> bool {
        self.learnt().poison.contains(&(folder, uid))
    }

    /// This repair of a message is about to be sent.
    pub(in crate::transfer) fn tries(&self, folder: FolderId, uid: SourceUid, step: Option<RepairStep>) {
        let Some(step) = step else { return };
        *self.learnt().trying.entry((folder, uid)).or_default().entry(step).or_default() += 1;
    }

    /// A repair was answered, so the connection did not end at it.
    pub(in crate::transfer) fn has_answer(&self, folder: FolderId, uid: SourceUid) {
        self.learnt().trying.remove(&(folder, uid));
    }

    /// Repairs that are not tried (again) on this message: those at which the connection ended, and for a message that
    /// ends it on its own all but the one that has been seen to help.
    pub(in crate::transfer) fn steps_to_skip(
        &self,
        folder: FolderId,
        uid: SourceUid,
        is_poison: bool,
    ) -> Vec<RepairStep> {
        let learnt = self.learnt();
        let broken = learnt.trying.get(&(folder, uid));
        let most = if is_poison { 1 } else { BREAKS_AT_ONE };
        let is_skipped = |step: &RepairStep| {
            let is_broken = broken.and_then(|steps| steps.get(step)).is_some_and(|count| *count >= most);
            is_broken || (is_poison && *step != RepairStep::LongLines)
        };
        RepairStep::ALL.into_iter().filter(is_skipped).collect()
    }

    /// This repair has helped a message that did not go for this reason.
    pub(in crate::transfer) fn learn_repair(&self, trigger: &RepairTrigger, step: Option<RepairStep>) {
        if let Some(step) = step {
            let mut learnt = self.learnt();
            if learnt.helped.len() >= MAX_KINDS {
                learnt.helped.clear();
            }
            learnt.helped.insert(kind_of(trigger), step);
        }
    }

    /// The repair that has helped others that did not go for this reason.
    pub(in crate::transfer) fn learnt_repair(&self, trigger: &RepairTrigger) -> Option<RepairStep> {
        self.learnt().helped.get(&kind_of(trigger)).copied()
    }
}

/// What calls for the same repair in other messages.
fn kind_of(trigger: &RepairTrigger) -> RepairTrigger {
    match trigger {
        RepairTrigger::Refused(ServerWords { code, text }) => {
            RepairTrigger::Refused(ServerWords { code: code.clone(), text: kind(text) })
        }
        RepairTrigger::UnsendableDate(_) => RepairTrigger::UnsendableDate(String::new()),
        RepairTrigger::EndsConnection | RepairTrigger::DisarmReceipt | RepairTrigger::NoRoom => {
            trigger.clone()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FOLDER: FolderId = FolderId(1);
    const UID: SourceUid = SourceUid(7);

    fn refused(text: &str) -> RepairTrigger {
        RepairTrigger::Refused(ServerWords { code: None, text: text.to_owned() })
    }

    #[test]
    fn a_repair_at_which_the_connection_ended_twice_is_not_tried_again() {
        let repairs = RepairMemory::default();
        let skipped = |is_poison| repairs.steps_to_skip(FOLDER, UID, is_poison);
        for (tries, is_skipped) in [(0, false), (1, false), (2, true)] {
            assert_eq!(skipped(false).contains(&RepairStep::LongLines), is_skipped, "{tries}");
            repairs.tries(FOLDER, UID, Some(RepairStep::LongLines));
        }
        // A message that ends the connection by itself gets one repair, once.
        assert_eq!(skipped(true), RepairStep::ALL);
        repairs.has_answer(FOLDER, UID);
        assert_eq!((skipped(false).len(), skipped(true).len()), (0, RepairStep::ALL.len() - 1));
        assert!(repairs.steps_to_skip(FOLDER, SourceUid(8), false).is_empty());
    }

    #[test]
    fn a_repair_helps_whatever_number_a_server_puts_into_its_words() {
        let repairs = RepairMemory::default();
        repairs.learn_repair(&refused("line 17 is too long"), Some(RepairStep::LongLines));
        assert_eq!(repairs.learnt_repair(&refused("line 9 is too long")), Some(RepairStep::LongLines));
        assert_eq!(repairs.learnt_repair(&refused("no")), None);
        for number in 0..MAX_KINDS {
            let words = "x".repeat(number + 1);
            repairs.learn_repair(&refused(&words), Some(RepairStep::LineEnds));
        }
        assert!(repairs.learnt.lock().unwrap().helped.len() <= MAX_KINDS);
    }

    #[test]
    fn a_message_is_blamed_once_and_repaired_once() {
        let repairs = RepairMemory::default();
        repairs.blame(FOLDER, UID);
        assert!(repairs.take_blame(FOLDER, UID) && !repairs.take_blame(FOLDER, UID));
        assert!(!repairs.is_poison(FOLDER, UID));
        assert!(repairs.begins_repaired(FOLDER, UID) && !repairs.begins_repaired(FOLDER, UID));
        assert!(repairs.is_poison(FOLDER, UID));
    }
}
