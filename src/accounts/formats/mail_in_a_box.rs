//! Mail-in-a-Box: what `/admin/mail/users?format=json` and `/admin/mail/aliases?format=json` answer.

use serde::Deserialize;

use super::json;
use crate::accounts::collector::{Collector, FoundAccount};
use crate::accounts::{AccountsError, Format};

#[derive(Deserialize)]
struct Domain {
    #[serde(default)]
    users: Vec<User>,
    #[serde(default)]
    aliases: Vec<Alias>,
}

#[derive(Deserialize)]
struct User {
    email: String,
    #[serde(default)]
    status: String,
}

#[derive(Deserialize)]
struct Alias {
    address: String,
    #[serde(default)]
    forwards_to: Vec<String>,
}

pub(in crate::accounts) fn read(text: &str, found: &mut Collector<'_>) -> Result<(), AccountsError> {
    let domains: Vec<Domain> = json::list(text, Format::MailInABox)?;
    for domain in domains {
        for user in domain.users {
            let is_active = user.status != "inactive";
            found.account(FoundAccount {
                line: 0,
                address: &user.email,
                user: &user.email,
                name: "",
                is_active,
            })?;
        }
        for alias in domain.aliases {
            found.route_to(0, &alias.address, alias.forwards_to.iter().map(String::as_str))?;
        }
    }
    Ok(())
}
