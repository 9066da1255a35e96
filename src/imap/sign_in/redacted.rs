//! Errors of a sign-in without the password, which some servers repeat.

use crate::imap::sign_in::SignInError;
use crate::imap::transport::redact::Redactor;

impl SignInError {
    /// The error without what must not be kept of it, such as a password that the server repeats.
    pub(in crate::imap) fn redacted(self, scrub: &Redactor) -> Self {
        match self {
            Self::PasswordRefused { words } => Self::PasswordRefused { words: scrub.words(&words) },
            Self::NeedsAppPassword { words, advice } => {
                Self::NeedsAppPassword { words: scrub.words(&words), advice }
            }
            Self::NoSuchMailbox { words } => Self::NoSuchMailbox { words: scrub.words(&words) },
            Self::NotConnected { words } => Self::NotConnected { words: scrub.words(&words) },
            Self::NotAllowed { words, advice } => Self::NotAllowed { words: scrub.words(&words), advice },
            Self::ServerBusy { words } => Self::ServerBusy { words: scrub.words(&words) },
            Self::Refused { words } => Self::Refused { words: scrub.words(&words) },
            Self::Imap(error) => Self::Imap(scrub.imap_error(error)),
            Self::TokenRefused { words } => Self::TokenRefused { words: scrub.words(&words) },
            Self::AdminRefused { words } => Self::AdminRefused { words: scrub.words(&words) },
            other @ (Self::LoginDisabled
            | Self::ConnectionLimit
            | Self::NotForScram
            | Self::TooFewRounds { .. }
            | Self::Token(_)
            | Self::NotOffered { .. }
            | Self::ServerNotProven(_)
            | Self::AdminsOwnMailbox { .. }
            | Self::MailboxNotProven { .. }) => other,
        }
    }
}
