//! Messages that the source has returned much shorter than it lists them. Every method may agree on a cut message, so that
//! no second reading shows it; the size that was listed is the only witness. Pure.

use std::collections::{BTreeMap, BTreeSet};

use crate::plan::MessageState;
use crate::project::LedgerRow;
use crate::values::SourceUid;

/// Copies after which the habit of a server shows.
const ENOUGH_COPIES: usize = 8;
/// Bytes by which servers misstate even small messages: headers that they add or leave out, line ends.
const SMALL_DIFFERENCE: u64 = 512;

/// Bytes by which hardly any server misstates a message.
const LARGE_DIFFERENCE: u64 = 16 << 10;

/// Bytes below which no server cuts: many small messages have the same length.
const LEAST_CAP: u64 = 1 << 10;

/// A message of which less has come than the source lists, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::transfer) struct CutShort {
    /// UID at the source.
    pub(in crate::transfer) uid: SourceUid,
    pub(in crate::transfer) listed: u64,
    pub(in crate::transfer) read: u64,
}

impl CutShort {
    pub(in crate::transfer) fn words(&self) -> String {
        let Self { listed, read, .. } = self;
        format!("the source lists {listed} bytes but returned {read}: the message may be truncated")
    }
}

/// Those of these rows, as the source lists them, that may be cut. `read` has the lengths that came where they are not the
/// listed ones. Many servers only estimate sizes; they are off by a part of them, and for most messages.
pub(in crate::transfer) fn cut_short(rows: &[LedgerRow], read: &BTreeMap<SourceUid, u64>) -> Vec<CutShort> {
    let copied = || rows.iter().filter(|row| row.state == MessageState::Copied && row.size > 0);
    let length = |row: &LedgerRow| read.get(&row.uid).copied().unwrap_or(row.size);
    let count = copied().count();
    let keeps_sizes = copied().filter(|row| length(row) == row.size).count() * 2 >= count;
    let cap = cap_of(&copied().map(|row| (row.size, length(row))));
    let is_cut = |one: &CutShort| {
        let CutShort { listed, read, .. } = *one;
        if cap == Some(read) && listed - read > SMALL_DIFFERENCE {
            return true;
        }
        let is_far = read < listed - listed / 8 && listed - read > SMALL_DIFFERENCE;
        let is_very_far = read < listed / 2 && listed - read > LARGE_DIFFERENCE && count < ENOUGH_COPIES;
        read == 0 || (is_far && keeps_sizes) || is_very_far
    };
    copied()
        .map(|row| CutShort { uid: row.uid, listed: row.size, read: length(row) })
        .filter(|one| one.read < one.listed && is_cut(one))
        .collect()
}

/// The length at which a source seems to cut whatever is longer: nothing longer has come, and messages that are listed with
/// several sizes have come with exactly this length, or one with a round one that lacks much. Sizes are listed and read
/// lengths.
fn cap_of(sizes: &(impl Iterator<Item = (u64, u64)> + Clone)) -> Option<u64> {
    let longest = sizes.clone().map(|(_, read)| read).max()?;
    let at_cap = || sizes.clone().filter(|(_, read)| *read == longest);
    let is_all_cut = at_cap().all(|(listed, read)| listed > read);
    let listed: BTreeSet<u64> = at_cap().map(|(listed, _)| listed).collect();
    let is_round = longest.is_multiple_of(1_000) || longest.is_multiple_of(1_024);
    let lacks_much = || listed.iter().all(|listed| longest < listed - listed / 8);
    let is_cap = is_all_cut && (listed.len() > 1 || (is_round && lacks_much()));
    (is_cap && longest >= LEAST_CAP).then_some(longest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::IdentityKey;

    const NONE: [u32; 0] = [];

    fn rows(sizes: &[u64]) -> Vec<LedgerRow> {
        let row = |(uid, size): (u32, &u64)| LedgerRow {
            uid: SourceUid(uid),
            size: *size,
            internal_date: String::new(),
            flags: Vec::new(),
            identity: IdentityKey([0; 32]),
            state: MessageState::Copied,
            intent_uidnext: None,
            intent_uid_validity: None,
            destination_uid: None,
            destination_uid_validity: None,
            sha256: None,
            reason: None,
            flag_check: None,
            forgotten: None,
        };
        (1..).zip(sizes).map(row).collect()
    }

    fn cut(sizes: &[u64], read: &[(u32, u64)]) -> Vec<u32> {
        let read = read.iter().map(|(uid, bytes)| (SourceUid(*uid), *bytes)).collect();
        cut_short(&rows(sizes), &read).into_iter().map(|one| one.uid.0).collect()
    }

    #[test]
    fn where_a_server_keeps_sizes_a_short_message_is_in_doubt() {
        assert_eq!(cut(&[100, 50_000, 200, 300], &[(2, 20_000)]), [2]);
        assert_eq!(
            cut(&[100, 50_000, 200, 300], &[(2, 49_990)]),
            NONE,
            "a line end or two are lost in counting"
        );
        assert_eq!(cut(&[100, 50_000, 200, 300], &[(2, 60_000)]), NONE, "longer is not cut");
        assert_eq!(cut(&[100, 118, 200], &[(2, 58)]), NONE, "so may a header be");
        assert_eq!(cut(&[100, 200], &[]), NONE);
    }

    #[test]
    fn where_it_estimates_them_only_an_empty_one_is() {
        let sizes = [1_000; 10];
        let read: Vec<(u32, u64)> = (1..=10).map(|uid| (uid, 400 + u64::from(uid))).collect();
        assert_eq!(cut(&sizes, &read), NONE);
        let read: Vec<(u32, u64)> = (1..=10).map(|uid| (uid, if uid == 3 { 0 } else { 900 })).collect();
        assert_eq!(cut(&sizes, &read), [3]);
    }

    #[test]
    fn a_length_that_nothing_goes_beyond_is_a_cut() {
        assert_eq!(cut(&[1_200_000], &[(1, 1_000_000)]), [1], "round");
        assert_eq!(cut(&[1_200_000], &[(1, 1_048_576)]), [1], "round as well");
        assert_eq!(cut(&[1_200_000], &[(1, 1_100_003)]), NONE, "one that is misstated");
        assert_eq!(cut(&[1_200_000, 1_300_000, 70], &[(1, 1_100_003), (2, 1_100_003)]), [1, 2]);
        let sizes = [9_000_000, 2_000, 1_100_000, 1_200_000, 3_000, 1_300_000];
        let read = [(1, 1_000_000), (3, 1_000_000), (4, 1_000_000), (6, 1_000_000)];
        assert_eq!(cut(&sizes, &read), [1, 3, 4, 6]);
        assert_eq!(cut(&[1_200_000, 1_500_000], &[(1, 1_100_000)]), NONE, "a longer one has come whole");
        assert_eq!(cut(&[1_000_200], &[(1, 1_000_000)]), NONE, "so little may be a header");
        assert_eq!(cut(&[1_260_000], &[(1, 1_200_000)]), NONE, "nor is round alone a sign");
        let twins = [(2, 24_120), (3, 24_120)];
        assert_eq!(cut(&[900, 25_627, 25_627, 800], &twins), NONE, "one message twice");
    }

    #[test]
    fn of_few_messages_one_that_lacks_half_is_in_doubt() {
        assert_eq!(cut(&[100_000], &[(1, 0)]), [1]);
        assert_eq!(cut(&[3_058, 3_090], &[(1, 58), (2, 90)]), NONE, "one mistake in all of them");
        assert_eq!(cut(&[100_000, 5_000], &[(1, 40_000), (2, 4_500)]), [1]);
    }
}
