use std::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Bytes that people see as hexadecimal digits: digests and keys.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct HexBytes(Vec<u8>);

/// The text is not made of pairs of hexadecimal digits.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("these are no pairs of hexadecimal digits")]
pub struct HexBytesError;

impl HexBytes {
    /// Takes the bytes as they are.
    pub fn new(bytes: Vec<u8>) -> Self {
        Self(bytes)
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Reads pairs of hexadecimal digits.
    ///
    /// # Errors
    /// If the text is anything else.
    pub fn parse(text: &str) -> Result<Self, HexBytesError> {
        let digits: Option<Vec<u8>> =
            text.chars().map(|digit| digit.to_digit(16).and_then(|digit| u8::try_from(digit).ok())).collect();
        let digits = digits.filter(|digits| digits.len() % 2 == 0).ok_or(HexBytesError)?;
        Ok(Self(
            digits.chunks_exact(2).map(|pair| pair.iter().fold(0, |byte, digit| byte << 4 | digit)).collect(),
        ))
    }
}

impl fmt::Display for HexBytes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.iter().try_for_each(|byte| write!(formatter, "{byte:02x}"))
    }
}

impl TryFrom<String> for HexBytes {
    type Error = HexBytesError;

    fn try_from(text: String) -> Result<Self, HexBytesError> {
        Self::parse(&text)
    }
}

impl From<HexBytes> for String {
    fn from(bytes: HexBytes) -> Self {
        bytes.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_become_bytes_and_come_back() {
        assert_eq!(HexBytes::parse("00fFa1").unwrap().as_bytes(), [0, 255, 161]);
        assert_eq!(HexBytes::parse("00fFa1").unwrap().to_string(), "00ffa1");
        for text in ["0", "0g", "é0"] {
            assert_eq!(HexBytes::parse(text), Err(HexBytesError), "{text}");
        }
    }
}
