use egui::{CornerRadius, Frame, Margin, ScrollArea, Stroke, TextEdit, Ui};

use crate::ui::fonts::Type;
use crate::ui::theme::{RADIUS_CONTROL, Theme};

/// Lines shown; more of them scroll.
const ROWS: usize = 5;
/// The longest text that is taken, in characters.
const LONGEST: usize = 4_000_000;

/// A field for several lines, for what is pasted from elsewhere.
pub fn text_area(ui: &mut Ui, name: &str, hint: &str, value: &mut String) {
    let theme = Theme::of(ui);
    Frame::new()
        .fill(theme.field_fill())
        .stroke(Stroke::new(1.0, theme.line2))
        .corner_radius(CornerRadius::same(RADIUS_CONTROL))
        .inner_margin(Margin::symmetric(10, 6))
        .show(ui, |ui| {
            #[expect(clippy::cast_precision_loss, reason = "a handful of lines")]
            let height = Type::Mono.line_height() * ROWS as f32;
            ScrollArea::vertical().id_salt(name).max_height(height).show(ui, |ui| {
                let edit = TextEdit::multiline(value)
                    .id(ui.scope_id().with(("text area", name)))
                    .font(Type::Mono.font())
                    .text_color(theme.text)
                    .hint_text(egui::RichText::new(hint).font(Type::Mono.font()).color(theme.text3))
                    .frame(Frame::NONE)
                    .desired_rows(ROWS)
                    .desired_width(f32::INFINITY)
                    .char_limit(LONGEST);
                ui.add(edit).accessible_name(name);
            });
        });
}
