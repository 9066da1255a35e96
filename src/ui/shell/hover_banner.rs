use egui::{Align2, Area, CornerRadius, Id, Order, Role, Sense, Stroke, StrokeKind, Ui, Vec2, WidgetInfo};

use crate::ui::fonts::Type;
use crate::ui::theme::{RADIUS_PANEL, Theme, Tone};
use crate::ui::widgets::text;

/// What happens to the files that hover over the window when they are let go; over everything, near the top.
pub fn hover_banner(ui: &Ui, words: &str, is_taken: bool) {
    let theme = Theme::of(ui);
    let area = Area::new(Id::unique("hover banner")).order(Order::Foreground).interactable(false);
    area.anchor(Align2::CENTER_TOP, Vec2::new(0.0, 90.0)).show(ui.ctx(), |ui| {
        let galley = text::wrapped(ui, words, Type::Label, theme.text, 460.0);
        let (rect, response) = ui.allocate_exact_size(galley.size() + Vec2::new(36.0, 24.0), Sense::hover());
        response.widget_info(|| WidgetInfo::labeled(Role::Alert, true, words));
        let stroke = if is_taken { theme.accent } else { theme.tone(Tone::Warn).bar };
        let ground = if is_taken { theme.select } else { theme.raised };
        let radius = CornerRadius::same(RADIUS_PANEL);
        ui.painter().rect(rect, radius, ground, Stroke::new(2.0, stroke), StrokeKind::Inside);
        let at = Align2::CENTER_CENTER.align_size_within_rect(galley.size(), rect);
        text::paint_galley(ui, at.min, galley, theme.text);
    });
}
