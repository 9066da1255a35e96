//! Modoboa's CSV of identities, which has no headings: the first field says what a row is.
//!
//! `account; loginname; password; first name; last name; enabled; role; address; quota; …`
//! `alias; address; enabled; recipient; recipient; …`

use crate::accounts::collector::{Collector, FoundAccount};
use crate::accounts::{AccountsError, Format, WhyLeftOut};

const KINDS: [&str; 7] = ["account", "alias", "forward", "dlist", "domain", "domainalias", "relaydomain"];

/// Whether a row begins with one of Modoboa's words.
pub(in crate::accounts) fn fits(line: &str) -> bool {
    let separator = separator(line);
    let mut fields = line.split(separator).map(|field| field.trim().trim_matches('"'));
    fields.next().is_some_and(|kind| KINDS.contains(&kind)) && fields.nth(1).is_some()
}

fn separator(line: &str) -> char {
    if line.contains(';') { ';' } else { ',' }
}

pub(in crate::accounts) fn read(text: &str, found: &mut Collector<'_>) -> Result<(), AccountsError> {
    let separator = text
        .lines()
        .find(|line| fits(line))
        .map_or(b';', |line| if separator(line) == ';' { b';' } else { b',' });
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(separator)
        .flexible(true)
        .has_headers(false)
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    for record in reader.records() {
        let malformed = |line| AccountsError::Malformed { format: Format::Modoboa, line };
        let record = record.map_err(|error| malformed(error.position().map_or(1, csv::Position::line)))?;
        let line = record.position().map_or(1, csv::Position::line);
        let field = |at: usize| record.get(at).unwrap_or_default();
        let is_on = |at: usize| !matches!(field(at).to_ascii_lowercase().as_str(), "false" | "0" | "no" | "");
        match field(0) {
            "account" if record.len() >= 8 => {
                // The third field is a password or its hash, and is not looked at.
                let name = format!("{} {}", field(3), field(4));
                let address = if field(7).is_empty() { field(1) } else { field(7) };
                found.account(FoundAccount {
                    line,
                    address,
                    user: field(1),
                    name: &name,
                    is_active: is_on(5),
                })?;
            }
            "alias" | "forward" | "dlist" if record.len() >= 4 => {
                if is_on(2) {
                    found.route_to(
                        line,
                        field(1),
                        record.iter().skip(3).filter(|target| !target.is_empty()),
                    )?;
                } else {
                    found.leave_out(line, field(1), WhyLeftOut::SwitchedOff);
                }
            }
            "domainalias" if record.len() >= 3 => found.leave_out(line, field(1), WhyLeftOut::DomainRewrite),
            "domain" | "relaydomain" | "" => {}
            _ => return Err(malformed(line)),
        }
    }
    Ok(())
}
