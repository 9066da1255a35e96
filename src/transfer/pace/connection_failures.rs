//! Connections that broke: at which message, while which folder was listed or opened, and when something is left for it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use crate::project::FolderId;
use crate::transfer::pace::count_care::CountCare;
use crate::values::{Side, SourceUid};

mod folders;
mod isolation;

use isolation::Isolation;
pub(in crate::transfer) use isolation::{BREAKS_AT_ONE, Verdict};

/// Breaks at the same place after which messages go one by one.
const BREAKS_BEFORE_CARE: u32 = 2;
/// Breaks in a row while a folder is listed, with no message under way alone, after which it is left.
const BREAKS_AT_LISTING: u32 = 4;
/// Messages that go one by one before the copy is quick again.
const CAREFUL_MESSAGES: u32 = 400;
/// Messages asked for at once when a folder is listed.
const LISTING_WINDOW: usize = 500;

/// What broken connections have taught in this run.
#[derive(Debug, Default)]
pub(in crate::transfer) struct ConnectionFailures(Mutex<Learnt>);

#[derive(Debug, Default)]
struct Learnt {
    folders: BTreeMap<(FolderId, Side), Trouble>,
    listings: BTreeMap<String, Listing>,
    /// Folders at whose opening a server says goodbye: how often, and its last words.
    goodbyes: BTreeMap<(String, Side), (u32, String)>,
    /// How often folders of the source were recreated since they were listed.
    made_anew: BTreeMap<String, u32>,
    /// Folders that one connection at a time writes into.
    kept_to_one: BTreeSet<FolderId>,
    /// How the folders of each side are counted.
    counting: CountCare,
    /// The destination has ended the connection while many folders were made.
    makes_one_by_one: bool,
}

/// Breaks while the messages of a folder went over one side.
#[derive(Debug, Default)]
struct Trouble {
    breaks: u32,
    /// The first message that was to do at the last break.
    first: Option<SourceUid>,
    careful_left: u32,
    /// Which message is to blame, or none.
    isolation: Isolation,
    /// The folder is left for this run: the last words with which the connection ended.
    left: Option<String>,
}

/// Breaks while a folder was listed.
#[derive(Debug, Default)]
struct Listing {
    breaks: u32,
    /// Rows at the last break.
    known: usize,
    isolation: Isolation,
}

impl ConnectionFailures {
    fn learnt(&self) -> MutexGuard<'_, Learnt> {
        // What was learnt is whole between two statements, so a panic elsewhere does not spoil it.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether messages of this folder go one by one on this side.
    pub(in crate::transfer) fn is_careful(&self, folder: FolderId, side: Side) -> bool {
        let learnt = self.learnt();
        learnt.folders.get(&(folder, side)).is_some_and(|trouble| trouble.careful_left > 0)
    }

    /// Whether messages of any folder go one by one: then one pair of connections is all that makes sense.
    pub(in crate::transfer) fn is_careful_anywhere(&self) -> bool {
        self.learnt().folders.values().any(|trouble| trouble.careful_left > 0)
    }

    /// The server does not let two connections at this folder.
    pub(in crate::transfer) fn keep_to_one(&self, folder: FolderId) {
        self.learnt().kept_to_one.insert(folder);
    }

    /// Whether one connection at a time writes into this folder.
    pub(in crate::transfer) fn is_kept_to_one(&self, folder: FolderId) -> bool {
        self.learnt().kept_to_one.contains(&folder)
    }

    /// This message is under way, and no other.
    pub(in crate::transfer) fn alone(&self, folder: FolderId, side: Side, uid: SourceUid) {
        if let Some(trouble) = self.learnt().folders.get_mut(&(folder, side)) {
            trouble.isolation.alone(uid);
            trouble.careful_left = trouble.careful_left.saturating_sub(1);
        }
    }

    /// A message of the folder was answered, whatever the answer was; where one was under way alone, that one.
    pub(in crate::transfer) fn passed(&self, folder: FolderId, side: Side) {
        self.learnt().folders.entry((folder, side)).or_default().isolation.passed();
    }

    /// The connection to this side broke; `first` is the first message of the folder that is to do. What that says, once
    /// it is clear.
    pub(in crate::transfer) fn broke(
        &self,
        folder: FolderId,
        side: Side,
        first: Option<SourceUid>,
    ) -> Option<Verdict> {
        let mut learnt = self.learnt();
        let trouble = learnt.folders.entry((folder, side)).or_default();
        trouble.count(first);
        let verdict = trouble.isolation.broke()?;
        trouble.careful_left = CAREFUL_MESSAGES;
        Some(verdict)
    }

    /// The server of this side has failed on its own: that says nothing about the message that was under way.
    pub(in crate::transfer) fn failed_at(&self, folder: FolderId, side: Side, first: Option<SourceUid>) {
        let mut learnt = self.learnt();
        let trouble = learnt.folders.entry((folder, side)).or_default();
        trouble.count(first);
        trouble.isolation.forget_alone();
    }

    /// Messages of the folder that wait until all others have had their turn, as the connection has ended at them.
    pub(in crate::transfer) fn set_aside(&self, folder: FolderId) -> BTreeSet<SourceUid> {
        let learnt = self.learnt();
        let sides = [Side::Source, Side::Destination];
        let troubles = sides.into_iter().filter_map(|side| learnt.folders.get(&(folder, side)));
        troubles.flat_map(|trouble| trouble.isolation.aside()).collect()
    }

    /// Those have their turn now, one by one.
    pub(in crate::transfer) fn begins_set_aside(&self, folder: FolderId) {
        let mut learnt = self.learnt();
        for side in [Side::Source, Side::Destination] {
            if let Some(trouble) = learnt.folders.get_mut(&(folder, side))
                && trouble.isolation.aside().next().is_some()
            {
                trouble.careful_left = CAREFUL_MESSAGES;
            }
        }
    }

    /// The connection ends at this folder whatever message is under way: it is left for this run.
    pub(in crate::transfer) fn leave(&self, folder: FolderId, side: Side, words: String) {
        self.learnt().folders.entry((folder, side)).or_default().left = Some(words);
    }

    /// Where the folder was left: at which side, and the last words.
    pub(in crate::transfer) fn left(&self, folder: FolderId) -> Option<(Side, String)> {
        let learnt = self.learnt();
        [Side::Source, Side::Destination].into_iter().find_map(|side| {
            let words = learnt.folders.get(&(folder, side))?.left.clone()?;
            Some((side, words))
        })
    }

    /// How many messages of this folder may be asked for at once when it is listed.
    pub(in crate::transfer) fn listing_window(&self, folder: &str) -> usize {
        let breaks = self.learnt().listings.get(folder).map_or(0, |listing| {
            let least = u32::from(listing.isolation.aside().next().is_some());
            listing.breaks.max(least)
        });
        (LISTING_WINDOW >> (5 * breaks.min(2))).max(1)
    }

    /// This message is being listed, and no other; `None`: it, or what was listed with others, has passed.
    pub(in crate::transfer) fn lists_alone(&self, folder: &str, uid: Option<SourceUid>) {
        if let Some(listing) = self.learnt().listings.get_mut(folder) {
            match uid {
                Some(uid) => listing.isolation.alone(uid),
                None => listing.isolation.passed(),
            }
        }
    }

    /// Messages of the folder that are listed when all others are.
    pub(in crate::transfer) fn listed_last(&self, folder: &str) -> BTreeSet<SourceUid> {
        let learnt = self.learnt();
        learnt.listings.get(folder).into_iter().flat_map(|listing| listing.isolation.aside()).collect()
    }

    /// The connection broke while this folder was listed, with this many rows known. What that says, once it is
    /// clear.
    pub(in crate::transfer) fn broke_listing(&self, folder: &str, known: usize) -> Option<Verdict> {
        let mut learnt = self.learnt();
        let listing = learnt.listings.entry(folder.to_owned()).or_default();
        listing.breaks =
            if listing.known == known || listing.isolation.is_alone() { listing.breaks + 1 } else { 1 };
        listing.known = known;
        // It ends before any single message is asked about.
        if listing.breaks >= BREAKS_AT_LISTING && !listing.isolation.is_alone() {
            return Some(Verdict::Folder);
        }
        let verdict = listing.isolation.broke()?;
        listing.breaks = 0;
        Some(verdict)
    }
}

impl Trouble {
    /// One more break, with this message the first to do.
    fn count(&mut self, first: Option<SourceUid>) {
        if self.first == first {
            self.breaks += 1;
        } else {
            (self.first, self.breaks) = (first, 1);
        }
        if self.breaks >= BREAKS_BEFORE_CARE {
            self.careful_left = CAREFUL_MESSAGES;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FOLDER: FolderId = FolderId(1);

    /// The connection ends while this message is under way alone, twice.
    fn ends_at(failures: &ConnectionFailures, uid: SourceUid) -> Option<Verdict> {
        failures.alone(FOLDER, Side::Source, uid);
        assert_eq!(failures.broke(FOLDER, Side::Source, Some(uid)), None);
        failures.alone(FOLDER, Side::Source, uid);
        failures.broke(FOLDER, Side::Source, Some(uid))
    }

    #[test]
    fn a_message_is_set_aside_when_it_was_alone_twice_and_blamed_when_others_have_passed() {
        let failures = ConnectionFailures::default();
        assert_eq!(failures.broke(FOLDER, Side::Source, Some(SourceUid(9))), None);
        assert!(!failures.is_careful(FOLDER, Side::Source));
        assert_eq!(failures.broke(FOLDER, Side::Source, Some(SourceUid(9))), None);
        assert!(failures.is_careful(FOLDER, Side::Source) && !failures.is_careful(FOLDER, Side::Destination));
        assert_eq!(ends_at(&failures, SourceUid(9)), Some(Verdict::Aside));
        assert_eq!(failures.set_aside(FOLDER), BTreeSet::from([SourceUid(9)]));
        failures.alone(FOLDER, Side::Source, SourceUid(10));
        failures.passed(FOLDER, Side::Source);
        failures.begins_set_aside(FOLDER);
        failures.alone(FOLDER, Side::Source, SourceUid(9));
        assert_eq!(
            failures.broke(FOLDER, Side::Source, Some(SourceUid(9))),
            Some(Verdict::Message(SourceUid(9)))
        );
        assert!(failures.set_aside(FOLDER).is_empty());
    }

    #[test]
    fn a_server_that_fails_says_nothing_about_a_message() {
        let failures = ConnectionFailures::default();
        for _ in 0..20 {
            failures.alone(FOLDER, Side::Destination, SourceUid(9));
            failures.failed_at(FOLDER, Side::Destination, Some(SourceUid(9)));
        }
        assert!(failures.set_aside(FOLDER).is_empty() && failures.is_careful(FOLDER, Side::Destination));
    }

    #[test]
    fn breaks_at_different_places_are_the_lines_fault() {
        let failures = ConnectionFailures::default();
        for first in 1..50 {
            assert_eq!(failures.broke(FOLDER, Side::Source, Some(SourceUid(first))), None);
            assert!(!failures.is_careful(FOLDER, Side::Source));
        }
    }

    #[test]
    fn a_listing_narrows_down_to_one_message() {
        let failures = ConnectionFailures::default();
        let windows: Vec<usize> = (0..3)
            .map(|_| {
                let window = failures.listing_window("INBOX");
                assert_eq!(failures.broke_listing("INBOX", 0), None);
                window
            })
            .collect();
        assert_eq!(windows, [500, 15, 1]);
        failures.lists_alone("INBOX", Some(SourceUid(4)));
        assert_eq!(failures.broke_listing("INBOX", 3), None);
        failures.lists_alone("INBOX", Some(SourceUid(4)));
        assert_eq!(failures.broke_listing("INBOX", 3), Some(Verdict::Aside));
        assert_eq!(
            (failures.listing_window("INBOX"), failures.listed_last("INBOX")),
            (15, BTreeSet::from([SourceUid(4)]))
        );
        failures.lists_alone("INBOX", None);
        failures.lists_alone("INBOX", Some(SourceUid(4)));
        assert_eq!(failures.broke_listing("INBOX", 9), Some(Verdict::Message(SourceUid(4))));
        assert_eq!(failures.listing_window("INBOX"), 500);
    }

    #[test]
    fn a_listing_that_ends_before_any_message_is_asked_about_is_given_up() {
        let failures = ConnectionFailures::default();
        for _ in 1..BREAKS_AT_LISTING {
            assert_eq!(failures.broke_listing("INBOX", 0), None);
        }
        assert_eq!(failures.broke_listing("INBOX", 0), Some(Verdict::Folder));
        // As long as rows are added, it is the line.
        for known in 1..50 {
            assert_eq!(failures.broke_listing("Sent", known), None);
        }
    }
}
