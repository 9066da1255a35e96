use std::process::ExitCode;

use super::args::{Records, RecordsFormat};
use super::planned_records::PlanInputs;
use super::{CliError, done, output};
use crate::engine::headless;
use crate::records::{Change, Format, RecordsPlan, dry_run_words, stage_name, stage_words};

/// `mailferry records`.
pub fn run(arguments: &Records) -> Result<ExitCode, CliError> {
    super::places::check_records(arguments)?;
    let inputs = PlanInputs::read(&arguments.planned)?;
    let format = match arguments.format {
        RecordsFormat::Bind | RecordsFormat::Diff => Format::Bind,
        RecordsFormat::Zone => Format::Zone,
        RecordsFormat::Cloudflare => Format::Cloudflare,
        RecordsFormat::Route53 => Format::Route53,
        RecordsFormat::Octodns => Format::OctoDns,
        RecordsFormat::Dnscontrol => Format::DnsControl,
        RecordsFormat::Nsupdate => Format::Nsupdate,
        RecordsFormat::Csv => Format::Csv,
        RecordsFormat::Table => Format::Table,
    };
    let question = inputs.question(&arguments.planned, arguments.stage, format);
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
        output::append(&mut text, format_args!("{} — {}\n", group.heading(), group.purpose));
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
