use std::path::Path;
use std::process::ExitCode;

use super::args::Audit;
use super::{CliError, done, output};
use crate::audit::dkim::{MAX_NAMED, is_selector};
use crate::audit::{AuditReport, Facts, Status, judge};
use crate::engine::{AuditOptions, UserError, headless};
use crate::report;
use crate::values::DomainName;

/// The facts of one domain are a few hundred kB at most.
const MOST_FACTS_BYTES: u64 = 64_000_000;

/// `mailferry audit`.
pub fn run(arguments: &Audit) -> Result<ExitCode, CliError> {
    let domain = super::checked_domain(&arguments.domain)?;
    super::places::check_audit(arguments)?;
    check_selectors(&arguments.selectors)?;
    let facts = match &arguments.facts {
        Some(path) => {
            let facts = saved_facts(path)?;
            check_domain(&domain, &facts, path)?;
            facts
        }
        None => ask(arguments)?,
    };
    if let Some(path) = &arguments.save_facts {
        output::write_json(path, &facts)?;
    }
    let report = judge(&facts);
    if let Some(path) = &arguments.html {
        let page = report::audit_html(&report).map_err(|error| {
            UserError::new("The audit could not be formatted", error.to_string())
                .or_else("Report this as a bug in Mailferry", "")
        })?;
        output::write_text(path, &page)?;
    }
    let is_taken = [&arguments.html, &arguments.save_facts]
        .into_iter()
        .flatten()
        .any(|path| super::places::is_standard_output(path));
    match &arguments.json {
        Some(path) => output::write_json(path, &report)?,
        None if is_taken => output::say(words(&report).trim_end()),
        None => output::print(&words(&report))?,
    }
    Ok(done(arguments.strict && report.count(Status::Fail) > 0))
}

/// Input that would not be used is refused, not passed over.
fn check_selectors(selectors: &[String]) -> Result<(), CliError> {
    if selectors.len() > MAX_NAMED {
        return Err(CliError::Usage(format!(
            "{} selectors were given, and one audit asks for {MAX_NAMED}: name those that are in use",
            selectors.len()
        )));
    }
    match selectors.iter().find(|selector| !is_selector(selector.trim().trim_matches('.'))) {
        None => Ok(()),
        Some(wrong) => Err(CliError::Usage(format!(
            "“{wrong}” is no DKIM selector: copy what stands behind s= in the DKIM-Signature header of a sent message"
        ))),
    }
}

/// Facts tell about one domain only.
fn check_domain(domain: &DomainName, facts: &Facts, path: &Path) -> Result<(), CliError> {
    if facts.domain == *domain {
        return Ok(());
    }
    Err(CliError::Usage(format!(
        "{} is about another domain ({}): name that one, or choose the file of {domain}",
        path.display(),
        facts.domain
    )))
}

pub(super) fn saved_facts(path: &Path) -> Result<Facts, CliError> {
    let text = output::read_text(path, MOST_FACTS_BYTES)?;
    Facts::from_json(&text).map_err(|error| {
        UserError::new(
            format!("{} does not contain the facts of an audit", path.display()),
            error.to_string(),
        )
        .or_else(
            "Use a file written by “mailferry audit --save-facts”",
            "Or update Mailferry, if the file is from a newer version",
        )
        .into()
    })
}

fn ask(arguments: &Audit) -> Result<Facts, CliError> {
    let options = AuditOptions {
        resolver: arguments.resolver.clone().unwrap_or_default(),
        selectors: arguments.selectors.clone(),
        sending_addresses: arguments.sending_ips.clone(),
        evidence: arguments.evidence.clone(),
    };
    let owner = super::verdict::answers(&arguments.answers)?;
    let mut last_tenth = 0;
    let facts = headless::audit(&arguments.domain, &options, &owner, &mut |done, total, what| {
        let tenth = done * 10 / total.max(1);
        if tenth != last_tenth {
            last_tenth = tenth;
            output::say(&format!("{done} of {total} answers, now {what}"));
        }
    })?;
    Ok(facts)
}

/// The findings for a terminal, worst first as on the page.
fn words(report: &AuditReport) -> String {
    let mut text = format!("{}\n{}\n", report.domain, output::line(&report.summary));
    for finding in &report.findings {
        let word = match finding.status {
            Status::Pass => "pass",
            Status::Info => "info",
            Status::Warn => "WARNING",
            Status::Fail => "FAIL",
            Status::Unknown => "unknown",
            Status::NotApplicable => "n/a",
        };
        output::append(
            &mut text,
            format_args!("\n{word:8} {} ({})\n", output::line(&finding.title), finding.id),
        );
        if matches!(finding.status, Status::Pass | Status::NotApplicable) {
            continue;
        }
        output::append(&mut text, format_args!("         {}\n", output::line(&finding.words)));
        if let Some(remedy) = &finding.remedy {
            output::append(&mut text, format_args!("         What to do: {}\n", output::line(remedy)));
        }
        if let Some(copy) = &finding.copy {
            output::append(
                &mut text,
                format_args!("         {}: {}\n", copy.name, output::line(&copy.value)),
            );
        }
    }
    if report.verdict.is_some() {
        output::append(&mut text, format_args!("\n{}", super::verdict::words(report)));
    }
    text
}
