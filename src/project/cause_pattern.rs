//! What causes have in common when servers put a number, an address or an identifier of the message into their words.

use rusqlite::Connection;
use rusqlite::functions::FunctionFlags;

use super::ProjectError;

/// Stands for whatever differs.
const ANYTHING: &str = "…";

/// Longest pattern in characters.
const PATTERN_LIMIT: usize = 200;

/// Words at least this long are identifiers, whatever they are made of.
const LONGEST_WORD: usize = 32;

/// The words of a cause without those that name one message.
pub(super) fn cause_pattern(cause: &str) -> String {
    let mut words: Vec<String> = Vec::new();
    let mut length = 0;
    for word in cause.split_whitespace() {
        let word = fold(word);
        if word == ANYTHING && words.last().is_some_and(|last| last == ANYTHING) {
            continue;
        }
        length += word.chars().count() + 1;
        if length > PATTERN_LIMIT {
            words.push(ANYTHING.to_owned());
            break;
        }
        words.push(word);
    }
    words.join(" ")
}

fn fold(word: &str) -> String {
    let is_mark = |character: char| "()[]{}<>\"',.;:!?".contains(character);
    let core = word.trim_matches(is_mark);
    let names_a_message = core.contains(|character: char| character.is_ascii_digit() || character == '@')
        || core.chars().count() >= LONGEST_WORD;
    if !names_a_message || is_status_code(core) {
        return word.chars().take(PATTERN_LIMIT).collect();
    }
    let (before, after) = word.split_once(core).unwrap_or_default();
    // Marks are bounded too: a server may send nothing but marks.
    let few = |marks: &str| marks.chars().take(4).collect::<String>();
    format!("{}{ANYTHING}{}", few(before), few(after))
}

/// Enhanced status codes such as `5.7.1` (RFC 3463) tell causes apart and stay.
fn is_status_code(word: &str) -> bool {
    let parts: Vec<&str> = word.split('.').collect();
    matches!(parts.as_slice(), ["2" | "4" | "5", subject, detail] if [subject, detail].iter().all(|part| {
        (1..=3).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit())
    }))
}

/// Makes `cause_pattern(TEXT)` known to a connection; the triggers of the ledger call it.
pub(super) fn register(connection: &Connection) -> Result<(), ProjectError> {
    let flags =
        FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC | FunctionFlags::SQLITE_INNOCUOUS;
    connection.create_scalar_function("cause_pattern", 1, flags, |context| {
        Ok(cause_pattern(&context.get::<String>(0)?))
    })?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn words_of_one_cause_have_one_pattern() {
        for (cause, pattern) in [
            ("NO too big", "NO too big"),
            ("NO size 34567 exceeds 25,000,000 bytes", "NO size … exceeds … bytes"),
            (
                "NO [SERVERBUG] Internal error (id 4f-88a/2 0.012 secs).",
                "NO [SERVERBUG] Internal error (id … secs).",
            ),
            ("550 5.7.1 <anna@example.org> refused", "… 5.7.1 <…> refused"),
            ("  NO\t5.999.1234  x ", "NO … x"),
            ("NO 1 2 3 4", "NO …"),
            ("NO AbCdEfGhIjKlMnOpQrStUvWxYzAbCdEfGh gone", "NO … gone"),
            ("INBOX/Müller/12.eml", "…"),
            ("", ""),
            ("...", "..."),
        ] {
            assert_eq!(cause_pattern(cause), pattern, "{cause}");
        }
    }

    proptest! {
        #![proptest_config(crate::mutate::seeds::properties(256))]

        #[test]
        fn patterns_are_bounded_and_stable(cause in "\\PC{0,300}") {
            let pattern = cause_pattern(&cause);
            prop_assert!(pattern.chars().count() <= PATTERN_LIMIT + 2);
            let parts = |text: &str| text.split_whitespace().map(ToOwned::to_owned).collect::<Vec<_>>();
            prop_assert_eq!(parts(&pattern).join(" "), pattern);
        }
    }
}
