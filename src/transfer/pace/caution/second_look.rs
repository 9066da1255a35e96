//! What is left until everything else is done: lost copies that may be where rows wait for theirs.

use super::Caution;

/// Whether everything is gone through once more.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum SecondLook {
    #[default]
    NotNeeded,
    Wanted,
    Taken,
}

impl Caution {
    /// Copies that are not in their place may be where other rows wait to be told which copy is theirs.
    pub(in crate::transfer) fn note_unclear(&self) {
        let mut learnt = self.learnt();
        if learnt.second_look == SecondLook::NotNeeded {
            learnt.second_look = SecondLook::Wanted;
        }
    }

    /// Whether that is worth one more look, now that nothing waits any more.
    pub(in crate::transfer) fn looks_again(&self) -> bool {
        let mut learnt = self.learnt();
        let is_wanted = learnt.second_look == SecondLook::Wanted;
        if is_wanted {
            learnt.second_look = SecondLook::Taken;
        }
        is_wanted
    }
}
