use std::fmt;

use serde::{Deserialize, Serialize};

/// A size in bytes, shown in the decimal units that providers bill in.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Bytes(pub u64);

impl Bytes {
    /// Nothing at all.
    pub const ZERO: Self = Self(0);

    /// Sum that stays at the maximum instead of wrapping round.
    #[must_use]
    pub const fn plus(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }

    /// The exact figure with thousands separators, for hover texts: `9,812,345,678 bytes`.
    pub fn exact(self) -> String {
        format!("{} bytes", with_thousands(self.0))
    }
}

impl fmt::Display for Bytes {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (unit_bytes, unit) = match self.0 {
            0..1_000 => return write!(formatter, "{} B", self.0),
            1_000..999_500 => (1_000, "kB"),
            999_500..999_500_000 => (1_000_000, "MB"),
            999_500_000..999_500_000_000 => (1_000_000_000, "GB"),
            _ => (1_000_000_000_000, "TB"),
        };
        // Integer tenths keep the rounding exact for sizes beyond the precision of a float.
        let tenths = (u128::from(self.0) * 10 + unit_bytes / 2) / unit_bytes;
        if tenths < 100 {
            write!(formatter, "{}.{} {unit}", tenths / 10, tenths % 10)
        } else {
            write!(formatter, "{} {unit}", (u128::from(self.0) + unit_bytes / 2) / unit_bytes)
        }
    }
}

/// A whole number with commas between the thousands: `184,990`.
pub fn with_thousands(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    grouped
}

/// A number of things: `1 message`, `2,000 messages`. The word is one that takes an s.
pub fn counted(number: u64, one: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {one}{plural}", with_thousands(number))
}

/// A number of things, for a word that takes more than an s: `1 mailbox`, `2,000 mailboxes`.
pub fn counted_as(number: impl TryInto<u64>, one: &str, many: &str) -> String {
    let number = number.try_into().unwrap_or(u64::MAX);
    format!("{} {}", with_thousands(number), if number == 1 { one } else { many })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_decimal_and_short() {
        for (bytes, words) in [
            (0, "0 B"),
            (999, "999 B"),
            (1_000, "1.0 kB"),
            (340_000, "340 kB"),
            (999_499, "999 kB"),
            (999_500, "1.0 MB"),
            (9_812_345_678, "9.8 GB"),
            (43_500_000_000, "44 GB"),
            (u64::MAX, "18446744 TB"),
        ] {
            assert_eq!(Bytes(bytes).to_string(), words);
        }
        assert_eq!(Bytes(9_812_345_678).exact(), "9,812,345,678 bytes");
    }
}
