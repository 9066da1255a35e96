//! `mailferry watch`: one look at everybody, kept in the project.

use std::path::{Path, PathBuf};

use serde::Serialize;
use tokio_util::sync::CancellationToken;

use super::mailboxes::{MailboxSource, at_server as mailboxes_at, mailboxes_of};
use super::to_its_end;
use crate::cutover::{
    KeepReason, MailRoute, Reading, Reminder, Step, StepKind, StepState, TestMark, TestMessage, reminders,
};
use crate::engine::api::user_error::UserError;
use crate::engine::config::{EngineConfig, SecretsPolicy};
use crate::engine::explain;
use crate::engine::jobs::switch::{Watched, ask_everybody};
use crate::engine::jobs::test_message::{TestSource, Tested, judge_tests};
use crate::engine::open_project::confirmed::Confirmed;
use crate::engine::open_project::passwords::Passwords;
use crate::engine::open_project::switch::{copy_done_of, keep_log, log_to_watch};
use crate::plan::Reach;
use crate::project::{Project, ProjectError};
use crate::values::{DomainName, Side, UnixTime};

/// The settings of one look.
#[derive(Clone, Copy, Debug)]
pub struct WatchOptions<'a> {
    /// `HOST:PORT` of each resolver; empty for the system's.
    pub resolvers: &'a [String],
    /// Whether public resolvers are asked, too.
    pub asks_public: bool,
    /// Files with a test message each.
    pub tests: &'a [PathBuf],
    /// Mailboxes in which test messages are looked for.
    pub test_mailboxes: TestMailboxes<'a>,
    /// Whether the owner agrees to what a project from elsewhere asks.
    pub confirms_project: bool,
}

/// Mailboxes in which test messages are looked for.
#[derive(Clone, Copy, Debug, Default)]
pub struct TestMailboxes<'a> {
    /// Addresses of the project, at the new provider, with the passwords of the keyring.
    pub of_project: &'a [String],
    /// One at any server.
    pub at_server: Option<MailboxSource<'a>>,
}

/// Where the switch of a project stands.
#[derive(Clone, Debug, Serialize)]
pub struct SwitchReport {
    /// The domain.
    pub domain: DomainName,
    /// The provider that mail was copied to.
    pub provider: String,
    /// When everybody was asked.
    pub at: UnixTime,
    /// From which mail hosts to which.
    pub route: MailRoute,
    /// Who sees what.
    pub reading: Reading,
    /// The dated plan.
    pub steps: Vec<Step>,
    /// Why the old server must go on running; `None` when it may be stopped.
    pub keeps_old_server: Option<KeepReason>,
    /// When late mail is to be brought over next; `None` where there is nothing to bring yet.
    pub next_sweep_at: Option<UnixTime>,
    /// Messages that sweeps have brought over since the switch.
    pub late_messages: u64,
    /// Test messages as they were last judged, oldest first.
    pub tests: Vec<TestMessage>,
    /// The subject that tells a test message from other mail.
    pub test_subject: String,
    /// How long to wait before the next round, in seconds.
    pub pause_secs: u32,
    /// What remains to be done.
    pub remaining: Vec<Remaining>,
}

/// What remains to be done, and when the owner ticked it.
#[derive(Clone, Debug, Serialize)]
pub struct Remaining {
    /// What.
    #[serde(flatten)]
    pub reminder: Reminder,
    /// When it was ticked; `None` while it is to be done.
    pub done_at: Option<UnixTime>,
}

impl SwitchReport {
    /// Whether nobody has the old records any more, and late mail was brought over.
    pub fn is_done(&self) -> bool {
        let is_swept = |step: &Step| step.kind == StepKind::Sweep && step.state == StepState::Done;
        self.reading.is_over && self.steps.iter().any(is_swept)
    }

    /// Whether late mail is to be brought over now.
    pub fn is_sweep_due(&self) -> bool {
        self.next_sweep_at.is_some_and(|at| at <= self.at)
    }
}

/// Asks every server in charge and the resolvers once, and keeps in the project what they said. The first resolver also
/// finds the servers; without any, the system's resolver is asked.
///
/// # Errors
/// An error for the user: the project cannot be opened or plans no switch, no resolver answers, there is no such domain or no
/// server for it, or the clock went back.
pub fn watch(path: &Path, wanted: &WatchOptions<'_>) -> Result<SwitchReport, Box<UserError>> {
    let project = Project::open(path).map_err(|error| explain::project_at(path, &error))?;
    let looked = may_ask(&project, wanted.confirms_project).and_then(|()| to_its_end(look(&project, wanted)));
    // The look is over either way; what it said counts for more than a failure to close.
    let closed = project.close().map_err(|error| Box::new(explain::project(&error)));
    let report = looked?;
    closed?;
    Ok(report)
}

/// A project from elsewhere says whose servers are asked, so its owner here agrees first.
fn may_ask(project: &Project, confirms: bool) -> Result<(), Box<UserError>> {
    let mut confirmed = Confirmed::load(EngineConfig::for_this_user().confirmed_file);
    let reach = Reach::Domain(project.domain().clone());
    let missing = confirmed.missing(project.uuid(), vec![reach]);
    if !confirms {
        return explain::unconfirmed(&missing).map_or(Ok(()), |question| Err(Box::new(question)));
    }
    confirmed.confirm(project.uuid(), &missing, UnixTime::now()).or_else(|error| {
        // It is asked again next time.
        tracing::warn!(%error, "the answer could not be kept");
        Ok(())
    })
}

/// Where the test messages of this look are.
async fn test_sources(
    project: &Project,
    wanted: &WatchOptions<'_>,
) -> Result<Vec<TestSource>, Box<UserError>> {
    let mut sources = Vec::new();
    if !wanted.tests.is_empty() {
        sources.push(TestSource::Files(wanted.tests.to_vec()));
    }
    let (mark, passwords) =
        (TestMark::of_project(project.uuid()), Passwords::new(SecretsPolicy::SessionThenKeyring));
    let TestMailboxes { of_project, at_server } = wanted.test_mailboxes;
    if !of_project.is_empty() {
        let mut all = mailboxes_of(project, Side::Destination, wanted.confirms_project, passwords.clone())?;
        let is_unknown = |wanted: &&String| !all.mailboxes.iter().any(|one| one.address == **wanted);
        if let Some(unknown) = of_project.iter().find(is_unknown) {
            return Err(Box::new(explain::no_such_test_mailbox(unknown)));
        }
        all.mailboxes.retain(|one| of_project.contains(&one.address));
        sources.push(TestSource::Mailboxes(all, mark.clone()));
    }
    if let Some(MailboxSource::Server { server, fingerprint, whose }) = at_server {
        let mailboxes = mailboxes_at(server, fingerprint, whose, passwords).await?;
        sources.push(TestSource::Mailboxes(mailboxes, mark));
    }
    Ok(sources)
}

async fn look(project: &Project, wanted: &WatchOptions<'_>) -> Result<SwitchReport, Box<UserError>> {
    let domain = project.domain().clone();
    let mut log = log_to_watch(project)?;
    log.asks_public |= wanted.asks_public;
    for from in test_sources(project, wanted).await? {
        let tested = Tested {
            domain: domain.clone(),
            watch: log.watch.clone(),
            resolver: wanted.resolvers.first().cloned().unwrap_or_default(),
            from,
        };
        let tests = judge_tests(&tested, &CancellationToken::new()).await?;
        for test in tests {
            log.note_test(test);
        }
    }
    let watched = Watched {
        domain: domain.clone(),
        resolvers: wanted.resolvers.to_vec(),
        asks_public: wanted.asks_public,
        proof: log.watch.proof.clone(),
        known: log.watch.servers(),
    };
    let round = ask_everybody(&watched, &|_done, _all| {}).await?;
    let reading = log.take_in(&domain, &round).map_err(|error| Box::new(explain::cutover(&error)))?;
    keep_log(project, &log)?;
    let stored = |error: ProjectError| Box::new(explain::project(&error));
    let job = project.copy_job().map_err(stored)?;
    let copy = copy_done_of(project, &job).map_err(stored)?;
    let ticked = project.ticked_reminders().map_err(stored)?;
    let plan = project.records_plan().map_err(stored)?;
    let remaining = reminders(Some(&log), plan.as_ref(), copy)
        .into_iter()
        .map(|reminder| Remaining { done_at: ticked.get(reminder.kind.id()).copied(), reminder })
        .collect();
    let provider = job.route.map_or_else(|| "the new provider".to_owned(), |route| route.provider_name);
    Ok(SwitchReport {
        domain,
        provider,
        at: round.at,
        steps: log.steps(copy, round.at),
        keeps_old_server: log.keep_reason(copy, round.at),
        next_sweep_at: log.next_sweep_at(copy),
        late_messages: log.late_messages,
        tests: log.tests.clone(),
        test_subject: TestMark::of_project(project.uuid()).subject(),
        pause_secs: log.pause_secs(),
        route: log.watch.route,
        reading,
        remaining,
    })
}
