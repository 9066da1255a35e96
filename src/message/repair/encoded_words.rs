//! Encoded words (RFC 2047) for header fields that hold what a header cannot.

use std::borrow::Cow;

use data_encoding::BASE64;

/// Longest encoded word (RFC 2047 section 2).
const WORD_CHARACTERS: usize = 75;

/// Whether a byte is not allowed in a header (RFC 5322 section 2.2).
pub(super) const fn is_bad(byte: u8) -> bool {
    byte >= 0x80 || byte == 0x7f || (byte < 0x20 && byte != b'\t')
}

/// Encoded words for a run of text, separated by spaces. Text that is not UTF-8 is assumed to be in `charset`.
pub(super) fn encoded_words(text: &[u8], charset: &str) -> Vec<u8> {
    let charset = if std::str::from_utf8(text).is_ok() { "utf-8" } else { charset };
    let room = WORD_CHARACTERS.saturating_sub(7 + charset.len()) / 4 * 3;
    let words: Vec<String> = chunks(text, room.max(12))
        .into_iter()
        .map(|chunk| format!("=?{charset}?B?{}?=", BASE64.encode(chunk)))
        .collect();
    words.join(" ").into_bytes()
}

/// Pieces of at most `room` bytes that do not cut through a UTF-8 character.
fn chunks(text: &[u8], room: usize) -> Vec<&[u8]> {
    let is_utf8 = std::str::from_utf8(text).is_ok();
    let mut pieces = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        let mut cut = rest.len().min(room);
        while is_utf8 && rest.get(cut).is_some_and(|byte| byte & 0xc0 == 0x80) {
            cut -= 1;
        }
        let (piece, after) = rest.split_at(cut);
        pieces.push(piece);
        rest = after;
    }
    pieces
}

/// Encodes those words of unstructured text that need it; neighbours go together, as blanks between encoded words are
/// not shown (RFC 2047 section 6.2).
pub(super) fn encode_unstructured(text: &[u8], charset: &str) -> Vec<u8> {
    let words: Vec<&[u8]> = text.split(|byte| *byte == b' ').collect();
    let is_bad_word = |word: &[u8]| word.iter().any(|byte| is_bad(*byte));
    let mut encoded: Vec<Cow<'_, [u8]>> = Vec::with_capacity(words.len());
    let mut words = words.into_iter().peekable();
    while let Some(word) = words.next() {
        if !is_bad_word(word) {
            encoded.push(Cow::Borrowed(word));
            continue;
        }
        let mut run = word.to_vec();
        while let Some(next) = words.next_if(|next| is_bad_word(next)) {
            run.push(b' ');
            run.extend_from_slice(next);
        }
        encoded.push(Cow::Owned(encoded_words(&run, charset)));
    }
    encoded.join(&b' ')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_words_that_need_it_are_encoded() {
        let encode = |text: &[u8]| String::from_utf8(encode_unstructured(text, "iso-8859-1")).unwrap();
        assert_eq!(
            encode("plain Grüße aus Köln  end".as_bytes()),
            "plain =?utf-8?B?R3LDvMOfZQ==?= aus =?utf-8?B?S8O2bG4=?=  end"
        );
        assert_eq!(encode("Grüße Köln".as_bytes()), "=?utf-8?B?R3LDvMOfZSBLw7Zsbg==?=");
        assert_eq!(encode(b"Gr\xfc\xdfe"), "=?iso-8859-1?B?R3L832U=?=");
        assert_eq!(encode(b"a \x01 b"), "a =?utf-8?B?AQ==?= b");
    }

    #[test]
    fn long_text_becomes_several_words_of_whole_characters() {
        let text = "ä".repeat(200);
        let encoded = String::from_utf8(encoded_words(text.as_bytes(), "x")).unwrap();
        let mut decoded = String::new();
        for word in encoded.split(' ') {
            assert!(word.len() <= 75, "{word}");
            let inner = word.strip_prefix("=?utf-8?B?").and_then(|word| word.strip_suffix("?=")).unwrap();
            decoded.push_str(&String::from_utf8(BASE64.decode(inner.as_bytes()).unwrap()).unwrap());
        }
        assert_eq!(decoded, text);
    }
}
