use mail_parser::{HeaderName, Message, MessageParser};

/// Letters of a subject that are shown.
const MOST_LETTERS: usize = 120;

/// The subject of a message from the beginning of its bytes, as people write it; empty where there is none.
///
/// Control characters become blanks: what a stranger wrote must not move a cursor or turn a line around.
pub fn subject_of(head: &[u8]) -> String {
    let parser = MessageParser::new().default_header_ignore().header_text(HeaderName::Subject);
    let parsed = parser.parse_headers(head);
    let subject = parsed.as_ref().and_then(Message::subject).unwrap_or_default();
    let is_harmful = |letter: char| {
        letter.is_control()
            || matches!(letter, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    let plain: String = subject
        .chars()
        .map(|letter| if is_harmful(letter) { ' ' } else { letter })
        .take(MOST_LETTERS)
        .collect();
    plain.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subjects_are_shown_as_people_write_them() {
        for (head, expected) in [
            ("Subject: Hello\r\n there\r\n\r\nSubject: not this", "Hello there"),
            (
                "From: x\r\nSUBJECT: =?iso-8859-1?q?Gr=FC=DFe?= =?utf-8?b?YXVzIEvDtmxu?=\r\n\r\n",
                "Grüßeaus Köln",
            ),
            ("Subject: a\u{1b}[2Jb \u{202e}c\r\n\r\n", "a [2Jb c"),
            ("From: x\r\n\r\nbody", ""),
            ("", ""),
        ] {
            assert_eq!(subject_of(head.as_bytes()), expected, "{head}");
        }
        let long = format!("Subject: {}\r\n\r\n", "x".repeat(5_000));
        assert_eq!(subject_of(long.as_bytes()).len(), MOST_LETTERS);
    }
}
