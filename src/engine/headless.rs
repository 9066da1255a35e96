//! The commands `audit`, `spf`, `records`, `publish` and `accounts`, which need no project, and `watch`, which needs one only for a moment. Each runs to completion on the calling thread.

mod list_keys;
mod mailboxes;
mod publish;
mod switch;

pub mod sign_in;

use std::collections::BTreeSet;
use std::future::Future;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

pub use crate::engine::list_keys::StoredKeys;
pub use list_keys::{forget_list_key, keep_list_key, stored_list_keys};
pub use mailboxes::{MailboxNames, MailboxSource, mailbox_evidence};
pub use publish::{Publication, publication};
pub use switch::{Remaining, SwitchReport, TestMailboxes, WatchOptions, watch};
use tokio_util::sync::CancellationToken;

use crate::accounts::{AccountsError, Directory};
use crate::audit::Facts;
use crate::audit::evidence::{EvidenceFacts, EvidenceParts};
use crate::audit::spf::SpfResult;
use crate::audit::verdict::OwnerAnswers;
use crate::engine::accounts_files::{NotRead, make_password, read_files};
use crate::engine::api::command::{AuditOptions, AuditReach};
use crate::engine::api::user_error::UserError;
use crate::engine::explain;
use crate::engine::jobs::survey::{Known, OneFinding, Question};
use crate::providers::{AnswersFileError, Catalogue, Provider, ProviderId, parse_answers};
use crate::records::{
    CurrentZone, ExportStage, Format, RecordsPlan, SeenSender, ZoneData, check_answer, check_key_line,
    desired, parse_zone_file_with, render,
};
use crate::survey::{self, EvidenceProgress, EvidenceSubject, Progress, ZoneReading};
use crate::values::{DomainName, MailHosts, Secret, UnixTime, counted_as};

/// Measures a domain, with evidence from the files of `options` and from mailboxes. `progress` receives the number of answered and known questions, and the current one.
///
/// # Errors
/// An error for the user: not a domain, or no resolver that answers.
pub fn audit(
    domain: &str,
    options: &AuditOptions,
    owner: &OwnerAnswers,
    reach: &AuditReach,
    mailboxes: Option<MailboxSource<'_>>,
    progress: &mut (dyn FnMut(usize, usize, &str) + Send),
) -> Result<Facts, Box<UserError>> {
    let domain = DomainName::parse(domain).map_err(|error| explain::domain_name(&error))?;
    let files = read_evidence(&domain, &options.evidence, progress)?;
    let subject = EvidenceSubject { domain: &domain, now: UnixTime::now(), beside: files.as_ref() };
    let mailboxes = mailboxes.map(|source| mailbox_evidence(&subject, source, progress)).transpose()?;
    let evidence = EvidenceParts { files, mailboxes };
    let question = Question {
        domain,
        options: options.clone(),
        resolver: options.resolver.clone(),
        known: Known { evidence, owner: owner.clone(), ..Known::default() },
        reach: reach.clone(),
        is_practice: false,
        again: None,
    };
    let mut tell = |heard: Progress| progress(heard.done, heard.total, &heard.what);
    to_its_end(question.measure(&mut tell, &CancellationToken::new()))
}

/// Asks again what stands behind one finding of saved facts, and nothing else.
///
/// # Errors
/// In the user's words: no such finding, nobody to ask, or no resolver that answers.
pub fn check_again(
    facts: Facts,
    id: &str,
    options: &AuditOptions,
    reach: &AuditReach,
) -> Result<Facts, Box<UserError>> {
    let known = Known {
        seen_elsewhere: facts.mail_hosts.as_ref().and_then(MailHosts::pasted),
        evidence: facts.parts_of_evidence(),
        owner: facts.owner.clone(),
        ..Known::default()
    };
    let question = Question {
        domain: facts.domain.clone(),
        options: options.clone(),
        resolver: options.resolver.clone(),
        known,
        reach: reach.clone(),
        is_practice: false,
        again: Some(OneFinding { id: id.to_owned(), facts }),
    };
    to_its_end(question.measure(&mut |_progress| {}, &CancellationToken::new()))
}

/// Reads the owner's files; `None` where none are named.
fn read_evidence(
    domain: &DomainName,
    paths: &[PathBuf],
    progress: &mut (dyn FnMut(usize, usize, &str) + Send),
) -> Result<Option<EvidenceFacts>, Box<UserError>> {
    if paths.is_empty() {
        return Ok(None);
    }
    let kilobytes = |bytes: u64| usize::try_from(bytes / 1000).unwrap_or(usize::MAX);
    let mut tell = |heard: EvidenceProgress| {
        progress(kilobytes(heard.done), kilobytes(heard.total), &format!("{} (in kB)", heard.what));
    };
    let subject = EvidenceSubject { domain, now: UnixTime::now(), beside: None };
    survey::read_evidence(&subject, paths, &mut tell, &CancellationToken::new())
        .map(Some)
        .map_err(|error| Box::new(explain::evidence(&error)))
}

/// Adds to saved facts what the line for the server printed.
///
/// # Errors
/// In the user's words: it is no such output.
pub fn add_probe_output(facts: &mut Facts, output: &str) -> Result<(), Box<UserError>> {
    let elsewhere = crate::engine::jobs::survey::seen_elsewhere(output)?;
    facts.mail_hosts.get_or_insert_default().adopt(elsewhere);
    Ok(())
}

/// Reads mailboxes and aliases from the files of a server or its panel. Names without a domain get this one.
///
/// # Errors
/// In the user's words: a file cannot be read, or is in no form that is known.
pub fn accounts(
    paths: &[PathBuf],
    domain: &DomainName,
    format: Option<crate::accounts::Format>,
) -> Result<Directory, Box<UserError>> {
    read_files(paths, domain, format).map_err(|trouble| match trouble {
        NotRead::Unsure(error) | NotRead::Failed(error) => error,
        NotRead::SignInList(path) => {
            Box::new(explain::accounts_file(&path.display().to_string(), &AccountsError::SignInList))
        }
    })
}

/// Makes a password for a new mailbox.
///
/// # Errors
/// The system has no randomness.
pub fn new_password() -> Result<Secret, Box<UserError>> {
    make_password()
}

/// What `mailferry spf` asks.
#[derive(Clone, Copy, Debug)]
pub struct SpfQuestion<'a> {
    /// The domain as typed.
    pub domain: &'a str,
    /// The address of the sending server.
    pub ip: IpAddr,
    /// The envelope sender; postmaster of the domain by default (RFC 7208 section 2.4).
    pub sender: Option<&'a str>,
    /// The name the server gives in HELO or EHLO.
    pub helo: Option<&'a str>,
    /// `HOST:PORT`; empty for the system's resolver.
    pub resolver: &'a str,
}

/// What an evaluation of SPF came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SpfOutcome {
    /// The result of RFC 7208 section 2.6.
    pub result: SpfResult,
    /// The result, and the trace behind it.
    pub lines: Vec<String>,
}

/// Evaluates SPF.
///
/// # Errors
/// An error for the user: no resolver that answers.
pub fn spf(question: &SpfQuestion<'_>) -> Result<SpfOutcome, Box<UserError>> {
    // Receivers also see invalid names and senders, and RFC 7208 has a result for each, so nothing is refused here.
    let domain = DomainName::parse(question.domain)
        .map_or_else(|_no_domain| question.domain.trim().to_owned(), |domain| domain.as_ascii().to_owned());
    let sender = question.sender.map_or_else(|| format!("postmaster@{domain}"), str::to_owned);
    let helo = question.helo.unwrap_or_default();
    to_its_end(async {
        let resolver = crate::engine::jobs::survey::resolver(question.resolver).await?;
        let verdict = survey::spf_check(&domain, question.ip, &sender, helo, &resolver)
            .await
            .map_err(|error| Box::new(explain::survey(&error)))?;
        let mut lines = vec![verdict.result.to_string()];
        lines.extend(verdict.trace);
        lines.push(verdict.explanation);
        if let Some(published) = verdict.published_explanation {
            lines.push(format!("the domain's own explanation: {published}"));
        }
        lines.push(format!(
            "{}, {} of them void",
            counted_as(verdict.lookups, "lookup", "lookups"),
            verdict.void_lookups
        ));
        Ok(SpfOutcome { result: verdict.result, lines })
    })
}

/// What `mailferry records` asks.
#[derive(Clone, Copy, Debug)]
pub struct RecordsQuestion<'a> {
    /// The domain as typed.
    pub domain: &'a str,
    /// The providers that are known.
    pub catalogue: &'a Catalogue,
    /// The provider's id.
    pub provider: &'a str,
    /// Values that the provider's records need: lines of `name = "value"` in TOML.
    pub answers: &'a str,
    /// A zone file to start from, instead of asking the DNS.
    pub zone: Option<ZoneText<'a>>,
    /// `HOST:PORT`; empty for the system's resolver.
    pub resolver: &'a str,
    /// Further DKIM selectors that may be in use.
    pub selectors: &'a [String],
    /// Facts of an audit: its answers are not asked for again, and its logs and reports name senders.
    pub audit: Option<&'a Facts>,
    /// Current SPF terms to drop.
    pub dropped_senders: &'a [String],
    /// What is written.
    pub stage: ExportStage,
    /// How it is written.
    pub format: Format,
}

/// A zone file.
#[derive(Clone, Copy, Debug)]
pub struct ZoneText<'a> {
    /// Its path. Files that it includes must be in the same folder or below.
    pub path: &'a Path,
    /// Its text.
    pub text: &'a str,
}

/// A zone file of a small domain is a few kB; even one with thousands of names stays below this.
const MOST_INCLUDED_BYTES: u64 = 8 * 1024 * 1024;

impl ZoneText<'_> {
    fn parse(&self, domain: &DomainName) -> Result<CurrentZone, Box<UserError>> {
        parse_zone_file_with(self.text, domain, &|file| self.included(file))
            .map_err(|error| Box::new(explain::zone_file(&self.path.display().to_string(), &error)))
    }

    /// The text of an included file; in words, why it is not read.
    fn included(&self, file: &str) -> Result<String, String> {
        let folder = self.path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.unwrap_or_else(|| Path::new("."));
        let real = |path: &Path| path.canonicalize().map_err(|error| format!("it cannot be opened: {error}"));
        let (folder, path) = (real(folder)?, real(&folder.join(file))?);
        if !path.starts_with(&folder) {
            return Err("it is outside of the folder of the zone file; put its lines in its place".to_owned());
        }
        let metadata = std::fs::metadata(&path).map_err(|error| error.to_string())?;
        if !metadata.is_file() {
            return Err("it is no file that could be read to its end".to_owned());
        }
        let size = metadata.len();
        if size > MOST_INCLUDED_BYTES {
            return Err(format!("it has {size} bytes, and {MOST_INCLUDED_BYTES} are the most"));
        }
        std::fs::read_to_string(&path).map_err(|error| format!("it cannot be read: {error}"))
    }
}

/// Computes the new records and writes them.
///
/// # Errors
/// An error for the user: not a domain, unknown provider, invalid answer, unreadable zone file, no resolver that answers,
/// a format that needs a zone file.
pub fn records(question: &RecordsQuestion<'_>) -> Result<(RecordsPlan, String), Box<UserError>> {
    let (plan, zone) = planned(question)?;
    let text = render(&plan, &zone, question.stage, question.format)
        .map_err(|error| Box::new(explain::not_whole(error)))?;
    Ok((plan, text))
}

/// Reads the zone and plans all stages.
fn planned(question: &RecordsQuestion<'_>) -> Result<(RecordsPlan, CurrentZone), Box<UserError>> {
    let domain = DomainName::parse(question.domain).map_err(|error| explain::domain_name(&error))?;
    let catalogue = question.catalogue;
    let id = ProviderId(question.provider.to_owned());
    let provider = catalogue.get(&id).ok_or_else(|| explain::unknown_provider(&id, catalogue))?;
    let answers = parse_answers(provider, question.answers).map_err(|error| explain::answers_file(&error))?;
    for (name, typed) in &answers {
        check_answer(provider, name, typed).map_err(|source| {
            explain::answers_file(&AnswersFileError::Answer { name: name.clone(), source })
        })?;
    }
    check_key_line(provider, &domain, &answers).map_err(|(name, source)| {
        explain::answers_file(&AnswersFileError::Answer { name: name.to_owned(), source })
    })?;
    let mut zone = match question.zone {
        Some(file) => file.parse(&domain)?,
        None => to_its_end(async {
            let resolver = asked(question.resolver).await?;
            let reading = ZoneReading {
                domain: &domain,
                provider,
                answers: &answers,
                selectors: question.selectors,
                probe_label: &crate::engine::jobs::survey::fresh_label(),
                audit: question.audit,
                is_fresh: false,
                at: UnixTime::now(),
            };
            survey::current_zone(&reading, &resolver).await.map_err(|error| Box::new(explain::survey(&error)))
        })?,
    };
    if let Some(facts) = question.audit.filter(|_| question.zone.is_some()) {
        zone.seen = SeenSender::of(facts);
        zone.mta_sts.clone_from(&facts.mta_sts);
    }
    let dropped: BTreeSet<String> = question.dropped_senders.iter().cloned().collect();
    let mut plan = desired(provider, &answers, &zone, &dropped);
    plan.notes.extend(host_of_today(catalogue, provider, &zone));
    Ok((plan, zone))
}

/// Who hosts the incoming mail of today, where the catalogue knows it and it is somebody else.
fn host_of_today(catalogue: &Catalogue, chosen: &Provider, zone: &CurrentZone) -> Option<String> {
    let hosts = zone.at("@").filter_map(|record| match &record.data {
        ZoneData::Mx(_, host) => Some(host.as_str()),
        _ => None,
    });
    let host = catalogue.hosting(&hosts.collect::<Vec<_>>())?;
    (host.id != chosen.id).then(|| format!("Incoming mail is at {} today.", host.name))
}

/// A resolver that has been checked to answer.
async fn asked(address: &str) -> Result<crate::dns::Resolver, Box<UserError>> {
    let resolver = crate::engine::jobs::survey::resolver(address).await?;
    resolver.probe().await.map_err(|error| Box::new(explain::dns(&error)))?;
    Ok(resolver)
}

/// Runs a future to completion on its own runtime.
fn to_its_end<T>(work: impl Future<Output = Result<T, Box<UserError>>>) -> Result<T, Box<UserError>> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|error| explain::defect("The engine could not start", &error))?;
    runtime.block_on(work)
}
