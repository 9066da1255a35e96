//! The buttons in the footer of the Copy page, and the questions before a running copy is stopped.

use crate::engine::{
    AfterClosing, Command, CopyStanding, Cure, ProjectView, Readiness, Step, after_closing, copied_to,
    copy_standing, is_asking_keyring, missing_passwords,
};
use crate::ui::format;
use crate::ui::icons::Icon;
use crate::ui::page_cx::Action;
use crate::ui::shell::{Act, Footer, FooterButton};
use crate::ui::widgets::confirm::Question;

/// The label of the button that continues a copy, whatever it stopped for.
pub const CONTINUE: &str = "Continue copying";

/// The question before a running copy is stopped.
pub fn stop_question(project: &ProjectView) -> Question {
    let count = format::counted(project.copy.mailboxes.len(), "mailbox", "mailboxes");
    let provider = copied_to(project).unwrap_or("the destination");
    Question {
        title: format!("Stop copying {count}?"),
        what: format!(
            "What was copied stays at {provider}, and the project remembers it. You can start again later without duplicating anything."
        ),
        alternative: "To stop for a while, pause instead: the mailboxes then keep their place in the queue."
            .to_owned(),
        safe: "Keep copying".to_owned(),
        danger: "Stop copying".to_owned(),
    }
}

/// The question before a project is closed while mail is copied.
pub fn close_question(project: &ProjectView) -> Question {
    let count = format::counted(project.copy.mailboxes.len(), "mailbox", "mailboxes");
    let later = match after_closing(project) {
        AfterClosing::Ends => "Closing a rehearsal ends it and deletes everything in it.",
        AfterClosing::Continues => {
            "The project remembers what was copied. Copying continues when you open it again."
        }
        AfterClosing::NeedsPasswords => {
            "The project remembers what was copied. Copying continues when you open it again and enter the passwords."
        }
    };
    Question {
        title: format!("Close while {count} are being copied?"),
        what: format!("The messages in progress are finished first. {later}"),
        alternative: "To keep it running, minimise the window instead.".to_owned(),
        safe: "Keep copying".to_owned(),
        danger: "Close".to_owned(),
    }
}

/// What the footer says.
pub fn footer(project: &ProjectView, footer: &mut Footer) {
    let start = |label: &str| FooterButton::with_icon(label, Icon::Play, Act::Send(Command::StartCopy));
    let stop = || {
        let question = stop_question(project);
        let act = Act::Do(Action::Ask { question, command: Command::StopCopy });
        vec![FooterButton::with_icon("Stop copying…", Icon::Stop, act)]
    };
    match copy_standing(project) {
        CopyStanding::NotStarted | CopyStanding::Elsewhere => {
            footer.primary = Some(start_button(project, footer));
        }
        standing @ (CopyStanding::Running | CopyStanding::Pausing | CopyStanding::Stopping) => {
            footer.secondary = (standing == CopyStanding::Running).then(|| {
                FooterButton::with_icon("Pause copying", Icon::Paused, Act::Send(Command::PauseCopy))
            });
            footer.menu = if standing == CopyStanding::Stopping { Vec::new() } else { stop() };
            footer.primary = Some(records(project));
        }
        CopyStanding::Paused => {
            footer.secondary = Some(records(project));
            footer.menu = stop();
            footer.primary =
                Some(FooterButton::with_icon(CONTINUE, Icon::Play, Act::Send(Command::ResumeCopy)));
        }
        CopyStanding::Interrupted => {
            footer.secondary = Some(records(project));
            let has_to_enter = missing_passwords(project) > 0 && !is_asking_keyring(project);
            footer.primary = Some(if has_to_enter {
                FooterButton::new("Enter the passwords", Act::Go(Step::Mailboxes))
            } else {
                start(CONTINUE)
            });
        }
        CopyStanding::Stopped => {
            footer.secondary = Some(records(project));
            footer.primary = Some(start(CONTINUE));
        }
        CopyStanding::Tried(_) => {
            footer.secondary = Some(records(project));
            let waiting = usize::try_from(project.copy.sum.waiting()).unwrap_or(usize::MAX);
            footer.primary = Some(match waiting {
                0 => start("Start the whole copy"),
                waiting => {
                    let rest = format::counted(waiting, "message", "messages");
                    start(&format!("Copy the other {rest}"))
                }
            });
        }
        CopyStanding::Outgrown => {
            footer.secondary = Some(records(project));
            footer.primary = Some(what_is_new(project));
        }
        CopyStanding::Finished => {
            let refused = usize::try_from(project.copy.sum.refused).unwrap_or(usize::MAX);
            footer.secondary = Some(if refused > 0 {
                let label = format!("Try {} again", format::counted(refused, "message", "messages"));
                FooterButton::with_icon(label, Icon::Again, Act::Send(Command::RetryFailed))
            } else {
                what_is_new(project)
            });
            footer.primary = Some(records(project));
        }
    }
}

fn records(project: &ProjectView) -> FooterButton {
    let act = match project.records.plan {
        Some(_) => Act::Go(Step::Records),
        None => Act::SendAndGo(Command::PrepareRecords, Step::Records),
    };
    FooterButton::new("Prepare records", act)
}

/// Starts the copy, or leads to what it is waiting for.
fn start_button(project: &ProjectView, footer: &mut Footer) -> FooterButton {
    if !project.plan.mailboxes.is_empty() {
        return FooterButton::new(super::start_label(project), Act::Send(Command::StartCopy));
    }
    let can_count = project.destination.server.is_some() && project.plan.counting.is_none();
    let count = Command::BuildPlan;
    footer.readiness = Readiness::Blocked {
        why: "The folders are not counted yet".to_owned(),
        cure: (can_count && project.copy.route.is_some()).then(|| Cure::new("Count the folders", count)),
    };
    FooterButton::new(super::start_label(project), Act::Go(Step::Plan))
}

/// Copies what has arrived since. Mailboxes without a plan are counted first.
fn what_is_new(project: &ProjectView) -> FooterButton {
    let is_planned = |row: &crate::engine::MailboxView| project.plan.mailboxes.contains_key(&row.id);
    if project.mailboxes.iter().filter(|row| row.mailbox.is_chosen).all(is_planned) {
        return FooterButton::with_icon("Copy what is new", Icon::Again, Act::Send(Command::StartCopy));
    }
    let count = Command::BuildPlan;
    FooterButton::with_icon("Count the folders again", Icon::Again, Act::SendAndGo(count, Step::Plan))
}
