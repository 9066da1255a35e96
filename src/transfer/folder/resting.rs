//! Readers that pause together. Pure.

/// How many read, and how many of them rest.
#[derive(Debug, Default)]
pub(in crate::transfer) struct Readers {
    count: usize,
    resting: usize,
}

impl Readers {
    /// One more reads.
    pub(in crate::transfer) fn began(&mut self) {
        self.count += 1;
    }

    /// One has ended. Whether all that are left rest by now, and no one has said so yet.
    pub(in crate::transfer) fn ended(&mut self) -> bool {
        self.count = self.count.saturating_sub(1);
        self.resting > 0 && self.resting == self.count
    }

    /// One begins to rest. Whether all do.
    pub(in crate::transfer) fn rests(&mut self) -> bool {
        self.resting += 1;
        self.resting >= self.count
    }

    /// One continues. Returns whether all had rested until now.
    pub(in crate::transfer) fn goes_on(&mut self) -> bool {
        let have_all_rested = self.resting >= self.count;
        self.resting = self.resting.saturating_sub(1);
        have_all_rested
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pause_is_reported_once_all_rest_and_ends_with_the_first_that_continues() {
        let mut readers = Readers::default();
        for _ in 0..3 {
            readers.began();
        }
        assert_eq!([readers.rests(), readers.rests(), readers.rests()], [false, false, true]);
        assert_eq!([readers.goes_on(), readers.goes_on(), readers.goes_on()], [true, false, false]);
    }

    #[test]
    fn the_last_that_still_reads_may_end_and_leave_only_such_as_rest() {
        let mut readers = Readers::default();
        readers.began();
        readers.began();
        assert!(!readers.rests());
        assert!(readers.ended());
        assert!(readers.goes_on());
        assert!(!readers.ended(), "nobody is left");
    }
}
