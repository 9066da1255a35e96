//! What a refusal asks for. Pure: response code first, words second.

use crate::imap::{Code, Completion, ImapError};
use crate::message::{RefusalMeaning, ServerWords, refusal_meaning};
use crate::transfer::context::error::TransferError;
use crate::values::Side;

/// What to do about a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::transfer) enum Refusal {
    /// The folder is not there (any more).
    FolderMissing,
    /// The mailbox is full.
    Full,
    /// Wait this many seconds, then continue: the server is overloaded.
    Wait(u64),
    /// The server itself has failed; wait this many seconds, then try again.
    Trouble(u64),
    /// The message itself is not wanted.
    Message,
}

/// Waiting time where the server names none, in seconds.
pub(in crate::transfer) const DEFAULT_WAIT_SECONDS: u64 = 60;
/// Longest wait that is believed, in seconds.
const MAX_WAIT_SECONDS: u64 = 24 * 3_600;

/// Reads a refusal of APPEND or FETCH.
pub(in crate::transfer) fn refusal(completion: &Completion) -> Refusal {
    match meaning(completion) {
        RefusalMeaning::Folder => Refusal::FolderMissing,
        RefusalMeaning::Full => Refusal::Full,
        RefusalMeaning::Locked | RefusalMeaning::Busy => Refusal::Wait(seconds(completion)),
        RefusalMeaning::Trouble => Refusal::Trouble(seconds(completion)),
        _ => Refusal::Message,
    }
}

fn seconds(completion: &Completion) -> u64 {
    suggested_seconds(&completion.words).unwrap_or(DEFAULT_WAIT_SECONDS)
}

impl Refusal {
    /// Whether it passes, so that it says nothing about what was asked for.
    pub(in crate::transfer) const fn is_passing(self) -> bool {
        matches!(self, Self::Wait(_) | Self::Trouble(_))
    }
}

/// The error that a refusal is, where it passes: whoever gets it waits.
pub(in crate::transfer) fn passing(side: Side, completion: &Completion) -> Option<TransferError> {
    match refusal(completion) {
        Refusal::Wait(seconds) | Refusal::Trouble(seconds) => Some(TransferError::Throttled {
            side,
            seconds,
            words: completion.to_string(),
            meaning: meaning(completion),
        }),
        _ => None,
    }
}

/// An error if a refusal is temporary: the caller waits, then continues.
pub(in crate::transfer) fn heed(side: Side, completion: &Completion) -> Result<(), TransferError> {
    passing(side, completion).map_or(Ok(()), Err)
}

impl TransferError {
    /// What an error of this side's server is to a copy: the one place that decides what is throttling.
    pub(in crate::transfer) fn from_imap(side: Side) -> impl Fn(ImapError) -> Self {
        move |source| {
            let passing = source.refusal().and_then(|completion| passing(side, completion));
            passing.unwrap_or(Self::Server { side, source })
        }
    }
}

/// What a refusal is about.
pub(in crate::transfer) fn meaning(completion: &Completion) -> RefusalMeaning {
    refusal_meaning(code_name(completion), &completion.words)
}

/// What the error of a refusal is about; `None` where no server has refused anything.
pub(in crate::transfer) fn meaning_of(error: &TransferError) -> Option<RefusalMeaning> {
    match error {
        TransferError::Throttled { meaning, .. } => Some(*meaning),
        TransferError::Server { source: ImapError::Refused { completion, .. }, .. } => {
            Some(meaning(completion))
        }
        _ => None,
    }
}

/// What a server has answered, as it is kept.
pub(in crate::transfer) fn server_words(completion: &Completion) -> ServerWords {
    ServerWords { code: code_name(completion).map(ToOwned::to_owned), text: completion.to_string() }
}

/// The name of the response code.
pub(in crate::transfer) fn code_name(completion: &Completion) -> Option<&str> {
    match completion.code.as_ref()? {
        Code::Other(code) => code.split(' ').next(),
        Code::TryCreate => Some("TRYCREATE"),
        Code::ReadOnly => Some("READ-ONLY"),
        _ => None,
    }
}

fn suggested_seconds(words: &str) -> Option<u64> {
    Some(suggested_milliseconds(words)?.div_ceil(1_000))
}

/// How long the server itself asks to be left alone: Microsoft's `Suggested Backoff Time: 299961 milliseconds`.
pub(in crate::transfer) fn suggested_milliseconds(words: &str) -> Option<u64> {
    let words = words.to_lowercase();
    let (_, after) = words.split_once("backoff time:")?;
    let digits: String = after.trim_start().chars().take_while(char::is_ascii_digit).take(12).collect();
    let milliseconds: u64 = digits.parse().ok()?;
    Some(milliseconds.min(MAX_WAIT_SECONDS * 1_000))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::imap::Status;

    #[test]
    fn a_refusal_that_passes_is_throttling_and_any_other_error_stays_what_it_is() {
        let refused = |words: &str| {
            let completion = Completion { status: Status::No, code: None, words: words.to_owned() };
            TransferError::from_imap(Side::Destination)(ImapError::Refused { command: "STORE", completion })
        };
        assert!(matches!(
            refused("Server busy, try again later"),
            TransferError::Throttled { side: Side::Destination, seconds: DEFAULT_WAIT_SECONDS, .. }
        ));
        assert!(matches!(
            refused("no such flag"),
            TransferError::Server { side: Side::Destination, source: ImapError::Refused { .. } }
        ));
        assert!(matches!(
            TransferError::from_imap(Side::Source)(ImapError::Closed(None)),
            TransferError::Server { side: Side::Source, source: ImapError::Closed(None) }
        ));
    }

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
            (Some("SERVERBUG"), "Internal error", Refusal::Trouble(60)),
            (Some("LIMIT"), "UID FETCH Rate limit hit", Refusal::Wait(60)),
            (Some("LIMIT"), "Mail size is larger than the maximum size allowed", Refusal::Message),
        ] {
            let code = code.map(|code| Code::Other(code.to_owned()));
            let completion = Completion { status: Status::No, code, words: words.to_owned() };
            assert_eq!(refusal(&completion), expected, "{words}");
        }
    }
}
