//! `mailferry audit-diff`: two saved audits of one domain, side by side.

use std::process::ExitCode;

use super::args::AuditDiff;
use super::audit::saved_facts;
use super::{CliError, done, output, places};
use crate::audit::{Change, Comparison, EarlierAudit, Status, compare, judge};

pub fn run(arguments: &AuditDiff) -> Result<ExitCode, CliError> {
    places::check_audit_diff(arguments)?;
    let (old, new) = (saved_facts(&arguments.old)?, saved_facts(&arguments.new)?);
    if old.domain != new.domain {
        return Err(CliError::Usage(format!(
            "the two audits are about different domains, {} and {}: name two of one domain",
            old.domain, new.domain
        )));
    }
    if old.at > new.at {
        return Err(CliError::Usage(format!(
            "{} is the newer audit: name the older one first",
            arguments.old.display()
        )));
    }
    let comparison = compare(&EarlierAudit::of(&judge(&old), old.earlier.as_ref()), &judge(&new));
    match &arguments.json {
        Some(path) => output::write_json(path, &comparison)?,
        None => output::print(&words(&comparison))?,
    }
    Ok(done(arguments.strict && comparison.has_worse()))
}

/// What changed, for a terminal.
pub(super) fn words(comparison: &Comparison) -> String {
    let mut text = format!("{}\n", output::line(&comparison.words()));
    let status = |status: Option<Status>| status.map_or("not there", Status::words);
    for Change { id, kind, title, before, after } in &comparison.changes {
        output::append(
            &mut text,
            format_args!(
                "  {:16} {} ({id}): {} then, {} now\n",
                kind.words(),
                output::line(title),
                status(*before),
                status(*after)
            ),
        );
    }
    for receiver in &comparison.receivers {
        output::append(
            &mut text,
            format_args!(
                "  {}: {} then, {} now\n",
                output::line(&receiver.name),
                super::verdict::trust_words(receiver.before),
                super::verdict::trust_words(receiver.after)
            ),
        );
    }
    if let Some(verdict) = comparison.verdict_words() {
        output::append(&mut text, format_args!("  {verdict}\n"));
    }
    text
}
