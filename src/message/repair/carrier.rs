//! The last repair: the message as an attachment of a new one, with every byte kept.

use data_encoding::{BASE64, HEXLOWER};
use sha2::{Digest, Sha256};

use super::encoded_words::{encode_unstructured, is_bad};
use super::mime::{field_values, split_head};

/// Bytes of a header field that are carried over.
const FIELD_BYTES: usize = 400;
/// Longest line that every server takes, in bytes without the line end.
const MAX_LINE_BYTES: usize = 998;

/// A new message that holds this one as an attachment: as `message/rfc822` (RFC 2046 section 5.2.1) where its bytes can
/// travel as they are, else as a file in base64, because `message/rfc822` must not be encoded.
pub(super) fn wrap(message: &[u8]) -> Vec<u8> {
    let name = HEXLOWER.encode(&Sha256::digest(message));
    let name = name.get(..32).unwrap_or(&name);
    let (head, _) = split_head(message);
    let mut carrier = Vec::with_capacity(message.len() + message.len() / 2 + 2_048);
    for field in ["From", "To", "Date"] {
        let value = carried(head, field);
        // An address or date that needs encoding is a broken one; it is in the attachment.
        if !value.is_empty() && !value.iter().any(|byte| is_bad(*byte)) {
            carrier.extend([field.as_bytes(), b": ", &value, b"\r\n"].concat());
        }
    }
    let subject = encode_unstructured(&carried(head, "Subject"), "windows-1252");
    carrier.extend([&b"Subject: "[..], &subject, b"\r\n"].concat());
    carrier.extend_from_slice(
        format!(
            "Message-ID: <{name}.carrier@mailferry.invalid>\r\n\
             MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary=\"={name}\"\r\n\r\n\
             --={name}\r\nContent-Type: text/plain; charset=us-ascii\r\n\r\n\
             This mail server did not accept the original message in its own form.\r\n\
             Mailferry has attached it, complete and unchanged.\r\n\r\n--={name}\r\n"
        )
        .as_bytes(),
    );
    if can_travel(message) {
        carrier.extend_from_slice(
            b"Content-Type: message/rfc822\r\nContent-Disposition: attachment; filename=\"original.eml\"\r\n",
        );
        if !message.is_ascii() {
            carrier.extend_from_slice(b"Content-Transfer-Encoding: 8bit\r\n");
        }
        carrier.extend_from_slice(b"\r\n");
        carrier.extend_from_slice(message);
    } else {
        carrier.extend_from_slice(
            b"Content-Type: application/octet-stream; name=\"original.eml\"\r\n\
              Content-Disposition: attachment; filename=\"original.eml\"\r\n\
              Content-Transfer-Encoding: base64\r\n\r\n",
        );
        for line in BASE64.encode(message).as_bytes().chunks(76) {
            carrier.extend_from_slice(line);
            carrier.extend_from_slice(b"\r\n");
        }
    }
    carrier.extend_from_slice(format!("\r\n--={name}--\r\n").as_bytes());
    carrier
}

/// The first value of a field, on one line and not too long.
fn carried(head: &[u8], name: &str) -> Vec<u8> {
    let value = field_values(head, name).next().unwrap_or_default();
    let text = String::from_utf8_lossy(value.trim_ascii()).into_owned();
    let end = (0..=FIELD_BYTES.min(text.len())).rev().find(|end| text.is_char_boundary(*end)).unwrap_or(0);
    text.get(..end).unwrap_or_default().as_bytes().to_vec()
}

/// Whether a message can be inside another one as it is (RFC 2045 section 2.8).
fn can_travel(message: &[u8]) -> bool {
    !message.contains(&0)
        && message.split_inclusive(|byte| *byte == b'\n').all(|line| {
            let text = line.strip_suffix(b"\r\n");
            text.is_some_and(|text| text.len() <= MAX_LINE_BYTES && !text.contains(&b'\r'))
        })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::message::repair::mime::leaves;

    #[test]
    fn the_original_is_in_the_carrier_byte_for_byte() {
        let good = "From: a@b\r\nSubject: Grüße\r\nDate: x\r\n\r\ntext ä\r\n".as_bytes();
        let carrier = wrap(good);
        let at = carrier.windows(good.len()).position(|part| part == good).unwrap();
        let before = String::from_utf8_lossy(&carrier[..at]).into_owned();
        assert!(before.starts_with("From: a@b\r\nDate: x\r\nSubject: =?utf-8?B?"), "{before}");
        assert!(before.ends_with("Content-Transfer-Encoding: 8bit\r\n\r\n"), "{before}");

        let odd = b"From: \xe4@b\r\nSubject: \xe4\r\n\r\nnul \0 and a bare\nline";
        let carrier = wrap(odd);
        let part = leaves(&carrier).pop().unwrap();
        let plain: Vec<u8> =
            carrier[part.body].iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect();
        assert_eq!(BASE64.decode(&plain).unwrap(), odd);
        assert!(!carrier.contains(&0) && carrier.is_ascii());
        assert_ne!(wrap(b"a"), wrap(b"b"), "two messages have two identities");
    }
}
