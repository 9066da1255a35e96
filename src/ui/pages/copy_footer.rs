//! What the footer of the Copy page offers, and what it asks before it stops.

use crate::engine::{Command, CopyPhase, CopyView, ProjectView, RequestId, Step};
use crate::ui::format;
use crate::ui::icons::Icon;
use crate::ui::page_cx::Action;
use crate::ui::shell::{Act, Footer, FooterButton};
use crate::ui::widgets::confirm::Question;

/// The question before a running copy is stopped.
pub fn stop_question(project: &ProjectView) -> Question {
    let count = format::counted(project.copy.mailboxes.len(), "mailbox", "mailboxes");
    let provider = project.destination.chosen.as_ref().map_or("the destination", |(_, name)| name.as_str());
    Question {
        title: format!("Stop copying {count}?"),
        what: format!(
            "What was copied stays at {provider}, and the project remembers it. You can start again later without doubling anything."
        ),
        alternative: "To rest for a while, pause instead: it keeps the mailboxes’ place in the queue."
            .to_owned(),
        safe: "Keep copying".to_owned(),
        danger: "Stop copying".to_owned(),
    }
}

/// A trial is followed by the whole copy.
const fn go_on_label(copy: &CopyView) -> &'static str {
    if copy.trial.is_some() { "Copy the rest" } else { "Go on copying" }
}

/// What the footer says.
pub fn footer(project: &ProjectView, footer: &mut Footer) {
    let copy = &project.copy;
    let records = || {
        let act = match project.records.plan {
            Some(_) => Act::Go(Step::Records),
            None => Act::SendAndGo(Command::PrepareRecords(RequestId::default()), Step::Records),
        };
        Some(FooterButton::new("Prepare records", act))
    };
    let stop = || {
        let question = stop_question(project);
        vec![FooterButton::with_icon(
            "Stop copying…",
            Icon::Stop,
            Act::Do(Action::Ask { question, command: Command::StopCopy }),
        )]
    };
    match copy.phase {
        CopyPhase::NotStarted => {
            if project.plan.mailboxes.is_empty() {
                footer.readiness = crate::engine::Readiness::Blocked {
                    why: "The folders are not counted yet".to_owned(),
                    cure: None,
                };
            }
            let label = super::start_label(project);
            footer.primary = Some(FooterButton::new(label, Act::Send(Command::StartCopy)));
        }
        CopyPhase::Running | CopyPhase::Pausing | CopyPhase::Stopping => {
            footer.secondary = (copy.phase == CopyPhase::Running).then(|| {
                FooterButton::with_icon("Pause copying", Icon::Paused, Act::Send(Command::PauseCopy))
            });
            footer.menu = if copy.phase == CopyPhase::Stopping { Vec::new() } else { stop() };
            footer.primary = records();
        }
        CopyPhase::Paused => {
            footer.secondary =
                Some(FooterButton::with_icon("Resume copying", Icon::Play, Act::Send(Command::ResumeCopy)));
            footer.menu = stop();
            footer.primary = records();
        }
        CopyPhase::Stopped => {
            footer.secondary =
                Some(FooterButton::with_icon(go_on_label(copy), Icon::Play, Act::Send(Command::StartCopy)));
            footer.primary = records();
        }
        CopyPhase::Finished => {
            if copy.sum.refused > 0 {
                let label = format!(
                    "Try {} again",
                    format::counted(
                        usize::try_from(copy.sum.refused).unwrap_or(usize::MAX),
                        "message",
                        "messages"
                    )
                );
                footer.secondary =
                    Some(FooterButton::with_icon(label, Icon::Again, Act::Send(Command::RetryFailed)));
            } else {
                footer.secondary = Some(FooterButton::with_icon(
                    "Look for new mail",
                    Icon::Again,
                    Act::Send(Command::StartCopy),
                ));
            }
            footer.primary = records();
        }
    }
}
