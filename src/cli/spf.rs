use std::process::ExitCode;

use super::args::Spf;
use super::{CliError, output};
use crate::engine::headless;

/// `mailferry spf`: prints the result as RFC 7208 defines it on the first line, the trace below.
pub fn run(arguments: &Spf) -> Result<ExitCode, CliError> {
    let question = headless::SpfQuestion {
        domain: &arguments.domain,
        ip: arguments.ip,
        sender: arguments.sender.as_deref(),
        helo: arguments.helo.as_deref(),
        resolver: arguments.resolver.as_deref().unwrap_or_default(),
    };
    let lines: Vec<String> = headless::spf(&question)?.iter().map(output::line).collect();
    output::print(&format!("{}\n", lines.join("\n")))?;
    Ok(ExitCode::SUCCESS)
}
