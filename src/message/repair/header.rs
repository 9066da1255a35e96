//! Header lines that are none, put in order; every other line stays as it is.

use super::encoded_words::{encode_unstructured, encoded_words, is_bad};
use super::mime::{field_name, split_head, split_parameters, type_parameter, unquoted, without_end};

/// Lines are folded to about this length, in bytes (RFC 5322 section 2.1.1).
const FOLDED_LINE_BYTES: usize = 76;
/// Longer lines are refused by many servers, in bytes (RFC 5322 section 2.1.1).
const MAX_LINE_BYTES: usize = 998;
/// Fields made of addresses (RFC 5322 section 3.6).
const ADDRESS_FIELDS: [&str; 13] = [
    "From",
    "Sender",
    "Reply-To",
    "To",
    "Cc",
    "Bcc",
    "Resent-From",
    "Resent-Sender",
    "Resent-To",
    "Resent-Cc",
    "Return-Path",
    "Disposition-Notification-To",
    "Delivered-To",
];
/// Fields made of a value and parameters (RFC 2045 section 5, RFC 2183).
const PARAMETER_FIELDS: [&str; 2] = ["Content-Type", "Content-Disposition"];
/// Where a line goes that belongs to no field.
const ORIGINAL_LINE: &[u8] = b"X-Original-Line: ";

/// Puts broken header lines in order: mbox lines, lines without a name, folds that are blank, raw bytes, and lines that
/// are far too long. `None` where there is none of them.
pub(super) fn repair(message: &[u8]) -> Option<Vec<u8>> {
    let (head, body) = split_head(message);
    let charset = charset_of(head);
    let (fields, mut is_changed) = fields(head);
    let mut repaired = Vec::with_capacity(message.len() + 512);
    for field in &fields {
        let encoded = if field.iter().any(|byte| is_bad(*byte) && !matches!(byte, b'\r' | b'\n')) {
            is_changed = true;
            encode(&unfolded(field), &charset)
        } else {
            vec![field.clone()]
        };
        for field in encoded {
            let is_long = field.split(|byte| *byte == b'\n').any(|line| line.len() > MAX_LINE_BYTES + 1);
            is_changed |= is_long;
            let is_to_fold = is_long || field.contains(&b'?') && !fields.contains(&field);
            repaired.extend(if is_to_fold { folded(&unfolded(&field), &charset) } else { field });
            repaired.extend_from_slice(b"\r\n");
        }
    }
    is_changed.then(|| {
        repaired.extend_from_slice(if body.is_empty() { b"\r\n" } else { body });
        repaired
    })
}

/// The fields without their last line end, folds kept; and whether lines had to be put in order for that.
fn fields(head: &[u8]) -> (Vec<Vec<u8>>, bool) {
    let mut fields: Vec<Vec<u8>> = Vec::new();
    let mut is_changed = false;
    let mut lines = head.split_inclusive(|byte| *byte == b'\n').map(without_end).enumerate().peekable();
    while let Some((index, line)) = lines.next() {
        let is_fold = matches!(line.first(), Some(b' ' | b'\t'));
        if line.trim_ascii().is_empty() {
            // A line of nothing but blanks looks like the end of the header to some servers.
            is_changed = true;
        } else if let (true, Some(field)) = (is_fold, fields.last_mut()) {
            field.extend_from_slice(b"\r\n");
            field.extend_from_slice(line);
        } else if !is_fold && field_name(line).is_some() && !is_mbox_line(line) {
            fields.push(line.to_vec());
        } else if index == 0
            && line.starts_with(b"From ")
            && lines.peek().is_some_and(|(_, next)| field_name(next).is_some())
        {
            is_changed = true;
        } else {
            is_changed = true;
            match fields.last_mut() {
                Some(field) if !is_mbox_line(line) => {
                    field.extend_from_slice(b"\r\n ");
                    field.extend_from_slice(line);
                }
                _ => fields.push([ORIGINAL_LINE, line.trim_ascii()].concat()),
            }
        }
    }
    (fields, is_changed)
}

/// `From anna@example.org Tue Mar  7 10:00:00 2023`, quoted or not.
fn is_mbox_line(line: &[u8]) -> bool {
    let unquoted = line.trim_ascii_start();
    unquoted.starts_with(b"From ") && !field_name(line).is_some_and(|name| name.eq_ignore_ascii_case(b"From"))
        || unquoted.starts_with(b">From ")
}

fn unfolded(field: &[u8]) -> Vec<u8> {
    field.iter().copied().filter(|byte| !matches!(byte, b'\r' | b'\n')).collect()
}

/// The charset that raw bytes of this header are most likely in: that of the text, where it has one byte a character.
fn charset_of(head: &[u8]) -> String {
    let named = type_parameter(head, "charset").unwrap_or_default();
    let named = String::from_utf8_lossy(&named).to_ascii_lowercase();
    let is_single_byte = ["iso-8859-", "windows-125", "koi8-"].iter().any(|start| named.starts_with(start));
    let is_token = named.len() < 20 && named.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
    if is_single_byte && is_token { named } else { "windows-1252".to_owned() }
}

/// The field without bytes that cannot be in a header; a second one with the original where something is lost.
fn encode(field: &[u8], charset: &str) -> Vec<Vec<u8>> {
    let Some(colon) = field.iter().position(|byte| *byte == b':') else { return vec![field.to_vec()] };
    let (name, value) = field.split_at(colon + 1);
    let title = name.strip_suffix(b":").unwrap_or(name).trim_ascii();
    let is_one_of = |names: &[&str]| names.iter().any(|known| title.eq_ignore_ascii_case(known.as_bytes()));
    let (encoded, is_whole) = if is_one_of(&ADDRESS_FIELDS) {
        encode_addresses(value, charset)
    } else if is_one_of(&PARAMETER_FIELDS) {
        encode_parameters(value, charset)
    } else {
        (encode_unstructured(value, charset), true)
    };
    // A form feed before the colon cannot be encoded, and says nothing.
    let name: Vec<u8> = name.iter().copied().filter(|byte| !is_bad(*byte)).collect();
    let mut fields = vec![[name, encoded].concat()];
    if !is_whole {
        let original = encode_unstructured(value, charset);
        fields.push([b"X-Original-", title, b":", &original].concat());
    }
    fields
}

/// Encodes names and comments; addresses cannot be encoded, and lose what cannot be in them. True where nothing is lost.
fn encode_addresses(value: &[u8], charset: &str) -> (Vec<u8>, bool) {
    let mut encoded = Vec::with_capacity(value.len() + 64);
    let mut is_whole = true;
    let mut rest = value;
    while let Some((first, after)) = rest.split_first() {
        let end = match first {
            b'"' => quoted_end(rest),
            b'<' => until(rest, |byte| byte == b'>'),
            b'(' => until(rest, |byte| byte == b')'),
            byte if is_separator(*byte) => 0,
            _ => until(after, is_separator),
        };
        let (token, next) = rest.split_at_checked(end + 1).unwrap_or((rest, &[]));
        rest = next;
        if !token.iter().any(|byte| is_bad(*byte)) {
            encoded.extend_from_slice(token);
            continue;
        }
        match first {
            b'"' => encoded.extend(encoded_words(&unquoted(token), charset)),
            b'(' => {
                let inner = token.strip_prefix(b"(").unwrap_or(token);
                encoded.push(b'(');
                encoded.extend(encoded_words(inner.strip_suffix(b")").unwrap_or(inner), charset));
                encoded.push(b')');
            }
            _ if *first == b'<' || token.contains(&b'@') => {
                is_whole = false;
                encoded.extend(token.iter().map(|byte| if is_bad(*byte) { b'?' } else { *byte }));
            }
            _ => encoded.extend(encoded_words(token, charset)),
        }
    }
    (encoded, is_whole)
}

const fn is_separator(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b',' | b';' | b':' | b'<' | b'(' | b'"')
}

/// Index of the first such byte, or of the last byte before the end; counted so that the token has one byte more.
fn until(text: &[u8], is_end: impl Fn(u8) -> bool) -> usize {
    text.iter().position(|byte| is_end(*byte)).unwrap_or(text.len())
}

fn quoted_end(text: &[u8]) -> usize {
    let mut is_escaped = false;
    for (index, byte) in text.iter().enumerate().skip(1) {
        match byte {
            _ if is_escaped => is_escaped = false,
            b'\\' => is_escaped = true,
            b'"' => return index,
            _ => {}
        }
    }
    text.len()
}

/// Writes parameters as RFC 2231 does: `filename*=utf-8''%C3%84rger.pdf`. True where nothing is lost.
fn encode_parameters(value: &[u8], charset: &str) -> (Vec<u8>, bool) {
    let mut is_whole = true;
    let segments: Vec<Vec<u8>> = split_parameters(value)
        .into_iter()
        .map(|segment| {
            if !segment.iter().any(|byte| is_bad(*byte)) {
                return segment.to_vec();
            }
            let equals = segment.iter().position(|byte| *byte == b'=');
            let parts = equals.and_then(|at| Some((segment.get(..at)?, segment.get(at + 1..)?)));
            match parts {
                Some((name, text)) if !name.contains(&b'*') && !name.iter().any(|byte| is_bad(*byte)) => {
                    [name, b"*=", &percent_encoded(&unquoted(text.trim_ascii()), charset)].concat()
                }
                _ => {
                    is_whole = false;
                    segment.iter().map(|byte| if is_bad(*byte) { b'?' } else { *byte }).collect()
                }
            }
        })
        .collect();
    (segments.join(&b';'), is_whole)
}

fn percent_encoded(text: &[u8], charset: &str) -> Vec<u8> {
    let charset = if std::str::from_utf8(text).is_ok() { "utf-8" } else { charset };
    let mut encoded = format!("{charset}''").into_bytes();
    for byte in text {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b'_') {
            encoded.push(*byte);
        } else {
            encoded.extend_from_slice(format!("%{byte:02X}").as_bytes());
        }
    }
    encoded
}

/// Whether something stands behind the colon already: a fold before that would part the name, or leave a blank line.
fn has_value(line: &[u8]) -> bool {
    let colon = line.iter().position(|byte| *byte == b':');
    let value = colon.and_then(|colon| line.get(colon + 1..)).unwrap_or_default();
    !value.trim_ascii().is_empty()
}

/// Folds before blanks (RFC 5322 section 2.2.3). A word that no line has room for is encoded in pieces where the field
/// is free text.
fn folded(field: &[u8], charset: &str) -> Vec<u8> {
    let is_free = field_name(field).is_some_and(|name| {
        let is_one_of =
            |names: &[&str]| names.iter().any(|known| name.eq_ignore_ascii_case(known.as_bytes()));
        name.eq_ignore_ascii_case(b"Subject")
            || name.starts_with(b"X-") && !is_one_of(&ADDRESS_FIELDS)
            || is_one_of(&["Comments", "Content-Description", "Thread-Topic"])
    });
    let mut lines: Vec<u8> = Vec::with_capacity(field.len() + field.len() / 32);
    let mut column = 0;
    for (index, word) in field.split(|byte| *byte == b' ').enumerate() {
        let pieces = if is_free && word.len() > MAX_LINE_BYTES - 2 {
            encoded_words(word, charset)
        } else {
            word.to_vec()
        };
        for (piece_index, piece) in pieces.split(|byte| *byte == b' ').enumerate() {
            let has_blank = index > 0 || piece_index > 0;
            if has_blank
                && column + 1 + piece.len() > FOLDED_LINE_BYTES
                && !piece.is_empty()
                && has_value(&lines)
            {
                lines.extend_from_slice(b"\r\n");
                column = 0;
            }
            if has_blank {
                lines.push(b' ');
                column += 1;
            }
            lines.extend_from_slice(piece);
            column += piece.len();
        }
    }
    lines
}

#[cfg(test)]
mod header_tests;
