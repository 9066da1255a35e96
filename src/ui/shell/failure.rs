use egui::{Frame, Margin, Panel, Ui};

use crate::engine::{AuditView, Command, Snapshot, UserError};
use crate::ui::theme::{Theme, Tone};
use crate::ui::widgets::error_card;

/// Whether the snapshot has this error, so that a page shows it anyway.
pub fn is_kept(snapshot: &Snapshot, error: &UserError) -> bool {
    let same = |kept: Option<&UserError>| kept.is_some_and(|kept| kept == error);
    let Some(project) = &snapshot.project else { return same(snapshot.open_error.as_ref()) };
    let audit = match &project.audit {
        AuditView::Failed(error) => Some(error),
        _ => None,
    };
    let trust = project.question_of_trust();
    same(trust.as_ref())
        || same(audit)
        || same(project.records.error.as_ref())
        || same(project.domain.search_error.as_ref())
}

/// What went wrong with the last thing that was asked for, above the page until it is closed or something else is asked
/// for. True when it was closed.
pub fn failure(ui: &mut Ui, error: &UserError, side: f32, commands: &mut Vec<Command>) -> bool {
    #[expect(clippy::cast_possible_truncation, reason = "a margin of a page")]
    let side = side as i8;
    let margin = Margin { left: side, right: side, top: 14, bottom: 0 };
    let frame = Frame::new().fill(Theme::of(ui).canvas).inner_margin(margin);
    Panel::top("failure")
        .resizable(false)
        .show_separator_line(false)
        .frame(frame)
        .show(ui, |ui| error_card::closable_error_card(ui, error, Tone::Fail, commands))
        .inner
}
