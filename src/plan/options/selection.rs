//! Decides which messages of a folder are left out by the filter or by a trial.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::plan::ledger_sum::MessageState;
use crate::plan::options::copy::CopyOptions;
use crate::plan::options::filter::MessageFilter;
use crate::plan::options::rest::Rest;
use crate::plan::reason::Reason;
use crate::values::SourceUid;

/// A message that may take part in a copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// UID at the source.
    pub uid: SourceUid,
    /// RFC822.SIZE at the source; zero if the server does not report it.
    pub bytes: u64,
    /// INTERNALDATE in seconds since 1970; `None` where it cannot be read.
    pub received_secs: Option<i64>,
    /// It was copied, refused or is in progress, so there is nothing left to decide.
    pub is_settled: bool,
}

/// Whether these options leave any message out.
pub fn is_choosy(options: &CopyOptions) -> bool {
    options.filter != MessageFilter::default()
        || options.trial_messages.is_some()
        || options.rest == Rest::LeaveOut
}

/// Which of the messages of one folder do not take part, what happens to them, and why. `found` has the UIDs that the source's search has
/// found, where there is a search.
///
/// A message whose date or size the source does not tell is never left out because of it. In a trial, messages that are
/// settled count first; the rest are the oldest, or the newest where these go first. Where the rest of the mailbox is left
/// out, that is every message that is not settled.
pub fn left_out(
    options: &CopyOptions,
    candidates: &[Candidate],
    found: Option<&BTreeSet<SourceUid>>,
) -> BTreeMap<SourceUid, (MessageState, Arc<Reason>)> {
    let reasons = Reasons::new(options);
    let mut left_out = BTreeMap::new();
    for candidate in candidates.iter().filter(|candidate| !candidate.is_settled) {
        if let Some(because) = reasons.why(&options.filter, candidate, found) {
            left_out.insert(candidate.uid, (MessageState::LeftOut, Arc::clone(because)));
        } else if options.rest == Rest::LeaveOut {
            left_out.insert(candidate.uid, (MessageState::LeftOut, Arc::clone(&reasons.rest)));
        }
    }
    let Some(trial) = options.trial_messages else { return left_out };
    let settled = candidates.iter().filter(|candidate| candidate.is_settled).count();
    let room = usize::try_from(trial).unwrap_or(usize::MAX).saturating_sub(settled);
    let mut waiting: Vec<SourceUid> = candidates
        .iter()
        .filter(|candidate| !candidate.is_settled && !left_out.contains_key(&candidate.uid))
        .map(|candidate| candidate.uid)
        .collect();
    waiting.sort_unstable();
    if options.is_newest_first {
        waiting.reverse();
    }
    let later = |uid| (uid, (MessageState::Deferred, Arc::clone(&reasons.trial)));
    left_out.extend(waiting.into_iter().skip(room).map(later));
    left_out
}

/// The reasons, each made once however many messages have it.
struct Reasons {
    too_old: Arc<Reason>,
    too_new: Arc<Reason>,
    too_small: Arc<Reason>,
    too_large: Arc<Reason>,
    not_found: Arc<Reason>,
    trial: Arc<Reason>,
    rest: Arc<Reason>,
}

impl Reasons {
    fn new(options: &CopyOptions) -> Self {
        let filter = &options.filter;
        Self {
            too_old: Reason::TooOld(filter.since_secs.unwrap_or_default()).into(),
            too_new: Reason::TooNew(filter.before_secs.unwrap_or_default()).into(),
            too_small: Reason::TooSmall(filter.min_bytes.unwrap_or_default()).into(),
            too_large: Reason::TooLarge(filter.max_bytes.unwrap_or_default()).into(),
            not_found: Reason::NotFound(filter.search.clone().unwrap_or_default()).into(),
            trial: Reason::OutsideTrial(options.trial_messages.unwrap_or_default()).into(),
            rest: Reason::RestLeftOut.into(),
        }
    }

    fn why(
        &self,
        filter: &MessageFilter,
        candidate: &Candidate,
        found: Option<&BTreeSet<SourceUid>>,
    ) -> Option<&Arc<Reason>> {
        let received = candidate.received_secs;
        let is = |limit: Option<i64>, beyond: fn(i64, i64) -> bool| {
            limit.zip(received).is_some_and(|(limit, received)| beyond(received, limit))
        };
        let bytes = Some(candidate.bytes).filter(|bytes| *bytes > 0);
        let has = |limit: Option<u64>, beyond: fn(u64, u64) -> bool| {
            limit.zip(bytes).is_some_and(|(limit, bytes)| beyond(bytes, limit))
        };
        [
            (is(filter.since_secs, |received, since| received < since), &self.too_old),
            (is(filter.before_secs, |received, before| received >= before), &self.too_new),
            (has(filter.min_bytes, |bytes, least| bytes < least), &self.too_small),
            (has(filter.max_bytes, |bytes, most| bytes > most), &self.too_large),
            (found.is_some_and(|found| !found.contains(&candidate.uid)), &self.not_found),
        ]
        .into_iter()
        .find_map(|(is_outside, reason)| is_outside.then_some(reason))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidate(uid: u32, bytes: u64, received_secs: i64) -> Candidate {
        Candidate { uid: SourceUid(uid), bytes, received_secs: Some(received_secs), is_settled: false }
    }

    fn reasons(
        options: &CopyOptions,
        found: Option<&BTreeSet<SourceUid>>,
        all: &[Candidate],
    ) -> Vec<(SourceUid, Reason)> {
        let left_out = left_out(options, all, found).into_iter();
        left_out.map(|(uid, (_, reason))| (uid, Reason::clone(&reason))).collect()
    }

    #[test]
    fn each_bound_leaves_out_what_is_beyond_it_and_says_so() {
        let filter = MessageFilter {
            since_secs: Some(1_577_836_800),
            before_secs: Some(1_577_840_400),
            min_bytes: Some(10),
            max_bytes: Some(2_000),
            search: Some("UNSEEN".to_owned()),
        };
        let options = CopyOptions { filter, ..CopyOptions::default() };
        let all = [
            candidate(1, 100, 1_577_836_799),
            candidate(2, 100, 1_577_836_800),
            candidate(3, 100, 1_577_840_400),
            candidate(4, 9, 1_577_836_800),
            candidate(5, 2_001, 1_577_836_800),
            candidate(6, 2_000, 1_577_836_800),
            Candidate { received_secs: None, ..candidate(7, 0, 0) },
            Candidate { is_settled: true, ..candidate(8, 1, 0) },
        ];
        let found = BTreeSet::from([1, 2, 3, 4, 5, 7].map(SourceUid));
        let expected = [
            (1, Reason::TooOld(1_577_836_800)),
            (3, Reason::TooNew(1_577_840_400)),
            (4, Reason::TooSmall(10)),
            (5, Reason::TooLarge(2_000)),
            (6, Reason::NotFound("UNSEEN".to_owned())),
        ];
        assert_eq!(
            reasons(&options, Some(&found), &all),
            expected.map(|(uid, reason)| (SourceUid(uid), reason))
        );
        assert!(reasons(&CopyOptions::default(), None, &all).is_empty());
    }

    #[test]
    fn a_trial_takes_so_many_and_counts_what_is_there_first() {
        let mut options = CopyOptions { trial_messages: Some(3), ..CopyOptions::default() };
        let mut all: Vec<Candidate> = (1..=5).map(|uid| candidate(uid, 100, 0)).collect();
        let left = |options: &CopyOptions, all: &[Candidate]| -> Vec<SourceUid> {
            left_out(options, all, None).into_keys().collect()
        };
        assert_eq!(left(&options, &all), [SourceUid(4), SourceUid(5)]);
        options.is_newest_first = true;
        assert_eq!(left(&options, &all), [SourceUid(1), SourceUid(2)]);
        all[0].is_settled = true;
        assert_eq!(left(&options, &all), [SourceUid(2), SourceUid(3)]);
    }
}
