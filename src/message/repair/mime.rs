//! Just enough of RFC 5322 and RFC 2045 to find the parts of a message without understanding them.

use std::borrow::Cow;
use std::ops::Range;

/// Levels of parts within parts.
const MAX_DEPTH: usize = 20;
/// Most parts read.
const MAX_PARTS: usize = 2_000;

/// Splits before the empty line that ends the header. A message without one is all header.
pub(super) fn split_head(message: &[u8]) -> (&[u8], &[u8]) {
    let mut end = 0;
    for line in message.split_inclusive(|byte| *byte == b'\n') {
        if matches!(line, b"\n" | b"\r\n") {
            break;
        }
        end += line.len();
    }
    message.split_at(end)
}

/// The line without its end.
pub(super) fn without_end(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// The name of the field that begins in this line (RFC 5322 section 2.2).
pub(super) fn field_name(line: &[u8]) -> Option<&[u8]> {
    let colon = line.iter().position(|byte| *byte == b':')?;
    // RFC 5322 section 4.5 lets old messages have blanks before the colon.
    let name = line.get(..colon)?.trim_ascii_end();
    let is_name = !name.is_empty() && name.iter().all(u8::is_ascii_graphic);
    is_name.then_some(name)
}

/// The values of all fields of this name, unfolded.
pub(super) fn field_values<'h>(head: &'h [u8], name: &'h str) -> impl Iterator<Item = Vec<u8>> + 'h {
    let mut lines = head.split_inclusive(|byte| *byte == b'\n').peekable();
    std::iter::from_fn(move || {
        loop {
            let line = without_end(lines.next()?);
            let is_wanted = field_name(line).is_some_and(|found| found.eq_ignore_ascii_case(name.as_bytes()));
            if !is_wanted {
                continue;
            }
            let colon = line.iter().position(|byte| *byte == b':')?;
            let mut value = line.get(colon + 1..)?.to_vec();
            while let Some(more) = lines.next_if(|line| matches!(line.first(), Some(b' ' | b'\t'))) {
                value.extend_from_slice(without_end(more));
            }
            return Some(value);
        }
    })
}

/// The first value of a field as text in lower case, without comments; empty where there is none.
fn token(head: &[u8], name: &str) -> String {
    let value = field_values(head, name).next().unwrap_or_default();
    let text = String::from_utf8_lossy(&value).to_ascii_lowercase();
    text.split(['(', ';']).next().unwrap_or_default().trim().to_owned()
}

/// How a part is encoded (RFC 2045 section 6), in lower case.
pub(super) fn transfer_encoding(head: &[u8]) -> String {
    token(head, "Content-Transfer-Encoding")
}

/// `text/plain`
pub(super) fn media_type(head: &[u8]) -> String {
    let token = token(head, "Content-Type");
    if token.is_empty() { "text/plain".to_owned() } else { token }
}

/// A parameter of Content-Type, unquoted.
pub(super) fn type_parameter(head: &[u8], name: &str) -> Option<Vec<u8>> {
    let value = field_values(head, "Content-Type").next()?;
    split_parameters(&value).into_iter().skip(1).find_map(|segment| {
        let equals = segment.iter().position(|byte| *byte == b'=')?;
        let (found, text) = (segment.get(..equals)?.trim_ascii(), segment.get(equals + 1..)?.trim_ascii());
        found.eq_ignore_ascii_case(name.as_bytes()).then(|| unquoted(text).into_owned())
    })
}

/// Splits at semicolons outside quotes.
pub(super) fn split_parameters(value: &[u8]) -> Vec<&[u8]> {
    let (mut is_quoted, mut is_escaped) = (false, false);
    value
        .split(|byte| {
            let was_escaped = std::mem::take(&mut is_escaped);
            match byte {
                b'\\' if is_quoted && !was_escaped => is_escaped = true,
                b'"' if !was_escaped => is_quoted = !is_quoted,
                b';' if !is_quoted => return true,
                _ => {}
            }
            false
        })
        .collect()
}

/// The content of a quoted string; other text as it is.
pub(super) fn unquoted(text: &[u8]) -> Cow<'_, [u8]> {
    let Some(inner) = text.strip_prefix(b"\"") else { return Cow::Borrowed(text) };
    let inner = inner.strip_suffix(b"\"").unwrap_or(inner);
    let mut plain = Vec::with_capacity(inner.len());
    let mut bytes = inner.iter();
    while let Some(byte) = bytes.next() {
        match byte {
            b'\\' => plain.extend(bytes.next()),
            byte => plain.push(*byte),
        }
    }
    Cow::Owned(plain)
}

/// Whether the message says of itself or a part that its bytes are free (RFC 2045 section 2.9).
pub(super) fn has_binary_part(message: &[u8]) -> bool {
    leaves(message)
        .iter()
        .any(|leaf| transfer_encoding(message.get(leaf.head.clone()).unwrap_or_default()) == "binary")
}

/// A part that holds content: where its header is, without the empty line, and where its body is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Leaf {
    pub(super) head: Range<usize>,
    pub(super) body: Range<usize>,
}

/// The parts that hold content and may be re-encoded, in their order. What is signed (RFC 1847) is none of them: its
/// bytes are what the signature is about.
pub(super) fn leaves(message: &[u8]) -> Vec<Leaf> {
    let mut found = Vec::new();
    collect(message, 0..message.len(), 0, &mut found);
    found
}

fn collect(message: &[u8], range: Range<usize>, depth: usize, found: &mut Vec<Leaf>) {
    if depth > MAX_DEPTH || found.len() >= MAX_PARTS {
        return;
    }
    let entity = message.get(range.clone()).unwrap_or_default();
    let (head, rest) = split_head(entity);
    let blank = if rest.starts_with(b"\r\n") { 2 } else { rest.len().min(1) };
    let head_range = range.start..range.start + head.len();
    let body = head_range.end + blank..range.end;
    let kind = media_type(head);
    match kind.split_once('/') {
        Some(("multipart", "signed")) => {}
        Some(("multipart", _)) => {
            let Some(boundary) = type_parameter(head, "boundary").filter(|text| !text.is_empty()) else {
                return;
            };
            for part in parts(message, body, &boundary) {
                collect(message, part, depth + 1, found);
            }
        }
        Some(("message", "rfc822" | "global")) if !is_encoded(&transfer_encoding(head)) => {
            collect(message, body, depth + 1, found);
        }
        // RFC 2046 section 5.2: the other kinds of messages must not be encoded.
        Some(("message", _)) => {}
        _ => found.push(Leaf { head: head_range, body }),
    }
}

fn is_encoded(encoding: &str) -> bool {
    matches!(encoding, "base64" | "quoted-printable")
}

/// The parts of a multipart body (RFC 2046 section 5.1.1): the line end before a delimiter belongs to the delimiter.
fn parts(message: &[u8], body: Range<usize>, boundary: &[u8]) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut begin: Option<usize> = None;
    let mut at = body.start;
    for line in message.get(body.clone()).unwrap_or_default().split_inclusive(|byte| *byte == b'\n') {
        let next = at + line.len();
        if let Some(tail) = line.strip_prefix(b"--").and_then(|line| line.strip_prefix(boundary)) {
            let tail = tail.trim_ascii();
            if tail.is_empty() || tail == b"--" {
                if let Some(begin) = begin.take() {
                    found.push(begin..before_line_end(message, begin, at));
                }
                if tail == b"--" || found.len() >= MAX_PARTS {
                    return found;
                }
                begin = Some(next);
            }
        }
        at = next;
    }
    // The last delimiter is missing in cut-off messages.
    found.extend(begin.filter(|begin| *begin < body.end).map(|begin| begin..body.end));
    found
}

fn before_line_end(message: &[u8], begin: usize, end: usize) -> usize {
    let text = message.get(begin..end).unwrap_or_default();
    begin + without_end(text).len()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_parts_of_a_message_are_found() {
        let message = b"Content-Type: multipart/mixed;\r\n boundary=\"a;b\"\r\n\r\npreamble\r\n--a;b\r\n\r\none\r\n--a;b \r\n\
            Content-Type: message/rfc822\r\n\r\nSubject: x\r\n\r\ntwo\r\n--a;b\r\nContent-Type: multipart/signed; boundary=s\r\n\r\n\
            --s\r\n\r\nsigned\r\n--s--\r\n--a;b\r\nContent-Type: message/delivery-status\r\n\r\nX: y\r\n--a;b--\r\nepilogue\r\n";
        let bodies: Vec<&[u8]> = leaves(message).into_iter().map(|leaf| &message[leaf.body]).collect();
        assert_eq!(bodies, [&b"one"[..], b"two"]);
    }

    #[test]
    fn broken_structures_end() {
        let mut nested = Vec::new();
        for _ in 0..100 {
            nested.extend_from_slice(b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n");
        }
        assert!(leaves(&nested).is_empty());
        assert!(leaves(b"Content-Type: multipart/mixed\r\n\r\n--\r\n").is_empty());
        assert_eq!(leaves(b"").len(), 1);
        assert_eq!(leaves(b"no header at all").len(), 1);
    }

    #[test]
    fn values_are_unfolded_and_unquoted() {
        let head = b"X: 1\r\nContent-Type: text/plain; charset=\"a\\\"b\";\r\n\tname=c\r\nx : 2\r\n";
        assert_eq!(type_parameter(head, "CHARSET").unwrap(), b"a\"b");
        assert_eq!(type_parameter(head, "name").unwrap(), b"c");
        let values: Vec<Vec<u8>> = field_values(head, "x").collect();
        assert_eq!(values, [b" 1".to_vec(), b" 2".to_vec()]);
        assert_eq!(media_type(b""), "text/plain");
    }
}
