use std::fmt;

use sha2::{Digest, Sha256};

use crate::message::header_date::parse_header_date;

/// Header fields that an identity key is made of; a wire may fetch just these (`BODY.PEEK[HEADER.FIELDS (...)]`).
pub const IDENTITY_HEADERS: [&str; 6] = ["MESSAGE-ID", "DATE", "FROM", "SUBJECT", "TO", "CC"];

/// Bytes of one field that take part; longer fields differ in front or not at all.
const FIELD_LIMIT: usize = 4_096;

/// Version of the recipe. Keys are stored, so the recipe may only change together with this word.
const RECIPE: &[u8] = b"mailferry identity 1";

/// The identity of a message according to its headers: a SHA-256 over normalised header fields.
///
/// Used to recognise a copy that is already at the destination. The size is compared beside it, and multiplicity
/// is kept, so equal keys alone never make one message out of two.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IdentityKey(pub [u8; 32]);

impl fmt::Debug for IdentityKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("IdentityKey(")?;
        for byte in self.0.iter().take(6) {
            write!(formatter, "{byte:02x}")?;
        }
        formatter.write_str("…)")
    }
}

/// What is known of a message without its body: enough to recognise a copy of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MessageKey<U> {
    /// UID in its own folder.
    pub uid: U,
    /// Digest of its headers.
    pub identity: IdentityKey,
    /// RFC822.SIZE in bytes.
    pub size: u64,
}

/// Computes the key of a message from its header block, which may be whole or filtered to [`IDENTITY_HEADERS`].
///
/// Message-ID, Date, From and Subject count; To and Cc as well where there is no Message-ID, as in drafts.
/// Servers fold, unfold and replace raw 8-bit bytes by `?`, so blanks collapse and those bytes are one class; the
/// date counts as a moment, not as text.
pub fn identity_key(header_block: &[u8]) -> IdentityKey {
    let mut fields: [Option<Vec<u8>>; IDENTITY_HEADERS.len()] = Default::default();
    let mut current: Option<usize> = None;
    for line in header_block.split(|byte| *byte == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.is_empty() {
            break;
        }
        if line.starts_with(b" ") || line.starts_with(b"\t") {
            if let Some(field) = current.and_then(|index| fields.get_mut(index)).and_then(Option::as_mut) {
                extend_bounded(field, line);
            }
            continue;
        }
        current = None;
        let Some((index, value)) = split_field(line) else { continue };
        if let Some(slot) = fields.get_mut(index).filter(|slot| slot.is_none()) {
            let mut field = Vec::new();
            extend_bounded(&mut field, value);
            *slot = Some(field);
            current = Some(index);
        }
    }
    digest(fields)
}

/// Index of the field in [`IDENTITY_HEADERS`] and its value.
fn split_field(line: &[u8]) -> Option<(usize, &[u8])> {
    let colon = line.iter().take(80).position(|byte| *byte == b':')?;
    let (name, rest) = line.split_at_checked(colon)?;
    let name = name.trim_ascii_end();
    let index = IDENTITY_HEADERS.iter().position(|known| name.eq_ignore_ascii_case(known.as_bytes()))?;
    Some((index, rest.strip_prefix(b":").unwrap_or(rest)))
}

fn extend_bounded(field: &mut Vec<u8>, bytes: &[u8]) {
    // Twice the limit, because blanks collapse only later.
    let room = (2 * FIELD_LIMIT).saturating_sub(field.len());
    field.extend(bytes.iter().take(room));
}

fn digest(fields: [Option<Vec<u8>>; IDENTITY_HEADERS.len()]) -> IdentityKey {
    let [message_id, date, from, subject, to, cc] = fields.map(|field| field.map(|raw| normalise(&raw)));
    let message_id = message_id.filter(|value| !value.is_empty());
    let date = date
        .and_then(|value| parse_header_date(&String::from_utf8_lossy(&value)))
        .map(|moment| moment.to_be_bytes().to_vec());
    let (to, cc) = if message_id.is_some() { (None, None) } else { (to, cc) };
    let mut hash = Sha256::new();
    hash.update(RECIPE);
    for value in [message_id, date, from, subject, to, cc] {
        // An empty field and an absent one are the same to servers that drop empty fields.
        let value = value.unwrap_or_default();
        hash.update(u32::try_from(value.len()).unwrap_or(u32::MAX).to_be_bytes());
        hash.update(&value);
    }
    IdentityKey(hash.finalize().into())
}

/// Collapses blanks and folds 8-bit, control and `?` into single question marks.
fn normalise(raw: &[u8]) -> Vec<u8> {
    let mut text = Vec::with_capacity(raw.len().min(FIELD_LIMIT));
    for byte in raw {
        let class = match byte {
            b' ' | b'\t' => b' ',
            0x21..=0x3e | 0x40..=0x7e => *byte,
            _ => b'?',
        };
        let repeats = matches!(class, b' ' | b'?') && text.last() == Some(&class);
        let leads = class == b' ' && text.is_empty();
        if !repeats && !leads {
            text.push(class);
        }
        if text.len() == FIELD_LIMIT {
            break;
        }
    }
    if text.last() == Some(&b' ') {
        text.pop();
    }
    text
}

#[cfg(test)]
mod identity_tests;
