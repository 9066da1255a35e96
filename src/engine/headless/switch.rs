//! `mailferry watch`: one look at everybody, kept in the project.

use std::path::Path;

use serde::Serialize;

use super::to_its_end;
use crate::cutover::{
    self, CopyDone, CutoverError, MailRoute, Reading, Step, StepKind, StepState, Watch, schedule,
};
use crate::dns::Resolver;
use crate::engine::api::user_error::UserError;
use crate::engine::config::EngineConfig;
use crate::engine::explain;
use crate::engine::open_project::confirmed::Confirmed;
use crate::plan::Reach;
use crate::project::{CopyJob, CopyJobPhase, Project, ProjectError};
use crate::values::{DomainName, UnixTime};

/// What a look is told.
#[derive(Clone, Copy, Debug)]
pub struct WatchOptions<'a> {
    /// `HOST:PORT` of each resolver; empty for the system's.
    pub resolvers: &'a [String],
    /// Whether the owner agrees to what a project from elsewhere asks.
    pub confirms_project: bool,
}

/// Where the switch of a project stands.
#[derive(Clone, Debug, Serialize)]
pub struct SwitchReport {
    /// The domain.
    pub domain: DomainName,
    /// When everybody was asked.
    pub at: UnixTime,
    /// From which mail hosts to which.
    pub route: MailRoute,
    /// Who sees what.
    pub reading: Reading,
    /// The dated plan.
    pub steps: Vec<Step>,
}

impl SwitchReport {
    /// Whether nobody has the old records any more, and late mail was brought over.
    pub fn is_done(&self) -> bool {
        let is_swept = |step: &Step| step.kind == StepKind::Sweep && step.state == StepState::Done;
        self.reading.is_over && self.steps.iter().any(is_swept)
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
    let looked = may_ask(&project, wanted.confirms_project)
        .and_then(|()| to_its_end(look(&project, wanted.resolvers)));
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

async fn look(project: &Project, addresses: &[String]) -> Result<SwitchReport, Box<UserError>> {
    let domain = project.domain().clone();
    let mut watch = stored_watch(project)?;
    let resolvers = resolvers(addresses).await?;
    let told = |error: CutoverError| Box::new(explain::cutover(&error));
    let found = match resolvers.first() {
        Some(first) => cutover::find_servers(&domain, first).await,
        None => Ok(Vec::new()),
    };
    let servers = match found {
        // The resolver fails, but who was in charge in the last round can still be asked.
        Err(CutoverError::NoServers { .. }) if !watch.servers().is_empty() => watch.servers(),
        found => found.map_err(told)?,
    };
    let round = cutover::look(&domain, &servers, &resolvers, UnixTime::now()).await;
    let reading = watch.take_in(&domain, &round).map_err(told)?;
    let body = serde_json::to_string(&watch)
        .map_err(|error| explain::defect("The switch could not be saved", &error))?;
    let stored = |error: ProjectError| Box::new(explain::project(&error));
    project.set_switch_watch(&body).map_err(stored)?;
    let copy = copy_done(&project.copy_job().map_err(stored)?);
    let steps = schedule(&watch, &reading, copy, round.at);
    Ok(SwitchReport { domain, at: round.at, route: watch.route, reading, steps })
}

async fn resolvers(addresses: &[String]) -> Result<Vec<Resolver>, Box<UserError>> {
    if addresses.is_empty() {
        return Ok(vec![crate::engine::jobs::survey::resolver("").await?]);
    }
    let mut resolvers = Vec::new();
    for address in addresses {
        resolvers.push(crate::engine::jobs::survey::resolver(address).await?);
    }
    Ok(resolvers)
}

/// What was seen before. After the switch the records are planned anew from a zone that has only the new ones, so the route of
/// the first look stays, unless the goal is another one.
fn stored_watch(project: &Project) -> Result<Watch, Box<UserError>> {
    let stored = |error: ProjectError| Box::new(explain::project(&error));
    let known = match project.switch_watch().map_err(stored)? {
        Some(body) => Some(serde_json::from_str::<Watch>(&body).map_err(|error| {
            Box::new(explain::project(&ProjectError::Corrupt(format!(
                "what was seen of the switch cannot be read: {error}"
            ))))
        })?),
        None => None,
    };
    let planned = match project.records_plan().map_err(stored)? {
        Some(plan) => MailRoute::of_plan(&plan),
        None => Err(CutoverError::NothingToSwitch),
    };
    match (known, planned) {
        (Some(known), Err(CutoverError::NothingToSwitch)) => Ok(known),
        (Some(known), Ok(route)) if known.route.has_same_goal(&route) => Ok(known),
        (_, Ok(route)) => Ok(Watch::new(route)),
        (_, Err(error)) => Err(Box::new(explain::cutover(&error))),
    }
}

fn copy_done(job: &CopyJob) -> CopyDone {
    let is_whole = job.is_copied && job.trial.is_none() && job.phase == CopyJobPhase::Finished;
    CopyDone {
        finished_at: job.finished_at.filter(|_| is_whole),
        is_verified: job.verification_counts.as_ref().is_some_and(crate::plan::VerifySummary::is_clean),
    }
}
