use egui::{
    Align2, Color32, CornerRadius, CursorIcon, Rect, Response, Role, Sense, Stroke, StrokeKind, Ui, Vec2,
    WidgetInfo,
};

use super::{focus_ring, text};
use crate::ui::fonts::Type;
use crate::ui::icons::{Icon, SMALL_ICON};
use crate::ui::theme::{RADIUS_CONTROL, RADIUS_TAG, Theme};

/// Draws the square of a checkbox.
pub fn paint_check(ui: &Ui, rect: Rect, is_on: bool) {
    let theme = Theme::of(ui);
    let radius = CornerRadius::same(RADIUS_TAG);
    if is_on {
        ui.painter().rect_filled(rect, radius, theme.accent_button);
        Icon::Tick.paint(ui, rect, 12.0, theme.on_accent);
    } else {
        let stroke = Stroke::new(1.0, theme.line2);
        ui.painter().rect(rect, radius, theme.field_fill(), stroke, StrokeKind::Inside);
    }
}

/// A checkbox with words behind it; true when it was just clicked.
pub fn checkbox(ui: &mut Ui, is_on: bool, label: &str) -> bool {
    let theme = Theme::of(ui);
    let width = 16.0 + 8.0 + text::width(ui, label, Type::Body) + 2.0;
    let (rect, response) = ui.allocate_exact_size(Vec2::new(width, 24.0), Sense::click());
    response.widget_info(|| WidgetInfo::selected(Role::CheckBox, ui.is_enabled(), is_on, label));
    let mark = Align2::LEFT_CENTER.align_size_within_rect(Vec2::splat(16.0), rect);
    paint_check(ui, mark, is_on);
    text::left(
        ui,
        Rect::from_min_max(rect.min + Vec2::new(24.0, 0.0), rect.max),
        label,
        Type::Body,
        theme.text,
    );
    focus_ring(ui, &response, mark, RADIUS_TAG);
    response.on_hover_cursor(CursorIcon::PointingHand).clicked()
}

/// A checkbox without a label, at a given place; true if it was just clicked.
pub fn check_at(
    ui: &Ui,
    rect: Rect,
    salt: impl std::hash::Hash + std::fmt::Debug + Send + Sync + Copy + 'static,
    is_on: bool,
    name: &str,
) -> bool {
    let mark = Rect::from_center_size(rect.center(), Vec2::splat(16.0));
    let response = ui.interact(mark.expand(6.0), ui.scope_id().with(("check", salt)), Sense::click());
    response.widget_info(|| WidgetInfo::selected(Role::CheckBox, ui.is_enabled(), is_on, name));
    paint_check(ui, mark, is_on);
    focus_ring(ui, &response, mark, RADIUS_TAG);
    response.on_hover_cursor(CursorIcon::PointingHand).clicked()
}

/// Draws the circle of a radio button.
pub fn paint_radio(ui: &Ui, center: egui::Pos2, is_on: bool) {
    let theme = Theme::of(ui);
    if is_on {
        ui.painter().circle_filled(center, 8.0, theme.accent_button);
        ui.painter().circle_filled(center, 3.0, theme.on_accent);
    } else {
        ui.painter().circle(center, 7.5, theme.field_fill(), Stroke::new(1.0, theme.line2));
    }
}

/// A radio button with words behind it.
pub fn radio(ui: &mut Ui, is_on: bool, label: &str) -> Response {
    let theme = Theme::of(ui);
    let width = 16.0 + 8.0 + text::width(ui, label, Type::Body) + 2.0;
    let (rect, response) = ui.allocate_exact_size(Vec2::new(width, 24.0), Sense::click());
    response.widget_info(|| WidgetInfo::selected(Role::RadioButton, ui.is_enabled(), is_on, label));
    let mark = Align2::LEFT_CENTER.align_size_within_rect(Vec2::splat(16.0), rect);
    paint_radio(ui, mark.center(), is_on);
    text::left(
        ui,
        Rect::from_min_max(rect.min + Vec2::new(24.0, 0.0), rect.max),
        label,
        Type::Body,
        theme.text,
    );
    focus_ring(ui, &response, mark, 8);
    response.on_hover_cursor(CursorIcon::PointingHand)
}

/// A choice of a few, as small adjacent buttons with a tick on the chosen one.
pub fn option_button(ui: &mut Ui, is_on: bool, label: &str) -> Response {
    let theme = Theme::of(ui);
    let tick = if is_on { SMALL_ICON + 5.0 } else { 0.0 };
    let width = 18.0 + tick + text::width(ui, label, Type::SmallLabel);
    let (rect, response) = ui.allocate_exact_size(Vec2::new(width.ceil(), 26.0), Sense::click());
    response.widget_info(|| WidgetInfo::selected(Role::RadioButton, ui.is_enabled(), is_on, label));
    let (fill, stroke) = if is_on {
        (theme.select, Stroke::new(1.0, theme.accent))
    } else {
        (if response.hovered() { theme.hover } else { theme.surface }, Stroke::new(1.0, theme.line))
    };
    ui.painter().rect(rect, CornerRadius::same(RADIUS_CONTROL), fill, stroke, StrokeKind::Inside);
    let mut inner = rect.shrink2(Vec2::new(9.0, 0.0));
    if is_on {
        let place = Rect::from_min_size(inner.min, Vec2::new(SMALL_ICON, inner.height()));
        Icon::Tick.paint(ui, place, SMALL_ICON, theme.text);
        inner.min.x += tick;
    }
    inner.max.x += 4.0;
    text::left(ui, inner, label, Type::SmallLabel, theme.text);
    focus_ring(ui, &response, rect, RADIUS_CONTROL);
    response.on_hover_cursor(CursorIcon::PointingHand)
}

/// A large choice: number in a ring, words, and a caption at the right. `rect` is where it goes.
pub fn stage_at(ui: &Ui, rect: Rect, number: usize, label: &str, caption: &str, is_on: bool) -> Response {
    let theme = Theme::of(ui);
    let response = ui.interact(rect, ui.scope_id().with(("stage", number)), Sense::click());
    response.widget_info(|| {
        WidgetInfo::selected(Role::RadioButton, true, is_on, format!("{number}. {label}, {caption}"))
    });
    let stroke = if is_on { Stroke::new(1.5, theme.accent) } else { theme.hairline() };
    ui.painter().rect(rect, CornerRadius::same(8), theme.surface, stroke, StrokeKind::Inside);
    let center =
        Rect::from_min_size(rect.min + Vec2::new(15.0, 0.0), Vec2::new(18.0, rect.height())).center();
    let (fill, ring, digit) = if is_on {
        (theme.accent_button, theme.accent_button, theme.on_accent)
    } else {
        (Color32::TRANSPARENT, theme.line2, theme.text2)
    };
    ui.painter().circle(center, 8.5, fill, Stroke::new(1.0, ring));
    let digit_rect = Rect::from_center_size(center, Vec2::new(24.0, 17.0));
    text::paint(ui, digit_rect, Align2::CENTER_CENTER, number.to_string(), Type::Axis, digit);
    let inner = Rect::from_min_max(rect.min + Vec2::new(41.0, 0.0), rect.max - Vec2::new(15.0, 0.0));
    let needed = text::width(ui, label, Type::Strong) + 12.0 + text::width(ui, caption, Type::Small);
    if needed <= inner.width() {
        text::left(ui, inner, label, Type::Strong, theme.text);
        text::right(ui, inner, caption, Type::Small, theme.text2);
    } else {
        // A narrow window has room for both above one another only.
        let (above, below) = inner.shrink2(Vec2::new(0.0, 2.0)).split_top_bottom_at_fraction(0.5);
        text::left(ui, above, label, Type::Strong, theme.text);
        text::left(ui, below, caption, Type::Small, theme.text2);
    }
    focus_ring(ui, &response, rect, 8);
    response.on_hover_cursor(CursorIcon::PointingHand)
}
