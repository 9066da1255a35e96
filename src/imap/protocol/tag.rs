//! The tag of a command, by which its answer is known (RFC 3501 section 2.2.1).

use std::fmt;

/// Names one command of a connection: `F17`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in crate::imap) struct Tag(u32);

impl Tag {
    /// The tag of the command with this number on its connection.
    pub(in crate::imap) const fn of(number: u32) -> Self {
        Self(number)
    }

    /// The tag at the beginning of a line, spelled as we spell it; `None` for one that no command of ours has.
    pub(in crate::imap) fn read(text: &[u8]) -> Option<Self> {
        let digits = std::str::from_utf8(text.strip_prefix(b"F")?).ok()?;
        let is_plain = digits.bytes().all(|byte| byte.is_ascii_digit()) && !digits.starts_with('0');
        if is_plain { digits.parse().ok().map(Self) } else { None }
    }
}

impl fmt::Display for Tag {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "F{}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_own_tags_are_read() {
        for number in [1, 9, 10, u32::MAX] {
            let tag = Tag::of(number);
            assert_eq!(Tag::read(tag.to_string().as_bytes()), Some(tag));
        }
        for text in
            ["", "F", "F0", "F01", "f1", "F+1", "F-1", "F1x", "G1", "*", "1", "F4294967296", "F\u{661}"]
        {
            assert_eq!(Tag::read(text.as_bytes()), None, "{text:?}");
        }
    }
}
