//! A Dovecot passwd-file: `user:password:uid:gid:gecos:home:shell:extra`, with any number of fields left away.

use super::lines::lines;
use crate::accounts::AccountsError;
use crate::accounts::collector::{Collector, FoundAccount};

/// Whether a line begins with a name and, behind a colon, a password in one of Dovecot's schemes or something short of it.
pub(in crate::accounts) fn fits(line: &str) -> bool {
    let Some((name, rest)) = line.trim().split_once(':') else { return false };
    let (password, others) = rest.split_once(':').unwrap_or((rest, ""));
    let is_name =
        !name.is_empty() && !name.contains(|sign: char| sign.is_whitespace() || "\",;".contains(sign));
    let has_scheme = password.starts_with('{') || password.starts_with('$') || password.is_empty();
    let has_numbers = others.split(':').take(2).all(|field| field.bytes().all(|byte| byte.is_ascii_digit()));
    is_name && !password.contains(char::is_whitespace) && (has_scheme || rest.contains("::")) && has_numbers
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
