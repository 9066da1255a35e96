//! Keeps a password out of what a server says back: some repeat the command that they could not read.

use std::fmt;

use data_encoding::BASE64;
use zeroize::Zeroizing;

use super::completion::{Code, Completion};
use super::error::ImapError;
use super::sign_in::SignInError;
use crate::values::Secret;

/// Server's words are kept up to this many characters, so a password may be cut off at their end.
const CUT_AT_CHARACTERS: usize = 150;
/// Shortest beginning of a password that is looked for at the end of words that were cut, in bytes.
const MIN_FRAGMENT: usize = 3;

/// Every form in which a password goes over the line, in lower case, longest first.
#[derive(Clone, Default)]
pub(super) struct Scrub {
    needles: Vec<Zeroizing<String>>,
}

impl fmt::Debug for Scrub {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Scrub(…)")
    }
}

impl Scrub {
    /// `messages` are whole messages that hold the secret, as they go over the line in base64.
    pub(super) fn new(secret: &Secret, messages: &[Zeroizing<String>]) -> Self {
        let secret = secret.expose();
        let forms = [
            secret.to_owned(),
            secret.replace('\\', "\\\\").replace('"', "\\\""),
            BASE64.encode(secret.as_bytes()),
        ]
        .map(Zeroizing::new);
        let encoded = messages.iter().map(|message| Zeroizing::new(BASE64.encode(message.as_bytes())));
        let mut needles: Vec<Zeroizing<String>> = forms
            .into_iter()
            .chain(encoded)
            // Control characters do not survive into words; padding may be cut off.
            .map(|form| form.chars().filter(|character| !character.is_control()).collect::<String>())
            .map(|form| Zeroizing::new(form.trim_end_matches('=').to_ascii_lowercase()))
            .filter(|form| !form.is_empty())
            .collect();
        needles.sort_by_key(|form| std::cmp::Reverse(form.len()));
        Self { needles }
    }

    /// The words without the password.
    pub(super) fn words(&self, words: &str) -> String {
        let mut kept = words.to_owned();
        for needle in &self.needles {
            kept = without(&kept, needle);
        }
        if words.chars().count() >= CUT_AT_CHARACTERS {
            for needle in &self.needles {
                cut_fragment(&mut kept, needle);
            }
        }
        kept
    }

    fn completion(&self, completion: Completion) -> Completion {
        let code = match completion.code {
            Some(Code::Other(code)) => Some(Code::Other(self.words(&code))),
            other => other,
        };
        Completion { code, words: self.words(&completion.words), ..completion }
    }

    fn imap_error(&self, error: ImapError) -> ImapError {
        match error {
            ImapError::Refused { command, completion } => {
                ImapError::Refused { command, completion: self.completion(completion) }
            }
            ImapError::Closed(words) => ImapError::Closed(words.map(|words| self.words(&words))),
            ImapError::TurnedAway(words) => ImapError::TurnedAway(self.words(&words)),
            ImapError::StartTlsRefused(words) => ImapError::StartTlsRefused(self.words(&words)),
            ImapError::Unexpected { command, problem } => {
                ImapError::Unexpected { command, problem: self.words(&problem) }
            }
            other => other,
        }
    }

    /// The error without the password.
    pub(super) fn sign_in_error(&self, error: SignInError) -> SignInError {
        match error {
            SignInError::PasswordRefused { words } => {
                SignInError::PasswordRefused { words: self.words(&words) }
            }
            SignInError::NeedsAppPassword { words, advice } => {
                SignInError::NeedsAppPassword { words: self.words(&words), advice }
            }
            SignInError::NoSuchMailbox { words } => SignInError::NoSuchMailbox { words: self.words(&words) },
            SignInError::NotAllowed { words, advice } => {
                SignInError::NotAllowed { words: self.words(&words), advice }
            }
            SignInError::ServerBusy { words } => SignInError::ServerBusy { words: self.words(&words) },
            SignInError::Refused { words } => SignInError::Refused { words: self.words(&words) },
            SignInError::Imap(error) => SignInError::Imap(self.imap_error(error)),
            SignInError::TokenRefused { words } => SignInError::TokenRefused { words: self.words(&words) },
            SignInError::AdminRefused { words } => SignInError::AdminRefused { words: self.words(&words) },
            other @ (SignInError::LoginDisabled
            | SignInError::Token(_)
            | SignInError::NotOffered { .. }
            | SignInError::ServerNotProven(_)
            | SignInError::AdminsOwnMailbox { .. }
            | SignInError::MailboxNotProven { .. }) => other,
        }
    }
}

/// The text without the needle, which is in lower case; the server may have changed the case.
fn without(text: &str, needle: &str) -> String {
    let lower = Zeroizing::new(text.to_ascii_lowercase());
    let mut kept = String::with_capacity(text.len());
    let mut from = 0;
    while let Some(found) = lower.get(from..).and_then(|rest| rest.find(needle)) {
        kept.push_str(text.get(from..from + found).unwrap_or_default());
        kept.push('…');
        from += found + needle.len();
    }
    kept.push_str(text.get(from..).unwrap_or_default());
    kept
}

/// Takes a beginning of the needle off the end of a text that was cut.
fn cut_fragment(text: &mut String, needle: &str) {
    let lower = Zeroizing::new(text.to_ascii_lowercase());
    let lengths = (MIN_FRAGMENT..needle.len()).rev().filter_map(|length| needle.get(..length));
    for fragment in lengths {
        if lower.ends_with(fragment) {
            text.truncate(text.len() - fragment.len());
            text.push('…');
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_of_the_password_is_taken_out() {
        let scrub = Scrub::new(&Secret::new("se\"cret"), &[Zeroizing::new("\0anna\0se\"cret".to_owned())]);
        for (words, kept) in [
            ("bad: LOGIN anna \"se\\\"cret\"", "bad: LOGIN anna \"…\""),
            ("SE\"CRET and se\"cret", "… and …"),
            ("c2UiY3JldA==", "…=="),
            ("said AGFubmEAc2UiY3JldA==", "said …=="),
            ("nothing here", "nothing here"),
        ] {
            assert_eq!(scrub.words(words), kept);
        }
        let long = format!("{}se\"cr", "x".repeat(600));
        assert!(scrub.words(&long).ends_with("x…"));
        assert_eq!(format!("{scrub:?}"), "Scrub(…)");
        assert_eq!(Scrub::new(&Secret::new(""), &[]).words("left alone"), "left alone");
    }
}
