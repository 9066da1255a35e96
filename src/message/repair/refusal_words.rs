//! What a server's refusal of a message says about the cause, by `assets/refusals.toml`.

use std::sync::LazyLock;

use super::RepairStep;
use crate::assets::{Means, Refusal, read_refusals};

/// What a refusal is about. The response code counts first, then the words.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RefusalMeaning {
    /// The folder does not exist (any longer).
    Folder,
    /// The mailbox has no room.
    Full,
    /// Another connection has the folder, and the server does not let two at its files (mbox, NFS).
    Locked,
    /// The server wants to be left alone for a while.
    Busy,
    /// The server itself has failed, which says nothing about the message.
    Trouble,
    /// The message is larger than the server takes.
    Size,
    /// A scanner does not like what is in the message.
    Virus,
    /// Nothing may be stored there at all.
    Account,
    /// What is in the message; the repair that fits, where the words say so.
    Message(Option<RepairStep>),
    /// It could be anything.
    Unknown,
}

impl RefusalMeaning {
    /// Whether it names something that only messages have, so that others may well be taken.
    pub const fn is_about_message(self) -> bool {
        matches!(self, Self::Size | Self::Virus | Self::Message(_))
    }
}

/// The build reads the data file first, so that it is right.
static TABLE: LazyLock<Vec<Refusal>> =
    LazyLock::new(|| read_refusals(include_str!("../../../assets/refusals.toml")).unwrap_or_default());

/// Reads a refusal of an APPEND or FETCH: the name of its response code, and its words.
pub fn refusal_meaning(code: Option<&str>, words: &str) -> RefusalMeaning {
    let code = code.unwrap_or_default().to_ascii_uppercase();
    let words = words.to_lowercase();
    let is_over_quota = code == "OVERQUOTA";
    let says = |entry: &&Refusal| entry.words.iter().any(|part| words.contains(part));
    let found = TABLE.iter().find(|entry| {
        // “The message would exceed the quota” is about the quota when the code says so.
        let is_overruled = is_over_quota && entry.means == Means::Size;
        (entry.codes.contains(&code) || says(entry)) && !is_overruled
    });
    // Some use LIMIT for load, others for messages that are too large or have too many keywords; their words show which.
    let of_message = || TABLE.iter().filter(|entry| entry.means.is_of_message()).find(says);
    let found = if code == "LIMIT" { of_message().or(found) } else { found };
    let step = |step| RefusalMeaning::Message(Some(step));
    match found.map(|entry| entry.means) {
        Some(Means::Folder) => RefusalMeaning::Folder,
        Some(Means::Size | Means::Large) => RefusalMeaning::Size,
        Some(Means::Full) => RefusalMeaning::Full,
        Some(Means::Locked) => RefusalMeaning::Locked,
        Some(Means::Busy) => RefusalMeaning::Busy,
        Some(Means::Trouble) => RefusalMeaning::Trouble,
        Some(Means::Virus) => RefusalMeaning::Virus,
        Some(Means::Account) => RefusalMeaning::Account,
        Some(Means::LineEnds) => step(RepairStep::LineEnds),
        Some(Means::Header) => step(RepairStep::Header),
        Some(Means::Date) => step(RepairStep::Date),
        Some(Means::Deleted) => step(RepairStep::Deleted),
        Some(Means::Keywords) => step(RepairStep::Keywords),
        Some(Means::LongLines) => step(RepairStep::LongLines),
        Some(Means::Nul) => step(RepairStep::Nul),
        Some(Means::Message) => RefusalMeaning::Message(None),
        Some(Means::Anything) | None => RefusalMeaning::Unknown,
    }
}

impl Means {
    /// Whether it names something that only messages have.
    const fn is_of_message(self) -> bool {
        matches!(
            self,
            Self::Size
                | Self::LineEnds
                | Self::Header
                | Self::Date
                | Self::Deleted
                | Self::Keywords
                | Self::LongLines
                | Self::Nul
                | Self::Large
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn refusals_say_what_they_are_about() {
        use RefusalMeaning::{Account, Busy, Folder, Full, Locked, Message, Size, Trouble, Unknown, Virus};
        for (code, words, expected) in [
            (Some("OVERQUOTA"), "no", Full),
            (None, "Quota limit will be exceeded", Full),
            (None, "full: it is time to find a bigger place", Full),
            (None, "Request is throttled. Suggested Backoff Time: 299961 milliseconds", Busy),
            (Some("THROTTLED"), "slow down", Busy),
            (Some("LIMIT"), "UID FETCH Rate limit hit", Busy),
            (Some("LIMIT"), "Mail size is larger than the maximum size allowed", Size),
            (Some("LIMIT"), "Too many keywords in this mailbox", Message(Some(RepairStep::Keywords))),
            (Some("LIMIT"), "Line too long", Message(Some(RepairStep::LongLines))),
            (Some("LIMIT"), "too many commands", Busy),
            (Some("SERVERBUG"), "Internal error", Trouble),
            (None, "internal error, try later", Trouble),
            (None, "Temporary unavailable", Busy),
            (None, "[UNAVAILABLE] Temporary authentication failure", Trouble),
            (None, "451 4.3.0 Mail server temporarily rejected message", Trouble),
            (None, "APPEND \\Deleted is not allowed", Message(Some(RepairStep::Deleted))),
            (None, "[SERVERBUG] Internal error", Trouble),
            (None, "Timeout while waiting for lock", Locked),
            (Some("INUSE"), "Timeout while waiting for lock", Locked),
            (Some("INUSE"), "Mailbox in use", Busy),
            (Some("NONEXISTENT"), "gone", Folder),
            (Some("trycreate"), "no such mailbox", Folder),
            (Some("TOOBIG"), "too large", Size),
            (Some("TOOBIG"), "over quota for one message", Size),
            (None, "Message size over limit", Size),
            (None, "Message too large: quota is 10 MB each", Size),
            (Some("OVERQUOTA"), "message size would exceed quota", Full),
            (None, "Message contains NUL characters", Message(Some(RepairStep::Nul))),
            (None, "Message contains bare newlines", Message(Some(RepairStep::LineEnds))),
            (None, "Message contains invalid header", Message(Some(RepairStep::Header))),
            (None, "Message contains non-ASCII characters in headers", Message(Some(RepairStep::Header))),
            (None, "Line too long", Message(Some(RepairStep::LongLines))),
            (None, "Invalid internal date", Message(Some(RepairStep::Date))),
            (None, "Invalid flag list", Message(Some(RepairStep::Keywords))),
            (None, "malformed MIME", Message(None)),
            (None, "Virus found: Eicar", Virus),
            (Some("NOPERM"), "no", Account),
            (None, "Command Argument Error. 11", Unknown),
            (None, "APPEND failed", Unknown),
        ] {
            assert_eq!(refusal_meaning(code, words), expected, "{code:?} {words}");
        }
    }

    #[test]
    fn the_data_file_is_whole() {
        let entries = read_refusals(include_str!("../../../assets/refusals.toml")).unwrap();
        for entry in &entries {
            assert!(entry.words.iter().all(|part| part.len() > 3), "{:?}", entry.means);
        }
    }
}
