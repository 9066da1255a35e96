//! The users' CSV of the Google admin console (support.google.com/a/answer/40057: required columns, “/” for the top unit).

use super::{ExportInput, ExportTable, PersonName, person_name};
use crate::values::csv_row;

const HEADS: [&str; 5] = [
    "First Name [Required]",
    "Last Name [Required]",
    "Email Address [Required]",
    "Password [Required]",
    "Org Unit Path [Required]",
];

pub(super) fn users(input: ExportInput<'_>) -> ExportTable {
    let mut text = csv_row(HEADS);
    let mut without_password = 0;
    for account in input.accounts {
        let (PersonName { first, last }, address) = (person_name(account), account.address.to_ascii());
        let password = account.password.as_ref().map_or("", |password| password.expose());
        without_password += usize::from(password.is_empty());
        text.push_str(&csv_row([&first, &last, &address, password, "/"]));
    }
    let mut notes = Vec::new();
    if without_password > 0 {
        notes.push(
            "Google wants a password in every row: fill the column in, or have passwords made.".to_owned(),
        );
    }
    if !input.plan.routes.is_empty() {
        notes.push(
            "Google’s file has no place for aliases and lists: create them from the table (CSV), aliases with the user and lists as groups.".to_owned(),
        );
    }
    ExportTable { text, notes }
}
