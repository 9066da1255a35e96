//! Reads the content of a message's parts (RFC 2045, 2046), so that rewritten copies can be compared.

use sha2::{Digest, Sha256};

use crate::message::identity::IdentityKey;
use crate::message::identity::identity_key;

/// Deepest nesting of parts that is followed; what is deeper counts as one part.
const MAX_DEPTH: usize = 20;
/// Most parts distinguished.
const MAX_PARTS: usize = 2_000;

/// What a message says, whatever form a server has given it: the headers that identify it, and the decoded content of
/// its parts in their order.
///
/// Servers add and fold header lines, change transfer encodings, and write boundaries of their own; Exchange does all
/// of it. Two messages with equal content lose nothing against each other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MimeContent {
    identity: IdentityKey,
    /// SHA-256 of each part.
    parts: Vec<[u8; 32]>,
}

/// Reads a whole message (RFC 2045, RFC 2046).
pub fn mime_content(message: &[u8]) -> MimeContent {
    let (header, _) = split(message);
    let mut parts = Vec::new();
    add_parts(message, 0, &mut parts);
    MimeContent { identity: identity_key(header), parts }
}

/// Digest of the `Received` fields (RFC 5322 section 3.6.7), whatever their folding: two copies of one delivery agree.
pub fn received_fields(message: &[u8]) -> [u8; 32] {
    let (header, _) = split(message);
    let mut digest = Sha256::new();
    let mut is_received = false;
    for line in header.split(|byte| *byte == b'\n') {
        if !line.starts_with(b" ") && !line.starts_with(b"\t") {
            is_received = line.get(..9).is_some_and(|name| name.eq_ignore_ascii_case(b"received:"));
        }
        let words = line.split(u8::is_ascii_whitespace).filter(|word| is_received && !word.is_empty());
        for word in words {
            digest.update(word);
            digest.update(b" ");
        }
    }
    digest.finalize().into()
}

fn add_parts(entity: &[u8], depth: usize, parts: &mut Vec<[u8; 32]>) {
    if parts.len() >= MAX_PARTS {
        return;
    }
    let (header, body) = split(entity);
    let inner = if depth < MAX_DEPTH { inner_parts(entity) } else { Vec::new() };
    if !inner.is_empty() {
        for part in inner {
            add_parts(part, depth + 1, parts);
        }
        return;
    }
    let content_type = field(header, "content-type").unwrap_or_default().to_ascii_lowercase();
    let encoding = field(header, "content-transfer-encoding").unwrap_or_default();
    let decoded = match encoding.trim().to_ascii_lowercase().as_str() {
        "base64" => base64(body),
        "quoted-printable" => quoted_printable(body),
        _ => body.to_vec(),
    };
    // An attached message may be rewritten as the outer one is.
    if content_type.trim_start().starts_with("message/rfc822") && depth < MAX_DEPTH {
        return add_parts(&decoded, depth + 1, parts);
    }
    parts.push(Sha256::digest(plain_lines(&decoded)).into());
}

/// The parts of a multipart, each with its header; none where the entity is something else.
pub(in crate::message) fn inner_parts(entity: &[u8]) -> Vec<&[u8]> {
    let (header, body) = split(entity);
    let content_type = field(header, "content-type").unwrap_or_default();
    let is_multipart = content_type.trim_start().to_ascii_lowercase().starts_with("multipart/");
    match parameter(&content_type, "boundary").filter(|_| is_multipart) {
        Some(boundary) => split_parts(body, boundary.as_bytes()),
        None => Vec::new(),
    }
}

/// Header block and body; the empty line belongs to neither.
fn split(entity: &[u8]) -> (&[u8], &[u8]) {
    let mut start = 0;
    while start < entity.len() {
        let rest = entity.get(start..).unwrap_or_default();
        let end = rest.iter().position(|byte| *byte == b'\n').map_or(rest.len(), |at| at + 1);
        let line = rest.get(..end).unwrap_or_default();
        if line == b"\r\n" || line == b"\n" {
            let body = entity.get(start + end..).unwrap_or_default();
            return (entity.get(..start).unwrap_or_default(), body);
        }
        start += end;
    }
    (entity, &[])
}

/// The unfolded value of the first field of this name, which is given in lower case.
fn field(header: &[u8], name: &str) -> Option<String> {
    let text = String::from_utf8_lossy(header);
    let mut value: Option<String> = None;
    for line in text.lines() {
        let is_folded = line.starts_with([' ', '\t']);
        match &mut value {
            Some(value) if is_folded => value.push_str(line),
            Some(_) => break,
            None => {
                let found =
                    line.split_once(':').filter(|(found, _)| found.trim_end().eq_ignore_ascii_case(name));
                value = found.map(|(_, rest)| rest.to_owned());
            }
        }
    }
    value
}

/// A parameter of a field: `; boundary="x"`.
fn parameter(value: &str, name: &str) -> Option<String> {
    let lower = value.to_ascii_lowercase();
    let mut from = 0;
    while let Some(at) = lower.get(from..)?.find(name) {
        let before = lower.get(..from + at)?.trim_end();
        let after = value.get(from + at + name.len()..)?.trim_start();
        from += at + name.len();
        let Some(rest) = after.strip_prefix('=').filter(|_| before.ends_with(';')) else { continue };
        let rest = rest.trim_start();
        return Some(match rest.strip_prefix('"') {
            Some(quoted) => quoted.split('"').next().unwrap_or_default().to_owned(),
            None => rest.split([';', ' ', '\t']).next().unwrap_or_default().to_owned(),
        })
        .filter(|found| !found.is_empty());
    }
    None
}

/// The parts between the boundaries. Preamble and epilogue are ignored (RFC 2046 section 5.1.1).
fn split_parts<'m>(body: &'m [u8], boundary: &[u8]) -> Vec<&'m [u8]> {
    let mut parts = Vec::new();
    let mut begin: Option<usize> = None;
    let mut start = 0;
    while start < body.len() && parts.len() < MAX_PARTS {
        let rest = body.get(start..).unwrap_or_default();
        let end = rest.iter().position(|byte| *byte == b'\n').map_or(rest.len(), |at| at + 1);
        let line = rest.get(..end).unwrap_or_default().trim_ascii_end();
        let after = line.strip_prefix(b"--").and_then(|line| line.strip_prefix(boundary));
        if let Some(after) = after.filter(|after| after.is_empty() || *after == b"--") {
            if let Some(begin) = begin {
                let part = body.get(begin..start).unwrap_or_default();
                // The line end before a boundary belongs to the boundary.
                let part = part.strip_suffix(b"\n").unwrap_or(part);
                parts.push(part.strip_suffix(b"\r").unwrap_or(part));
            }
            begin = after.is_empty().then_some(start + end);
            if begin.is_none() {
                return parts;
            }
        }
        start += end;
    }
    // Cut off before its end: what is there counts all the same.
    parts.extend(begin.and_then(|begin| body.get(begin..)));
    parts
}

fn base64(body: &[u8]) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(body.len() / 4 * 3);
    let (mut bits, mut count) = (0_u32, 0_u32);
    for byte in body {
        let value = match byte {
            b'A'..=b'Z' => byte - b'A',
            b'a'..=b'z' => byte - b'a' + 26,
            b'0'..=b'9' => byte - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            b'=' => {
                (bits, count) = (0, 0);
                continue;
            }
            _ => continue,
        };
        bits = (bits << 6) | u32::from(value);
        count += 6;
        if count >= 8 {
            count -= 8;
            decoded.push(u8::try_from((bits >> count) & 0xff).unwrap_or_default());
        }
    }
    decoded
}

fn quoted_printable(body: &[u8]) -> Vec<u8> {
    let hex = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let mut decoded = Vec::with_capacity(body.len());
    for line in body.split_inclusive(|byte| *byte == b'\n') {
        let end = if line.ends_with(b"\n") { &b"\n"[..] } else { b"" };
        let mut rest = line.trim_ascii_end();
        let is_soft = rest.last() == Some(&b'=');
        if is_soft {
            rest = rest.strip_suffix(b"=").unwrap_or(rest);
        }
        while let Some((first, after)) = rest.split_first() {
            rest = after;
            let pair = match (first, after) {
                (b'=', [high, low, ..]) => hex(*high).zip(hex(*low)),
                _ => None,
            };
            match pair {
                Some((high, low)) => {
                    decoded.push(high << 4 | low);
                    rest = after.get(2..).unwrap_or_default();
                }
                None => decoded.push(*first),
            }
        }
        if !is_soft {
            decoded.extend_from_slice(end);
        }
    }
    decoded
}

/// Line ends as one byte, and none at the end: servers change both.
fn plain_lines(content: &[u8]) -> Vec<u8> {
    let mut plain: Vec<u8> = Vec::with_capacity(content.len());
    for byte in content {
        if *byte == b'\n' && plain.last() == Some(&b'\r') {
            plain.pop();
        }
        plain.push(*byte);
    }
    while plain.last().is_some_and(|byte| matches!(byte, b'\n' | b'\r')) {
        plain.pop();
    }
    plain
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: &[u8] =
        b"Message-ID: <a@b>\r\nSubject: x\r\nContent-Type: multipart/mixed; boundary=\"b1\"\r\n\r\n\
        preamble\r\n--b1\r\nContent-Type: text/plain\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n\
        Gr=C3=BC=\r\n=C3=9Fe\r\n--b1\r\nContent-Type: image/png\r\nContent-Transfer-Encoding: base64\r\n\r\n\
        AAEC\r\nAwQ=\r\n--b1--\r\n";
    const REWRITTEN: &[u8] = b"X-MS-Exchange-Organization-SCL: -1\nSubject: x\nMessage-ID: <a@b>\n\
        Content-Type: multipart/mixed;\n boundary=_000_other\n\n--_000_other\nContent-Type: text/plain\n\
        Content-Transfer-Encoding: 8bit\n\nGr\xc3\xbc\xc3\x9fe\n--_000_other\nContent-Type: image/png\n\
        Content-Transfer-Encoding: base64\n\nAAECAwQ=\n\n--_000_other--\n";

    #[test]
    fn a_rewritten_message_says_the_same() {
        assert_eq!(mime_content(ONE), mime_content(REWRITTEN));
        assert_eq!(mime_content(ONE).parts.len(), 2);
    }

    #[test]
    fn lost_or_changed_content_is_noticed() {
        let text = |message: &[u8], from: &str, to: &str| {
            String::from_utf8_lossy(message).replace(from, to).into_bytes()
        };
        for (from, to) in [
            ("AAEC", "AAED"),
            ("Gr=C3", "Fr=C3"),
            ("<a@b>", "<c@b>"),
            ("AwQ=\r\n--b1--\r\n", ""),
            ("Subject: x", "Subject: y"),
        ] {
            let changed = text(ONE, from, to);
            assert_ne!(changed, ONE, "{from}");
            assert_ne!(mime_content(ONE), mime_content(&changed), "{from}");
        }
    }

    #[test]
    fn attached_messages_and_odd_ones_are_read() {
        let outer = |inner: &str| {
            format!(
                "Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: message/rfc822\r\n\r\n\
                 Content-Transfer-Encoding: base64\r\n\r\n{inner}\r\n--x--\r\n"
            )
        };
        assert_eq!(mime_content(outer("QUJD").as_bytes()), mime_content(outer("QU\r\nJD").as_bytes()));
        assert_ne!(mime_content(outer("QUJD").as_bytes()), mime_content(outer("QUJE").as_bytes()));
        for odd in [&b""[..], b"no header", b"\r\n", b"Content-Type: multipart/mixed; boundary=x\r\n\r\nnone"]
        {
            assert_eq!(mime_content(odd).parts.len(), 1, "{odd:?}");
        }
    }

    #[test]
    fn nesting_without_end_stays_bounded() {
        let mut deep = Vec::new();
        for _ in 0..10_000 {
            deep.extend_from_slice(b"Content-Type: message/rfc822\r\n\r\n");
        }
        assert_eq!(mime_content(&deep).parts.len(), 1);
    }
}
