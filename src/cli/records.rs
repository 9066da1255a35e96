use std::process::ExitCode;

use super::args::{Records, RecordsFormat, RecordsStage};
use super::audit::{check_domain, saved_facts};
use super::providers::{catalogue_with, destination_named};
use super::{CliError, done, output};
use crate::engine::headless;
use crate::records::{
    Change, ExportStage, Format, RecordsPlan, SwitchStage, dry_run_words, stage_name, stage_words,
};

/// A zone file of a small domain is a few kB; even one with thousands of names stays below this.
const MOST_ZONE_BYTES: u64 = 16_000_000;

/// More than any list of answers has.
const MOST_ANSWERS_BYTES: u64 = 1_000_000;

/// `mailferry records`.
pub fn run(arguments: &Records) -> Result<ExitCode, CliError> {
    let domain = super::checked_domain(&arguments.domain)?;
    super::places::check_records(arguments)?;
    let catalogue = catalogue_with(arguments.provider_file.as_deref())?;
    destination_named(&catalogue, &arguments.provider)?;
    let answers = match &arguments.answers {
        Some(path) => output::read_text(path, MOST_ANSWERS_BYTES)?,
        None => String::new(),
    };
    let zone = match &arguments.zone {
        Some(path) => Some((path.as_path(), output::read_text(path, MOST_ZONE_BYTES)?)),
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
        catalogue: &catalogue,
        provider: &arguments.provider,
        answers: &answers,
        zone: zone.as_ref().map(|(path, text)| headless::ZoneText { path, text }),
        resolver: arguments.resolver.as_deref().unwrap_or_default(),
        selectors: &arguments.selectors,
        audit: audit.as_ref(),
        dropped_senders: &arguments.dropped_senders,
        stage: match arguments.stage {
            RecordsStage::Now => ExportStage::Stage(SwitchStage::Now),
            RecordsStage::Switch => ExportStage::Stage(SwitchStage::AtTheSwitch),
            RecordsStage::Later => ExportStage::Stage(SwitchStage::Later),
            RecordsStage::Rollback => ExportStage::Rollback,
        },
        format: match arguments.format {
            RecordsFormat::Bind | RecordsFormat::Diff => Format::Bind,
            RecordsFormat::Zone => Format::Zone,
            RecordsFormat::Cloudflare => Format::Cloudflare,
            RecordsFormat::Route53 => Format::Route53,
            RecordsFormat::Octodns => Format::OctoDns,
            RecordsFormat::Dnscontrol => Format::DnsControl,
            RecordsFormat::Nsupdate => Format::Nsupdate,
            RecordsFormat::Csv => Format::Csv,
            RecordsFormat::Table => Format::Table,
        },
    };
    let (plan, written) = headless::records(&question)?;
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
        RecordsFormat::Diff => diff(&plan),
        _ => written,
    };
    match &arguments.out {
        Some(path) => output::write_text(path, &text)?,
        None => output::print(&text)?,
    }
    Ok(done(!plan.is_complete() || plan.is_harmful()))
}

/// The diff for a terminal: a sign, the record, and the reason below it.
fn diff(plan: &RecordsPlan) -> String {
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
    for file in &plan.files {
        output::append(
            &mut text,
            format_args!("File of stage “{}” at {}\n    {}\n", stage_name(file.stage), file.url, file.reason),
        );
        for line in file.text.lines() {
            output::append(&mut text, format_args!("  {}\n", output::line(&line)));
        }
        text.push('\n');
    }
    for step in &plan.dmarc_ramp {
        output::append(
            &mut text,
            format_args!(
                "DMARC p={} no earlier than {} days after the switch\n    First: {}\n    {}\n",
                step.policy.word(),
                step.days_after_switch,
                step.see_first,
                output::line(&step.record)
            ),
        );
    }
    text
}
