//! The users' CSV of the Microsoft 365 admin center (“Add several users at the same time”): its headings word for word;
//! user name and display name are required. Passwords are made by Microsoft.

use super::{ExportInput, ExportTable, PersonName, display_name, person_name};
use crate::values::csv_row;

const HEADS: [&str; 16] = [
    "User Name",
    "First Name",
    "Last Name",
    "Display Name",
    "Job Title",
    "Department",
    "Office Number",
    "Office Phone",
    "Mobile Phone",
    "Fax",
    "Alternate email address",
    "Address",
    "City",
    "State or Province",
    "ZIP or Postal Code",
    "Country or Region",
];

pub(super) fn users(input: ExportInput<'_>) -> ExportTable {
    let mut text = csv_row(HEADS);
    for account in input.accounts {
        let PersonName { first, last } = person_name(account);
        let (address, shown) = (account.address.to_ascii(), display_name(account));
        let known = [address.as_str(), &first, &last, &shown];
        text.push_str(&csv_row(known.into_iter().chain(std::iter::repeat_n("", HEADS.len() - known.len()))));
    }
    let mut notes =
        vec!["Microsoft makes the passwords and shows them once, at the end of the import.".to_owned()];
    if !input.plan.routes.is_empty() {
        notes.push("Aliases and lists are in a file of their own: Microsoft 365 aliases.".to_owned());
    }
    ExportTable { text, notes }
}
