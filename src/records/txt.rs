//! Writes TXT data for zone files (RFC 1035 section 5.1): strings of at most 255 bytes, quoted and escaped.

/// Longest character-string (RFC 1035 section 3.3).
pub(super) const STRING_BYTES_MAX: usize = 255;

/// Text as quoted character-strings, each of at most 255 bytes. Bytes outside printable ASCII become `\DDD`,
/// so that neither quotes nor line breaks can end the record early.
pub fn quoted_strings(text: &[u8]) -> Vec<String> {
    if text.is_empty() {
        return vec!["\"\"".to_owned()];
    }
    text.chunks(STRING_BYTES_MAX).map(quoted).collect()
}

fn quoted(bytes: &[u8]) -> String {
    let mut string = String::with_capacity(bytes.len() + 2);
    string.push('"');
    for byte in bytes {
        match byte {
            b'"' | b'\\' => {
                string.push('\\');
                string.push(char::from(*byte));
            }
            b' '..=b'~' => string.push(char::from(*byte)),
            _ => string.extend(decimal_escape(*byte)),
        }
    }
    string.push('"');
    string
}

/// A byte as `\DDD`.
fn decimal_escape(byte: u8) -> [char; 4] {
    let digit = |number: u8| char::from(b'0' + number % 10);
    ['\\', digit(byte / 100), digit(byte / 10), digit(byte)]
}

/// A host or owner name for a zone file: what is neither letter, digit, hyphen, underscore, dot nor asterisk
/// becomes `\DDD`. The empty name is the root.
pub(super) fn escaped_name(name: &str) -> String {
    if name.is_empty() {
        return ".".to_owned();
    }
    let mut escaped = String::with_capacity(name.len());
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.*".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            escaped.extend(decimal_escape(byte));
        }
    }
    escaped
}
