//! Splits a zone file into words: resolves comments, quotes, escapes and parentheses (RFC 1035 section 5.1).

use super::zone_file::ZoneFileError;

/// A word, with escapes resolved.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub bytes: Vec<u8>,
    pub is_quoted: bool,
}

impl Token {
    /// The word as text, for names and keywords.
    pub fn text(&self) -> String {
        String::from_utf8_lossy(&self.bytes).into_owned()
    }
}

/// One entry: a line, or several within parentheses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub tokens: Vec<Token>,
    /// Line in which it begins, counted from 1.
    pub line: usize,
    /// Whether it begins with a blank, so that the owner of the entry before goes on.
    pub starts_blank: bool,
}

/// Reads entries one after the other.
pub(super) struct ZoneTokens<'a> {
    bytes: &'a [u8],
    at: usize,
    line: usize,
    has_failed: bool,
}

impl<'a> ZoneTokens<'a> {
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0, line: 1, has_failed: false }
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn next_byte(&mut self) -> Option<u8> {
        let byte = self.peek()?;
        self.at += 1;
        if byte == b'\n' {
            self.line += 1;
        }
        Some(byte)
    }

    fn entry(&mut self) -> Result<Entry, ZoneFileError> {
        let starts_blank = matches!(self.peek(), Some(b' ' | b'\t'));
        let mut entry = Entry { tokens: Vec::new(), line: self.line, starts_blank };
        let mut opened_at = None;
        while let Some(byte) = self.peek() {
            match byte {
                b'\n' => {
                    self.next_byte();
                    if opened_at.is_none() {
                        return Ok(entry);
                    }
                }
                b' ' | b'\t' | b'\r' => {
                    self.next_byte();
                }
                b';' => self.skip_comment(),
                b'(' => {
                    opened_at = opened_at.or(Some(self.line));
                    self.next_byte();
                }
                b')' => {
                    opened_at = None;
                    self.next_byte();
                }
                b'"' => {
                    let token = self.quoted()?;
                    entry.tokens.push(token);
                }
                _ => {
                    let token = self.word();
                    entry.tokens.push(token);
                }
            }
        }
        match opened_at {
            Some(line) => Err(ZoneFileError::NotClosed { line, what: "a parenthesis" }),
            None => Ok(entry),
        }
    }

    fn skip_comment(&mut self) {
        while self.peek().is_some_and(|byte| byte != b'\n') {
            self.at += 1;
        }
    }

    fn quoted(&mut self) -> Result<Token, ZoneFileError> {
        let line = self.line;
        self.next_byte();
        let mut bytes = Vec::new();
        loop {
            match self.next_byte() {
                Some(b'"') => return Ok(Token { bytes, is_quoted: true }),
                Some(b'\\') => bytes.extend(self.escape()),
                Some(byte) => bytes.push(byte),
                None => return Err(ZoneFileError::NotClosed { line, what: "a quote" }),
            }
        }
    }

    fn word(&mut self) -> Token {
        let mut bytes = Vec::new();
        while let Some(byte) = self.peek() {
            if matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | b';' | b'(' | b')' | b'"') {
                break;
            }
            self.next_byte();
            if byte == b'\\' {
                bytes.extend(self.escape());
            } else {
                bytes.push(byte);
            }
        }
        Token { bytes, is_quoted: false }
    }

    /// What follows a backslash: three digits are a byte, anything else stands for itself.
    fn escape(&mut self) -> Option<u8> {
        let digits = self.bytes.get(self.at..self.at + 3).unwrap_or_default();
        if digits.len() == 3 && digits.iter().all(u8::is_ascii_digit) {
            let number = digits.iter().fold(0_u16, |sum, digit| sum * 10 + u16::from(digit - b'0'));
            if let Ok(byte) = u8::try_from(number) {
                self.at += 3;
                return Some(byte);
            }
        }
        self.next_byte()
    }
}

impl Iterator for ZoneTokens<'_> {
    type Item = Result<Entry, ZoneFileError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.has_failed || self.at >= self.bytes.len() {
            return None;
        }
        let entry = self.entry();
        self.has_failed = entry.is_err();
        Some(entry)
    }
}
