//! What a destination does to every message is said once, and not of each copy. Pure.

use std::collections::BTreeMap;

use crate::transfer::verify::report::{Difference, VerifyReport};

/// Copies with the same oddity from which on it may be the destination's habit.
const FEWEST: u64 = 3;
/// Differences that wait at most for a verdict; what is beyond counts as it is.
const MAX_WAITING: usize = 5_000;

/// Dates and flags of copies as they were compared.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Copies whose date was compared.
    dated: u64,
    other_dates: Vec<Difference>,
    /// How many copies should have a flag, and how many of these lack it.
    wanted: BTreeMap<String, (u64, u64)>,
    other_flags: Vec<(Difference, Vec<String>)>,
}

/// Whether nearly all have it.
const fn is_habit(odd: u64, of: u64) -> bool {
    odd >= FEWEST && odd.saturating_mul(10) >= of.saturating_mul(9)
}

impl VerifyReport {
    /// The date of a copy was compared; `other` is what differs.
    pub(in crate::transfer) fn compared_date(&mut self, other: Option<Difference>) {
        self.tally.dated += 1;
        match other {
            Some(other) if self.tally.other_dates.len() < MAX_WAITING => self.tally.other_dates.push(other),
            Some(other) => self.differs(&other.folder, other.uid, other.what),
            None => {}
        }
    }

    /// The flags of a copy were compared: those that it should have, those that it lacks, and what differs.
    pub(in crate::transfer) fn compared_flags(
        &mut self,
        wanted: &[String],
        lacking: Vec<String>,
        other: Option<Difference>,
    ) {
        for flag in wanted {
            let (all, without) = self.tally.wanted.entry(flag.clone()).or_default();
            *all += 1;
            *without += u64::from(lacking.contains(flag));
        }
        match other {
            Some(other) if lacking.is_empty() || self.tally.other_flags.len() >= MAX_WAITING => {
                self.differs(&other.folder, other.uid, other.what);
            }
            Some(other) => self.tally.other_flags.push((other, lacking)),
            None => {}
        }
    }

    /// The destination says itself that it cannot keep this flag of a message.
    pub(in crate::transfer) fn cannot_keep(&mut self, flag: String) {
        *self.counts.flags_not_kept.entry(flag).or_default() += 1;
    }

    /// Judges what has waited: habits of the destination become one count, everything else differs.
    pub(in crate::transfer) fn judge_habits(&mut self) {
        let Tally { dated, other_dates, wanted, other_flags } = std::mem::take(&mut self.tally);
        if is_habit(other_dates.len() as u64, dated) {
            self.counts.other_dates += other_dates.len() as u64;
        } else {
            for Difference { folder, uid, what } in other_dates {
                self.differs(&folder, uid, what);
            }
        }
        let is_lost = |flag: &String| wanted.get(flag).is_some_and(|(all, without)| is_habit(*without, *all));
        for (Difference { folder, uid, what }, lacking) in other_flags {
            if lacking.iter().all(is_lost) {
                for flag in lacking {
                    self.cannot_keep(flag);
                }
            } else {
                self.differs(&folder, uid, what);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::FolderPath;
    use crate::values::SourceUid;

    fn other(uid: u32) -> Difference {
        Difference {
            folder: FolderPath(vec!["INBOX".to_owned()]),
            uid: SourceUid(uid),
            what: "other".to_owned(),
        }
    }

    #[test]
    fn what_nearly_all_copies_have_is_a_habit_and_the_rest_are_differences() {
        for (odd, of, is_a_habit) in [(100, 100, true), (91, 100, true), (40, 100, false), (2, 2, false)] {
            let mut report = VerifyReport::default();
            for uid in 0..of {
                report.compared_date((uid < odd).then(|| other(uid)));
                let flag = "$work".to_owned();
                let lacking = if uid < odd { vec![flag.clone()] } else { Vec::new() };
                report.compared_flags(&[flag], lacking, (uid < odd).then(|| other(uid)));
            }
            report.judge_habits();
            let odd = u64::from(odd);
            let expected = if is_a_habit { (odd, 0) } else { (0, 2 * odd) };
            assert_eq!((report.counts.other_dates, report.counts.differences), expected, "{odd} of {of}");
            let not_kept = report.counts.flags_not_kept.get("$work").copied().unwrap_or_default();
            assert_eq!(not_kept, if is_a_habit { odd } else { 0 });
        }
    }

    #[test]
    fn an_extra_flag_is_never_a_habit() {
        let mut report = VerifyReport::default();
        for uid in 0..10 {
            report.compared_flags(&[], Vec::new(), Some(other(uid)));
        }
        report.judge_habits();
        assert_eq!((report.counts.differences, report.counts.flags_not_kept.len()), (10, 0));
    }
}
