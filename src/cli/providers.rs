//! `mailferry providers`: what the catalogue knows, measured against the owner's mail.

use std::path::Path;
use std::process::ExitCode;

use super::args::Providers;
use super::driver::Driver;
use super::{CliError, output, places};
use crate::engine::{Command, EngineConfig, LogRing, SecretsPolicy, UserError};
use crate::providers::{Catalogue, Comparison, OwnMail, Provider, ProviderId, compare};
use crate::values::Bytes;

/// Longer than any provider file; what is too long for one is said by its reader.
const MOST_FILE_BYTES: u64 = 1_000_000;

/// `mailferry providers`.
pub fn run(arguments: &Providers, log: LogRing) -> Result<ExitCode, CliError> {
    places::check_providers(arguments)?;
    let all = match &arguments.project {
        Some(project) => of_project(project, arguments.provider_file.as_deref(), log)?,
        None => measured(arguments)?,
    };
    if let Some(unknown) = arguments.ids.iter().find(|id| !all.iter().any(|one| one.provider.0 == **id)) {
        let known: Vec<&str> = all.iter().map(|one| one.provider.0.as_str()).collect();
        return Err(CliError::Usage(unknown_words(unknown, &known)));
    }
    let is_wanted = |one: &&Comparison| arguments.ids.is_empty() || arguments.ids.contains(&one.provider.0);
    let wanted: Vec<&Comparison> = all.iter().filter(is_wanted).collect();
    if let Some(path) = &arguments.json {
        output::write_json(path, &wanted)?;
    }
    if arguments.json.as_deref() != Some(Path::new("-")) {
        let words = if arguments.ids.is_empty() { in_brief } else { in_full };
        output::print(&wanted.into_iter().map(words).collect::<String>())?;
    }
    Ok(ExitCode::SUCCESS)
}

/// The catalogue of the program, with the owner's file where one is named.
pub fn catalogue_with(own: Option<&Path>) -> Result<Catalogue, CliError> {
    let embedded = Catalogue::embedded();
    let Some(path) = own else { return Ok(embedded) };
    let text = output::read_text(path, MOST_FILE_BYTES)?;
    let name = path.file_name().unwrap_or(path.as_os_str()).to_string_lossy();
    embedded.with_own(&name, &text).map_err(|error| {
        UserError::new(format!("{name} is not a provider file"), format!("{error}."))
            .or_else("Correct the file and run the command again", "Nothing was done")
            .into()
    })
}

/// The provider of this name, if mail can be copied to it.
pub fn destination_named<'c>(catalogue: &'c Catalogue, name: &str) -> Result<&'c Provider, CliError> {
    let Some(provider) = catalogue.get(&ProviderId(name.to_owned())) else {
        let known: Vec<&str> = catalogue.providers().iter().map(|provider| provider.id.0.as_str()).collect();
        return Err(CliError::Usage(format!("--provider: {}", unknown_words(name, &known))));
    };
    match &provider.no_copy {
        None => Ok(provider),
        Some(reason) => Err(CliError::Usage(format!("--provider {name}: {}", reason.value))),
    }
}

fn unknown_words(name: &str, known: &[&str]) -> String {
    format!("there is no provider “{name}”; the providers are {}", known.join(", "))
}

/// The whole catalogue, against the figures of the command line.
fn measured(arguments: &Providers) -> Result<Vec<Comparison>, CliError> {
    let own = OwnMail {
        mailbox_count: arguments.mailboxes,
        total: arguments.total.map(Bytes),
        largest_mailbox: arguments.largest_mailbox.map(Bytes),
        largest_message: arguments.largest_message.map(Bytes),
        folder_levels: arguments.folder_levels,
    };
    let catalogue = catalogue_with(arguments.provider_file.as_deref())?;
    Ok(catalogue.providers().iter().map(|provider| compare(provider, &own)).collect())
}

/// The whole catalogue, against the mail of a project.
fn of_project(project: &Path, own: Option<&Path>, log: LogRing) -> Result<Vec<Comparison>, CliError> {
    let mut config = EngineConfig::headless();
    config.secrets = SecretsPolicy::SessionOnly;
    let mut driver = Driver::start(config, log)?;
    driver.require(Command::OpenProject(project.to_path_buf()))?;
    if let Some(own) = own {
        driver.require(Command::AddProviderFile(own.to_path_buf()))?;
    }
    let all = driver.project()?.destination.comparisons.as_ref().clone();
    driver.send(Command::CloseProject)?;
    Ok(all)
}

/// One line, and what stands behind it.
fn in_brief(one: &Comparison) -> String {
    let mut text = String::new();
    let (id, standing) = (output::line(&one.provider.0), one.standing.words());
    output::append(&mut text, format_args!("{id:18} {standing:24} {}\n", output::line(&one.name)));
    for row in one.deciding() {
        output::append(&mut text, format_args!("    {}: {}\n", row.label, output::line(&row.value)));
    }
    text
}

/// Every row, and what is not published.
fn in_full(one: &Comparison) -> String {
    let mut text = String::new();
    let (name, tagline) = (output::line(&one.name), output::line(&one.tagline));
    output::append(
        &mut text,
        format_args!("{name} ({}): {}\n{tagline}\n", output::line(&one.provider.0), one.standing.words()),
    );
    let mut group = "";
    for row in one.rows.iter().filter(|row| row.fit != crate::providers::Fit::NotPublished) {
        if row.group != group {
            group = &row.group;
            output::append(&mut text, format_args!("  {group}\n"));
        }
        output::append(&mut text, format_args!("    {:36} {}\n", row.label, output::line(&row.value)));
    }
    if let Some(words) = one.unpublished_words() {
        output::append(&mut text, format_args!("  {}\n", output::line(&words)));
    }
    text.push('\n');
    text
}
