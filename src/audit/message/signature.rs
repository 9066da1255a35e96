//! `DKIM-Signature` fields (RFC 6376 section 3.5), and the parts of the message that they cover.

use data_encoding::BASE64;

use super::canonical;
use super::facts::{Base64Bytes, BodyCheck, Form, Signature, SignatureFault};
use super::fields::{Field, Split};
use crate::audit::tag_list::TagList;

/// Signed fields that are read; a signature that names more is useless here.
const MAX_SIGNED: usize = 100;
/// Bytes of the signed header that are kept.
const MAX_SIGNED_BYTES: usize = 128 << 10;

/// Reads one signature of a message.
pub(super) fn read(field: &Field<'_>, message: &Split<'_>) -> Signature {
    let text = field.value();
    let tags = TagList::parse(&text);
    let mut signature = Signature {
        domain: word(tags.get("d")).trim_end_matches('.').to_lowercase(),
        selector: word(tags.get("s")).to_ascii_lowercase(),
        algorithm: word(tags.get("a")).to_ascii_lowercase(),
        identity_domain: tags.get("i").and_then(|identity| {
            identity.rsplit_once('@').map(|(_, domain)| word(Some(domain)).to_lowercase())
        }),
        signed_at_secs: tags.get("t").and_then(|secs| secs.parse().ok()),
        expires_at_secs: tags.get("x").and_then(|secs| secs.parse().ok()),
        body_length: tags.get("l").and_then(|length| length.parse().ok()),
        ..Signature::default()
    };
    let signed = tags.get("h").unwrap_or_default().split(':').map(str::trim).filter(|name| !name.is_empty());
    signature.signed_fields =
        signed.take(MAX_SIGNED).map(|name| word(Some(name)).to_ascii_lowercase()).collect();
    let from_fields = message.all("from").count();
    signature.is_from_oversigned =
        signature.signed_fields.iter().filter(|name| *name == "from").count() > from_fields;
    signature.fault = forms(&tags, &mut signature).err().or_else(|| fault(&tags, &signature, message));
    if signature.fault.is_some() {
        return signature;
    }
    signature.signature = Base64Bytes(bytes(tags.get("b")).unwrap_or_default());
    signature.body = match bytes(tags.get("bh")) {
        Some(hash) if !signature.algorithm.ends_with("sha1") => {
            canonical::check_body(message.body, signature.body_form, signature.body_length, &hash)
        }
        _ => BodyCheck::Unchecked,
    };
    let plain = signed_bytes(field, message, &signature, false);
    let without_mark = signed_bytes(field, message, &signature, true);
    if plain.len() > MAX_SIGNED_BYTES {
        signature.fault = Some(SignatureFault::HeaderTooLong);
        return signature;
    }
    signature.signed_without_mark = (without_mark != plain).then_some(Base64Bytes(without_mark));
    signature.signed = Base64Bytes(plain);
    signature
}

/// Reads `c=`, which may name one form or two.
fn forms(tags: &TagList<'_>, signature: &mut Signature) -> Result<(), SignatureFault> {
    let Some(text) = tags.get("c") else { return Ok(()) };
    let form = |text: &str| match text.trim().to_ascii_lowercase().as_str() {
        "simple" => Ok(Form::Simple),
        "relaxed" => Ok(Form::Relaxed),
        _ => Err(SignatureFault::BadTag("c".to_owned())),
    };
    let (header, body) = text.split_once('/').unwrap_or((text, "simple"));
    signature.header_form = form(header)?;
    signature.body_form = form(body)?;
    Ok(())
}

/// What makes a signature useless (section 6.1.1).
fn fault(tags: &TagList<'_>, signature: &Signature, message: &Split<'_>) -> Option<SignatureFault> {
    if let Some(name) = tags.twice() {
        return Some(SignatureFault::TwiceTag(word(Some(name))));
    }
    for name in ["v", "a", "b", "bh", "d", "h", "s"] {
        if tags.get(name).is_none_or(str::is_empty) {
            return Some(SignatureFault::MissingTag(name.to_owned()));
        }
    }
    let bad = |name: &str| Some(SignatureFault::BadTag(name.to_owned()));
    if tags.get("v") != Some("1") {
        return bad("v");
    }
    if !matches!(signature.algorithm.as_str(), "rsa-sha256" | "rsa-sha1" | "ed25519-sha256") {
        return bad("a");
    }
    for name in ["t", "x", "l"] {
        if tags.get(name).is_some_and(|value| value.parse::<u64>().is_err()) {
            return bad(name);
        }
    }
    for name in ["b", "bh"] {
        if bytes(tags.get(name)).is_none_or(|bytes| bytes.is_empty() || bytes.len() > 1_024) {
            return bad(name);
        }
    }
    if !signature.signed_fields.iter().any(|name| name == "from") {
        return Some(SignatureFault::FromNotSigned);
    }
    let is_inside = signature.identity_domain.as_ref().is_none_or(|identity| {
        *identity == signature.domain || identity.ends_with(&format!(".{}", signature.domain))
    });
    if !is_inside {
        return Some(SignatureFault::ForeignIdentity);
    }
    (message.is_cut || signature.signed_fields.len() >= MAX_SIGNED).then_some(SignatureFault::HeaderTooLong)
}

/// The bytes that were signed (section 3.7): the named fields from the bottom up, then the signature without its value.
fn signed_bytes(own: &Field<'_>, message: &Split<'_>, signature: &Signature, without_mark: bool) -> Vec<u8> {
    let mut used = vec![false; message.fields.len()];
    let mut bytes = Vec::new();
    for name in &signature.signed_fields {
        let next = message
            .fields
            .iter()
            .zip(&mut used)
            .rev()
            .find(|(field, used)| !**used && field.is(name) && field.raw != own.raw);
        // A name without a field stands for nothing: it guards against a field that is put in later.
        let Some((field, used)) = next else { continue };
        *used = true;
        let raw = if without_mark && name == "subject" { unmarked(field.raw) } else { field.raw.to_vec() };
        bytes.extend(canonical::field(&raw, signature.header_form));
        if bytes.len() > MAX_SIGNED_BYTES {
            return bytes;
        }
    }
    let own = canonical::field(&without_value(own.raw), signature.header_form);
    bytes.extend(own.strip_suffix(b"\r\n").unwrap_or(&own));
    bytes
}

/// A subject without the first `[mark]`, behind `Re:` too.
fn unmarked(raw: &[u8]) -> Vec<u8> {
    let (Some(open), Some(close)) =
        (raw.iter().position(|byte| *byte == b'['), raw.iter().position(|byte| *byte == b']'))
    else {
        return raw.to_vec();
    };
    let (Some(before), Some(after)) = (raw.get(..open), raw.get(close + 1..)) else { return raw.to_vec() };
    if close < open {
        return raw.to_vec();
    }
    [before, after.strip_prefix(b" ").unwrap_or(after)].concat()
}

/// The field with an empty `b=` (section 3.7).
fn without_value(raw: &[u8]) -> Vec<u8> {
    let colon = raw.iter().position(|byte| *byte == b':').map_or(raw.len(), |at| at + 1);
    let (start, value) = raw.split_at_checked(colon).unwrap_or((raw, &[]));
    let value = value.strip_suffix(b"\r\n").unwrap_or(value);
    let tags: Vec<&[u8]> = value
        .split(|byte| *byte == b';')
        .map(|tag| match tag.iter().position(|byte| *byte == b'=') {
            Some(equals) if tag.get(..equals).is_some_and(|name| name.trim_ascii() == b"b") => {
                tag.get(..=equals).unwrap_or(tag)
            }
            _ => tag,
        })
        .collect();
    [start, &tags.join(&b';'), b"\r\n"].concat()
}

/// Base64 with blanks in it.
fn bytes(value: Option<&str>) -> Option<Vec<u8>> {
    let text: String = value?.chars().filter(|character| !character.is_ascii_whitespace()).collect();
    BASE64.decode(text.as_bytes()).ok()
}

fn word(text: Option<&str>) -> String {
    text.unwrap_or_default()
        .chars()
        .filter(|character| !character.is_control() && !character.is_whitespace())
        .take(255)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_value_is_taken_out_and_nothing_else() {
        assert_eq!(
            without_value(b"DKIM-Signature: v=1; bh=b=; b=abc\r\n  def=; d=x\r\n"),
            b"DKIM-Signature: v=1; bh=b=; b=; d=x\r\n"
        );
        assert_eq!(without_value(b"D: a=1;\r\n b = x\r\n"), b"D: a=1;\r\n b =\r\n");
    }

    #[test]
    fn a_mark_in_the_subject_is_taken_out() {
        assert_eq!(unmarked(b"Subject: Re: [list] Hello\r\n"), b"Subject: Re: Hello\r\n");
        assert_eq!(unmarked(b"Subject: ] [ Hello\r\n"), b"Subject: ] [ Hello\r\n");
    }
}
