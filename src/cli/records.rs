use std::process::ExitCode;

use super::args::{Records, RecordsFormat, RecordsStage};
use super::audit::{check_domain, saved_facts};
use super::{CliError, done, output};
use crate::engine::headless;
use crate::providers::{Catalogue, ProviderId};
use crate::records::{Change, RecordsPlan, SwitchStage, dry_run_words, stage_words};

/// A zone file of a small domain is a few kB; even one with thousands of names stays below this.
const MOST_ZONE_BYTES: u64 = 16_000_000;

/// More than any list of answers has.
const MOST_ANSWERS_BYTES: u64 = 1_000_000;

/// `mailferry records`.
pub fn run(arguments: &Records) -> Result<ExitCode, CliError> {
    let domain = super::checked_domain(&arguments.domain)?;
    super::places::check_records(arguments)?;
    let catalogue = Catalogue::embedded();
    if catalogue.get(&ProviderId(arguments.provider.clone())).is_none() {
        let known: Vec<_> = catalogue.providers().iter().map(|provider| provider.id.0.as_str()).collect();
        let words =
            format!("there is no provider “{}”; the providers are {}", arguments.provider, known.join(", "));
        return Err(CliError::Usage(words));
    }
    let answers = match &arguments.answers {
        Some(path) => output::read_text(path, MOST_ANSWERS_BYTES)?,
        None => String::new(),
    };
    let zone = match &arguments.zone {
        Some(path) => Some((path.display().to_string(), output::read_text(path, MOST_ZONE_BYTES)?)),
        None => None,
    };
    let audit = match &arguments.facts {
        Some(path) => {
            let facts = saved_facts(path)?;
            check_domain(&domain, &facts, path)?;
            Some(facts)
        }
        None => None,
    };
    let question = headless::RecordsQuestion {
        domain: &arguments.domain,
        provider: &arguments.provider,
        answers: &answers,
        zone: zone.as_ref().map(|(name, text)| (name.as_str(), text.as_str())),
        resolver: arguments.resolver.as_deref().unwrap_or_default(),
        selectors: &arguments.selectors,
        audit: audit.as_ref(),
        dropped_senders: &arguments.dropped_senders,
        stage: match arguments.stage {
            RecordsStage::Now => SwitchStage::Now,
            RecordsStage::Switch => SwitchStage::AtTheSwitch,
            RecordsStage::Later => SwitchStage::Later,
        },
    };
    let (plan, zone_text) = headless::records(&question)?;
    for note in &plan.notes {
        output::say(&format!("Note: {}", output::line(note)));
    }
    for judgement in &plan.judgements {
        output::say(&output::line(&stage_words(judgement)));
        if let Some(words) = dry_run_words(judgement) {
            output::say(&words);
        }
    }
    let text = match arguments.format {
        RecordsFormat::Bind => zone_text,
        RecordsFormat::Table => table(&plan),
    };
    match &arguments.out {
        Some(path) => output::write_text(path, &text)?,
        None => output::print(&text)?,
    }
    Ok(done(!plan.is_complete() || plan.is_harmful()))
}

/// The diff for a terminal: a sign, the record, and the reason below it.
fn table(plan: &RecordsPlan) -> String {
    let mut text = String::new();
    for group in &plan.groups {
        output::append(&mut text, format_args!("{} — {}\n", group.heading, group.purpose));
        for line in &group.lines {
            let sign = match line.change {
                Change::Add => '+',
                Change::Remove => '-',
                Change::Keep => ' ',
            };
            output::append(
                &mut text,
                format_args!(
                    "{sign} {:24} {:>6} {:5} {}\n    {}\n",
                    output::line(&line.name),
                    line.ttl_secs,
                    line.record_type,
                    output::line(&line.value),
                    output::line(&line.reason)
                ),
            );
        }
        text.push('\n');
    }
    text
}
