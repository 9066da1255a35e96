use std::process::ExitCode;

use super::account_list_args::ReportFiles;
use super::driver::Driver;
use super::{CliError, places};
use crate::engine::{Command, EngineConfig, LogRing, ReportFormat, SecretsPolicy};

/// `mailferry report`: the report of a project as it is, without asking any server.
pub fn run(arguments: &ReportFiles, log: LogRing) -> Result<ExitCode, CliError> {
    places::check_report(arguments)?;
    let mut config = EngineConfig::headless();
    config.secrets = SecretsPolicy::SessionOnly;
    let mut driver = Driver::start(config, log)?;
    driver.require(Command::OpenProject(arguments.project.clone()))?;
    for (path, format) in [
        (&arguments.html, ReportFormat::Html),
        (&arguments.markdown, ReportFormat::Markdown),
        (&arguments.json, ReportFormat::Json),
    ] {
        if let Some(path) = path {
            driver.require(Command::SaveReport { path: path.clone(), format })?;
        }
    }
    driver.send(Command::CloseProject)?;
    Ok(ExitCode::SUCCESS)
}
