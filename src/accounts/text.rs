//! Makes text of the bytes of a file.

use serde::{Deserialize, Serialize};

use super::AccountsError;
use super::read::MAX_FILE_BYTES;

/// How the text of a file was encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Encoding {
    /// UTF-8, with or without a byte-order mark.
    Utf8,
    /// UTF-16 with a byte-order mark, as spreadsheets write “Unicode text”.
    Utf16,
    /// One byte per letter (ISO 8859-1), assumed because the bytes are no UTF-8.
    Latin1,
}

/// A text and how it was encoded.
pub(super) struct Decoded {
    pub text: String,
    pub encoding: Encoding,
}

/// Makes text of bytes. A NUL byte means that it is none.
pub(super) fn decode(bytes: &[u8]) -> Result<Decoded, AccountsError> {
    if bytes.len() > MAX_FILE_BYTES {
        return Err(AccountsError::TooLarge);
    }
    let decoded = match bytes {
        [0xff, 0xfe, rest @ ..] => utf16(rest, u16::from_le_bytes)?,
        [0xfe, 0xff, rest @ ..] => utf16(rest, u16::from_be_bytes)?,
        _ => one_or_more_bytes(bytes.strip_prefix(&[0xef, 0xbb, 0xbf]).unwrap_or(bytes)),
    };
    match decoded.text.find('\0') {
        Some(at) => Err(AccountsError::NotText { line: line_at(&decoded.text, at) }),
        None => Ok(decoded),
    }
}

fn one_or_more_bytes(bytes: &[u8]) -> Decoded {
    match std::str::from_utf8(bytes) {
        Ok(text) => Decoded { text: text.to_owned(), encoding: Encoding::Utf8 },
        Err(_not_utf8) => {
            Decoded { text: bytes.iter().copied().map(char::from).collect(), encoding: Encoding::Latin1 }
        }
    }
}

fn utf16(bytes: &[u8], unit: fn([u8; 2]) -> u16) -> Result<Decoded, AccountsError> {
    let (pairs, _odd_byte) = bytes.as_chunks::<2>();
    let units = pairs.iter().map(|pair| unit(*pair));
    let text: Result<String, _> = char::decode_utf16(units).collect();
    match text {
        Ok(text) => Ok(Decoded { text, encoding: Encoding::Utf16 }),
        Err(_lone_surrogate) => Err(AccountsError::NotText { line: 1 }),
    }
}

fn line_at(text: &str, at: usize) -> u64 {
    let before = text.get(..at).unwrap_or_default();
    u64::try_from(before.matches('\n').count()).unwrap_or(0) + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn marks_and_old_encodings_read() {
        for (bytes, text, encoding) in [
            (&b"\xef\xbb\xbfM\xc3\xbcller"[..], "Müller", Encoding::Utf8),
            (b"M\xfcller", "Müller", Encoding::Latin1),
            (b"\xff\xfeM\0\xfc\0", "Mü", Encoding::Utf16),
            (b"\xfe\xff\0M\0\xfc", "Mü", Encoding::Utf16),
        ] {
            let decoded = decode(bytes).unwrap();
            assert_eq!((decoded.text.as_str(), decoded.encoding), (text, encoding));
        }
    }

    #[test]
    fn what_is_no_text_says_where() {
        assert_eq!(decode(b"a\nb\0").err(), Some(AccountsError::NotText { line: 2 }));
        assert_eq!(decode(b"\xff\xfe\x00\xd8").err(), Some(AccountsError::NotText { line: 1 }));
        assert_eq!(decode(&vec![b'a'; MAX_FILE_BYTES + 1]).err(), Some(AccountsError::TooLarge));
    }
}
