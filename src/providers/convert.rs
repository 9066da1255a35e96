//! Turns the shape of a file into a provider: every source is named, every template known, every address real.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use toml::Spanned;

use super::answer::{Answer, AnswerCheck, is_host};
use super::catalogue::{CatalogueError, Context};
use super::file::{
    AnswerFile, CheckKind, FactFile, ProviderFile, ReasonFile, RecordFile, SCHEMA, SourceFile, StatementFile,
};
use super::provider::{
    Fact, FolderRules, Limits, Provider, RecordTemplate, SignIn, SpecialFolders, Statement, TemplateType,
};
use super::template::placeholders;
use super::{Confidence, ProviderId, Source};
use crate::values::{Bytes, Endpoint};

/// Sources of one file by their ids.
struct Sources<'a> {
    context: &'a Context<'a>,
    by_id: BTreeMap<String, Source>,
    /// Where the sources stand that no fact has named yet.
    unused: RefCell<BTreeMap<String, Range<usize>>>,
}

pub(super) fn convert(
    context: &Context<'_>,
    id: ProviderId,
    file: ProviderFile,
) -> Result<Provider, CatalogueError> {
    if *file.schema.get_ref() != SCHEMA {
        return Err(context.schema_error(file.schema.span(), *file.schema.get_ref()));
    }
    let sources = Sources::read(context, file.sources)?;
    check_date(context, &file.provider.facts_checked)?;
    let answers = answers(context, file.answers)?;
    let names = answers.iter().map(|answer| answer.name.as_str()).collect::<BTreeSet<_>>();
    for mechanism in &file.spf.mechanisms {
        check_template(context, mechanism, &names)?;
    }
    let records = file
        .records
        .into_iter()
        .map(|record| record_template(context, &sources, &names, record))
        .collect::<Result<Vec<_>, _>>()?;
    let other_hosts = file.imap.as_ref().map(|imap| imap.other_hosts.clone()).unwrap_or_default();
    let imap = file
        .imap
        .map(|imap| {
            let server = Endpoint::new(imap.host.get_ref(), imap.port, imap.security)
                .map_err(|error| context.error(imap.host.span(), error.to_string()))?;
            Ok(Fact { value: server, words: None, source: sources.get(&imap.source)? })
        })
        .transpose()?;
    let no_copy = sources.reason(file.provider.no_copy)?;
    let jurisdiction = sources.reason(file.provider.jurisdiction)?;
    let other_mx = file
        .other_mx
        .into_iter()
        .map(|set| {
            let source = sources.get(&set.source)?;
            Ok(Fact { value: hosts(context, set.hosts)?, words: None, source })
        })
        .collect::<Result<Vec<_>, _>>()?;
    let provider = Provider {
        id,
        name: file.provider.name,
        in_sentences: file.provider.in_sentences,
        tagline: file.provider.tagline,
        homepage: address(context, file.provider.homepage)?,
        prices: address(context, file.provider.prices)?,
        facts_checked: file.provider.facts_checked.into_inner(),
        no_copy,
        jurisdiction,
        mx_under: hosts(context, file.detect.mx_under)?,
        other_mx,
        imap,
        other_hosts,
        sign_in: SignIn {
            method: file.sign_in.method,
            words: file.sign_in.words,
            before_copy: file.sign_in.before_copy,
            before_copy_thing: file.sign_in.before_copy_thing,
            help_url: address(context, file.sign_in.help_url)?,
            source: sources.optional(file.sign_in.source.as_ref())?,
        },
        limits: Limits {
            separate_mailboxes: sources.statement(file.limits.separate_mailboxes)?,
            mailbox_bytes: sources.fact(file.limits.mailbox_bytes, Bytes)?,
            message_bytes: sources.fact(file.limits.message_bytes, Bytes)?,
            upload_bytes_per_day: sources.fact(file.limits.upload_bytes_per_day, Bytes)?,
            download_bytes_per_day: sources.fact(file.limits.download_bytes_per_day, Bytes)?,
            upload_words: sources.statement(file.limits.upload_words)?,
            connections: sources.fact(file.limits.connections, |value| value)?,
        },
        folders: folder_rules(&sources, file.folders)?,
        dane: sources.statement(file.dns.dane)?,
        mta_sts: sources.statement(file.dns.mta_sts)?,
        data_location: sources.statement(file.dns.data_location)?,
        answers,
        records,
        spf_source: sources.optional(file.spf.source.as_ref())?,
        spf_mechanisms: file.spf.mechanisms.into_iter().map(Spanned::into_inner).collect(),
    };
    sources.all_used()?;
    Ok(provider)
}

/// Host names, in lower case.
fn hosts(context: &Context<'_>, names: Vec<Spanned<String>>) -> Result<Vec<String>, CatalogueError> {
    names
        .into_iter()
        .map(|name| {
            if is_host(name.get_ref()) {
                return Ok(name.into_inner().to_ascii_lowercase());
            }
            let message = format!("“{}” is not a host name; write it like mx.example.net", name.get_ref());
            Err(context.error(name.span(), message))
        })
        .collect()
}

impl<'a> Sources<'a> {
    fn read(context: &'a Context<'a>, files: Vec<SourceFile>) -> Result<Self, CatalogueError> {
        let (mut by_id, mut unused) = (BTreeMap::new(), BTreeMap::new());
        for file in files {
            check_date(context, &file.date)?;
            if file.url.is_none() && file.confidence != Confidence::Low {
                let message =
                    "a source that confirms anything needs its url; without one its confidence is low";
                return Err(context.error(file.id.span(), message));
            }
            if file.title.get_ref().trim().is_empty() {
                return Err(
                    context.error(file.title.span(), "a source needs a title: give the name of the page")
                );
            }
            let source = Source {
                title: file.title.into_inner(),
                url: address(context, file.url)?,
                date: file.date.into_inner(),
                confidence: file.confidence,
            };
            unused.insert(file.id.get_ref().clone(), file.id.span());
            if by_id.insert(file.id.get_ref().clone(), source).is_some() {
                let message = format!("the source “{}” is listed twice; keep one", file.id.get_ref());
                return Err(context.error(file.id.span(), message));
            }
        }
        Ok(Self { context, by_id, unused: RefCell::new(unused) })
    }

    /// A source that no fact names shows nothing; often the id in the fact is the wrong one.
    fn all_used(&self) -> Result<(), CatalogueError> {
        match self.unused.borrow().iter().next() {
            None => Ok(()),
            Some((id, span)) => {
                let message = format!("no fact names the source “{id}”; name it in one or remove it");
                Err(self.context.error(span.clone(), message))
            }
        }
    }

    fn get(&self, id: &Spanned<String>) -> Result<Source, CatalogueError> {
        self.unused.borrow_mut().remove(id.get_ref());
        self.by_id.get(id.get_ref()).cloned().ok_or_else(|| {
            let message = format!("no [[source]] has the id “{}”; add one or correct the id", id.get_ref());
            self.context.error(id.span(), message)
        })
    }

    fn optional(&self, id: Option<&Spanned<String>>) -> Result<Option<Source>, CatalogueError> {
        id.map(|id| self.get(id)).transpose()
    }

    fn fact<A, B>(
        &self,
        file: Option<FactFile<A>>,
        into: impl FnOnce(A) -> B,
    ) -> Result<Option<Fact<B>>, CatalogueError> {
        file.map(|fact| {
            Ok(Fact { source: self.get(&fact.source)?, words: fact.words, value: into(fact.value) })
        })
        .transpose()
    }

    fn reason(&self, file: Option<ReasonFile>) -> Result<Option<Fact<String>>, CatalogueError> {
        file.map(|file| Ok(Fact { source: self.get(&file.source)?, words: None, value: file.words }))
            .transpose()
    }

    fn statement(&self, file: Option<StatementFile>) -> Result<Option<Fact<Statement>>, CatalogueError> {
        file.map(|file| {
            let value = Statement { words: file.words, fit: file.fit };
            Ok(Fact { source: self.get(&file.source)?, words: None, value })
        })
        .transpose()
    }
}

fn folder_rules(
    sources: &Sources<'_>,
    file: super::file::FoldersFile,
) -> Result<FolderRules, CatalogueError> {
    let special = file
        .special
        .map(|special| {
            let value = SpecialFolders {
                drafts: special.drafts,
                sent: special.sent,
                junk: special.junk,
                trash: special.trash,
                archive: special.archive,
            };
            Ok(Fact { value, words: None, source: sources.get(&special.source)? })
        })
        .transpose()?;
    Ok(FolderRules {
        forbidden_characters: sources.fact(file.forbidden_characters, |value| value)?,
        longest_name: sources.fact(file.longest_name, |value| value)?,
        most_levels: sources.fact(file.most_levels, |value| value)?,
        reserved_names: sources.fact(file.reserved_names, |value| value)?,
        trims_blanks: sources.fact(file.trims_blanks, |value| value)?,
        ignores_case: sources.fact(file.ignores_case, |value| value)?,
        has_labels: sources.fact(file.has_labels, |value| value)?,
        special,
    })
}

fn answers(context: &Context<'_>, files: Vec<AnswerFile>) -> Result<Vec<Answer>, CatalogueError> {
    let mut answers: Vec<Answer> = Vec::with_capacity(files.len());
    for file in files {
        let name = file.name.get_ref().clone();
        if name == "domain" || name == "dashed" || answers.iter().any(|answer| answer.name == name) {
            let message = format!("the answer name “{name}” is taken; choose another");
            return Err(context.error(file.name.span(), message));
        }
        let check = match file.check {
            CheckKind::Host => AnswerCheck::Host { under: file.under, starts_with: file.starts_with },
            CheckKind::Text => AnswerCheck::Text { starts_with: file.starts_with },
            CheckKind::DkimKey => AnswerCheck::DkimKey,
            CheckKind::Label => AnswerCheck::Label,
            CheckKind::SpfTerm => AnswerCheck::SpfTerm,
        };
        let example_span = file.example.span();
        let answer = Answer {
            name,
            question: file.question,
            help: file.help,
            example: file.example.into_inner(),
            default: file.default,
            is_required: file.is_required,
            check,
        };
        // An example that its own check refuses would teach people the wrong form.
        for text in std::iter::once(&answer.example).chain(&answer.default) {
            answer.check(text).map_err(|error| {
                context
                    .error(example_span.clone(), format!("the example does not pass its own check: {error}"))
            })?;
        }
        answers.push(answer);
    }
    Ok(answers)
}

fn record_template(
    context: &Context<'_>,
    sources: &Sources<'_>,
    names: &BTreeSet<&str>,
    file: RecordFile,
) -> Result<RecordTemplate, CatalogueError> {
    check_template(context, &file.name, names)?;
    check_template(context, &file.value, names)?;
    let is_pasted = file.value.get_ref().starts_with('{') && file.record_type == TemplateType::Txt;
    let has_control = file.value.get_ref().chars().any(char::is_control);
    if has_control
        || (file.record_type != TemplateType::Txt && !is_pasted && file.value.get_ref().ends_with('.'))
    {
        let message = "write the value on one line, host names without a trailing dot";
        return Err(context.error(file.value.span(), message));
    }
    Ok(RecordTemplate {
        purpose: file.purpose,
        record_type: file.record_type,
        name: file.name.into_inner(),
        priority: file.priority,
        value: file.value.into_inner(),
        stage: file.stage,
        reason: file.reason,
        source: sources.optional(file.source.as_ref())?,
    })
}

fn check_template(
    context: &Context<'_>,
    template: &Spanned<String>,
    names: &BTreeSet<&str>,
) -> Result<(), CatalogueError> {
    let used = placeholders(template.get_ref())
        .ok_or_else(|| context.error(template.span(), "a brace is not closed; write {name}"))?;
    match used.into_iter().find(|name| *name != "domain" && *name != "dashed" && !names.contains(name)) {
        None => Ok(()),
        Some(name) => {
            let message =
                format!("“{{{name}}}” is neither {{domain}} nor {{dashed}} nor an [[answer]]; declare it");
            Err(context.error(template.span(), message))
        }
    }
}

fn address(context: &Context<'_>, url: Option<Spanned<String>>) -> Result<Option<String>, CatalogueError> {
    url.map(|url| check_address(context, &url).map(|()| url.into_inner())).transpose()
}

fn check_address(context: &Context<'_>, url: &Spanned<String>) -> Result<(), CatalogueError> {
    let text = url.get_ref();
    let is_web = text.strip_prefix("https://").is_some_and(|rest| rest.contains('.'));
    if is_web && !text.chars().any(|character| character.is_control() || character.is_whitespace()) {
        Ok(())
    } else {
        Err(context.error(url.span(), format!("“{text}” is not a web address; it begins with https://")))
    }
}

/// A date as ISO 8601 writes it, `2026-09-30`; the calendar is not consulted beyond days and months.
fn check_date(context: &Context<'_>, date: &Spanned<String>) -> Result<(), CatalogueError> {
    let parts = date.get_ref().split('-').collect::<Vec<_>>();
    let number =
        |text: &str, digits: usize| (text.len() == digits).then(|| text.parse::<u32>().ok()).flatten();
    let is_date = match parts.as_slice() {
        [year, month, day] => {
            number(year, 4).is_some_and(|year| year >= 1990)
                && number(month, 2).is_some_and(|month| (1..=12).contains(&month))
                && number(day, 2).is_some_and(|day| (1..=31).contains(&day))
        }
        _ => false,
    };
    if is_date {
        Ok(())
    } else {
        let message = format!("“{}” is not a date; write it as 2026-09-30", date.get_ref());
        Err(context.error(date.span(), message))
    }
}
