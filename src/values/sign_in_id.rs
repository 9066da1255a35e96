use std::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Longest id.
const MAX_LENGTH: usize = 40;

/// The id of an OAuth provider, such as `google`: lower-case letters, digits and hyphens.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct SignInId(String);

/// Why a text is no such id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("a provider's id has 1 to {MAX_LENGTH} lower-case letters, digits and hyphens, such as google")]
pub struct SignInIdError;

impl SignInId {
    /// Reads an id.
    ///
    /// # Errors
    /// Where another character is in it, or none at all.
    pub fn parse(text: &str) -> Result<Self, SignInIdError> {
        let is_sign = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        if (1..=MAX_LENGTH).contains(&text.len()) && text.bytes().all(is_sign) {
            Ok(Self(text.to_owned()))
        } else {
            Err(SignInIdError)
        }
    }

    /// The id itself.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SignInId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl TryFrom<String> for SignInId {
    type Error = SignInIdError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl From<SignInId> for String {
    fn from(id: SignInId) -> Self {
        id.0
    }
}
