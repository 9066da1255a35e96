use std::fmt;

use serde::{Deserialize, Serialize};

/// The strings of one TXT record, as bytes. Serialised with the escapes of zone files: `\DDD` for unprintable bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(from = "Vec<String>", into = "Vec<String>")]
pub struct TxtStrings(Vec<Vec<u8>>);

impl TxtStrings {
    /// Takes the strings as they came, each up to 255 bytes on the wire.
    pub fn new(strings: Vec<Vec<u8>>) -> Self {
        Self(strings)
    }

    /// The strings one by one.
    pub fn strings(&self) -> &[Vec<u8>] {
        &self.0
    }

    /// The strings joined without a blank between them (RFC 7208 section 3.3).
    pub fn joined(&self) -> Vec<u8> {
        self.0.concat()
    }
}

impl fmt::Display for TxtStrings {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, string) in self.0.iter().enumerate() {
            let separator = if index == 0 { "" } else { " " };
            write!(formatter, "{separator}\"{}\"", escape(string))?;
        }
        Ok(())
    }
}

impl From<Vec<String>> for TxtStrings {
    fn from(texts: Vec<String>) -> Self {
        Self(texts.iter().map(|text| unescape(text)).collect())
    }
}

impl From<TxtStrings> for Vec<String> {
    fn from(strings: TxtStrings) -> Self {
        strings.0.iter().map(|string| escape(string)).collect()
    }
}

fn escape(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for &byte in bytes {
        match byte {
            b'"' | b'\\' => {
                text.push('\\');
                text.push(char::from(byte));
            }
            b' '..=b'~' => text.push(char::from(byte)),
            _ => text.extend(["\\", &format!("{byte:03}")]),
        }
    }
    text
}

fn unescape(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'\\' {
            bytes.push(byte);
            continue;
        }
        let digits: Vec<u8> = rest.clone().take(3).collect();
        let number = std::str::from_utf8(&digits)
            .ok()
            .filter(|digits| digits.len() == 3 && digits.bytes().all(|digit| digit.is_ascii_digit()))
            .and_then(|digits| digits.parse::<u8>().ok());
        match number {
            Some(number) => {
                bytes.push(number);
                rest.by_ref().take(3).for_each(drop);
            }
            None => bytes.extend(rest.next()),
        }
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_byte_survives_the_escapes() {
        let every: Vec<u8> = (0..=255).collect();
        let strings = TxtStrings::new(vec![every, b"a \"b\" \\c".to_vec()]);
        assert_eq!(TxtStrings::from(Vec::<String>::from(strings.clone())), strings);
        assert_eq!(TxtStrings::new(vec![b"a\"".to_vec(), b"b".to_vec()]).to_string(), r#""a\"" "b""#);
        assert_eq!(TxtStrings::from(vec!["\\9".to_owned(), "tail\\".to_owned()]).joined(), b"9tail");
    }
}
