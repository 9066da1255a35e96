//! The report as JSON, for programs. The format is stable: see `README.md`.

use serde::Serialize;

use super::format::{adds_up, rfc3339};
use super::{ReportError, ReportInput, next_steps};
use crate::audit::AuditReport;
use crate::audit::evidence::Receiver;
use crate::audit::verdict::Verdict;
use crate::plan::LedgerSum;
use crate::values::printable_json;

/// Version of the JSON format; only new fields are ever added.
const SCHEMA: u32 = 1;
/// Version of the format of a verdict alone, which README.md describes.
const VERDICT_SCHEMA: u32 = 1;

#[derive(Serialize)]
struct JsonReport<'a> {
    schema: u32,
    program: String,
    made_at_utc: Option<String>,
    /// All mailboxes together.
    sum: Option<LedgerSum>,
    /// Whether every message is in exactly one state.
    adds_up: Option<bool>,
    next_steps: Vec<String>,
    report: &'a ReportInput,
}

#[derive(Serialize)]
struct JsonAudit<'a> {
    schema: u32,
    at_utc: Option<String>,
    audit: &'a AuditReport,
}

#[derive(Serialize)]
struct JsonVerdict<'a> {
    schema: u32,
    domain: &'a str,
    at_utc: Option<String>,
    receivers: &'a [Receiver],
    verdict: Option<&'a Verdict>,
}

/// The report for programs.
pub fn json(input: &ReportInput) -> Result<String, ReportError> {
    let sum = input.copy.as_ref().map(super::CopyReport::sum);
    let report = JsonReport {
        schema: SCHEMA,
        program: format!("Mailferry {}", input.program_version),
        made_at_utc: rfc3339(input.made_at),
        sum,
        adds_up: sum.map(|sum| adds_up(&sum)),
        next_steps: next_steps(input),
        report: input,
    };
    Ok(printable_json(&serde_json::to_string_pretty(&report)?).into_owned())
}

/// The verdict alone for programs: the trust table and what follows from it.
pub fn verdict_json(audit: &AuditReport) -> Result<String, ReportError> {
    let report = JsonVerdict {
        schema: VERDICT_SCHEMA,
        domain: audit.domain.as_ascii(),
        at_utc: rfc3339(audit.at),
        receivers: &audit.receivers,
        verdict: audit.verdict.as_ref(),
    };
    Ok(printable_json(&serde_json::to_string_pretty(&report)?).into_owned())
}

/// The audit alone for programs.
pub fn audit_json(audit: &AuditReport) -> Result<String, ReportError> {
    let report = JsonAudit { schema: SCHEMA, at_utc: rfc3339(audit.at), audit };
    Ok(printable_json(&serde_json::to_string_pretty(&report)?).into_owned())
}
