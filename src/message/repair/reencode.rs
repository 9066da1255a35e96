//! Re-encodes parts (RFC 2045 section 6) without changing their decoded content.

use data_encoding::BASE64;

use super::mime::{Leaf, field_name, leaves, media_type, split_head, transfer_encoding};

/// Longest line that every server takes, in bytes without the line end (RFC 5322 section 2.1.1).
const MAX_LINE_BYTES: usize = 998;
/// Longest encoded line (RFC 2045 section 6.7 and 6.8).
const ENCODED_LINE_BYTES: usize = 76;

/// Re-encodes parts with lines above [`MAX_LINE_BYTES`], and parts declared as binary.
pub(super) fn long_lines(message: &[u8]) -> Option<Vec<u8>> {
    replace(message, |head, body| {
        body.split(|byte| *byte == b'\n').any(|line| line.len() > MAX_LINE_BYTES + 1)
            || transfer_encoding(head) == "binary"
    })
}

/// Re-encodes parts with NUL bytes; in the header of the message a NUL becomes a question mark.
pub(super) fn nul_bytes(message: &[u8]) -> Option<Vec<u8>> {
    if !message.contains(&0) {
        return None;
    }
    let replaced = replace(message, |_, body| body.contains(&0));
    let mut repaired = replaced.unwrap_or_else(|| message.to_vec());
    let (head, _) = split_head(&repaired);
    let head = head.len();
    for byte in repaired.iter_mut().take(head).filter(|byte| **byte == 0) {
        *byte = b'?';
    }
    (repaired != message).then_some(repaired)
}

/// Re-encodes the parts selected by their header and body; `None` if there are none.
fn replace(message: &[u8], is_chosen: impl Fn(&[u8], &[u8]) -> bool) -> Option<Vec<u8>> {
    let mut repaired = Vec::with_capacity(message.len() + message.len() / 3);
    let mut done = 0;
    for Leaf { head, body } in leaves(message) {
        let (head_bytes, body_bytes) = (message.get(head.clone())?, message.get(body.clone())?);
        if !is_chosen(head_bytes, body_bytes) {
            continue;
        }
        let Some((encoding, encoded)) = encode(head_bytes, body_bytes) else { continue };
        repaired.extend_from_slice(message.get(done..head.start)?);
        write_head(head_bytes, encoding, head.start == 0, &mut repaired);
        repaired.extend_from_slice(b"\r\n");
        repaired.extend_from_slice(&encoded);
        done = body.end;
    }
    if done == 0 {
        return None;
    }
    repaired.extend_from_slice(message.get(done..)?);
    Some(repaired)
}

/// The header of a part with another transfer encoding.
fn write_head(head: &[u8], encoding: &str, is_message: bool, repaired: &mut Vec<u8>) {
    let (mut is_dropped, mut has_version) = (false, false);
    for line in head.split_inclusive(|byte| *byte == b'\n') {
        if !matches!(line.first(), Some(b' ' | b'\t')) {
            let name = field_name(line).unwrap_or_default();
            is_dropped = name.eq_ignore_ascii_case(b"Content-Transfer-Encoding");
            has_version |= name.eq_ignore_ascii_case(b"MIME-Version");
        }
        if !is_dropped {
            repaired.extend_from_slice(line);
        }
    }
    if !head.is_empty() && !head.ends_with(b"\n") {
        repaired.extend_from_slice(b"\r\n");
    }
    if is_message && !has_version {
        repaired.extend_from_slice(b"MIME-Version: 1.0\r\n");
    }
    repaired.extend_from_slice(format!("Content-Transfer-Encoding: {encoding}\r\n").as_bytes());
}

/// The body in an encoding that fits it. `None` for encodings that are not known.
fn encode(head: &[u8], body: &[u8]) -> Option<(&'static str, Vec<u8>)> {
    match transfer_encoding(head).as_str() {
        "base64" => Some(("base64", wrapped_base64(body))),
        "quoted-printable" => Some(("quoted-printable", wrapped_quoted_printable(body))),
        "" | "7bit" | "8bit" | "binary" => {
            let plain =
                body.iter().filter(|byte| matches!(byte, b' '..=b'~' | b'\r' | b'\n' | b'\t')).count();
            // Below this share of plain bytes, base64 is the shorter one.
            let is_text = media_type(head).starts_with("text/") && plain * 6 >= body.len() * 5;
            Some(if is_text {
                ("quoted-printable", quoted_printable(body))
            } else {
                ("base64", base64_lines(BASE64.encode(body).as_bytes(), body.ends_with(b"\n")))
            })
        }
        _ => None,
    }
}

fn base64_lines(encoded: &[u8], ends_with_line: bool) -> Vec<u8> {
    let lines: Vec<&[u8]> = encoded.chunks(ENCODED_LINE_BYTES).collect();
    let mut wrapped = lines.join(&b"\r\n"[..]);
    if ends_with_line {
        wrapped.extend_from_slice(b"\r\n");
    }
    wrapped
}

/// The same base64 in lines of proper length. Bytes that are no base64 mean nothing (RFC 2045 section 6.8).
fn wrapped_base64(body: &[u8]) -> Vec<u8> {
    let is_base64 = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=');
    let plain: Vec<u8> = body.iter().copied().filter(is_base64).collect();
    base64_lines(&plain, body.ends_with(b"\n"))
}

/// Writes lines with soft breaks (`=` at the end) where they would be too long.
struct SoftLines {
    text: Vec<u8>,
    column: usize,
}

impl SoftLines {
    fn put(&mut self, piece: &[u8]) {
        if self.column + piece.len() >= ENCODED_LINE_BYTES {
            self.text.extend_from_slice(b"=\r\n");
            self.column = 0;
        }
        self.text.extend_from_slice(piece);
        self.column += piece.len();
    }

    fn end_line(&mut self) {
        self.text.extend_from_slice(b"\r\n");
        self.column = 0;
    }
}

/// Quoted-printable (RFC 2045 section 6.7) that decodes to exactly these bytes.
fn quoted_printable(body: &[u8]) -> Vec<u8> {
    let mut lines = SoftLines { text: Vec::with_capacity(body.len() + body.len() / 8), column: 0 };
    let mut rest = body;
    while let Some((byte, after)) = rest.split_first() {
        if let Some(after) = rest.strip_prefix(b"\r\n") {
            lines.end_line();
            rest = after;
            continue;
        }
        let ends_line = after.is_empty() || after.starts_with(b"\r\n");
        match byte {
            b' ' | b'\t' if !ends_line => lines.put(&[*byte]),
            b'!'..=b'<' | b'>'..=b'~' => lines.put(&[*byte]),
            _ => lines.put(format!("={byte:02X}").as_bytes()),
        }
        rest = after;
    }
    lines.text
}

/// The same quoted-printable text with proper line lengths; raw bytes it must not contain are encoded.
fn wrapped_quoted_printable(body: &[u8]) -> Vec<u8> {
    let mut lines = SoftLines { text: Vec::with_capacity(body.len() + body.len() / 8), column: 0 };
    let mut rest = body;
    while let Some((byte, after)) = rest.split_first() {
        if let Some(after) = rest.strip_prefix(b"=\r\n").or_else(|| rest.strip_prefix(b"=\n")) {
            lines.text.extend_from_slice(b"=\r\n");
            lines.column = 0;
            rest = after;
            continue;
        }
        if let Some(after) = rest.strip_prefix(b"\r\n").or_else(|| rest.strip_prefix(b"\n")) {
            lines.end_line();
            rest = after;
            continue;
        }
        match (byte, rest.get(..3)) {
            (b'=', Some(code)) if code.iter().skip(1).all(u8::is_ascii_hexdigit) => {
                lines.put(code);
                rest = rest.get(3..).unwrap_or_default();
                continue;
            }
            (0, _) => lines.put(b"=00"),
            _ => lines.put(&[*byte]),
        }
        rest = after;
    }
    lines.text
}

#[cfg(test)]
mod reencode_tests;
