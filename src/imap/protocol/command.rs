//! Pieces of command lines.

use crate::imap::protocol::completion::LiteralMode;
use crate::imap::protocol::error::ImapError;
use crate::imap::protocol::raw_name;

/// A quoted string (RFC 3501 section 4.3); `None` where only a literal can carry the text.
pub(in crate::imap) fn quoted(text: &str) -> Option<String> {
    if text.len() > 900 || !text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return None;
    }
    Some(format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")))
}

/// A folder name as the server spells it, quoted. Raw 8-bit names, which some servers return, go back as they came. One
/// with a line break goes as a literal, where the server takes such without being asked.
pub(in crate::imap) fn folder_name(raw: &str, mode: LiteralMode) -> Result<String, ImapError> {
    let has_break = raw.contains(['\r', '\n']);
    if raw.contains('\0') || raw.len() > 4_000 || (has_break && mode == LiteralMode::Synchronising) {
        let shown = raw_name::readable(raw);
        return Err(ImapError::BadName(shown.chars().filter(|c| !c.is_control()).take(100).collect()));
    }
    if has_break {
        return Ok(format!("{{{}+}}\r\n{raw}", raw_name::to_bytes(raw).len()));
    }
    Ok(format!("\"{}\"", raw.replace('\\', "\\\\").replace('"', "\\\"")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_cannot_break_out_of_their_quotes() {
        assert_eq!(quoted("a\"b\\c").as_deref(), Some("\"a\\\"b\\\\c\""));
        assert_eq!(quoted("pässword"), None);
        assert_eq!(quoted("a\r\nA2 LOGOUT"), None);
        assert!(folder_name("a\r\nb", LiteralMode::Synchronising).is_err());
        assert!(folder_name("a\0b", LiteralMode::Plus).is_err());
        assert_eq!(folder_name("a\r\nb", LiteralMode::Plus).unwrap(), "{4+}\r\na\r\nb");
        assert_eq!(folder_name("Gel&APY-scht", LiteralMode::Plus).unwrap(), "\"Gel&APY-scht\"");
    }
}
