//! Pieces of command lines.

use super::error::ImapError;

/// A quoted string (RFC 3501 section 4.3); `None` where only a literal can carry the text.
pub(super) fn quoted(text: &str) -> Option<String> {
    if text.len() > 900 || !text.bytes().all(|byte| matches!(byte, b' '..=b'~')) {
        return None;
    }
    Some(format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\"")))
}

/// A folder name as the server spells it, quoted. Raw 8-bit names, which some servers hand out, go back as they came.
pub(super) fn folder_name(raw: &str) -> Result<String, ImapError> {
    if raw.contains(['\0', '\r', '\n']) || raw.len() > 4_000 {
        return Err(ImapError::BadName(raw.chars().filter(|c| !c.is_control()).take(100).collect()));
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
        assert!(folder_name("a\r\nb").is_err());
        assert_eq!(folder_name("Gel&APY-scht").unwrap(), "\"Gel&APY-scht\"");
    }
}
