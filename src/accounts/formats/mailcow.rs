//! mailcow: what its API answers to `get/mailbox/all` and `get/alias/all`.

use serde::Deserialize;
use serde_json::Value;

use super::json;
use crate::accounts::collector::{Collector, FoundAccount};
use crate::accounts::{AccountsError, Format, WhyLeftOut};

/// A mailbox has a `username`, an alias has `address` and `goto`.
#[derive(Deserialize)]
struct Item {
    username: Option<String>,
    name: Option<String>,
    address: Option<String>,
    goto: Option<String>,
    active: Option<Value>,
}

pub(in crate::accounts) fn read(text: &str, found: &mut Collector<'_>) -> Result<(), AccountsError> {
    let items: Vec<Item> = json::list(text, Format::Mailcow)?;
    for item in items {
        let is_active = json::is_on(item.active.as_ref());
        match item {
            Item { address: Some(address), goto: Some(goto), .. } => {
                if is_active {
                    found.route(0, &address, &goto)?;
                } else {
                    found.leave_out(0, &address, WhyLeftOut::SwitchedOff);
                }
            }
            Item { username: Some(user), name, .. } => found.account(FoundAccount {
                line: 0,
                address: &user,
                user: &user,
                name: &name.unwrap_or_default(),
                is_active,
            })?,
            _ => return Err(AccountsError::Malformed { format: Format::Mailcow, line: 1 }),
        }
    }
    Ok(())
}
