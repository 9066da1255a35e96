//! What the proof of all mailboxes says, in one sentence.

use super::start::Proof;
use crate::transfer::VerifyReport;
use crate::values::with_thousands;

/// One sentence about these reports together; only what was really compared counts as compared. `None` without any.
pub(super) fn proof_words<'a>(
    reports: impl IntoIterator<Item = &'a VerifyReport>,
    proof: Proof,
) -> Option<String> {
    let mut sum = VerifyReport::default();
    let mut has_report = false;
    for report in reports {
        has_report = true;
        sum.checked += report.checked;
        sum.bytes_equal += report.bytes_equal;
        sum.not_compared += report.not_compared;
        sum.not_placed += report.not_placed;
        sum.moved_or_removed += report.moved_or_removed;
    }
    has_report.then(|| words_of(&sum, proof))
}

fn words_of(sum: &VerifyReport, proof: Proof) -> String {
    let mut parts = Vec::new();
    if proof == Proof::Full && sum.bytes_equal > 0 {
        parts.push(format!(
            "{} copies were read again at the destination and compared by SHA-256",
            with_thousands(sum.bytes_equal)
        ));
    }
    let not_looked_up = sum.bytes_equal + sum.not_placed + sum.moved_or_removed;
    let looked_up = sum.checked.saturating_sub(not_looked_up);
    if looked_up > 0 {
        parts.push(format!("{} copies were compared by size, date and flags", with_thousands(looked_up)));
    }
    let mut words = if parts.is_empty() { "Nothing had to be compared".to_owned() } else { parts.join("; ") };
    words.push_str(match sum.not_placed {
        0 if sum.checked > 0 => ": all agree",
        _ => "",
    });
    if sum.moved_or_removed > 0 {
        let moved = with_thousands(sum.moved_or_removed);
        let moved = format!("; people at the destination have moved or removed {moved} copies");
        words.push_str(&moved);
    }
    if sum.not_placed > 0 {
        let places = format!("; the place of {} copies at the destination is not known", sum.not_placed);
        words.push_str(&places);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_proof_claims_only_what_was_compared() {
        let report = |checked, bytes_equal, not_compared, not_placed| VerifyReport {
            checked,
            bytes_equal,
            not_compared,
            not_placed,
            ..VerifyReport::default()
        };
        let full = |report| words_of(&report, Proof::Full);
        assert_eq!(
            full(report(20, 20, 0, 0)),
            "20 copies were read again at the destination and compared by SHA-256: all agree"
        );
        assert_eq!(full(report(20, 0, 20, 0)), "20 copies were compared by size, date and flags: all agree");
        assert!(
            full(report(5, 3, 1, 1)).ends_with("; the place of 1 copies at the destination is not known")
        );
        assert_eq!(full(report(0, 0, 0, 0)), "Nothing had to be compared");
        assert!(!words_of(&report(9, 0, 0, 0), Proof::Quick).contains("SHA-256"));
    }
}
