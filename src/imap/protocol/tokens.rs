//! A forgiving reader for replies that imap-proto does not know or reads too strictly.

/// One value of a server line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::imap) enum Token {
    /// Anything without blanks, quotes and parentheses; section brackets included: `BODY[HEADER.FIELDS (DATE)]`.
    Atom(String),
    /// A quoted string or literal.
    Text(Vec<u8>),
    /// A parenthesised list.
    List(Vec<Token>),
}

impl Token {
    /// The text of an atom or string; NIL is `None`.
    pub(in crate::imap) fn text(&self) -> Option<String> {
        match self {
            Self::Atom(atom) if atom.eq_ignore_ascii_case("NIL") => None,
            Self::Atom(atom) => Some(atom.clone()),
            Self::Text(bytes) => Some(String::from_utf8_lossy(bytes).into_owned()),
            Self::List(_) => None,
        }
    }

    /// The bytes of a string, for message data.
    pub(in crate::imap) fn bytes(&self) -> Option<Vec<u8>> {
        match self {
            Self::Text(bytes) => Some(bytes.clone()),
            Self::Atom(_) | Self::List(_) => None,
        }
    }

    /// The number of an atom.
    pub(in crate::imap) fn number(&self) -> Option<u64> {
        self.text()?.parse().ok()
    }

    /// The members of a list.
    pub(in crate::imap) fn list(&self) -> Option<&[Self]> {
        match self {
            Self::List(members) => Some(members),
            Self::Atom(_) | Self::Text(_) => None,
        }
    }

    /// Whether this is the given atom, in any case.
    pub(in crate::imap) fn is(&self, word: &str) -> bool {
        matches!(self, Self::Atom(atom) if atom.eq_ignore_ascii_case(word))
    }
}

/// Deepest nesting; no reply that is read here has more than four levels.
const MAX_DEPTH: usize = 12;

/// Splits a whole reply (with its literals) into tokens. Never fails: what is cut off ends the list early.
pub(in crate::imap) fn tokens(reply: &[u8]) -> Vec<Token> {
    let mut reader = Reader { rest: reply };
    reader.list(0)
}

/// The first tokens of a reply, and what is behind them.
pub(in crate::imap) fn first_tokens(reply: &[u8], count: usize) -> (Vec<Token>, &[u8]) {
    let mut reader = Reader { rest: reply };
    let found = (0..count).map_while(|_| reader.next(0)).collect();
    (found, reader.rest)
}

struct Reader<'a> {
    rest: &'a [u8],
}

impl Reader<'_> {
    fn list(&mut self, depth: usize) -> Vec<Token> {
        std::iter::from_fn(|| self.next(depth)).collect()
    }

    /// The next token; `None` at the end of the list or of everything.
    fn next(&mut self, depth: usize) -> Option<Token> {
        while let Some((&first, after)) = self.rest.split_first() {
            match first {
                b'(' if depth >= MAX_DEPTH => self.rest = after,
                b' ' | b'\r' | b'\n' | b'\t' => self.rest = after,
                b')' => {
                    self.rest = after;
                    if depth > 0 {
                        return None;
                    }
                }
                b'(' => {
                    self.rest = after;
                    return Some(Token::List(self.list(depth + 1)));
                }
                b'"' => {
                    self.rest = after;
                    return Some(Token::Text(self.quoted()));
                }
                b'{' => {
                    let literal = self.literal().map(Token::Text);
                    return Some(literal.unwrap_or_else(|| self.atom()));
                }
                _ => return Some(self.atom()),
            }
        }
        None
    }

    fn quoted(&mut self) -> Vec<u8> {
        let mut text = Vec::new();
        let mut is_escaped = false;
        while let Some((&byte, after)) = self.rest.split_first() {
            self.rest = after;
            match byte {
                _ if is_escaped => {
                    text.push(byte);
                    is_escaped = false;
                }
                b'\\' => is_escaped = true,
                b'"' => break,
                _ => text.push(byte),
            }
        }
        text
    }

    fn literal(&mut self) -> Option<Vec<u8>> {
        let end = memchr::memchr(b'}', self.rest)?;
        let digits = self.rest.get(1..end)?;
        let length: usize = std::str::from_utf8(digits).ok()?.trim_end_matches('+').parse().ok()?;
        let data = self.rest.get(end + 1..)?.strip_prefix(b"\r\n")?;
        let literal = data.get(..length)?.to_vec();
        self.rest = data.get(length..)?;
        Some(literal)
    }

    fn atom(&mut self) -> Token {
        let mut brackets = 0_usize;
        let mut end = 0;
        for &byte in self.rest {
            match byte {
                b'[' => brackets += 1,
                b']' => brackets = brackets.saturating_sub(1),
                b'\r' | b'\n' => break,
                b' ' | b'(' | b')' | b'"' if brackets == 0 && end > 0 => break,
                _ => {}
            }
            end += 1;
        }
        let (atom, rest) = self.rest.split_at_checked(end.max(1)).unwrap_or((self.rest, &[]));
        self.rest = rest;
        Token::Atom(String::from_utf8_lossy(atom).into_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_falls_into_tokens() {
        let found = tokens(b"* STATUS \"a \\\"b\\\\\" (MESSAGES 3 SIZE 99) {3}\r\nxyz NIL BODY[HEADER.FIELDS (DATE)] {0}\r\n\r\n");
        assert!(found[1].is("status"));
        assert_eq!(found[2].text().as_deref(), Some("a \"b\\"));
        assert_eq!(found[3].list().unwrap()[3].number(), Some(99));
        assert_eq!(found[4], Token::Text(b"xyz".to_vec()));
        assert_eq!(found[5].text(), None);
        assert_eq!(found[6], Token::Atom("BODY[HEADER.FIELDS (DATE)]".to_owned()));
        assert_eq!(found[7], Token::Text(Vec::new()));
    }

    #[test]
    fn hostile_lines_end_somewhere() {
        for line in [
            &b"((((((((((((((((((((((((((((("[..],
            b"\"never closed",
            b"{99}\r\nshort",
            b"{x}",
            b")))))",
            b"a[[[[ b",
            b"",
        ] {
            let _found = tokens(line);
        }
        let deep = "(".repeat(100_000);
        assert!(!tokens(deep.as_bytes()).is_empty());
    }
}
