//! Panels: framed areas with a heading.

use egui::{
    Align2, CornerRadius, Frame, Layout, Margin, Mesh, Rect, Response, Role, Sense, Shape, Stroke,
    StrokeKind, Ui, UiBuilder, Vec2, WidgetInfo,
};

use super::text;
use crate::ui::fonts::Type;
use crate::ui::theme::{COLUMN_GAP, RADIUS_CONTROL, RADIUS_PANEL, Theme};

/// Padding of panels; a little smaller at the top than at the sides.
const PADDING: Margin = Margin { left: 15, right: 15, top: 11, bottom: 13 };

/// A panel as wide as its column, with padding.
pub fn panel<R>(ui: &mut Ui, contents: impl FnOnce(&mut Ui) -> R) -> R {
    framed(ui, PADDING, None, contents)
}

/// A panel whose rows reach its border.
pub fn flush_panel<R>(ui: &mut Ui, contents: impl FnOnce(&mut Ui) -> R) -> R {
    let mut inner = Rect::NOTHING;
    let result = framed(ui, Margin::ZERO, None, |ui| {
        let result = contents(ui);
        inner = ui.min_rect();
        result
    });
    round_off(ui, inner.expand(1.0));
    result
}

/// A panel whose border has a colour that asks for a decision.
pub fn marked_panel<R>(ui: &mut Ui, border: Stroke, contents: impl FnOnce(&mut Ui) -> R) -> R {
    framed(ui, PADDING, Some(border), contents)
}

fn framed<R>(ui: &mut Ui, margin: Margin, border: Option<Stroke>, contents: impl FnOnce(&mut Ui) -> R) -> R {
    let theme = Theme::of(ui);
    let stroke = border.unwrap_or_else(|| theme.hairline());
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

/// Rows with a background have square corners; this cuts them off and redraws the border.
fn round_off(ui: &Ui, rect: Rect) {
    if !ui.is_rect_visible(rect) {
        return;
    }
    let theme = Theme::of(ui);
    let radius = f32::from(RADIUS_PANEL);
    let corners = [
        (rect.left_top(), Vec2::new(1.0, 1.0)),
        (rect.right_top(), Vec2::new(-1.0, 1.0)),
        (rect.right_bottom(), Vec2::new(-1.0, -1.0)),
        (rect.left_bottom(), Vec2::new(1.0, -1.0)),
    ];
    let mut mesh = Mesh::default();
    for (corner, inward) in corners {
        let center = corner + inward * radius;
        let base = u32::try_from(mesh.vertices.len()).unwrap_or(0);
        mesh.colored_vertex(corner, theme.canvas);
        for step in 0..=6_u8 {
            let angle = (15.0 * f32::from(step)).to_radians();
            mesh.colored_vertex(center - inward * radius * Vec2::angled(angle), theme.canvas);
            if step > 0 {
                mesh.add_triangle(base, base + u32::from(step), base + u32::from(step) + 1);
            }
        }
    }
    ui.painter().add(Shape::mesh(mesh));
    let border = CornerRadius::same(RADIUS_PANEL);
    ui.painter().rect_stroke(rect, border, theme.hairline(), StrokeKind::Inside);
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
    const GAP: f32 = 12.0;
    const LINE: f32 = 18.0;
    let theme = Theme::of(ui);
    let both = text::width(ui, heading, Type::Section) + GAP + text::width(ui, caption, Type::Small);
    // Below one another where they do not fit side by side.
    let is_beside = caption.is_empty() || both <= ui.available_width() - 30.0;
    let height = if is_beside { 34.0 } else { 34.0 + LINE };
    let (rect, response) = ui.allocate_exact_size(Vec2::new(ui.available_width(), height), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Heading, true, heading));
    let inner = rect.shrink2(Vec2::new(15.0, 0.0));
    if is_beside {
        text::left(ui, inner, heading, Type::Section, theme.text);
        text::right(ui, inner, caption, Type::Small, theme.text2);
    } else {
        let (above, below) = inner.split_top_bottom_at_y(inner.top() + 28.0);
        text::left(ui, above, heading, Type::Section, theme.text);
        text::left(ui, below.with_max_y(below.top() + LINE), caption, Type::Small, theme.text2);
    }
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

/// Two columns, side by side, or one above the other in a narrow window.
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
    let builder = UiBuilder::new().id_salt(salt).max_rect(place).layout(Layout::top_down(egui::Align::Min));
    let mut child = ui.new_child(builder);
    child.set_width(place.width());
    contents(&mut child);
    child.min_rect()
}
