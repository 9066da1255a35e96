use serde::{Deserialize, Serialize};

use crate::values::with_thousands;

/// What the proof after a copy really compared, of all mailboxes together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ProofSummary {
    /// Whether the destination was read again, and not only its lists.
    pub is_full: bool,
    /// Copies in the ledger, all of them.
    pub checked: u64,
    /// Copies whose bytes were read and are those of the source.
    pub bytes_equal: u64,
    /// Copies whose bytes could not be compared: found at the destination, never read from the source.
    pub not_compared: u64,
    /// Copies whose place at the destination is not known.
    pub not_placed: u64,
    /// Copies that people have moved to another folder, or removed after the switch.
    pub moved_or_removed: u64,
    /// Messages that share the one copy of identical mail that the destination keeps.
    pub shared: u64,
    /// Copies with other bytes and the same content in every part, as the destination writes messages anew.
    pub parts_equal: u64,
    /// Copies of another size at such a destination, whose content was not compared.
    pub resized: u64,
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
            not_placed: self.not_placed + other.not_placed,
            moved_or_removed: self.moved_or_removed + other.moved_or_removed,
            shared: self.shared + other.shared,
            parts_equal: self.parts_equal + other.parts_equal,
            resized: self.resized + other.resized,
        }
    }

    /// One sentence; only what was really compared counts as compared.
    pub fn words(&self) -> String {
        let apart = [
            self.bytes_equal,
            self.parts_equal,
            self.resized,
            self.shared,
            self.moved_or_removed,
            self.not_placed,
        ];
        let looked_up = self.checked.saturating_sub(apart.iter().sum());
        let compared: Vec<String> = [
            (
                if self.is_full { self.bytes_equal } else { 0 },
                "copies were read again at the destination and compared by SHA-256",
            ),
            (self.parts_equal, "by the content of each part, as the destination writes messages anew"),
            (looked_up, "copies were compared by size, date and flags"),
        ]
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{} {what}", with_thousands(count)))
        .collect();
        let mut words =
            if compared.is_empty() { "Nothing had to be compared".to_owned() } else { compared.join("; ") };
        if self.not_placed == 0 && self.checked > 0 {
            words.push_str(": all agree");
        }
        for (count, what) in [
            (self.resized, "have another size, as the destination writes messages anew"),
            (self.shared, "share the copy of an identical message"),
            (self.moved_or_removed, "were moved or removed by people at the destination"),
            (self.not_placed, "have a place at the destination that is not known"),
        ] {
            if count > 0 {
                words.push_str("; ");
                words.push_str(&with_thousands(count));
                words.push(' ');
                words.push_str(what);
            }
        }
        words
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_proof_claims_only_what_was_compared() {
        let proof = |checked, bytes_equal, not_compared, not_placed| ProofSummary {
            is_full: true,
            checked,
            bytes_equal,
            not_compared,
            not_placed,
            ..ProofSummary::default()
        };
        assert_eq!(
            proof(20, 20, 0, 0).words(),
            "20 copies were read again at the destination and compared by SHA-256: all agree"
        );
        assert_eq!(proof(20, 0, 20, 0).words(), "20 copies were compared by size, date and flags: all agree");
        assert!(proof(5, 3, 1, 1).words().ends_with("; 1 have a place at the destination that is not known"));
        assert_eq!(proof(0, 0, 0, 0).words(), "Nothing had to be compared");
        assert!(!ProofSummary { is_full: false, ..proof(9, 0, 0, 0) }.words().contains("SHA-256"));
        let rewritten = ProofSummary { parts_equal: 7, shared: 2, moved_or_removed: 1, ..proof(15, 5, 0, 0) };
        assert_eq!(
            rewritten.words(),
            "5 copies were read again at the destination and compared by SHA-256; 7 by the content of each part, as the \
             destination writes messages anew: all agree; 2 share the copy of an identical message; 1 were moved or \
             removed by people at the destination"
        );
        assert_eq!(proof(5, 3, 1, 1).plus(proof(20, 20, 0, 0)), proof(25, 23, 1, 1));
    }
}
