use std::collections::BTreeSet;
use std::process::ExitCode;
use std::time::Duration;

use super::args::Watch;
use super::{CliError, done, output};
use crate::cutover::{StepState, reading_words, sight_words, step_words, way_back};
use crate::engine::headless::{self, SwitchReport, WatchOptions};

/// Between two looks. Waiting times are minutes at least, so nothing is missed for long.
const LOOK_EVERY: Duration = Duration::from_secs(30);

/// `mailferry watch`.
pub fn run(arguments: &Watch) -> Result<ExitCode, CliError> {
    super::places::check_watch(arguments)?;
    let mut shown = BTreeSet::new();
    loop {
        let wanted =
            WatchOptions { resolvers: &arguments.resolvers, confirms_project: arguments.confirm_project };
        let report = headless::watch(&arguments.project, &wanted)?;
        show(&report, &mut shown);
        if let Some(path) = &arguments.json {
            output::write_json(path, &report)?;
        }
        if report.is_done() || arguments.once {
            return Ok(done(!report.is_done()));
        }
        // The project is closed meanwhile, so that a copy can run.
        std::thread::sleep(LOOK_EVERY);
    }
}

/// Says what is new since the last look.
fn show(report: &SwitchReport, shown: &mut BTreeSet<String>) {
    let mut now: Vec<String> = report.reading.sights.iter().map(sight_words).collect();
    now.push(reading_words(&report.reading, report.at));
    now.extend(report.steps.iter().map(|step| {
        let mark = match step.state {
            StepState::Done => "x",
            StepState::Due => ">",
            StepState::From(_) | StepState::Waits => " ",
        };
        format!("[{mark}] {}", step_words(step, report.at))
    }));
    let old = way_back(&report.route);
    now.push(if old.is_empty() {
        "The way back: remove the new MX records; there were none before".to_owned()
    } else {
        format!("The way back, in place of the new MX records: {}", old.join(" | "))
    });
    for line in &now {
        if !shown.contains(line) {
            output::say(&output::line(line));
        }
    }
    *shown = now.into_iter().collect();
}
