//! What a verification found. Pure.

use crate::plan::{FolderPath, VerifyDepth, VerifySummary};
use crate::transfer::verify::tally::Tally;
use crate::values::{Side, SourceUid};

/// What a verification found: how many copies were compared in which way, and the first of those that differ.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VerifyReport {
    /// The counts, as the project keeps them.
    pub counts: VerifySummary,
    /// Dates and flags that differ, until it is known whether the destination changes them in every message.
    pub tally: Tally,
    /// The first differences; `counts.differences` counts all of them.
    pub differences: Vec<Difference>,
    /// The first copies of `counts.not_placed`.
    pub unplaced: Vec<Difference>,
    /// Folders whose copies were not compared, because a server did not let them be read.
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
    /// A report without any copy yet.
    pub(in crate::transfer) fn new(depth: VerifyDepth) -> Self {
        let is_full = matches!(depth, VerifyDepth::Full);
        Self { counts: VerifySummary { is_full, ..VerifySummary::default() }, ..Self::default() }
    }

    pub(in crate::transfer) fn differs(
        &mut self,
        folder: &FolderPath,
        uid: SourceUid,
        what: impl Into<String>,
    ) {
        self.counts.differences += 1;
        if self.differences.len() < MAX_DIFFERENCES {
            self.differences.push(Difference { folder: folder.clone(), uid, what: what.into() });
        }
    }

    pub(in crate::transfer) fn is_not_placed(&mut self, folder: &FolderPath, uid: SourceUid) {
        self.counts.not_placed += 1;
        if self.unplaced.len() < MAX_DIFFERENCES {
            let what =
                "the destination reported that it had stored the message, but does not have it".to_owned();
            self.unplaced.push(Difference { folder: folder.clone(), uid, what });
        }
    }

    /// Counts copies of a folder that could not be compared.
    pub(in crate::transfer) fn leave(&mut self, folder: &FolderPath, side: Side, copies: u64, words: &str) {
        if copies == 0 {
            return;
        }
        self.counts.unread += copies;
        *self.counts.unread_in.entry(folder.to_string()).or_default() += copies;
        let known = self.left.iter_mut().find(|left| left.folder == *folder && left.side == side);
        if let Some(left) = known {
            left.copies += copies;
        } else {
            let (folder, words) = (folder.clone(), words.to_owned());
            self.left.push(LeftFolder { folder, side, copies, words });
        }
    }

    /// Whether every copy was verified: none differs or is missing, no folder was left out, and a full verification
    /// compared the content of every copy.
    pub const fn is_verified(&self) -> bool {
        let has_unread_content = self.counts.is_full && self.counts.resized > 0;
        self.counts.is_clean() && !has_unread_content
    }
}
