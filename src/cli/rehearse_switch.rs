//! The switch of `mailferry rehearse`: stages are published in the practice zone, everybody is asked, mail comes meanwhile, the
//! way back is taken once, and late mail is swept. Each step is judged, and so is what lies on both servers at the end.

use super::copy_args::ProgressForm;
use super::driver::Driver;
use super::rehearse::wait;
use super::{CliError, copy, output};
use crate::cutover::{KeepReason, StepKind, StepState, sight_words, step_words, sweep_words};
use crate::engine::{Command, ProjectView, UserError};
use crate::records::{ExportStage, SwitchStage};

/// Rounds after which a practice switch is stuck.
const MOST_ROUNDS: usize = 40;

/// Goes through the whole switch.
pub(super) fn switch(driver: &mut Driver) -> Result<(), CliError> {
    output::say("Switch: asking the practice name servers and resolvers");
    look(driver)?;
    publish(driver, ExportStage::Stage(SwitchStage::Now))?;
    until(driver, "the old records may be kept for five minutes only", |project| {
        let publish = project.switch.steps.iter().find(|step| step.kind == StepKind::Publish);
        publish.is_some_and(|step| step.state == StepState::Due)
    })?;

    publish(driver, ExportStage::Stage(SwitchStage::AtTheSwitch))?;
    let project = look(driver)?;
    expect(
        "one name server has the new records and the other one has not followed yet",
        !sees_everywhere(&project) && project.switch.published_at.is_some(),
    )?;
    until(driver, "both name servers agree", sees_everywhere)?;

    output::say("Switch: taking the way back once");
    publish(driver, ExportStage::Rollback)?;
    until(driver, "the old records are back everywhere", |project| {
        project.switch.published_at.is_none() && !sees_everywhere(project)
    })?;

    publish(driver, ExportStage::Stage(SwitchStage::AtTheSwitch))?;
    until(driver, "nobody has the old records any more", |project| {
        project.switch.reading.as_ref().is_some_and(|reading| reading.is_over)
    })?;
    tell_steps(driver)?;
    sweep(driver)?;
    let late = driver.project()?.switch.late.messages;
    expect("late mail was brought over", late > 0)?;
    until(driver, "the queues of others are empty", |project| {
        matches!(project.switch.keep, None | Some(KeepReason::LastSweep))
    })?;
    sweep(driver)?;
    publish(driver, ExportStage::Stage(SwitchStage::Later))?;
    driver.require(Command::FinishMove)?;
    tally(&driver.project()?)
}

/// Both servers, message by message.
fn tally(project: &ProjectView) -> Result<(), CliError> {
    let Some((practice, tally)) = project.practice.as_ref().and_then(|view| Some((view, view.tally?))) else {
        return Err(failed("both servers are compared"));
    };
    let letters = practice.letters;
    output::say(&format!(
        "Mail: {} messages at the old server, {} at the new one; while the mail was moved, {} letters came to the old server and {} to the new one",
        tally.old, tally.new, letters.to_old, letters.to_new
    ));
    expect("new mail went both ways", letters.to_old > 0 && letters.to_new > 0)?;
    expect(
        "every message of the old server is at the new one, once",
        tally.agrees() && tally.new == tally.old + letters.to_new,
    )
}

fn publish(driver: &mut Driver, stage: ExportStage) -> Result<(), CliError> {
    driver.require(Command::PublishInPractice(stage))?;
    Ok(())
}

/// Asks everybody once, and tells who sees what.
fn look(driver: &mut Driver) -> Result<ProjectView, CliError> {
    driver.require(Command::LookAtSwitch)?;
    looked(driver)
}

fn looked(driver: &mut Driver) -> Result<ProjectView, CliError> {
    wait(driver, |project| project.switch.looking.is_none())?;
    let project = driver.project()?;
    if let Some(error) = project.switch.error {
        return Err(error.into());
    }
    for sight in project.switch.reading.iter().flat_map(|reading| &reading.sights) {
        output::say(&format!("  {}", output::line(&sight_words(sight))));
    }
    Ok(project)
}

/// Looks, and lets time pass where something waits for it, until this is so.
fn until(driver: &mut Driver, what: &str, is_reached: impl Fn(&ProjectView) -> bool) -> Result<(), CliError> {
    for _round in 0..MOST_ROUNDS {
        let project = look(driver)?;
        if is_reached(&project) {
            output::say(&format!("Switch: {what}"));
            return Ok(());
        }
        if project.practice.as_ref().is_some_and(|practice| practice.next_date.is_some()) {
            driver.require(Command::LetTimePass)?;
            if is_reached(&looked(driver)?) {
                output::say(&format!("Switch: {what}"));
                return Ok(());
            }
        }
    }
    Err(failed(what))
}

fn sees_everywhere(project: &ProjectView) -> bool {
    project.switch.reading.as_ref().is_some_and(|reading| reading.is_everywhere)
}

fn sweep(driver: &mut Driver) -> Result<(), CliError> {
    copy::copy(driver, Command::SweepLateMail, ProgressForm::Lines)?;
    if let Some(last) = driver.project()?.switch.late.last {
        output::say(&format!("Late mail: {}", sweep_words(&last)));
    }
    Ok(())
}

fn tell_steps(driver: &Driver) -> Result<(), CliError> {
    let project = driver.project()?;
    for step in &project.switch.steps {
        let now = project.switch.looked_at.unwrap_or(project.saved_at);
        output::say(&format!("  {}", step_words(step, now)));
    }
    Ok(())
}

fn expect(what: &str, is_so: bool) -> Result<(), CliError> {
    if is_so { Ok(()) } else { Err(failed(what)) }
}

fn failed(what: &str) -> CliError {
    UserError::new("The practice switch went wrong", format!("It is not so that {what}."))
        .or_else("Run it again with MAILFERRY_LOG=mailferry=debug", "")
        .into()
}
