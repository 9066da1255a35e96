//! What goes back to the client: the tagged reply, and the forms of RFC 3501 section 9 that untagged replies are made of.

/// The tagged reply of a command, without the tag.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Reply {
    Ok(String),
    No(String),
    Bad(String),
}

impl Reply {
    pub(super) fn ok(words: impl Into<String>) -> Self {
        Self::Ok(words.into())
    }

    pub(super) fn no(words: impl Into<String>) -> Self {
        Self::No(words.into())
    }

    pub(super) fn bad(words: impl Into<String>) -> Self {
        Self::Bad(words.into())
    }

    /// Parses a reply as written in a table: `NO [LIMIT] Not now`.
    pub(super) fn from_line(line: &str) -> Self {
        match line.split_once(' ') {
            Some(("OK", words)) => Self::ok(words),
            Some(("BAD", words)) => Self::bad(words),
            Some(("NO", words)) => Self::no(words),
            _ => Self::no(line),
        }
    }

    pub(super) fn line(&self, tag: &str) -> String {
        match self {
            Self::Ok(words) => format!("{tag} OK {words}"),
            Self::No(words) => format!("{tag} NO {words}"),
            Self::Bad(words) => format!("{tag} BAD {words}"),
        }
    }
}

/// A mailbox name as an atom where it is one, else quoted.
pub(super) fn astring(text: &str) -> String {
    let is_atom = !text.is_empty()
        && text.bytes().all(|byte| byte.is_ascii_graphic() && !b"(){%*\"\\".contains(&byte))
        && !text.eq_ignore_ascii_case("NIL");
    if is_atom { text.to_owned() } else { quoted(text) }
}

/// A quoted string; the caller sees to it that the text has no line ends.
pub(super) fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_have_their_shortest_form() {
        assert_eq!(astring("Entw&APw-rfe"), "Entw&APw-rfe");
        assert_eq!(astring("Sent Items"), "\"Sent Items\"");
        assert_eq!(astring("a\"b\\"), "\"a\\\"b\\\\\"");
        assert_eq!(astring(""), "\"\"");
    }
}
