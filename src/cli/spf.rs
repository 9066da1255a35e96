use std::process::ExitCode;

use super::args::Spf;
use super::{CliError, done, output};
use crate::audit::spf::SpfResult;
use crate::engine::headless;

/// `mailferry spf`: prints the result as RFC 7208 defines it on the first line, the trace below. Ends with status 1 where no
/// answer was to be had.
pub fn run(arguments: &Spf) -> Result<ExitCode, CliError> {
    let question = headless::SpfQuestion {
        domain: &arguments.domain,
        ip: arguments.ip,
        sender: arguments.sender.as_deref(),
        helo: arguments.helo.as_deref(),
        resolver: arguments.resolver.as_deref().unwrap_or_default(),
    };
    let outcome = headless::spf(&question)?;
    let lines: Vec<String> = outcome.lines.iter().map(output::line).collect();
    output::print(&format!("{}\n", lines.join("\n")))?;
    // A temporary error says nothing about the record: what was asked for could not be had.
    Ok(done(outcome.result == SpfResult::TempError))
}
