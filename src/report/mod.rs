//! The report: audit, copy, records, switch, and what to do next, as an HTML page, as Markdown and as JSON.

mod escape;
mod format;
mod html;
mod input;
mod json;
mod markdown;
mod message_rows;
mod next_steps;
mod page_accounts;
mod page_audit;
mod page_copy;
mod page_range;
mod page_records;
mod page_switch;
mod page_verdict;

use thiserror::Error;

pub use html::{audit_html, html, verdict_html};
pub use input::{
    AccountsReport, CopyReport, EarlierReport, FolderReport, MailboxReport, PauseReport, ProblemReport,
    RecordsReport, ReminderReport, ReportInput, RoundReport, SightReport, SweepReport, SwitchReport,
    TestReport,
};
pub use json::{audit_json, json, verdict_json};
pub use markdown::{audit_markdown, markdown};
pub use message_rows::{MESSAGE_COLUMNS, MessageRow};
pub use next_steps::next_steps;

/// Why a report could not be written.
#[derive(Debug, Error)]
pub enum ReportError {
    /// The page could not be filled.
    #[error("the report page could not be rendered")]
    Page(#[from] askama::Error),
    /// The values could not be written as JSON.
    #[error("the report could not be written as JSON")]
    Json(#[from] serde_json::Error),
}
