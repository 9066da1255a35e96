use std::path::Path;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use super::account_url::AccountUrl;
use super::accounts::Accounts;
use super::args::{Compress, Copy, Verify};
use super::copy_outcome::Outcome;
use super::driver::Driver;
use super::plan_outcome::{PlanOutcome, address_of, plan_words};
use super::wishes::{Wishes, choose_folders, set_options};
use super::{CliError, done, output};
use crate::engine::{
    Command, Compression, CopyPhase, EngineConfig, LogRing, MessageListFormat, ProjectView, Proof, RequestId,
    SecretsPolicy, SignInState, UserError,
};
use crate::plan::{MailboxId, Side};
use crate::providers::ProviderId;
use crate::values::{EmailAddress, with_thousands};

/// How often a progress line is printed.
const PROGRESS_EVERY: Duration = Duration::from_secs(5);

/// `mailferry copy`.
pub fn run(arguments: &Copy, log: LogRing) -> Result<ExitCode, CliError> {
    let accounts = Accounts::from(arguments)?;
    let wishes = Wishes::from(arguments)?;
    check_message_list(arguments.messages.as_deref())?;
    let mut config = EngineConfig::headless();
    config.secrets = SecretsPolicy::SessionThenKeyring;
    config.parallel_mailboxes = usize::from(arguments.max_connections);
    config.proof = match arguments.verify {
        Verify::None => Proof::None,
        Verify::Quick => Proof::Quick,
        Verify::Full => Proof::Full,
    };
    config.compression = match arguments.compress {
        Compress::Auto => Compression::Automatic,
        Compress::Always => Compression::Always,
        Compress::Never => Compression::Never,
    };
    // Without a project file of its own, the ledger lives as long as this run.
    let temporary = tempfile_for(arguments)?;
    if temporary.is_some() {
        config.recent_file = None;
    }
    let path = match (&arguments.project, &temporary) {
        (Some(path), _) => path.clone(),
        (None, Some(folder)) => folder.path().join("copy.mailferry"),
        (None, None) => return Err(CliError::Usage("name a project or two accounts".to_owned())),
    };
    let mut driver = Driver::start(config, log)?;
    open(&mut driver, &path, &accounts)?;
    configure(&mut driver, arguments, &accounts)?;
    set_options(&mut driver, arguments)?;
    let failed_mailboxes = sign_in(&mut driver)?;
    count(&mut driver)?;
    choose_folders(&mut driver, &wishes)?;
    let project = driver.project()?;
    if arguments.dry_run {
        match &arguments.json {
            Some(path) => output::write_json(path, &PlanOutcome::from(&project))?,
            None => output::print(&plan_words(&project))?,
        }
        return Ok(done(failed_mailboxes > 0 || !project.plan.errors.is_empty()));
    }
    if arguments.same_accounts {
        driver.require(Command::NameAccounts { are_same: true })?;
    }
    copy(&mut driver, arguments.trial)?;
    if let Some(path) = &arguments.messages {
        save_messages(&mut driver, path)?;
    }
    let project = driver.project()?;
    let outcome = Outcome::from(&project);
    match &arguments.json {
        Some(path) => output::write_json(path, &outcome)?,
        None => output::print(&outcome.words())?,
    }
    Ok(done(failed_mailboxes > 0 || outcome.has_failures() || !project.plan.errors.is_empty()))
}

fn tempfile_for(arguments: &Copy) -> Result<Option<tempfile::TempDir>, CliError> {
    if arguments.project.is_some() {
        return Ok(None);
    }
    tempfile::tempdir().map(Some).map_err(|error| {
        UserError::new("No temporary folder could be made", error.to_string())
            .or_else("Name a project file with --project", "")
            .into()
    })
}

fn open(driver: &mut Driver, path: &Path, accounts: &Accounts) -> Result<(), CliError> {
    if path.exists() {
        driver.send(Command::OpenProject(path.to_path_buf()))?;
    } else if accounts.from.is_none() || accounts.to.is_none() {
        return Err(UserError::new(
            format!("There is no project at {}", path.display()),
            "A new one is made only where both accounts are given.",
        )
        .or_else("Correct the path, or give --from and --to", "Nothing was made")
        .into());
    } else {
        let domain = accounts
            .address()
            .as_deref()
            .and_then(|address| EmailAddress::parse(address).ok())
            .map_or_else(|| "local.invalid".to_owned(), |address| address.domain().as_ascii().to_owned());
        driver.send(Command::NewProject { domain, path: Some(path.to_path_buf()) })?;
    }
    driver.project().map(|_opened| ())
}

fn configure(driver: &mut Driver, arguments: &Copy, accounts: &Accounts) -> Result<(), CliError> {
    refuse_other_servers(&driver.project()?, accounts)?;
    if let Some(from) = &accounts.from {
        driver.require(Command::SetSourceServer(from.server.clone()))?;
        if let Some(fingerprint) = accounts.from_fingerprint {
            driver.require(Command::TrustCertificate { server: from.server.clone(), fingerprint })?;
        }
    }
    if let Some(to) = &accounts.to {
        let provider = ProviderId("generic-imap".to_owned());
        driver.require(Command::ChooseDestination { provider, server: Some(to.server.clone()) })?;
        if let Some(fingerprint) = accounts.to_fingerprint {
            driver.require(Command::TrustCertificate { server: to.server.clone(), fingerprint })?;
        }
    }
    if let Some(csv) = &arguments.accounts {
        driver.require(Command::ImportCsv(csv.clone()))?;
        give_passwords(driver, accounts)?;
    } else if let Some(address) = accounts.address() {
        add_single(driver, &address, accounts)?;
    } else {
        give_passwords(driver, accounts)?;
    }
    Ok(())
}

/// The ways to sign in and the passwords of the arguments, for every chosen mailbox of a list or project. A list's own
/// passwords stay.
fn give_passwords(driver: &mut Driver, accounts: &Accounts) -> Result<(), CliError> {
    let sides = [
        (Side::Source, &accounts.ways.from, &accounts.from_password),
        (Side::Destination, &accounts.ways.to, &accounts.to_password),
    ];
    let chosen: Vec<MailboxId> =
        driver.project()?.mailboxes.iter().filter(|row| row.mailbox.is_chosen).map(|row| row.id).collect();
    for mailbox in chosen {
        for (side, way, password) in sides {
            if let Some(way) = way {
                driver.require(Command::SetSignInWay { mailbox, side, way: way.clone() })?;
            }
            let project = driver.project()?;
            let row = project.mailboxes.iter().find(|row| row.id == mailbox);
            let is_listed = accounts.has_list && row.is_some_and(|row| row.sign_in(side).has_password);
            if let Some(secret) = password.as_ref().filter(|_| !is_listed) {
                driver.require(Command::SetPassword { mailbox, side, secret: secret.clone() })?;
            }
        }
    }
    Ok(())
}

/// A project is one move: other mailboxes of it must not be tried at another server than theirs.
fn refuse_other_servers(project: &ProjectView, accounts: &Accounts) -> Result<(), CliError> {
    let named = accounts.address();
    let has_others = project.mailboxes.iter().any(|row| {
        row.mailbox.is_chosen && named.as_deref().is_none_or(|named| row.mailbox.address.to_string() != named)
    });
    let differs = |account: &Option<AccountUrl>, known: &Option<crate::values::Endpoint>| {
        account.as_ref().zip(known.as_ref()).is_some_and(|(account, known)| account.server != *known)
    };
    let is_other = differs(&accounts.from, &project.domain.source_server)
        || differs(&accounts.to, &project.destination.server);
    if has_others && is_other {
        return Err(UserError::new(
            "This project moves mailboxes between other servers",
            "It has other chosen mailboxes, which would be tried at the servers that you named.",
        )
        .or_else("Use a project file of its own for this move", "Nothing was changed")
        .into());
    }
    Ok(())
}

fn add_single(driver: &mut Driver, address: &str, accounts: &Accounts) -> Result<(), CliError> {
    let find = |driver: &Driver| -> Result<Option<MailboxId>, CliError> {
        let project = driver.project()?;
        let wanted = EmailAddress::parse(address).ok();
        Ok(project
            .mailboxes
            .iter()
            .find(|row| Some(&row.mailbox.address) == wanted.as_ref())
            .map(|row| row.id))
    };
    if find(driver)?.is_none() {
        driver.require(Command::AddMailbox(address.to_owned()))?;
    }
    let mailbox = find(driver)?.ok_or_else(|| CliError::Usage(format!("“{address}” is no mailbox")))?;
    let sides = [
        (Side::Source, &accounts.from, &accounts.ways.from, &accounts.from_password),
        (Side::Destination, &accounts.to, &accounts.ways.to, &accounts.to_password),
    ];
    for (side, account, way, password) in sides {
        if let Some(account) = account {
            driver.require(Command::SetUser { mailbox, side, user: account.user.clone() })?;
        }
        if let Some(way) = way {
            driver.require(Command::SetSignInWay { mailbox, side, way: way.clone() })?;
        }
        if let Some(secret) = password {
            driver.require(Command::SetPassword { mailbox, side, secret: secret.clone() })?;
        }
    }
    Ok(())
}

/// Signs in on both sides; mailboxes that do not get in are named and left out. Hands back how many those are.
pub fn sign_in(driver: &mut Driver) -> Result<usize, CliError> {
    let request = RequestId(1);
    driver.require(Command::TestSignIn { mailboxes: Vec::new(), request })?;
    driver.wait_until(
        |snapshot| {
            snapshot.project.as_ref().is_none_or(|project| {
                project.mailboxes.iter().filter(|row| row.mailbox.is_chosen).all(|row| {
                    [&row.source.state, &row.destination.state]
                        .iter()
                        .all(|state| !matches!(state, SignInState::SigningIn | SignInState::NotTried))
                })
            })
        },
        |_| {},
    )?;
    let project = driver.project()?;
    let chosen: Vec<_> = project.mailboxes.iter().filter(|row| row.mailbox.is_chosen).collect();
    let mut failed = Vec::new();
    let mut last_error = None;
    for row in &chosen {
        for (side, view) in [(Side::Source, &row.source), (Side::Destination, &row.destination)] {
            if view.state == SignInState::SignedIn {
                continue;
            }
            let error = view.error.clone().unwrap_or_else(|| {
                UserError::new("Not signed in", format!("The {side} did not let this mailbox in."))
                    .or_else("Check server, user and password", "")
            });
            output::say(&format!("{} ({side}): {}", row.mailbox.address, error.to_text()));
            if let SignInState::CertificateNotKnown(certificate) = &view.state {
                output::say(&format!("  SHA-256 fingerprint: {}", certificate.fingerprint));
            }
            failed.push(row.id);
            last_error = Some(error);
        }
    }
    failed.dedup();
    match last_error {
        Some(error) if failed.len() == chosen.len() => Err(error.into()),
        _ => Ok(failed.len()),
    }
}

/// Lists folders and sizes of all chosen mailboxes.
pub fn count(driver: &mut Driver) -> Result<(), CliError> {
    driver.require(Command::BuildPlan(RequestId(2)))?;
    driver.wait_until(
        |snapshot| snapshot.project.as_ref().is_none_or(|project| project.plan.counting.is_none()),
        |_| {},
    )?;
    let project = driver.project()?;
    for (mailbox, error) in &project.plan.errors {
        let address = address_of(&project, *mailbox);
        output::say(&format!("{address}: {}", error.to_text()));
    }
    Ok(())
}

/// Copies to the end, with a progress line every few seconds.
pub fn copy(driver: &mut Driver, trial: Option<u32>) -> Result<(), CliError> {
    driver.require(trial.map_or(Command::StartCopy, |messages| Command::TryCopy { messages }))?;
    let mut printed = Instant::now();
    driver.wait_until(
        |snapshot| {
            snapshot.project.as_ref().is_none_or(|project| {
                matches!(project.copy.phase, CopyPhase::Finished | CopyPhase::Stopped | CopyPhase::NotStarted)
            })
        },
        |snapshot| {
            if printed.elapsed() >= PROGRESS_EVERY
                && let Some(project) = &snapshot.project
            {
                printed = Instant::now();
                output::say(&progress_words(project));
            }
        },
    )?;
    for error in driver.take_failures() {
        output::say(&error.to_text());
    }
    Ok(())
}

/// The name of the list says its form; one that does not is wrong usage, told before anything is copied.
fn check_message_list(path: Option<&Path>) -> Result<(), CliError> {
    match path {
        Some(path) if MessageListFormat::of(path).is_none() => Err(CliError::Usage(format!(
            "--messages {}: the name must end in .csv, .json or .jsonl",
            path.display()
        ))),
        _ => Ok(()),
    }
}

/// Writes one row per message.
fn save_messages(driver: &mut Driver, path: &Path) -> Result<(), CliError> {
    driver.require(Command::SaveMessages(path.to_path_buf()))?;
    driver.wait_until(
        |snapshot| snapshot.project.as_ref().is_none_or(|project| !project.messages.is_saving),
        |_| {},
    )?;
    driver.take_failures().pop().map_or(Ok(()), |error| Err(error.into()))
}

fn progress_words(project: &ProjectView) -> String {
    let copy = &project.copy;
    let left = copy
        .seconds_left
        .map_or_else(String::new, |seconds| format!(", about {} min left", seconds.div_ceil(60)));
    format!(
        "{} of {} messages, {} of {}{left}",
        with_thousands(copy.sum.finished()),
        with_thousands(copy.sum.source_count),
        copy.bytes_done,
        copy.bytes_total
    )
}
