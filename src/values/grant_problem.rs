//! Why an OAuth provider gives no token, as data. Words for people are made in `engine::explain`.

use std::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// What keeps a token from being given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum GrantTrouble {
    /// Nobody has signed in yet, or what was kept is gone.
    NotSignedIn,
    /// The keyring did not answer, so it is not known whether somebody has.
    KeyringSilent,
    /// The consent was revoked, has expired, or the password was changed: `invalid_grant` (RFC 6749 section 5.2).
    Ended,
    /// The owner of the mailbox has not consented to the application.
    ConsentMissing,
    /// Only an admin may consent.
    AdminConsentMissing,
    /// A rule of the organisation (Conditional Access) forbids this sign-in.
    ConditionalAccess,
    /// A second factor has to be shown or set up first.
    SecondFactor,
    /// There is no application under this client id.
    ClientUnknown,
    /// The application's secret or certificate is wrong or has expired.
    ClientSecret,
    /// The application may not do without a secret: it is not a public client.
    NotPublicClient,
    /// The address that the browser returns to is not registered.
    Redirect,
    /// The provider does not know the user, or has blocked it.
    UserUnknown,
    /// The organisation (tenant) does not exist, or does not allow its users in.
    TenantUnknown,
    /// The application may not act for the mailboxes of the domain (Google's domain-wide delegation, application
    /// permissions).
    DelegationMissing,
    /// The scope is wrong or not allowed.
    Scope,
    /// Somebody said no in the browser.
    Declined,
    /// Nobody answered in the browser in time.
    TooLate,
    /// The clock of this computer is wrong, so that what it signs counts as expired.
    Clock,
    /// The provider is busy.
    Busy,
    /// The provider was not reached.
    Unreachable,
    /// The tokens are for another server than this one, so that none is sent there.
    OtherServer,
    /// The file with the key cannot be read or used.
    KeyFile,
    /// The provider's answer was not understood.
    NotUnderstood,
}

/// Why there is no token, with the provider's own words. Holds no token.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub struct GrantProblem {
    /// What is the matter.
    pub trouble: GrantTrouble,
    /// The provider's code, such as `AADSTS65001` or `invalid_grant`; empty where there is none.
    pub code: String,
    /// The provider's words, or those of the system.
    pub words: String,
}

impl GrantProblem {
    /// A problem that no provider has spoken of.
    pub fn of(trouble: GrantTrouble, words: impl Into<String>) -> Self {
        Self { trouble, code: String::new(), words: words.into() }
    }

    /// Whether the same may succeed later without anybody doing anything.
    pub const fn is_temporary(&self) -> bool {
        matches!(self.trouble, GrantTrouble::Busy | GrantTrouble::Unreachable)
    }
}

impl fmt::Display for GrantProblem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("no token was given")?;
        for part in [&self.code, &self.words] {
            if !part.is_empty() {
                write!(formatter, ": {part}")?;
            }
        }
        Ok(())
    }
}
