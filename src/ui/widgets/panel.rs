use eframe::egui::{
    Align2, CornerRadius, Frame, Layout, Margin, Rect, Response, Role, Sense, Stroke, Ui, UiBuilder, Vec2,
    WidgetInfo,
};

use super::text;
use crate::ui::fonts::Type;
use crate::ui::theme::{COLUMN_GAP, RADIUS_CONTROL, RADIUS_PANEL, Theme};

/// A panel as wide as its column, with padding.
pub fn panel<R>(ui: &mut Ui, contents: impl FnOnce(&mut Ui) -> R) -> R {
    framed(ui, Margin::same(16), None, contents)
}

/// A panel whose rows reach its border.
pub fn flush_panel<R>(ui: &mut Ui, contents: impl FnOnce(&mut Ui) -> R) -> R {
    framed(ui, Margin::same(1), None, contents)
}

/// A panel whose border has a colour that asks for a decision.
pub fn marked_panel<R>(ui: &mut Ui, border: Stroke, contents: impl FnOnce(&mut Ui) -> R) -> R {
    framed(ui, Margin::same(16), Some(border), contents)
}

fn framed<R>(ui: &mut Ui, margin: Margin, border: Option<Stroke>, contents: impl FnOnce(&mut Ui) -> R) -> R {
    let theme = Theme::of(ui);
    let stroke = border.unwrap_or_else(|| theme.hairline());
    // The frame adds its stroke to its margin; the padding of the specification includes it.
    let margin = Margin {
        left: margin.left - 1,
        right: margin.right - 1,
        top: margin.top - 1,
        bottom: margin.bottom - 1,
    };
    Frame::new()
        .fill(theme.surface)
        .stroke(stroke)
        .corner_radius(CornerRadius::same(RADIUS_PANEL))
        .inner_margin(margin)
        .show(ui, |ui| {
            ui.set_width(ui.available_width());
            contents(ui)
        })
        .inner
}

/// A sunken ground for raw text.
pub fn well<R>(ui: &mut Ui, contents: impl FnOnce(&mut Ui) -> R) -> R {
    let theme = Theme::of(ui);
    Frame::new()
        .fill(theme.sunken)
        .stroke(theme.hairline())
        .corner_radius(CornerRadius::same(RADIUS_CONTROL))
        .inner_margin(Margin::symmetric(10, 5))
        .show(ui, |ui| {
            ui.set_width(ui.available_width());
            contents(ui)
        })
        .inner
}

/// Head of a panel with rows: heading left, a caption right, a hairline below. 34 points high.
pub fn panel_head(ui: &mut Ui, heading: &str, caption: &str) -> Rect {
    let theme = Theme::of(ui);
    let (rect, response) = ui.allocate_exact_size(Vec2::new(ui.available_width(), 34.0), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Heading, true, heading));
    let inner = rect.shrink2(Vec2::new(15.0, 0.0));
    text::left(ui, inner, heading, Type::Section, theme.text);
    text::right(ui, inner, caption, Type::Small, theme.text2);
    ui.painter().hline(rect.x_range(), rect.bottom() - 0.5, theme.hairline());
    rect
}

/// A heading inside a padded panel.
pub fn section(ui: &mut Ui, heading: &str) -> Response {
    let theme = Theme::of(ui);
    let (rect, response) = ui.allocate_exact_size(Vec2::new(ui.available_width(), 20.0), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Heading, true, heading));
    text::paint(ui, rect, Align2::LEFT_CENTER, heading, Type::Section, theme.text);
    response
}

/// Which of two columns is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The wide one.
    Main,
    /// The narrow one at the right, or below in a narrow window.
    Aside,
}

/// Two columns that stand side by side, or one above the other in a narrow window.
///
/// `side` is the width of the right-hand column in points.
pub fn columns(ui: &mut Ui, side: f32, is_narrow: bool, mut contents: impl FnMut(&mut Ui, Part)) {
    if is_narrow {
        contents(ui, Part::Main);
        ui.add_space(12.0);
        contents(ui, Part::Aside);
        return;
    }
    let whole = ui.available_rect_before_wrap();
    let split = whole.right() - side;
    let left = Rect::from_x_y_ranges(whole.left()..=split - COLUMN_GAP, whole.y_range());
    let right = Rect::from_x_y_ranges(split..=whole.right(), whole.y_range());
    let left = column(ui, "main", left, |ui| contents(ui, Part::Main));
    let right = column(ui, "aside", right, |ui| contents(ui, Part::Aside));
    ui.advance_cursor_after_rect(left.union(right));
}

/// Several columns of equal width.
pub fn equal_columns(ui: &mut Ui, count: usize, gap: f32, mut contents: impl FnMut(&mut Ui, usize)) {
    let whole = ui.available_rect_before_wrap();
    #[expect(clippy::cast_precision_loss, reason = "a handful of columns")]
    let (count_points, index_points) = (count.max(1) as f32, |index: usize| index as f32);
    let width = (whole.width() - gap * (count_points - 1.0)) / count_points;
    let mut taken: Option<Rect> = None;
    for index in 0..count {
        let start = whole.left() + (width + gap) * index_points(index);
        let place = Rect::from_x_y_ranges(start..=start + width, whole.y_range());
        let rect = column(ui, index, place, |ui| contents(ui, index));
        taken = Some(taken.map_or(rect, |sum| sum.union(rect)));
    }
    if let Some(taken) = taken {
        ui.advance_cursor_after_rect(taken);
    }
}

fn column(
    ui: &mut Ui,
    salt: impl std::hash::Hash + std::fmt::Debug + Copy + Send + Sync + 'static,
    place: Rect,
    contents: impl FnOnce(&mut Ui),
) -> Rect {
    let builder =
        UiBuilder::new().id_salt(salt).max_rect(place).layout(Layout::top_down(eframe::egui::Align::Min));
    let mut child = ui.new_child(builder);
    child.set_width(place.width());
    contents(&mut child);
    child.min_rect()
}
