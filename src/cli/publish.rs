use std::io::{BufRead as _, IsTerminal as _};
use std::process::ExitCode;

use super::args::{Publish, RecordsStage};
use super::planned_records::PlanInputs;
use super::{CliError, done, output};
use crate::engine::headless::{self, Publication};
use crate::records::{ExportStage, Format, dry_run_words, stage_words};

/// `mailferry publish`: shows what a stage changes, asks, and changes the zone at the owner's own name server.
pub fn run(arguments: &Publish) -> Result<ExitCode, CliError> {
    if arguments.stage == RecordsStage::Rollback && arguments.planned.zone.is_none() {
        return Err(CliError::Usage(
            "the way back needs the zone as it was before the switch: give its file with --zone".to_owned(),
        ));
    }
    let inputs = PlanInputs::read(&arguments.planned)?;
    let question = inputs.question(&arguments.planned, arguments.stage, Format::Bind);
    let publication = headless::publication(&question)?;
    show(&publication, question.stage)?;
    if publication.is_empty() {
        output::say("Nothing to publish: the zone has this stage already.");
        return Ok(ExitCode::SUCCESS);
    }
    if !arguments.yes && !agrees(&arguments.server)? {
        output::say("Nothing was published.");
        return Ok(ExitCode::from(1));
    }
    publication.publish(&arguments.server, &arguments.key_file)?;
    output::say(&format!("Published at {}, and it answers so.", output::line(&arguments.server)));
    let is_whole = publication.plan.is_complete();
    if !is_whole {
        output::say("What could not be read was left as it is: publish this stage again when it can be.");
    }
    Ok(done(!is_whole))
}

/// Every set of records that changes, with its reasons.
fn show(publication: &Publication, stage: ExportStage) -> Result<(), CliError> {
    for note in &publication.plan.notes {
        output::say(&format!("Note: {}", output::line(note)));
    }
    if let Some(judgement) = stage.of_switch().and_then(|stage| publication.plan.judgement(stage)) {
        output::say(&output::line(&stage_words(judgement)));
        if let Some(words) = dry_run_words(judgement) {
            output::say(&words);
        }
    }
    let mut text = String::new();
    for change in &publication.sets.changes {
        for (sign, set) in [('-', &change.before), ('+', &change.after)] {
            for value in set.iter().flat_map(|set| &set.values) {
                output::append(
                    &mut text,
                    format_args!(
                        "{sign} {:24} {:>6} {:5} {}\n",
                        output::line(&change.name),
                        set.as_ref().map_or(0, |set| set.ttl_secs),
                        change.record_type,
                        output::line(&value.shown())
                    ),
                );
            }
        }
        for reason in &change.reasons {
            output::append(&mut text, format_args!("    {}\n", output::line(reason)));
        }
    }
    output::print(&text)
}

fn agrees(server: &str) -> Result<bool, CliError> {
    let stdin = std::io::stdin();
    if !stdin.is_terminal() {
        return Err(CliError::Usage(
            "nobody is there to agree: look at what changes, then add --yes".to_owned(),
        ));
    }
    output::say(&format!("Publish this at {}? Type “yes” and press Enter.", output::line(&server)));
    let mut answer = String::new();
    // A terminal that is closed has not agreed.
    Ok(stdin.lock().read_line(&mut answer).is_ok() && answer.trim() == "yes")
}
