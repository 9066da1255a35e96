//! Measures a provider against the owner's mail: mailboxes, sizes, limits, sign-in, records.

use super::provider::{Fact, Provider, RecordPurpose, SignInMethod, Statement, TemplateType};
use super::{Comparison, ComparisonRow, Confidence, Fit, OwnMail, Source, Standing};
use crate::values::{Bytes, counted};

/// Shown if nobody says anything about a fact.
const NOT_PUBLISHED: &str = "Not published";

/// Measures a provider against the own mail. Every provider gets the same labels in the same order.
pub fn compare(provider: &Provider, own: &OwnMail) -> Comparison {
    let mut rows = Rows { group: String::new(), rows: Vec::new() };
    rows.group("Does it fit?");
    rows.push("Takes copied mail", takes_copies(provider));
    let several = match own.mailbox_count {
        0 | 1 => "Separate mailboxes".to_owned(),
        count => format!("{count} separate mailboxes"),
    };
    rows.statement(&several, provider.limits.separate_mailboxes.as_ref());
    rows.push("Sign-in for the copy", sign_in(provider));
    rows.push(&measured("Space per mailbox", own.largest_mailbox), room(provider, own));

    rows.group(&measured("Copying", own.total));
    rows.push("Upload per mailbox and day", upload(provider));
    rows.push(&measured("Your largest mailbox", own.largest_mailbox), largest_mailbox(provider, own));
    rows.push("Largest message over IMAP", largest_message(provider, own));
    rows.push("Connections per mailbox", connections(provider));
    rows.push("Folder names", folder_names(provider));
    rows.push(&levels_label(own), folder_levels(provider, own));

    rows.group("Records to publish");
    rows.push("Incoming mail (MX)", mx(provider));
    rows.push("Signature (DKIM)", dkim(provider));
    rows.push("Proof of ownership", ownership(provider));
    rows.statement("DANE for incoming mail", provider.dane.as_ref());
    rows.statement("MTA-STS for incoming mail", provider.mta_sts.as_ref());

    rows.group("Your work");
    rows.push("Before the copy", Cell::neutral(before_copy(provider, own), provider.sign_in.source.as_ref()));
    rows.push("IMAP server", imap_server(provider));
    rows.statement("Where mail is stored", provider.data_location.as_ref());
    rows.push("Law the provider is under", jurisdiction(provider));
    rows.push("Price", price(provider));
    rows.push("Facts checked", Cell::plain(provider.facts_checked.clone()));
    Comparison {
        provider: provider.id.clone(),
        name: provider.name.clone(),
        in_sentences: provider.in_a_sentence().to_owned(),
        tagline: provider.tagline.clone(),
        no_copy: provider.no_copy.as_ref().map(|reason| reason.value.clone()),
        standing: Standing::of(&rows.rows, provider.no_copy.is_none()),
        rows: rows.rows,
    }
}

/// Value, fit and source of one row.
struct Cell {
    value: String,
    fit: Fit,
    source: Option<Source>,
}

impl Cell {
    fn not_published() -> Self {
        Self { value: NOT_PUBLISHED.to_owned(), fit: Fit::NotPublished, source: None }
    }

    /// A value that is known because the owner or this program says so.
    fn plain(value: String) -> Self {
        Self { value, fit: Fit::Neutral, source: None }
    }

    fn neutral(value: String, source: Option<&Source>) -> Self {
        match source {
            Some(source) => Self::with(value, Fit::Neutral, source),
            None => Self::plain(value),
        }
    }

    /// A value as its source says it. A weak source makes nothing fit; what rules a provider out is heard all the same.
    fn with(value: String, fit: Fit, source: &Source) -> Self {
        let is_weak = source.confidence == Confidence::Low;
        Self {
            value: if is_weak { format!("{value}, not confirmed") } else { value },
            fit: if is_weak && fit != Fit::TooSmall { Fit::NotConfirmed } else { fit },
            source: Some(source.clone()),
        }
    }
}

struct Rows {
    group: String,
    rows: Vec<ComparisonRow>,
}

impl Rows {
    fn group(&mut self, heading: &str) {
        heading.clone_into(&mut self.group);
    }

    fn push(&mut self, label: &str, cell: Cell) {
        self.rows.push(ComparisonRow {
            group: self.group.clone(),
            label: label.to_owned(),
            value: cell.value,
            fit: cell.fit,
            source: cell.source,
        });
    }

    fn statement(&mut self, label: &str, fact: Option<&Fact<Statement>>) {
        let cell = fact.map_or_else(Cell::not_published, |fact| {
            Cell::with(fact.value.words.clone(), fact.value.fit, &fact.source)
        });
        self.push(label, cell);
    }
}

/// A label with the own measure behind it, the same for every provider.
fn measured(label: &str, size: Option<Bytes>) -> String {
    size.map_or_else(|| label.to_owned(), |size| format!("{label}, {size}"))
}

fn takes_copies(provider: &Provider) -> Cell {
    match (&provider.no_copy, &provider.imap) {
        (Some(reason), _) => Cell::with(reason.value.clone(), Fit::TooSmall, &reason.source),
        (None, Some(imap)) => Cell::neutral("Over IMAP".to_owned(), Some(&imap.source)),
        (None, None) => Cell::neutral("Over IMAP".to_owned(), provider.sign_in.source.as_ref()),
    }
}

fn sign_in(provider: &Provider) -> Cell {
    if provider.no_copy.is_some() {
        // How one signs in there says nothing about a copy to it.
        return Cell::neutral(provider.sign_in.words.clone(), provider.sign_in.source.as_ref());
    }
    let fit = match provider.sign_in.method {
        SignInMethod::Password => Fit::Fits,
        SignInMethod::AppPassword => Fit::Neutral,
        // An application has to be registered at the provider first.
        SignInMethod::OAuth => Fit::Tight,
    };
    match &provider.sign_in.source {
        Some(source) => Cell::with(provider.sign_in.words.clone(), fit, source),
        None => Cell::plain(provider.sign_in.words.clone()),
    }
}

fn room(provider: &Provider, own: &OwnMail) -> Cell {
    let Some(fact) = &provider.limits.mailbox_bytes else { return Cell::not_published() };
    let words = fact.words.clone().unwrap_or_else(|| fact.value.to_string());
    let fit = match own.largest_mailbox {
        None => Fit::Neutral,
        Some(largest) if largest > fact.value => Fit::TooSmall,
        // A fifth free is what a mailbox needs to live on for a while.
        Some(largest) if largest.0.saturating_mul(5) > fact.value.0.saturating_mul(4) => Fit::Tight,
        Some(_) => Fit::Fits,
    };
    Cell::with(words, fit, &fact.source)
}

fn upload(provider: &Provider) -> Cell {
    match (&provider.limits.upload_bytes_per_day, &provider.limits.upload_words) {
        (Some(fact), _) => {
            Cell::neutral(fact.words.clone().unwrap_or_else(|| fact.value.to_string()), Some(&fact.source))
        }
        (None, Some(fact)) => Cell::with(fact.value.words.clone(), fact.value.fit, &fact.source),
        (None, None) => Cell::not_published(),
    }
}

fn largest_mailbox(provider: &Provider, own: &OwnMail) -> Cell {
    let Some(fact) = &provider.limits.upload_bytes_per_day else {
        return Cell::plain("No daily limit known".to_owned());
    };
    let Some(largest) = own.largest_mailbox else {
        return Cell::neutral(format!("{} a day", fact.value), Some(&fact.source));
    };
    match largest.0.div_ceil(fact.value.0.max(1)) {
        0 | 1 => Cell::with("Within a day".to_owned(), Fit::Fits, &fact.source),
        days => Cell::with(format!("At least {days} days"), Fit::Tight, &fact.source),
    }
}

fn largest_message(provider: &Provider, own: &OwnMail) -> Cell {
    let Some(fact) = &provider.limits.message_bytes else { return Cell::not_published() };
    let limit = fact.words.clone().unwrap_or_else(|| fact.value.to_string());
    match own.largest_message {
        None => Cell::neutral(limit, Some(&fact.source)),
        Some(largest) if largest > fact.value => {
            // Words name the condition under which more is possible.
            let fit = if fact.words.is_some() { Fit::Tight } else { Fit::TooSmall };
            Cell::with(format!("{limit}; your largest has {largest}"), fit, &fact.source)
        }
        Some(_) => Cell::with(limit, Fit::Fits, &fact.source),
    }
}

fn connections(provider: &Provider) -> Cell {
    provider.limits.connections.as_ref().map_or_else(Cell::not_published, |fact| {
        Cell::neutral(fact.words.clone().unwrap_or_else(|| fact.value.to_string()), Some(&fact.source))
    })
}

fn folder_names(provider: &Provider) -> Cell {
    let rules = &provider.folders;
    let mut words = Vec::new();
    let mut source = None;
    if let Some(fact) = &rules.forbidden_characters {
        let characters = fact.value.iter().map(char::to_string).collect::<Vec<_>>().join(" ");
        words.push(format!("without {characters}"));
        source = source.or(Some(&fact.source));
    }
    if let Some(fact) = rules.trims_blanks.as_ref().filter(|fact| fact.value) {
        words.push("no spaces at the ends".to_owned());
        source = source.or(Some(&fact.source));
    }
    if let Some(fact) = &rules.longest_name {
        words.push(format!("up to {} characters", fact.value));
        source = source.or(Some(&fact.source));
    }
    if let Some(fact) = &rules.reserved_names {
        words.push(format!("not “{}”", fact.value.join("”, “")));
        source = source.or(Some(&fact.source));
    }
    if let Some(fact) = rules.ignores_case.as_ref().filter(|fact| fact.value) {
        words.push("“Work” and “work” are the same".to_owned());
        source = source.or(Some(&fact.source));
    }
    if words.is_empty() { Cell::not_published() } else { Cell::neutral(sentence(&words.join(", ")), source) }
}

fn levels_label(own: &OwnMail) -> String {
    own.folder_levels.map_or_else(
        || "Folders inside folders".to_owned(),
        |levels| format!("Folders inside folders, {}", counted(u64::from(levels), "level")),
    )
}

fn folder_levels(provider: &Provider, own: &OwnMail) -> Cell {
    let Some(fact) = &provider.folders.most_levels else { return Cell::not_published() };
    let words = fact.words.clone().unwrap_or_else(|| counted(u64::from(fact.value), "level"));
    let fit = match own.folder_levels {
        None => Fit::Neutral,
        Some(levels) if levels > fact.value => Fit::TooSmall,
        Some(_) => Fit::Fits,
    };
    Cell::with(words, fit, &fact.source)
}

fn jurisdiction(provider: &Provider) -> Cell {
    provider
        .jurisdiction
        .as_ref()
        .map_or_else(Cell::not_published, |fact| Cell::neutral(fact.value.clone(), Some(&fact.source)))
}

fn mx(provider: &Provider) -> Cell {
    let records = provider.records.iter().filter(|record| record.purpose == RecordPurpose::Mx);
    let (count, is_asked, source) =
        records.fold((0_usize, false, None), |(count, is_asked, source), record| {
            (count + 1, is_asked || record.value.contains('{'), source.or(record.source.as_ref()))
        });
    let words = match (count, is_asked, source) {
        (0, ..) => return Cell::not_published(),
        (_, true, None) => return Cell::plain("You enter it".to_owned()),
        (_, true, Some(_)) => "Issued per domain, you enter it".to_owned(),
        (1, false, _) => "1 host, known".to_owned(),
        (count, false, _) => format!("{count} hosts, known"),
    };
    Cell::neutral(words, source)
}

fn dkim(provider: &Provider) -> Cell {
    let records =
        provider.records.iter().filter(|record| record.purpose == RecordPurpose::Dkim).collect::<Vec<_>>();
    let Some(first) = records.first() else { return Cell::not_published() };
    if first.source.is_none() {
        return Cell::plain("You enter it".to_owned());
    }
    let count = records.len();
    let kind = match first.record_type {
        TemplateType::Cname if count == 1 => "CNAME",
        TemplateType::Cname => "CNAMEs",
        TemplateType::Ns => "delegation",
        _ if count == 1 => "key",
        _ => "keys",
    };
    let origin = match first.value.as_str() {
        value if value.contains("{domain}") || value.contains("{dashed}") => "computed",
        value if value.contains('{') => "you enter it",
        _ => "known",
    };
    Cell::neutral(format!("{count} {kind}, {origin}"), first.source.as_ref())
}

fn ownership(provider: &Provider) -> Cell {
    let record = provider.records.iter().find(|record| record.purpose == RecordPurpose::Ownership);
    record.map_or_else(Cell::not_published, |record| {
        Cell::neutral("1 TXT, you enter it".to_owned(), record.source.as_ref())
    })
}

fn imap_server(provider: &Provider) -> Cell {
    let unknown = || {
        if provider.no_copy.is_some() {
            Cell::not_published()
        } else {
            Cell::plain("You enter it".to_owned())
        }
    };
    provider
        .imap
        .as_ref()
        .map_or_else(unknown, |fact| Cell::neutral(fact.value.to_string(), Some(&fact.source)))
}

fn price(provider: &Provider) -> Cell {
    let Some(prices) = provider.prices.as_ref().or(provider.homepage.as_ref()) else {
        return Cell::not_published();
    };
    let host = prices.strip_prefix("https://").unwrap_or(prices);
    let host = host.split('/').next().unwrap_or(host);
    let host = host.strip_prefix("www.").unwrap_or(host);
    let source = Source {
        title: "Its own pages".to_owned(),
        url: Some(prices.clone()),
        date: provider.facts_checked.clone(),
        confidence: Confidence::High,
    };
    Cell::neutral(format!("See price at {host}"), Some(&source))
}

/// What must be done before the copy, with the number of mailboxes in it.
fn before_copy(provider: &Provider, own: &OwnMail) -> String {
    let thing = &provider.sign_in.before_copy_thing;
    let counted = match own.mailbox_count {
        0 => format!("one {thing} per mailbox"),
        1 => format!("1 {thing}"),
        count => format!("{count} {}", plural(thing)),
    };
    provider.sign_in.before_copy.replace("{mailboxes}", &counted)
}

fn plural(thing: &str) -> String {
    if thing.ends_with('x') || thing.ends_with('s') { format!("{thing}es") } else { format!("{thing}s") }
}

fn sentence(words: &str) -> String {
    let mut characters = words.chars();
    characters.next().map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
}

#[cfg(test)]
#[path = "compare_tests.rs"]
mod tests;
