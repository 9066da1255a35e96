//! Header fields and bodies in canonical form (RFC 6376 section 3.4).

use ring::digest::{Context, SHA256};

use super::facts::{BodyCheck, Form};
use super::fields::next_line;

/// A field ready to be hashed, with its line end.
pub(super) fn field(raw: &[u8], form: Form) -> Vec<u8> {
    if form == Form::Simple {
        return raw.to_vec();
    }
    let colon = raw.iter().position(|byte| *byte == b':').unwrap_or(raw.len());
    let (name, value) = raw.split_at_checked(colon).unwrap_or((raw, &[]));
    let mut text = name.trim_ascii_end().to_ascii_lowercase();
    text.push(b':');
    let words =
        value.strip_prefix(b":").unwrap_or(value).split(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n'));
    let words: Vec<&[u8]> = words.filter(|word| !word.is_empty()).collect();
    text.extend(words.join(&b' '));
    text.extend(b"\r\n");
    text
}

/// Compares a body with the hash in a signature. `length` is the value of `l=`.
pub(super) fn check_body(body: &[u8], form: Form, length: Option<u64>, signed_hash: &[u8]) -> BodyCheck {
    let mut hasher = BodyHasher { context: Context::new(&SHA256), taken: 0, total: 0, limit: length };
    let mut pending_empty = 0_u64;
    let mut signed_until = None;
    let mut rest = body;
    while !rest.is_empty() {
        let (line, after) = next_line(rest);
        rest = after;
        let line = canonical_line(line, form);
        if line.is_empty() {
            pending_empty += 1;
            continue;
        }
        for _ in 0..pending_empty {
            hasher.add(b"\r\n");
        }
        pending_empty = 0;
        hasher.add(&line);
        hasher.add(b"\r\n");
        if length.is_none() && signed_until.is_none() && hasher.is(signed_hash) {
            signed_until = Some(hasher.total);
        }
    }
    // An empty body is one line end in the simple form, and nothing in the relaxed one.
    if hasher.total == 0 && form == Form::Simple {
        hasher.add(b"\r\n");
    }
    if length.is_some_and(|length| length > hasher.total) {
        return BodyCheck::TooShort;
    }
    match signed_until {
        _ if hasher.is(signed_hash) => BodyCheck::Same,
        Some(end) => BodyCheck::Appended { bytes: hasher.total - end },
        None => BodyCheck::Changed,
    }
}

/// A line without its end; blanks folded in the relaxed form.
fn canonical_line(line: &[u8], form: Form) -> Vec<u8> {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    if form == Form::Simple {
        return line.to_vec();
    }
    let mut text = Vec::with_capacity(line.len());
    let mut is_blank = false;
    for byte in line {
        if matches!(byte, b' ' | b'\t') {
            is_blank = true;
        } else {
            if is_blank {
                text.push(b' ');
            }
            is_blank = false;
            text.push(*byte);
        }
    }
    text
}

struct BodyHasher {
    context: Context,
    taken: u64,
    total: u64,
    limit: Option<u64>,
}

impl BodyHasher {
    fn add(&mut self, bytes: &[u8]) {
        let room = self.limit.map_or(u64::MAX, |limit| limit.saturating_sub(self.taken));
        let part = usize::try_from(room).map_or(bytes, |room| bytes.get(..room).unwrap_or(bytes));
        self.context.update(part);
        self.taken += part.len() as u64;
        self.total += bytes.len() as u64;
    }

    fn is(&self, hash: &[u8]) -> bool {
        self.context.clone().finish().as_ref() == hash
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hash(text: &[u8]) -> Vec<u8> {
        ring::digest::digest(&SHA256, text).as_ref().to_vec()
    }

    #[test]
    fn the_examples_of_rfc_6376_section_3_4_5() {
        assert_eq!(field(b"A: X\r\n", Form::Relaxed), b"a:X\r\n");
        assert_eq!(field(b"B : Y\t\r\n\tZ  \r\n", Form::Relaxed), b"b:Y Z\r\n");
        assert_eq!(field(b"B : Y\t\r\n\tZ  \r\n", Form::Simple), b"B : Y\t\r\n\tZ  \r\n");
        let body = b" C \r\nD \t E\r\n\r\n\r\n";
        assert_eq!(check_body(body, Form::Relaxed, None, &hash(b" C\r\nD E\r\n")), BodyCheck::Same);
        assert_eq!(check_body(body, Form::Simple, None, &hash(b" C \r\nD \t E\r\n")), BodyCheck::Same);
    }

    #[test]
    fn what_became_of_a_body_is_reported() {
        let signed = hash(b"Hello\r\n");
        assert_eq!(check_body(b"Hello\r\n", Form::Relaxed, None, &signed), BodyCheck::Same);
        assert_eq!(
            check_body(b"Hello\r\n\r\n-- \r\nlist\r\n", Form::Relaxed, None, &signed),
            BodyCheck::Appended { bytes: 12 }
        );
        assert_eq!(check_body(b"Hallo\r\n", Form::Relaxed, None, &signed), BodyCheck::Changed);
        assert_eq!(check_body(b"Hello\r\nmore", Form::Relaxed, Some(7), &signed), BodyCheck::Same);
        assert_eq!(check_body(b"Hello\r\n", Form::Relaxed, Some(70), &signed), BodyCheck::TooShort);
        assert_eq!(check_body(b"", Form::Relaxed, None, &hash(b"")), BodyCheck::Same);
        assert_eq!(check_body(b"\r\n\r\n", Form::Simple, None, &hash(b"\r\n")), BodyCheck::Same);
    }
}
