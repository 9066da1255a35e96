//! Makes passwords for new mailboxes.

use crate::values::Secret;

/// Letters and digits that cannot be mistaken for one another when read from paper.
const SIGNS: &[u8; 50] = b"abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23";
const LETTERS: &[u8; 24] = b"ABCDEFGHJKLMNPQRSTUVWXYZ";
const DIGITS: &[u8; 8] = b"23456789";
/// Four groups of five: 18 random signs of 50 are 101 bits.
const GROUPS: usize = 4;
const SIGNS_PER_GROUP: usize = 5;

/// Makes a password of random bytes; `random` fills what it is given. It begins with a capital, so that no spreadsheet
/// takes it for a formula, ends with a digit, and has hyphens, so that it keeps the usual rules.
///
/// # Errors
/// Those of `random`.
pub fn new_password<E>(mut random: impl FnMut(&mut [u8]) -> Result<(), E>) -> Result<Secret, E> {
    let last = GROUPS * SIGNS_PER_GROUP - 1;
    let mut words = String::with_capacity(GROUPS * (SIGNS_PER_GROUP + 1));
    for at in 0..=last {
        if at > 0 && at % SIGNS_PER_GROUP == 0 {
            words.push('-');
        }
        let signs: &[u8] = match at {
            0 => LETTERS,
            _ if at == last => DIGITS,
            _ => SIGNS,
        };
        words.push(char::from(pick(signs, &mut random)?));
    }
    Ok(Secret::new(words))
}

/// One of the signs, each as likely as the others: bytes beyond the last whole multiple are thrown again.
fn pick<E>(signs: &[u8], random: &mut impl FnMut(&mut [u8]) -> Result<(), E>) -> Result<u8, E> {
    let usable = 256 - 256 % signs.len();
    loop {
        let mut byte = [0];
        random(&mut byte)?;
        let number = usize::from(byte[0]);
        if number < usable
            && let Some(sign) = signs.get(number % signs.len())
        {
            return Ok(*sign);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_keeps_the_usual_rules() {
        let mut next = 0_u8;
        for _ in 0..200 {
            let made: Result<Secret, ()> = new_password(|bytes| {
                for byte in bytes {
                    next = next.wrapping_mul(181).wrapping_add(97);
                    *byte = next;
                }
                Ok(())
            });
            let password = made.unwrap();
            let text = password.expose();
            assert_eq!(text.len(), 23, "{text}");
            assert!(text.starts_with(|sign: char| sign.is_ascii_uppercase()));
            assert!(text.ends_with(|sign: char| sign.is_ascii_digit()));
            assert_eq!(text.matches('-').count(), 3);
        }
        assert_eq!(new_password(|_| Err("no randomness")).err(), Some("no randomness"));
    }
}
