use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::IdentityKey;

/// What is known of a message without its body: enough to recognise a copy of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MessageKey {
    /// UID in its own folder.
    pub uid: u32,
    /// Digest of its headers.
    pub identity: IdentityKey,
    /// RFC822.SIZE in bytes.
    pub size: u64,
}

/// A source message and the copy of it that was found at the destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CopyMatch {
    /// UID at the source.
    pub source_uid: u32,
    /// UID at the destination.
    pub destination_uid: u32,
}

/// Finds which wanted messages the destination already has, in ascending order of source UIDs.
///
/// Header digest and size must agree. Multiplicity is kept: of three equal messages against two copies, the two
/// with the lowest UIDs match and one stays to be copied. Copies in `claimed` belong to other rows already.
/// A UID that was listed twice counts once.
pub fn match_copies(wanted: &[MessageKey], present: &[MessageKey], claimed: &[u32]) -> Vec<CopyMatch> {
    let mut taken: BTreeSet<u32> = claimed.iter().copied().collect();
    let mut free: BTreeMap<(IdentityKey, u64), VecDeque<u32>> = BTreeMap::new();
    for copy in in_uid_order(present) {
        if taken.insert(copy.uid) {
            free.entry((copy.identity, copy.size)).or_default().push_back(copy.uid);
        }
    }
    in_uid_order(wanted)
        .into_iter()
        .filter_map(|message| {
            let destination_uid = free.get_mut(&(message.identity, message.size))?.pop_front()?;
            Some(CopyMatch { source_uid: message.uid, destination_uid })
        })
        .collect()
}

fn in_uid_order(messages: &[MessageKey]) -> Vec<MessageKey> {
    let mut ordered = messages.to_vec();
    ordered.sort_by_key(|message| message.uid);
    ordered.dedup_by_key(|message| message.uid);
    ordered
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn key(uid: u32, identity: u8, size: u64) -> MessageKey {
        MessageKey { uid, identity: IdentityKey([identity; 32]), size }
    }

    fn pairs(matches: &[CopyMatch]) -> Vec<(u32, u32)> {
        matches.iter().map(|found| (found.source_uid, found.destination_uid)).collect()
    }

    #[test]
    fn multiplicity_is_kept() {
        let wanted = [key(3, 1, 10), key(1, 1, 10), key(2, 1, 10)];
        let present = [key(20, 1, 10), key(10, 1, 10)];
        assert_eq!(pairs(&match_copies(&wanted, &present, &[])), [(1, 10), (2, 20)]);
        assert_eq!(pairs(&match_copies(&wanted, &present, &[10])), [(1, 20)]);
        assert_eq!(pairs(&match_copies(&wanted[..1], &present, &[])), [(3, 10)]);
    }

    #[test]
    fn both_headers_and_size_must_agree() {
        assert!(match_copies(&[key(1, 1, 10)], &[key(9, 1, 11)], &[]).is_empty());
        assert!(match_copies(&[key(1, 1, 10)], &[key(9, 2, 10)], &[]).is_empty());
    }

    #[test]
    fn a_uid_listed_twice_counts_once() {
        let wanted = [key(1, 1, 10), key(1, 1, 10), key(2, 1, 10)];
        assert_eq!(pairs(&match_copies(&wanted, &[key(9, 1, 10), key(9, 1, 10)], &[])), [(1, 9)]);
    }

    proptest! {
        #[test]
        fn no_copy_and_no_message_is_used_twice(
            wanted in proptest::collection::vec((0_u32..40, 0_u8..3, 0_u64..2), 0..60),
            present in proptest::collection::vec((0_u32..40, 0_u8..3, 0_u64..2), 0..60),
            claimed in proptest::collection::vec(0_u32..40, 0..10),
        ) {
            let wanted: Vec<_> = wanted.into_iter().map(|(uid, id, size)| key(uid, id, size)).collect();
            let present: Vec<_> = present.into_iter().map(|(uid, id, size)| key(uid, id, size)).collect();
            let found = match_copies(&wanted, &present, &claimed);
            let sources: BTreeSet<u32> = found.iter().map(|pair| pair.source_uid).collect();
            let copies: BTreeSet<u32> = found.iter().map(|pair| pair.destination_uid).collect();
            prop_assert_eq!(sources.len(), found.len());
            prop_assert_eq!(copies.len(), found.len());
            prop_assert!(claimed.iter().all(|uid| !copies.contains(uid)));
        }
    }
}
