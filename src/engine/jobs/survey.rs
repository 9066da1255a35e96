//! The background job that gathers Facts and judges them.

use std::collections::BTreeMap;
use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::time::Duration;

use tokio_util::sync::CancellationToken;

use crate::audit::evidence::EvidenceParts;
use crate::audit::verdict::{Overrule, OwnerAnswers};
use crate::audit::{AuditReport, EarlierAudit, Facts, judge};
use crate::dns::Resolver;
use crate::engine::api::command::{AuditOptions, AuditReach, NeighbourScope};
use crate::engine::api::user_error::UserError;
use crate::engine::explain;
use crate::engine::jobs::context::JobContext;
use crate::engine::jobs::evidence::{MailboxesToRead, read_files, read_mailboxes};
use crate::engine::jobs::results::Message;
use crate::engine::list_keys::ListKeyring;
use crate::net::Roots;
use crate::providers::Provider;
use crate::records::CurrentZone;
use crate::survey::{
    self, ControlHost, ListKeys, LiveLook, Looking, Politeness, Progress, SurveyError, SurveyOptions,
    ZoneReading,
};
use crate::values::{DomainName, MailHosts, UnixTime};
use crate::web::Web;
use crate::{rehearsal, smtp};

/// How long a name server that is behind gets: a transfer of a small zone takes a second or two.
const CATCH_UP: Duration = Duration::from_secs(8);

/// The DNS settings.
pub(in crate::engine) struct Question {
    pub(in crate::engine) domain: DomainName,
    pub(in crate::engine) options: AuditOptions,
    /// `HOST:PORT`; empty for the system's resolver.
    pub(in crate::engine) resolver: String,
    /// What an earlier audit knows from the owner.
    pub(in crate::engine) known: Known,
    /// How far it goes.
    pub(in crate::engine) reach: AuditReach,
    /// Whether everything that is asked is inside this program.
    pub(in crate::engine) is_practice: bool,
    /// One finding alone, where only that one is asked for.
    pub(in crate::engine) again: Option<OneFinding>,
}

/// A finding to check again, and the facts that it comes from.
pub(in crate::engine) struct OneFinding {
    pub(in crate::engine) id: String,
    pub(in crate::engine) facts: Facts,
}

/// What the owner has given to an earlier audit, and a new one keeps.
#[derive(Clone, Debug, Default)]
pub(in crate::engine) struct Known {
    pub(in crate::engine) evidence: EvidenceParts,
    pub(in crate::engine) owner: OwnerAnswers,
    pub(in crate::engine) overrule: Option<Overrule>,
    /// What was seen of mail hosts from the server itself.
    pub(in crate::engine) seen_elsewhere: Option<MailHosts>,
    /// What that audit found.
    pub(in crate::engine) earlier: Option<EarlierAudit>,
}

impl Known {
    /// From saved facts; those of another version give nothing.
    pub(in crate::engine) fn of(facts_json: Option<&str>) -> Self {
        let Some(facts) = facts_json.and_then(|json| Facts::from_json(json).ok()) else {
            return Self::default();
        };
        let earlier = EarlierAudit::of(&judge(&facts), facts.earlier.as_ref());
        Self {
            seen_elsewhere: facts.mail_hosts.as_ref().and_then(MailHosts::pasted),
            earlier: Some(earlier),
            evidence: facts.parts_of_evidence(),
            owner: facts.owner,
            overrule: facts.overrule,
        }
    }
}

/// The configured resolver, or the system's.
pub(in crate::engine) async fn resolver(address: &str) -> Result<Resolver, Box<UserError>> {
    let resolver =
        if address.trim().is_empty() { Resolver::system() } else { Resolver::parse(address).await };
    resolver.map_err(|error| Box::new(explain::dns(&error)))
}

/// The resolver of an audit, with the second one where it was named.
pub(in crate::engine) async fn resolver_for(
    address: &str,
    options: &AuditOptions,
) -> Result<Resolver, Box<UserError>> {
    let first = resolver(address).await?;
    if options.second_resolver.trim().is_empty() {
        return Ok(first);
    }
    Ok(first.with_second(&resolver(&options.second_resolver).await?))
}

impl Question {
    fn keys(&self) -> ListKeys {
        let mut keys = ListKeys::default();
        for (operator, key) in &self.reach.keys {
            if !keys.insert(operator, key.clone()) {
                tracing::warn!(operator, "the key for this list cannot be part of a name and is not used");
            }
        }
        keys
    }

    fn politeness(&self) -> Option<Politeness> {
        let politeness = match self.reach.neighbours {
            NeighbourScope::None => return None,
            NeighbourScope::Sample => Politeness::SAMPLE,
            NeighbourScope::Whole => Politeness::WHOLE,
        };
        Some(if self.is_practice { Politeness { pause: Duration::ZERO, ..politeness } } else { politeness })
    }

    /// Asks everything, as far as the question reaches.
    pub(in crate::engine) async fn measure(
        &self,
        progress: &mut (dyn FnMut(Progress) + Send),
        cancel: &CancellationToken,
    ) -> Result<Facts, Box<UserError>> {
        let resolver = resolver_for(&self.resolver, &self.options).await?;
        let keys = self.keys();
        let mut options = SurveyOptions {
            evidence: self.known.evidence.clone(),
            owner: self.known.owner.clone(),
            lists: self.reach.lists.clone(),
            keys: keys.clone(),
            ..survey_options(&self.options, self.is_practice)?
        };
        options.seen_elsewhere = options.seen_elsewhere.or_else(|| self.known.seen_elsewhere.clone());
        let failed = |error: SurveyError| Box::new(explain::survey(&error));
        let web = || {
            let web = Web::new().inspect_err(|error| tracing::warn!("registries are not asked: {error}"));
            web.ok().filter(|_| self.reach.asks_registries)
        };
        if let Some(OneFinding { id, facts }) = &self.again {
            let mut facts = facts.clone();
            let web = web();
            let wires = survey::Wires { resolver: &resolver, web: web.as_ref() };
            survey::check_again(&mut facts, id, &options, wires, progress, cancel).await.map_err(failed)?;
            return Ok(facts);
        }
        let mut facts =
            survey::run(&self.domain, &options, &resolver, progress, cancel).await.map_err(failed)?;
        facts.overrule.clone_from(&self.known.overrule);
        facts.earlier.clone_from(&self.known.earlier);
        if let Some(politeness) = self.politeness() {
            survey::ask_neighbours(&mut facts, politeness, &resolver, &keys, progress, cancel)
                .await
                .map_err(failed)?;
        }
        if let Some(web) = web() {
            tokio::select! {
                () = cancel.cancelled() => return Err(failed(SurveyError::Cancelled)),
                () = survey::ask_registries(&mut facts, &web) => {}
            }
        }
        Ok(facts)
    }
}

/// The settings of the survey for these options.
pub(in crate::engine) fn survey_options(
    options: &AuditOptions,
    is_practice: bool,
) -> Result<SurveyOptions, Box<UserError>> {
    let looking = if is_practice {
        let seen = rehearsal::mail_hosts(UnixTime::now())
            .map_err(|error| Box::new(explain::defect("The practice world has no mail hosts", &error)))?;
        Looking::Seen(seen)
    } else if options.skips_mail_hosts {
        Looking::Off
    } else {
        let control = ControlHost::parse(&options.control_host)
            .map_err(|error| Box::new(explain::control_host(&error)))?;
        Looking::Live(Box::new(LiveLook::public(control)))
    };
    let seen_elsewhere = options.probe_output.as_deref().map(seen_elsewhere).transpose()?;
    Ok(SurveyOptions {
        selectors: options.selectors.clone(),
        sending_addresses: options.sending_addresses.clone(),
        helo: options.helo.clone(),
        probe_label: fresh_label(),
        pause: if is_practice { Duration::ZERO } else { CATCH_UP },
        looking,
        seen_elsewhere,
        ..SurveyOptions::default()
    })
}

/// A label that no zone can have been made for, as it is drawn for this survey.
pub(in crate::engine) fn fresh_label() -> String {
    format!("mailferry-{:016x}", RandomState::new().build_hasher().finish())
}

/// Reads what the line for the server printed.
pub(in crate::engine) fn seen_elsewhere(output: &str) -> Result<MailHosts, Box<UserError>> {
    smtp::read_pasted(output, UnixTime::now(), &Roots::System)
        .map_err(|error| Box::new(explain::probe_output(&error)))
}

/// Runs the audit; also returns the facts as JSON.
pub(in crate::engine) async fn audit(
    question: Question,
    mailboxes: Option<MailboxesToRead>,
    list_keys: Option<ListKeyring>,
    context: JobContext,
) -> Result<Box<(AuditReport, String)>, Box<UserError>> {
    let mut question = question;
    if let Some(list_keys) = list_keys {
        let stored = list_keys.read().await;
        for operator in &stored.unread {
            tracing::warn!(%operator, "the key for these lists could not be read from the keyring");
        }
        question.reach.keys.extend(stored.keys);
    }
    let parts = &mut question.known.evidence;
    if !question.options.evidence.is_empty() {
        let paths = &question.options.evidence;
        parts.files = Some(read_files(&question.domain, parts.mailboxes.as_ref(), paths, &context).await?);
    }
    if let Some(mailboxes) = mailboxes {
        parts.mailboxes =
            Some(read_mailboxes(&question.domain, parts.files.as_ref(), &mailboxes, &context).await?);
    }
    let mut tell = |progress: Progress| {
        let Progress { done, total, what } = progress;
        let message = Message::AuditProgress { number: context.number, done, total, what };
        // The next progress report replaces one that does not fit.
        let _overtaken = context.answers.try_send(message).is_err();
    };
    let facts = question.measure(&mut tell, &context.token).await?;
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
    audit: Option<Facts>,
    is_fresh: bool,
    context: JobContext,
) -> Result<Box<CurrentZone>, Box<UserError>> {
    let resolver = resolver(&question.resolver).await?;
    resolver.probe().await.map_err(|error| Box::new(explain::dns(&error)))?;
    let reading = ZoneReading {
        domain: &question.domain,
        provider: &provider,
        answers: &answers,
        selectors: &question.options.selectors,
        probe_label: &fresh_label(),
        audit: audit.as_ref(),
        is_fresh,
        at: UnixTime::now(),
    };
    tokio::select! {
        () = context.token.cancelled() => Err(Box::new(explain::cancelled())),
        zone = survey::current_zone(&reading, &resolver) => {
            zone.map(Box::new).map_err(|error| Box::new(explain::survey(&error)))
        }
    }
}
