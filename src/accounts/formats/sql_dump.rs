//! Rows of an SQL dump: `INSERT INTO` of `MySQL` and `MariaDB`, `COPY … FROM stdin` of `PostgreSQL`.

use std::collections::BTreeMap;

/// One row of a table, with the columns that are asked for.
pub(super) struct SqlRow<'n> {
    /// The table, without its schema.
    pub table: String,
    names: &'n [&'n str],
    values: Vec<Option<String>>,
}

impl SqlRow<'_> {
    /// The value of a column; empty where it has none.
    pub(super) fn value(&self, column: &str) -> &str {
        let at = self.names.iter().position(|name| *name == column);
        at.and_then(|at| self.values.get(at)).and_then(Option::as_deref).unwrap_or_default()
    }
}

/// Longest value that is looked at.
const MAX_VALUE: usize = 2_000;
/// More columns than any table of a mail server.
const MAX_COLUMNS: usize = 300;

/// Hands every row of these tables to `take`, which may end the reading with an error.
pub(super) fn rows<E>(
    text: &str,
    tables: &[&str],
    columns: &[&str],
    mut take: impl FnMut(SqlRow<'_>) -> Result<(), E>,
) -> Result<(), E> {
    let mut known: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut rest = text;
    while !rest.is_empty() {
        let (line, after) = rest.split_once('\n').unwrap_or((rest, ""));
        let words = line.trim_start();
        if let Some(head) = after_words(words, &["create", "table"]) {
            let head = after_words(head, &["if", "not", "exists"]).unwrap_or(head);
            let (name, _) = identifier(head);
            let (names, remaining) = column_names(after);
            known.insert(name, names);
            rest = remaining;
        } else if let Some(head) = after_words(words, &["insert", "into"]) {
            let (table, behind) = identifier(head);
            let is_wanted = tables.contains(&table.as_str());
            // The rows may continue over many lines, so everything after the name is read.
            let statement = rest.get(line.len() - behind.len()..).unwrap_or_default();
            let (listed, values) = listed_columns(statement);
            let names = listed.or_else(|| known.get(&table).cloned()).unwrap_or_default();
            rest = insert(values, &mut |fields| {
                if !is_wanted {
                    return Ok(());
                }
                take(row(&table, columns, &names, &fields))
            })?;
        } else if let Some(head) = after_words(words, &["copy"]) {
            let (table, behind) = identifier(head);
            let (listed, _) = listed_columns(behind);
            rest = after;
            let names = listed.unwrap_or_default();
            while !rest.is_empty() {
                let (line, after) = rest.split_once('\n').unwrap_or((rest, ""));
                rest = after;
                let line = line.trim_end_matches('\r');
                if line == "\\." {
                    break;
                }
                if tables.contains(&table.as_str()) {
                    let field = |text: &str| (text != "\\N").then(|| text.chars().take(MAX_VALUE).collect());
                    take(row(&table, columns, &names, &line.split('\t').map(field).collect::<Vec<_>>()))?;
                }
            }
        } else {
            rest = after;
        }
    }
    Ok(())
}

fn row<'n>(table: &str, columns: &'n [&'n str], names: &[String], fields: &[Option<String>]) -> SqlRow<'n> {
    let value = |column: &&str| {
        let at = names.iter().position(|name| name == column)?;
        fields.get(at).cloned().flatten()
    };
    SqlRow { table: table.to_owned(), names: columns, values: columns.iter().map(value).collect() }
}

/// What follows these words, without regard to case.
fn after_words<'t>(text: &'t str, words: &[&str]) -> Option<&'t str> {
    words.iter().try_fold(text.trim_start(), |rest, word| {
        let head = rest.get(..word.len()).filter(|head| head.eq_ignore_ascii_case(word))?;
        let tail = rest.get(head.len()..).unwrap_or_default();
        tail.starts_with(char::is_whitespace).then(|| tail.trim_start())
    })
}

/// A name in any of the quotation marks, without its schema, in lower case; and what follows.
fn identifier(text: &str) -> (String, &str) {
    let is_part = |sign: char| sign.is_alphanumeric() || "_`\"'.-".contains(sign);
    let end = text.find(|sign| !is_part(sign)).unwrap_or(text.len());
    let (name, rest) = text.split_at(end);
    let bare = name.rsplit('.').next().unwrap_or_default();
    (bare.trim_matches(['`', '"', '\'']).to_ascii_lowercase(), rest)
}

/// The columns behind `CREATE TABLE name (`, one per line, and what follows the statement.
fn column_names(text: &str) -> (Vec<String>, &str) {
    let (mut names, mut rest) = (Vec::new(), text);
    while !rest.is_empty() && names.len() < MAX_COLUMNS {
        let (line, after) = rest.split_once('\n').unwrap_or((rest, ""));
        let words = line.trim();
        if words.starts_with(')') || words.ends_with(';') {
            return (names, after);
        }
        let (name, _) = identifier(words);
        let is_quoted = words.starts_with(['`', '"']);
        let is_rule = ["primary", "unique", "key", "index", "constraint", "foreign", "fulltext"]
            .contains(&name.as_str());
        if !name.is_empty() && (is_quoted || !is_rule) {
            names.push(name);
        }
        rest = after;
    }
    (names, rest)
}

/// A list of columns in parentheses, if there is one before `VALUES` or `FROM`.
fn listed_columns(text: &str) -> (Option<Vec<String>>, &str) {
    let Some(inside) = text.trim_start().strip_prefix('(') else { return (None, text) };
    let Some((list, rest)) = inside.split_once(')') else { return (None, text) };
    let names = list.split(',').take(MAX_COLUMNS).map(|name| identifier(name.trim()).0).collect();
    (Some(names), rest)
}

/// Reads `VALUES (…),(…);` and returns what follows.
fn insert<'t, E>(
    text: &'t str,
    take: &mut impl FnMut(Vec<Option<String>>) -> Result<(), E>,
) -> Result<&'t str, E> {
    let Some(mut rest) = after_values(text) else {
        return Ok(text.split_once('\n').map_or("", |(_, rest)| rest));
    };
    loop {
        rest = rest.trim_start_matches(|sign: char| sign.is_whitespace() || sign == ',');
        let Some(inside) = rest.strip_prefix('(') else {
            return Ok(rest.split_once('\n').map_or("", |(_, rest)| rest));
        };
        let (fields, after) = fields(inside);
        take(fields)?;
        rest = after;
    }
}

fn after_values(text: &str) -> Option<&str> {
    let text = text.trim_start();
    let head = text.get(..6).filter(|head| head.eq_ignore_ascii_case("values"))?;
    text.get(head.len()..)
}

/// The values up to the closing parenthesis. A backslash and a doubled quotation mark escape.
fn fields(text: &str) -> (Vec<Option<String>>, &str) {
    let mut found = Vec::new();
    let mut value = String::new();
    let (mut is_text, mut is_quoted) = (false, false);
    let mut signs = text.char_indices().peekable();
    while let Some((at, sign)) = signs.next() {
        if is_quoted {
            let next = match sign {
                '\\' => signs.next().map(|(_, sign)| sign),
                '\'' if signs.peek().is_some_and(|(_, next)| *next == '\'') => {
                    signs.next().map(|(_, sign)| sign)
                }
                '\'' => {
                    is_quoted = false;
                    None
                }
                _ => Some(sign),
            };
            value.extend(next.filter(|_| value.len() < MAX_VALUE));
            continue;
        }
        match sign {
            '\'' => (is_text, is_quoted) = (true, true),
            ',' | ')' => {
                let bare = std::mem::take(&mut value);
                let is_null = !is_text && bare.trim().eq_ignore_ascii_case("null");
                if found.len() < MAX_COLUMNS {
                    found.push((!is_null).then(|| if is_text { bare } else { bare.trim().to_owned() }));
                }
                is_text = false;
                if sign == ')' {
                    return (found, text.get(at + 1..).unwrap_or_default());
                }
            }
            _ if is_text => {}
            _ => value.extend(Some(sign).filter(|_| value.len() < MAX_VALUE)),
        }
    }
    (found, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(String, String, String)> {
        let mut found = Vec::new();
        let taken: Result<(), ()> = rows(text, &["mailbox"], &["username", "active"], |row| {
            found.push((row.table.clone(), row.value("username").to_owned(), row.value("active").to_owned()));
            Ok(())
        });
        taken.unwrap();
        found
    }

    #[test]
    fn the_columns_come_from_the_statement_or_from_the_table() {
        let row = |user: &str, active: &str| ("mailbox".to_owned(), user.to_owned(), active.to_owned());
        let expected = [row("an'na", "1"), row("b),(en", "0")];
        let table = "CREATE TABLE `mailbox` (\n  `username` varchar(255) NOT NULL,\n  `password` text,\n  `active` int,\n  PRIMARY KEY (`username`)\n) ENGINE=InnoDB;\n";
        let values = r"VALUES ('an\'na','{SSHA}x;',1),('b),(en',NULL,0);";
        assert_eq!(read(&format!("{table}INSERT INTO `mailbox` {values}\nSELECT 1;\n")), expected);
        let listed = "INSERT INTO vmail.mailbox (active, username) VALUES\n (1,'an''na'),\n (0,'b),(en');\n";
        assert_eq!(read(listed), expected);
        let copy = "COPY public.mailbox (username, password, active) FROM stdin;\nan'na\tx\t1\nb),(en\t\\N\t0\n\\.\nSELECT 1;\n";
        assert_eq!(read(copy), expected);
    }

    #[test]
    fn half_a_statement_ends() {
        for text in
            ["INSERT INTO mailbox VALUES ('a", "CREATE TABLE mailbox", "COPY mailbox", "INSERT INTO mailbox"]
        {
            assert!(read(text).len() <= 1, "{text}");
        }
    }
}
