//! Searches that a person types, in the words of IMAP (RFC 3501 section 6.4.4).

use thiserror::Error;

/// Longest search; servers limit the length of a line (RFC 7162 section 4 asks for 8,192).
const MAX_CHARS: usize = 1_000;

/// Deepest nesting of brackets, `NOT` and `OR`.
const MAX_DEPTH: usize = 16;

/// Keys that stand alone.
const ALONE: &[&str] = &[
    "ALL",
    "ANSWERED",
    "DELETED",
    "DRAFT",
    "FLAGGED",
    "NEW",
    "OLD",
    "RECENT",
    "SEEN",
    "UNANSWERED",
    "UNDELETED",
    "UNDRAFT",
    "UNFLAGGED",
    "UNSEEN",
];

/// Keys that are followed by one word; the last ones are Gmail's and those of RFC 5032 and RFC 8474.
const WITH_ONE: &[&str] = &[
    "BCC",
    "BEFORE",
    "BODY",
    "CC",
    "FROM",
    "KEYWORD",
    "LARGER",
    "ON",
    "SENTBEFORE",
    "SENTON",
    "SENTSINCE",
    "SINCE",
    "SMALLER",
    "SUBJECT",
    "TEXT",
    "TO",
    "UID",
    "UNKEYWORD",
    "OLDER",
    "YOUNGER",
    "EMAILID",
    "THREADID",
    "X-GM-RAW",
    "X-GM-LABELS",
    "X-GM-MSGID",
    "X-GM-THRID",
];

/// What is wrong with a search.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum SearchTextError {
    /// Nothing in it.
    #[error("it is empty")]
    Empty,
    /// Too long.
    #[error("it is longer than {MAX_CHARS} characters")]
    TooLong,
    /// A line end or another control character.
    #[error("it contains a line break or another control character")]
    Control,
    /// Beyond ASCII.
    #[error("servers can search only for ASCII characters; leave out “{0}”")]
    NotAscii(char),
    /// A quotation mark without its partner.
    #[error("a quotation mark is not closed")]
    Quote,
    /// A bracket without its partner.
    #[error("a bracket is not matched")]
    Bracket,
    /// Nested too deeply.
    #[error("it is nested too deeply")]
    Depth,
    /// Not a key.
    #[error("“{0}” is not an IMAP search key such as FROM, SUBJECT, SINCE or UNSEEN")]
    UnknownKey(String),
    /// A key that lacks its word.
    #[error("{0} needs a value after it")]
    MissingWord(String),
}

/// Whether this can be sent as a search: one line, no literals, keys that IMAP knows with as many words as they take.
pub fn check_search(text: &str) -> Result<(), SearchTextError> {
    if text.chars().count() > MAX_CHARS {
        return Err(SearchTextError::TooLong);
    }
    if text.chars().any(char::is_control) {
        return Err(SearchTextError::Control);
    }
    if let Some(letter) = text.chars().find(|letter| !letter.is_ascii()) {
        return Err(SearchTextError::NotAscii(letter));
    }
    let tokens = tokens(text)?;
    if tokens.is_empty() {
        return Err(SearchTextError::Empty);
    }
    let mut parser = Parser { tokens: tokens.into_iter().peekable() };
    while parser.tokens.peek().is_some() {
        parser.key(0)?;
    }
    Ok(())
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Token {
    Open,
    Close,
    Quoted,
    Word(String),
}

fn tokens(text: &str) -> Result<Vec<Token>, SearchTextError> {
    let mut tokens = Vec::new();
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            ' ' => {}
            '(' => tokens.push(Token::Open),
            ')' => tokens.push(Token::Close),
            '"' => {
                loop {
                    match letters.next() {
                        Some('"') => break,
                        Some('\\') => _ = letters.next(),
                        Some(_) => {}
                        None => return Err(SearchTextError::Quote),
                    }
                }
                tokens.push(Token::Quoted);
            }
            first => {
                let mut word = first.to_string();
                while let Some(next) = letters.next_if(|next| !matches!(next, ' ' | '(' | ')')) {
                    if next == '"' {
                        return Err(SearchTextError::Quote);
                    }
                    word.push(next);
                }
                tokens.push(Token::Word(word));
            }
        }
    }
    Ok(tokens)
}

struct Parser {
    tokens: std::iter::Peekable<std::vec::IntoIter<Token>>,
}

impl Parser {
    fn key(&mut self, depth: usize) -> Result<(), SearchTextError> {
        if depth > MAX_DEPTH {
            return Err(SearchTextError::Depth);
        }
        match self.tokens.next() {
            None => Err(SearchTextError::Empty),
            Some(Token::Close) => Err(SearchTextError::Bracket),
            Some(Token::Quoted) => Err(SearchTextError::UnknownKey("\"…\"".to_owned())),
            Some(Token::Open) => loop {
                match self.tokens.peek() {
                    None => return Err(SearchTextError::Bracket),
                    Some(Token::Close) => {
                        self.tokens.next();
                        return Ok(());
                    }
                    Some(_) => self.key(depth + 1)?,
                }
            },
            Some(Token::Word(word)) => self.after(&word, depth),
        }
    }

    fn after(&mut self, word: &str, depth: usize) -> Result<(), SearchTextError> {
        let key = word.to_ascii_uppercase();
        if ALONE.contains(&key.as_str()) || is_sequence(word) {
            return Ok(());
        }
        match key.as_str() {
            "NOT" => self.operand(&key, depth),
            "OR" => {
                self.operand(&key, depth)?;
                self.operand(&key, depth)
            }
            "HEADER" => {
                self.word(&key)?;
                self.word(&key)
            }
            key if WITH_ONE.contains(&key) => self.word(key),
            _ => Err(SearchTextError::UnknownKey(word.to_owned())),
        }
    }

    fn operand(&mut self, key: &str, depth: usize) -> Result<(), SearchTextError> {
        if self.tokens.peek().is_none() {
            return Err(SearchTextError::MissingWord(key.to_owned()));
        }
        self.key(depth + 1)
    }

    fn word(&mut self, key: &str) -> Result<(), SearchTextError> {
        match self.tokens.next() {
            Some(Token::Quoted) => Ok(()),
            // A literal would wait for the server in the middle of the line.
            Some(Token::Word(word)) if !word.contains('{') => Ok(()),
            _ => Err(SearchTextError::MissingWord(key.to_owned())),
        }
    }
}

/// `1:200,205:*`
fn is_sequence(word: &str) -> bool {
    word.starts_with(|first: char| first.is_ascii_digit() || first == '*')
        && word.chars().all(|letter| letter.is_ascii_digit() || matches!(letter, ':' | ',' | '*'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn searches_of_imap_are_taken() {
        for text in [
            "ALL",
            "unseen",
            "FROM \"bank\" UNSEEN",
            "SINCE 1-Feb-2024 NOT FROM Smith",
            "OR (SUBJECT \"a (b\" FLAGGED) TO x@example.org",
            "HEADER X-Spam-Flag YES",
            "1:200,205:* UID 7",
            "X-GM-RAW \"has:attachment \\\"x\\\"\"",
        ] {
            assert_eq!(check_search(text), Ok(()), "{text}");
        }
    }

    #[test]
    fn what_is_no_search_is_reported_and_nothing_can_be_smuggled() {
        use SearchTextError as E;
        let unknown = |word: &str| E::UnknownKey(word.to_owned());
        let missing = |word: &str| E::MissingWord(word.to_owned());
        for (text, error) in [
            ("", E::Empty),
            ("   ", E::Empty),
            ("ALL\r\nA1 LOGOUT", E::Control),
            ("ALL\0", E::Control),
            ("SUBJECT Grüße", E::NotAscii('ü')),
            ("FROM \"bank", E::Quote),
            ("FROM a\"b\"", E::Quote),
            ("(UNSEEN", E::Bracket),
            ("UNSEEN)", E::Bracket),
            ("bank", unknown("bank")),
            ("FROM", missing("FROM")),
            ("FROM {3}", missing("FROM")),
            ("FROM {3+}", missing("FROM")),
            ("FROM a{3}", missing("FROM")),
            ("HEADER X", missing("HEADER")),
            ("NOT", missing("NOT")),
            ("OR SEEN", missing("OR")),
            ("CHARSET UTF-8 ALL", unknown("CHARSET")),
            ("RETURN (COUNT) ALL", unknown("RETURN")),
        ] {
            assert_eq!(check_search(text), Err(error), "{text}");
        }
        assert_eq!(check_search(&"(".repeat(500)), Err(E::Depth));
        assert_eq!(check_search(&"NOT ".repeat(200)), Err(E::Depth));
        assert_eq!(check_search(&"ALL ".repeat(300)), Err(E::TooLong));
    }
}
