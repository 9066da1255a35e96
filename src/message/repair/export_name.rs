//! Names of exported files: nothing that a server or a message says can lead out of the export folder.

/// Longest part of a path, in bytes; every file system takes 255.
const MAX_COMPONENT_BYTES: usize = 100;
/// Names that Windows keeps for devices.
const RESERVED: [&str; 6] = ["CON", "PRN", "AUX", "NUL", "COM", "LPT"];

/// One part of a path out of a name that somebody else chose: an account, or the levels of a folder. Never empty, never
/// `.` or `..`, and without separators, control characters, and what file systems refuse.
pub fn export_component(name: &str) -> String {
    let plain: String = name
        .chars()
        .map(|character| match character {
            '/' | '\\' | ':' | '*' | '?' | '"' | '<' | '>' | '|'
            // Marks that turn the direction of writing make one name look like another.
            | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}' => '_',
            character if character.is_control() => '_',
            character => character,
        })
        .collect();
    let mut end = plain.len().min(MAX_COMPONENT_BYTES);
    while !plain.is_char_boundary(end) {
        end -= 1;
    }
    // Blanks and dots at the end vanish on Windows; a dot at the beginning hides a file elsewhere.
    let short = plain.get(..end).unwrap_or_default().trim_matches([' ', '.']);
    let stem = short.split('.').next().unwrap_or_default().trim_end();
    let is_reserved = RESERVED.iter().any(|reserved| {
        let rest = stem.get(..reserved.len()).filter(|start| start.eq_ignore_ascii_case(reserved));
        rest.and_then(|_| stem.get(reserved.len()..)).is_some_and(|rest| {
            let is_numbered = reserved.starts_with("COM") || reserved.starts_with("LPT");
            if is_numbered {
                rest.len() <= 2 && rest.chars().all(|digit| "0123456789¹²³".contains(digit))
            } else {
                rest.is_empty()
            }
        })
    });
    if short.is_empty() || is_reserved { format!("_{short}") } else { short.to_owned() }
}

/// `12.eml` for the message with UID 12; `12 (2).eml` where another message has that name.
pub fn export_file_name(uid: u32, attempt: u32) -> String {
    match attempt {
        0 | 1 => format!("{uid}.eml"),
        attempt => format!("{uid} ({attempt}).eml"),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_cannot_lead_anywhere() {
        for (name, expected) in [
            ("anna@weber.example", "anna@weber.example"),
            ("../../x", "_.._x"),
            ("..", "_"),
            ("", "_"),
            ("a\0b\r\nc", "a_b__c"),
            ("C:\\Windows", "C__Windows"),
            ("con", "_con"),
            ("NUL.eml", "_NUL.eml"),
            ("com1", "_com1"),
            ("Company", "Company"),
            ("Confirm", "Confirm"),
            (".hidden. ", "hidden"),
            ("Projekte/2024", "Projekte_2024"),
            ("abc\u{202e}lme", "abc_lme"),
        ] {
            assert_eq!(export_component(name), expected, "{name:?}");
        }
        assert!(export_component(&"ä".repeat(200)).len() <= 100);
    }

    proptest! {
        #![proptest_config(crate::mutate::seeds::properties(256))]

        #[test]
        fn any_name_is_one_part_of_a_path(name in "\\PC{0,200}|[./\\\\\0-\u{1f}]{0,20}") {
            let part = export_component(&name);
            let path = std::path::Path::new(&part);
            let parts: Vec<_> = path.components().collect();
            prop_assert!(matches!(parts.as_slice(), [std::path::Component::Normal(_)]), "{:?}", parts);
            prop_assert!(part.len() <= 101 && !part.chars().any(char::is_control));
        }
    }
}
