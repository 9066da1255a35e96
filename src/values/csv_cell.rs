use super::printable_text;

/// One record of a CSV file with its line end (RFC 4180). Each cell is made by [`csv_cell`].
pub fn csv_row<T: AsRef<str>>(cells: impl IntoIterator<Item = T>) -> String {
    let cells: Vec<String> = cells.into_iter().map(|cell| csv_cell(cell.as_ref())).collect();
    format!("{}\r\n", cells.join(","))
}

/// Characters at which some spreadsheet begins a new cell, even within quotation marks if it does not split at commas.
const CELL_ENDS: [char; 4] = [';', '\t', '\r', '\n'];

/// A cell of words (RFC 4180). Folder names, replies of servers and names of people are other people's: what a spreadsheet would take for a formula
/// gets an apostrophe in front, which spreadsheets do not show at the beginning of a cell.
pub fn csv_cell(words: &str) -> String {
    let words = printable_text(words);
    let mut guarded = String::with_capacity(words.len() + 2);
    if words.starts_with(CELL_ENDS) {
        guarded.push('\'');
    }
    for part in words.split_inclusive(CELL_ENDS) {
        if is_formula(part) {
            guarded.push('\'');
        }
        guarded.push_str(part);
    }
    if guarded.contains(['"', ',', '\r', '\n']) {
        format!("\"{}\"", guarded.replace('"', "\"\""))
    } else {
        guarded
    }
}

/// Whether a spreadsheet would take a cell that begins like this for a formula. Some skip spaces and quotation marks, and
/// some accept the full-width forms of the signs as well.
fn is_formula(part: &str) -> bool {
    let begins = part.trim_start_matches(|character: char| character.is_whitespace() || character == '"');
    begins.starts_with(['=', '+', '-', '@', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}'])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_quoted_and_formulas_are_only_words() {
        for (folder, expected) in [
            ("Archiv", "Archiv"),
            ("a,b", "\"a,b\""),
            ("say \"hi\"", "\"say \"\"hi\"\"\""),
            ("=HYPERLINK(\"http://x\",\"y\")", "\"'=HYPERLINK(\"\"http://x\"\",\"\"y\"\")\""),
            ("+1", "'+1"),
            ("-1", "'-1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("\tx", "'\tx"),
            ("two\r\nlines", "\"two\r\nlines\""),
            // A spreadsheet that splits at semicolons or tabs, or ignores the quotation marks.
            ("x;=1+1;y", "x;'=1+1;y"),
            ("x; \"@SUM(A1)", "\"x;' \"\"@SUM(A1)\""),
            (";=1", "';'=1"),
            ("x\t-1", "x\t'-1"),
            ("x\n=1", "\"x\n'=1\""),
            (" =1", "' =1"),
            ("\u{ff1d}1", "'\u{ff1d}1"),
            ("a;b - c", "a;b - c"),
            ("\u{1b}[2J\u{202e}", "␛[2J\u{fffd}"),
        ] {
            assert_eq!(csv_cell(folder), expected);
        }
    }
}
