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
        }
    }

    /// One sentence; only what was really compared counts as compared.
    pub fn words(&self) -> String {
        let mut parts = Vec::new();
        if self.is_full && self.bytes_equal > 0 {
            parts.push(format!(
                "{} copies were read again at the destination and compared by SHA-256",
                with_thousands(self.bytes_equal)
            ));
        }
        let looked_up = self.checked.saturating_sub(self.bytes_equal).saturating_sub(self.not_placed);
        if looked_up > 0 {
            parts.push(format!("{} copies were compared by size, date and flags", with_thousands(looked_up)));
        }
        let mut words =
            if parts.is_empty() { "Nothing had to be compared".to_owned() } else { parts.join("; ") };
        words.push_str(match self.not_placed {
            0 if self.checked > 0 => ": all agree",
            _ => "",
        });
        if self.not_placed > 0 {
            let places = format!("; the place of {} copies at the destination is not known", self.not_placed);
            words.push_str(&places);
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
        };
        assert_eq!(
            proof(20, 20, 0, 0).words(),
            "20 copies were read again at the destination and compared by SHA-256: all agree"
        );
        assert_eq!(proof(20, 0, 20, 0).words(), "20 copies were compared by size, date and flags: all agree");
        assert!(
            proof(5, 3, 1, 1).words().ends_with("; the place of 1 copies at the destination is not known")
        );
        assert_eq!(proof(0, 0, 0, 0).words(), "Nothing had to be compared");
        assert!(!ProofSummary { is_full: false, ..proof(9, 0, 0, 0) }.words().contains("SHA-256"));
        assert_eq!(proof(5, 3, 1, 1).plus(proof(20, 20, 0, 0)), proof(25, 23, 1, 1));
    }
}
