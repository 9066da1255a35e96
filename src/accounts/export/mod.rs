//! Mailboxes and aliases in the forms in which providers take many at once.

mod generic;
mod google;
mod microsoft;
mod powershell;

use super::AliasPlan;
use crate::values::{EmailAddress, Secret};

/// The forms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExportFormat {
    /// A table of everything, for people and for other programs.
    Csv,
    /// “Bulk update users” of the Google admin console.
    Google,
    /// “Add multiple users” of the Microsoft 365 admin center.
    Microsoft365,
    /// Aliases and lists as commands for Exchange Online.
    Microsoft365Aliases,
}

impl ExportFormat {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Csv, Self::Google, Self::Microsoft365, Self::Microsoft365Aliases];

    /// Its name for programs.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Google => "google",
            Self::Microsoft365 => "microsoft365",
            Self::Microsoft365Aliases => "microsoft365-aliases",
        }
    }

    /// What it is, for people.
    pub const fn words(self) -> &'static str {
        match self {
            Self::Csv => "Table (CSV)",
            Self::Google => "Google Workspace users",
            Self::Microsoft365 => "Microsoft 365 users",
            Self::Microsoft365Aliases => "Microsoft 365 aliases",
        }
    }

    /// What follows the last dot of a file name.
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Microsoft365Aliases => "ps1",
            Self::Csv | Self::Google | Self::Microsoft365 => "csv",
        }
    }

    /// Whether it has a place for passwords.
    pub const fn takes_passwords(self) -> bool {
        matches!(self, Self::Csv | Self::Google)
    }

    /// The form with this name.
    pub fn by_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.name() == name)
    }
}

/// A mailbox to create.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportAccount {
    /// Its address.
    pub address: EmailAddress,
    /// The owner's name; may be empty.
    pub name: String,
    /// Its new password, if one was made.
    pub password: Option<Secret>,
}

/// What is exported.
#[derive(Clone, Copy, Debug)]
pub struct ExportInput<'a> {
    /// The mailboxes to create.
    pub accounts: &'a [ExportAccount],
    /// The aliases.
    pub plan: &'a AliasPlan,
}

/// An export, and what it cannot say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportTable {
    /// The text of the file; holds passwords where the accounts have any.
    pub text: String,
    /// What the owner has to know about it.
    pub notes: Vec<String>,
}

/// Writes the file for this form.
pub fn export(format: ExportFormat, input: ExportInput<'_>) -> ExportTable {
    match format {
        ExportFormat::Csv => generic::table(input),
        ExportFormat::Google => google::users(input),
        ExportFormat::Microsoft365 => microsoft::users(input),
        ExportFormat::Microsoft365Aliases => powershell::aliases(input),
    }
}

/// The name of a person, as providers ask for it.
struct PersonName {
    first: String,
    last: String,
}

/// The last word is the last name. Without a name the address stands for both.
fn person_name(account: &ExportAccount) -> PersonName {
    let local = account.address.local();
    let name = account.name.trim();
    let (first, last) = match name.rsplit_once(char::is_whitespace) {
        Some((first, last)) => (first.trim(), last),
        None if name.is_empty() => (local, local),
        None => (name, local),
    };
    PersonName { first: first.to_owned(), last: last.to_owned() }
}

/// The name that people see.
fn display_name(account: &ExportAccount) -> String {
    match account.name.trim() {
        "" => account.address.local().to_owned(),
        name => name.to_owned(),
    }
}

#[cfg(test)]
mod export_tests;
