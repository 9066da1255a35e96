use std::path::Path;
use std::process::ExitCode;

use serde::Serialize;

use super::account_list_args::AccountList;
use super::driver::Driver;
use super::{CliError, done, output, places};
use crate::accounts::{
    AliasPlan, Directory, ExportAccount, ExportFormat, ExportInput, Format, LeftBehind, PlanCounts,
    RouteTrouble, WhyLeftOut, export, left_behind,
};
use crate::engine::{
    Command, EngineConfig, LogRing, SecretsPolicy, UserError, headless, not_written, write_private,
};
use crate::values::{DomainName, counted_as};

/// Version of the JSON shape; it grows by new fields only. README.md describes it.
const SCHEMA: u32 = 1;

/// Stands in until the domain of the files is known; reserved, so no address has it (RFC 6761 section 6.4).
const NO_DOMAIN: &str = "unknown.invalid";

#[derive(Serialize)]
struct JsonAccounts<'a> {
    schema: u32,
    directory: &'a Directory,
    aliases: &'a AliasPlan,
    counts: PlanCounts,
    left_behind: &'a [LeftBehind],
}

/// `mailferry accounts`.
pub fn run(arguments: &AccountList, log: LogRing) -> Result<ExitCode, CliError> {
    let format = arguments.form.as_deref().map(form).transpose()?;
    let export_format = arguments.export.as_deref().map(export_form).transpose()?;
    if arguments.passwords && export_format.is_some_and(|format| !format.takes_passwords()) {
        return Err(CliError::Usage("only csv and google have a place for passwords".to_owned()));
    }
    places::check_account_list(arguments)?;
    let domain = match &arguments.domain {
        Some(domain) => super::checked_domain(domain)?,
        None => domain_of_files(arguments, format)?,
    };
    let mut directory = headless::accounts(&arguments.files, &domain, format)?;
    if arguments.domain.is_some() {
        directory.keep_domains(std::slice::from_ref(&domain));
    }
    let plan = AliasPlan::of(&directory, &[]);
    let behind = left_behind(&directory, &plan);
    if let Some(path) = &arguments.project {
        add_to_project(arguments, path, &domain, log)?;
    }
    let words = words(&directory, &plan, &behind);
    let is_taken = match (export_format, &arguments.out) {
        (Some(format), out) => {
            write_export(arguments, format, &directory, &plan)?;
            out.is_none()
        }
        (None, _) => false,
    };
    match &arguments.json {
        Some(path) if is_taken && places::is_standard_output(path) => {
            return Err(CliError::Usage(
                "--export without --out and --json - both go to standard output".to_owned(),
            ));
        }
        Some(path) => output::write_json(
            path,
            &JsonAccounts {
                schema: SCHEMA,
                directory: &directory,
                aliases: &plan,
                counts: plan.counts(),
                left_behind: &behind,
            },
        )?,
        None if is_taken => output::say(words.trim_end()),
        None => output::print(&words)?,
    }
    Ok(done(needs_a_look(&directory, &plan)))
}

fn form(name: &str) -> Result<Format, CliError> {
    Format::by_name(name).ok_or_else(|| {
        let names: Vec<&str> = Format::ALL.iter().map(|format| format.name()).collect();
        CliError::Usage(format!("“{name}” is no form of accounts: name one of {}", names.join(", ")))
    })
}

fn export_form(name: &str) -> Result<ExportFormat, CliError> {
    ExportFormat::by_name(name).ok_or_else(|| {
        let names: Vec<&str> = ExportFormat::ALL.iter().map(|format| format.name()).collect();
        CliError::Usage(format!("“{name}” is no form to export: name one of {}", names.join(", ")))
    })
}

/// The domain with the most entries; names without a domain belong to it.
fn domain_of_files(arguments: &AccountList, format: Option<Format>) -> Result<DomainName, CliError> {
    let unknown = super::checked_domain(NO_DOMAIN)?;
    let found = headless::accounts(&arguments.files, &unknown, format)?.domains();
    let most = found.into_iter().filter(|(domain, _)| *domain != unknown).max_by_key(|(_, count)| *count);
    most.map(|(domain, _)| domain).ok_or_else(|| {
        CliError::Usage("no address in the files names a domain: give it with --domain".to_owned())
    })
}

/// Whether something was found that the owner has to decide, or nothing at all.
fn needs_a_look(directory: &Directory, plan: &AliasPlan) -> bool {
    if directory.accounts.is_empty() && directory.routes.is_empty() {
        output::say("No mailbox and no alias was found: are these the right files, and the right domain?");
        return true;
    }
    let counts = plan.counts();
    let is_loss = |why: &WhyLeftOut| {
        use WhyLeftOut::{NotAnAddress, OtherDomain, TargetNotAnAddress};
        matches!(why, NotAnAddress | TargetNotAnAddress | OtherDomain(_))
    };
    counts.circles + counts.without_mailbox > 0 || directory.left_out.iter().any(|entry| is_loss(&entry.why))
}

fn add_to_project(
    arguments: &AccountList,
    path: &Path,
    domain: &DomainName,
    log: LogRing,
) -> Result<(), CliError> {
    let mut config = EngineConfig::headless();
    config.secrets = SecretsPolicy::SessionOnly;
    let mut driver = Driver::start(config, log)?;
    if path.exists() {
        driver.require(Command::OpenProject(path.to_owned()))?;
    } else {
        let domain = domain.as_unicode().to_owned();
        driver.require(Command::NewProject { domain, path: Some(path.to_owned()) })?;
    }
    let opened = driver.project()?;
    if opened.domain.name != *domain {
        return Err(UserError::new(
            "This project is about another domain",
            format!("{} is about {}.", path.display(), opened.domain.name),
        )
        .or_else("Name the domain of the project, or another project", "Nothing was added")
        .into());
    }
    driver.require(Command::ReadAccounts(arguments.files.clone()))?;
    driver.require(Command::TakeAccounts(vec![domain.clone()]))?;
    driver.send(Command::CloseProject)?;
    Ok(())
}

fn write_export(
    arguments: &AccountList,
    format: ExportFormat,
    directory: &Directory,
    plan: &AliasPlan,
) -> Result<(), CliError> {
    let mut accounts = Vec::new();
    for account in &directory.accounts {
        accounts.push(ExportAccount {
            address: account.address.clone(),
            name: account.name.clone(),
            password: arguments.passwords.then(headless::new_password).transpose()?,
        });
    }
    let table = export(format, ExportInput { accounts: &accounts, plan });
    match &arguments.out {
        Some(path) if arguments.passwords => {
            let written = write_private(path, |out| out.write_all(table.text.as_bytes()));
            written.map_err(|error| CliError::from(not_written(path, &error)))?;
        }
        Some(path) => output::write_text(path, &table.text)?,
        None => output::print(&table.text)?,
    }
    for note in &table.notes {
        output::say(&format!("Note: {note}"));
    }
    Ok(())
}

/// What was found, for a terminal.
fn words(directory: &Directory, plan: &AliasPlan, behind: &[LeftBehind]) -> String {
    let mut text = String::new();
    for source in &directory.sources {
        output::append(
            &mut text,
            format_args!(
                "{}: {}; {}, {}\n",
                output::line(&source.name),
                source.format.words(),
                counted_as(source.accounts, "mailbox", "mailboxes"),
                counted_as(source.routes, "alias", "aliases"),
            ),
        );
    }
    output::append(&mut text, format_args!("\nMailboxes ({})\n", directory.accounts.len()));
    for account in &directory.accounts {
        output::append(
            &mut text,
            format_args!("  {:40} {}\n", output::line(&account.address), output::line(&account.name)),
        );
    }
    if !plan.routes.is_empty() {
        output::append(&mut text, format_args!("\nAliases: {}\n", plan.summary()));
    }
    for route in &plan.routes {
        let ends: Vec<String> = route.inside.iter().chain(&route.outside).map(ToString::to_string).collect();
        output::append(
            &mut text,
            format_args!(
                "  {:40} {:16} {}\n",
                output::line(&route.from),
                route.kind.word(),
                output::line(&ends.join(", "))
            ),
        );
        for trouble in route.troubles.iter().map(RouteTrouble::words) {
            output::append(&mut text, format_args!("      {}.\n", output::line(&trouble)));
        }
    }
    if !directory.left_out.is_empty() {
        let all = directory.left_out.len() as u64 + directory.more_left_out;
        output::append(&mut text, format_args!("\nNot taken ({all})\n"));
    }
    for left_out in &directory.left_out {
        output::append(
            &mut text,
            format_args!("  {:40} {}\n", output::line(&left_out.what), output::line(&left_out.why.words())),
        );
    }
    text.push_str("\nWhat IMAP does not carry\n");
    for item in behind {
        output::append(&mut text, format_args!("  {}: {}\n", item.title, item.what_to_do));
    }
    text
}
