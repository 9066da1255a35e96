use std::path::Path;
use std::process::ExitCode;

use super::args::Rehearse;
use super::copy_args::ProgressForm;
use super::driver::Driver;
use super::{CliError, copy, done, output, rehearse_sign_in, rehearse_switch};
use crate::audit::verdict::outcome_name;
use crate::engine::{
    AuditView, Command, CopyPhase, EngineConfig, LogRing, ProjectView, ReportFormat, SecretsPolicy,
    UserError, result_words,
};
use crate::providers::ProviderId;
use crate::records::{ExportStage, Format, SwitchStage};

/// A sender in the SPF record of the practice domain that its owner can do without.
const UNUSED_SENDER: &str = "include:spf.shop-baukasten.example";

/// `mailferry rehearse --headless`: every step on the embedded servers, then the report and the zone file.
pub fn run(arguments: &Rehearse, log: LogRing) -> Result<ExitCode, CliError> {
    let mut config = EngineConfig::headless();
    config.secrets = SecretsPolicy::SessionOnly;
    config.recent_file = None;
    config.confirmed_file = None;
    let mut driver = Driver::start(config, log)?;

    output::say("Practice: servers, DNS and provider run inside Mailferry. Nothing leaves this computer.");
    driver.send(Command::Rehearse)?;
    driver.project()?;
    look(&mut driver)?;
    carry(&mut driver)?;
    prepare(&mut driver, &arguments.out)?;
    rehearse_switch::switch(&mut driver)?;
    finish(&mut driver, &arguments.out)?;

    let project = driver.project()?;
    if project.copy.phase != CopyPhase::Finished || project.copy.sum.to_do > 0 {
        return Err(UserError::new("The practice copy did not finish", "The log shows where it stopped.")
            .or_else("Run it again with MAILFERRY_LOG=mailferry=debug", "")
            .into());
    }
    Ok(done(project.copy.sum.refused > 0))
}

/// Waits until the open project meets the condition.
pub(super) fn wait(driver: &mut Driver, is_reached: impl Fn(&ProjectView) -> bool) -> Result<(), CliError> {
    driver.wait_until(|snapshot| snapshot.project.as_ref().is_none_or(&is_reached), |_| {})?;
    Ok(())
}

/// Finds the server and audits the domain.
fn look(driver: &mut Driver) -> Result<(), CliError> {
    output::say("Domain: looking for the server");
    driver.require(Command::FindServer)?;
    wait(driver, |project| !project.domain.is_searching)?;
    output::say("Audit: querying DNS");
    driver.require(Command::RunAudit)?;
    wait(driver, |project| !matches!(project.audit, AuditView::Running { .. }))?;
    match driver.project()?.audit {
        AuditView::Done(report) => {
            output::say(&report.summary);
            if let Some(verdict) = &report.verdict {
                let title = outcome_name(verdict.outcome);
                output::say(&format!("Verdict: {title}. {}", output::line(&verdict.why)));
                for deciding in &verdict.decided_by {
                    output::say(&format!(
                        "  {}: {}",
                        output::line(&deciding.title),
                        output::line(&deciding.raw)
                    ));
                }
            }
        }
        AuditView::Failed(error) => return Err(error.into()),
        AuditView::NotRun | AuditView::Running { .. } => {}
    }
    Ok(())
}

/// Signs in, counts and copies.
fn carry(driver: &mut Driver) -> Result<(), CliError> {
    let provider = ProviderId("fastmail".to_owned());
    driver.require(Command::ChooseDestination { provider, server: None })?;
    rehearse_sign_in::sign_in(driver)?;
    output::say("Mailboxes: signing in on both sides");
    copy::sign_in(driver)?;
    output::say("Plan: counting folders");
    copy::count(driver)?;
    output::say("Copy: starting");
    copy::copy(driver, Command::StartCopy, ProgressForm::Lines)?;
    let sum = driver.project()?.copy.sum;
    output::say(&format!("Copy: {}", result_words(&sum)));
    rehearse_sign_in::judge(driver)?;
    Ok(())
}

/// Prepares the records and writes the first stage into the folder.
fn prepare(driver: &mut Driver, out: &Path) -> Result<(), CliError> {
    output::say("Records: reading the zone");
    driver.require(Command::PrepareRecords)?;
    wait(driver, |project| !project.records.is_preparing)?;
    let project = driver.project()?;
    if let Some(error) = project.records.error {
        return Err(error.into());
    }
    // With the provider there are too many lookups in SPF; somebody has to go.
    output::say(&format!("Records: dropping {UNUSED_SENDER} from SPF, as its shop is no longer used"));
    driver.require(Command::KeepSender { term: UNUSED_SENDER.to_owned(), is_kept: false })?;
    wait(driver, |project| !project.records.is_preparing)?;
    let domain = project.domain.name.as_ascii();
    let path = out.join(format!("{domain}.zone"));
    driver.require(Command::ExportZone {
        path,
        stage: ExportStage::Stage(SwitchStage::Now),
        format: Format::Bind,
    })?;
    Ok(())
}

/// Writes the report of the whole move.
fn finish(driver: &mut Driver, out: &Path) -> Result<(), CliError> {
    driver.require(Command::SaveReport { path: out.join("report.html"), format: ReportFormat::Html })?;
    driver.require(Command::SaveReport { path: out.join("report.json"), format: ReportFormat::Json })?;
    Ok(())
}
