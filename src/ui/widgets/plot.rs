use eframe::egui::{Align2, Pos2, Rect, Role, Sense, Shape, Stroke, Ui, Vec2, WidgetInfo};

use super::text;
use crate::ui::fonts::Type;
use crate::ui::format;
use crate::ui::theme::Theme;
use crate::values::UnixTime;

/// Bytes per second over time: one line, its area, three grid lines, a few times below.
pub fn throughput(ui: &mut Ui, points: &[(UnixTime, u64)], height: f32) {
    let theme = Theme::of(ui);
    let (rect, response) = ui.allocate_exact_size(Vec2::new(ui.available_width(), height), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, describe(points)));
    let plot = Rect::from_min_max(rect.min + Vec2::new(30.0, 6.0), rect.max - Vec2::new(2.0, 20.0));
    let top = nice_top(points.iter().map(|(_, speed)| *speed).max().unwrap_or(0));
    for step in 0..=4_u8 {
        let y = plot.bottom() - plot.height() * f32::from(step) / 4.0;
        ui.painter().hline(plot.x_range(), y, theme.hairline());
        if step % 2 == 0 {
            let label =
                Rect::from_min_max(Pos2::new(rect.left(), y - 8.0), Pos2::new(plot.left() - 8.0, y + 8.0));
            let value = top * f64::from(step) / 4.0;
            let words = if top < 4.0 { format!("{value:.1}") } else { format!("{value:.0}") };
            text::paint(ui, label, Align2::RIGHT_CENTER, words, Type::Axis, theme.text2);
        }
    }
    let (Some((first, _)), Some((last, _))) = (points.first(), points.last()) else { return };
    let span = last.seconds_since(*first).max(1);
    let line: Vec<Pos2> = points
        .iter()
        .map(|(at, speed)| {
            let x = plot.left() + plot.width() * format::share(at.seconds_since(*first), span);
            Pos2::new(x, plot.bottom() - plot.height() * height_share(*speed, top))
        })
        .collect();
    area(ui, &line, plot.bottom());
    ui.painter().add(Shape::line(line, Stroke::new(1.5, theme.accent)));
    times(ui, rect, plot, *first, span);
}

fn describe(points: &[(UnixTime, u64)]) -> String {
    let now = points.last().map_or(0, |(_, speed)| *speed);
    let most = points.iter().map(|(_, speed)| *speed).max().unwrap_or(0);
    format!("Throughput: now {}, at most {}", format::speed(now), format::speed(most))
}

#[expect(clippy::cast_precision_loss, reason = "a height in a picture")]
#[expect(clippy::cast_possible_truncation, reason = "a share between 0 and 1")]
fn height_share(speed: u64, top: f64) -> f32 {
    (speed as f64 / 1_000_000.0 / top).clamp(0.0, 1.0) as f32
}

/// The next round number of MB per second above the fastest point.
#[expect(clippy::cast_precision_loss, reason = "a label on an axis")]
fn nice_top(most: u64) -> f64 {
    let most = (most as f64 / 1_000_000.0).max(0.1);
    let scale = 10.0_f64.powf(most.log10().floor());
    [1.0, 2.0, 4.0, 6.0, 8.0, 10.0]
        .into_iter()
        .map(|step| step * scale)
        .find(|top| *top >= most)
        .unwrap_or(most)
}

/// Fills between line and ground with quads, as one polygon would be concave.
fn area(ui: &Ui, line: &[Pos2], ground: f32) {
    let color = Theme::of(ui).plot_area;
    let mut mesh = eframe::egui::Mesh::default();
    for pair in line.windows(2) {
        let [from, to] = pair else { continue };
        let base = u32::try_from(mesh.vertices.len()).unwrap_or(0);
        for at in [*from, *to, Pos2::new(to.x, ground), Pos2::new(from.x, ground)] {
            mesh.colored_vertex(at, color);
        }
        mesh.add_triangle(base, base + 1, base + 2);
        mesh.add_triangle(base, base + 2, base + 3);
    }
    ui.painter().add(Shape::mesh(mesh));
}

fn times(ui: &Ui, rect: Rect, plot: Rect, first: UnixTime, span: u64) {
    let theme = Theme::of(ui);
    for step in 0..=3_u8 {
        let x = plot.left() + plot.width() * f32::from(step) / 3.0;
        let offset = i64::try_from(span * u64::from(step) / 3).unwrap_or(0);
        let words = format::time(UnixTime(first.0 + offset));
        let align = match step {
            0 => Align2::LEFT_CENTER,
            3 => Align2::RIGHT_CENTER,
            _ => Align2::CENTER_CENTER,
        };
        let galley = text::line(ui, words, Type::Axis, theme.text2);
        let anchor = align.anchor_size(Pos2::new(x, rect.bottom() - 8.0), galley.size());
        text::paint_galley(ui, anchor.min, galley, theme.text2);
    }
}
