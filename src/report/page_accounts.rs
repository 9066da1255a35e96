//! The parts of the page about aliases, and about what IMAP does not carry.

use super::AccountsReport;
use crate::accounts::{RouteKind, RouteTrouble};
use crate::values::{counted, with_thousands};

/// Most aliases on the page; the exports have all.
const MOST_ROUTES: usize = 2_000;

pub(super) struct AccountsPage {
    pub summary: String,
    /// Each file and what it turned out to be.
    pub sources: Vec<String>,
    pub routes: Vec<RoutePage>,
    pub more_routes: usize,
    /// What was not taken, and why.
    pub left_out: Vec<(String, String)>,
    pub more_left_out: String,
}

pub(super) struct RoutePage {
    pub class: &'static str,
    pub word: &'static str,
    pub from: String,
    pub to: String,
    pub troubles: Vec<String>,
}

pub(super) fn accounts_page(accounts: &AccountsReport) -> AccountsPage {
    let aliases = &accounts.aliases;
    let summary = aliases.summary();
    AccountsPage {
        summary: if summary.is_empty() { "No aliases were found".to_owned() } else { summary },
        sources: accounts
            .sources
            .iter()
            .map(|source| {
                let mailboxes = with_thousands(source.accounts as u64);
                let routes = with_thousands(source.routes as u64);
                format!("{}, {}: mailboxes {mailboxes}, aliases {routes}", source.name, source.format.words())
            })
            .collect(),
        routes: aliases
            .routes
            .iter()
            .take(MOST_ROUTES)
            .map(|route| {
                let ends = route.inside.iter().chain(&route.outside).map(ToString::to_string);
                RoutePage {
                    class: match route.kind {
                        RouteKind::Nowhere => "fail",
                        _ if route.troubles.is_empty() => "pass",
                        _ => "warn",
                    },
                    word: route.kind.word(),
                    from: route.from.to_string(),
                    to: ends.collect::<Vec<_>>().join(", "),
                    troubles: route.troubles.iter().map(RouteTrouble::words).collect(),
                }
            })
            .collect(),
        more_routes: aliases.routes.len().saturating_sub(MOST_ROUTES),
        left_out: accounts
            .left_out
            .iter()
            .map(|left_out| {
                let place = match left_out.line {
                    0 => left_out.source.clone(),
                    line => format!("{}, line {line}", left_out.source),
                };
                (left_out.what.clone(), format!("{} ({place})", left_out.why.words()))
            })
            .collect(),
        more_left_out: match accounts.more_left_out {
            0 => String::new(),
            more => format!("and {}", counted(more, "more entry").replace("entrys", "entries")),
        },
    }
}
