//! Modified UTF-7, the coding of mailbox names (RFC 3501 section 5.1.3), kept apart from the client's own so that the
//! practice server is an independent judge of it.

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+,";

/// Codes a name for the wire.
pub(super) fn encode(name: &str) -> String {
    let mut coded = String::with_capacity(name.len());
    let mut run = Vec::new();
    for character in name.chars() {
        if matches!(character, ' '..='~') {
            close_run(&mut coded, &mut run);
            coded.push(character);
            if character == '&' {
                coded.push('-');
            }
        } else {
            let mut units = [0_u16; 2];
            run.extend_from_slice(character.encode_utf16(&mut units));
        }
    }
    close_run(&mut coded, &mut run);
    coded
}

fn close_run(coded: &mut String, run: &mut Vec<u16>) {
    if run.is_empty() {
        return;
    }
    coded.push('&');
    let (mut bits, mut bit_count) = (0_u32, 0_u32);
    for unit in run.drain(..) {
        bits = (bits << 16) | u32::from(unit);
        bit_count += 16;
        while bit_count >= 6 {
            bit_count -= 6;
            push_sextet(coded, bits >> bit_count);
        }
        bits &= (1 << bit_count) - 1;
    }
    if bit_count > 0 {
        push_sextet(coded, bits << (6 - bit_count));
    }
    coded.push('-');
}

fn push_sextet(coded: &mut String, sextet: u32) {
    let index = usize::try_from(sextet & 0x3f).unwrap_or(0);
    coded.extend(ALPHABET.get(index).map(|letter| char::from(*letter)));
}

/// Reads a name from the wire; `None` where it is not the one right coding of a name.
pub(super) fn decode(coded: &[u8]) -> Option<String> {
    let mut name = String::with_capacity(coded.len());
    let mut bytes = coded.iter();
    while let Some(&byte) = bytes.next() {
        match byte {
            b'&' => {
                let run: Vec<u8> = bytes.by_ref().take_while(|letter| **letter != b'-').copied().collect();
                if run.is_empty() {
                    name.push('&');
                } else {
                    name.push_str(&decode_run(&run)?);
                }
            }
            b' '..=b'~' => name.push(char::from(byte)),
            _ => return None,
        }
    }
    // Coding it again finds missing terminators, padding bits that are not zero and needlessly coded letters.
    (encode(&name).as_bytes() == coded).then_some(name)
}

fn decode_run(run: &[u8]) -> Option<String> {
    let (mut bits, mut bit_count) = (0_u32, 0_u32);
    let mut units = Vec::with_capacity(run.len() / 2);
    for letter in run {
        let sextet = ALPHABET.iter().position(|known| known == letter)?;
        bits = ((bits << 6) | u32::try_from(sextet).ok()?) & 0x003f_ffff;
        bit_count += 6;
        if bit_count >= 16 {
            bit_count -= 16;
            units.push(u16::try_from((bits >> bit_count) & 0xffff).ok()?);
        }
    }
    String::from_utf16(&units).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_coded_both_ways() {
        for (name, coded) in [
            ("Entwürfe", "Entw&APw-rfe"),
            ("A & B", "A &- B"),
            ("日本語", "&ZeVnLIqe-"),
            ("台北/2024", "&U,BTFw-/2024"),
            ("Müll 🗑", "M&APw-ll &2D3d0Q-"),
            ("", ""),
        ] {
            assert_eq!(encode(name), coded);
            assert_eq!(decode(coded.as_bytes()).as_deref(), Some(name));
        }
    }

    #[test]
    fn wrong_codings_are_refused() {
        for coded in ["Entw\u{fc}rfe", "&APw", "&AEE-", "a\r\nb", "&2D0-", "&!-", "&APw-&APw-"] {
            assert_eq!(decode(coded.as_bytes()), None, "{coded:?}");
        }
    }
}
