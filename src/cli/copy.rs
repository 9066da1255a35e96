//! `mailferry copy`: runs a copy without a window.

use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use super::account_url::AccountUrl;
use super::accounts::Accounts;
use super::args::{Compress, Copy, ListForm, VerifyFlag, VerifyOnlyFlag};
use super::copy_args::{ProgressForm, WhenFull};
use super::copy_outcome::Outcome;
use super::driver::Driver;
use super::folder_changes;
use super::plan_outcome::{PlanOutcome, address_of, plan_words};
use super::progress::ProgressTeller;
use super::wishes::{Wishes, choose_folders, leave_uncounted, set_options};
use super::{CliError, done, output};
use crate::engine::{
    Command, Compression, CopyPhase, DESTINATION_FULL, EngineConfig, LogRing, MailboxProgressState,
    MessageListFormat, ProjectView, SecretsPolicy, SignInState, UserError, Verify, read_mailbox_list,
    remove_abandoned_projects, temporary_project,
};
use crate::plan::{Rest, VerifyDepth, shared_domain};
use crate::providers::{Catalogue, ProviderId};
use crate::values::{EmailAddress, Endpoint};
use crate::values::{MailboxId, Side};

/// Where a run without a project saves messages as files.
const EXPORT_FOLDER: &str = "mailferry-exported";

/// `mailferry copy`.
pub fn run(arguments: &Copy, log: LogRing) -> Result<ExitCode, CliError> {
    // Before any output: a program reads every line.
    if arguments.plan.progress == ProgressForm::Json {
        output::say_in_json();
    }
    let accounts = Accounts::from(arguments)?;
    let wishes = Wishes::from(arguments)?;
    let list = MessageList::of(arguments)?;
    super::places::check_copy(arguments)?;
    let mut config = config_of(arguments);
    // Without a project file, the ledger lasts only for this run.
    let temporary = tempfile_for(arguments)?;
    if temporary.is_some() {
        config.recent_file = None;
        config.confirmed_file = None;
    }
    // Files named in the outcome must outlive the temporary ledger.
    config.export_folder = match (&arguments.plan.export_dir, &temporary) {
        (Some(folder), _) => Some(absolute(folder)?),
        (None, Some(_)) => Some(absolute(Path::new(EXPORT_FOLDER))?),
        (None, None) => None,
    };
    let export_folder = config.export_folder.clone();
    let path = match (&arguments.project, &temporary) {
        (Some(path), _) => path.clone(),
        (None, Some(folder)) => folder.path().join("copy.mailferry"),
        (None, None) => return Err(CliError::Usage("give a project or two accounts".to_owned())),
    };
    let mut driver = Driver::start(config, log)?;
    let run = Run { arguments, accounts, wishes, list, export_folder };
    run.open(&mut driver, &path)?;
    run.configure(&mut driver)?;
    // From here on the mailboxes are known, and the outcome lists each of them.
    let carried_out = run.carry_out(&mut driver);
    if let (Err(error), Some(path)) = (&carried_out, &arguments.json) {
        run.write_failure(&driver, path, error);
    }
    carried_out
}

/// A copy as the arguments ask for it.
struct Run<'a> {
    arguments: &'a Copy,
    accounts: Accounts,
    wishes: Wishes,
    list: Option<MessageList>,
    /// Where messages are saved as files.
    export_folder: Option<PathBuf>,
}

impl Run<'_> {
    /// Writes the outcome of a run that ended early. A failure to write must not hide the error itself.
    fn write_failure(&self, driver: &Driver, path: &Path, error: &CliError) {
        let CliError::CouldNotRun(error) = error else { return };
        let Ok(project) = driver.project() else { return };
        let outcome = Outcome::from(&project, self.export_folder.as_deref()).ended_early(error);
        if let Err(CliError::CouldNotRun(other)) = output::write_json(path, &outcome)
            && other != *error
        {
            output::say(&other.to_text());
        }
    }

    /// Everything after the accounts are set up.
    fn carry_out(&self, driver: &mut Driver) -> Result<ExitCode, CliError> {
        let (arguments, wishes) = (self.arguments, &self.wishes);
        set_options(driver, arguments)?;
        if let Some(depth) = arguments.verify_only {
            return self.verify_again(driver, depth);
        }
        leave_uncounted(driver, wishes)?;
        let failed_mailboxes = sign_in(driver)?;
        count(driver)?;
        choose_folders(driver, wishes)?;
        folder_changes::apply(driver, &wishes.changes)?;
        let project = driver.project()?;
        if arguments.dry_run {
            match &arguments.json {
                Some(path) => output::write_json(path, &PlanOutcome::from(&project))?,
                None => output::print(&plan_words(&project))?,
            }
            return Ok(done(failed_mailboxes > 0 || !project.plan.errors.is_empty()));
        }
        for (mailbox, warnings) in &project.plan.warnings {
            for warning in warnings {
                output::say(&output::line(&format!("{}: {warning}", address_of(&project, *mailbox))));
            }
        }
        if arguments.plan.without_account_lock {
            driver.require(Command::GoWithoutAccountLock)?;
        }
        if arguments.same_accounts {
            driver.require(Command::NameAccounts { are_same: true })?;
        }
        let start = match arguments.trial {
            Some(messages) => Command::TryCopy { messages },
            None if arguments.plan.retry_failed => Command::RetryFailed,
            None => Command::StartCopy,
        };
        if arguments.plan.when_full == Some(WhenFull::Stop) {
            let mailboxes = project.mailboxes.iter().filter(|row| row.mailbox.is_chosen);
            let mailboxes = mailboxes.map(|row| row.id).collect();
            driver.require(Command::SettleRest { mailboxes, rest: Rest::Copy })?;
        }
        copy(driver, start, arguments.plan.progress)?;
        settle_full(driver, arguments)?;
        let project = save_list(driver, self.list.as_ref())?;
        let outcome = Outcome::from(&project, self.export_folder.as_deref());
        tell_outcome(&outcome, arguments)?;
        Ok(done(failed_mailboxes > 0 || outcome.has_failures() || !project.plan.errors.is_empty()))
    }

    /// Only verifies what was copied before.
    fn verify_again(&self, driver: &mut Driver, depth: VerifyOnlyFlag) -> Result<ExitCode, CliError> {
        driver.require(Command::VerifyCopy(match depth {
            VerifyOnlyFlag::Quick => VerifyDepth::Quick,
            VerifyOnlyFlag::Full => VerifyDepth::Full,
        }))?;
        to_the_end(driver, self.arguments.plan.progress)?;
        let outcome = Outcome::from(&save_list(driver, self.list.as_ref())?, self.export_folder.as_deref());
        tell_outcome(&outcome, self.arguments)?;
        Ok(done(outcome.is_unverified()))
    }

    /// Opens the project, or creates it if both accounts are given.
    fn open(&self, driver: &mut Driver, path: &Path) -> Result<(), CliError> {
        let accounts = &self.accounts;
        if path.exists() {
            driver.send(Command::OpenProject(path.to_path_buf()))?;
        } else if accounts.from.is_none() || accounts.to.is_none() {
            return Err(UserError::new(
                format!("There is no project at {}", path.display()),
                "Mailferry creates a new one only if both accounts are given.",
            )
            .or_else("Correct the path, or give --from and --to", "Nothing was created")
            .into());
        } else {
            let domain = self.domain()?;
            driver.send(Command::NewProject { domain, path: Some(path.to_path_buf()) })?;
        }
        agree(driver, self.arguments.plan.confirm_project)
    }

    /// The domain of a new project: that of the list of mailboxes, or of the one mailbox.
    fn domain(&self) -> Result<String, CliError> {
        let known = match &self.arguments.accounts {
            Some(list) => shared_domain(&read_mailbox_list(list)?),
            None => self
                .accounts
                .address()
                .and_then(|address| EmailAddress::parse(&address).ok())
                .map(|address| address.domain().clone()),
        };
        Ok(known.map_or_else(|| "local.invalid".to_owned(), |domain| domain.as_ascii().to_owned()))
    }

    fn configure(&self, driver: &mut Driver) -> Result<(), CliError> {
        let (arguments, accounts) = (self.arguments, &self.accounts);
        refuse_other_servers(&driver.project()?, accounts)?;
        if let Some(from) = &accounts.from {
            driver.require(Command::SetSourceServer(from.server.clone()))?;
            if let Some(fingerprint) = accounts.from_fingerprint {
                driver.require(Command::TrustCertificate { server: from.server.clone(), fingerprint })?;
            }
        }
        if let Some(own) = &arguments.plan.provider_file {
            driver.require(Command::AddProviderFile(own.clone()))?;
        }
        if let Some(to) = &accounts.to {
            let provider = match self.wishes.provider.clone() {
                Some(provider) => provider,
                None => provider_of(&driver.project()?, &to.server),
            };
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
}

/// How the engine runs for these arguments.
fn config_of(arguments: &Copy) -> EngineConfig {
    let mut config = EngineConfig::headless();
    config.secrets = SecretsPolicy::SessionThenKeyring;
    config.parallel_mailboxes = usize::from(arguments.parallel_mailboxes);
    config.max_connections = arguments.max_connections.map(usize::from);
    config.verify = match arguments.verify {
        None => Verify::AsChosen,
        Some(VerifyFlag::None) => Verify::None,
        Some(VerifyFlag::Quick) => Verify::Quick,
        Some(VerifyFlag::Full) => Verify::Full,
    };
    config.compression = match arguments.compress {
        Compress::Auto => Compression::Automatic,
        Compress::Always => Compression::Always,
        Compress::Never => Compression::Never,
    };
    config.samples_dates = arguments.dry_run;
    config.timeouts.reply = Duration::from_secs(arguments.timeout);
    config
}

/// The absolute form of the path.
fn absolute(path: &Path) -> Result<PathBuf, CliError> {
    std::path::absolute(path).map_err(|error| {
        UserError::new("There is no folder for messages saved as files", error.to_string())
            .or_else("Set one with --export-dir", "")
            .into()
    })
}

fn tempfile_for(arguments: &Copy) -> Result<Option<tempfile::TempDir>, CliError> {
    if arguments.project.is_some() {
        return Ok(None);
    }
    match remove_abandoned_projects() {
        0 => {}
        1 => output::say(
            "An earlier copy without --project ended early. What it copied is recognised at the destination.",
        ),
        count => output::say(&format!(
            "{count} earlier copies without --project ended early. What they copied is recognised at the destination."
        )),
    }
    temporary_project().map(Some).map_err(|error| {
        UserError::new("No temporary folder could be created", error.to_string())
            .or_else("Set a project file with --project", "")
            .into()
    })
}

/// Agrees to what a project from elsewhere would do, where that was asked for.
pub fn agree(driver: &mut Driver, is_confirmed: bool) -> Result<(), CliError> {
    let question = driver.project()?.question_of_trust();
    match question {
        Some(_) if is_confirmed => driver.require(Command::ConfirmProject).map(|_agreed| ()),
        Some(question) => Err(question.into()),
        None => Ok(()),
    }
}

/// The provider of a destination given without `--provider`: the one the project has for this server, else the one that
/// owns the server, so that its caps, name rules and size limits apply.
fn provider_of(project: &ProjectView, server: &Endpoint) -> ProviderId {
    let view = &project.destination;
    let known = view.chosen.as_ref().filter(|_| view.server.as_ref() == Some(server));
    // One that hosts no domain is still an IMAP server, and its limits hold whatever the destination is called.
    let catalogue = Catalogue::embedded();
    let by_server = || {
        let at = catalogue.provider_of(None, Some(server))?;
        at.no_copy.is_none().then(|| at.id.clone())
    };
    known
        .map(|(id, _)| id.clone())
        .or_else(by_server)
        .unwrap_or_else(|| ProviderId("generic-imap".to_owned()))
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
            let is_listed = accounts.has_list && row.is_some_and(|row| row.sign_in(side).has_password());
            if let Some(secret) = password.as_ref().filter(|_| !is_listed) {
                driver.require(Command::SetPassword { mailbox, side, secret: secret.clone() })?;
            }
        }
    }
    Ok(())
}

/// A project is one move: its other mailboxes must not be tried at different servers.
fn refuse_other_servers(project: &ProjectView, accounts: &Accounts) -> Result<(), CliError> {
    let named = accounts.address();
    let has_others = project.mailboxes.iter().any(|row| {
        row.mailbox.is_chosen && named.as_deref().is_none_or(|named| row.mailbox.address.to_string() != named)
    });
    let differs = |account: &Option<AccountUrl>, known: &Option<Endpoint>| {
        account.as_ref().zip(known.as_ref()).is_some_and(|(account, known)| account.server != *known)
    };
    let is_other = differs(&accounts.from, &project.domain.source_server)
        || differs(&accounts.to, &project.destination.server);
    if has_others && is_other {
        return Err(UserError::new(
            "This project moves mailboxes between other servers",
            "Its other chosen mailboxes would be tried at the servers you gave.",
        )
        .or_else("Use a separate project file for this move", "Nothing was changed")
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
    let mailbox = find(driver)?
        .ok_or_else(|| CliError::Usage(format!("“{address}” is not a mailbox of this project")))?;
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

/// Signs in on both sides. Mailboxes that cannot sign in are listed and left out; returns how many.
pub fn sign_in(driver: &mut Driver) -> Result<usize, CliError> {
    driver.require(Command::TestSignIn { mailboxes: Vec::new() })?;
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
    let mut certificates = Vec::new();
    for row in &chosen {
        for (side, view) in [(Side::Source, &row.source), (Side::Destination, &row.destination)] {
            if view.state == SignInState::SignedIn {
                continue;
            }
            let error = view.error.clone().unwrap_or_else(|| {
                UserError::new("Not signed in", format!("The {side} did not let this mailbox sign in."))
                    .or_else("Check server, user and password", "")
            });
            // One question per certificate, however many mailboxes wait for the answer.
            let is_said = error.certificate.is_some() && certificates.contains(&error.certificate);
            let words = if is_said { error.title.clone() } else { error.to_text() };
            output::say(&format!("{} ({side}): {words}", row.mailbox.address));
            certificates.push(error.certificate.clone());
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
    driver.require(Command::BuildPlan)?;
    driver.wait_until(
        |snapshot| snapshot.project.as_ref().is_none_or(|project| project.plan.counting.is_none()),
        |_| {},
    )?;
    let project = driver.project()?;
    for (mailbox, error) in &project.plan.errors {
        let address = address_of(&project, *mailbox);
        output::say(&format!("{address}: {}", error.to_text()));
    }
    match project.plan.errors.values().next() {
        Some(error) if project.plan.mailboxes.is_empty() => Err(error.clone().into()),
        _ => Ok(()),
    }
}

/// Copies to the end and prints the progress of each mailbox.
pub fn copy(driver: &mut Driver, start: Command, form: ProgressForm) -> Result<(), CliError> {
    driver.require(start)?;
    to_the_end(driver, form)
}

/// Waits until nothing is running and prints the progress of each mailbox.
fn to_the_end(driver: &mut Driver, form: ProgressForm) -> Result<(), CliError> {
    let mut teller = ProgressTeller::new(form);
    driver.wait_until(
        |snapshot| {
            snapshot.project.as_ref().is_none_or(|project| {
                matches!(project.copy.phase, CopyPhase::Finished | CopyPhase::Stopped | CopyPhase::NotStarted)
            })
        },
        |snapshot| teller.tell(snapshot),
    )?;
    for error in driver.take_failures() {
        output::say(&error.to_text());
    }
    Ok(())
}

/// Goes on with mailboxes that are full at the destination, as the arguments ask for it.
fn settle_full(driver: &mut Driver, arguments: &Copy) -> Result<(), CliError> {
    let rest = match arguments.plan.when_full {
        None | Some(WhenFull::Stop) => return Ok(()),
        Some(WhenFull::LeaveOut) => Rest::LeaveOut,
        Some(WhenFull::Save) => Rest::Save,
    };
    let project = driver.project()?;
    let is_full = |state: &MailboxProgressState| match state {
        MailboxProgressState::Stopped(error) => error.code == Some(DESTINATION_FULL),
        _ => false,
    };
    let full = project.copy.mailboxes.iter().filter(|progress| is_full(&progress.state));
    let mailboxes: Vec<MailboxId> = full.map(|progress| progress.id).collect();
    if mailboxes.is_empty() {
        return Ok(());
    }
    copy(driver, Command::SettleRest { mailboxes, rest }, arguments.plan.progress)
}

/// Writes the outcome: as JSON if requested, otherwise as text, which goes to standard error if standard output has the
/// message list.
fn tell_outcome(outcome: &Outcome, arguments: &Copy) -> Result<(), CliError> {
    let has_list = arguments.messages.as_deref().is_some_and(super::places::is_standard_output);
    match &arguments.json {
        Some(path) => output::write_json(path, outcome),
        None if has_list => {
            output::say(outcome.words().trim_end());
            Ok(())
        }
        None => output::print(&outcome.words()),
    }
}

/// Where the message list goes, and in which format.
struct MessageList {
    path: PathBuf,
    format: MessageListFormat,
}

impl MessageList {
    /// A file's name implies its format; any other name is wrong usage, reported before anything is copied. Pipes and
    /// devices get one JSON object per line by default.
    fn of(arguments: &Copy) -> Result<Option<Self>, CliError> {
        let Some(path) = &arguments.messages else { return Ok(None) };
        let asked = arguments.messages_format.map(|form| match form {
            ListForm::Csv => MessageListFormat::Csv,
            ListForm::Json => MessageListFormat::Json,
            ListForm::Jsonl => MessageListFormat::JsonLines,
        });
        let of_stream = || (!super::places::is_file(path)).then_some(MessageListFormat::JsonLines);
        let format = asked.or_else(|| MessageListFormat::of(path)).or_else(of_stream);
        let format = format.ok_or_else(|| {
            CliError::Usage(format!(
                "--messages {}: the name must end in .csv, .json or .jsonl, or --messages-format must give the format",
                path.display()
            ))
        })?;
        let path = if path == Path::new("-") { PathBuf::from("/dev/stdout") } else { path.clone() };
        Ok(Some(Self { path, format }))
    }
}

/// Writes one row per message, if requested.
fn save_list(driver: &mut Driver, list: Option<&MessageList>) -> Result<ProjectView, CliError> {
    let Some(MessageList { path, format }) = list else { return driver.project() };
    let told = output::PipeWait::begin(path);
    driver.require(Command::SaveMessagesAs(path.clone(), *format))?;
    driver.wait_until(
        |snapshot| snapshot.project.as_ref().is_none_or(|project| !project.messages.is_saving),
        |_| {},
    )?;
    drop(told);
    match driver.take_failures().pop() {
        Some(error) => Err(error.into()),
        None => driver.project(),
    }
}
