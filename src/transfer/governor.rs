//! What a refusal asks for. Pure: response code first, words second.

use crate::imap::Completion;

/// What to do about a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// The folder is not there (any more).
    FolderMissing,
    /// The mailbox is full.
    Full,
    /// Wait this many seconds, then go on.
    Wait(u64),
    /// The message itself is not wanted.
    Message,
}

/// Waiting time where the server names none, in seconds.
const DEFAULT_WAIT_SECONDS: u64 = 60;
/// Longest wait that is believed, in seconds.
const MAX_WAIT_SECONDS: u64 = 24 * 3_600;

/// Words of full mailboxes, in lower case. Taken at their plain meaning; the server's own words are shown.
const FULL: [&str; 6] =
    ["quota", "mailbox is full", "mailbox full", "over limit", "bigger place", "not enough disk space"];
/// Words that speak of the size of one message, in lower case: other messages may well be taken.
const SIZE: [&str; 5] =
    ["message size", "message too", "message is too", "too large for a message", "maximum message"];
/// Words about what is in a message, in lower case.
const MESSAGE: [&str; 12] = [
    "toobig",
    "too large",
    "too big",
    "larger than",
    "nul ",
    "header",
    "8bit",
    "8-bit",
    "line too long",
    "bare newline",
    "mime",
    "malformed",
];
/// Words of busy servers, in lower case. The first two are Microsoft's (imapsync's `FAQ.Office365`); the others are taken
/// at their plain meaning.
const BUSY: [&str; 7] = [
    "throttled",
    "backoff time",
    "too many simultaneous",
    "bandwidth limit",
    "rate limit",
    "try again later",
    "temporarily unavailable",
];

/// Reads a refusal of APPEND or FETCH.
pub(super) fn refusal(completion: &Completion) -> Refusal {
    let words = completion.to_string().to_lowercase();
    if completion.has_code("TRYCREATE") || completion.has_code("NONEXISTENT") {
        return Refusal::FolderMissing;
    }
    let is_about_size = completion.has_code("TOOBIG") || SIZE.iter().any(|needle| words.contains(needle));
    if is_about_size && !completion.has_code("OVERQUOTA") {
        return Refusal::Message;
    }
    if completion.has_code("OVERQUOTA") || FULL.iter().any(|needle| words.contains(needle)) {
        return Refusal::Full;
    }
    // SERVERBUG (RFC 5530) is about the server, never about the message. LIMIT is not: Dovecot says it of messages
    // that are too large.
    let is_busy =
        ["THROTTLED", "INUSE", "UNAVAILABLE", "SERVERBUG"].into_iter().any(|code| completion.has_code(code));
    if is_busy || BUSY.iter().any(|needle| words.contains(needle)) {
        return Refusal::Wait(suggested_seconds(&words).unwrap_or(DEFAULT_WAIT_SECONDS));
    }
    Refusal::Message
}

/// Whether words of a refusal name something that only messages have, so that others may well be taken.
pub(super) fn is_about_message(words: &str) -> bool {
    let words = words.to_lowercase();
    MESSAGE.iter().chain(&SIZE).any(|needle| words.contains(needle))
}

/// Microsoft: `Suggested Backoff Time: 299961 milliseconds`.
fn suggested_seconds(words: &str) -> Option<u64> {
    let (_, after) = words.split_once("backoff time:")?;
    let digits: String = after.trim_start().chars().take_while(char::is_ascii_digit).take(12).collect();
    let milliseconds: u64 = digits.parse().ok()?;
    Some(milliseconds.div_ceil(1_000).min(MAX_WAIT_SECONDS))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imap::{Code, Status};

    #[test]
    fn refusals_say_what_they_ask_for() {
        for (code, words, expected) in [
            (Some("OVERQUOTA"), "no", Refusal::Full),
            (None, "Quota limit will be exceeded", Refusal::Full),
            (None, "Request is throttled. Suggested Backoff Time: 299961 milliseconds", Refusal::Wait(300)),
            (Some("THROTTLED"), "slow down", Refusal::Wait(60)),
            (None, "Message contains NUL characters", Refusal::Message),
            (Some("NONEXISTENT"), "gone", Refusal::FolderMissing),
            (Some("TOOBIG"), "too large", Refusal::Message),
            (Some("TOOBIG"), "over quota for one message", Refusal::Message),
            (None, "Message size over limit", Refusal::Message),
            (None, "Message too large: quota is 10 MB each", Refusal::Message),
            (Some("OVERQUOTA"), "message size would exceed quota", Refusal::Full),
            (Some("SERVERBUG"), "Internal error", Refusal::Wait(60)),
            (Some("LIMIT"), "Mail size is larger than the maximum size allowed", Refusal::Message),
        ] {
            let code = code.map(|code| Code::Other(code.to_owned()));
            let completion = Completion { status: Status::No, code, words: words.to_owned() };
            assert_eq!(refusal(&completion), expected, "{words}");
        }
    }
}
