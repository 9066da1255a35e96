//! Folder names as servers send them: bytes that need not be UTF-8. Old servers send Latin-1, and only the exact bytes open
//! the folder.
//!
//! In the program a name is still a `String`, so that it can be compared, shown and stored. A byte that is not UTF-8 becomes
//! one character at the end of Unicode's last private plane, so the conversion is lossless both ways.

/// The character that represents byte 0.
const FIRST: u32 = 0x0010_FF00;

/// A name from its bytes.
pub(in crate::imap) fn from_bytes(bytes: &[u8]) -> String {
    let mut name = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            if byte_of(character).is_some() {
                // A server that sends such a character itself gets its bytes back one by one.
                push_bytes(&mut name, character.encode_utf8(&mut [0; 4]).as_bytes());
            } else {
                name.push(character);
            }
        }
        push_bytes(&mut name, chunk.invalid());
    }
    name
}

/// The bytes of a name, or of a command with a name in it.
pub(in crate::imap) fn to_bytes(name: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(name.len());
    for character in name.chars() {
        match byte_of(character) {
            Some(byte) => bytes.push(byte),
            None => bytes.extend_from_slice(character.encode_utf8(&mut [0; 4]).as_bytes()),
        }
    }
    bytes
}

/// The name for people: what is not UTF-8 is read as Latin-1.
pub(in crate::imap) fn readable(name: &str) -> String {
    name.chars().map(|character| byte_of(character).map_or(character, char::from)).collect()
}

fn push_bytes(name: &mut String, bytes: &[u8]) {
    name.extend(bytes.iter().filter_map(|byte| char::from_u32(FIRST + u32::from(*byte))));
}

fn byte_of(character: char) -> Option<u8> {
    u32::from(character).checked_sub(FIRST).and_then(|byte| u8::try_from(byte).ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_keep_every_byte() {
        for (bytes, shown) in [
            (&b"Work"[..], "Work"),
            (b"B\xfcro", "Büro"),
            ("Büro".as_bytes(), "Büro"),
            (b"\xe9t\xe9/B\xc3\xbcro", "été/Büro"),
            (b"&foo", "&foo"),
        ] {
            let name = from_bytes(bytes);
            assert_eq!((to_bytes(&name).as_slice(), readable(&name).as_str()), (bytes, shown));
        }
        let all: Vec<u8> = (0..=255).chain(0..=255).collect();
        assert_eq!(to_bytes(&from_bytes(&all)), all);
        let own = "a\u{10FFE4}b".as_bytes();
        assert_eq!(to_bytes(&from_bytes(own)), own);
    }
}
