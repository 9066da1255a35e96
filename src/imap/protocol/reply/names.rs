//! Folder names in answers to LIST and STATUS, byte for byte. Old servers write names with blanks without quotes, and leave
//! quotes within quotes as they are.

use crate::imap::protocol::raw_name;
use crate::imap::protocol::tokens::{Token, first_tokens, tokens};

/// What RFC 5258 and RFC 5465 put behind a name.
const EXTENDED_ITEMS: [&str; 2] = ["CHILDINFO", "OLDNAME"];

/// The name behind attributes and delimiter.
pub(super) fn listed(rest: &[u8]) -> Option<String> {
    let line = trimmed(rest);
    match line.first()? {
        b'{' => literal(line).map(|(name, _)| raw_name::from_bytes(&name)),
        b'"' => {
            let (quoted, behind) = first_tokens(line, 1);
            if behind.trim_ascii().is_empty() || is_extension(behind) {
                return text(quoted.first()?);
            }
            // Quotes within quotes: all up to the last one is the name.
            let inner = line.get(1..)?;
            let end = memchr::memrchr(b'"', inner)?;
            Some(raw_name::from_bytes(inner.get(..end)?))
        }
        // Whatever it says, it is the name; a folder may be called NIL, and have blanks in its name. One at the end is
        // more often a slip of the server.
        _ => {
            let line = line.trim_ascii_end();
            let ends = memchr::memchr_iter(b' ', line);
            let mut ends = ends.filter(|end| line.get(*end..).is_some_and(is_extension));
            Some(raw_name::from_bytes(line.get(..ends.next().unwrap_or(line.len()))?))
        }
    }
}

/// The name of an answer to STATUS, and the list behind it.
pub(super) fn counted(rest: &[u8]) -> Option<(String, &[u8])> {
    let line = trimmed(rest);
    if line.first()? == &b'{' {
        let (name, items) = literal(line)?;
        return Some((raw_name::from_bytes(&name), items));
    }
    let start = last_list(line)?;
    let (name, items) = line.split_at_checked(start)?;
    let name = name.trim_ascii_end();
    let name = match name.first()? {
        b'"' => match first_tokens(name, 1) {
            (quoted, []) => text(quoted.first()?)?,
            _ => raw_name::from_bytes(name.strip_prefix(b"\"")?.strip_suffix(b"\"")?),
        },
        _ => raw_name::from_bytes(name),
    };
    Some((name, items))
}

fn literal(line: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let (found, behind) = first_tokens(line, 1);
    Some((found.first()?.bytes()?, behind))
}

fn text(token: &Token) -> Option<String> {
    token.bytes().map(|bytes| raw_name::from_bytes(&bytes))
}

/// Without the blanks before and the line end behind.
fn trimmed(rest: &[u8]) -> &[u8] {
    let rest = rest.trim_ascii_start();
    let rest = rest.strip_suffix(b"\n").unwrap_or(rest);
    rest.strip_suffix(b"\r").unwrap_or(rest)
}

/// Whether this is what an extended LIST tells behind the name.
fn is_extension(behind: &[u8]) -> bool {
    if !behind.trim_ascii().starts_with(b"(") || !behind.trim_ascii_end().ends_with(b")") {
        return false;
    }
    let found = tokens(behind);
    let [Token::List(items)] = found.as_slice() else { return false };
    let name = items.first().and_then(Token::text);
    name.is_some_and(|name| EXTENDED_ITEMS.iter().any(|known| name.eq_ignore_ascii_case(known)))
}

/// Where the last list of a line begins, which may have lists in it.
fn last_list(line: &[u8]) -> Option<usize> {
    let mut depth = 0_usize;
    for position in memchr::memchr2_iter(b'(', b')', line).rev() {
        if line.get(position) == Some(&b')') {
            depth += 1;
        } else if depth <= 1 {
            return Some(position);
        } else {
            depth -= 1;
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_come_as_the_server_wrote_them() {
        for (rest, expected) in [
            (&b" INBOX\r\n"[..], "INBOX"),
            (b" \"Sent Items\"\r\n", "Sent Items"),
            (b" Sent Items\r\n", "Sent Items"),
            (b" Sent Items (old) \r\n", "Sent Items (old)"),
            (b" \"Sent \" \r\n", "Sent "),
            (b" \"a \\\"b\\\\\"\r\n", "a \"b\\"),
            (b" \"the \"best\" of\"\r\n", "the \"best\" of"),
            (b" Foo (\"CHILDINFO\" (\"SUBSCRIBED\"))\r\n", "Foo"),
            (b" \"Foo\" (OLDNAME (\"Bar\"))\r\n", "Foo"),
            (b" {5}\r\na\r\nbc\r\n", "a\r\nbc"),
            (b" NIL\r\n", "NIL"),
            (b" &foo\r\n", "&foo"),
            (b" B\xfcro\r\n", &raw_name::from_bytes(b"B\xfcro")),
        ] {
            assert_eq!(listed(rest).as_deref(), Some(expected));
        }
    }

    #[test]
    fn counts_find_their_names() {
        for (rest, expected) in [
            (&b" INBOX (MESSAGES 3)\r\n"[..], "INBOX"),
            (b" \"Sent Items\" (MESSAGES 3)\r\n", "Sent Items"),
            (b" Sent Items (old) (MESSAGES 3)\r\n", "Sent Items (old)"),
            (b" \"the \"best\" of\" (MESSAGES 3)\r\n", "the \"best\" of"),
            (b" {3}\r\na\nb (MESSAGES 3)\r\n", "a\nb"),
            (b" Foo (MAILBOXID (F22) MESSAGES 3)\r\n", "Foo"),
        ] {
            let (name, items) = counted(rest).unwrap();
            assert_eq!(
                (name.as_str(), items.starts_with(b"(") || items.starts_with(b" (")),
                (expected, true)
            );
        }
        assert_eq!(counted(b" INBOX\r\n"), None);
    }
}
