//! New mail in the practice world, and whether at the end all of it is at the new server.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::imap::internal_date;
use super::mailbox::SampleMessage;
use crate::values::UnixTime;

/// Stands in the Message-ID of every letter.
const SENDER: &str = "letters.practice.example";

/// Both sides of a practice move compared, message by message: bytes and time of arrival.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Messages at the old server.
    pub old: u64,
    /// Messages at the new server.
    pub new: u64,
    /// Messages of the old server that are not at the new one.
    pub missing: u64,
    /// Messages at the new server that came neither from the old one nor as new mail: copied twice, or changed.
    pub surplus: u64,
}

impl Tally {
    /// Whether everything arrived, and nothing twice.
    pub const fn agrees(&self) -> bool {
        self.missing == 0 && self.surplus == 0
    }

    /// The same with the mail of another person.
    pub(super) const fn with(self, other: Self) -> Self {
        Self {
            old: self.old + other.old,
            new: self.new + other.new,
            missing: self.missing + other.missing,
            surplus: self.surplus + other.surplus,
        }
    }
}

/// A letter that somebody sends.
pub(super) fn letter(number: u64, to: &str, at: UnixTime) -> SampleMessage {
    let date = internal_date::format(at).replace('-', " ");
    let text = format!(
        "Date: {date}\r\nFrom: Practice Post <post@{SENDER}>\r\nTo: {to}\r\nSubject: Letter {number}\r\n\
         Message-ID: <{number}@{SENDER}>\r\nMIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n\
         This letter came while the mail of the domain was being moved.\r\n"
    );
    SampleMessage { bytes: Arc::from(text.into_bytes()), flags: BTreeSet::new(), internal_date: at }
}

fn is_letter(message: &SampleMessage) -> bool {
    memchr::memmem::find(&message.bytes, SENDER.as_bytes()).is_some()
}

/// Compares the mail of one person; letters may be at the new server only.
pub(super) fn tally(old: &[SampleMessage], new: &[SampleMessage]) -> Tally {
    let mut counts: BTreeMap<(&[u8], UnixTime), (u64, u64)> = BTreeMap::new();
    for message in old {
        counts.entry((&message.bytes, message.internal_date)).or_default().0 += 1;
    }
    let mut letters_only_new = 0;
    for message in new {
        let count = counts.entry((&message.bytes, message.internal_date)).or_default();
        // A letter goes to one server, once.
        if is_letter(message) && *count == (0, 0) {
            letters_only_new += 1;
        }
        count.1 += 1;
    }
    let sum = |of: fn(&(u64, u64)) -> u64| counts.values().map(of).sum::<u64>();
    Tally {
        old: sum(|count| count.0),
        new: sum(|count| count.1),
        missing: sum(|(old, new)| old.saturating_sub(*new)),
        surplus: sum(|(old, new)| new.saturating_sub(*old)) - letters_only_new,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_or_there_twice_is_counted_and_new_mail_is_neither() {
        let plain = |text: &str| SampleMessage {
            bytes: Arc::from(text.as_bytes()),
            flags: BTreeSet::new(),
            internal_date: UnixTime(7),
        };
        let late = letter(3, "anna@a.example", UnixTime(1_795_914_000));
        assert!(late.bytes.starts_with(b"Date: 29 Nov 2026 01:00:00 +0000\r\n"), "{:?}", late.bytes);
        let old = [plain("a"), plain("a"), plain("b"), late.clone()];
        let whole =
            [plain("b"), late.clone(), plain("a"), plain("a"), letter(4, "anna@a.example", UnixTime(8))];
        assert_eq!(tally(&old, &whole), Tally { old: 4, new: 5, missing: 0, surplus: 0 });
        let wrong = [plain("a"), plain("c"), late.clone(), late];
        assert_eq!(tally(&old, &wrong), Tally { old: 4, new: 4, missing: 2, surplus: 2 });
        assert!(!tally(&old, &wrong).agrees());
    }
}
