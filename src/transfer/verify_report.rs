//! What a proof found. Pure.

use crate::plan::FolderPath;

/// How closely the destination is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Depth {
    /// Presence, sizes, dates and flags.
    Quick,
    /// Also every byte, by SHA-256.
    Full,
}

/// What the proof found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct VerifyReport {
    /// Copies in the ledger, all of them: also those of `not_compared` and `not_placed`.
    pub checked: u64,
    /// Copies whose bytes were read and are those of the source.
    pub bytes_equal: u64,
    /// Copies whose bytes could not be compared: found at the destination, never read from the source.
    pub not_compared: u64,
    /// Copies whose place at the destination is not known.
    pub not_placed: u64,
    /// Copies that people have moved to another folder, or removed after the switch; they are among `checked`.
    pub moved_or_removed: u64,
    /// Messages without a copy of their own, as the destination keeps one of identical ones.
    pub shared: u64,
    /// Copies with other bytes, as the destination writes messages anew, and the same content in every part.
    pub parts_equal: u64,
    /// Copies of another size at such a destination, whose content was not compared.
    pub resized: u64,
    /// How many differences there are in all.
    pub difference_count: u64,
    /// The first differences.
    pub differences: Vec<Difference>,
}

/// A copy that is not what it should be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The folder at the source.
    pub folder: FolderPath,
    /// UID at the source.
    pub uid: u32,
    /// What differs, in words.
    pub what: String,
}

/// Differences that are listed one by one.
const MAX_DIFFERENCES: usize = 200;

impl VerifyReport {
    pub(super) fn differs(&mut self, folder: &FolderPath, uid: u32, what: impl Into<String>) {
        self.difference_count += 1;
        if self.differences.len() < MAX_DIFFERENCES {
            self.differences.push(Difference { folder: folder.clone(), uid, what: what.into() });
        }
    }

    /// One sentence for the report.
    pub fn words(&self) -> String {
        let Self {
            checked,
            bytes_equal,
            not_compared,
            not_placed,
            moved_or_removed,
            shared,
            parts_equal,
            resized,
            difference_count,
            ..
        } = self;
        let mut words = vec![format!("{checked} copies checked")];
        for (count, what) in [
            (bytes_equal, "byte for byte"),
            (parts_equal, "by the content of each part, as the destination writes messages anew"),
            (resized, "of another size, as the destination writes messages anew"),
            (shared, "that share the copy of an identical message"),
            (not_compared, "without bytes to compare with"),
            (not_placed, "whose place at the destination is not known"),
            (moved_or_removed, "moved or removed by people at the destination"),
        ] {
            if *count > 0 {
                words.push(format!("{count} {what}"));
            }
        }
        words.push(match difference_count {
            0 => "no difference found".to_owned(),
            _ => format!("{difference_count} differences found"),
        });
        words.join(", ")
    }

    /// Adds the report of another mailbox to this one.
    pub fn add(&mut self, other: &Self) {
        self.checked += other.checked;
        self.bytes_equal += other.bytes_equal;
        self.not_compared += other.not_compared;
        self.not_placed += other.not_placed;
        self.moved_or_removed += other.moved_or_removed;
        self.shared += other.shared;
        self.parts_equal += other.parts_equal;
        self.resized += other.resized;
        self.difference_count += other.difference_count;
        let room = MAX_DIFFERENCES.saturating_sub(self.differences.len());
        self.differences.extend(other.differences.iter().take(room).cloned());
    }

    /// Whether everything that was to be proven at this depth is: no difference, and with [`Depth::Full`] no copy whose
    /// place is not known.
    pub const fn is_proof(&self, depth: Depth) -> bool {
        self.difference_count == 0 && (matches!(depth, Depth::Quick) || self.not_placed == 0)
    }
}
