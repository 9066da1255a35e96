//! Taking a message apart as far as the practice server needs it: header, header fields, text.

use memchr::memmem;

/// The header with the empty line that ends it; the whole message where there is none.
pub(super) fn header(message: &[u8]) -> &[u8] {
    message.get(..header_length(message)).unwrap_or(message)
}

/// What follows the header.
pub(super) fn text(message: &[u8]) -> &[u8] {
    message.get(header_length(message)..).unwrap_or_default()
}

fn header_length(message: &[u8]) -> usize {
    if message.starts_with(b"\r\n") {
        return 2;
    }
    memmem::find(message, b"\r\n\r\n").map_or(message.len(), |end| end + 4)
}

/// The fields whose name is wanted, folded lines included, and an empty line (RFC 3501 section 6.4.5).
pub(super) fn header_fields(message: &[u8], is_wanted: impl Fn(&[u8]) -> bool) -> Vec<u8> {
    let mut selected = Vec::new();
    for field in fields(message).filter(|field| field_name(field).is_some_and(&is_wanted)) {
        selected.extend_from_slice(field);
    }
    selected.extend_from_slice(b"\r\n");
    selected
}

/// The values of a field, unfolded only as far as a search needs it.
pub(super) fn field_values<'m>(message: &'m [u8], name: &'m [u8]) -> impl Iterator<Item = &'m [u8]> {
    fields(message)
        .filter(move |field| field_name(field).is_some_and(|found| found.eq_ignore_ascii_case(name)))
        .filter_map(move |field| field.get(name.len() + 1..))
}

fn field_name(field: &[u8]) -> Option<&[u8]> {
    let name = field.split(|byte| *byte == b':').next()?;
    (name.len() < field.len()).then_some(name)
}

/// The fields of the header, each with its folded lines and line ends.
fn fields(message: &[u8]) -> impl Iterator<Item = &[u8]> {
    let mut rest = header(message);
    std::iter::from_fn(move || {
        if rest.is_empty() || rest.starts_with(b"\r\n") {
            return None;
        }
        let mut end = 0;
        loop {
            end += memchr::memchr(b'\n', rest.get(end..).unwrap_or_default())
                .map_or(rest.len() - end, |at| at + 1);
            let goes_on = matches!(rest.get(end), Some(b' ' | b'\t'));
            if !goes_on {
                break;
            }
        }
        let (field, after) = rest.split_at_checked(end)?;
        rest = after;
        Some(field)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const MESSAGE: &[u8] =
        b"Subject: a\r\n b\r\nFrom: x@example.org\r\nSubject: c\r\n\r\nText\r\n\r\nmore\r\n";

    #[test]
    fn messages_come_apart() {
        assert_eq!(header(MESSAGE).len() + text(MESSAGE).len(), MESSAGE.len());
        assert!(text(MESSAGE).starts_with(b"Text"));
        let subjects = header_fields(MESSAGE, |name| name.eq_ignore_ascii_case(b"subject"));
        assert_eq!(subjects, b"Subject: a\r\n b\r\nSubject: c\r\n\r\n");
        assert_eq!(field_values(MESSAGE, b"FROM").next(), Some(&b" x@example.org\r\n"[..]));
    }

    #[test]
    fn odd_messages_come_apart_too() {
        for (message, header_bytes) in [
            (&b""[..], 0),
            (b"no header at all", 16),
            (b"\r\nbody", 2),
            (b"A: b\r\n\r\n", 8),
            (b"A: b\r\n c", 8),
        ] {
            assert_eq!(header(message).len(), header_bytes, "{message:?}");
            assert!(header_fields(message, |_| true).ends_with(b"\r\n"));
        }
    }
}
