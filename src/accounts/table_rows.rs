//! Reads tables: CSV files and what is copied from a spreadsheet. Columns may stand in any order, with headings in common words.

use super::collector::{Collector, FoundAccount};
use super::{AccountsError, Format};
use crate::values::EmailAddress;

/// What a column is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Column {
    Address,
    User,
    Name,
    FirstName,
    LastName,
    /// Further addresses of the mailbox; in a table without addresses, where a route begins.
    Alias,
    Targets,
    Active,
}

/// Headings without capitals, brackets and joints, by what they mean.
const HEADINGS: [(Column, &[&str]); 8] = [
    (
        Column::Address,
        &[
            "address",
            "email",
            "e mail",
            "mail",
            "mailbox",
            "email address",
            "e mail address",
            "mail address",
            "primary email",
            "primary smtp address",
            "user principal name",
            "userprincipalname",
            "adresse",
            "e mail adresse",
            "mailadresse",
            "postfach",
            "from",
            "source",
        ],
    ),
    (
        Column::User,
        &["user", "username", "user name", "login", "loginname", "account", "benutzer", "benutzername"],
    ),
    (Column::Name, &["name", "full name", "display name", "displayname", "real name", "anzeigename"]),
    (Column::FirstName, &["first name", "firstname", "given name", "vorname"]),
    (Column::LastName, &["last name", "lastname", "surname", "family name", "nachname"]),
    (
        Column::Alias,
        &[
            "alias",
            "aliases",
            "alias address",
            "alias addresses",
            "email aliases",
            "proxyaddresses",
            "proxy addresses",
        ],
    ),
    (
        Column::Targets,
        &[
            "target",
            "targets",
            "goto",
            "forward",
            "forwards",
            "forward to",
            "forwards to",
            "forwarding",
            "forwarding address",
            "destination",
            "destinations",
            "recipient",
            "recipients",
            "member",
            "members",
            "to",
            "delivers to",
            "ziel",
            "ziele",
            "weiterleitung",
            "weiterleitung an",
        ],
    ),
    (Column::Active, &["active", "enabled", "aktiv"]),
];

/// A field that swallows so much has an open quotation mark.
const MAX_FIELD: usize = 20_000;

fn column(heading: &str) -> Option<Column> {
    let bare = heading.split('[').next().unwrap_or_default().trim().to_lowercase();
    let bare = bare.replace(['_', '-', '.'], " ");
    HEADINGS.iter().find(|(_, names)| names.contains(&bare.as_str())).map(|(column, _)| *column)
}

/// Whether the first line has headings, one of which says where the addresses are.
pub(super) fn has_known_heading(lines: &[&str]) -> bool {
    let Some(first) = lines.first() else { return false };
    let columns: Vec<Column> = split(first).filter_map(column).collect();
    let names_addresses = columns.contains(&Column::Address)
        || columns.contains(&Column::User)
        || (columns.contains(&Column::Alias) && columns.contains(&Column::Targets));
    let has_one_field = split(first).count() == 1;
    let goes_on = lines.get(1).is_none_or(|line| line.contains('@'));
    names_addresses && !first.contains('@') && (!has_one_field || goes_on)
}

/// Whether the first line names the columns of Mailferry's own list, which may hold passwords.
pub(super) fn is_sign_in_list(first: &str) -> bool {
    split(first).any(|heading| {
        let heading = heading.to_lowercase().replace([' ', '-'], "_");
        let numbered =
            ["user1", "user2", "password1", "password2", "pass1", "pass2", "authuser1", "authuser2"];
        let sides = ["source_", "destination_", "old_", "new_", "from_", "to_"];
        let ends = [
            "user",
            "login",
            "username",
            "pass",
            "password",
            "admin",
            "admin_form",
            "token_file",
            "token_command",
        ];
        numbered.contains(&heading.as_str())
            || sides.iter().any(|side| heading.strip_prefix(side).is_some_and(|rest| ends.contains(&rest)))
    })
}

/// Whether every line has an address in the same one of several columns.
pub(super) fn has_addresses(lines: &[&str]) -> bool {
    let Some(first) = lines.first() else { return false };
    let columns = split(first).count();
    columns > 1
        && (0..columns).any(|at| {
            lines
                .iter()
                .all(|line| split(line).nth(at).is_some_and(|field| EmailAddress::parse(field).is_ok()))
        })
}

/// The separator of a line: the most frequent one.
fn separator(line: &str) -> char {
    let count = |sign: &char| line.matches(*sign).count();
    [',', ';', '\t'].into_iter().rev().max_by_key(count).unwrap_or(',')
}

fn split(line: &str) -> impl Iterator<Item = &str> {
    line.split(separator(line)).map(|field| field.trim().trim_matches('"').trim())
}

pub(super) fn read(text: &str, found: &mut Collector<'_>) -> Result<(), AccountsError> {
    // Spreadsheets write and understand a first line such as `sep=;`.
    let (text, skipped) = match text.split_once('\n') {
        Some((first, rest)) if first.starts_with("sep=") => (rest, 1),
        _ => (text, 0),
    };
    let is_row = |line: &&str| !line.trim().is_empty() && !line.starts_with('#');
    let lines: Vec<&str> = text.lines().filter(is_row).take(50).collect();
    let first = lines.first().copied().unwrap_or_default();
    let mut columns: Option<Vec<Option<Column>>> = None;
    if !has_known_heading(&lines) {
        columns = Some(columns_by_content(&lines));
    }
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(u8::try_from(separator(first)).unwrap_or(b','))
        .comment(Some(b'#'))
        .flexible(true)
        .has_headers(false)
        .from_reader(text.as_bytes());
    for record in reader.records() {
        let malformed = |line: u64| AccountsError::Malformed { format: Format::Table, line: line + skipped };
        let record = record.map_err(|error| malformed(error.position().map_or(1, csv::Position::line)))?;
        let line = record.position().map_or(1, csv::Position::line);
        if record.iter().any(|field| field.len() > MAX_FIELD) {
            return Err(malformed(line));
        }
        if record.iter().all(|field| field.trim().is_empty()) {
            continue;
        }
        match &columns {
            None => columns = Some(record.iter().map(column).collect()),
            Some(columns) => row(&Row { columns, record: &record, line: line + skipped }, found)?,
        }
    }
    Ok(())
}

/// A table without headings: one column of addresses, and perhaps one of targets. Nothing else is taken, because a
/// column without a heading may hold passwords.
fn columns_by_content(lines: &[&str]) -> Vec<Option<Column>> {
    let width = lines.iter().map(|line| split(line).count()).max().unwrap_or(0);
    let has_address =
        |at: &usize| lines.iter().all(|line| split(line).nth(*at).is_some_and(|field| field.contains('@')));
    let mut with_addresses = (0..width).filter(has_address);
    let (first, second) = (with_addresses.next(), with_addresses.next());
    (0..width)
        .map(|at| match Some(at) {
            place if place == first => Some(Column::Address),
            place if place == second => Some(Column::Targets),
            _ => None,
        })
        .collect()
}

struct Row<'a> {
    columns: &'a [Option<Column>],
    record: &'a csv::StringRecord,
    line: u64,
}

impl<'a> Row<'a> {
    fn field(&self, column: Column) -> &'a str {
        let at = self.columns.iter().position(|known| *known == Some(column));
        at.and_then(|at| self.record.get(at)).unwrap_or_default().trim()
    }

    fn has(&self, column: Column) -> bool {
        self.columns.contains(&Some(column))
    }
}

fn row(row: &Row<'_>, found: &mut Collector<'_>) -> Result<(), AccountsError> {
    let line = row.line;
    let address = match (row.field(Column::Address), row.field(Column::User)) {
        ("", user) => user,
        (address, _) => address,
    };
    let targets = row.field(Column::Targets);
    if address.is_empty() && row.has(Column::Targets) {
        return found.route_to(line, row.field(Column::Alias), several(targets));
    }
    if !targets.is_empty() {
        return found.route_to(line, address, several(targets));
    }
    let is_active =
        !matches!(row.field(Column::Active).to_lowercase().as_str(), "0" | "no" | "false" | "nein");
    let both = format!("{} {}", row.field(Column::FirstName), row.field(Column::LastName));
    let name = match row.field(Column::Name) {
        "" => both.trim(),
        name => name,
    };
    found.account(FoundAccount { line, address, user: row.field(Column::User), name, is_active })?;
    for alias in several(row.field(Column::Alias)) {
        // Exchange writes the main address as `SMTP:` and the others as `smtp:`.
        let bare = alias
            .get(..5)
            .filter(|head| head.eq_ignore_ascii_case("smtp:"))
            .map_or(alias, |_| alias.get(5..).unwrap_or_default());
        if !bare.eq_ignore_ascii_case(address) {
            found.route_to(line, bare, std::iter::once(address))?;
        }
    }
    Ok(())
}

/// Addresses in one field, separated as people do it.
fn several(field: &str) -> impl Iterator<Item = &str> {
    field.split([',', ';', '|', '\n', ' ']).map(str::trim).filter(|address| !address.is_empty())
}
