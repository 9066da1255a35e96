//! `mailferry verdict`: judges saved facts again.

use std::process::ExitCode;

use super::args::Verdict;
use super::{CliError, output, places};
use crate::audit::evidence::{Receiver, RemovalRequest, Trust};
use crate::audit::verdict::{self, Outcome, Overrule, OwnerAnswers, outcome_name};
use crate::audit::{AuditReport, judge};
use crate::engine::UserError;
use crate::report;
use crate::values::with_thousands;

/// `mailferry verdict`: facts that were saved, judged again.
pub fn run(arguments: &Verdict) -> Result<ExitCode, CliError> {
    places::check_verdict(arguments)?;
    let overrule = decision(arguments)?;
    let mut facts = super::audit::saved_facts(&arguments.facts)?;
    for text in &arguments.answers {
        facts.owner.set(text).map_err(|error| CliError::Usage(error.to_string()))?;
    }
    facts.overrule = overrule.or(facts.overrule);
    let report = judge(&facts);
    if let Some(path) = &arguments.save_facts {
        output::write_json(path, &facts)?;
    }
    let defect = |error: report::ReportError| {
        UserError::new("The verdict could not be put into words", error.to_string())
            .or_else("Report this as a defect of the program", "")
    };
    if let Some(path) = &arguments.html {
        output::write_text(path, &report::verdict_html(&report).map_err(defect)?)?;
    }
    let is_taken = [&arguments.html, &arguments.save_facts]
        .into_iter()
        .flatten()
        .any(|path| places::is_standard_output(path));
    match &arguments.json {
        Some(path) => {
            output::write_text(path, &format!("{}\n", report::verdict_json(&report).map_err(defect)?))?;
        }
        None if is_taken => output::say(words(&report).trim_end()),
        None => output::print(&words(&report))?,
    }
    Ok(ExitCode::SUCCESS)
}

/// What the owner says of the operation.
pub fn answers(texts: &[String]) -> Result<OwnerAnswers, CliError> {
    let mut answers = OwnerAnswers::default();
    for text in texts {
        answers.set(text).map_err(|error| CliError::Usage(error.to_string()))?;
    }
    Ok(answers)
}

/// What the owner decides instead.
fn decision(arguments: &Verdict) -> Result<Option<Overrule>, CliError> {
    let Some(text) = &arguments.decide else { return Ok(None) };
    let outcome: Outcome =
        serde_json::from_value(serde_json::Value::String(text.clone())).map_err(|_unknown| {
            CliError::Usage(format!(
                "“{text}” is no outcome: name stay, stay-and-fix, new-address, relay-part, move-sending or move-everything"
            ))
        })?;
    Ok(Some(Overrule { outcome, because: arguments.because.clone().unwrap_or_default() }))
}

/// The trust table and the verdict for a terminal.
pub fn words(report: &AuditReport) -> String {
    let mut text = String::new();
    if !report.receivers.is_empty() {
        text.push_str("Who accepts your mail (30 days)\n");
        for receiver in report.receivers.iter().take(20) {
            append_receiver(&mut text, receiver);
        }
        if let Some(more) = report.receivers.len().checked_sub(20).filter(|more| *more > 0) {
            output::append(&mut text, format_args!("  and {more} more\n"));
        }
        text.push('\n');
    }
    if let Some(verdict) = &report.verdict {
        append_verdict(&mut text, verdict);
    }
    text
}

fn append_receiver(text: &mut String, receiver: &Receiver) {
    let delivered = receiver.delivered.map_or_else(|| "?".to_owned(), with_thousands);
    output::append(
        text,
        format_args!(
            "  {:28} {:>3}%  {:>6} of {:<6} {}\n",
            output::line(&receiver.name),
            receiver.share_permille / 10,
            delivered,
            with_thousands(receiver.attempts),
            trust_words(receiver.trust),
        ),
    );
    if !receiver.reply.is_empty() {
        output::append(text, format_args!("      {}\n", output::line(&receiver.reply)));
    }
    match &receiver.request {
        None => {}
        Some(RemovalRequest::Ready(letter)) => {
            for line in std::iter::once("Text to send:").chain(letter.lines()) {
                output::append(text, format_args!("      | {}\n", output::line(&line)));
            }
        }
        Some(RemovalRequest::WaitsFor(first)) => output::append(
            text,
            format_args!("      A request is ready once this is fixed: {}\n", output::line(first)),
        ),
    }
}

/// The words of the trust table.
pub(super) const fn trust_words(trust: Trust) -> &'static str {
    match trust {
        Trust::Trusts => "trusts you",
        Trust::Slow => "slow",
        Trust::WantsFix => "wants a fix",
        Trust::DistrustsAddress => "DISTRUSTS THE ADDRESS",
        Trust::DistrustsRange => "DISTRUSTS THE RANGE",
        Trust::DistrustsDomain => "DISTRUSTS THE DOMAIN",
        Trust::Unclear => "refuses, reason unclear",
        Trust::TooFew => "too few to say",
    }
}

fn append_verdict(text: &mut String, verdict: &verdict::Verdict) {
    let clean = if verdict.clean_first { ", but clean first" } else { "" };
    output::append(
        text,
        format_args!(
            "VERDICT  {}{clean}\n{}.\n{}\n",
            outcome_name(verdict.outcome),
            verdict.sentence,
            output::line(&verdict.why)
        ),
    );
    if let Some(overruled) = &verdict.overruled {
        output::append(
            text,
            format_args!(
                "You decided otherwise: {}. {}\n",
                outcome_name(overruled.outcome),
                output::line(&overruled.because)
            ),
        );
    }
    let confidence = match verdict.confidence {
        verdict::Confidence::Low => "Low",
        verdict::Confidence::Medium => "Medium",
        verdict::Confidence::High => "High",
    };
    output::append(
        text,
        format_args!("{confidence} confidence: {}.\n\nWhat decided\n", verdict.confidence_words),
    );
    for deciding in &verdict.decided_by {
        let weight =
            if deciding.weight.is_empty() { String::new() } else { format!(" ({})", deciding.weight) };
        output::append(text, format_args!("  {}{weight}\n", output::line(&deciding.title)));
        if !deciding.raw.is_empty() {
            output::append(text, format_args!("      {}\n", output::line(&deciding.raw)));
        }
    }
    append_lists(text, verdict);
    output::append(text, format_args!("\nThe rule: {}\n", verdict.rule));
    if let Some(relay) = &verdict.relay {
        for (heading, lines) in
            [("Postfix", &relay.postfix), ("Exim", &relay.exim), ("Sendmail", &relay.sendmail)]
        {
            output::append(text, format_args!("\n{heading}\n{lines}"));
        }
        output::append(text, format_args!("\n{}\n", relay.records));
    }
}

/// What belongs to a verdict as lists under headings.
fn append_lists(text: &mut String, verdict: &verdict::Verdict) {
    let points =
        |points: &[verdict::Point]| points.iter().map(|point| point.words.clone()).collect::<Vec<_>>();
    let changes: Vec<String> = verdict
        .would_change
        .iter()
        .map(|change| format!("{}: {}", change.condition, outcome_name(change.outcome)))
        .collect();
    let coverage = &verdict.coverage;
    let mut seen = vec![format!(
        "{} of the {} largest receivers are known; {} messages on {} days",
        coverage.known.len(),
        coverage.known.len() + coverage.unknown.len(),
        with_thousands(coverage.attempts),
        coverage.days,
    )];
    seen.extend(coverage.unmeasured_words());
    for (heading, lines) in [
        ("Moves with you", points(&verdict.moves_with_you)),
        ("Stays behind", points(&verdict.stays_behind)),
        ("What speaks against it", verdict.speaks_against.clone()),
        ("What would change it", changes),
        ("How much was seen", seen),
        ("What to do", verdict.steps.clone()),
    ] {
        if lines.is_empty() {
            continue;
        }
        output::append(text, format_args!("\n{heading}\n"));
        for line in lines {
            output::append(text, format_args!("  - {}\n", output::line(&line)));
        }
    }
}
