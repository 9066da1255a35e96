//! What is left until everything else is done: lost copies that may be where rows wait for theirs, and messages that were
//! accepted and are not there.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Whether everything is gone through once more.
#[derive(Debug, Default)]
pub(in crate::transfer) struct SecondLook(Mutex<Wish>);

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Wish {
    #[default]
    NotNeeded,
    Wanted,
    Taken,
}

impl SecondLook {
    /// Copies that are not in their place may be where other rows wait to be told which copy is theirs, or elsewhere.
    pub(in crate::transfer) fn note_unclear(&self) {
        let mut wish = self.locked();
        if *wish == Wish::NotNeeded {
            *wish = Wish::Wanted;
        }
    }

    /// Whether that is worth one more look, now that nothing waits any more; true once.
    pub(in crate::transfer) fn take(&self) -> bool {
        let mut wish = self.locked();
        let is_wanted = *wish == Wish::Wanted;
        if is_wanted {
            *wish = Wish::Taken;
        }
        is_wanted
    }

    fn locked(&self) -> MutexGuard<'_, Wish> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_more_look_is_taken_once() {
        let look = SecondLook::default();
        assert!(!look.take());
        look.note_unclear();
        assert!(look.take() && !look.take());
        look.note_unclear();
        assert!(!look.take());
    }
}
