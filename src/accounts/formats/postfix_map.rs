//! The text from which `postmap` makes a map (postmap(1), virtual(5)): a key, white space, a value.

use super::lines::entries;
use crate::accounts::collector::{Collector, FoundAccount};
use crate::accounts::{AccountsError, Format, WhyLeftOut};
use crate::values::DomainName;

/// Whether the lines are a map, and then whether it is one of mailboxes.
pub(in crate::accounts) fn fits(lines: &[&str]) -> Option<bool> {
    let mut is_of_mailboxes = false;
    let mut is_of_aliases = false;
    for line in lines.iter().filter(|line| !line.starts_with(char::is_whitespace)) {
        let (key, value) = line.trim().split_once(char::is_whitespace)?;
        let value = value.trim();
        let is_key =
            !key.contains(|sign: char| "\",;:".contains(sign)) && (key.contains('@') || key.contains('.'));
        if !is_key {
            return None;
        }
        if value.contains('@') || value.starts_with('|') || value.starts_with(':') {
            is_of_aliases = true;
        } else if value.contains('/') {
            is_of_mailboxes = true;
        } else if value.contains(char::is_whitespace) && !value.contains(',') {
            // Words of a person: a table without headings.
            return None;
        }
    }
    (is_of_mailboxes || is_of_aliases || !lines.is_empty()).then_some(is_of_mailboxes && !is_of_aliases)
}

pub(in crate::accounts) fn read_mailboxes(
    text: &str,
    found: &mut Collector<'_>,
) -> Result<(), AccountsError> {
    for entry in entries(text) {
        let (key, _path) = split(&entry.text, Format::PostfixMailboxes, entry.number)?;
        if key.starts_with('@') {
            found.leave_out(entry.number, key, WhyLeftOut::CatchAllMailbox);
        } else {
            found.account(FoundAccount {
                line: entry.number,
                address: key,
                user: key,
                name: "",
                is_active: true,
            })?;
        }
    }
    Ok(())
}

pub(in crate::accounts) fn read_aliases(text: &str, found: &mut Collector<'_>) -> Result<(), AccountsError> {
    for entry in entries(text) {
        let (key, value) = split(&entry.text, Format::PostfixAliases, entry.number)?;
        // `example.org anything` says that the domain is a virtual one, and names no address.
        let is_domain = !key.contains('@') && key.contains('.') && DomainName::parse(key).is_ok();
        if is_domain && !value.contains('@') {
            continue;
        }
        // Addresses may be separated by commas or by white space alone; programs have arguments.
        if value.contains(['"', '|', '<']) {
            found.route(entry.number, key, value)?;
        } else {
            let targets = value.split(|sign: char| sign == ',' || sign.is_whitespace());
            found.route_to(entry.number, key, targets.filter(|target| !target.is_empty()))?;
        }
    }
    Ok(())
}

fn split(entry: &str, format: Format, line: u64) -> Result<(&str, &str), AccountsError> {
    let parts = entry.split_once(char::is_whitespace).map(|(key, value)| (key, value.trim()));
    parts.ok_or(AccountsError::Malformed { format, line })
}
