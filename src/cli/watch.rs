use std::collections::BTreeSet;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::{Duration, Instant};

use super::args::Watch;
use super::copy_args::ProgressForm;
use super::driver::Driver;
use super::test_imap::TestMailbox;
use super::{CliError, copy, done, output};
use crate::cutover::{
    StepState, TestMessage, keep_words, reading_words, reminder_words, sight_words, step_words, sweep_words,
    test_words, way_back,
};
use crate::engine::headless::{self, SwitchReport, TestMailboxes, WatchOptions};
use crate::engine::{Command, EngineConfig, LogRing, SecretsPolicy, date_time};
use crate::values::counted;

/// After a sweep that could not begin, the next one waits this long.
const SWEEP_AGAIN: Duration = Duration::from_mins(15);

/// `mailferry watch`.
pub fn run(arguments: &Watch, log: &LogRing) -> Result<ExitCode, CliError> {
    super::places::check_watch(arguments)?;
    let mut shown = BTreeSet::new();
    let mut no_sweep_until = None;
    let elsewhere = TestMailbox::from(&arguments.test_imap)?;
    let mut tests = Tests {
        files: &arguments.test_messages,
        mailboxes: TestMailboxes {
            of_project: &arguments.test_mailboxes,
            at_server: elsewhere.as_ref().map(TestMailbox::source),
        },
    };
    loop {
        let mut report = look(arguments, std::mem::take(&mut tests), &mut shown)?;
        let may_sweep = arguments.sweep && no_sweep_until.is_none_or(|until| Instant::now() >= until);
        if may_sweep && report.is_sweep_due() {
            match sweep(arguments, log.clone()) {
                Ok(()) => report = look(arguments, Tests::default(), &mut shown)?,
                Err(error) if arguments.once => return Err(error),
                Err(CliError::CouldNotRun(error)) => {
                    output::say(&error.to_text());
                    no_sweep_until = Some(Instant::now() + SWEEP_AGAIN);
                }
                Err(error) => return Err(error),
            }
        }
        if let Some(path) = &arguments.json {
            output::write_json(path, &report)?;
        }
        if report.is_done() || arguments.once {
            return Ok(done(!report.is_done()));
        }
        // The project is closed meanwhile, so that a copy can run.
        std::thread::sleep(Duration::from_secs(u64::from(report.pause_secs)));
    }
}

/// The test messages of one look.
#[derive(Clone, Copy, Default)]
struct Tests<'a> {
    files: &'a [PathBuf],
    mailboxes: TestMailboxes<'a>,
}

fn look(arguments: &Watch, tests: Tests<'_>, shown: &mut BTreeSet<String>) -> Result<SwitchReport, CliError> {
    let wanted = WatchOptions {
        resolvers: &arguments.resolvers,
        asks_public: arguments.public_resolvers,
        tests: tests.files,
        test_mailboxes: tests.mailboxes,
        confirms_project: arguments.confirm_project,
    };
    let report = headless::watch(&arguments.project, &wanted)?;
    show(&report, shown);
    Ok(report)
}

/// Brings over late mail, over the same engine as “mailferry copy”.
fn sweep(arguments: &Watch, log: LogRing) -> Result<(), CliError> {
    output::say("Bringing over late mail");
    let mut config = EngineConfig::headless();
    config.secrets = SecretsPolicy::SessionThenKeyring;
    let mut driver = Driver::start(config, log)?;
    driver.send(Command::OpenProject(arguments.project.clone()))?;
    copy::agree(&mut driver, arguments.confirm_project)?;
    if let Some(list) = &arguments.accounts {
        driver.require(Command::ImportCsv(list.clone()))?;
    }
    copy::sign_in(&mut driver)?;
    copy::copy(&mut driver, Command::SweepLateMail, ProgressForm::Lines)?;
    if let Some(sweep) = &driver.project()?.switch.late.last {
        output::say(&sweep_words(sweep));
    }
    Ok(())
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
    if report.late_messages > 0 {
        now.push(format!("Brought over since the switch: {}", counted(report.late_messages, "message")));
    }
    now.push(format!("A test message has the subject “{}”", report.test_subject));
    now.extend(report.tests.iter().flat_map(tested));
    if let Some(reason) = report.keeps_old_server {
        now.push(keep_words(reason, date_time));
    }
    let old = way_back(&report.route);
    now.push(if old.is_empty() {
        "The way back: remove the new MX records; there were none before".to_owned()
    } else {
        format!("The way back, in place of the new MX records: {}", old.join(" | "))
    });
    if report.is_done() {
        now.extend(remaining(report));
    }
    for line in &now {
        if !shown.contains(line) {
            output::say(&output::line(line));
        }
    }
    *shown = now.into_iter().collect();
}

/// What a test message shows.
fn tested(test: &TestMessage) -> Vec<String> {
    let words = test_words(test);
    let title = format!("{}: {}. {}", test.name, words.title, words.advice);
    let rows = words.rows.into_iter().map(|row| format!("  {}, {}: {}", test.name, row.what, row.outcome));
    std::iter::once(title).chain(rows).collect()
}

/// What remains to be done, once the switch is over.
fn remaining(report: &SwitchReport) -> Vec<String> {
    let open = report.remaining.iter().filter(|one| one.done_at.is_none() && !one.reminder.is_seen);
    open.map(|one| {
        let words = reminder_words(&one.reminder, &report.provider);
        let from = one.reminder.from.map_or_else(String::new, |from| format!("from {}: ", date_time(from)));
        format!("Remains, {from}{} ({})", words.title, words.detail)
    })
    .collect()
}
