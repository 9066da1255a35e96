use egui::{Rect, Role, Sense, Ui, Vec2, WidgetInfo};

use super::text;
use crate::ui::fonts::Type;
use crate::ui::theme::Theme;

/// Labels and values in two columns, sized to the longest label.
pub fn key_values(ui: &mut Ui, rows: &[(&str, String)]) {
    styled(ui, rows, Type::Body, 23.0);
}

/// The same in small type.
pub fn small_key_values(ui: &mut Ui, rows: &[(&str, String)]) {
    styled(ui, rows, Type::Small, 20.0);
}

fn styled(ui: &mut Ui, rows: &[(&str, String)], style: Type, row_height: f32) {
    let theme = Theme::of(ui);
    let labels =
        rows.iter().map(|(label, _)| text::width(ui, label, style)).fold(0.0, f32::max).ceil() + 16.0;
    for (label, value) in rows {
        let width = ui.available_width();
        let galley = text::wrapped(ui, value, style, theme.text, width - labels);
        let height = row_height.max(galley.size().y + 3.0);
        let (rect, response) = ui.allocate_exact_size(Vec2::new(width, height), Sense::hover());
        response.widget_info(|| WidgetInfo::labeled(Role::Label, true, format!("{label}: {value}")));
        let first = Rect::from_min_size(rect.min, Vec2::new(labels - 8.0, row_height));
        text::left(ui, first, *label, style, theme.text3);
        let top = rect.top() + (row_height - style.line_height()) / 2.0;
        let place = Rect::from_min_size(egui::Pos2::new(rect.left() + labels, top), galley.size());
        ui.place(place, egui::Label::new(galley).selectable(true));
    }
}
