//! The first messages of a folder, asked for before the answers to its opening are here: one wait less in each folder.

use std::collections::{BTreeSet, VecDeque};

use crate::imap::{Bodies, Pending, Session};
use crate::project::LedgerRow;
use crate::transfer::context::error::TransferError;
use crate::transfer::context::folder_job::FolderJob;
use crate::transfer::folder::copy_state::CopyState;
use crate::transfer::folder::fetch_group::most_of;
use crate::values::{Side, SourceUid};

/// Messages in one request.
pub(in crate::transfer) const GROUP_MESSAGES: usize = 100;
/// Bytes in one request.
const GROUP_BYTES: u64 = 1 << 20;
/// Bytes that are asked for before the folder is known to be the one that was listed.
const AHEAD_BYTES: u64 = 4 * GROUP_BYTES;

/// Requests that went out behind the opening of their folder. The outcome of them counts only when the folder is the
/// one that was listed; messages that are no longer to do are dropped as they come.
pub(in crate::transfer) struct Ahead {
    groups: Vec<Asked>,
}

/// Requests that are under way, and the rows that they are about.
pub(in crate::transfer) struct AskedRows {
    pub(in crate::transfer) requests: Vec<Pending<Bodies<SourceUid>>>,
    pub(in crate::transfer) rows: Vec<LedgerRow>,
}

struct Asked {
    requests: Vec<Pending<Bodies<SourceUid>>>,
    uids: BTreeSet<SourceUid>,
}

impl Ahead {
    /// Asks for the first messages that are to do. `None` where the connection may be needed for something else before
    /// they are read, and where messages go one by one.
    pub(in crate::transfer) fn ask(
        source: &mut Session,
        state: &CopyState<'_>,
        job: &FolderJob,
    ) -> Result<Option<Self>, TransferError> {
        let folder = job.folder;
        let is_careful = state.lessons.failures.is_careful(folder, Side::Source);
        let is_plain = state.lessons.fresh_flags.has(folder) && !job.is_late && !job.may_be_there;
        if is_careful || !is_plain || state.context.control.is_paused() {
            return Ok(None);
        }
        let mut rows = VecDeque::from(state.rows().page(folder, None)?);
        let mut groups = Vec::new();
        let mut left = AHEAD_BYTES;
        loop {
            let group = next_group(&mut rows, |row| state.is_large(row));
            let bytes: u64 = group.iter().map(|row| row.size).sum();
            // At the end of a day's share the reader says so, when it comes to it.
            if group.is_empty() || bytes > left || state.meter.download(bytes).is_err() {
                break;
            }
            left -= bytes;
            let uids: Vec<SourceUid> = group.iter().map(|row| row.uid).collect();
            let requests = source.ask_bodies_within(&uids, most_of(&group));
            groups.push(Asked { requests, uids: uids.into_iter().collect() });
        }
        Ok((!groups.is_empty()).then_some(Self { groups }))
    }

    /// The requests in their order, each with those of the rows that it is about, taken out of `rows`.
    pub(in crate::transfer) fn take(self, rows: &mut VecDeque<LedgerRow>) -> Vec<AskedRows> {
        let mut taken = Vec::with_capacity(self.groups.len());
        for Asked { requests, uids } in self.groups {
            let (asked, rest): (Vec<_>, Vec<_>) =
                std::mem::take(rows).into_iter().partition(|row| uids.contains(&row.uid));
            *rows = rest.into();
            taken.push(AskedRows { requests, rows: asked });
        }
        taken
    }
}

/// The rows of the next request, taken off the front; none where the first message is read in another way.
pub(in crate::transfer) fn next_group(
    rows: &mut VecDeque<LedgerRow>,
    is_large: impl Fn(&LedgerRow) -> bool,
) -> Vec<LedgerRow> {
    let mut group: Vec<LedgerRow> = Vec::new();
    let mut bytes = 0;
    while let Some(row) = rows.front() {
        let is_full = group.len() >= GROUP_MESSAGES || (bytes + row.size > GROUP_BYTES && !group.is_empty());
        // Servers answer in ascending order, and where the newest go first each page is behind the one before it.
        let turns_back = group.last().is_some_and(|last| last.uid > row.uid);
        if is_full || turns_back || is_large(row) {
            break;
        }
        bytes += row.size;
        group.extend(rows.pop_front());
    }
    group
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::transfer::folder::sample_rows::to_do;

    fn rows(list: &[(u32, u64)]) -> VecDeque<LedgerRow> {
        list.iter().map(|(uid, size)| to_do(*uid, *size)).collect()
    }

    fn uids<'r>(rows: impl IntoIterator<Item = &'r LedgerRow>) -> Vec<u32> {
        rows.into_iter().map(|row| row.uid.0).collect()
    }

    #[test]
    fn a_group_ends_where_it_is_full_where_the_order_turns_and_before_a_large_message() {
        const LARGE: u64 = 8 << 20;
        for (list, group, left) in [
            (vec![(1, 10), (2, 10), (5, 10)], vec![1, 2, 5], vec![]),
            // Together they are more than a request takes.
            (vec![(1, 700_000), (2, 300_000), (3, 100_000)], vec![1, 2], vec![3]),
            // One that is more by itself goes alone.
            (vec![(1, GROUP_BYTES + 1), (2, 1)], vec![1], vec![2]),
            // The newest first: the next page follows this one.
            (vec![(8, 10), (9, 10), (6, 10), (7, 10)], vec![8, 9], vec![6, 7]),
            (vec![(1, 10), (2, LARGE), (3, 10)], vec![1], vec![2, 3]),
            (vec![(1, LARGE), (2, 10)], vec![], vec![1, 2]),
            (vec![], vec![], vec![]),
        ] {
            let mut rows = rows(&list);
            let taken = next_group(&mut rows, |row| row.size >= LARGE);
            assert_eq!((uids(&taken), uids(&rows)), (group, left), "{list:?}");
        }
        let many: Vec<(u32, u64)> = (1..=250).map(|uid| (uid, 1)).collect();
        let mut rows = rows(&many);
        let groups: Vec<usize> = (0..4).map(|_| next_group(&mut rows, |_| false).len()).collect();
        assert_eq!(groups, [GROUP_MESSAGES, GROUP_MESSAGES, 50, 0]);
    }

    #[test]
    fn what_was_asked_for_ahead_is_taken_out_of_the_rows_that_are_still_to_do() {
        let asked = |uids: &[u32]| Asked {
            requests: Vec::new(),
            uids: uids.iter().copied().map(SourceUid).collect(),
        };
        let ahead = Ahead { groups: vec![asked(&[1, 2, 3]), asked(&[4, 9])] };
        // 2 is no longer to do, and 5 was not asked for.
        let mut rows = rows(&[(1, 1), (3, 1), (4, 1), (5, 1)]);
        let taken: Vec<Vec<u32>> = ahead.take(&mut rows).iter().map(|asked| uids(&asked.rows)).collect();
        assert_eq!((taken, uids(&rows)), (vec![vec![1, 3], vec![4]], vec![5]));
    }
}
