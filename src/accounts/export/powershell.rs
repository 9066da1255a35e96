//! Aliases, lists and forwards as commands of the module `ExchangeOnlineManagement`.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use super::{ExportInput, ExportTable};
use crate::accounts::{PlannedRoute, RouteFrom, RouteKind};
use crate::values::{EmailAddress, printable_line};

pub(super) fn aliases(input: ExportInput<'_>) -> ExportTable {
    let mut script = Script::default();
    script.line("# Run this in PowerShell after Connect-ExchangeOnline, once the mailboxes exist.");
    script.line("# Every command names one thing; running the script twice reports what is there already.");
    script.contacts(&input.plan.routes);
    script.aliases(&input.plan.routes);
    for route in &input.plan.routes {
        script.route(route);
    }
    let mut notes = Vec::new();
    if input.plan.counts().breaking_spf > 0 {
        notes.push(
            "Microsoft 365 blocks automatic forwards to other domains until an outbound policy allows them."
                .to_owned(),
        );
    }
    if script.skipped > 0 {
        notes.push(format!(
            "{} of the aliases cannot be written as a command; the script says which.",
            script.skipped
        ));
    }
    ExportTable { text: script.text, notes }
}

#[derive(Default)]
struct Script {
    text: String,
    skipped: usize,
}

impl Script {
    fn line(&mut self, line: &str) {
        let _infallible = writeln!(self.text, "{line}");
    }

    /// Members of lists that are not of this organisation have to be contacts first.
    fn contacts(&mut self, routes: &[PlannedRoute]) {
        let is_group = |route: &&PlannedRoute| matches!(route.kind, RouteKind::List | RouteKind::Forward);
        let outside: BTreeSet<String> = routes
            .iter()
            .filter(is_group)
            .flat_map(|route| &route.outside)
            .map(EmailAddress::to_ascii)
            .collect();
        for address in outside {
            let address = quoted(&address);
            self.line(&format!("New-MailContact -Name {address} -ExternalEmailAddress {address}"));
        }
    }

    /// All aliases of a mailbox in one command.
    fn aliases(&mut self, routes: &[PlannedRoute]) {
        let mut by_mailbox: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for route in routes.iter().filter(|route| route.kind == RouteKind::Alias) {
            if let (RouteFrom::Address(from), Some(mailbox)) = (&route.from, route.inside.first()) {
                let alias = quoted(&format!("smtp:{}", from.to_ascii()));
                by_mailbox.entry(mailbox.to_ascii()).or_default().push(alias);
            }
        }
        for (mailbox, aliases) in by_mailbox {
            let (mailbox, aliases) = (quoted(&mailbox), aliases.join(", "));
            self.line(&format!("Set-Mailbox -Identity {mailbox} -EmailAddresses @{{Add = {aliases}}}"));
        }
    }

    fn route(&mut self, route: &PlannedRoute) {
        let RouteFrom::Address(from) = &route.from else {
            return self.skip(
                route,
                "a catch-all needs an accepted domain of the type internal relay and a mail flow rule",
            );
        };
        let name = quoted(&from.to_ascii());
        let others = || route.inside.iter().chain(&route.outside).filter(|end| *end != from);
        match route.kind {
            RouteKind::Alias => {}
            RouteKind::Copy => match others().collect::<Vec<_>>().as_slice() {
                [only] => {
                    let only = quoted(&only.to_ascii());
                    self.line(&format!(
                        "Set-Mailbox -Identity {name} -ForwardingSmtpAddress {only} -DeliverToMailboxAndForward $true"
                    ));
                }
                _ => self.skip(route, "a mailbox forwards to one address only: let it forward to a list"),
            },
            RouteKind::List | RouteKind::Forward => {
                if route.troubles.contains(&crate::accounts::RouteTrouble::MailboxGetsNothing) {
                    return self.skip(
                        route,
                        "a mailbox has the same address: rename the mailbox, or set a forward on it",
                    );
                }
                let members: Vec<String> = others().map(|end| quoted(&end.to_ascii())).collect();
                let members = members.join(", ");
                self.line(&format!(
                    "New-DistributionGroup -Name {name} -PrimarySmtpAddress {name} -Members {members}"
                ));
                self.line(&format!(
                    "Set-DistributionGroup -Identity {name} -RequireSenderAuthenticationEnabled $false"
                ));
            }
            RouteKind::CatchAll | RouteKind::Nowhere => self.skip(route, "it leads nowhere"),
        }
    }

    fn skip(&mut self, route: &PlannedRoute, why: &str) {
        self.skipped += 1;
        let from = printable_line(&route.from.to_string()).into_owned();
        self.line(&format!("# Not done: {from}: {why}"));
    }
}

/// A text in single quotation marks, within which PowerShell expands nothing. It takes four other signs for the same mark.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("'");
    for sign in printable_line(text).chars() {
        if matches!(sign, '\'' | '\u{2018}' | '\u{2019}' | '\u{201a}' | '\u{201b}') {
            quoted.push(sign);
        }
        quoted.push(sign);
    }
    quoted.push('\'');
    quoted
}
