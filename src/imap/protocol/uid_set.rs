//! UID sets (RFC 3501 `sequence-set`), written as ranges and cut so that a command line stays short.

use std::fmt::Write as _;

use crate::values::Uid;

/// Longest set in one command; old servers cut lines at 8,192 bytes.
const MAX_SET_BYTES: usize = 7_000;

/// Writes ascending UIDs as one or several sets such as `1:40,44,50:51`.
pub fn uid_sets<U: Uid>(uids: &[U]) -> Vec<String> {
    let mut sets = Vec::new();
    let mut set = String::new();
    for range in ranges(uids) {
        if set.len() > MAX_SET_BYTES {
            sets.push(std::mem::take(&mut set));
        }
        if !set.is_empty() {
            set.push(',');
        }
        // Writing into a String cannot fail.
        let _infallible = match range {
            (first, last) if first == last => write!(set, "{first}"),
            (first, last) => write!(set, "{first}:{last}"),
        };
    }
    if !set.is_empty() {
        sets.push(set);
    }
    sets
}

fn ranges<U: Uid>(uids: &[U]) -> Vec<(u32, u32)> {
    let mut ranges: Vec<(u32, u32)> = Vec::new();
    for uid in uids.iter().map(|uid| (*uid).into()) {
        match ranges.last_mut() {
            Some((_, last)) if last.checked_add(1) == Some(uid) => *last = uid,
            _ => ranges.push((uid, uid)),
        }
    }
    ranges
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_become_ranges() {
        assert_eq!(uid_sets(&[1, 2, 3, 7, 9, 10]), ["1:3,7,9:10"]);
        assert_eq!(uid_sets(&[u32::MAX]), ["4294967295"]);
        assert!(uid_sets::<u32>(&[]).is_empty());
    }

    #[test]
    fn long_sets_are_cut() {
        let odd: Vec<u32> = (0..20_000).map(|index| 1_000_000 + index * 2).collect();
        let sets = uid_sets(&odd);
        assert!(sets.len() > 10);
        assert!(sets.iter().all(|set| set.len() < 8_000));
        assert_eq!(sets.iter().map(|set| set.split(',').count()).sum::<usize>(), odd.len());
    }
}
