//! The parts of a message one by one, within bounds: a stranger who nests parts, or messages in messages, without end
//! costs neither stack nor memory.

use mail_parser::{Message, MessageParser, MimeHeaders as _};

use crate::message::mime::inner_parts;

/// Deepest nesting of multiparts that is followed.
const MAX_DEPTH: usize = 20;
/// Most parts of one message.
const MAX_PARTS: usize = 2_000;

/// A message and its parts. Messages that are attached stay closed.
#[derive(Debug)]
pub struct MailParts<'m> {
    /// The header fields of the message.
    pub head: Message<'m>,
    /// Each part that holds no others, in order, read as a message of its own.
    pub leaves: Vec<Message<'m>>,
}

impl MailParts<'_> {
    /// The text that a reader sees first; empty where there is none.
    pub fn text(&self) -> String {
        self.leaves.iter().find_map(|leaf| leaf.body_text(0)).unwrap_or_default().into_owned()
    }
}

/// Reads a message; `None` where it has no header.
///
/// `mail-parser` alone has no such bounds: it follows nested messages as deep as they go, and frees them recursively.
pub fn read_parts(raw: &[u8]) -> Option<MailParts<'_>> {
    let head = MessageParser::default().parse_headers(raw)?;
    let mut entities = Vec::new();
    add_leaves(raw, 0, &mut entities);
    Some(MailParts { head, leaves: entities.into_iter().filter_map(read_leaf).collect() })
}

fn add_leaves<'m>(entity: &'m [u8], depth: usize, leaves: &mut Vec<&'m [u8]>) {
    if leaves.len() >= MAX_PARTS {
        return;
    }
    let inner = if depth < MAX_DEPTH { inner_parts(entity) } else { Vec::new() };
    if inner.is_empty() {
        leaves.push(entity);
    }
    for part in inner {
        add_leaves(part, depth + 1, leaves);
    }
}

/// Reads one part, unless `mail-parser` would find others in it.
fn read_leaf(entity: &[u8]) -> Option<Message<'_>> {
    let parser = MessageParser::default();
    let head = parser.parse_headers(entity);
    let kind = head.as_ref().and_then(Message::content_type);
    let may_hold_others = kind.is_some_and(|kind| {
        let is_message = ["rfc822", "global"]
            .iter()
            .any(|name| kind.subtype().is_some_and(|subtype| subtype.eq_ignore_ascii_case(name)));
        kind.ctype().eq_ignore_ascii_case("multipart")
            || (kind.ctype().eq_ignore_ascii_case("message") && is_message)
    });
    if may_hold_others {
        return None;
    }
    // A part without any field is text (RFC 2046 section 5.1).
    let has_fields = head.is_some();
    let plain = || Some(parser.parse(&[b"Content-Type: text/plain\r\n", entity].concat())?.into_owned());
    if has_fields { parser.parse(entity) } else { plain() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_read_in_order_and_attached_messages_stay_closed() {
        let mail = b"Subject: s\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n\
            Content-Type: multipart/alternative; boundary=y\r\n\r\n--y\r\nContent-Type: text/plain; charset=iso-8859-1\r\n\r\n\
            gr\xfcn\r\n--y--\r\n--x\r\n\r\nno header\r\n--x\r\nContent-Type: message/rfc822\r\n\r\nSubject: inner\r\n\r\nhidden\r\n--x\r\n\
            Content-Type: application/zip\r\nContent-Transfer-Encoding: base64\r\n\r\nUEs=\r\n--x--\r\n";
        let parts = read_parts(mail).unwrap();
        assert_eq!(parts.head.subject(), Some("s"));
        assert_eq!(parts.text().trim_end(), "grün");
        assert_eq!(parts.leaves.len(), 3);
        assert_eq!(parts.leaves[1].parts[0].contents().trim_ascii_end(), b"no header");
        assert_eq!(parts.leaves[2].parts[0].contents(), b"PK");
    }

    /// The stack of a test thread is 2 MiB, which 50,000 nested messages exceed in `mail-parser` alone.
    #[test]
    fn nesting_without_end_overflows_no_stack() {
        let nested = b"Content-Type: message/rfc822\r\n\r\n".repeat(50_000);
        let wrapped = [&b"Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n"[..], &nested].concat();
        let digest = b"Content-Type: multipart/digest; boundary=x\r\n\r\n--x\r\n\r\n".repeat(50_000);
        let packed = data_encoding::BASE64_MIME.encode(&nested);
        let encoded =
            format!("Content-Type: message/rfc822\r\nContent-Transfer-Encoding: base64\r\n\r\n{packed}");
        for mail in [&nested, &wrapped, &encoded.into_bytes()] {
            assert_eq!(read_parts(mail).unwrap().leaves.len(), 0);
        }
        assert!(read_parts(&digest).unwrap().leaves.len() <= MAX_PARTS);
        let many =
            [&b"Content-Type: multipart/mixed; boundary=x\r\n\r\n"[..], &b"--x\r\n\r\n\r\n".repeat(100_000)]
                .concat();
        assert_eq!(read_parts(&many).unwrap().leaves.len(), MAX_PARTS);
    }
}
