use egui::{CornerRadius, Rect, Response, Role, Sense, Ui, Vec2, WidgetInfo};

use super::text;
use crate::ui::fonts::Type;
use crate::ui::icons::{Icon, SMALL_ICON};
use crate::ui::theme::{Theme, Tone};

/// Draws a bar with a filled share, for rows that name themselves.
pub fn bar_at(ui: &Ui, rect: Rect, share: f32, tone: Tone) {
    let theme = Theme::of(ui);
    parts_at(ui, rect, &[(share, theme.tone(tone).bar)]);
}

/// Draws a bar with several parts; the shares add up to 1 at most.
pub fn parts_at(ui: &Ui, rect: Rect, parts: &[(f32, egui::Color32)]) {
    if !ui.is_rect_visible(rect) {
        return;
    }
    let theme = Theme::of(ui);
    let radius = radius_of(rect.height());
    ui.painter().rect_filled(rect, CornerRadius::same(radius), theme.bar_rest);
    let mut start = rect.left();
    for (share, color) in parts.iter().filter(|(share, _)| *share > 0.0) {
        // Something that is there at all stays visible.
        let end = (start + (rect.width() * share).max(2.0)).min(rect.right());
        let part = Rect::from_x_y_ranges(start..=end, rect.y_range());
        let corner = |is_round: bool| if is_round { radius } else { 0 };
        let (is_first, is_last) = (start <= rect.left(), end >= rect.right() - 0.5);
        let corners = CornerRadius {
            nw: corner(is_first),
            sw: corner(is_first),
            ne: corner(is_last),
            se: corner(is_last),
        };
        ui.painter().rect_filled(part, corners, *color);
        start = end;
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "half of a bar's few points")]
fn radius_of(height: f32) -> u8 {
    (height / 2.0) as u8
}

/// A bar in the layout that says its value to screen readers: 8 points high, 12 for a whole job.
pub fn progress(ui: &mut Ui, name: &str, share: f32, tone: Tone, height: f32) -> Response {
    let (rect, response) = ui.allocate_exact_size(Vec2::new(ui.available_width(), height), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::ProgressIndicator, true, name));
    ui.ctx().accesskit_node_builder(response.id, |node| {
        node.set_min_numeric_value(0.0);
        node.set_max_numeric_value(1.0);
        node.set_numeric_value(f64::from(share));
    });
    bar_at(ui, rect, share, tone);
    response
}

/// Label and numbers above a bar.
pub fn labelled_progress(
    ui: &mut Ui,
    label: &str,
    numbers: &str,
    share: f32,
    tone: Tone,
    icon: Option<Icon>,
) {
    let theme = Theme::of(ui);
    let (rect, _) = ui.allocate_exact_size(Vec2::new(ui.available_width(), 20.0), Sense::hover());
    let mut words = rect;
    let color = if tone == Tone::Running { theme.text } else { theme.tone(tone).fg };
    if let Some(icon) = icon {
        icon.paint(ui, Rect::from_min_size(rect.min, Vec2::new(SMALL_ICON, 20.0)), SMALL_ICON, color);
        words.min.x += SMALL_ICON + 6.0;
    }
    text::left(ui, words, label, Type::SmallLabel, color);
    text::right(ui, rect, numbers, Type::Small, theme.text2);
    ui.add_space(2.0);
    progress(ui, &format!("{label}, {numbers}"), share, tone, 8.0);
}
