//! What somebody who looks elsewhere wants to hear of: a long job ended, or needs them.

use crate::engine::{AuditView, CopyPhase, MailboxProgressState, ProjectView};
use crate::ui::format;

/// What a notification says.
pub struct News {
    pub title: String,
    pub words: String,
}

/// The notification that is due where one snapshot follows another of the same project.
pub fn news(before: &ProjectView, after: &ProjectView) -> Option<News> {
    let news = |title, words| Some(News { title, words });
    let name = format::domain_forms(&after.domain.name).0;
    let is_running = |view: &ProjectView| {
        matches!(view.copy.phase, CopyPhase::Running | CopyPhase::Pausing | CopyPhase::Stopping)
    };
    if before.copy.phase == CopyPhase::Running && after.copy.phase == CopyPhase::Finished {
        let count = format::counted(after.copy.mailboxes.len(), "mailbox", "mailboxes");
        return news(format!("{name}: the copy is finished"), format!("Copied {count}."));
    }
    let (was, is) = (stopped(before), stopped(after));
    if before.copy.phase == CopyPhase::Running && after.copy.phase == CopyPhase::Stopped && is > 0 {
        let words = format!("{} need you.", format::counted(is, "mailbox", "mailboxes"));
        return news(format!("{name}: the copy has stopped"), words);
    }
    if is_running(before) && is > was {
        let words = format!("{} need you; the others continue.", format::counted(is, "mailbox", "mailboxes"));
        return news(format!("{name}: the copy needs you"), words);
    }
    let was_auditing = matches!(before.audit, AuditView::Running { .. });
    match &after.audit {
        AuditView::Done(report) if was_auditing => {
            news(format!("{name}: the audit is done"), report.summary.clone())
        }
        AuditView::Failed(error) if was_auditing => {
            news(format!("{name}: the audit failed"), error.title.clone())
        }
        _ => None,
    }
}

fn stopped(view: &ProjectView) -> usize {
    let is_stopped = |state: &MailboxProgressState| matches!(state, MailboxProgressState::Stopped(_));
    view.copy.mailboxes.iter().filter(|shown| is_stopped(&shown.state)).count()
}
