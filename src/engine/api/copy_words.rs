//! How the copy stands, in the words of the rail, the footer, the start page and the report.

use crate::engine::api::copy_snapshot::ServerWait;
use crate::engine::api::snapshot::PasswordPlace;
use crate::engine::api::snapshot::{ProjectMark, ProjectView};
use crate::engine::api::standing::CopyStanding;
use crate::engine::api::standing::copied_to;
use crate::engine::api::standing::copy_percent;
use crate::engine::api::standing::copy_standing;
use crate::engine::api::standing::is_asking_keyring;
use crate::engine::api::standing::is_zone_saved;
use crate::engine::api::standing::missing_passwords;
use crate::engine::api::step::Readiness;
use crate::engine::api::step::Step;
use crate::engine::api::step::StepState;
use crate::engine::api::step::step_line;
use crate::engine::api::step::step_state;
use crate::plan::LedgerSum;
use crate::transfer::WaitCause;
use crate::values::{Side, counted, with_thousands};

/// `Trial: 433 of 740 copied, 307 wait for the whole copy`.
pub fn trial_words(sum: &LedgerSum) -> String {
    let waiting = match sum.waiting() {
        0 => "nothing waits".to_owned(),
        1 => "1 waits".to_owned(),
        count => format!("{} wait", with_thousands(count)),
    };
    let (arrived, wanted) = (with_thousands(sum.arrived()), with_thousands(sum.wanted()));
    format!("Trial: {arrived} of {wanted} copied, {waiting} for the whole copy")
}

/// The server of this side, as it is called in sentences: `your server`, `Fastmail`.
pub fn server_name(project: &ProjectView, side: Side) -> &str {
    match side {
        Side::Source => "your server",
        Side::Destination => copied_to(project).unwrap_or("the provider"),
    }
}

/// Why a mailbox waits for `server`, in plain words: `Fastmail asks anna@ to wait`.
pub fn wait_words(mailbox: &str, wait: &ServerWait, server: &str) -> String {
    let words = match wait.cause {
        WaitCause::Asked => format!("{server} asks {mailbox} to wait"),
        WaitCause::FolderInUse => format!("{mailbox} waits for a folder that is in use at {server}"),
        WaitCause::ServerFails => format!("{server} has a fault, {mailbox} is tried again"),
        WaitCause::DailyLimit => format!("{mailbox} has reached the daily limit of {server}"),
        WaitCause::LateMessages => format!("{mailbox} waits for messages of an interrupted run"),
        WaitCause::NoFolders => format!("{server} lists no folders of {mailbox} yet"),
    };
    capitalised(&words)
}

/// What happened to a mailbox whose connection was lost: `anna@ has lost the connection to Fastmail`.
pub fn lost_words(mailbox: &str, server: Option<&str>) -> String {
    match server {
        Some(server) => format!("{mailbox} has lost the connection to {server}"),
        None => format!("{mailbox} has lost the connection"),
    }
}

/// A sentence may begin with `your server`, but not with an address in another case than its own.
fn capitalised(words: &str) -> String {
    match words.strip_prefix("your ").or_else(|| words.strip_prefix("the ")) {
        Some(rest) if words.starts_with("your") => format!("Your {rest}"),
        Some(rest) => format!("The {rest}"),
        None => words.to_owned(),
    }
}

/// The result of a finished or stopped copy, as recorded in the ledger:
/// `38 of 40 messages copied, 1 refused, 1 still to do`.
pub fn result_words(sum: &LedgerSum) -> String {
    let (arrived, wanted) = (sum.arrived(), sum.wanted());
    let copied = match wanted {
        0 if sum.source_count == 0 => "there was nothing to copy".to_owned(),
        0 => "nothing was left to copy".to_owned(),
        wanted => format!("{} of {} copied", with_thousands(arrived), counted(wanted, "message")),
    };
    let others = [
        (sum.exported, "saved as files"),
        (sum.refused, "refused"),
        (sum.deferred, "put off by a trial"),
        (sum.to_do, "still to do"),
    ];
    let others = others.into_iter().filter(|(count, _)| *count > 0);
    let others = others.map(|(count, what)| format!("{} {what}", with_thousands(count)));
    std::iter::once(copied).chain(others).collect::<Vec<_>>().join(", ")
}

/// Whether every requested message is at the destination. Messages that a trial put off were not requested.
pub const fn is_all_copied(sum: &LedgerSum, is_trial: bool) -> bool {
    let put_off = if is_trial { sum.deferred } else { 0 };
    sum.arrived() + put_off == sum.wanted()
}

/// The words for a copy to a destination other than the one chosen now: `Copied to Fastmail (imap.fastmail.com). Nothing
/// has been copied to mailbox.org yet`.
pub fn elsewhere_words(project: &ProjectView) -> String {
    let Some(route) = &project.copy.route else { return String::new() };
    let before = format!("{} ({})", route.provider_name, route.destination.host);
    match (&project.destination.chosen, &project.destination.server) {
        (Some((_, name)), Some(server)) => {
            format!("Copied to {before}. Nothing has been copied to {name} ({}) yet", server.host)
        }
        (Some((_, name)), None) => format!("Copied to {before}. Nothing has been copied to {name} yet"),
        (None, _) => format!("Copied to {before}"),
    }
}

/// The line in the rail.
pub(in crate::engine) fn copy_line(project: &ProjectView) -> String {
    let percent = copy_percent(project);
    let sum = &project.copy.sum;
    match copy_standing(project) {
        CopyStanding::NotStarted if project.plan.mailboxes.is_empty() => "After Plan".to_owned(),
        CopyStanding::NotStarted => "Ready to start".to_owned(),
        CopyStanding::Elsewhere => match &project.destination.chosen {
            Some((_, name)) => format!("Nothing at {name} yet"),
            None => "After Destination".to_owned(),
        },
        CopyStanding::Running => format!("{percent}%"),
        CopyStanding::Pausing | CopyStanding::Stopping => "Finishing messages in progress".to_owned(),
        CopyStanding::Paused => format!("Paused at {percent}%"),
        CopyStanding::Interrupted if missing_passwords(project) > 0 && !is_asking_keyring(project) => {
            format!("{percent}%, needs passwords")
        }
        CopyStanding::Interrupted => format!("{percent}%, continues"),
        CopyStanding::Tried(_) => {
            format!("Trial: {} of {}", with_thousands(sum.arrived()), with_thousands(sum.wanted()))
        }
        CopyStanding::Stopped => format!("Stopped at {percent}%"),
        CopyStanding::Outgrown => "New mail or mailboxes".to_owned(),
        CopyStanding::Finished if sum.to_do > 0 => {
            format!("Incomplete, {} to do", with_thousands(sum.to_do))
        }
        CopyStanding::Finished if sum.refused > 0 => format!("Done, {} refused", with_thousands(sum.refused)),
        CopyStanding::Finished if sum.exported > 0 => {
            format!("Done, {} saved as files", with_thousands(sum.exported))
        }
        CopyStanding::Finished => "Done".to_owned(),
    }
}

/// Where the project stands, for the list on the start page, which is read while it is closed.
pub fn project_line(project: &ProjectView) -> String {
    let percent = copy_percent(project);
    let to = copied_to(project).unwrap_or("the destination");
    match copy_standing(project) {
        CopyStanding::NotStarted => {
            let newest =
                Step::ALL.into_iter().rev().find(|step| step_state(*step, project) == StepState::Done);
            // The mark beside it says the verdict.
            let newest = match newest.unwrap_or(Step::Domain) {
                Step::Verdict => Step::Audit,
                newest => newest,
            };
            format!("{}: {}", newest.name(), step_line(newest, project))
        }
        CopyStanding::Elsewhere => elsewhere_words(project),
        CopyStanding::Running | CopyStanding::Interrupted
            if after_closing(project) == AfterClosing::NeedsPasswords =>
        {
            format!("Copied {percent}%, continues when you open it and enter the passwords")
        }
        CopyStanding::Running | CopyStanding::Interrupted => {
            format!("Copied {percent}%, continues when you open it")
        }
        CopyStanding::Pausing | CopyStanding::Paused => format!("Copied {percent}%, paused by you"),
        CopyStanding::Stopping | CopyStanding::Stopped => format!("Copied {percent}%, stopped"),
        CopyStanding::Tried(_) => trial_words(&project.copy.sum),
        CopyStanding::Outgrown => format!("Copied to {to}; mailboxes were added or changed since"),
        CopyStanding::Finished if is_zone_saved(project) => format!("Copied to {to}, zone lines saved"),
        CopyStanding::Finished => format!("Copied to {to}; the records are next"),
    }
}

/// How far the project has come, for the same list.
pub fn project_mark(project: &ProjectView) -> ProjectMark {
    let percent = u8::try_from(copy_percent(project)).unwrap_or(100).min(100);
    match copy_standing(project) {
        CopyStanding::NotStarted | CopyStanding::Elsewhere => {
            let report = project.audit.report();
            report.and_then(|report| report.verdict.as_ref()).map_or(ProjectMark::None, |verdict| {
                let decided = verdict.overruled.as_ref().map_or(verdict.outcome, |owner| owner.outcome);
                ProjectMark::Verdict(decided)
            })
        }
        CopyStanding::Running | CopyStanding::Interrupted => ProjectMark::Copying(percent),
        CopyStanding::Pausing | CopyStanding::Paused => ProjectMark::Paused(percent),
        CopyStanding::Stopping | CopyStanding::Stopped => ProjectMark::Stopped(percent),
        // What a trial has copied is no share of anything.
        CopyStanding::Tried(_) | CopyStanding::Outgrown => ProjectMark::None,
        CopyStanding::Finished => ProjectMark::Copied,
    }
}

/// Whether some passwords are kept only until the program ends.
fn needs_passwords_again(project: &ProjectView) -> bool {
    let is_lost = |place| !matches!(place, PasswordPlace::Keyring | PasswordPlace::NotNeeded);
    let chosen = project.mailboxes.iter().filter(|row| row.mailbox.is_chosen);
    chosen.flat_map(|row| [row.source.password, row.destination.password]).any(is_lost)
}

/// What closing the window does to a running copy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AfterClosing {
    /// It is a rehearsal, which ends with its window.
    Ends,
    /// It continues when the project is opened again.
    Continues,
    /// The same, once the passwords are entered: no keyring has them.
    NeedsPasswords,
}

/// What closing the window does to a running copy of this project.
pub fn after_closing(project: &ProjectView) -> AfterClosing {
    if project.is_temporary {
        AfterClosing::Ends
    } else if project.is_practice {
        // Its passwords are filled in each time.
        AfterClosing::Continues
    } else if needs_passwords_again(project) {
        AfterClosing::NeedsPasswords
    } else {
        AfterClosing::Continues
    }
}

fn closing_words(project: &ProjectView) -> &'static str {
    match after_closing(project) {
        AfterClosing::Ends => "A rehearsal ends when you close it",
        AfterClosing::NeedsPasswords => {
            "You can close the window; copying continues when you open it again and enter the passwords"
        }
        AfterClosing::Continues => "You can close the window; copying continues when you open it again",
    }
}

/// What the footer of the Copy page says.
pub(in crate::engine) fn copy_readiness(project: &ProjectView) -> Readiness {
    let ready = |words: &str| Readiness::Ready(words.to_owned());
    match copy_standing(project) {
        CopyStanding::Running => ready(closing_words(project)),
        CopyStanding::Interrupted if is_asking_keyring(project) => {
            ready("Copying continues once the keyring has returned the passwords")
        }
        CopyStanding::Interrupted if missing_passwords(project) > 0 => {
            ready("Copying continues once the passwords are entered")
        }
        CopyStanding::Interrupted => ready("Copying was interrupted when the program ended"),
        CopyStanding::Tried(_) => ready("What the trial copied is part of the whole copy"),
        CopyStanding::Elsewhere => Readiness::Ready(elsewhere_words(project)),
        CopyStanding::Finished => ready("Next: the records that send new mail to the new provider"),
        CopyStanding::Outgrown => ready("Mailboxes were added or changed since the copy finished"),
        _ => ready(""),
    }
}
