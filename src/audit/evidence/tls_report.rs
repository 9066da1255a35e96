//! SMTP TLS reports (RFC 8460 section 4).

use serde::Deserialize;

use super::ReportError;
use super::collector::{MAX_REPORTED, count};
use super::dates::line_date;
use super::facts::TlsFacts;
use super::report_id::{Identity, ReportId};
use crate::values::UnixTime;

/// Policies and failures of one report.
const MAX_ENTRIES: usize = 10_000;

/// One report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TlsReport {
    /// Which report it is, however it came.
    pub id: ReportId,
    /// Who reports.
    pub reporter: String,
    /// Begin of its time.
    pub begin: UnixTime,
    /// End of its time.
    pub end: UnixTime,
    successes: u64,
    failures: u64,
    kinds: Vec<(String, u64)>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Report {
    organization_name: Option<String>,
    #[serde(rename = "report-id")]
    id: Option<String>,
    date_range: Option<DateRange>,
    policies: Option<Vec<Policy>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct DateRange {
    start_datetime: String,
    end_datetime: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Policy {
    summary: Option<Summary>,
    #[serde(default)]
    failure_details: Vec<Failure>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Summary {
    #[serde(default)]
    total_successful_session_count: u64,
    #[serde(default)]
    total_failure_session_count: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Failure {
    result_type: Option<String>,
    receiving_mx_hostname: Option<String>,
    #[serde(default)]
    failed_session_count: u64,
}

/// Reads a report.
///
/// # Errors
/// Where it is damaged, or JSON of another kind.
pub fn read_tls_report(json: &[u8]) -> Result<TlsReport, ReportError> {
    let text = String::from_utf8_lossy(json);
    let text = text.trim_start_matches('\u{feff}');
    let report: Report =
        serde_json::from_str(text).map_err(|error| ReportError::Damaged(error.to_string()))?;
    let range = report.date_range.ok_or(ReportError::NoReport("date-range"))?;
    let policies = report.policies.ok_or(ReportError::NoReport("policies"))?;
    let moment = |text: &str| line_date(text.as_bytes(), UnixTime(0)).map(|(at, _)| at);
    let begin = moment(&range.start_datetime).ok_or(ReportError::NoReport("start-datetime"))?;
    let end = range.end_datetime.as_deref().and_then(moment).unwrap_or(begin);
    let short = |text: &str| text.chars().take(253).collect::<String>();
    let (mut successes, mut failures, mut kinds) = (0_u64, 0_u64, Vec::new());
    for policy in policies.iter().take(MAX_ENTRIES) {
        if let Some(summary) = &policy.summary {
            successes = successes.saturating_add(summary.total_successful_session_count);
            failures = failures.saturating_add(summary.total_failure_session_count);
        }
        for failure in policy.failure_details.iter().take(MAX_ENTRIES) {
            let kind = short(failure.result_type.as_deref().unwrap_or("unnamed"));
            let at = failure.receiving_mx_hostname.as_deref().map(|host| format!(" at {}", short(host)));
            kinds.push((format!("{kind}{}", at.unwrap_or_default()), failure.failed_session_count));
        }
        if kinds.len() > MAX_ENTRIES {
            break;
        }
    }
    let reporter = short(report.organization_name.as_deref().unwrap_or("unnamed"));
    let id = report.id.as_deref().unwrap_or_default();
    let id = ReportId::of(&Identity { reporter: &reporter, id, domain: "", begin, end, text });
    Ok(TlsReport { id, reporter, begin, end, successes, failures, kinds })
}

impl TlsReport {
    pub(super) fn add_to(&self, facts: &mut TlsFacts) {
        facts.reports += 1;
        facts.first = Some(facts.first.map_or(self.begin, |first| first.min(self.begin)));
        facts.last = facts.last.max(Some(self.end));
        facts.successes = facts.successes.saturating_add(self.successes);
        facts.failures = facts.failures.saturating_add(self.failures);
        count(&mut facts.reporters, self.reporter.clone(), 1, MAX_REPORTED);
        for (kind, sessions) in &self.kinds {
            count(&mut facts.kinds, kind.clone(), *sessions, 200);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// After RFC 8460 appendix B.
    const REPORT: &str = r#"{"organization-name":"Company-X","date-range":{"start-datetime":"2026-11-01T00:00:00Z",
 "end-datetime":"2026-11-01T23:59:59Z"},"contact-info":"sts-reporting@company-x.example","report-id":"5065427c",
 "policies":[{"policy":{"policy-type":"sts","policy-domain":"weber.example"},
  "summary":{"total-successful-session-count":5326,"total-failure-session-count":303},
  "failure-details":[{"result-type":"certificate-expired","receiving-mx-hostname":"mx.weber.example","failed-session-count":100},
   {"result-type":"starttls-not-supported","failed-session-count":203}]}]}"#;

    #[test]
    fn sessions_and_failures_are_counted() {
        let mut facts = TlsFacts::default();
        read_tls_report(REPORT.as_bytes()).unwrap().add_to(&mut facts);
        assert_eq!((facts.reports, facts.successes, facts.failures), (1, 5326, 303));
        assert_eq!(facts.kinds["certificate-expired at mx.weber.example"], 100);
        assert_eq!(facts.kinds["starttls-not-supported"], 203);
        assert_eq!(facts.last.unwrap().0 - facts.first.unwrap().0, 86_399);
    }

    #[test]
    fn other_json_is_refused_in_words() {
        assert!(matches!(read_tls_report(&REPORT.as_bytes()[..200]), Err(ReportError::Damaged(_))));
        assert_eq!(read_tls_report(b"{}"), Err(ReportError::NoReport("date-range")));
        assert!(matches!(read_tls_report(b"[1]"), Err(ReportError::Damaged(_))));
        assert!(matches!(read_tls_report("[".repeat(100_000).as_bytes()), Err(ReportError::Damaged(_))));
    }
}
