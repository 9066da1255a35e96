//! What the owner still has to do, from the state of audit, copy, records and switch.

use super::format::utc;
use super::{ReminderReport, ReportInput};
use crate::audit::{Group, Status};
use crate::records::{Change, SwitchStage};
use crate::values::counted;

/// Most audit findings listed among the steps; the report has the rest.
const FINDINGS_MAX: usize = 5;

/// What is still to be done, in order, one sentence each.
pub fn next_steps(input: &ReportInput) -> Vec<String> {
    let mut steps = Vec::new();
    if input.audit.is_none() {
        steps.push("Run the audit, so that you know which problems move along with the mail.".to_owned());
    }
    copy_steps(input, &mut steps);
    record_steps(input, &mut steps);
    finding_steps(input, &mut steps);
    let is_copied = input.copy.as_ref().is_some_and(|copy| copy.sum().source_count > 0);
    let open: Vec<String> = input.reminders.iter().filter(|one| !one.is_done).map(reminder_step).collect();
    if !open.is_empty() && input.switch.is_some() {
        steps.extend(open);
    } else if is_copied && input.records.is_some() {
        steps.push(
            "After the switch: copy once more. This brings late mail and copies nothing twice.".to_owned(),
        );
        steps.push("After the switch: change the server in mail programs and on phones.".to_owned());
        steps.push("Keep the old server running until no late mail has come for 30 days.".to_owned());
        steps.push("At the end: delete the stored passwords.".to_owned());
    }
    steps
}

/// What remains, with its day.
fn reminder_step(reminder: &ReminderReport) -> String {
    let ReminderReport { title, detail, .. } = reminder;
    match reminder.from {
        Some(from) => format!("From {} on: {title} ({detail}).", utc(from)),
        None => format!("After the switch: {title} ({detail})."),
    }
}

fn copy_steps(input: &ReportInput, steps: &mut Vec<String>) {
    let Some(copy) = &input.copy else {
        steps.push("Copy the mailboxes.".to_owned());
        return;
    };
    let sum = copy.sum();
    if sum.waiting() > 0 {
        steps.push(format!("Finish the copy: {} to go.", counted(sum.waiting(), "message")));
    }
    if copy.unconfirmed() > 0 {
        let count = counted(copy.unconfirmed(), "message");
        steps.push(format!("Look at the {count} that could not be verified, then copy once more."));
    }
    if copy.troubled() > 0 {
        steps.push("Fix the mailboxes that stopped; the reasons are next to them.".to_owned());
    }
    if sum.refused > 0 {
        let count = counted(sum.refused, "message");
        steps
            .push(format!("Look at the {count} that the destination refused; this report lists the causes."));
    }
    if sum.exported > 0 {
        let count = counted(sum.exported, "message");
        steps.push(format!("Keep the {count} saved as .eml files next to the project."));
    }
}

fn record_steps(input: &ReportInput, steps: &mut Vec<String>) {
    let Some(records) = &input.records else {
        steps.push("Prepare the new DNS records.".to_owned());
        return;
    };
    let changes = |stage: SwitchStage| {
        let lines = records.plan.groups.iter().flat_map(|group| &group.lines);
        lines.filter(|line| line.stage == stage && line.change != Change::Keep).count() as u64
    };
    for (stage, words) in [
        (SwitchStage::Now, "now; mail delivery does not change"),
        (SwitchStage::AtTheSwitch, "at the switch, once the copy is complete"),
        (SwitchStage::Later, "three days after the switch"),
    ] {
        let count = changes(stage);
        if count > 0 {
            steps.push(format!("Publish {} {words}.", counted(count, "changed record")));
        }
    }
    steps.extend(records.plan.notes.iter().cloned());
}

fn finding_steps(input: &ReportInput, steps: &mut Vec<String>) {
    let Some(audit) = &input.audit else { return };
    let travelling = audit.findings.iter().filter(|finding| {
        matches!(finding.group, Group::TravelsWithYou | Group::MattersForTheSwitch)
            && matches!(finding.status, Status::Fail | Status::Warn)
    });
    let with_remedy =
        travelling.filter_map(|finding| finding.remedy.as_ref().map(|remedy| (finding, remedy)));
    for (finding, remedy) in with_remedy.take(FINDINGS_MAX) {
        steps.push(format!("{}: {remedy}", finding.title));
    }
    let unknown = audit.count(Status::Unknown) as u64;
    if unknown > 0 {
        let count = counted(unknown, "question");
        steps.push(format!("Run the audit again for the {count} that could not be answered."));
    }
}
