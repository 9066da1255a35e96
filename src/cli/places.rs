//! Checks, before anything runs, that no output would overwrite a file that is needed.

use std::path::Path;

use super::CliError;
use super::account_list_args::{AccountList, ReportFiles};
use super::args::{Audit, AuditDiff, Copy, Providers, Records, Verdict, Watch};
use crate::engine::{check_output, is_same_place, not_written};

/// A flag and the file that it names.
type Place<'a> = (&'static str, Option<&'a Path>);

/// The outputs of `mailferry copy`.
pub fn check_copy(arguments: &Copy) -> Result<(), CliError> {
    let outputs = [("--json", arguments.json.as_deref()), ("--messages", arguments.messages.as_deref())];
    let inputs = [
        ("--accounts", arguments.accounts.as_deref()),
        ("--from-password-file", arguments.from_password_file.as_deref()),
        ("--to-password-file", arguments.to_password_file.as_deref()),
        ("--provider-file", arguments.plan.provider_file.as_deref()),
        ("--from-token-file", arguments.from_token_file.as_deref()),
        ("--to-token-file", arguments.to_token_file.as_deref()),
    ];
    check(&outputs, &inputs, arguments.project.as_deref())
}

/// The outputs of `mailferry audit`.
pub fn check_audit(arguments: &Audit) -> Result<(), CliError> {
    let outputs = [
        ("--json", arguments.json.as_deref()),
        ("--html", arguments.html.as_deref()),
        ("--markdown", arguments.markdown.as_deref()),
        ("--save-facts", arguments.save_facts.as_deref()),
    ];
    // A finding that was checked again belongs into the file that it came from.
    let facts = arguments.facts.as_deref().filter(|_| arguments.only.is_none());
    let inputs = [
        ("--facts", facts),
        ("--since", arguments.since.as_deref()),
        ("--probe-output", arguments.probe_output.as_deref()),
        ("--evidence-accounts", arguments.mailboxes.evidence_accounts.as_deref()),
        ("--evidence-password-file", arguments.mailboxes.evidence_password_file.as_deref()),
    ];
    check(&outputs, &inputs, arguments.mailboxes.evidence_project.as_deref())
}

/// The output of `mailferry audit-diff`.
pub fn check_audit_diff(arguments: &AuditDiff) -> Result<(), CliError> {
    let inputs =
        [("the old facts", Some(arguments.old.as_path())), ("the new facts", Some(arguments.new.as_path()))];
    check(&[("--json", arguments.json.as_deref())], &inputs, None)
}

/// The outputs of `mailferry verdict`.
pub fn check_verdict(arguments: &Verdict) -> Result<(), CliError> {
    let outputs = [
        ("--json", arguments.json.as_deref()),
        ("--html", arguments.html.as_deref()),
        ("--save-facts", arguments.save_facts.as_deref()),
    ];
    check(&outputs, &[("the facts", Some(arguments.facts.as_path()))], None)
}

/// The outputs of `mailferry accounts`.
pub fn check_account_list(arguments: &AccountList) -> Result<(), CliError> {
    let outputs = [("--json", arguments.json.as_deref()), ("--out", arguments.out.as_deref())];
    let inputs: Vec<Place<'_>> =
        arguments.files.iter().map(|path| ("a file to read", Some(path.as_path()))).collect();
    check(&outputs, &inputs, arguments.project.as_deref())
}

/// The outputs of `mailferry report`.
pub fn check_report(arguments: &ReportFiles) -> Result<(), CliError> {
    let outputs = [
        ("--html", arguments.html.as_deref()),
        ("--markdown", arguments.markdown.as_deref()),
        ("--json", arguments.json.as_deref()),
    ];
    check(&outputs, &[], Some(&arguments.project))
}

/// The output of `mailferry records`.
pub fn check_records(arguments: &Records) -> Result<(), CliError> {
    let inputs = [
        ("--answers", arguments.planned.answers.as_deref()),
        ("--zone", arguments.planned.zone.as_deref()),
        ("--facts", arguments.planned.facts.as_deref()),
        ("--provider-file", arguments.planned.provider_file.as_deref()),
    ];
    check(&[("--out", arguments.out.as_deref())], &inputs, None)
}

/// The output of `mailferry providers`.
pub fn check_providers(arguments: &Providers) -> Result<(), CliError> {
    let inputs = [("--provider-file", arguments.provider_file.as_deref())];
    check(&[("--json", arguments.json.as_deref())], &inputs, arguments.project.as_deref())
}

/// The output of `mailferry watch`.
pub fn check_watch(arguments: &Watch) -> Result<(), CliError> {
    let inputs = [("--accounts", arguments.accounts.as_deref())];
    check(&[("--json", arguments.json.as_deref())], &inputs, Some(&arguments.project))
}

fn check(outputs: &[Place<'_>], inputs: &[Place<'_>], project: Option<&Path>) -> Result<(), CliError> {
    let named = |places: &[Place<'_>]| -> Vec<(&'static str, std::path::PathBuf)> {
        let files = places.iter().filter_map(|(flag, path)| path.map(|path| (*flag, path)));
        files.filter(|(_, path)| is_file(path)).map(|(flag, path)| (flag, path.to_owned())).collect()
    };
    let streams: Vec<&str> = outputs
        .iter()
        .filter(|(_, path)| path.is_some_and(is_standard_output))
        .map(|(flag, _)| *flag)
        .collect();
    if let [one, other, ..] = streams.as_slice() {
        return Err(CliError::Usage(format!("{one} and {other} cannot both go to standard output")));
    }
    let (outputs, inputs) = (named(outputs), named(inputs));
    for (index, (flag, path)) in outputs.iter().enumerate() {
        check_output(path, project).map_err(|error| not_written(path, &error))?;
        let others = outputs.iter().take(index).chain(&inputs);
        if let Some((other, _)) = others.into_iter().find(|(_, other)| is_same_place(path, other)) {
            return Err(CliError::Usage(format!(
                "{flag} would overwrite {other}: {} is the same file",
                path.display()
            )));
        }
    }
    Ok(())
}

/// Whether the path names standard output.
pub(super) fn is_standard_output(path: &Path) -> bool {
    ["-", "/dev/stdout", "/dev/fd/1", "/proc/self/fd/1"].iter().any(|name| path == Path::new(name))
}

/// Whether it is, or would become, a regular file.
pub(super) fn is_file(path: &Path) -> bool {
    path != Path::new("-")
        && !path.starts_with("/dev")
        && !path.starts_with("/proc/self/fd")
        && std::fs::metadata(path).map_or(true, |metadata| metadata.is_file())
}
