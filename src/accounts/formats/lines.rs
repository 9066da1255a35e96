//! Cuts the text of a map into its lines and entries.

/// A line of a text that is more than a comment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Line<'a> {
    /// Counted from 1.
    pub number: u64,
    /// Without white space at its end.
    pub text: &'a str,
}

/// Lines with text that do not begin with `#`.
pub(super) fn lines(text: &str) -> impl Iterator<Item = Line<'_>> {
    (1..)
        .zip(text.lines())
        .map(|(number, text)| Line { number, text: text.trim_end() })
        .filter(|line| !line.text.trim_start().is_empty() && !line.text.trim_start().starts_with('#'))
}

/// An entry of a map; a line that begins with white space continues the one before (postconf(5)).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    /// Line in which it begins.
    pub number: u64,
    /// All of it in one line.
    pub text: String,
}

/// Joins the lines that belong together.
pub(super) fn entries(text: &str) -> impl Iterator<Item = Entry> {
    let mut lines = lines(text).peekable();
    std::iter::from_fn(move || {
        let first = lines.next()?;
        let mut entry = Entry { number: first.number, text: first.text.trim().to_owned() };
        while let Some(next) = lines.next_if(|line| line.text.starts_with(char::is_whitespace)) {
            entry.text.push(' ');
            entry.text.push_str(next.text.trim());
        }
        Some(entry)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_begins_with_a_blank_belongs_to_the_one_before() {
        let text = "# note\r\na: b,\r\n   c\r\n\r\n\t# in between\r\n\td\r\ne: f\r\n";
        let found: Vec<_> = entries(text).map(|entry| (entry.number, entry.text)).collect();
        assert_eq!(found, [(2, "a: b, c d".to_owned()), (7, "e: f".to_owned())]);
    }
}
