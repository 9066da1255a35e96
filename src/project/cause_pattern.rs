//! What details of one reason have in common when servers put a number, an address or an identifier of the message into
//! their words.

use rusqlite::Connection;
use rusqlite::functions::FunctionFlags;

use super::ProjectError;

/// Stands for whatever differs.
const ANYTHING: &str = "…";

/// Longest pattern of a line in characters.
const PATTERN_LIMIT: usize = 200;

/// Words at least this long are identifiers, whatever they are made of.
const LONGEST_WORD: usize = 32;

/// A detail, line by line, without the words that name one message.
pub(super) fn cause_pattern(detail: &str) -> String {
    detail.split('\n').map(line_pattern).collect::<Vec<_>>().join("\n")
}

fn line_pattern(line: &str) -> String {
    let mut words: Vec<String> = Vec::new();
    let mut length = 0;
    for word in line.split_whitespace() {
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

/// Makes `cause_pattern(TEXT)` known to a connection; the triggers of the ledger call it. A detail that is not there has an
/// empty one.
pub(super) fn register(connection: &Connection) -> Result<(), ProjectError> {
    let flags =
        FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC | FunctionFlags::SQLITE_INNOCUOUS;
    connection.create_scalar_function("cause_pattern", 1, flags, |context| {
        Ok(cause_pattern(&context.get::<Option<String>>(0)?.unwrap_or_default()))
    })?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn details_of_one_cause_have_one_pattern() {
        for (detail, pattern) in [
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
            ("refused\nLIMIT\nno 5 more\n", "refused\nLIMIT\nno … more\n"),
        ] {
            assert_eq!(cause_pattern(detail), pattern, "{detail}");
        }
    }

    proptest! {
        #![proptest_config(crate::mutate::seeds::properties(256))]

        #[test]
        fn patterns_are_bounded_and_stable(line in "\\PC{0,300}") {
            let pattern = cause_pattern(&line);
            prop_assert!(pattern.chars().count() <= PATTERN_LIMIT + 2);
            let parts = |text: &str| text.split_whitespace().map(ToOwned::to_owned).collect::<Vec<_>>();
            prop_assert_eq!(parts(&pattern).join(" "), pattern);
            let lines = cause_pattern(&format!("{line}\n{line}"));
            prop_assert_eq!(lines.split('\n').count(), 2);
        }
    }
}
