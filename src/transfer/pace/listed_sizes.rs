//! Messages that have come in another length than the source lists them. One answer may be cut, so such a message is
//! looked for behind its end; until the server has shown that it misstates sizes, and cuts nothing. Then only samples are.

use std::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// Messages that are looked at before others with the same difference are believed.
const SAMPLES: u32 = 8;
/// The same whatever their difference: the server only estimates sizes.
const SAMPLES_IN_ALL: u32 = 64;
/// One in this many of the trusted sizes is checked all the same.
const SAMPLE_ONE_IN: u32 = 256;
/// Bytes by which servers misstate even small messages.
const SMALL_DIFFERENCE: u64 = 512;

/// What a source's listed sizes are worth, as its messages have shown in this run.
#[derive(Debug, Default)]
pub(in crate::transfer) struct ListedSizes(Mutex<Shown>);

#[derive(Debug, Default)]
struct Shown {
    /// Messages that were whole, by how much longer they were than listed.
    whole: BTreeMap<i128, u32>,
    whole_in_all: u32,
    /// One was not whole.
    has_cut: bool,
    believed: u32,
}

impl ListedSizes {
    fn shown(&self) -> MutexGuard<'_, Shown> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a message is taken as complete without another look, given its listed size and the bytes received.
    pub(in crate::transfer) fn is_believed(&self, listed: u64, read: u64) -> bool {
        if listed == read {
            return true;
        }
        let is_far_short = read < listed - listed / 8 && listed - read > SMALL_DIFFERENCE;
        if read == 0 || is_far_short {
            return false;
        }
        let mut shown = self.shown();
        let alike = shown.whole.get(&difference(listed, read)).copied().unwrap_or(0);
        if shown.has_cut || alike < SAMPLES && shown.whole_in_all < SAMPLES_IN_ALL {
            return false;
        }
        shown.believed = shown.believed.wrapping_add(1);
        !shown.believed.is_multiple_of(SAMPLE_ONE_IN)
    }

    /// Such a message was looked at.
    pub(in crate::transfer) fn learn(&self, listed: u64, read: u64, is_whole: bool) {
        let mut shown = self.shown();
        if !is_whole {
            shown.has_cut = true;
            return;
        }
        shown.whole_in_all = shown.whole_in_all.saturating_add(1);
        // Beyond these it is an estimate.
        if shown.whole.len() < SAMPLES_IN_ALL as usize {
            let count = shown.whole.entry(difference(listed, read)).or_default();
            *count = count.saturating_add(1);
        }
    }
}

fn difference(listed: u64, read: u64) -> i128 {
    i128::from(read) - i128::from(listed)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How many of these messages, each with its listed and its true size, are looked at; all of them are whole.
    fn looks(messages: impl IntoIterator<Item = (u64, u64)>) -> usize {
        let sizes = ListedSizes::default();
        let look = |(listed, read): &(u64, u64)| {
            let is_looked_at = !sizes.is_believed(*listed, *read);
            if is_looked_at {
                sizes.learn(*listed, *read, true);
            }
            is_looked_at
        };
        messages.into_iter().filter(look).count()
    }

    #[test]
    fn exact_sizes_are_trusted_and_inexact_ones_are_sampled() {
        assert_eq!(looks((1..10_000).map(|size| (size, size))), 0);
        let samples = 10_000 / SAMPLE_ONE_IN as usize;
        for by in [2, 400] {
            assert_eq!(looks((0..10_000).map(|size| (5_000 + size, 5_000 + size - by))), 8 + samples, "{by}");
        }
        assert_eq!(looks((0..10_000).map(|size| (size + 1, size + 10))), 8 + samples);
        let estimated = looks((0..10_000).map(|size| (20_000 + size * 101 / 33, 20_000 + size * 3)));
        assert!(estimated <= 64 + samples, "{estimated}");
    }

    #[test]
    fn far_too_little_is_always_looked_at_and_one_cut_message_ends_the_trust() {
        assert_eq!(looks((0..500).map(|_| (10_000, 5_000))), 500);
        assert_eq!(looks((0..500).map(|_| (10_000, 0))), 500);
        let sizes = ListedSizes::default();
        for _ in 0..100 {
            sizes.learn(1_000, 998, true);
        }
        assert!(sizes.is_believed(1_000, 998));
        sizes.learn(1_000, 998, false);
        assert!(!sizes.is_believed(1_000, 998) && sizes.is_believed(1_000, 1_000));
    }
}
