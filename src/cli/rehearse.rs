use std::process::ExitCode;

use super::args::Rehearse;
use super::driver::Driver;
use super::{CliError, copy, done, output};
use crate::engine::{
    AuditView, Command, CopyPhase, EngineConfig, LogRing, ReportFormat, RequestId, SecretsPolicy,
    SignInState, UserError,
};
use crate::providers::ProviderId;

/// `mailferry rehearse --headless`: every step on the embedded servers, then the report and the zone file.
pub fn run(arguments: &Rehearse, log: LogRing) -> Result<ExitCode, CliError> {
    let mut config = EngineConfig::for_this_user();
    config.secrets = SecretsPolicy::SessionOnly;
    config.recent_file = None;
    let mut driver = Driver::start(config, log)?;

    output::say("Practice: servers, DNS and provider are inside this program. Nothing leaves this computer.");
    driver.send(Command::Rehearse)?;
    driver.wait_until(|snapshot| snapshot.project.is_some() || snapshot.open_error.is_some(), |_| {})?;
    driver.project()?;

    output::say("Domain: looking for the server");
    driver.require(Command::FindServer(RequestId(1)))?;
    driver.wait_until(
        |snapshot| snapshot.project.as_ref().is_none_or(|project| !project.domain.is_searching),
        |_| {},
    )?;

    output::say("Audit: asking the DNS");
    driver.require(Command::RunAudit(RequestId(2)))?;
    driver.wait_until(
        |snapshot| {
            snapshot
                .project
                .as_ref()
                .is_none_or(|project| !matches!(project.audit, AuditView::Running { .. }))
        },
        |_| {},
    )?;
    match driver.project()?.audit {
        AuditView::Done(report) => output::say(&report.summary),
        AuditView::Failed(error) => return Err(error.into()),
        AuditView::NotRun | AuditView::Running { .. } => {}
    }

    driver
        .require(Command::ChooseDestination { provider: ProviderId("fastmail".to_owned()), server: None })?;
    output::say("Mailboxes: signing in on both sides");
    driver.require(Command::TestSignIn { mailboxes: Vec::new(), request: RequestId(3) })?;
    driver.wait_until(
        |snapshot| {
            snapshot.project.as_ref().is_none_or(|project| {
                project.mailboxes.iter().all(|row| {
                    [&row.source.state, &row.destination.state]
                        .iter()
                        .all(|state| !matches!(state, SignInState::SigningIn | SignInState::NotTried))
                })
            })
        },
        |_| {},
    )?;
    output::say("Plan: counting folders");
    driver.require(Command::BuildPlan(RequestId(4)))?;
    driver.wait_until(
        |snapshot| snapshot.project.as_ref().is_none_or(|project| project.plan.counting.is_none()),
        |_| {},
    )?;
    output::say("Copy: starting");
    copy::copy(&mut driver)?;
    let project = driver.project()?;
    output::say(&format!(
        "Copy: {} of {} messages",
        project.copy.sum.finished(),
        project.copy.sum.source_count
    ));

    output::say("Records: reading the zone");
    driver.require(Command::PrepareRecords(RequestId(5)))?;
    driver.wait_until(
        |snapshot| snapshot.project.as_ref().is_none_or(|project| !project.records.is_preparing),
        |_| {},
    )?;
    let project = driver.project()?;
    if let Some(error) = project.records.error {
        return Err(error.into());
    }
    let domain = project.domain.name.as_ascii().to_owned();
    driver.require(Command::ExportZone(arguments.out.join(format!("{domain}.zone"))))?;
    driver.require(Command::SaveReport {
        path: arguments.out.join("report.html"),
        format: ReportFormat::Html,
    })?;
    driver.require(Command::SaveReport {
        path: arguments.out.join("report.json"),
        format: ReportFormat::Json,
    })?;
    let is_finished = project.copy.phase == CopyPhase::Finished && project.copy.sum.to_do == 0;
    if !is_finished {
        return Err(UserError::new(
            "The practice copy did not come to its end",
            "The log says where it stopped.",
        )
        .or_else("Run it again with MAILFERRY_LOG=mailferry=debug", "")
        .into());
    }
    Ok(done(project.copy.sum.refused > 0))
}
