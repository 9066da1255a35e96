//! Writes one table for any provider (CSV).

use super::{ExportInput, ExportTable, display_name};
use crate::values::csv_row;

/// One row for each mailbox and each route; several targets are separated by blanks.
pub(super) fn table(input: ExportInput<'_>) -> ExportTable {
    let has_passwords = input.accounts.iter().any(|account| account.password.is_some());
    let mut heads = vec!["kind", "address", "name", "targets", "remarks"];
    if has_passwords {
        heads.push("password");
    }
    let mut text = csv_row(heads);
    for account in input.accounts {
        let (address, name) = (account.address.to_ascii(), display_name(account));
        let mut cells = vec!["mailbox", &address, &name, "", ""];
        if has_passwords {
            cells.push(account.password.as_ref().map_or("", |password| password.expose()));
        }
        text.push_str(&csv_row(cells));
    }
    for route in &input.plan.routes {
        let from = match &route.from {
            crate::accounts::RouteFrom::Address(address) => address.to_ascii(),
            crate::accounts::RouteFrom::CatchAll(domain) => format!("*@{}", domain.as_ascii()),
        };
        let targets: Vec<String> =
            route.inside.iter().chain(&route.outside).map(crate::values::EmailAddress::to_ascii).collect();
        let remarks: Vec<String> = route.troubles.iter().map(crate::accounts::RouteTrouble::words).collect();
        let (targets, remarks) = (targets.join(" "), remarks.join(". "));
        let mut cells = vec![route.kind.word(), &from, "", &targets, &remarks];
        if has_passwords {
            cells.push("");
        }
        text.push_str(&csv_row(cells));
    }
    ExportTable { text, notes: Vec::new() }
}
