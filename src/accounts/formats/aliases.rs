//! `/etc/aliases` of Postfix, Sendmail and Exim (aliases(5)): `name: target, target`.

use super::lines::entries;
use crate::accounts::collector::Collector;
use crate::accounts::{AccountsError, Format};

/// Whether an entry begins with a name and a colon.
pub(in crate::accounts) fn fits(line: &str) -> bool {
    split(line).is_some()
}

pub(in crate::accounts) fn read(text: &str, found: &mut Collector<'_>) -> Result<(), AccountsError> {
    for entry in entries(text) {
        let Some((name, targets)) = split(&entry.text) else {
            return Err(AccountsError::Malformed { format: Format::Aliases, line: entry.number });
        };
        found.route(entry.number, name, targets)?;
    }
    Ok(())
}

/// The name, which may stand in quotation marks, and what is behind the colon.
fn split(entry: &str) -> Option<(&str, &str)> {
    let entry = entry.trim_start();
    if let Some(quoted) = entry.strip_prefix('"') {
        let (name, rest) = quoted.split_once('"')?;
        return Some((name, rest.trim_start().strip_prefix(':')?));
    }
    let (name, rest) = entry.split_once(':')?;
    let name = name.trim();
    let is_bad = |sign: char| sign.is_whitespace() || "\";,<>|/".contains(sign);
    (!name.is_empty() && !name.contains(is_bad)).then_some((name, rest))
}
