//! What a verification found. Pure.

use std::collections::BTreeMap;

use crate::plan::{FolderPath, VerifyDepth, VerifySummary};
use crate::transfer::verify::tally::Tally;
use crate::values::{Side, SourceUid};

/// What the verification found. Each copy is `checked`, and in at most one of the counts that say how.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VerifyReport {
    /// Copies in the ledger, but those in folders of `left`: also those of `not_compared` and `not_placed`.
    pub checked: u64,
    /// Copies whose bytes were read and are those of the source.
    pub bytes_equal: u64,
    /// Copies whose bytes could not be compared, as the source does not hand the message out any more.
    pub not_compared: u64,
    /// Copies that were there before or were repaired, and were compared by size alone.
    pub size_only: u64,
    /// Copies that were compared by size and date alone, as people may have given them flags of their own.
    pub without_flags: u64,
    /// Copies that are nowhere where they could be told apart, and whose place was never known.
    pub not_placed: u64,
    /// Copies that people have moved to another folder, or removed after the switch; they are among `checked`.
    pub moved_or_removed: u64,
    /// Copies that were found in another folder than their own.
    pub found_elsewhere: u64,
    /// Where, with the number of copies in each of these folders.
    pub found_in: BTreeMap<String, u64>,
    /// Those of them that lie in the folder for junk.
    pub in_junk: u64,
    /// Messages without a copy of their own, as the destination keeps one of identical ones.
    pub shared: u64,
    /// Copies with other bytes, as the destination writes messages anew, and the same content in every part.
    pub parts_equal: u64,
    /// Copies of another size at such a destination, whose content was not compared.
    pub resized: u64,
    /// Messages in the folders of the destination that belong to no copy: mail of its own.
    pub others: u64,
    /// Copies that hold what was read when they were copied; the source does not hand the messages out any more.
    pub as_read: u64,
    /// Copies that the destination has given a date of its own, as it does with all.
    pub other_dates: u64,
    /// Flags that the destination cannot keep, with the number of copies that lack each.
    pub flags_not_kept: BTreeMap<String, u64>,
    /// Dates and flags that differ, until it is known whether the destination does that to all.
    pub tally: Tally,
    /// How many differences there are in all.
    pub difference_count: u64,
    /// The first differences.
    pub differences: Vec<Difference>,
    /// The first of those in `not_placed`.
    pub unplaced: Vec<Difference>,
    /// Folders whose copies were not compared, as a server did not let them be read.
    pub left: Vec<LeftFolder>,
}

/// A folder that could not be read to its end. Nothing is known of these copies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftFolder {
    /// The folder at the source.
    pub folder: FolderPath,
    /// Where it could not be read.
    pub side: Side,
    /// Copies that were not compared.
    pub copies: u64,
    /// What the server said, or what happened.
    pub words: String,
}

/// A copy that is not what it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The folder at the source.
    pub folder: FolderPath,
    /// UID at the source.
    pub uid: SourceUid,
    /// What differs, in words.
    pub what: String,
}

/// Differences that are listed one by one.
const MAX_DIFFERENCES: usize = 200;

impl VerifyReport {
    pub(in crate::transfer) fn differs(
        &mut self,
        folder: &FolderPath,
        uid: SourceUid,
        what: impl Into<String>,
    ) {
        self.difference_count += 1;
        if self.differences.len() < MAX_DIFFERENCES {
            self.differences.push(Difference { folder: folder.clone(), uid, what: what.into() });
        }
    }

    pub(in crate::transfer) fn is_not_placed(&mut self, folder: &FolderPath, uid: SourceUid) {
        self.not_placed += 1;
        if self.unplaced.len() < MAX_DIFFERENCES {
            let what =
                "the destination reported that it had stored the message, but does not have it".to_owned();
            self.unplaced.push(Difference { folder: folder.clone(), uid, what });
        }
    }

    /// So many copies of a folder are not compared.
    pub(in crate::transfer) fn leave(
        &mut self,
        (folder, side): (&FolderPath, Side),
        copies: u64,
        words: &str,
    ) {
        if copies == 0 {
            return;
        }
        let known = self.left.iter_mut().find(|left| left.folder == *folder && left.side == side);
        if let Some(left) = known {
            left.copies += copies;
        } else {
            let (folder, words) = (folder.clone(), words.to_owned());
            self.left.push(LeftFolder { folder, side, copies, words });
        }
    }

    /// Copies that were not compared, as their folder could not be read.
    pub fn left_copies(&self) -> u64 {
        self.left.iter().map(|left| left.copies).sum()
    }

    /// The figures, as the project keeps them.
    pub fn summary(&self, depth: VerifyDepth) -> VerifySummary {
        let mut unread_in = BTreeMap::new();
        for left in &self.left {
            *unread_in.entry(left.folder.to_string()).or_default() += left.copies;
        }
        VerifySummary {
            is_full: matches!(depth, VerifyDepth::Full),
            checked: self.checked,
            bytes_equal: self.bytes_equal,
            not_compared: self.not_compared,
            size_only: self.size_only,
            without_flags: self.without_flags,
            not_placed: self.not_placed,
            moved_or_removed: self.moved_or_removed,
            found_elsewhere: self.found_elsewhere,
            found_in: self.found_in.clone(),
            in_junk: self.in_junk,
            shared: self.shared,
            parts_equal: self.parts_equal,
            resized: self.resized,
            others: self.others,
            as_read: self.as_read,
            other_dates: self.other_dates,
            flags_not_kept: self.flags_not_kept.clone(),
            differences: self.difference_count,
            unread: self.left_copies(),
            unread_in,
        }
    }

    /// Whether everything that was to be verified is: no difference, no copy whose place is not known, no folder
    /// that was left, and with [`VerifyDepth::Full`] none whose content was left alone.
    pub const fn is_verified(&self, depth: VerifyDepth) -> bool {
        let is_open = matches!(depth, VerifyDepth::Full) && self.resized > 0;
        self.difference_count == 0 && self.not_placed == 0 && self.left.is_empty() && !is_open
    }
}
