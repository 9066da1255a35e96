//! A Dovecot passwd-file: `user:password:uid:gid:gecos:home:shell:extra`, with any number of fields left away.

use super::lines::lines;
use crate::accounts::AccountsError;
use crate::accounts::collector::{Collector, FoundAccount};

/// Whether a line is a name and, directly behind a colon, a password. In doubt it is one: a password taken for the target
/// of an alias would be shown.
pub(in crate::accounts) fn fits(line: &str) -> bool {
    let Some((name, rest)) = line.trim().split_once(':') else { return false };
    let is_bad = |sign: char| sign.is_whitespace() || "\",;".contains(sign);
    let is_name = !name.is_empty() && !name.contains(is_bad);
    let has_scheme = rest.starts_with('{') && rest.contains('}');
    // An alias leads to addresses, to a program, a file or a list of them.
    let leads_somewhere = rest.starts_with([' ', '\t', '|', '"', '/', ':', '\\']) && !rest.starts_with("::");
    let has_address = rest.split(':').next().is_some_and(|field| field.contains(['@', ',']));
    is_name && (has_scheme || !(leads_somewhere || has_address))
}

pub(in crate::accounts) fn read(text: &str, found: &mut Collector<'_>) -> Result<(), AccountsError> {
    for line in lines(text) {
        // The second field is a hash, and is not looked at.
        let mut fields = line.text.split(':');
        let user = fields.next().unwrap_or_default();
        let name = fields.nth(3).unwrap_or_default();
        found.account(FoundAccount { line: line.number, address: user, user, name, is_active: true })?;
    }
    Ok(())
}
