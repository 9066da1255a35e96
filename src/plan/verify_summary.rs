//! What a verification compared and found, and the sentence that says so.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::values::{counted, counted_as, with_thousands};

/// What the verification after a copy really compared, of all mailboxes together. Each copy is among `checked`, and in at most
/// one of the counts that say how; the others were compared by size, date and flags.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct VerifySummary {
    /// Whether the destination was read again, and not only its lists.
    pub is_full: bool,
    /// Copies in the ledger, but those of `unread`.
    pub checked: u64,
    /// Copies whose bytes were read and are those of the source.
    pub bytes_equal: u64,
    /// Copies whose bytes could not be compared because the source no longer returns the message.
    pub not_compared: u64,
    /// Copies that were there before or were repaired, and were compared by size alone.
    pub size_only: u64,
    /// Copies compared only by size and date, because people may have changed the flags.
    pub without_flags: u64,
    /// Copies whose place at the destination is not known.
    pub not_placed: u64,
    /// Copies that people have moved to another folder, or removed after the switch.
    pub moved_or_removed: u64,
    /// Copies that were found in another folder than their own.
    pub found_elsewhere: u64,
    /// Where, with the number of copies in each of these folders.
    pub found_in: BTreeMap<String, u64>,
    /// Those of them in the folder for junk.
    pub in_junk: u64,
    /// Messages that share the one copy of identical mail that the destination keeps.
    pub shared: u64,
    /// Copies with different bytes but the same content in every part, because the destination rewrites messages.
    pub parts_equal: u64,
    /// Copies of another size at such a destination, whose content was not compared.
    pub resized: u64,
    /// Messages in the folders of the destination that belong to no copy.
    pub others: u64,
    /// Copies that match what was read when they were copied; the source no longer returns the messages.
    pub as_read: u64,
    /// Copies with a different date, because the destination sets its own for every message.
    pub other_dates: u64,
    /// Flags that the destination cannot keep, with the number of copies that lack each.
    pub flags_not_kept: BTreeMap<String, u64>,
    /// Copies that are missing, or differ from what the source had.
    pub differences: u64,
    /// Copies that were not compared, as their folder could not be read; they are not among `checked`.
    pub unread: u64,
    /// Which folders these are, with the number of copies in each.
    pub unread_in: BTreeMap<String, u64>,
}

impl VerifySummary {
    /// Two verifications as one.
    #[must_use]
    pub fn plus(mut self, other: Self) -> Self {
        for (flag, count) in other.flags_not_kept {
            *self.flags_not_kept.entry(flag).or_default() += count;
        }
        for (folder, count) in other.found_in {
            *self.found_in.entry(folder).or_default() += count;
        }
        for (folder, count) in other.unread_in {
            *self.unread_in.entry(folder).or_default() += count;
        }
        Self {
            unread: self.unread + other.unread,
            unread_in: self.unread_in,
            found_in: self.found_in,
            as_read: self.as_read + other.as_read,
            other_dates: self.other_dates + other.other_dates,
            flags_not_kept: self.flags_not_kept,
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

    /// Whether nothing speaks against any copy, and all were compared.
    pub const fn is_clean(&self) -> bool {
        self.agrees() && self.unread == 0
    }

    /// Whether every copy that was compared is as it should be.
    const fn agrees(&self) -> bool {
        self.differences == 0 && self.not_placed == 0
    }

    /// One sentence; only what was really compared counts as compared.
    pub fn words(&self) -> String {
        let mut parts: Vec<String> = self.compared();
        if self.agrees() && !parts.is_empty() {
            parts = vec![format!("{}: all agree", parts.join("; "))];
        }
        parts.extend(self.apart());
        if !self.flags_not_kept.is_empty() {
            let flags = self.flags_not_kept.iter();
            let flags: Vec<String> =
                flags.map(|(flag, count)| format!("{flag} ({})", counted(*count, "message"))).collect();
            parts.push(format!("the destination cannot keep these flags: {}", flags.join(", ")));
        }
        if self.others > 0 {
            let own = counted(self.others, "other message");
            parts.push(format!("besides the copies, the folders contain {own}"));
        }
        if parts.is_empty() {
            "There was nothing to compare".to_owned()
        } else {
            first_upper(&parts.join("; "))
        }
    }

    /// How copies were compared.
    fn compared(&self) -> Vec<String> {
        let told: u64 = [
            self.bytes_equal,
            self.parts_equal,
            self.size_only,
            self.without_flags,
            self.differences,
            self.not_placed,
            self.as_read,
        ]
        .iter()
        .chain(&[self.not_compared, self.resized, self.shared, self.moved_or_removed, self.found_elsewhere])
        .sum();
        let by_lists = self.checked.saturating_sub(told);
        let dates = if self.other_dates > 0 { "size and flags" } else { "size, date and flags" };
        let copies = |count| counted_as(count, "copy was", "copies were");
        let parts = [
            (
                self.bytes_equal,
                format!("{} read again on both sides and compared by SHA-256", copies(self.bytes_equal)),
            ),
            (
                self.parts_equal,
                format!(
                    "{} compared part by part, because the destination rewrites messages",
                    copies(self.parts_equal)
                ),
            ),
            (
                self.as_read,
                format!(
                    "{} read back at the destination and compared with the SHA-256 recorded during the copy, because your server \
                 no longer returns it",
                    copies(self.as_read)
                ),
            ),
            (by_lists, format!("{} compared by {dates}", copies(by_lists))),
            (
                self.without_flags,
                format!(
                    "{} compared by size and date, because people may have changed the flags",
                    copies(self.without_flags)
                ),
            ),
            (
                self.size_only,
                format!(
                    "{} compared only by size, because already present or repaired",
                    copies(self.size_only)
                ),
            ),
        ];
        parts.into_iter().filter(|(count, _)| *count > 0).map(|(_, words)| words).collect()
    }

    /// Copies of which something else is to be said.
    fn apart(&self) -> Vec<String> {
        let copies = |count, one: &str, many: &str| {
            format!("{} {}", counted_as(count, "copy", "copies"), if count == 1 { one } else { many })
        };
        let mut elsewhere = copies(
            self.found_elsewhere,
            "is in another folder than expected",
            "are in another folder than expected",
        );
        if !self.found_in.is_empty() {
            elsewhere = format!("{elsewhere} ({})", places(&self.found_in));
        }
        if self.in_junk > 0 {
            let in_junk = with_thousands(self.in_junk);
            elsewhere = format!("{elsewhere}, {in_junk} of them in the junk folder");
        }
        let mut unread = copies(
            self.unread,
            "could not be compared because its folder could not be read",
            "could not be compared because their folder could not be read",
        );
        if !self.unread_in.is_empty() {
            unread = format!("{unread} ({})", places(&self.unread_in));
        }
        let parts = [
            (self.unread, unread),
            (self.differences, copies(self.differences, "is missing or differs", "are missing or differ")),
            (
                self.not_placed,
                copies(
                    self.not_placed,
                    "was accepted by the destination but cannot be found there",
                    "were accepted by the destination but cannot be found there",
                ),
            ),
            (
                self.not_compared,
                copies(
                    self.not_compared,
                    "could not be compared because your server no longer returns the message",
                    "could not be compared because your server no longer returns the messages",
                ),
            ),
            (
                self.resized,
                copies(
                    self.resized,
                    "has a different size because the destination rewrites messages",
                    "have a different size because the destination rewrites messages",
                ),
            ),
            (
                self.other_dates,
                copies(
                    self.other_dates,
                    "has a different date because the destination sets its own",
                    "have a different date because the destination sets its own",
                ),
            ),
            (
                self.shared,
                counted_as(
                    self.shared,
                    "message shares its copy with an identical one",
                    "messages share their copy with an identical one",
                ),
            ),
            (
                self.moved_or_removed,
                copies(
                    self.moved_or_removed,
                    "was moved or removed by people at the destination",
                    "were moved or removed by people at the destination",
                ),
            ),
            (self.found_elsewhere, elsewhere),
        ];
        parts.into_iter().filter(|(count, _)| *count > 0).map(|(_, words)| words).collect()
    }
}

/// Folders that are named, those with the most copies.
const MOST_PLACES: usize = 5;

/// Folders with the number of copies in each.
fn places(folders: &BTreeMap<String, u64>) -> String {
    let mut places: Vec<(&String, &u64)> = folders.iter().collect();
    places.sort_by_key(|(_, count)| std::cmp::Reverse(**count));
    let more = places.len().saturating_sub(MOST_PLACES);
    let mut places: Vec<String> = places
        .into_iter()
        .take(MOST_PLACES)
        .map(|(folder, count)| format!("{} in {folder}", with_thousands(*count)))
        .collect();
    if more > 0 {
        places.push(format!("and others in {}", counted_as(more as u64, "more folder", "more folders")));
    }
    places.join(", ")
}

/// A sentence begins in upper case, where it begins with a word.
fn first_upper(words: &str) -> String {
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn full(checked: u64, bytes_equal: u64) -> VerifySummary {
        VerifySummary { is_full: true, checked, bytes_equal, ..VerifySummary::default() }
    }

    #[test]
    fn a_verification_claims_only_what_was_compared() {
        let both = "20 copies were read again on both sides and compared by SHA-256: all agree";
        assert_eq!(full(20, 20).words(), both);
        assert_eq!(full(1, 0).words(), "1 copy was compared by size, date and flags: all agree");
        assert_eq!(full(0, 0).words(), "There was nothing to compare");
        assert!(!full(9, 0).words().contains("SHA-256"));
        let adopted = VerifySummary { is_full: false, size_only: 8, without_flags: 1, ..full(9, 0) };
        assert_eq!(
            adopted.words(),
            "1 copy was compared by size and date, because people may have changed the flags; 8 copies were compared \
             only by size, because already present or repaired: all agree"
        );
        let rewritten = VerifySummary { parts_equal: 7, shared: 2, moved_or_removed: 1, ..full(15, 5) };
        let words = rewritten.words();
        assert!(words.contains("7 copies were compared part by part"), "{words}");
        assert!(
            words
                .contains(": all agree; 2 messages share their copy with an identical one; 1 copy was moved")
        );
    }

    #[test]
    fn what_a_destination_does_to_every_message_is_one_sentence() {
        let flags = BTreeMap::from([("$Work".to_owned(), 600), ("\\Flagged".to_owned(), 1)]);
        let summary = VerifySummary { checked: 600, other_dates: 600, flags_not_kept: flags, ..full(0, 0) };
        assert!(summary.is_clean());
        assert_eq!(
            summary.words(),
            "600 copies were compared by size and flags: all agree; 600 copies have a different date because the \
             destination sets its own; the destination cannot keep these flags: $Work (600 messages), \\Flagged (1 message)"
        );
    }

    #[test]
    fn nothing_agrees_where_a_copy_is_missing_or_unknown() {
        for summary in
            [VerifySummary { differences: 1, ..full(5, 4) }, VerifySummary { not_placed: 1, ..full(5, 4) }]
        {
            assert!(!summary.words().contains("all agree"), "{}", summary.words());
            assert!(!summary.plus(full(9, 9)).words().contains("all agree"));
        }
        assert_eq!(VerifySummary { differences: 9, ..full(9, 0) }.words(), "9 copies are missing or differ");
        let unread =
            VerifySummary { unread: 3, unread_in: BTreeMap::from([("A".to_owned(), 3)]), ..full(6, 6) };
        assert!(!unread.is_clean());
        assert_eq!(
            unread.words(),
            "6 copies were read again on both sides and compared by SHA-256: all agree; 3 copies could not be compared \
             because their folder could not be read (3 in A)"
        );
        let moved = VerifySummary { found_elsewhere: 3, in_junk: 2, others: 1_500, ..full(5, 2) };
        assert!(
            moved.words().ends_with(
                ": all agree; 3 copies are in another folder than expected, 2 of them in the junk folder; besides \
                 the copies, the folders contain 1,500 other messages"
            ),
            "{}",
            moved.words()
        );
        assert_eq!(full(5, 3).plus(full(20, 0)), full(25, 3));
    }
}
