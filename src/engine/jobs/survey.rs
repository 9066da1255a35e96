use std::collections::BTreeMap;

use crate::audit::{AuditReport, judge};
use crate::dns::Resolver;
use crate::engine::api::command::AuditOptions;
use crate::engine::api::user_error::UserError;
use crate::engine::explain;
use crate::engine::jobs::context::JobContext;
use crate::engine::jobs::results::Message;
use crate::providers::Provider;
use crate::records::CurrentZone;
use crate::survey::{self, Progress, SurveyOptions};
use crate::values::{DomainName, UnixTime};

/// What the DNS is asked with.
pub(in crate::engine) struct Question {
    pub(in crate::engine) domain: DomainName,
    pub(in crate::engine) options: AuditOptions,
    /// `HOST:PORT`; empty for the system's resolver.
    pub(in crate::engine) resolver: String,
}

/// The resolver that was named, or the system's.
pub(in crate::engine) async fn resolver(address: &str) -> Result<Resolver, Box<UserError>> {
    let resolver =
        if address.trim().is_empty() { Resolver::system() } else { Resolver::parse(address).await };
    resolver.map_err(|error| Box::new(explain::dns(&error)))
}

impl Question {
    pub(in crate::engine) fn survey_options(&self) -> SurveyOptions {
        SurveyOptions {
            selectors: self.options.selectors.clone(),
            sending_addresses: self.options.sending_addresses.clone(),
        }
    }
}

/// Asks and judges; the facts come along as JSON.
pub(in crate::engine) async fn audit(
    question: Question,
    context: JobContext,
) -> Result<Box<(AuditReport, String)>, Box<UserError>> {
    let resolver = resolver(&question.resolver).await?;
    let mut tell = |progress: Progress| {
        let Progress { done, total, what } = progress;
        let message = Message::AuditProgress { number: context.number, done, total, what };
        // Progress that finds no room is overtaken by the next one anyway.
        let _overtaken = context.answers.try_send(message).is_err();
    };
    let facts =
        survey::run(&question.domain, &question.survey_options(), &resolver, &mut tell, &context.token)
            .await
            .map_err(|error| Box::new(explain::survey(&error)))?;
    let report = judge(&facts);
    let json = facts
        .to_json()
        .map_err(|error| Box::new(explain::defect("The facts of the audit could not be kept", &error)))?;
    Ok(Box::new((report, json)))
}

/// Reads what the zone says today, as far as the new records need it.
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
