use std::process::ExitCode;

use super::CliError;
use super::args::ForgetPasswords;
use super::driver::Driver;
use crate::engine::{Command, EngineConfig, LogRing, SecretsPolicy};

/// `mailferry forget-passwords`: nothing of a project stays in the keyring.
pub fn run(arguments: &ForgetPasswords, log: LogRing) -> Result<ExitCode, CliError> {
    let mut config = EngineConfig::headless();
    config.secrets = SecretsPolicy::Keyring;
    let mut driver = Driver::start(config, log)?;
    driver.require(Command::OpenProject(arguments.project.clone()))?;
    driver.require(Command::ConfirmProject)?;
    driver.require(Command::DeletePasswords)?;
    driver.send(Command::CloseProject)?;
    Ok(ExitCode::SUCCESS)
}
