//! Reads the list of mailboxes from a CSV file (RFC 4180), as spreadsheets really write it.

use std::collections::BTreeSet;

use thiserror::Error;

use crate::values::{
    CommandLine, CommandLineError, Credential, EmailAddress, EmailAddressError, NameForm, NameFormError,
    Secret, SignInId, SignInIdError, SignInWay,
};

/// Largest file that is read, in bytes; ten thousand rows need about one million.
const MAX_BYTES: usize = 4_000_000;

/// Most rows that are read.
const MAX_ROWS: usize = 10_000;

/// The columns by the names that this program writes, and what other programs call them.
const COLUMNS: [(Column, &[&str]); 17] = [
    (Column::Address, &["address", "email", "e-mail", "mail", "mailbox", "email_address", "e-mail_address"]),
    (
        Column::SourceUser,
        &["source_user", "user1", "source_username", "source_login", "old_user", "old_login", "from_user"],
    ),
    (
        Column::SourcePassword,
        &["source_password", "password1", "pass1", "source_pass", "old_password", "from_password"],
    ),
    (
        Column::DestinationUser,
        &[
            "destination_user",
            "user2",
            "destination_username",
            "destination_login",
            "new_user",
            "new_login",
            "to_user",
        ],
    ),
    (
        Column::DestinationPassword,
        &["destination_password", "password2", "pass2", "destination_pass", "new_password", "to_password"],
    ),
    (Column::SourceAdmin, &["source_admin", "authuser1", "from_admin"]),
    (Column::DestinationAdmin, &["destination_admin", "authuser2", "to_admin"]),
    (Column::SourceAdminForm, &["source_admin_form", "from_admin_form"]),
    (Column::DestinationAdminForm, &["destination_admin_form", "to_admin_form"]),
    (Column::SourceTokenFile, &["source_token_file", "from_token_file"]),
    (Column::DestinationTokenFile, &["destination_token_file", "to_token_file"]),
    (Column::SourceTokenCommand, &["source_token_command", "from_token_command"]),
    (Column::DestinationTokenCommand, &["destination_token_command", "to_token_command"]),
    (Column::SourceSignIn, &["source_sign_in", "from_sign_in"]),
    (Column::DestinationSignIn, &["destination_sign_in", "to_sign_in"]),
    (Column::SourceKeyFile, &["source_key_file", "from_key_file"]),
    (Column::DestinationKeyFile, &["destination_key_file", "to_key_file"]),
];

/// The columns of one side beyond its user name: password, admin, token file, token command, form of the admin's name,
/// provider that was signed in to, key file.
type WayColumns = [Column; 7];
const SOURCE_WAY: WayColumns = [
    Column::SourcePassword,
    Column::SourceAdmin,
    Column::SourceTokenFile,
    Column::SourceTokenCommand,
    Column::SourceAdminForm,
    Column::SourceSignIn,
    Column::SourceKeyFile,
];
const DESTINATION_WAY: WayColumns = [
    Column::DestinationPassword,
    Column::DestinationAdmin,
    Column::DestinationTokenFile,
    Column::DestinationTokenCommand,
    Column::DestinationAdminForm,
    Column::DestinationSignIn,
    Column::DestinationKeyFile,
];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Column {
    Address,
    SourceUser,
    SourcePassword,
    DestinationUser,
    DestinationPassword,
    SourceAdmin,
    DestinationAdmin,
    SourceAdminForm,
    DestinationAdminForm,
    SourceTokenFile,
    DestinationTokenFile,
    SourceTokenCommand,
    DestinationTokenCommand,
    SourceSignIn,
    DestinationSignIn,
    SourceKeyFile,
    DestinationKeyFile,
}

/// A mailbox as a CSV file has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CsvRow {
    /// Line in the file, for messages.
    pub line: u64,
    /// The mailbox's own address.
    pub address: EmailAddress,
    /// User name at the source; the address where the file has none.
    pub source_user: String,
    /// Password at the source.
    pub source_password: Option<Secret>,
    /// User name at the destination; the address where the file has none.
    pub destination_user: String,
    /// Password at the destination.
    pub destination_password: Option<Secret>,
    /// Whether the file has a column for the user name at the source. Without one, it says nothing about the name of
    /// a mailbox that is known already.
    pub has_source_user_column: bool,
    /// Whether the file has a column for the user name at the destination.
    pub has_destination_user_column: bool,
    /// How the source is signed in to; `None` where the file has no column about that.
    pub source_way: Option<SignInWay>,
    /// How the destination is signed in to.
    pub destination_way: Option<SignInWay>,
}

/// Why a CSV file cannot be taken. Words never contain a field that could be a password.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum CsvError {
    /// There is no row with text.
    #[error(
        "the file is empty: the first line names the columns, such as address,source_user,source_password,destination_user,destination_password"
    )]
    Empty,
    /// Larger than any list of mailboxes.
    #[error("the file is too large for a list of mailboxes (at most {} MB and {MAX_ROWS} rows)", MAX_BYTES / 1_000_000)]
    TooLarge,
    /// UTF-16, as some spreadsheets call “Unicode text”.
    #[error("the file is in UTF-16: save it again as “CSV UTF-8”")]
    Utf16,
    /// Bytes that are no UTF-8.
    #[error("line {line} is not in UTF-8: save the file again as “CSV UTF-8”")]
    NotUtf8 {
        /// Where.
        line: u64,
    },
    /// The first row is data.
    #[error(
        "line {line} is the first line and has no column names: put address,source_user,source_password,destination_user,destination_password above it"
    )]
    NoHeader {
        /// Where.
        line: u64,
    },
    /// A column that must be there is not.
    #[error("line {line} names no column “{column}”: it is needed, the others are optional")]
    MissingColumn {
        /// Line of the column names.
        line: u64,
        /// Its name.
        column: &'static str,
    },
    /// A column that looks like a user name or password, but not like one of ours.
    #[error(
        "line {line} names a column “{column}”, which could belong to either side: use source_user, source_password, destination_user or destination_password"
    )]
    UnclearColumn {
        /// Line of the column names.
        line: u64,
        /// Its name as written.
        column: String,
    },
    /// Two columns mean the same.
    #[error("line {line} names the column “{column}” twice: remove one of them")]
    DoubleColumn {
        /// Line of the column names.
        line: u64,
        /// Its name as written.
        column: String,
    },
    /// A row with more or fewer fields than there are columns.
    #[error(
        "line {line} has {found} fields, but there are {expected} columns: put a field that contains a separator or a quote between double quotes"
    )]
    FieldCount {
        /// Where.
        line: u64,
        /// Columns.
        expected: usize,
        /// Fields.
        found: usize,
    },
    /// A quote that is opened and never closed swallows the rest of the file.
    #[error("a double quote opened in line {line} is never closed: double a quote inside a field")]
    OpenQuote {
        /// Where.
        line: u64,
    },
    /// No address.
    #[error("line {line}: {source}")]
    BadAddress {
        /// Where.
        line: u64,
        /// What is wrong with it.
        source: EmailAddressError,
    },
    /// The same address again.
    #[error("line {line} repeats {address} from line {first_line}: remove one of them")]
    DuplicateAddress {
        /// Where.
        line: u64,
        /// Where it was first.
        first_line: u64,
        /// The address.
        address: String,
    },
    /// Several ways to sign in on one side.
    #[error("line {line} has both {first} and {second}: leave one of them empty")]
    TwoWays {
        /// Where.
        line: u64,
        /// Name of a column.
        first: &'static str,
        /// Name of the other.
        second: &'static str,
    },
    /// A command that cannot be run as written.
    #[error("line {line}: {source}")]
    BadCommand {
        /// Where.
        line: u64,
        /// What is wrong with it.
        source: CommandLineError,
    },
    /// An id of a provider that is none.
    #[error("line {line}: {source}")]
    BadProvider {
        /// Where.
        line: u64,
        /// What is wrong with it.
        source: SignInIdError,
    },
    /// A form of the admin's name that is none.
    #[error("line {line}: {source}")]
    BadForm {
        /// Where.
        line: u64,
        /// What is wrong with it.
        source: NameFormError,
    },
    /// Anything else that the reader reports.
    #[error("line {line} cannot be read as CSV")]
    Unreadable {
        /// Where.
        line: u64,
    },
}

/// Reads a list of mailboxes: UTF-8 with or without byte-order mark, separated by comma, semicolon or tab.
///
/// The first row names the columns. Blank lines, and lines that begin with `#`, are skipped. Only the address is
/// needed; an empty user name is the address, an empty password is none. Passwords are taken as they stand.
pub fn parse_mailboxes(bytes: &[u8]) -> Result<Vec<CsvRow>, CsvError> {
    let text = decode(bytes)?;
    let Layout { text, skipped: line_offset, separator } = find_separator(text);
    check_quotes(text, line_offset)?;
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(separator)
        .comment(Some(b'#'))
        .flexible(true)
        .has_headers(false)
        .from_reader(text.as_bytes());
    let mut header: Option<Header> = None;
    let mut rows: Vec<CsvRow> = Vec::new();
    let mut seen: std::collections::BTreeMap<String, u64> = std::collections::BTreeMap::new();
    for record in reader.records() {
        let record = record.map_err(|error| CsvError::Unreadable {
            line: error.position().map_or(0, csv::Position::line) + line_offset,
        })?;
        let line = record.position().map_or(0, |position| line_of(text, position)) + line_offset;
        if record.iter().all(|field| field.trim().is_empty()) {
            continue;
        }
        let Some(header) = &header else {
            header = Some(Header::read(&record, line)?);
            continue;
        };
        if rows.len() == MAX_ROWS {
            return Err(CsvError::TooLarge);
        }
        let row = header.row(&record, line)?;
        if let Some(first_line) = seen.insert(row.address.to_ascii().to_lowercase(), line) {
            let address = row.address.to_string();
            return Err(CsvError::DuplicateAddress { line, first_line, address });
        }
        rows.push(row);
    }
    if header.is_none() {
        return Err(CsvError::Empty);
    }
    Ok(rows)
}

fn decode(bytes: &[u8]) -> Result<&str, CsvError> {
    if bytes.len() > MAX_BYTES {
        return Err(CsvError::TooLarge);
    }
    // Without a mark, UTF-16 of Western text has a zero in every second byte.
    if bytes.starts_with(&[0xff, 0xfe])
        || bytes.starts_with(&[0xfe, 0xff])
        || bytes.iter().take(64).any(|byte| *byte == 0)
    {
        return Err(CsvError::Utf16);
    }
    let bytes = bytes.strip_prefix(&[0xef, 0xbb, 0xbf]).unwrap_or(bytes);
    std::str::from_utf8(bytes).map_err(|error| {
        let before = bytes.iter().take(error.valid_up_to());
        let breaks = before.filter(|byte| **byte == b'\n').count();
        CsvError::NotUtf8 { line: u64::try_from(breaks).unwrap_or(0) + 1 }
    })
}

/// How a list is laid out.
struct Layout<'t> {
    /// The text to read.
    text: &'t str,
    /// Lines that were taken off its front.
    skipped: u64,
    separator: u8,
}

fn find_separator(text: &str) -> Layout<'_> {
    // Spreadsheets write and understand a first line such as `sep=;`.
    if let Some((first, rest)) = text.split_once('\n')
        && let Some(separator) = first.trim_end().strip_prefix("sep=")
        && let [separator @ (b',' | b';' | b'\t')] = separator.as_bytes()
    {
        return Layout { text: rest, skipped: 1, separator: *separator };
    }
    let is_names = |line: &&str| !line.trim().is_empty() && !line.starts_with('#');
    let names = text.lines().find(is_names).unwrap_or_default();
    let count = |separator: char| names.matches(separator).count();
    let separator = [(';', b';'), ('\t', b'\t')]
        .into_iter()
        .find(|(separator, _)| count(*separator) > count(','))
        .map_or(b',', |(_, byte)| byte);
    Layout { text, skipped: 0, separator }
}

/// Line of a record. The reader's position is where it went on reading, before blank lines and comments.
fn line_of(text: &str, position: &csv::Position) -> u64 {
    let start = usize::try_from(position.byte()).unwrap_or(usize::MAX);
    let skipped = text
        .get(start..)
        .unwrap_or_default()
        .lines()
        .take_while(|line| line.is_empty() || line.starts_with('#'))
        .count();
    position.line() + u64::try_from(skipped).unwrap_or(0)
}

/// Finds a quote that is opened and never closed, which the CSV reader would take for a long field.
fn check_quotes(text: &str, line_offset: u64) -> Result<(), CsvError> {
    let mut opened_in = None;
    for (line, text) in (line_offset + 1..).zip(text.lines()) {
        if opened_in.is_none() && text.starts_with('#') {
            continue;
        }
        if text.matches('"').count() % 2 == 1 {
            opened_in = if opened_in.is_some() { None } else { Some(line) };
        }
    }
    opened_in.map_or(Ok(()), |line| Err(CsvError::OpenQuote { line }))
}

/// Which column each field belongs to; `None` for columns that do not concern us.
struct Header {
    columns: Vec<Option<Column>>,
}

impl Header {
    fn read(record: &csv::StringRecord, line: u64) -> Result<Self, CsvError> {
        if record.iter().any(|field| field.contains('@')) {
            return Err(CsvError::NoHeader { line });
        }
        let mut columns = Vec::new();
        let mut known = BTreeSet::new();
        for field in record {
            let name = field.trim().to_lowercase().replace(' ', "_");
            let found = COLUMNS.iter().position(|(_, names)| names.contains(&name.as_str()));
            let Some(index) = found else {
                // Other columns may be there, but a misspelt password column must not get lost.
                if ["pass", "pw", "user", "login", "token"].iter().any(|word| name.contains(word)) {
                    return Err(CsvError::UnclearColumn { line, column: field.trim().to_owned() });
                }
                columns.push(None);
                continue;
            };
            if !known.insert(index) {
                return Err(CsvError::DoubleColumn { line, column: field.trim().to_owned() });
            }
            columns.push(COLUMNS.get(index).map(|(column, _)| *column));
        }
        if !columns.contains(&Some(Column::Address)) {
            return Err(CsvError::MissingColumn { line, column: "address" });
        }
        Ok(Self { columns })
    }

    fn row(&self, record: &csv::StringRecord, line: u64) -> Result<CsvRow, CsvError> {
        let expected = self.columns.len();
        let surplus = record.iter().skip(expected).any(|field| !field.is_empty());
        if record.len() < expected || surplus {
            return Err(CsvError::FieldCount { line, expected, found: record.len() });
        }
        let field = |column: Column| {
            let index = self.columns.iter().position(|known| *known == Some(column))?;
            record.get(index).filter(|field| !field.is_empty())
        };
        let address = EmailAddress::parse(field(Column::Address).unwrap_or_default())
            .map_err(|source| CsvError::BadAddress { line, source })?;
        let user = |column: Column| {
            let name = field(column).map(str::trim).filter(|name| !name.is_empty());
            name.map_or_else(|| address.to_ascii(), ToOwned::to_owned)
        };
        Ok(CsvRow {
            line,
            source_user: user(Column::SourceUser),
            source_password: field(Column::SourcePassword).map(Secret::new),
            destination_user: user(Column::DestinationUser),
            destination_password: field(Column::DestinationPassword).map(Secret::new),
            has_source_user_column: self.columns.contains(&Some(Column::SourceUser)),
            has_destination_user_column: self.columns.contains(&Some(Column::DestinationUser)),
            source_way: self.way(SOURCE_WAY, field, line)?,
            destination_way: self.way(DESTINATION_WAY, field, line)?,
            address,
        })
    }

    /// How one side is signed in to, where the file has a column about that.
    fn way<'r>(
        &self,
        columns: WayColumns,
        field: impl Fn(Column) -> Option<&'r str>,
        line: u64,
    ) -> Result<Option<SignInWay>, CsvError> {
        let [password, admin, token_file, token_command, admin_form, sign_in, key_file] = columns;
        if ![admin, admin_form, token_file, token_command, sign_in, key_file]
            .iter()
            .any(|column| self.columns.contains(&Some(*column)))
        {
            return Ok(None);
        }
        let value = |column| field(column).map(str::trim).filter(|text| !text.is_empty());
        let given: Vec<Column> = [token_file, token_command, sign_in, key_file, admin, password]
            .into_iter()
            .filter(|one| value(*one).is_some())
            .collect();
        // If there is an admin, the password is the admin's.
        if let [first, second, ..] = given.as_slice()
            && (*first, *second) != (admin, password)
        {
            return Err(CsvError::TwoWays { line, first: name_of(*first), second: name_of(*second) });
        }
        let credential = if let Some(path) = value(token_file) {
            Credential::TokenFile(path.into())
        } else if let Some(text) = value(token_command) {
            let command = CommandLine::parse(text);
            Credential::TokenCommand(command.map_err(|source| CsvError::BadCommand { line, source })?)
        } else if let Some(id) = value(sign_in) {
            let id = SignInId::parse(id).map_err(|source| CsvError::BadProvider { line, source })?;
            Credential::SignedIn(id)
        } else if let Some(path) = value(key_file) {
            Credential::KeyFile(path.into())
        } else if let Some(name) = value(admin) {
            admin_of(name, value(admin_form)).map_err(|source| CsvError::BadForm { line, source })?
        } else if value(admin_form).is_some() {
            return Err(CsvError::BadForm { line, source: NameFormError::NoAdmin });
        } else {
            Credential::Password
        };
        Ok(Some(SignInWay::with(credential)))
    }
}

/// An admin, by the form of the name where there is one.
fn admin_of(name: &str, form: Option<&str>) -> Result<Credential, NameFormError> {
    let admin = name.to_owned();
    Ok(match form {
        Some(form) => Credential::AdminByName { admin, form: NameForm::parse(form)? },
        None => Credential::Admin(admin),
    })
}

/// The name that this program writes for a column.
fn name_of(column: Column) -> &'static str {
    COLUMNS
        .iter()
        .find(|(known, _)| *known == column)
        .and_then(|(_, names)| names.first())
        .map_or("", |name| name)
}

#[cfg(test)]
mod mailbox_csv_tests;
