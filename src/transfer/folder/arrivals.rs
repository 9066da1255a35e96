//! Whether somebody else writes into a folder while we do: UIDs that come back for our copies, and those between them
//! that are not ours; or, where a server tells no UIDs, more messages than we have sent. Pure.

use std::collections::{BTreeMap, BTreeSet};

use crate::imap::{Code, Completion};
use crate::values::{DestinationUid, Uid, UidValidity};

/// How full a folder is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::transfer) struct Fullness {
    /// Messages in it.
    pub(in crate::transfer) messages: u64,
    /// The UID that the next message gets; 0 where the server does not say.
    pub(in crate::transfer) uid_next: DestinationUid,
}

/// A batch that has left and is not answered.
#[derive(Clone, Copy, Debug)]
struct Sent {
    writer: usize,
    messages: u64,
    /// Copies of all other writers that had arrived by then.
    others_before: u64,
}

/// UIDs of one destination folder as they are given out, and the batches that are under way.
#[derive(Debug, Default)]
pub(in crate::transfer) struct Arrivals {
    /// Every UID below is accounted for.
    next: DestinationUid,
    /// UIDs of our copies from there on.
    own: BTreeSet<DestinationUid>,
    /// Batches under way, by their number.
    under_way: BTreeMap<u64, Sent>,
    last_number: u64,
    /// Batches that UIDs which are not ours may belong to; empty: they are somebody else's.
    may_fill: Option<BTreeSet<u64>>,
    /// Whether an answer has come.
    is_answered: bool,
    /// How full the folder was when it was last looked at.
    before: Fullness,
    /// Copies of each writer that have arrived since.
    arrived: BTreeMap<usize, u64>,
    /// There were more messages than we had sent.
    is_overfull: bool,
    /// How many reported UIDs belong to something else.
    told_taken: u32,
    /// Whether the folder was counted behind a batch.
    is_counted: bool,
}

impl Arrivals {
    /// Begins with the folder as it was opened.
    pub(in crate::transfer) fn new(before: Fullness) -> Self {
        Self { next: before.uid_next, before, ..Self::default() }
    }

    /// So many messages leave together; the number of the batch.
    pub(in crate::transfer) fn sent(&mut self, writer: usize, messages: usize) -> u64 {
        let others_before = self.arrived_of_others(writer);
        self.last_number += 1;
        let sent = Sent { writer, messages: messages as u64, others_before };
        self.under_way.insert(self.last_number, sent);
        self.last_number
    }

    /// A batch is answered: how many of it have arrived, and their UIDs as far as reported.
    pub(in crate::transfer) fn answered(
        &mut self,
        number: u64,
        arrived: usize,
        uids: impl IntoIterator<Item = DestinationUid>,
    ) {
        let sent = self.under_way.remove(&number);
        let writer = sent.map(|sent| sent.writer);
        if let Some(writer) = writer {
            *self.arrived.entry(writer).or_default() += arrived as u64;
        }
        self.is_answered = true;
        if let Some(may_fill) = &mut self.may_fill {
            may_fill.remove(&number);
        }
        for uid in uids {
            if uid < self.next || !self.own.insert(uid) {
                self.told_taken = self.told_taken.saturating_add(1);
            }
        }
        while self.own.remove(&self.next) {
            self.next = self.next.next();
        }
        if self.own.is_empty() {
            self.may_fill = None;
        } else if self.may_fill.is_none() {
            // What the same connection sends later gets higher UIDs; only others can have filled the gap.
            let others = self.under_way.iter().filter(|(_, other)| Some(other.writer) != writer);
            self.may_fill = Some(others.map(|(number, _)| *number).collect());
        }
    }

    /// The folder was so full right behind a batch that is about to be answered.
    pub(in crate::transfer) fn counted(
        &mut self,
        number: u64,
        arrived: usize,
        now: Fullness,
        measure: Measure,
    ) {
        let Some(sent) = self.under_way.get(&number).copied() else { return };
        self.is_counted = true;
        let grown = match measure {
            Measure::Uids if now.uid_next > DestinationUid(0) && self.before.uid_next > DestinationUid(0) => {
                u64::from(now.uid_next.0.saturating_sub(self.before.uid_next.0))
            }
            _ => now.messages.saturating_sub(self.before.messages),
        };
        let all = self.arrived.values().sum::<u64>() + arrived as u64;
        // What the same connection sends later is counted later.
        let others = self.under_way.values().filter(|other| other.writer != sent.writer);
        let may_be_ours = all + others.map(|other| other.messages).sum::<u64>();
        if grown > may_be_ours {
            self.is_overfull = true;
        }
        let is_alone = may_be_ours == all && self.arrived_of_others(sent.writer) == sent.others_before;
        if measure == Measure::Uids && grown == all && is_alone && self.may_fill.is_none() {
            self.next = self.next.max(now.uid_next);
        }
    }

    fn arrived_of_others(&self, writer: usize) -> u64 {
        self.arrived.iter().filter(|(other, _)| **other != writer).map(|(_, count)| count).sum()
    }

    /// Whether something has come that is nothing of ours.
    pub(in crate::transfer) fn has_strangers(&self, trust: Trust) -> bool {
        let has_gap = self.may_fill.as_ref().is_some_and(BTreeSet::is_empty);
        match trust {
            Trust::Uids => has_gap || self.is_overfull || self.has_told_taken(),
            Trust::Counts => self.is_overfull,
            Trust::Nothing => false,
        }
    }

    /// The folder was looked at while it was so full, and nothing was under way.
    pub(in crate::transfer) fn looked(&mut self, now: Fullness) {
        self.next = self.next.max(now.uid_next);
        self.own = self.own.split_off(&self.next);
        self.may_fill = None;
        self.before = now;
        self.arrived.clear();
        self.is_overfull = false;
        self.told_taken = 0;
    }

    /// Whether a reported UID belongs to something else: to earlier mail, or to an earlier copy of ours.
    pub(in crate::transfer) const fn has_told_taken(&self) -> bool {
        self.told_taken > 0
    }

    /// Whether the folder was ever counted behind a batch.
    pub(in crate::transfer) fn is_counted(&self) -> bool {
        self.is_counted
    }

    /// Every UID below this one belongs to what was known before or to a copy of ours.
    pub(in crate::transfer) fn accounted_for(&self) -> DestinationUid {
        self.next
    }

    /// Whether the server has answered to a batch, so that more of them may go at once.
    pub(in crate::transfer) fn is_answered(&self) -> bool {
        self.is_answered
    }
}

/// By what a folder is seen to grow.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::transfer) enum Measure {
    /// UIDNEXT, which nobody lowers by removing messages.
    Uids,
    /// The number of messages, where UIDs are skipped.
    Messages,
}

/// What a server's numbers are known to be worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::transfer) enum Trust {
    /// Each message has the next UID.
    Uids,
    /// It skips UIDs; the number of messages is right.
    Counts,
    /// Neither was.
    Nothing,
}

/// The UIDs that the messages got, where the server tells and its answer fits.
pub(in crate::transfer) fn appended_uids(
    completion: &Completion,
    uid_validity: UidValidity,
    count: usize,
) -> Vec<Option<DestinationUid>> {
    let unknown = vec![None; count];
    let Some(Code::AppendUid { uid_validity: first, uids }) = &completion.code else { return unknown };
    if *first == uid_validity && uids.len() == count && !uids.contains(&0) {
        return uids.iter().map(|uid| Some(DestinationUid(*uid))).collect();
    }
    match uids.as_slice() {
        // DavMail had the two numbers the wrong way round (davmail #315).
        [second] if UidValidity(*second) == uid_validity && count == 1 && first.0 != 0 => {
            vec![Some(DestinationUid(first.0))]
        }
        _ => unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imap::Status;

    fn from(uid_next: u32) -> Arrivals {
        Arrivals::new(full(uid_next))
    }

    /// As many messages as UIDs.
    fn full(uid_next: u32) -> Fullness {
        Fullness { messages: u64::from(uid_next) - 1, uid_next: DestinationUid(uid_next) }
    }

    fn has_strangers(arrivals: &Arrivals) -> bool {
        arrivals.has_strangers(Trust::Uids)
    }

    #[test]
    fn our_own_uids_in_a_row_are_no_strangers() {
        let mut arrivals = from(10);
        let (first, second) = (arrivals.sent(0, 2), arrivals.sent(0, 1));
        assert!(!arrivals.is_answered());
        arrivals.answered(first, 2, [10, 11].map(DestinationUid));
        arrivals.answered(second, 1, [12].map(DestinationUid));
        assert!(arrivals.is_answered() && !has_strangers(&arrivals));
        assert_eq!(arrivals.accounted_for(), DestinationUid(13));
    }

    #[test]
    fn a_gap_on_one_connection_is_somebody_elses_at_once() {
        let mut arrivals = from(10);
        let (first, _later) = (arrivals.sent(0, 1), arrivals.sent(0, 1));
        arrivals.answered(first, 1, [11].map(DestinationUid));
        assert!(has_strangers(&arrivals));
        arrivals.looked(full(12));
        assert!(!has_strangers(&arrivals));
        let third = arrivals.sent(0, 1);
        arrivals.answered(third, 1, [13].map(DestinationUid));
        assert!(has_strangers(&arrivals));
        assert!(!arrivals.has_strangers(Trust::Counts), "UIDs are known to be skipped");
    }

    #[test]
    fn a_uid_that_something_else_has_is_worth_a_look() {
        for uid in [1, 9, 10] {
            let mut arrivals = from(10);
            let first = arrivals.sent(0, 1);
            arrivals.answered(first, 1, [10].map(DestinationUid));
            assert!(!has_strangers(&arrivals));
            let second = arrivals.sent(0, 1);
            arrivals.answered(second, 1, [uid].map(DestinationUid));
            assert!(has_strangers(&arrivals) && arrivals.has_told_taken(), "{uid}");
            arrivals.looked(full(12));
            assert!(!has_strangers(&arrivals), "{uid}");
        }
    }

    #[test]
    fn a_gap_may_belong_to_what_another_connection_has_under_way() {
        let mut arrivals = from(1);
        let (slow, quick) = (arrivals.sent(0, 2), arrivals.sent(1, 2));
        arrivals.answered(quick, 2, [3, 4].map(DestinationUid));
        assert!(!has_strangers(&arrivals));
        let later = arrivals.sent(1, 1);
        arrivals.answered(later, 1, [5].map(DestinationUid));
        assert!(!has_strangers(&arrivals));
        arrivals.answered(slow, 2, [1, 2].map(DestinationUid));
        assert!(!has_strangers(&arrivals));
        // The same where the slow one has not filled it.
        let (slow, quick) = (arrivals.sent(0, 1), arrivals.sent(1, 1));
        arrivals.answered(quick, 1, [9].map(DestinationUid));
        arrivals.answered(slow, 1, [6].map(DestinationUid));
        assert!(has_strangers(&arrivals));
    }

    #[test]
    fn a_server_that_tells_no_uid_and_is_not_counted_shows_nothing() {
        let mut arrivals = from(1);
        let batch = arrivals.sent(0, 3);
        arrivals.answered(batch, 3, []);
        assert!(arrivals.is_answered() && !has_strangers(&arrivals));
        assert_eq!(arrivals.accounted_for(), DestinationUid(1));
    }

    /// A batch that was answered without UIDs and counted behind.
    fn settle(arrivals: &mut Arrivals, batch: u64, messages: usize, now: Fullness) {
        arrivals.counted(batch, messages, now, Measure::Uids);
        arrivals.answered(batch, messages, []);
    }

    #[test]
    fn more_messages_than_we_have_sent_are_somebody_elses() {
        let mut arrivals = from(10);
        // Pipelined: the second is behind the count of the first.
        let (first, second) = (arrivals.sent(0, 3), arrivals.sent(0, 3));
        settle(&mut arrivals, first, 3, full(13));
        assert!(!has_strangers(&arrivals));
        assert_eq!(arrivals.accounted_for(), DestinationUid(13), "all of them are ours");
        settle(&mut arrivals, second, 3, full(17));
        assert!(has_strangers(&arrivals) && arrivals.has_strangers(Trust::Counts));
        assert!(!arrivals.has_strangers(Trust::Nothing));
        assert_eq!(
            arrivals.accounted_for(),
            DestinationUid(13),
            "which of the four is not ours is not known"
        );
        arrivals.looked(full(17));
        assert!(!has_strangers(&arrivals));
        let third = arrivals.sent(0, 2);
        settle(&mut arrivals, third, 2, full(19));
        assert!(!has_strangers(&arrivals));
    }

    #[test]
    fn what_other_connections_have_under_way_may_be_counted_or_not() {
        let mut arrivals = from(1);
        let (slow, quick) = (arrivals.sent(0, 4), arrivals.sent(1, 2));
        settle(&mut arrivals, quick, 2, full(7));
        assert!(!has_strangers(&arrivals));
        assert_eq!(arrivals.accounted_for(), DestinationUid(1));
        let more = arrivals.sent(1, 2);
        settle(&mut arrivals, more, 2, full(10));
        assert!(has_strangers(&arrivals), "nine where at most eight were sent");
        arrivals.looked(full(10));
        settle(&mut arrivals, slow, 0, full(10));
        assert!(!has_strangers(&arrivals));
    }

    #[test]
    fn copies_of_others_that_came_after_the_count_prove_nothing() {
        let mut arrivals = from(1);
        let slow = arrivals.sent(0, 2);
        let quick = arrivals.sent(1, 2);
        // A stranger and the first batch were counted; the second came after that, and its answer before.
        arrivals.answered(quick, 2, []);
        settle(&mut arrivals, slow, 2, full(5));
        assert_eq!(arrivals.accounted_for(), DestinationUid(1));
        let last = arrivals.sent(0, 1);
        settle(&mut arrivals, last, 1, full(7));
        assert!(has_strangers(&arrivals), "it shows with the next count");
    }

    #[test]
    fn owners_who_remove_mail_hide_nothing_where_uids_count() {
        let mut arrivals = from(10);
        let batch = arrivals.sent(0, 1);
        settle(&mut arrivals, batch, 1, Fullness { messages: 4, uid_next: DestinationUid(12) });
        assert!(has_strangers(&arrivals));
        // Where UIDs are skipped, messages are what counts.
        let mut arrivals = from(10);
        let batch = arrivals.sent(0, 2);
        arrivals.counted(
            batch,
            2,
            Fullness { messages: 11, uid_next: DestinationUid(16) },
            Measure::Messages,
        );
        arrivals.answered(batch, 2, []);
        assert!(!has_strangers(&arrivals));
        let batch = arrivals.sent(0, 1);
        arrivals.counted(
            batch,
            1,
            Fullness { messages: 13, uid_next: DestinationUid(19) },
            Measure::Messages,
        );
        assert!(arrivals.has_strangers(Trust::Counts));
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
            let code = Some(Code::AppendUid { uid_validity: UidValidity(validity), uids });
            let completion = Completion { status: Status::Ok, code, words: String::new() };
            let expected: Vec<_> = expected.into_iter().map(|uid| uid.map(DestinationUid)).collect();
            assert_eq!(appended_uids(&completion, UidValidity(7), count), expected);
        }
    }
}
