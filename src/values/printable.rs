//! Words from strangers, made fit to be shown: no terminal escapes, no control characters, nothing that turns the order
//! of the letters around.
//!
//! Servers, the DNS and certificates say what they like. Each place where words leave the program (terminal, window, page,
//! table, JSON) cleans whatever passes, so that no way there has to remember it. One character becomes one character,
//! and letters of all scripts, their joiners and emoji stay as they are.

use std::borrow::Cow;
use std::fmt::Write as _;

/// One line of words: a line break in it is shown and breaks nothing.
pub fn printable_line(text: &str) -> Cow<'_, str> {
    let is_bad = |character| matches!(character, '\n' | '\t') || is_unprintable(character);
    if !text.contains(is_bad) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(
        text.chars()
            .map(|character| if is_bad(character) { picture(character) } else { character })
            .collect(),
    )
}

/// Text of several lines: line breaks and tabs stay.
pub fn printable_text(text: &str) -> Cow<'_, str> {
    if !text.contains(is_unprintable) {
        return Cow::Borrowed(text);
    }
    let mut characters = text.chars().peekable();
    let mut shown = String::with_capacity(text.len());
    while let Some(character) = characters.next() {
        let ends_line = character == '\r' && characters.peek() == Some(&'\n');
        shown.push(if is_unprintable(character) && !ends_line { picture(character) } else { character });
    }
    Cow::Owned(shown)
}

/// JSON that says the same, with everything escaped that would do harm where it is shown. Nothing of it is lost.
pub fn printable_json(json: &str) -> Cow<'_, str> {
    if !json.contains(is_unprintable) {
        return Cow::Borrowed(json);
    }
    let mut escaped = String::with_capacity(json.len() + 32);
    for character in json.chars() {
        if is_unprintable(character) && character != '\r' {
            // Each of them is below U+10000; in JSON they occur only in strings.
            let _infallible = write!(escaped, "\\u{:04x}", u32::from(character));
        } else {
            escaped.push(character);
        }
    }
    Cow::Owned(escaped)
}

/// A character that must not reach a reader as it is; line feed and tab are for the caller to judge.
pub fn is_unprintable(character: char) -> bool {
    let is_control = character.is_control() && !matches!(character, '\n' | '\t');
    is_control || turns_around(character) || is_invisible_break(character)
}

/// What Unicode calls `Bidi_Control`: a reader would see the letters in another order than they are in.
const fn turns_around(character: char) -> bool {
    matches!(
        character,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
    )
}

/// Invisible breaks and marks between letters.
const fn is_invisible_break(character: char) -> bool {
    matches!(character, '\u{2028}' | '\u{2029}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}')
}

/// The picture of a control character, as ␛ for escape, so that a reader sees that something was there.
fn picture(character: char) -> char {
    let number = u32::from(character);
    match number {
        0..=0x1f => char::from_u32(0x2400 + number).unwrap_or(char::REPLACEMENT_CHARACTER),
        0x7f => '\u{2421}',
        _ => char::REPLACEMENT_CHARACTER,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_that_acts_on_a_reader_gets_through() {
        for (said, line, text) in [
            ("\u{1b}[2J\u{1b}]0;owned\u{7}", "␛[2J␛]0;owned␇", "␛[2J␛]0;owned␇"),
            ("a\r\nb\tc\rd", "a␍␊b␉c␍d", "a\r\nb\tc␍d"),
            ("\u{9b}31m\u{85}\u{7f}\0", "\u{fffd}31m\u{fffd}␡␀", "\u{fffd}31m\u{fffd}␡␀"),
            ("gpj.\u{202e}exe", "gpj.\u{fffd}exe", "gpj.\u{fffd}exe"),
            (
                "\u{2066}a\u{2069}\u{200f}\u{61c}",
                "\u{fffd}a\u{fffd}\u{fffd}\u{fffd}",
                "\u{fffd}a\u{fffd}\u{fffd}\u{fffd}",
            ),
            ("one\u{2028}two\u{feff}", "one\u{fffd}two\u{fffd}", "one\u{fffd}two\u{fffd}"),
        ] {
            assert_eq!(printable_line(said), line);
            assert_eq!(printable_text(said), text);
            assert_eq!(said.chars().count(), line.chars().count());
        }
    }

    #[test]
    fn every_script_stays_readable() {
        for said in [
            "Grüße, Ελλάδα, Київ",
            "بريد وارد",
            "דואר נכנס",
            "नमस्ते क्‍ष",
            "می‌خواهم",
            "受信箱 보관함",
            "👩‍👩‍👧 ❤️ 🏴󠁧󠁢󠁥󠁮󠁧󠁿",
            "e\u{301} soft\u{ad}hyphen no\u{a0}break",
        ] {
            assert!(matches!(printable_line(said), Cow::Borrowed(_)), "{said}");
            assert!(matches!(printable_json(said), Cow::Borrowed(_)), "{said}");
        }
    }

    #[test]
    fn json_says_the_same_in_other_letters() {
        let json = "{\n  \"a\": \"x\u{202e}y\u{9b}z\u{7f} בית\"\n}";
        assert_eq!(printable_json(json), "{\n  \"a\": \"x\\u202ey\\u009bz\\u007f בית\"\n}");
    }

    proptest::proptest! {
        #![proptest_config(crate::mutate::seeds::properties(256))]

        #[test]
        fn what_is_clean_stays_clean(said: String) {
            let line = printable_line(&said).into_owned();
            proptest::prop_assert!(!line.contains(is_unprintable) && !line.contains(['\n', '\t']));
            proptest::prop_assert_eq!(printable_line(&line), line.as_str());
            proptest::prop_assert_eq!(said.chars().count(), line.chars().count());
            let text = printable_text(&said);
            proptest::prop_assert_eq!(text.matches('\n').count(), said.matches('\n').count());
        }
    }
}
