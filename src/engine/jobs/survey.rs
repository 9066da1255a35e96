use std::collections::BTreeMap;
use std::path::PathBuf;

use crate::audit::evidence::EvidenceFacts;
use crate::audit::verdict::{Overrule, OwnerAnswers};
use crate::audit::{AuditReport, Facts, judge};
use crate::dns::Resolver;
use crate::engine::api::command::AuditOptions;
use crate::engine::api::user_error::UserError;
use crate::engine::explain;
use crate::engine::jobs::context::JobContext;
use crate::engine::jobs::results::Message;
use crate::providers::Provider;
use crate::records::CurrentZone;
use crate::survey::{self, EvidenceProgress, Progress, SurveyOptions};
use crate::values::{DomainName, UnixTime};

/// The DNS settings.
pub(in crate::engine) struct Question {
    pub(in crate::engine) domain: DomainName,
    pub(in crate::engine) options: AuditOptions,
    /// `HOST:PORT`; empty for the system's resolver.
    pub(in crate::engine) resolver: String,
    /// What an earlier audit knows from the owner.
    pub(in crate::engine) known: Known,
}

/// What the owner has given to an earlier audit, and a new one keeps.
#[derive(Clone, Debug, Default)]
pub(in crate::engine) struct Known {
    pub(in crate::engine) evidence: Option<EvidenceFacts>,
    pub(in crate::engine) owner: OwnerAnswers,
    pub(in crate::engine) overrule: Option<Overrule>,
}

impl Known {
    /// From saved facts; those of another version give nothing.
    pub(in crate::engine) fn of(facts_json: Option<&str>) -> Self {
        facts_json.and_then(|json| Facts::from_json(json).ok()).map_or_else(Self::default, |facts| Self {
            evidence: facts.evidence,
            owner: facts.owner,
            overrule: facts.overrule,
        })
    }
}

/// Reads the owner's files on a thread that may wait for a disk.
async fn read_files(
    domain: &DomainName,
    paths: &[PathBuf],
    context: &JobContext,
) -> Result<EvidenceFacts, Box<UserError>> {
    let (domain, paths) = (domain.clone(), paths.to_vec());
    let (answers, number, token) = (context.answers.clone(), context.number, context.token.clone());
    let reading = tokio::task::spawn_blocking(move || {
        let kilobytes = |bytes: u64| usize::try_from(bytes / 1000).unwrap_or(usize::MAX);
        let mut tell = |heard: EvidenceProgress| {
            let (done, total) = (kilobytes(heard.done), kilobytes(heard.total));
            let what = format!("{} (in kB)", heard.what);
            let _overtaken = answers.try_send(Message::AuditProgress { number, done, total, what }).is_err();
        };
        survey::read_evidence(&domain, &paths, UnixTime::now(), &mut tell, &token)
    });
    match reading.await {
        Ok(outcome) => outcome.map_err(|error| Box::new(explain::evidence(&error))),
        Err(error) => Err(Box::new(explain::defect("The evidence could not be read", &error))),
    }
}

/// The configured resolver, or the system's.
pub(in crate::engine) async fn resolver(address: &str) -> Result<Resolver, Box<UserError>> {
    let resolver =
        if address.trim().is_empty() { Resolver::system() } else { Resolver::parse(address).await };
    resolver.map_err(|error| Box::new(explain::dns(&error)))
}

impl Question {
    /// What the survey is told beforehand; reads the owner's files, where some are named.
    async fn survey_options(&self, context: &JobContext) -> Result<SurveyOptions, Box<UserError>> {
        let evidence = if self.options.evidence.is_empty() {
            self.known.evidence.clone()
        } else {
            Some(read_files(&self.domain, &self.options.evidence, context).await?)
        };
        Ok(SurveyOptions {
            selectors: self.options.selectors.clone(),
            sending_addresses: self.options.sending_addresses.clone(),
            evidence,
            owner: self.known.owner.clone(),
        })
    }
}

/// Runs the audit; also returns the facts as JSON.
pub(in crate::engine) async fn audit(
    question: Question,
    context: JobContext,
) -> Result<Box<(AuditReport, String)>, Box<UserError>> {
    let options = question.survey_options(&context).await?;
    let resolver = resolver(&question.resolver).await?;
    let mut tell = |progress: Progress| {
        let Progress { done, total, what } = progress;
        let message = Message::AuditProgress { number: context.number, done, total, what };
        // The next progress report replaces one that does not fit.
        let _overtaken = context.answers.try_send(message).is_err();
    };
    let mut facts = survey::run(&question.domain, &options, &resolver, &mut tell, &context.token)
        .await
        .map_err(|error| Box::new(explain::survey(&error)))?;
    facts.overrule = question.known.overrule;
    let report = judge(&facts);
    let json = facts
        .to_json()
        .map_err(|error| Box::new(explain::defect("The facts of the audit could not be saved", &error)))?;
    Ok(Box::new((report, json)))
}

/// Reads the parts of the current zone that the new records need.
pub(in crate::engine) async fn zone(
    question: Question,
    provider: Provider,
    answers: BTreeMap<String, String>,
    context: JobContext,
) -> Result<Box<CurrentZone>, Box<UserError>> {
    let resolver = resolver(&question.resolver).await?;
    resolver.probe().await.map_err(|error| Box::new(explain::dns(&error)))?;
    let selectors = question.options.selectors;
    tokio::select! {
        () = context.token.cancelled() => Err(Box::new(explain::cancelled())),
        zone = survey::current_zone(&question.domain, &provider, &answers, &selectors, &resolver, UnixTime::now()) => {
            zone.map(Box::new).map_err(|error| Box::new(explain::survey(&error)))
        }
    }
}
