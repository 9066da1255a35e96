use egui::{
    Align, Context, CornerRadius, Frame, Id, Key, Layout, Margin, Modal, Modifiers, Rect, Role, Sense,
    Stroke, Ui, Vec2, WidgetInfo,
};

use super::button::Button;
use super::text;
use crate::ui::fonts::Type;
use crate::ui::icons::{ICON, Icon};
use crate::ui::theme::{RADIUS_PANEL, Theme, Tone};

/// A question that must be answered before something is stopped or deleted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Question {
    /// The question, with the number in it: `Stop copying 14 mailboxes?`
    pub title: String,
    /// What stays and what is lost.
    pub what: String,
    /// A less drastic alternative; may be empty.
    pub alternative: String,
    /// The safe button.
    pub safe: String,
    /// The button that does it.
    pub danger: String,
}

/// What was answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Leave things as they are; also Esc.
    Safe,
    /// Do it.
    Danger,
}

/// Shows the question over the window. A click outside it does nothing.
pub fn show(ctx: &Context, question: &Question) -> Option<Answer> {
    let id = Id::unique("confirm panel");
    let theme = Theme::for_mode(ctx.global_style().visuals.dark_mode);
    let frame = Frame::new()
        .fill(theme.raised)
        .stroke(Stroke::new(1.0, theme.line2))
        .corner_radius(CornerRadius::same(RADIUS_PANEL))
        .shadow(theme.panel_shadow())
        .inner_margin(Margin::same(16));
    let modal = Modal::new(id).backdrop_color(theme.veil).frame(frame);
    let response = modal.show(ctx, |ui| {
        ui.set_width(468.0);
        contents(ui, question)
    });
    let is_escape = ctx.input_mut(|input| input.consume_key(Modifiers::NONE, Key::Escape));
    if is_escape { Some(Answer::Safe) } else { response.inner }
}

fn contents(ui: &mut Ui, question: &Question) -> Option<Answer> {
    let theme = Theme::of(ui);
    let (rect, head) = ui.allocate_exact_size(Vec2::new(ui.available_width(), 24.0), Sense::hover());
    head.widget_info(|| WidgetInfo::labeled(Role::Heading, true, &question.title));
    let icon = Rect::from_min_size(rect.min, Vec2::new(ICON, rect.height()));
    Icon::Warn.paint(ui, icon, ICON, theme.tone(Tone::Warn).fg);
    let words = Rect::from_min_max(rect.min + Vec2::new(ICON + 8.0, 0.0), rect.max);
    text::left(ui, words, &question.title, Type::Section, theme.text);
    ui.add_space(6.0);
    text::paragraph(ui, &question.what, Type::Body, theme.text);
    if !question.alternative.is_empty() {
        ui.add_space(4.0);
        text::paragraph(ui, &question.alternative, Type::Body, theme.text2);
    }
    ui.add_space(14.0);
    let mut answer = None;
    ui.horizontal(|ui| {
        ui.set_height(32.0);
        text::words(ui, "Esc keeps things as they are", Type::Small, theme.text2);
        ui.with_layout(Layout::right_to_left(Align::Center), |ui| {
            if Button::danger(&question.danger).show(ui).clicked() {
                answer = Some(Answer::Danger);
            }
            ui.add_space(8.0);
            let safe = Button::secondary(&question.safe).show(ui);
            // The safe button has the focus until another one is chosen.
            if ui.ctx().memory(|memory| memory.focused().is_none()) {
                safe.request_focus();
            }
            if safe.clicked() {
                answer = Some(Answer::Safe);
            }
        });
    });
    answer
}
