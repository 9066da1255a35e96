//! The header of a message, field by field, each with its exact bytes (RFC 5322 section 2.2).

use std::borrow::Cow;

/// Fields that are kept. Mail that people send has fewer than a hundred.
pub(super) const MAX_FIELDS: usize = 1_000;
/// Bytes of one field that are kept whole; a longer one is skipped.
const MAX_FIELD_BYTES: usize = 64 << 10;

/// One field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Field<'a> {
    /// As written, without blanks before the colon.
    pub name: &'a [u8],
    /// Everything, line end included.
    pub raw: &'a [u8],
}

/// Header and body.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Split<'a> {
    pub fields: Vec<Field<'a>>,
    pub body: &'a [u8],
    /// Lines that are not fields.
    pub stray_lines: usize,
    /// Whether fields were passed over.
    pub is_cut: bool,
}

impl Field<'_> {
    pub(super) fn is(&self, name: &str) -> bool {
        self.name.eq_ignore_ascii_case(name.as_bytes())
    }

    /// What stands behind the colon, unfolded; bytes that are no text are replaced.
    pub(super) fn value(&self) -> String {
        let after = self.raw.iter().position(|byte| *byte == b':').map_or(self.raw.len(), |at| at + 1);
        let value = String::from_utf8_lossy(self.raw.get(after..).unwrap_or_default());
        value
            .chars()
            .filter(|character| !matches!(character, '\r' | '\n'))
            .collect::<String>()
            .trim()
            .to_owned()
    }
}

impl<'a> Split<'a> {
    /// Fields of this name from top to bottom.
    pub(super) fn all<'s>(&'s self, name: &'s str) -> impl DoubleEndedIterator<Item = &'s Field<'a>> + 's {
        self.fields.iter().filter(move |field| field.is(name))
    }

    /// The value of the first field of this name.
    pub(super) fn first(&self, name: &str) -> Option<String> {
        self.all(name).next().map(Field::value)
    }
}

/// The message with CRLF at each line end, as it was on the wire; programs save it with bare line feeds.
pub(super) fn with_wire_ends(bytes: &[u8]) -> Cow<'_, [u8]> {
    let is_bare = |(index, byte): (usize, &u8)| {
        *byte == b'\n' && index.checked_sub(1).and_then(|before| bytes.get(before)) != Some(&b'\r')
    };
    if !bytes.iter().enumerate().any(is_bare) {
        return Cow::Borrowed(bytes);
    }
    let mut whole = Vec::with_capacity(bytes.len() + bytes.len() / 32);
    let mut before = 0;
    for byte in bytes {
        if *byte == b'\n' && before != b'\r' {
            whole.push(b'\r');
        }
        whole.push(*byte);
        before = *byte;
    }
    Cow::Owned(whole)
}

/// Takes a message apart that has CRLF line ends. A first line of an mbox file is skipped.
pub(super) fn split(message: &[u8]) -> Split<'_> {
    let mut split = Split::default();
    let mut rest = message;
    if rest.starts_with(b"From ") {
        rest = next_line(rest).1;
    }
    // Where the field begins that is being read, and how long it is so far.
    let mut field: Option<(&[u8], usize)> = None;
    loop {
        let (line, after) = next_line(rest);
        if line.is_empty() || matches!(line, b"\r\n" | b"\n") {
            finish(&mut split, field);
            split.body = after;
            return split;
        }
        if line.starts_with(b" ") || line.starts_with(b"\t") {
            match &mut field {
                Some((_, length)) => *length += line.len(),
                None => split.stray_lines += 1,
            }
        } else {
            finish(&mut split, field);
            field = None;
            if name_of(line).is_some() {
                field = Some((rest, line.len()));
            } else {
                split.stray_lines += 1;
            }
        }
        rest = after;
    }
}

fn finish<'a>(split: &mut Split<'a>, field: Option<(&'a [u8], usize)>) {
    let Some((start, length)) = field else { return };
    if split.fields.len() >= MAX_FIELDS || length > MAX_FIELD_BYTES {
        split.is_cut = true;
        return;
    }
    let raw = start.get(..length).unwrap_or(start);
    if let Some(name) = name_of(raw) {
        split.fields.push(Field { name, raw });
    }
}

/// `1*<any printable character but the colon>`, before a colon.
fn name_of(line: &[u8]) -> Option<&[u8]> {
    let colon = line.iter().position(|byte| *byte == b':')?;
    let name = line.get(..colon)?.trim_ascii_end();
    (!name.is_empty() && name.iter().all(u8::is_ascii_graphic)).then_some(name)
}

/// The first line with its end, and what follows.
pub(super) fn next_line(bytes: &[u8]) -> (&[u8], &[u8]) {
    let end = memchr::memchr(b'\n', bytes).map_or(bytes.len(), |at| at + 1);
    bytes.split_at_checked(end).unwrap_or((bytes, &[]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_keep_their_bytes_and_folding() {
        let message = with_wire_ends(b"From x\nA: 1\n  2\nno field\nB : 3\n\nbody\n");
        let split = split(&message);
        assert_eq!(split.fields.len(), 2);
        assert_eq!(split.fields[0].raw, b"A: 1\r\n  2\r\n");
        assert_eq!(split.fields[1].name, b"B");
        assert_eq!(split.first("a").unwrap(), "1  2");
        assert_eq!((split.stray_lines, split.is_cut, split.body), (1, false, &b"body\r\n"[..]));
    }

    #[test]
    fn a_hundred_thousand_fields_are_cut_and_the_body_is_found() {
        let mut message = "X: y\r\n".repeat(100_000).into_bytes();
        message.extend(b"\r\nbody");
        let split = split(&message);
        assert_eq!(split.fields.len(), MAX_FIELDS);
        assert!(split.is_cut);
        assert_eq!(split.body, b"body");
    }
}
