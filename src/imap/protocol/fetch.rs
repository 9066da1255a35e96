//! Message data: one FETCH reply, held whole.
//!
//! Attributes are walked over one by one, each value from its beginning to its end. Nested lists are counted and not
//! entered, so an attribute that nobody asked for (BODYSTRUCTURE, ENVELOPE) costs no more than its bytes.
//!
//! A reply that holds nothing but what is asked for, in flat lists, goes to async-imap's parser. What that does not read to
//! its end, as servers write it oddly, is taken from the walk.

use std::ops::Range;

use async_imap::imap_proto::{AttributeValue, MessageSection, Response, SectionPath};

use crate::imap::protocol::reply::{FetchItem, Reply};
use crate::imap::protocol::tokens::{Token, tokens};

/// Message bytes from this length on stay where they were held.
const KEPT_IN_PLACE: usize = 1_024;

/// Reads a FETCH reply. The bytes of a message, which are the bulk of what is copied, stay where they are.
pub(in crate::imap) fn read(mut reply: Vec<u8>) -> Reply {
    let mut in_place = None;
    let mut attributes = Vec::new();
    let mut walker = Walker { reply: &reply, at: begin(&reply) };
    while let Some((name, value)) = walker.next_attribute() {
        match &value {
            Value::Literal(range) if is_body(&name) && range.len() > KEPT_IN_PLACE => {
                in_place = Some(range.clone());
            }
            _ => {}
        }
        attributes.push((name, value));
    }
    if is_contrary(&reply, &attributes) {
        return Reply::Fetch(Box::default());
    }
    let is_plain = attributes.iter().all(|(name, value)| is_plain(name, value, &reply));
    let parsed = if is_plain { parsed(&reply, in_place.is_none()) } else { None };
    let mut item = parsed.unwrap_or_else(|| taken(&reply, &attributes));
    if let Some(body) = in_place {
        reply.truncate(body.end);
        reply.drain(..body.start);
        item.body = Some(reply);
    }
    Reply::Fetch(Box::new(item))
}

/// Whether the reply names two messages or contains two bodies, so that its meaning is unclear.
fn is_contrary(reply: &[u8], attributes: &[(String, Value)]) -> bool {
    let differ = |is_meant: fn(&str) -> bool| {
        let mut shown = attributes.iter().filter(|(name, _)| is_meant(name));
        let shown = shown.by_ref().map(|(name, value)| (name, reply.get(value.range())));
        let mut shown = shown.peekable();
        let first = shown.peek().copied();
        shown.any(|one| Some(one) != first)
    };
    differ(|name| name == "UID") || differ(is_body)
}

/// What the walk has found.
fn taken(reply: &[u8], attributes: &[(String, Value)]) -> FetchItem {
    let mut item = FetchItem::default();
    for (name, value) in attributes {
        let bytes = reply.get(value.range()).unwrap_or_default();
        match value {
            Value::Literal(range) if is_body(name) && range.len() > KEPT_IN_PLACE => {
                item.origin = origin(name);
            }
            _ => take(&mut item, name, value.token(bytes)),
        }
    }
    item
}

/// Whether the parser may meet this attribute: one that is asked for, without a list inside a list, which it would follow
/// as deep as the server likes, without numbers beyond its own, and without escapes, which it leaves in quoted text.
fn is_plain(name: &str, value: &Value, reply: &[u8]) -> bool {
    let is_literal = matches!(value, Value::Literal(_));
    let value = reply.get(value.range()).unwrap_or_default();
    let is_number = || (1..=9).contains(&value.len()) && value.iter().all(u8::is_ascii_digit);
    match name {
        "UID" | "RFC822.SIZE" => is_number(),
        "FLAGS" => memchr::memchr_iter(b'(', value).count() == 1,
        "INTERNALDATE" => value.starts_with(b"\""),
        _ => (is_body(name) || name == "BODY[HEADER]") && (is_literal || !value.contains(&b'\\')),
    }
}

/// What the parser reads, where it reads the reply to its end. Large bodies are left where they are.
fn parsed(reply: &[u8], has_bodies: bool) -> Option<FetchItem> {
    let (rest, Response::Fetch(_, attributes)) = Response::parse(reply).ok()? else { return None };
    if !rest.is_empty() {
        return None;
    }
    let mut item = FetchItem::default();
    for attribute in attributes {
        match attribute {
            AttributeValue::Uid(uid) => item.uid = Some(uid),
            AttributeValue::Flags(flags) => {
                item.flags = Some(flags.into_iter().map(std::borrow::Cow::into_owned).collect());
            }
            AttributeValue::InternalDate(date) => item.internal_date = Some(date.into_owned()),
            AttributeValue::Rfc822Size(size) => item.size = Some(u64::from(size)),
            AttributeValue::BodySection { section: None, data, index } => {
                item.origin = index;
                item.body = data.filter(|_| has_bodies).map(std::borrow::Cow::into_owned);
            }
            AttributeValue::BodySection {
                section: Some(SectionPath::Full(MessageSection::Header)),
                data,
                ..
            } => item.header = data.map(std::borrow::Cow::into_owned),
            // The walk has seen nothing else, so the two do not agree.
            _ => return None,
        }
    }
    Some(item)
}

fn is_body(name: &str) -> bool {
    name.starts_with("BODY[]")
}

/// Where in the message a piece begins: the number in `BODY[]<1048576>`. Some write the length behind it, as in the
/// question: `BODY[]<0.100>`.
fn origin(name: &str) -> Option<u32> {
    name.split(['<', '.', '>']).nth(1).and_then(|digits| digits.parse().ok())
}

fn take(item: &mut FetchItem, name: &str, value: Option<Token>) {
    let Some(value) = value else { return };
    let texts = || value.list().map(|members| members.iter().filter_map(Token::text).collect());
    match name {
        "UID" => item.uid = value.number().and_then(|uid| u32::try_from(uid).ok()),
        "FLAGS" => item.flags = texts(),
        "INTERNALDATE" => item.internal_date = value.text(),
        "RFC822.SIZE" => item.size = Some(value.number().map_or(0, believable_size)),
        "X-TOO-LONG" => item.is_too_long = true,
        "X-GM-MSGID" => item.gmail_message = value.number(),
        "X-GM-LABELS" => item.gmail_labels = texts(),
        _ if is_body(name) => {
            item.origin = origin(name);
            item.body = value.bytes();
        }
        _ if name.starts_with("BODY[HEADER") => item.header = value.bytes(),
        _ => {}
    }
}

/// A size as announced; 0 stands for one that is not known. A size has 32 bits (RFC 3501 section 9), so a larger number
/// tells nothing about the message.
fn believable_size(size: u64) -> u64 {
    if size > u64::from(u32::MAX) { 0 } else { size }
}

/// Behind the parenthesis that opens the attributes.
fn begin(reply: &[u8]) -> usize {
    memchr::memchr(b'(', reply).map_or(reply.len(), |open| open + 1)
}

/// The position of an attribute's value.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Value {
    /// The bytes of a literal, without its length.
    Literal(Range<usize>),
    /// Anything else, unparsed.
    Plain(Range<usize>),
}

impl Value {
    fn range(&self) -> Range<usize> {
        let (Self::Literal(range) | Self::Plain(range)) = self;
        range.clone()
    }

    /// The value as a token; `None` where there is none.
    fn token(&self, bytes: &[u8]) -> Option<Token> {
        match self {
            Self::Literal(_) => Some(Token::Text(bytes.to_vec())),
            Self::Plain(_) => tokens(bytes).into_iter().next(),
        }
    }
}

struct Walker<'r> {
    reply: &'r [u8],
    at: usize,
}

impl Walker<'_> {
    fn byte(&self) -> Option<u8> {
        self.reply.get(self.at).copied()
    }

    /// The name of the next attribute, in upper case, and its value. `None` behind the last one.
    fn next_attribute(&mut self) -> Option<(String, Value)> {
        self.skip_blanks();
        if self.byte()? == b')' {
            return None;
        }
        let name = self.name();
        self.skip_blanks();
        let value = self.value()?;
        Some((name, value))
    }

    fn skip_blanks(&mut self) {
        while matches!(self.byte(), Some(b' ' | b'\t' | b'\r' | b'\n')) {
            self.at += 1;
        }
    }

    /// Sections stand in brackets, and may hold blanks, lists, quotes and literals: `BODY[HEADER.FIELDS (DATE)]`.
    fn name(&mut self) -> String {
        let start = self.at;
        let mut brackets = 0_usize;
        while let Some(byte) = self.byte() {
            match byte {
                b'[' => brackets += 1,
                b']' => brackets = brackets.saturating_sub(1),
                b'{' if brackets > 0 => {
                    if let Some(literal) = self.literal() {
                        self.at = literal.end;
                        continue;
                    }
                }
                b'\r' | b'\n' => break,
                b' ' | b'(' | b')' | b'"' | b'{' if brackets == 0 && self.at > start => break,
                _ => {}
            }
            self.at += 1;
        }
        let name = self.reply.get(start..self.at).unwrap_or_default();
        String::from_utf8_lossy(name).to_ascii_uppercase()
    }

    fn value(&mut self) -> Option<Value> {
        let start = self.at;
        match self.byte()? {
            b')' => return Some(Value::Plain(start..start)),
            b'(' => self.skip_list(),
            // What never ends is no value.
            b'"' if !self.skip_quoted() => return None,
            b'"' => {}
            _ => {
                if let Some(literal) = self.literal() {
                    self.at = literal.end;
                    return Some(Value::Literal(literal));
                }
                self.skip_atom();
            }
        }
        Some(Value::Plain(start..self.at))
    }

    /// To the end of the list that begins here, however deep it goes.
    fn skip_list(&mut self) {
        let mut open = 0_usize;
        while let Some(byte) = self.byte() {
            match byte {
                b'"' if self.skip_quoted() => continue,
                b'"' => return,
                b'{' => {
                    if let Some(literal) = self.literal() {
                        self.at = literal.end;
                        continue;
                    }
                }
                b'(' => open += 1,
                b')' => open -= 1,
                _ => {}
            }
            self.at += 1;
            if open == 0 {
                return;
            }
        }
    }

    /// To the end of the quotes that begin here; false where they do not end.
    fn skip_quoted(&mut self) -> bool {
        self.at += 1;
        while let Some(byte) = self.byte() {
            self.at += if byte == b'\\' { 2 } else { 1 };
            if byte == b'"' {
                return true;
            }
        }
        self.at = self.reply.len();
        false
    }

    fn skip_atom(&mut self) {
        let start = self.at;
        while let Some(byte) = self.byte() {
            if matches!(byte, b' ' | b'(' | b')' | b'"' | b'\r' | b'\n') && self.at > start {
                break;
            }
            self.at += 1;
        }
    }

    /// The bytes of the literal that begins here, where one does.
    fn literal(&self) -> Option<Range<usize>> {
        let rest = self.reply.get(self.at..)?.strip_prefix(b"{")?;
        let end = rest.iter().take(16).position(|byte| *byte == b'}')?;
        let digits = std::str::from_utf8(rest.get(..end)?).ok()?;
        let length: usize = digits.trim_end_matches('+').parse().ok()?;
        rest.get(end + 1..)?.strip_prefix(b"\r\n")?;
        let start = self.at + end + 4;
        let literal = start..start.checked_add(length)?;
        self.reply.get(literal.clone()).map(|_| literal)
    }
}

#[cfg(test)]
#[path = "fetch_tests.rs"]
mod tests;
