use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// SHA-256 of a certificate in DER form, shown as colon-separated upper-case hex pairs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Fingerprint(pub [u8; 32]);

/// Why a text is not a SHA-256 fingerprint.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
#[error("“{0}” is not a SHA-256 fingerprint: it has 32 pairs of hex digits with colons between them")]
pub struct FingerprintError(String);

impl fmt::Display for Fingerprint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, byte) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { ":" };
            write!(formatter, "{separator}{byte:02X}")?;
        }
        Ok(())
    }
}

impl FromStr for Fingerprint {
    type Err = FingerprintError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error = || FingerprintError(text.to_owned());
        let mut bytes = [0_u8; 32];
        let mut pairs = text.trim().split(':');
        for byte in &mut bytes {
            let pair = pairs.next().filter(|pair| pair.len() == 2).ok_or_else(error)?;
            *byte = u8::from_str_radix(pair, 16).map_err(|_not_hex| error())?;
        }
        if pairs.next().is_some() { Err(error()) } else { Ok(Self(bytes)) }
    }
}

impl TryFrom<String> for Fingerprint {
    type Error = FingerprintError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        text.parse()
    }
}

impl From<Fingerprint> for String {
    fn from(fingerprint: Fingerprint) -> Self {
        fingerprint.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shown_form_reads_back() {
        let fingerprint = Fingerprint(std::array::from_fn(|index| u8::try_from(index * 7).unwrap_or(0)));
        assert!(fingerprint.to_string().starts_with("00:07:0E:15"));
        assert_eq!(fingerprint.to_string().parse(), Ok(fingerprint));
        assert!("00:07".parse::<Fingerprint>().is_err());
        assert!(format!("{fingerprint}:00").parse::<Fingerprint>().is_err());
    }
}
