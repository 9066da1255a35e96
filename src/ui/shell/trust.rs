use egui::Ui;

use super::scroll_page;
use crate::engine::UserError;
use crate::ui::page_cx::PageCx;
use crate::ui::theme::Tone;
use crate::ui::widgets::error_card;

/// What a project from elsewhere would do, shown instead of its pages until the user agrees.
pub fn question_of_trust(ui: &mut Ui, question: &UserError, cx: &mut PageCx<'_>) {
    scroll_page(ui, "question of trust", cx.is_narrow, |ui| {
        error_card::error_card(ui, question, Tone::Warn, cx.commands);
    });
}
