//! `/etc/passwd` (passwd(5)): name, password, number, group, comment, home, shell.

use super::lines::lines;
use crate::accounts::collector::{Collector, FoundAccount};
use crate::accounts::{AccountsError, Format, WhyLeftOut};

/// Numbers below this are system users on Linux (`UID_MIN` in login.defs(5)); FreeBSD and `OpenBSD` begin at 1000 and 1001.
const FIRST_PERSON: u32 = 1_000;
/// `nobody`, and numbers above it that systemd and containers give out.
const FIRST_BEYOND: u32 = 60_000;

/// Whether a line has the seven fields, with no password hash in the second.
pub(in crate::accounts) fn fits(line: &str) -> bool {
    let fields: Vec<&str> = line.trim().split(':').collect();
    let [name, password, uid, gid, _, home, shell] = fields.as_slice() else { return false };
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let has_no_hash = matches!(*password, "" | "x" | "*" | "!" | "!!" | "*LK*" | "********");
    !name.is_empty()
        && has_no_hash
        && is_number(uid)
        && is_number(gid)
        && home.starts_with('/')
        && (shell.is_empty() || shell.starts_with('/'))
}

/// Whether a line is of `/etc/shadow`: nine fields, the third of which is a day (shadow(5)).
pub(in crate::accounts) fn is_shadow(line: &str) -> bool {
    let fields: Vec<&str> = line.trim().split(':').collect();
    let is_number = |text: &&str| text.bytes().all(|byte| byte.is_ascii_digit());
    matches!(fields.as_slice(), [name, hash, days @ .., _]
        if fields.len() == 9
            && !name.is_empty()
            && !hash.starts_with('{')
            && days.iter().all(is_number))
}

pub(in crate::accounts) fn read(text: &str, found: &mut Collector<'_>) -> Result<(), AccountsError> {
    for line in lines(text) {
        let fields: Vec<&str> = line.text.split(':').collect();
        let [name, _, uid, _, comment, _, _] = fields.as_slice() else {
            return Err(AccountsError::Malformed { format: Format::Passwd, line: line.number });
        };
        let Ok(uid) = uid.trim().parse::<u32>() else {
            return Err(AccountsError::Malformed { format: Format::Passwd, line: line.number });
        };
        if !(FIRST_PERSON..FIRST_BEYOND).contains(&uid) {
            found.leave_out(line.number, name, WhyLeftOut::SystemAccount { uid });
            continue;
        }
        // The comment is `Anna Weber,room,phone,phone` (finger(1)).
        let person = comment.split(',').next().unwrap_or_default();
        found.account(FoundAccount {
            line: line.number,
            address: name,
            user: name,
            name: person,
            is_active: true,
        })?;
    }
    Ok(())
}
