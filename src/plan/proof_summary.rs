use serde::{Deserialize, Serialize};

use crate::values::with_thousands;

/// What the proof after a copy really compared, of all mailboxes together. Each copy is among `checked`, and in at most
/// one of the counts that say how; the others were compared by size, date and flags.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ProofSummary {
    /// Whether the destination was read again, and not only its lists.
    pub is_full: bool,
    /// Copies in the ledger, all of them.
    pub checked: u64,
    /// Copies whose bytes were read and are those of the source.
    pub bytes_equal: u64,
    /// Copies whose bytes could not be compared, as the source does not hand the message out any more.
    pub not_compared: u64,
    /// Copies that were there before or were repaired, and were compared by size alone.
    pub size_only: u64,
    /// Copies that were compared by size and date alone, as people may have given them flags of their own.
    pub without_flags: u64,
    /// Copies whose place at the destination is not known.
    pub not_placed: u64,
    /// Copies that people have moved to another folder, or removed after the switch.
    pub moved_or_removed: u64,
    /// Copies that were found in another folder than their own.
    pub found_elsewhere: u64,
    /// Those of them in the folder for junk.
    pub in_junk: u64,
    /// Messages that share the one copy of identical mail that the destination keeps.
    pub shared: u64,
    /// Copies with other bytes and the same content in every part, as the destination writes messages anew.
    pub parts_equal: u64,
    /// Copies of another size at such a destination, whose content was not compared.
    pub resized: u64,
    /// Messages in the folders of the destination that belong to no copy.
    pub others: u64,
    /// Copies that are missing, or differ from what the source had.
    pub differences: u64,
}

impl ProofSummary {
    /// Two proofs as one.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self {
            is_full: self.is_full || other.is_full,
            checked: self.checked + other.checked,
            bytes_equal: self.bytes_equal + other.bytes_equal,
            not_compared: self.not_compared + other.not_compared,
            size_only: self.size_only + other.size_only,
            without_flags: self.without_flags + other.without_flags,
            not_placed: self.not_placed + other.not_placed,
            moved_or_removed: self.moved_or_removed + other.moved_or_removed,
            found_elsewhere: self.found_elsewhere + other.found_elsewhere,
            in_junk: self.in_junk + other.in_junk,
            shared: self.shared + other.shared,
            parts_equal: self.parts_equal + other.parts_equal,
            resized: self.resized + other.resized,
            others: self.others + other.others,
            differences: self.differences + other.differences,
        }
    }

    /// Whether nothing speaks against any copy.
    pub const fn is_clean(&self) -> bool {
        self.differences == 0 && self.not_placed == 0
    }

    /// One sentence; only what was really compared counts as compared.
    pub fn words(&self) -> String {
        let compared: Vec<String> =
            self.compared().into_iter().filter(|(count, _)| *count > 0).map(counted).collect();
        let mut words =
            if compared.is_empty() { "Nothing had to be compared".to_owned() } else { compared.join("; ") };
        if self.is_clean() && !compared.is_empty() {
            words.push_str(": all agree");
        }
        for part in self.apart().into_iter().filter(|(count, _)| *count > 0).map(counted) {
            words.push_str("; ");
            words.push_str(&part);
        }
        if self.in_junk > 0 {
            words.push_str(", ");
            words.push_str(&counted((self.in_junk, "of them in the folder for junk")));
        }
        if self.others > 0 {
            words.push_str("; beside the copies, the folders hold ");
            words.push_str(&counted((self.others, "messages of their own")));
        }
        words
    }

    /// How copies were compared.
    fn compared(&self) -> [(u64, &'static str); 5] {
        let told: u64 = [
            self.bytes_equal,
            self.parts_equal,
            self.size_only,
            self.without_flags,
            self.differences,
            self.not_placed,
        ]
        .iter()
        .chain(&[self.not_compared, self.resized, self.shared, self.moved_or_removed, self.found_elsewhere])
        .sum();
        [
            (
                if self.is_full { self.bytes_equal } else { 0 },
                "copies were read again at the destination and compared by SHA-256",
            ),
            (self.parts_equal, "by the content of each part, as they were written anew"),
            (self.checked.saturating_sub(told), "copies were compared by size, date and flags"),
            (self.without_flags, "by size and date, as people give them flags of their own"),
            (self.size_only, "by size alone, as they were there before or were repaired"),
        ]
    }

    /// Copies of which something else is to be said.
    const fn apart(&self) -> [(u64, &'static str); 7] {
        [
            (self.differences, "are missing or differ"),
            (self.not_placed, "were taken by the destination and found by nobody"),
            (self.not_compared, "could not be compared, as your server does not hand them out any more"),
            (self.resized, "have another size, as the destination writes messages anew"),
            (self.shared, "share the copy of an identical message"),
            (self.moved_or_removed, "were moved or removed by people at the destination"),
            (self.found_elsewhere, "lie in another folder than they were copied to"),
        ]
    }
}

fn counted((count, what): (u64, &'static str)) -> String {
    format!("{} {what}", with_thousands(count))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn full(checked: u64, bytes_equal: u64) -> ProofSummary {
        ProofSummary { is_full: true, checked, bytes_equal, ..ProofSummary::default() }
    }

    #[test]
    fn the_proof_claims_only_what_was_compared() {
        assert_eq!(
            full(20, 20).words(),
            "20 copies were read again at the destination and compared by SHA-256: all agree"
        );
        assert_eq!(full(20, 0).words(), "20 copies were compared by size, date and flags: all agree");
        assert_eq!(full(0, 0).words(), "Nothing had to be compared");
        assert!(!ProofSummary { is_full: false, ..full(9, 0) }.words().contains("SHA-256"));
        let adopted = ProofSummary { is_full: false, size_only: 8, without_flags: 1, ..full(9, 0) };
        assert_eq!(
            adopted.words(),
            "1 by size and date, as people give them flags of their own; 8 by size alone, as they were there before or \
             were repaired: all agree"
        );
        let rewritten = ProofSummary { parts_equal: 7, shared: 2, moved_or_removed: 1, ..full(15, 5) };
        assert_eq!(
            rewritten.words(),
            "5 copies were read again at the destination and compared by SHA-256; 7 by the content of each part, as they \
             were written anew: all agree; 2 share the copy of an identical message; 1 were moved or removed by people at \
             the destination"
        );
    }

    #[test]
    fn nothing_agrees_where_a_copy_is_missing_or_unknown() {
        for summary in
            [ProofSummary { differences: 1, ..full(5, 4) }, ProofSummary { not_placed: 1, ..full(5, 4) }]
        {
            assert!(!summary.words().contains("all agree"), "{}", summary.words());
            assert!(!summary.plus(full(9, 9)).words().contains("all agree"));
        }
        let moved = ProofSummary { found_elsewhere: 3, in_junk: 2, others: 1_500, ..full(5, 2) };
        assert_eq!(
            moved.words(),
            "2 copies were read again at the destination and compared by SHA-256: all agree; 3 lie in another folder than \
             they were copied to, 2 of them in the folder for junk; beside the copies, the folders hold 1,500 messages of \
             their own"
        );
        assert_eq!(full(5, 3).plus(full(20, 0)), full(25, 3));
    }
}
