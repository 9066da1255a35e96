//! The report, the audit or the verdict as one self-contained HTML page, filled from the templates in `assets/report`.

use askama::Template;

use super::format::utc;
use super::page_accounts::{AccountsPage, accounts_page};
use super::page_audit::{AuditPage, audit_page};
use super::page_copy::{CopyPage, copy_page, headline};
use super::page_records::{RecordsPage, records_page};
use super::page_switch::{ReminderPage, SwitchPage, reminder_pages, switch_page};
use super::page_verdict::{VerdictPage, verdict_page};
use super::{ReportError, ReportInput, next_steps};
use crate::accounts::LeftBehind;
use crate::audit::AuditReport;

#[derive(Template)]
#[template(path = "report.html")]
struct ReportPage {
    title: String,
    domain: String,
    ascii_domain: String,
    headline: String,
    route: String,
    is_practice: bool,
    made: String,
    audit: Option<AuditPage>,
    verdict: Option<VerdictPage>,
    copy: Option<CopyPage>,
    records: Option<RecordsPage>,
    switch: Option<SwitchPage>,
    reminders: Vec<ReminderPage>,
    accounts: Option<AccountsPage>,
    left_behind: Vec<LeftBehind>,
    next_steps: Vec<String>,
}

#[derive(Template)]
#[template(path = "audit.html")]
struct AuditOnlyPage {
    title: String,
    domain: String,
    ascii_domain: String,
    audit: AuditPage,
    verdict: Option<VerdictPage>,
}

#[derive(Template)]
#[template(path = "verdict.html")]
struct VerdictOnlyPage {
    title: String,
    domain: String,
    ascii_domain: String,
    at: String,
    verdict: Option<VerdictPage>,
}

/// The report as one page without scripts or external resources, for light and dark screens and for paper.
pub fn html(input: &ReportInput) -> Result<String, ReportError> {
    let route = match (input.source_server.as_str(), input.destination.as_str()) {
        ("", "") => String::new(),
        (from, "") => format!("From {from}."),
        ("", to) => format!("To {to}."),
        (from, to) => format!("From {from} to {to}."),
    };
    let page = ReportPage {
        title: format!("{}: mail migration", input.domain),
        domain: input.domain.as_unicode().to_owned(),
        ascii_domain: ascii_form(&input.domain),
        headline: headline(input.copy.as_ref()),
        route,
        is_practice: input.is_practice,
        made: format!("Created {} by Mailferry {}.", utc(input.made_at), input.program_version),
        audit: input.audit.as_ref().map(audit_page),
        verdict: input.audit.as_ref().and_then(verdict_page),
        copy: input.copy.as_ref().map(copy_page),
        records: input.records.as_ref().map(records_page),
        switch: input.switch.as_ref().map(switch_page),
        reminders: reminder_pages(&input.reminders),
        accounts: input.accounts.as_ref().map(accounts_page),
        left_behind: input.left_behind.clone(),
        next_steps: next_steps(input),
    };
    Ok(page.render()?)
}

/// A page with the audit alone.
pub fn audit_html(audit: &AuditReport) -> Result<String, ReportError> {
    let page = AuditOnlyPage {
        title: format!("{}: mail audit", audit.domain),
        domain: audit.domain.as_unicode().to_owned(),
        ascii_domain: ascii_form(&audit.domain),
        audit: audit_page(audit),
        verdict: verdict_page(audit),
    };
    Ok(page.render()?)
}

/// A page with the verdict alone.
pub fn verdict_html(audit: &AuditReport) -> Result<String, ReportError> {
    let page = VerdictOnlyPage {
        title: format!("{}: stay or move", audit.domain),
        domain: audit.domain.as_unicode().to_owned(),
        ascii_domain: ascii_form(&audit.domain),
        at: utc(audit.at),
        verdict: verdict_page(audit),
    };
    Ok(page.render()?)
}

/// The A-label form, if it differs from the readable one.
fn ascii_form(domain: &crate::values::DomainName) -> String {
    if domain.is_internationalised() { domain.as_ascii().to_owned() } else { String::new() }
}

#[cfg(test)]
#[path = "report_tests.rs"]
mod tests;
