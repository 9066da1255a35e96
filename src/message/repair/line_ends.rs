use super::mime;

/// Makes every line end CRLF, the last one too. Several CRs before an LF are one line end, as broken programs write it.
///
/// A message that calls a part `binary` (RFC 3030) is left: there these bytes are content.
pub(super) fn repair(message: &[u8]) -> Option<Vec<u8>> {
    if mime::has_binary_part(message) {
        return None;
    }
    let mut repaired = Vec::with_capacity(message.len() + message.len() / 32 + 2);
    let mut rest = message;
    while let Some(at) = memchr2(rest) {
        let (line, end) = rest.split_at(at);
        repaired.extend_from_slice(line);
        repaired.extend_from_slice(b"\r\n");
        rest = after_line_end(end);
    }
    repaired.extend_from_slice(rest);
    if !rest.is_empty() {
        repaired.extend_from_slice(b"\r\n");
    }
    (repaired != message).then_some(repaired)
}

fn memchr2(bytes: &[u8]) -> Option<usize> {
    bytes.iter().position(|byte| matches!(byte, b'\r' | b'\n'))
}

/// What follows the line end that `bytes` begins with.
fn after_line_end(bytes: &[u8]) -> &[u8] {
    let returns = bytes.iter().take_while(|byte| **byte == b'\r').count();
    match bytes.get(returns..) {
        Some([b'\n', rest @ ..]) => rest,
        // No LF follows, so each CR is a line ending.
        _ => bytes.get(1..).unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::repair;

    #[test]
    fn every_line_ends_with_crlf() {
        for (message, expected) in [
            (&b"A: b\r\n\r\nc\r\n"[..], None),
            (b"A: b\n\nc\n", Some(&b"A: b\r\n\r\nc\r\n"[..])),
            (b"A: b\r\n\r\nc", Some(b"A: b\r\n\r\nc\r\n")),
            (b"A: b\r\r\n\r\nc\rd\r\n", Some(b"A: b\r\n\r\nc\r\nd\r\n")),
            (b"A: b\r\n\r\n\r\r", Some(b"A: b\r\n\r\n\r\n\r\n")),
            (b"", None),
            (b"Content-Transfer-Encoding: binary\r\n\r\n\n\n\r", None),
        ] {
            assert_eq!(repair(message).as_deref(), expected, "{:?}", String::from_utf8_lossy(message));
        }
    }
}
