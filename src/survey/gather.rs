//! Gathers Facts in rounds: judges what is known, asks what the rules still need, and repeats.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::time::Duration;

use futures::stream::FuturesUnordered;
use futures::{FutureExt as _, StreamExt as _};
use thiserror::Error;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

use super::asker::{Asker, ListKeys};
use super::mail_hosts::{Looking, look};
use super::registries::ask_registries;
use crate::audit::dkim::{MAX_NAMED, is_selector};
use crate::audit::evidence::EvidenceParts;
use crate::audit::verdict::OwnerAnswers;
use crate::audit::{self, Facts};
use crate::dns::{DnsError, QUESTIONS_AT_ONCE, Resolver};
use crate::values::{DnsAnswer, DnsName, DnsQuestion, DomainName, MailHosts, RecordType, UnixTime};
use crate::web::Web;

/// Most questions in one survey. A zone built to need more is judged on the answers so far.
const MAX_QUESTIONS: usize = 1_000;
/// Longest time for one survey; what is still open is reported as not asked.
const SURVEY_TIME: Duration = Duration::from_mins(3);

/// What the owner has told in advance.
#[derive(Clone, Debug, Default)]
pub struct SurveyOptions {
    /// DKIM selectors.
    pub selectors: Vec<String>,
    /// Addresses that send the domain's mail; where empty, rules guess.
    pub sending_addresses: Vec<IpAddr>,
    /// What the owner's logs, bounces and reports say.
    pub evidence: EvidenceParts,
    /// What the owner says of the operation.
    pub owner: OwnerAnswers,
    /// Ids of lists that are asked on request only.
    pub lists: Vec<String>,
    /// Keys of the owner's for lists that want one.
    pub keys: ListKeys,
    /// Whether mail hosts are probed.
    pub looking: Looking,
    /// Mail hosts as seen from elsewhere; replaces what is seen from here.
    pub seen_elsewhere: Option<MailHosts>,
    /// The name the sending server greets with; empty if unknown.
    pub helo: String,
    /// A random label that nobody publishes; empty if none was drawn.
    pub probe_label: String,
    /// How long a lagging name server gets to catch up before it is asked again.
    pub pause: Duration,
}

/// Progress of a survey.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Questions answered.
    pub done: usize,
    /// Questions known so far; grows while answers lead to more.
    pub total: usize,
    /// What was answered last, in plain words.
    pub what: String,
}

/// Why a survey has no result.
#[derive(Debug, Error)]
pub enum SurveyError {
    /// Nothing can be asked.
    #[error(transparent)]
    Dns(#[from] DnsError),
    /// The domain is not registered, or misspelt: its name does not exist.
    #[error("the domain {0} does not exist")]
    NoSuchDomain(DomainName),
    /// The facts lead to no such finding.
    #[error("these facts have no finding “{0}”")]
    NoSuchFinding(String),
    /// The finding follows from the owner's files or answers: nobody can be asked.
    #[error("“{0}” follows from your own files or answers, so nobody can be asked again")]
    NothingToAsk(String),
    /// The owner stopped it.
    #[error("the audit was cancelled")]
    Cancelled,
}

/// Asks everything that the audit of a domain needs.
///
/// Calls `progress` after each answer. Cancelling discards everything.
///
/// # Errors
/// [`SurveyError::Dns`] if the resolver is dead; a question that fails is a fact, not an error.
pub async fn run(
    domain: &DomainName,
    options: &SurveyOptions,
    resolver: &Resolver,
    progress: &mut (dyn FnMut(Progress) + Send),
    cancel: &CancellationToken,
) -> Result<Facts, SurveyError> {
    let resolver = resolver.fresh();
    let mut facts = Facts::new(domain.clone(), UnixTime::now(), resolver.label().to_owned());
    facts.selectors = clean_selectors(&options.selectors);
    facts.sending_addresses.clone_from(&options.sending_addresses);
    facts.set_evidence(options.evidence.clone());
    facts.owner.clone_from(&options.owner);
    facts.second_resolver = resolver.second_label();
    let helo = options.helo.trim();
    facts.helo = (!helo.is_empty()).then(|| DnsName::new(helo));
    if !options.probe_label.is_empty() {
        facts.probe_label.clone_from(&options.probe_label);
    }
    facts.requested_lists.clone_from(&options.lists);
    facts.keyed_operators = options.keys.operators();
    let asker = Asker { resolver: &resolver, keys: &options.keys, pause: options.pause };
    let survey = gather(&mut facts, options, asker, progress);
    tokio::select! {
        () = cancel.cancelled() => Err(SurveyError::Cancelled),
        outcome = survey => outcome.map(|()| facts),
    }
}

/// The wires for checking one finding again.
#[derive(Clone, Copy)]
pub struct Wires<'a> {
    /// Asks the DNS.
    pub resolver: &'a Resolver,
    /// Asks registries; `None` if they are not asked.
    pub web: Option<&'a Web>,
}

/// Asks the questions behind one finding again, and nothing else.
///
/// # Errors
/// [`SurveyError::NoSuchFinding`] and [`SurveyError::NothingToAsk`] where there is nothing to ask,
/// [`SurveyError::Dns`] where the resolver is dead.
pub async fn check_again(
    facts: &mut Facts,
    id: &str,
    options: &SurveyOptions,
    wires: Wires<'_>,
    progress: &mut (dyn FnMut(Progress) + Send),
    cancel: &CancellationToken,
) -> Result<(), SurveyError> {
    let behind = audit::behind(facts, id).ok_or_else(|| SurveyError::NoSuchFinding(id.to_owned()))?;
    if behind.is_empty() {
        return Err(SurveyError::NothingToAsk(id.to_owned()));
    }
    let resolver = wires.resolver.fresh();
    for question in &behind.questions {
        facts.answers.remove(question);
    }
    let asker = Asker { resolver: &resolver, keys: &options.keys, pause: options.pause };
    let again = async {
        if behind.looks_at_hosts {
            gather(facts, options, asker, progress).await?;
        } else if !behind.questions.is_empty() {
            ask_alive(facts, asker, progress, Instant::now() + SURVEY_TIME).await?;
        }
        if let Some(web) = wires.web.filter(|_| behind.asks_registries) {
            ask_registries(facts, web).await;
        }
        Ok(())
    };
    tokio::select! {
        () = cancel.cancelled() => Err(SurveyError::Cancelled),
        outcome = again => outcome,
    }
}

async fn gather(
    facts: &mut Facts,
    options: &SurveyOptions,
    asker: Asker<'_>,
    progress: &mut (dyn FnMut(Progress) + Send),
) -> Result<(), SurveyError> {
    let deadline = Instant::now() + SURVEY_TIME;
    ask_alive(facts, asker, progress, deadline).await?;
    match &options.looking {
        Looking::Off => {}
        Looking::Live(live) => look(facts, live, asker.resolver, progress, deadline).await,
        Looking::Seen(seen) => facts.mail_hosts = Some(seen.clone()),
    }
    if let Some(elsewhere) = &options.seen_elsewhere {
        facts.mail_hosts.get_or_insert_default().adopt(elsewhere.clone());
    }
    // What hosts say about themselves leads to more questions.
    ask_missing(facts, asker, progress, deadline).await;
    Ok(())
}

/// The same, and ends as soon as it is clear that the resolver is dead. A sign of life is looked for meanwhile, as nothing
/// depends on it.
async fn ask_alive(
    facts: &mut Facts,
    asker: Asker<'_>,
    progress: &mut (dyn FnMut(Progress) + Send),
    deadline: Instant,
) -> Result<(), SurveyError> {
    let asking = async {
        ask_missing(facts, asker, progress, deadline).await;
        Ok(())
    };
    tokio::try_join!(asker.resolver.probe(), asking)?;
    Ok(())
}

/// Asks until no rule misses anything, or the time is over.
async fn ask_missing(
    facts: &mut Facts,
    asker: Asker<'_>,
    progress: &mut (dyn FnMut(Progress) + Send),
    deadline: Instant,
) {
    let mut under_way: BTreeSet<DnsQuestion> = BTreeSet::new();
    // Those that lead further first: the others fill the time until those that come of them are answered too.
    let mut waiting: BTreeSet<(bool, DnsQuestion)> = BTreeSet::new();
    let mut asking = FuturesUnordered::new();
    loop {
        // Each answer may lead further, so the rules run again before the slower answers arrive.
        for question in audit::missing_questions(facts) {
            if facts.answers.len() + under_way.len() >= MAX_QUESTIONS {
                break;
            }
            if under_way.insert(question.clone()) {
                waiting.insert((is_last(&question), question));
            }
        }
        while asking.len() < QUESTIONS_AT_ONCE
            && let Some((_, question)) = waiting.pop_first()
        {
            asking.push(async move { asker.ask(&question).await });
        }
        let Ok(answer) = tokio::time::timeout_at(deadline, asking.next()).await else { return };
        let Some(mut answer) = answer else { return };
        loop {
            let what = describe(&answer.question);
            under_way.remove(&answer.question);
            facts.answers.insert(answer);
            let total = facts.answers.len() + under_way.len();
            progress(Progress { done: facts.answers.len(), total, what });
            match asking.next().now_or_never().flatten() {
                Some(next) => answer = next,
                None => break,
            }
        }
    }
}

/// Whether nothing comes of the answer that would be asked next: what a list says of an address, or a key.
fn is_last(question: &DnsQuestion) -> bool {
    audit::operator_of(&question.name).is_some() || question.name.as_str().contains("._domainkey.")
}

/// Asks a list of questions, a few at a time. For rooms that need the zone as it is, without an audit.
pub async fn ask_all(resolver: &Resolver, questions: &[DnsQuestion]) -> Vec<DnsAnswer> {
    let asking = questions.iter().map(|question| resolver.query(&question.name, question.record_type));
    futures::future::join_all(asking).await
}

/// What a question is about, for the line under the progress bar.
fn describe(question: &DnsQuestion) -> String {
    let name = question.name.as_str();
    let about = match question.record_type {
        RecordType::Soa | RecordType::Ns | RecordType::Ds | RecordType::Dnskey | RecordType::Nsec3param => {
            "the zone"
        }
        RecordType::Caa => "certificates",
        RecordType::Mx => "mail hosts",
        RecordType::Tlsa => "DANE",
        RecordType::Srv => "mail programs",
        RecordType::Ptr => "names of addresses",
        RecordType::Txt if name.starts_with("_dmarc.") || name.contains("._report._dmarc.") => "DMARC",
        RecordType::Txt if name.ends_with(".asn.cymru.com") => "networks",
        RecordType::Txt if audit::operator_of(&question.name).is_some() => "lists",
        RecordType::Txt if name.contains("._domainkey.") => "DKIM keys",
        RecordType::Txt if name.starts_with("_mta-sts.") => "MTA-STS",
        RecordType::Txt if name.starts_with("default._bimi.") => "pictures",
        RecordType::Txt if name.starts_with("_smtp._tls.") => "TLS reports",
        RecordType::Txt => "SPF",
        _ if audit::operator_of(&question.name).is_some() => "lists",
        _ => "addresses",
    };
    format!("{about}: {name}")
}

/// The selectors that can be part of a name; others are left out.
fn clean_selectors(selectors: &[String]) -> Vec<String> {
    let mut clean: Vec<String> = Vec::new();
    for selector in selectors {
        let selector = selector.trim().trim_matches('.').to_ascii_lowercase();
        if is_selector(&selector) && !clean.contains(&selector) && clean.len() < MAX_NAMED {
            clean.push(selector);
        }
    }
    clean
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::values::{AnswerBook, Outcome};

    #[tokio::test]
    async fn a_survey_ends_with_nothing_missing() {
        let resolver = Resolver::recorded(AnswerBook::default());
        let domain = DomainName::parse("weber.example").unwrap();
        let mut steps = Vec::new();
        let options = SurveyOptions {
            selectors: vec![" Mail ".to_owned(), "a b".to_owned()],
            ..SurveyOptions::default()
        };
        let facts =
            run(&domain, &options, &resolver, &mut |step| steps.push(step), &CancellationToken::new())
                .await
                .unwrap();
        assert!(audit::missing_questions(&facts).is_empty());
        assert_eq!(facts.selectors, ["mail"]);
        assert_eq!(steps.last().map(|step| step.done), Some(facts.answers.len()));
        assert!(facts.answers.iter().all(|answer| matches!(answer.outcome, Outcome::Broken(_))));
        // Nothing is known of the zone, so its 72 selectors are not worth asking.
        assert!(facts.answer(&DnsName::new("mail._domainkey.weber.example"), RecordType::Txt).is_none());
        assert!(facts.answers.len() < 10, "{:?}", facts.answers);
    }

    #[tokio::test]
    async fn a_cancelled_survey_leaves_nothing() {
        let cancel = CancellationToken::new();
        cancel.cancel();
        let resolver = Resolver::at(([127, 0, 0, 1], 9).into());
        let domain = DomainName::parse("weber.example").unwrap();
        let outcome = run(&domain, &SurveyOptions::default(), &resolver, &mut |_| {}, &cancel).await;
        assert!(matches!(outcome, Err(SurveyError::Cancelled)));
    }
}
