//! Whether somebody else writes into a folder while we do: UIDs that come back for our copies, and those between them
//! that are not ours. Pure.

use std::collections::{BTreeMap, BTreeSet};

use crate::imap::{Code, Completion};

/// UIDs of one destination folder as they are given out, and the batches that are under way.
#[derive(Debug, Default)]
pub(super) struct Arrivals {
    /// Every UID below is accounted for.
    next: u32,
    /// UIDs of our copies from there on.
    own: BTreeSet<u32>,
    /// Batches under way, by their number, with the writer that has sent each.
    under_way: BTreeMap<u64, usize>,
    last_number: u64,
    /// Batches that UIDs which are not ours may belong to; empty: they are somebody else's.
    may_fill: Option<BTreeSet<u64>>,
    /// Whether an answer has come.
    is_answered: bool,
}

impl Arrivals {
    /// Begins with the folder's UIDNEXT.
    pub(super) fn new(uid_next: u32) -> Self {
        Self { next: uid_next, ..Self::default() }
    }

    /// A batch leaves; the number of it.
    pub(super) fn sent(&mut self, writer: usize) -> u64 {
        self.last_number += 1;
        self.under_way.insert(self.last_number, writer);
        self.last_number
    }

    /// A batch is answered, with the UIDs of what has arrived of it.
    pub(super) fn answered(&mut self, number: u64, uids: impl IntoIterator<Item = u32>) {
        let writer = self.under_way.remove(&number);
        self.is_answered = true;
        if let Some(may_fill) = &mut self.may_fill {
            may_fill.remove(&number);
        }
        self.own.extend(uids.into_iter().filter(|uid| *uid >= self.next));
        while self.own.remove(&self.next) {
            self.next = self.next.saturating_add(1);
        }
        if self.own.is_empty() {
            self.may_fill = None;
        } else if self.may_fill.is_none() {
            // What the same connection sends later gets higher UIDs; only others can have filled the gap.
            let others = self.under_way.iter().filter(|(_, other)| Some(**other) != writer);
            self.may_fill = Some(others.map(|(number, _)| *number).collect());
        }
    }

    /// Whether UIDs have been given out that belong to nothing of ours.
    pub(super) fn has_strangers(&self) -> bool {
        self.may_fill.as_ref().is_some_and(BTreeSet::is_empty)
    }

    /// The folder was looked at while it had this UIDNEXT, and nothing was under way.
    pub(super) fn looked(&mut self, uid_next: u32) {
        self.next = self.next.max(uid_next);
        self.own = self.own.split_off(&self.next);
        self.may_fill = None;
    }

    /// Whether the server has answered to a batch, so that more of them may go at once.
    pub(super) fn is_answered(&self) -> bool {
        self.is_answered
    }
}

/// The UIDs that the messages got, where the server tells and its answer fits.
pub(super) fn appended_uids(completion: &Completion, uid_validity: u32, count: usize) -> Vec<Option<u32>> {
    let unknown = vec![None; count];
    let Some(Code::AppendUid { uid_validity: first, uids }) = &completion.code else { return unknown };
    if *first == uid_validity && uids.len() == count && !uids.contains(&0) {
        return uids.iter().copied().map(Some).collect();
    }
    match uids.as_slice() {
        // DavMail had the two numbers the wrong way round (davmail #315).
        [second] if *second == uid_validity && count == 1 && *first != 0 => vec![Some(*first)],
        _ => unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imap::Status;

    #[test]
    fn our_own_uids_in_a_row_are_no_strangers() {
        let mut arrivals = Arrivals::new(10);
        let (first, second) = (arrivals.sent(0), arrivals.sent(0));
        assert!(!arrivals.is_answered());
        arrivals.answered(first, [10, 11]);
        arrivals.answered(second, [12]);
        assert!(arrivals.is_answered() && !arrivals.has_strangers());
    }

    #[test]
    fn a_gap_on_one_connection_is_somebody_elses_at_once() {
        let mut arrivals = Arrivals::new(10);
        let (first, _later) = (arrivals.sent(0), arrivals.sent(0));
        arrivals.answered(first, [11]);
        assert!(arrivals.has_strangers());
        arrivals.looked(12);
        assert!(!arrivals.has_strangers());
        let third = arrivals.sent(0);
        arrivals.answered(third, [13]);
        assert!(arrivals.has_strangers());
    }

    #[test]
    fn a_gap_may_belong_to_what_another_connection_has_under_way() {
        let mut arrivals = Arrivals::new(1);
        let (slow, quick) = (arrivals.sent(0), arrivals.sent(1));
        arrivals.answered(quick, [3, 4]);
        assert!(!arrivals.has_strangers());
        let later = arrivals.sent(1);
        arrivals.answered(later, [5]);
        assert!(!arrivals.has_strangers());
        arrivals.answered(slow, [1, 2]);
        assert!(!arrivals.has_strangers());
        // The same where the slow one has not filled it.
        let (slow, quick) = (arrivals.sent(0), arrivals.sent(1));
        arrivals.answered(quick, [9]);
        arrivals.answered(slow, [6]);
        assert!(arrivals.has_strangers());
    }

    #[test]
    fn a_server_that_tells_no_uid_shows_nothing() {
        let mut arrivals = Arrivals::new(1);
        let batch = arrivals.sent(0);
        arrivals.answered(batch, []);
        assert!(arrivals.is_answered() && !arrivals.has_strangers());
    }

    #[test]
    fn only_uids_that_fit_are_believed() {
        for (validity, uids, count, expected) in [
            (7, vec![10, 11], 2, vec![Some(10), Some(11)]),
            (7, vec![10], 2, vec![None, None]),
            (10, vec![7], 1, vec![Some(10)]),
            (8, vec![10], 1, vec![None]),
            (7, vec![0], 1, vec![None]),
        ] {
            let code = Some(Code::AppendUid { uid_validity: validity, uids });
            let completion = Completion { status: Status::Ok, code, words: String::new() };
            assert_eq!(appended_uids(&completion, 7, count), expected);
        }
    }
}
