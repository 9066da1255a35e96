//! The headless commands, over the same engine as the window.
//!
//! Exit status: 0 done; 1 done with failures named; 2 wrong usage; 3 could not run.
//! Machine output goes to standard output, progress and words to standard error; passwords are never arguments.

mod account_url;
mod account_ways;
mod accounts;
mod args;
mod audit;
mod copy;
mod copy_args;
mod copy_outcome;
mod driver;
mod folder_changes;
#[cfg(any(test, fuzzing))]
pub mod fuzz_tests;
mod live;
mod logging;
mod output;
mod places;
mod plan_outcome;
mod progress;
mod records;
mod rehearse;
mod spf;
mod verdict;
mod wishes;

use std::process::ExitCode;

use thiserror::Error;

pub use args::{Arguments, RendererChoice, Task};
pub use logging::start_logging;

use crate::engine::{LogRing, UserError};
use crate::values::DomainName;

/// How a headless command can end early.
#[derive(Debug)]
enum CliError {
    /// The arguments do not make sense: status 2.
    Usage(String),
    /// It could not run: status 3. Boxed, as it is large and rare.
    CouldNotRun(Box<UserError>),
}

impl From<UserError> for CliError {
    fn from(error: UserError) -> Self {
        Self::CouldNotRun(Box::new(error))
    }
}

impl From<Box<UserError>> for CliError {
    fn from(error: Box<UserError>) -> Self {
        Self::CouldNotRun(error)
    }
}

/// The domain as typed; one that is none is wrong usage.
fn checked_domain(text: &str) -> Result<DomainName, CliError> {
    DomainName::parse(text).map_err(|error| CliError::Usage(error.to_string()))
}

/// This build has no window.
#[derive(Debug, Error)]
#[error("this build has no window: name a command (mailferry --help), or build with the feature “gui”")]
pub struct NoWindow;

/// Status of a command that did everything it was asked for, or everything but some failures it named.
fn done(has_failures: bool) -> ExitCode {
    ExitCode::from(u8::from(has_failures))
}

/// Runs a headless command to its end.
pub fn run(task: Task, log: LogRing) -> ExitCode {
    let outcome = match task {
        Task::Rehearse(arguments) => rehearse::run(&arguments, log),
        Task::Audit(arguments) => audit::run(&arguments),
        Task::Verdict(arguments) => verdict::run(&arguments),
        Task::Spf(arguments) => spf::run(&arguments),
        Task::Copy(arguments) => copy::run(&arguments, log),
        Task::Records(arguments) => records::run(&arguments),
    };
    match outcome {
        Ok(code) => code,
        Err(CliError::Usage(words)) => {
            output::say(&words);
            ExitCode::from(2)
        }
        Err(CliError::CouldNotRun(error)) => {
            output::say(&error.to_text());
            ExitCode::from(3)
        }
    }
}

/// Says why nothing could be started at all.
pub fn could_not_run(error: &dyn std::error::Error) -> ExitCode {
    output::say(&error.to_string());
    ExitCode::from(3)
}
