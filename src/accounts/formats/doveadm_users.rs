//! `doveadm user '*'`: one user per line.

use super::lines::lines;
use crate::accounts::AccountsError;
use crate::accounts::collector::{Collector, FoundAccount};

pub(in crate::accounts) fn read(text: &str, found: &mut Collector<'_>) -> Result<(), AccountsError> {
    for line in lines(text) {
        let user = line.text.trim();
        found.account(FoundAccount { line: line.number, address: user, user, name: "", is_active: true })?;
    }
    Ok(())
}
