//! Which copy at the destination belongs to which row. Pure.

use std::collections::{BTreeMap, BTreeSet};

use crate::imap::MessageFacts;
use crate::message::{IdentityKey, MessageKey, identity_key};
use crate::values::{DestinationUid, Uid};

/// What identifies a message that a server shows.
pub(in crate::transfer) fn message_key<U: Uid>(facts: &MessageFacts<U>) -> MessageKey<U> {
    MessageKey { uid: facts.uid, identity: identity_key(&facts.header), size: facts.size }
}

/// A row that looks for its copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::transfer) struct WantedCopy {
    /// Digest of its headers.
    pub(in crate::transfer) identity: IdentityKey,
    /// RFC822.SIZE at the source, in bytes.
    pub(in crate::transfer) size: u64,
    /// The copy, if there is one, is not below this UID.
    pub(in crate::transfer) lowest_uid: DestinationUid,
    /// We have sent it ourselves, so a changed size is the server's doing (Exchange rewrites what it stores).
    pub(in crate::transfer) is_ours: bool,
}

/// The place of each seeker, in their order: those that come first choose first. No place is given twice, and none
/// that is claimed.
pub(in crate::transfer) fn assign(
    seekers: &[WantedCopy],
    present: &[MessageKey<DestinationUid>],
    claimed: &[DestinationUid],
) -> Vec<Option<DestinationUid>> {
    let mut seats = AvailableCopies::new(present, claimed);
    let mut exact: BTreeSet<IdentityKey> = BTreeSet::new();
    let mut places: Vec<Option<DestinationUid>> = Vec::with_capacity(seekers.len());
    for seeker in seekers {
        let place = seats.take(seeker.identity, seeker.size, seeker.lowest_uid);
        if place.is_some() {
            exact.insert(seeker.identity);
        }
        places.push(place);
    }
    let mut groups: BTreeMap<IdentityKey, Vec<usize>> = BTreeMap::new();
    for (index, seeker) in seekers.iter().enumerate() {
        // Where the server keeps the size of one such message, another size is another message.
        let may_differ = seeker.is_ours && !exact.contains(&seeker.identity);
        if may_differ && places.get(index).is_some_and(Option::is_none) {
            groups.entry(seeker.identity).or_default().push(index);
        }
    }
    for (identity, group) in groups {
        for (index, uid) in without_size(seekers, group, &seats.of(identity)) {
            if let Some(place) = places.get_mut(index) {
                *place = Some(uid);
            }
        }
    }
    places
}

/// A row that looks for its copy, which may also be there in the form of a repair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::transfer) struct WantedForms {
    /// The message as it is at the source.
    pub(in crate::transfer) original: WantedCopy,
    /// What was sent in its place.
    pub(in crate::transfer) repaired: Option<WantedCopy>,
}

/// The place of each seeker, and whether it is there in its repaired form. That form is looked for first: it was sent
/// after the original had been refused. `place` gives seekers their places as [`assign`] does; it is told which of all
/// seekers they are, and which copies are claimed.
pub(in crate::transfer) fn assign_forms(
    seekers: &[WantedForms],
    mut claimed: Vec<DestinationUid>,
    place: impl Fn(Vec<WantedCopy>, &[usize], Vec<DestinationUid>) -> Vec<Option<DestinationUid>>,
) -> Vec<Option<(DestinationUid, bool)>> {
    let all: Vec<usize> = (0..seekers.len()).collect();
    let first = seekers.iter().map(|seeker| seeker.repaired.unwrap_or(seeker.original)).collect();
    let found = place(first, &all, claimed.clone());
    let mut places: Vec<Option<(DestinationUid, bool)>> = found
        .iter()
        .zip(seekers)
        .map(|(place, seeker)| place.map(|uid| (uid, seeker.repaired.is_some())))
        .collect();
    let again: Vec<usize> = places
        .iter()
        .zip(seekers)
        .enumerate()
        .filter(|(_, (place, seeker))| place.is_none() && seeker.repaired.is_some())
        .map(|(index, _)| index)
        .collect();
    let originals =
        again.iter().filter_map(|index| seekers.get(*index)).map(|seeker| seeker.original).collect();
    claimed.extend(found.iter().flatten());
    let found = place(originals, &again, claimed);
    for (index, place) in again.into_iter().zip(found) {
        if let Some(slot) = places.get_mut(index) {
            *slot = place.map(|uid| (uid, false));
        }
    }
    places
}

/// Pairs rows and copies of one identity by rank of size. Where sizes differ and there are fewer copies than rows,
/// nobody can tell which one is lacking, and a second copy is better than a lost message.
fn without_size(
    seekers: &[WantedCopy],
    mut group: Vec<usize>,
    free: &[(u64, DestinationUid)],
) -> Vec<(usize, DestinationUid)> {
    let seeker = |index: &usize| seekers.get(*index).copied();
    let mut sizes: Vec<u64> = group.iter().filter_map(|index| Some(seeker(index)?.size)).collect();
    sizes.dedup();
    if sizes.len() > 1 && free.len() < group.len() {
        return Vec::new();
    }
    let mut free = free.to_vec();
    if sizes.len() > 1 {
        group.sort_by_key(|index| seeker(index).map(|seeker| seeker.size));
    } else {
        free.sort_by_key(|(_, uid)| *uid);
    }
    let mut free = free.into_iter().peekable();
    let mut pairs = Vec::new();
    for index in group {
        let lowest = seeker(&index).map_or(DestinationUid::last(), |seeker| seeker.lowest_uid);
        while free.next_if(|(_, uid)| *uid < lowest).is_some() {}
        if let Some((_, uid)) = free.next() {
            pairs.push((index, uid));
        }
    }
    pairs
}

/// Copies that belong to nobody yet.
struct AvailableCopies(BTreeMap<IdentityKey, BTreeMap<u64, BTreeSet<DestinationUid>>>);

impl AvailableCopies {
    fn new(present: &[MessageKey<DestinationUid>], claimed: &[DestinationUid]) -> Self {
        let claimed: BTreeSet<DestinationUid> = claimed.iter().copied().collect();
        let mut seats: BTreeMap<IdentityKey, BTreeMap<u64, BTreeSet<DestinationUid>>> = BTreeMap::new();
        for copy in present.iter().filter(|copy| !claimed.contains(&copy.uid)) {
            seats.entry(copy.identity).or_default().entry(copy.size).or_default().insert(copy.uid);
        }
        Self(seats)
    }

    fn take(
        &mut self,
        identity: IdentityKey,
        size: u64,
        lowest_uid: DestinationUid,
    ) -> Option<DestinationUid> {
        let free = self.0.get_mut(&identity)?.get_mut(&size)?;
        let uid = free.range(lowest_uid..).next().copied()?;
        free.remove(&uid);
        Some(uid)
    }

    /// Size and UID of the free copies of this identity, ascending.
    fn of(&self, identity: IdentityKey) -> Vec<(u64, DestinationUid)> {
        let by_size = self.0.get(&identity).into_iter().flatten();
        by_size.flat_map(|(size, uids)| uids.iter().map(|uid| (*size, *uid))).collect()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn ours(identity: u8, size: u64, lowest_uid: u32) -> WantedCopy {
        WantedCopy {
            identity: IdentityKey([identity; 32]),
            size,
            lowest_uid: DestinationUid(lowest_uid),
            is_ours: true,
        }
    }

    fn copy(uid: u32, identity: u8, size: u64) -> MessageKey<DestinationUid> {
        MessageKey { uid: DestinationUid(uid), identity: IdentityKey([identity; 32]), size }
    }

    /// Identity and size of a message, and of what was sent in its place; whether it was sent by us; its lowest UID.
    type Drawn = ((u8, u64), Option<(u8, u64)>, bool, u32);

    fn drawn() -> impl Strategy<Value = Drawn> {
        let form = || (0_u8..3, 0_u64..3);
        (form(), proptest::option::of(form()), any::<bool>(), 0_u32..20)
    }

    fn seeker((identity, size): (u8, u64), is_ours: bool, lowest_uid: u32) -> WantedCopy {
        WantedCopy { is_ours, ..ours(identity, size, lowest_uid) }
    }

    /// Nobody gets a copy that is not there, that belongs to somebody, that is another message or was there before; and
    /// no copy is given twice.
    fn check(
        seekers: &[WantedCopy],
        places: &[Option<DestinationUid>],
        present: &[MessageKey<DestinationUid>],
        claimed: &[DestinationUid],
    ) {
        assert_eq!(places.len(), seekers.len());
        let mut given = BTreeSet::new();
        for (seeker, uid) in
            seekers.iter().zip(places).filter_map(|(seeker, place)| Some((seeker, (*place)?)))
        {
            assert!(given.insert(uid) && !claimed.contains(&uid) && uid >= seeker.lowest_uid);
            let is_it =
                |copy: &&MessageKey<DestinationUid>| copy.uid == uid && copy.identity == seeker.identity;
            let copy = present.iter().find(is_it).expect("the copy is there, with this identity");
            assert!(seeker.is_ours || copy.size == seeker.size);
        }
    }

    proptest! {
        #![proptest_config(crate::mutate::seeds::properties(256))]

        #[test]
        fn no_copy_is_given_twice_and_none_to_a_stranger(
            drawn in proptest::collection::vec(drawn(), 0..40),
            copies in proptest::collection::btree_map(1_u32..40, (0_u8..3, 0_u64..3), 0..30),
            claimed in proptest::collection::vec((1_u32..40).prop_map(DestinationUid), 0..8),
        ) {
            let present: Vec<MessageKey<DestinationUid>> =
                copies.into_iter().map(|(uid, (identity, size))| copy(uid, identity, size)).collect();
            let originals: Vec<WantedCopy> =
                drawn.iter().map(|(form, _, is_ours, lowest)| seeker(*form, *is_ours, *lowest)).collect();
            let places = assign(&originals, &present, &claimed);
            check(&originals, &places, &present, &claimed);
            // As many equal messages as there are equal copies find one: multiplicity is kept.
            for one in &originals {
                let is_free = |copy: &&MessageKey<DestinationUid>| !claimed.contains(&copy.uid) && copy.uid >= DestinationUid(20);
                let is_like = |copy: &&MessageKey<DestinationUid>| copy.identity == one.identity && copy.size == one.size;
                let free = present.iter().filter(is_free).filter(is_like).count();
                let alike = originals.iter().zip(&places).filter(|(other, _)| {
                    (other.identity, other.size) == (one.identity, one.size)
                });
                let (found, lacking): (Vec<_>, Vec<_>) = alike.partition(|(_, place)| place.is_some());
                prop_assert!(lacking.is_empty() || found.len() >= free, "a free copy was overlooked");
            }
            let forms: Vec<WantedForms> = drawn
                .iter()
                .map(|(form, repaired, is_ours, lowest)| WantedForms {
                    original: seeker(*form, *is_ours, *lowest),
                    repaired: repaired.map(|form| seeker(form, *is_ours, *lowest)),
                })
                .collect();
            let places = assign_forms(&forms, claimed.clone(), |seekers, _, claimed| {
                assign(&seekers, &present, &claimed)
            });
            let chosen: Vec<WantedCopy> = forms
                .iter()
                .zip(&places)
                .map(|(form, place)| match (place, form.repaired) {
                    (Some((_, true)), Some(repaired)) => repaired,
                    _ => form.original,
                })
                .collect();
            let places: Vec<Option<DestinationUid>> = places.into_iter().map(|place| place.map(|(uid, _)| uid)).collect();
            check(&chosen, &places, &present, &claimed);
        }
    }

    #[test]
    fn who_comes_first_chooses_first_and_nothing_is_given_twice() {
        let seekers = [ours(1, 10, 1), ours(1, 10, 1)];
        assert_eq!(assign(&seekers, &[copy(5, 1, 10)], &[]), [Some(DestinationUid(5)), None]);
        assert_eq!(
            assign(&seekers, &[copy(5, 1, 10), copy(6, 1, 10)], &[DestinationUid(5)]),
            [Some(DestinationUid(6)), None]
        );
        assert_eq!(assign(&[ours(1, 10, 6)], &[copy(5, 1, 10)], &[]), [None]);
    }

    #[test]
    fn another_size_is_another_message_where_sizes_are_kept() {
        let present = [copy(5, 1, 10)];
        assert_eq!(assign(&[ours(1, 10, 1), ours(1, 20, 1)], &present, &[]), [Some(DestinationUid(5)), None]);
        // Order does not matter.
        assert_eq!(assign(&[ours(1, 20, 1), ours(1, 10, 1)], &present, &[]), [None, Some(DestinationUid(5))]);
        let foreign = WantedCopy { is_ours: false, ..ours(1, 11, 1) };
        assert_eq!(assign(&[foreign], &present, &[]), [None]);
    }

    #[test]
    fn a_repaired_form_is_found_before_the_original() {
        let both = WantedForms { original: ours(1, 10, 5), repaired: Some(ours(2, 12, 5)) };
        let plain = WantedForms { original: ours(1, 10, 5), repaired: None };
        let assigned = |seekers: &[WantedForms],
                        present: &[MessageKey<DestinationUid>],
                        claimed: &[DestinationUid]| {
            assign_forms(seekers, claimed.to_vec(), |seekers, _, claimed| assign(&seekers, present, &claimed))
        };
        assert_eq!(
            assigned(&[both], &[copy(5, 1, 10), copy(6, 2, 12)], &[]),
            [Some((DestinationUid(6), true))]
        );
        assert_eq!(assigned(&[both], &[copy(5, 1, 10)], &[]), [Some((DestinationUid(5), false))]);
        assert_eq!(
            assigned(&[both], &[copy(5, 1, 10), copy(6, 2, 12)], &[DestinationUid(6)]),
            [Some((DestinationUid(5), false))]
        );
        // A seat is given once.
        assert_eq!(
            assigned(&[both, plain], &[copy(5, 1, 10)], &[]),
            [None, Some((DestinationUid(5), false))]
        );
        assert_eq!(assigned(&[both], &[], &[]), [None]);
    }

    #[test]
    fn rewritten_copies_are_found_where_it_is_clear_whose_they_are() {
        assert_eq!(assign(&[ours(1, 20, 1)], &[copy(5, 1, 23)], &[]), [Some(DestinationUid(5))]);
        assert_eq!(
            assign(&[ours(1, 20, 1), ours(1, 20, 1)], &[copy(5, 1, 23)], &[]),
            [Some(DestinationUid(5)), None]
        );
        assert_eq!(assign(&[ours(1, 90, 1), ours(1, 20, 1)], &[copy(5, 1, 23)], &[]), [None, None]);
        let two = [copy(5, 1, 23), copy(6, 1, 95)];
        assert_eq!(
            assign(&[ours(1, 90, 1), ours(1, 20, 1)], &two, &[]),
            [Some(DestinationUid(6)), Some(DestinationUid(5))]
        );
        assert_eq!(assign(&[ours(1, 20, 7)], &two, &[]), [None]);
    }
}
