//! Practice mail: mailboxes that have grown over years, made from a seed and always the same.

mod message;
mod random;
mod words;

use std::collections::BTreeSet;

use crate::values::UnixTime;

use super::imap::FolderPath;
use super::mailbox::{SampleFolder, SampleMessage, SpecialUse};
use message::{Kind, compose};
use random::Random;
use words::KEYWORDS;

/// The newest practice message is this old: 29 December 2025.
const NEWEST: UnixTime = UnixTime(1_767_000_000);
const SECONDS_PER_DAY: usize = 86_400;

/// Folder, purpose, and its share of all messages in parts of a thousand.
const FOLDERS: &[(&str, Option<SpecialUse>, usize)] = &[
    ("INBOX", None, 380),
    ("Sent", Some(SpecialUse::Sent), 190),
    ("Entwürfe", Some(SpecialUse::Drafts), 25),
    ("Archive", Some(SpecialUse::Archive), 90),
    ("Archive/2019", None, 40),
    ("Projekte/2023", None, 45),
    ("Projekte/2024", None, 70),
    ("Projekte/2024/Küche & Bad", None, 30),
    ("Rechnungen", None, 40),
    ("Vereine/Musikverein Altstadt", None, 25),
    ("日本旅行", None, 10),
    ("Junk", Some(SpecialUse::Junk), 35),
    ("Trash", Some(SpecialUse::Trash), 20),
];

/// What practice mail should contain besides the usual.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SampleOptions {
    /// Over how many days before the newest message the mail is spread.
    pub days: usize,
    /// Messages in a hundred with an attachment of 20 to 200 kB.
    pub attachment_percent: usize,
    /// Messages with an attachment of 1 to 3 MB.
    pub large_attachments: usize,
    /// Messages with an attachment of 30 MB before base64.
    pub huge_attachments: usize,
    /// Messages that are there twice, byte for byte, with the same flags and date.
    pub duplicates: usize,
    /// Messages with raw 8-bit bytes in the header.
    pub raw_headers: usize,
}

impl Default for SampleOptions {
    fn default() -> Self {
        Self {
            days: 2_900,
            attachment_percent: 10,
            large_attachments: 2,
            huge_attachments: 0,
            duplicates: 3,
            raw_headers: 1,
        }
    }
}

/// Makes a mailbox of exactly `count` messages (13 folders, some of them nested, two with names beyond ASCII).
///
/// The same arguments give the same bytes, on every machine. Duplicates, large attachments and raw headers are counted
/// in; with few messages there may be room for fewer of them.
pub fn mixed_mailbox(seed: u64, count: usize, options: &SampleOptions) -> Vec<SampleFolder> {
    let mut random = Random::new(seed);
    let sizes = folder_sizes(count);
    let mut special = Specials {
        large: options.large_attachments,
        huge: options.huge_attachments,
        raw: options.raw_headers,
    };
    let mut duplicates = options.duplicates;
    let mut number = 0;
    let mut folders = Vec::new();
    for ((path, special_use, _), size) in FOLDERS.iter().zip(sizes) {
        let mut messages: Vec<SampleMessage> = Vec::with_capacity(size);
        for index in 0..size {
            let newest_first = size - index;
            if duplicates > 0
                && index % 7 == 6
                && let Some(original) = messages.last().cloned()
            {
                duplicates -= 1;
                messages.push(original);
                continue;
            }
            let kind = special.kind(&mut random, *special_use, options);
            let age_days = newest_first * options.days / size.max(1);
            let age_seconds = age_days * SECONDS_PER_DAY + random.below(SECONDS_PER_DAY / 2);
            let date = UnixTime(NEWEST.0 - i64::try_from(age_seconds).unwrap_or(0));
            number += 1;
            messages.push(SampleMessage {
                bytes: compose(&mut random, kind, date, number).into(),
                flags: flags(&mut random, kind, *special_use),
                internal_date: UnixTime(date.0 + i64::try_from(random.below(90)).unwrap_or(0)),
            });
        }
        folders.push(SampleFolder { path: FolderPath::parse(path), special_use: *special_use, messages });
    }
    folders
}

/// How many messages of a rare kind are still to be made.
struct Specials {
    large: usize,
    huge: usize,
    raw: usize,
}

impl Specials {
    fn kind(
        &mut self,
        random: &mut Random,
        special_use: Option<SpecialUse>,
        options: &SampleOptions,
    ) -> Kind {
        if special_use == Some(SpecialUse::Drafts) {
            return Kind::Draft;
        }
        if self.raw > 0 {
            self.raw -= 1;
            return Kind::RawHeader;
        }
        if self.huge > 0 && random.chance(20) {
            self.huge -= 1;
            return Kind::Attachment(30_000_000);
        }
        if self.large > 0 && random.chance(20) {
            self.large -= 1;
            return Kind::Attachment(random.between(1_000_000, 2_200_000));
        }
        if random.chance(options.attachment_percent) {
            return Kind::Attachment(random.between(15_000, 150_000));
        }
        if random.chance(35) { Kind::Alternative } else { Kind::Plain }
    }
}

/// Shares of `count`; what rounding leaves over goes to the inbox.
fn folder_sizes(count: usize) -> Vec<usize> {
    let mut sizes: Vec<usize> = FOLDERS.iter().map(|(_, _, share)| count * share / 1000).collect();
    let left = count - sizes.iter().sum::<usize>();
    if let Some(inbox) = sizes.first_mut() {
        *inbox += left;
    }
    sizes
}

fn flags(random: &mut Random, kind: Kind, special_use: Option<SpecialUse>) -> BTreeSet<String> {
    let mut flags = BTreeSet::new();
    let mut add = |flag: &str, is_set: bool| {
        if is_set {
            flags.insert(flag.to_owned());
        }
    };
    add("\\Draft", kind == Kind::Draft);
    add("\\Seen", special_use == Some(SpecialUse::Sent) || random.chance(80));
    add("\\Answered", random.chance(20));
    add("\\Flagged", random.chance(5));
    let keyword = random.word(KEYWORDS);
    add(keyword, random.chance(15));
    flags
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_makes_the_same_mail() {
        let options = SampleOptions { large_attachments: 0, ..SampleOptions::default() };
        let first = mixed_mailbox(7, 300, &options);
        assert_eq!(first, mixed_mailbox(7, 300, &options));
        assert_ne!(first, mixed_mailbox(8, 300, &options));
        assert_eq!(first.iter().map(|folder| folder.messages.len()).sum::<usize>(), 300);
        assert!(first.iter().all(|folder| !folder.messages.is_empty()));
    }

    #[test]
    fn mail_has_what_makes_copying_hard() {
        let folders = mixed_mailbox(1, 400, &SampleOptions::default());
        let all: Vec<&SampleMessage> = folders.iter().flat_map(|folder| &folder.messages).collect();
        let text = |message: &SampleMessage| String::from_utf8_lossy(&message.bytes).into_owned();
        assert_eq!(all.iter().filter(|message| message.bytes.len() > 1_000_000).count(), 2);
        assert_eq!(all.iter().filter(|message| text(message).contains('\u{fffd}')).count(), 1);
        let distinct: BTreeSet<_> = all.iter().map(|message| &message.bytes).collect();
        assert_eq!(all.len() - distinct.len(), 3);
        let drafts = &folders[2];
        assert!(drafts.messages.iter().all(|message| !text(message).contains("Message-ID:")));
        assert!(all.iter().any(|message| message.flags.contains("Steuer")));
        let oldest = all.iter().map(|message| message.internal_date.0).min().unwrap();
        assert!(NEWEST.0 - oldest > 5 * 365 * 86_400);
    }

    #[test]
    fn messages_are_clean() {
        for folder in mixed_mailbox(3, 200, &SampleOptions::default()) {
            for message in folder.messages {
                let bytes = &message.bytes;
                assert!(bytes.ends_with(b"\r\n") && !bytes.contains(&0));
                let text = String::from_utf8_lossy(bytes);
                assert!(text.split("\r\n").all(|line| line.len() <= 998 && !line.contains(['\r', '\n'])));
            }
        }
    }

    #[test]
    fn huge_attachments_are_made_on_demand() {
        let options = SampleOptions { huge_attachments: 1, ..SampleOptions::default() };
        let folders = mixed_mailbox(5, 60, &options);
        let largest =
            folders.iter().flat_map(|folder| &folder.messages).map(|message| message.bytes.len()).max();
        assert!(largest > Some(40_000_000));
    }
}
