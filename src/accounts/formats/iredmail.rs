//! iRedMail: LDIF of its directory, or an SQL dump of its database `vmail`.

use super::{ldif, sql_dump};
use crate::accounts::collector::{Collector, FoundAccount};
use crate::accounts::{AccountsError, WhyLeftOut};

/// Whether an export of a directory begins like this.
pub(in crate::accounts) fn is_ldif(line: &str) -> bool {
    let lower = line.get(..9).unwrap_or(line).to_ascii_lowercase();
    lower.starts_with("dn:") || lower.starts_with("version:")
}

/// Whether the text is a dump with the tables of iRedMail.
pub(in crate::accounts) fn is_sql(text: &str) -> bool {
    let begins = |words: &str| {
        text.lines().any(|line| {
            line.trim_start().get(..words.len()).is_some_and(|head| head.eq_ignore_ascii_case(words))
        })
    };
    let has_table = ["mailbox", "forwardings", "alias"].iter().any(|name| text.contains(name));
    has_table && (begins("INSERT INTO ") || begins("CREATE TABLE ") || begins("COPY "))
}

const ATTRIBUTES: [&str; 8] = [
    "objectclass",
    "mail",
    "cn",
    "accountstatus",
    "mailforwardingaddress",
    "shadowaddress",
    "listmember",
    "member",
];

pub(in crate::accounts) fn read_ldif(text: &str, found: &mut Collector<'_>) -> Result<(), AccountsError> {
    for entry in ldif::entries(text, &ATTRIBUTES) {
        let Some(mail) = entry.first("mail") else { continue };
        let is = |class: &str| entry.all("objectclass").any(|known| known.eq_ignore_ascii_case(class));
        let is_active = entry.first("accountstatus") != Some("disabled");
        if is("mailUser") {
            let name = entry.first("cn").unwrap_or_default();
            found.account(FoundAccount { line: entry.number, address: mail, user: mail, name, is_active })?;
        } else if !(is("mailAlias") || is("mailList") || is("mailExternalUser")) {
            continue;
        }
        if !is_active {
            continue;
        }
        let targets = entry.all("mailforwardingaddress").chain(entry.all("listmember"));
        found.route_to(entry.number, mail, targets)?;
        for alias in entry.all("shadowaddress") {
            found.route_to(entry.number, alias, std::iter::once(mail))?;
        }
    }
    Ok(())
}

const COLUMNS: [&str; 8] =
    ["username", "name", "active", "address", "forwarding", "goto", "alias_domain", "target_domain"];

pub(in crate::accounts) fn read_sql(text: &str, found: &mut Collector<'_>) -> Result<(), AccountsError> {
    let tables = ["mailbox", "forwardings", "alias", "alias_domain"];
    sql_dump::rows(text, &tables, &COLUMNS, |row| {
        let is_active = !matches!(row.value("active"), "0" | "f");
        match row.table.as_str() {
            "mailbox" => found.account(FoundAccount {
                line: 0,
                address: row.value("username"),
                user: row.value("username"),
                name: row.value("name"),
                is_active,
            }),
            "alias_domain" => {
                found.leave_out(0, row.value("alias_domain"), WhyLeftOut::DomainRewrite);
                Ok(())
            }
            _ => {
                // Before version 0.9.7 the table `alias` had the targets itself.
                let targets = [row.value("forwarding"), row.value("goto")];
                let targets = targets.into_iter().find(|list| !list.is_empty()).unwrap_or_default();
                let from = row.value("address");
                if targets.is_empty() {
                    return Ok(());
                }
                if !is_active {
                    found.leave_out(0, from, WhyLeftOut::SwitchedOff);
                    return Ok(());
                }
                // A domain stands for all addresses that have no row of their own.
                let catch_all = format!("@{from}");
                found.route(0, if from.contains('@') { from } else { &catch_all }, targets)
            }
        }
    })
}
