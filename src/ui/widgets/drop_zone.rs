use egui::{CornerRadius, Rect, Shape, Stroke, StrokeKind, Ui};

use crate::ui::theme::{RADIUS_PANEL, Theme};

/// Draws the ground of a place where files may be let go: dashed, or accent while one hovers.
pub fn paint_ground(ui: &Ui, rect: Rect, is_hovered: bool) {
    let theme = Theme::of(ui);
    let radius = CornerRadius::same(RADIUS_PANEL);
    if is_hovered {
        ui.painter().rect(rect, radius, theme.select, Stroke::new(2.0, theme.accent), StrokeKind::Inside);
        return;
    }
    ui.painter().rect_filled(rect, radius, theme.sunken);
    let stroke = Stroke::new(1.0, theme.line2);
    ui.painter().extend(Shape::dashed_line(
        &rounded_outline(rect.shrink(0.5), f32::from(RADIUS_PANEL)),
        stroke,
        4.0,
        3.0,
    ));
}

/// The outline of a rounded rectangle as points, corners in steps of 15 degrees.
fn rounded_outline(rect: Rect, radius: f32) -> Vec<egui::Pos2> {
    use egui::{Pos2, Vec2};
    let corners = [
        (Pos2::new(rect.right() - radius, rect.top() + radius), -90.0_f32),
        (Pos2::new(rect.right() - radius, rect.bottom() - radius), 0.0),
        (Pos2::new(rect.left() + radius, rect.bottom() - radius), 90.0),
        (Pos2::new(rect.left() + radius, rect.top() + radius), 180.0),
    ];
    let mut points = Vec::with_capacity(29);
    for (center, start) in corners {
        for step in 0..=6_u8 {
            let angle = (start + 15.0 * f32::from(step)).to_radians();
            points.push(center + radius * Vec2::angled(angle));
        }
    }
    points.extend(points.first().copied());
    points
}

/// Names of the files that hover over the window now.
pub fn hovered_files(ui: &Ui) -> Vec<String> {
    ui.input(|input| {
        input
            .raw
            .hovered_files
            .iter()
            .map(|file| {
                file.path
                    .as_ref()
                    .and_then(|path| path.file_name())
                    .map_or_else(|| "the file".to_owned(), |name| name.to_string_lossy().into_owned())
            })
            .collect()
    })
}
