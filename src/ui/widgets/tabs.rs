//! The tabs of a page: a line of words above its scroll area, the open one underlined.

use egui::{CursorIcon, Frame, Margin, Rect, Response, Role, Sense, Ui, Vec2, WidgetInfo};

use super::{focus_ring, text};
use crate::ui::fonts::Type;
use crate::ui::theme::Theme;

const HEIGHT: f32 = 40.0;
const GAP: f32 = 18.0;

/// The ground of the tabs, with a hairline below.
pub fn tab_bar(ui: &mut Ui, is_narrow: bool, tabs: impl FnOnce(&mut Ui)) {
    let side: i8 = if is_narrow { 20 } else { 24 };
    let theme = Theme::of(ui);
    let response = Frame::new().inner_margin(Margin::symmetric(side, 0)).show(ui, |ui| {
        ui.set_width(ui.available_width());
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = GAP;
            tabs(ui);
        });
    });
    let rect = response.response.rect;
    ui.painter().hline(rect.x_range().shrink(f32::from(side)), rect.bottom() - 0.5, theme.hairline());
}

/// One tab, with what its part holds (`Receivers` `8`).
pub fn tab(ui: &mut Ui, is_on: bool, label: &str, holds: &str) -> Response {
    let theme = Theme::of(ui);
    let style = if is_on { Type::Label } else { Type::Body };
    let words = text::width(ui, label, style);
    let tail = if holds.is_empty() { 0.0 } else { 6.0 + text::width(ui, holds, Type::Body) };
    let (rect, response) = ui.allocate_exact_size(Vec2::new((words + tail).ceil(), HEIGHT), Sense::click());
    let name = if holds.is_empty() { label.to_owned() } else { format!("{label} {holds}") };
    response.widget_info(|| WidgetInfo::selected(Role::Tab, ui.is_enabled(), is_on, &name));
    let color = if is_on || response.hovered() { theme.text } else { theme.text2 };
    text::left(ui, rect, label, style, color);
    text::left(ui, rect.with_min_x(rect.left() + words + 6.0), holds, Type::Body, theme.text3);
    if is_on {
        let line = Rect::from_min_max(egui::Pos2::new(rect.left(), rect.bottom() - 2.0), rect.max);
        ui.painter().rect_filled(line, 0.0, theme.accent);
    }
    focus_ring(ui, &response, rect.shrink2(Vec2::new(0.0, 8.0)), 4);
    response.on_hover_cursor(CursorIcon::PointingHand)
}
