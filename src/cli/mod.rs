//! The headless commands, over the same engine as the window.
//!
//! Exit status: 0 done; 1 done, with failures listed; 2 wrong usage; 3 could not run.
//! Machine-readable output goes to standard output, progress and messages to standard error. Passwords are never arguments.

mod account_list;
mod account_list_args;
mod account_url;
mod account_ways;
mod accounts;
mod args;
mod audit;
mod audit_args;
mod audit_diff;
mod audit_mailboxes;
mod copy;
mod copy_args;
mod copy_outcome;
mod driver;
mod folder_changes;
mod forget_passwords;
#[cfg(any(test, fuzzing))]
pub mod fuzz_tests;
mod list_key;
mod live;
mod logging;
mod output;
mod places;
mod plan_outcome;
mod planned_records;
mod progress;
mod providers;
mod publish;
mod records;
mod rehearse;
mod rehearse_sign_in;
mod rehearse_switch;
mod report;
mod sign_in;
mod spf;
mod test_imap;
mod test_imap_args;
mod verdict;
mod watch;
mod wishes;

use std::path::Path;
use std::process::ExitCode;

use thiserror::Error;

pub use args::{Arguments, RendererChoice, Task};
pub use logging::start_logging;

use crate::engine::{LogRing, UserError};
use crate::values::DomainName;

/// Why a headless command ends early.
#[derive(Debug)]
enum CliError {
    /// The arguments do not make sense: status 2.
    Usage(String),
    /// It could not run: status 3. Boxed because it is large and rare.
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

/// Parses the domain; an invalid one is wrong usage.
fn checked_domain(text: &str) -> Result<DomainName, CliError> {
    DomainName::parse(text).map_err(|error| CliError::Usage(error.to_string()))
}

/// This build has no window.
#[derive(Debug, Error)]
#[error("this build has no window: give a command (see mailferry --help), or build with the feature “gui”")]
pub struct NoWindow;

/// Says that a project is open in a window already, which comes to the front.
pub fn is_open_already(project: &Path) -> ExitCode {
    output::say(&format!("{} is open already; its window comes to the front.", project.display()));
    ExitCode::SUCCESS
}

/// The status of a command that did everything requested, or everything but the failures it listed.
fn done(has_failures: bool) -> ExitCode {
    ExitCode::from(u8::from(has_failures))
}

/// Runs a headless command to its end.
pub fn run(task: Task, log: LogRing) -> ExitCode {
    let outcome = match task {
        Task::Rehearse(arguments) => rehearse::run(&arguments, log),
        Task::Audit(arguments) => audit::run(&arguments),
        Task::AuditDiff(arguments) => audit_diff::run(&arguments),
        Task::Verdict(arguments) => verdict::run(&arguments),
        Task::Spf(arguments) => spf::run(&arguments),
        Task::Copy(arguments) => copy::run(&arguments, log),
        Task::Records(arguments) => records::run(&arguments),
        Task::Publish(arguments) => publish::run(&arguments),
        Task::SignIn(arguments) => sign_in::run(&arguments),
        Task::ExchangeAccess(arguments) => sign_in::exchange_access(&arguments),
        Task::Watch(arguments) => watch::run(&arguments, &log),
        Task::Accounts(arguments) => account_list::run(&arguments, log),
        Task::Report(arguments) => report::run(&arguments, log),
        Task::ForgetPasswords(arguments) => forget_passwords::run(&arguments, log),
        Task::ListKey(arguments) => list_key::run(&arguments),
        Task::Providers(arguments) => providers::run(&arguments, log),
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

/// Prints why nothing could be started.
pub fn could_not_run(error: &dyn std::error::Error) -> ExitCode {
    output::say(&error.to_string());
    ExitCode::from(3)
}
