use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use jiff::Timestamp;

use super::{CopyOptions, MessageFilter, MessageState};
use crate::values::with_thousands;

/// A message that may take part in a copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Candidate {
    /// UID at the source.
    pub uid: u32,
    /// RFC822.SIZE at the source; zero where the server does not tell.
    pub bytes: u64,
    /// INTERNALDATE in seconds since 1970; `None` where it cannot be read.
    pub received_secs: Option<i64>,
    /// It was copied, refused or is under way: nothing about it is decided any more.
    pub is_settled: bool,
}

/// Whether these options leave any message out.
pub fn is_choosy(options: &CopyOptions) -> bool {
    options.filter != MessageFilter::default() || options.trial_messages.is_some()
}

/// Which of the messages of one folder do not take part, what becomes of them, and why. `found` has the UIDs that the source's search has
/// found, where there is a search.
///
/// A message whose date or size the source does not tell is never left out because of it. In a trial, messages that are
/// settled count first; the rest are the oldest, or the newest where these go first.
pub fn left_out(
    options: &CopyOptions,
    candidates: &[Candidate],
    found: Option<&BTreeSet<u32>>,
) -> BTreeMap<u32, (MessageState, Arc<str>)> {
    let words = Words::new(options);
    let mut left_out = BTreeMap::new();
    for candidate in candidates.iter().filter(|candidate| !candidate.is_settled) {
        if let Some(because) = words.why(&options.filter, candidate, found) {
            left_out.insert(candidate.uid, (MessageState::LeftOut, Arc::clone(because)));
        }
    }
    let Some(trial) = options.trial_messages else { return left_out };
    let settled = candidates.iter().filter(|candidate| candidate.is_settled).count();
    let room = usize::try_from(trial).unwrap_or(usize::MAX).saturating_sub(settled);
    let mut waiting: Vec<u32> = candidates
        .iter()
        .filter(|candidate| !candidate.is_settled && !left_out.contains_key(&candidate.uid))
        .map(|candidate| candidate.uid)
        .collect();
    waiting.sort_unstable();
    if options.is_newest_first {
        waiting.reverse();
    }
    let later = |uid| (uid, (MessageState::Deferred, Arc::clone(&words.trial)));
    left_out.extend(waiting.into_iter().skip(room).map(later));
    left_out
}

/// The causes, each written once however many messages have it.
struct Words {
    too_old: Arc<str>,
    too_new: Arc<str>,
    too_small: Arc<str>,
    too_large: Arc<str>,
    not_found: Arc<str>,
    trial: Arc<str>,
}

impl Words {
    fn new(options: &CopyOptions) -> Self {
        let filter = &options.filter;
        let count = |number: Option<u64>| with_thousands(number.unwrap_or_default());
        Self {
            too_old: format!("older than {}", moment(filter.since_secs)).into(),
            too_new: format!("received on {} or later", moment(filter.before_secs)).into(),
            too_small: format!("smaller than {} bytes", count(filter.min_bytes)).into(),
            too_large: format!("larger than {} bytes", count(filter.max_bytes)).into(),
            not_found: format!("not found by the search {}", filter.search.as_deref().unwrap_or_default())
                .into(),
            trial: format!(
                "outside the trial of {} messages per folder",
                count(options.trial_messages.map(u64::from))
            )
            .into(),
        }
    }

    fn why(
        &self,
        filter: &MessageFilter,
        candidate: &Candidate,
        found: Option<&BTreeSet<u32>>,
    ) -> Option<&Arc<str>> {
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
        .find_map(|(is_outside, words)| is_outside.then_some(words))
    }
}

/// `2020-01-01`, with the time of day where it is not midnight UTC.
fn moment(secs: Option<i64>) -> String {
    let Some(time) = secs.and_then(|secs| Timestamp::from_second(secs).ok()) else { return String::new() };
    let is_midnight = time.as_second().rem_euclid(86_400) == 0;
    time.strftime(if is_midnight { "%Y-%m-%d" } else { "%Y-%m-%d %H:%M UTC" }).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidate(uid: u32, bytes: u64, received_secs: i64) -> Candidate {
        Candidate { uid, bytes, received_secs: Some(received_secs), is_settled: false }
    }

    fn reasons(
        options: &CopyOptions,
        found: Option<&BTreeSet<u32>>,
        all: &[Candidate],
    ) -> Vec<(u32, String)> {
        left_out(options, all, found).into_iter().map(|(uid, (_, words))| (uid, words.to_string())).collect()
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
        let found = BTreeSet::from([1, 2, 3, 4, 5, 7]);
        let expected = [
            (1, "older than 2020-01-01"),
            (3, "received on 2020-01-01 01:00 UTC or later"),
            (4, "smaller than 10 bytes"),
            (5, "larger than 2,000 bytes"),
            (6, "not found by the search UNSEEN"),
        ];
        assert_eq!(
            reasons(&options, Some(&found), &all),
            expected.map(|(uid, words)| (uid, words.to_owned()))
        );
        assert!(reasons(&CopyOptions::default(), None, &all).is_empty());
    }

    #[test]
    fn a_trial_takes_so_many_and_counts_what_is_there_first() {
        let mut options = CopyOptions { trial_messages: Some(3), ..CopyOptions::default() };
        let mut all: Vec<Candidate> = (1..=5).map(|uid| candidate(uid, 100, 0)).collect();
        let left = |options: &CopyOptions, all: &[Candidate]| -> Vec<u32> {
            left_out(options, all, None).into_keys().collect()
        };
        assert_eq!(left(&options, &all), [4, 5]);
        options.is_newest_first = true;
        assert_eq!(left(&options, &all), [1, 2]);
        all[0].is_settled = true;
        assert_eq!(left(&options, &all), [2, 3]);
    }
}
