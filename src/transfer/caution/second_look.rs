//! What is left until everything else is done: lost copies that may be where rows wait for theirs, and folders at which the
//! server fails. Each has a look of its own, so that one does not spend the other's.

use super::Caution;

/// Whether everything is gone through once more, for one reason.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum SecondLook {
    #[default]
    NotNeeded,
    Wanted,
    Taken,
}

impl SecondLook {
    /// Wants the look, where it was not taken yet. Whether it is still to come.
    fn want(&mut self) -> bool {
        if *self == Self::NotNeeded {
            *self = Self::Wanted;
        }
        *self == Self::Wanted
    }

    /// Whether it was wanted; it is taken then.
    fn take(&mut self) -> bool {
        let is_wanted = *self == Self::Wanted;
        if is_wanted {
            *self = Self::Taken;
        }
        is_wanted
    }
}

/// The two looks.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct SecondLooks {
    /// For copies whose place is not clear yet.
    at_copies: SecondLook,
    /// For folders at which the server fails.
    at_folders: SecondLook,
}

impl Caution {
    /// Copies that are not in their place may be where other rows wait to be told which copy is theirs.
    pub(in crate::transfer) fn note_unclear(&self) {
        self.learnt().second_looks.at_copies.want();
    }

    /// Leaves a folder at which the server fails for the end, where that is still to come.
    pub(in crate::transfer) fn leaves_folder_for_the_end(&self) -> bool {
        self.learnt().second_looks.at_folders.want()
    }

    /// Whether anything is worth one more look, now that nothing waits any more.
    pub(in crate::transfer) fn looks_again(&self) -> bool {
        let looks = &mut self.learnt().second_looks;
        let (at_copies, at_folders) = (looks.at_copies.take(), looks.at_folders.take());
        at_copies || at_folders
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neither_look_spends_that_of_the_other() {
        let caution = Caution::default();
        assert!(!caution.looks_again(), "nothing is wanted");
        caution.note_unclear();
        assert!(caution.looks_again() && !caution.looks_again());
        assert!(caution.leaves_folder_for_the_end(), "the look at copies was another one");
        assert!(caution.looks_again());
        assert!(!caution.leaves_folder_for_the_end(), "each is taken once");
        caution.note_unclear();
        assert!(!caution.looks_again());
    }

    #[test]
    fn a_folder_that_was_left_first_leaves_the_look_at_copies() {
        let caution = Caution::default();
        assert!(caution.leaves_folder_for_the_end() && caution.looks_again());
        caution.note_unclear();
        assert!(caution.looks_again());
    }

    #[test]
    fn both_are_taken_with_one_look() {
        let caution = Caution::default();
        caution.note_unclear();
        assert!(caution.leaves_folder_for_the_end());
        assert!(caution.looks_again() && !caution.looks_again());
    }
}
