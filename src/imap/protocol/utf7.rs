//! Modified UTF-7 (RFC 3501 section 5.1.3), the spelling of folder names unless `UTF8=ACCEPT` is on.

use data_encoding::{BASE64_NOPAD, Encoding};

/// Decodes a folder name. `None` where it is no well-formed modified UTF-7; the raw name stays usable in commands.
pub fn decode_utf7(name: &str) -> Option<String> {
    let mut decoded = String::with_capacity(name.len());
    let mut rest = name;
    while let Some((plain, shifted)) = rest.split_once('&') {
        decoded.push_str(plain);
        let (code, after) = shifted.split_once('-')?;
        if code.is_empty() {
            decoded.push('&');
        } else {
            decoded.push_str(&decode_shifted(code)?);
        }
        rest = after;
    }
    decoded.push_str(rest);
    Some(decoded)
}

fn decode_shifted(code: &str) -> Option<String> {
    // Trailing bits must be zero in BASE64_NOPAD; servers are laxer, so the check is switched off.
    let mut specification = BASE64_NOPAD.specification();
    specification.check_trailing_bits = false;
    let lax: Encoding = specification.encoding().ok()?;
    let bytes = lax.decode(code.replace(',', "/").as_bytes()).ok()?;
    let (units, odd) = bytes.as_chunks::<2>();
    if !odd.is_empty() {
        return None;
    }
    char::decode_utf16(units.iter().map(|unit| u16::from_be_bytes(*unit))).collect::<Result<_, _>>().ok()
}

/// Encodes a folder name as modified UTF-7.
pub fn encode_utf7(name: &str) -> String {
    let mut encoded = String::with_capacity(name.len());
    let mut shifted: Vec<u16> = Vec::new();
    for character in name.chars() {
        if matches!(character, ' '..='~') {
            flush_shifted(&mut shifted, &mut encoded);
            encoded.push(character);
            if character == '&' {
                encoded.push('-');
            }
        } else {
            shifted.extend_from_slice(character.encode_utf16(&mut [0; 2]));
        }
    }
    flush_shifted(&mut shifted, &mut encoded);
    encoded
}

fn flush_shifted(shifted: &mut Vec<u16>, encoded: &mut String) {
    if shifted.is_empty() {
        return;
    }
    let bytes: Vec<u8> = shifted.drain(..).flat_map(u16::to_be_bytes).collect();
    encoded.push('&');
    encoded.push_str(&BASE64_NOPAD.encode(&bytes).replace('/', ","));
    encoded.push('-');
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_go_both_ways() {
        for (raw, text) in [
            ("INBOX", "INBOX"),
            ("Gel&APY-schte Objekte", "Gelöschte Objekte"),
            ("~peter/mail/&U,BTFw-/&ZeVnLIqe-", "~peter/mail/台北/日本語"),
            ("A&-B", "A&B"),
            ("&2D3eAA-", "😀"),
            ("&AOk-&-&AOk-", "é&é"),
        ] {
            assert_eq!(decode_utf7(raw).as_deref(), Some(text));
            assert_eq!(encode_utf7(text), raw);
        }
    }

    #[test]
    fn broken_names_are_distinguished() {
        for raw in ["&", "a&b", "&AA-", "&2D0-", "&!!!-"] {
            assert_eq!(decode_utf7(raw), None, "{raw}");
        }
        // Raw UTF-8, which some servers send, passes unchanged.
        assert_eq!(decode_utf7("Gelöscht").as_deref(), Some("Gelöscht"));
    }
}
