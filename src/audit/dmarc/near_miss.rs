//! Recognises texts that were meant to be a DMARC record: what is wrong with them, and what the record should be.

use super::proposal::Proposal;
use super::record::KNOWN_TAGS;

/// A text that receivers do not recognise as a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct NearMiss {
    /// What is wrong, as a clause.
    pub odd: String,
    /// The record that was meant, with the owner's own policy and addresses; `None` if no policy can be read.
    pub cleaned: Option<String>,
}

/// Examines a text that [`super::is_dmarc`] rejects; `None` if it has nothing to do with DMARC.
pub(super) fn near_miss(text: &str) -> Option<NearMiss> {
    if !text.to_ascii_lowercase().contains("dmarc") {
        return None;
    }
    let cleaned = Proposal::from_tags(tags(text)).corrected().text();
    Some(NearMiss { odd: odd(text), cleaned })
}

/// The tags of such a text, under construction.
pub(super) fn picked(text: &str) -> Option<Proposal> {
    let tags = text.to_ascii_lowercase().contains("dmarc").then(|| tags(text))?;
    (!tags.is_empty()).then(|| Proposal::from_tags(tags))
}

/// Known tags in any order and between any separators.
pub(super) fn tags(text: &str) -> Vec<(String, String)> {
    let text: String = text
        .chars()
        .take(2_000)
        .filter(|character| !is_invisible(*character))
        .map(|character| match character {
            _ if character.is_whitespace() => ' ',
            _ if is_printed_quote(character) => '"',
            _ => character,
        })
        .collect();
    let mut starts: Vec<(usize, usize, &str)> = Vec::new();
    let mut is_word = false;
    for (index, character) in text.char_indices() {
        if !is_word && let Some((name, length)) = tag_at(text.get(index..).unwrap_or_default()) {
            starts.push((index, index + length, name));
        }
        is_word = !character.is_whitespace() && !";,\\\"'(".contains(character);
    }
    let ends = starts.iter().skip(1).map(|(start, _, _)| *start).chain([text.len()]);
    let mut found: Vec<(String, String)> = Vec::new();
    for ((_, value, name), end) in starts.iter().zip(ends) {
        let value = text.get(*value..end).unwrap_or_default();
        let value =
            value.trim_matches(|character: char| character.is_whitespace() || ";\\\"',".contains(character));
        if value.contains([';', '"']) {
            continue;
        }
        match found.iter_mut().find(|(known, _)| known == name) {
            None => found.push(((*name).to_owned(), value.to_owned())),
            // Who writes a second list of addresses means them as well.
            Some((_, known)) if matches!(*name, "rua" | "ruf") && !value.is_empty() => {
                if !known.split(',').any(|address| address.trim() == value) {
                    known.push(',');
                    known.push_str(value);
                }
            }
            Some(_) => {}
        }
    }
    found
}

/// A quotation mark as word processors print it.
const fn is_printed_quote(character: char) -> bool {
    matches!(character, '\u{2018}'..='\u{201f}' | '\u{ab}' | '\u{bb}')
}

/// A known tag with its equals sign, or the colon in its place, at the beginning of a text, and how long that is.
fn tag_at(text: &str) -> Option<(&'static str, usize)> {
    KNOWN_TAGS.into_iter().find_map(|name| {
        let rest = text.get(name.len()..)?;
        let is_name = text.get(..name.len())?.eq_ignore_ascii_case(name);
        let blanks = rest.len() - rest.trim_start().len();
        (is_name && rest.trim_start().starts_with(['=', ':'])).then_some((name, name.len() + blanks + 1))
    })
}

fn is_odd_blank(character: char) -> bool {
    character.is_whitespace() || is_invisible(character)
}

pub(super) fn is_invisible(character: char) -> bool {
    matches!(character, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}' | '\u{ad}')
}

/// What is wrong, reading from the left.
fn odd(text: &str) -> String {
    let first = text.chars().next().unwrap_or_default();
    let version = text.split(';').next().unwrap_or(text);
    let value = version.split_once('=').map_or("", |(_, value)| value.trim());
    if is_odd_blank(first) {
        "it begins with a blank".to_owned()
    } else if matches!(first, '"' | '\'') || is_printed_quote(first) {
        "it begins with a quotation mark, which belongs around the text and not into it".to_owned()
    } else if !first.eq_ignore_ascii_case(&'v') {
        let start: String =
            text.chars().take_while(|one| !one.is_whitespace() && *one != ';').take(20).collect();
        format!("it begins with “{start}” instead of “v=DMARC1”")
    } else if first == 'V' {
        "“V” must be a small “v”".to_owned()
    } else if version.ends_with('\\') || text.contains("\\;") {
        "there is a backslash before a semicolon".to_owned()
    } else if value.eq_ignore_ascii_case("DMARC1") {
        format!("“{value}” must be in capital letters: “DMARC1”")
    } else if value.get(..6).is_some_and(|start| start.eq_ignore_ascii_case("DMARC1")) {
        let next = value.get(6..).and_then(|rest| rest.chars().next()).unwrap_or_default();
        if next.is_whitespace() || next == char::default() {
            "a semicolon is missing behind “v=DMARC1”".to_owned()
        } else {
            format!("“{next}” follows “v=DMARC1” where a semicolon must be")
        }
    } else {
        "it does not begin with “v=DMARC1;”".to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_own_policy_and_addresses_survive() {
        for (text, odd, cleaned) in [
            (" v=DMARC1; p=reject", "begins with a blank", Some("v=DMARC1; p=reject")),
            (
                "v=dmarc1; p=quarantine; rua=mailto:a@b.example",
                "capital letters",
                Some("v=DMARC1; p=quarantine; rua=mailto:a@b.example"),
            ),
            (
                r"v=DMARC1\; p=reject\; rua=mailto:a@b.example",
                "backslash",
                Some("v=DMARC1; p=reject; rua=mailto:a@b.example"),
            ),
            (
                "v=DMARC1 p=reject sp=none rua=mailto:a@b.example,mailto:c@d.example",
                "semicolon is missing",
                Some("v=DMARC1; p=reject; sp=none; rua=mailto:a@b.example,mailto:c@d.example"),
            ),
            ("V=DMARC1; p=none", "small", Some("v=DMARC1; p=none")),
            ("p=reject; v=DMARC1", "begins with “p=reject”", Some("v=DMARC1; p=reject")),
            ("v=DMARC1: p=reject", "“:” follows", Some("v=DMARC1; p=reject")),
            ("\"v=DMARC1; p=reject\"", "begins with a quotation mark", Some("v=DMARC1; p=reject")),
            (
                "\u{201c}v=DMARC1; p=reject; rua=mailto:a@b.example\u{201d}",
                "begins with a quotation mark",
                Some("v=DMARC1; p=reject; rua=mailto:a@b.example"),
            ),
            (
                "v=DMARC1 p=reject rua=mailto:a@b.example rua=mailto:c@d.example rua=mailto:a@b.example",
                "semicolon is missing",
                Some("v=DMARC1; p=reject; rua=mailto:a@b.example,mailto:c@d.example"),
            ),
            ("v=dmarc1", "capital letters", None),
        ] {
            let found = near_miss(text).unwrap();
            assert!(found.odd.contains(odd), "{text}: {}", found.odd);
            assert_eq!(found.cleaned.as_deref(), cleaned, "{text}");
        }
        assert_eq!(near_miss("v=spf1 -all"), None);
    }
}
