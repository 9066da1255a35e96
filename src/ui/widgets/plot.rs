//! The plot of the speed of a copy over time, and the same in words for screen readers.

use egui::{Align2, Pos2, Rect, Role, Sense, Shape, Stroke, Ui, Vec2, WidgetInfo};

use super::text;
use crate::plan::SpeedPoint;
use crate::ui::fonts::Type;
use crate::ui::format;
use crate::ui::theme::Theme;
use crate::values::UnixTime;

/// Width of a pause, in points: a night between two runs takes no more room than a minute.
const GAP: f32 = 14.0;
/// Room for a time below the plot.
const TIME_WIDTH: f32 = 58.0;

/// Bytes per second over time: one line for each stretch without a pause, its area, three grid lines, times below.
pub fn throughput(ui: &mut Ui, points: &[SpeedPoint], height: f32) {
    let theme = Theme::of(ui);
    let (rect, response) = ui.allocate_exact_size(Vec2::new(ui.available_width(), height), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Image, true, describe(points)));
    let plot = Rect::from_min_max(rect.min + Vec2::new(30.0, 6.0), rect.max - Vec2::new(2.0, 20.0));
    let most = points.iter().map(|point| point.bytes_per_second).max().unwrap_or(0);
    let scale = Scale::of(most);
    for step in 0..=4_u8 {
        let y = plot.bottom() - plot.height() * f32::from(step) / 4.0;
        ui.painter().hline(plot.x_range(), y, theme.hairline());
        if step % 2 == 0 {
            let label =
                Rect::from_min_max(Pos2::new(rect.left(), y - 8.0), Pos2::new(plot.left() - 8.0, y + 8.0));
            text::paint(ui, label, Align2::RIGHT_CENTER, scale.label(step), Type::Axis, theme.text2);
        }
    }
    let stretches = stretches(points);
    let gaps = stretches.len().saturating_sub(1);
    let active: u64 = points.iter().map(millis).sum();
    #[expect(clippy::cast_precision_loss, reason = "a place in a picture")]
    let room = (plot.width() - GAP * gaps as f32).max(1.0) / active.max(1) as f32;
    let mut x = plot.left();
    let mut marks = Vec::new();
    for stretch in &stretches {
        let from = x;
        let line: Vec<Pos2> = line_of(stretch, |passed, speed| {
            #[expect(clippy::cast_precision_loss, reason = "a place in a picture")]
            let x = from + room * passed as f32;
            Pos2::new(x, plot.bottom() - plot.height() * scale.share(speed))
        });
        x = line.last().map_or(from, |last| last.x);
        marks.extend(stretch.first().zip(stretch.last()).map(|(first, last)| (from, first, x, last)));
        area(ui, &line, plot.bottom());
        ui.painter().add(Shape::line(line, Stroke::new(1.5, theme.accent)));
        x += GAP;
    }
    for pair in marks.windows(2) {
        let [(_, _, end, _), (begin, ..)] = pair else { continue };
        let middle = f32::midpoint(*end, *begin);
        let pause = [Pos2::new(middle, plot.top()), Pos2::new(middle, plot.bottom())];
        ui.painter().extend(Shape::dashed_line(&pause, Stroke::new(1.0, theme.text3), 3.0, 3.0));
    }
    times(ui, rect, plot, &marks);
}

/// Points that touch belong together; between two stretches nothing ran.
fn stretches(points: &[SpeedPoint]) -> Vec<&[SpeedPoint]> {
    points.chunk_by(|one, next| one.to_millis == next.from_millis).collect()
}

fn millis(point: &SpeedPoint) -> u64 {
    point.to_millis.saturating_sub(point.from_millis)
}

/// A line through the middle of each point, level to both ends: a short copy is a level line and not nothing.
fn line_of(stretch: &[SpeedPoint], place: impl Fn(u64, u64) -> Pos2) -> Vec<Pos2> {
    let mut line = Vec::with_capacity(stretch.len() + 2);
    let mut passed = 0;
    if let Some(first) = stretch.first() {
        line.push(place(0, first.bytes_per_second));
    }
    for point in stretch {
        line.push(place(passed + millis(point) / 2, point.bytes_per_second));
        passed += millis(point);
    }
    if let Some(last) = stretch.last() {
        line.push(place(passed, last.bytes_per_second));
    }
    line
}

/// The unit of the axis: `MB`, or `kB` where all is slower than a megabyte per second.
pub fn unit(points: &[SpeedPoint]) -> &'static str {
    Scale::of(points.iter().map(|point| point.bytes_per_second).max().unwrap_or(0)).unit
}

fn describe(points: &[SpeedPoint]) -> String {
    let last = points.last().map_or(0, |point| point.bytes_per_second);
    let most = points.iter().map(|point| point.bytes_per_second).max().unwrap_or(0);
    let pauses = match stretches(points).len().saturating_sub(1) {
        0 => String::new(),
        count => format!(", {}", format::counted(count, "pause", "pauses")),
    };
    format!("Throughput: last {}, at most {}{pauses}", format::speed(last), format::speed(most))
}

/// The axis: a round number of its unit at the top.
struct Scale {
    unit: &'static str,
    bytes: f64,
    top: f64,
}

impl Scale {
    #[expect(clippy::cast_precision_loss, reason = "a label on an axis")]
    fn of(most: u64) -> Self {
        let (unit, bytes) = if most >= 1_000_000 { ("MB", 1e6) } else { ("kB", 1e3) };
        let most = (most as f64 / bytes).max(1.0);
        let power = 10.0_f64.powf(most.log10().floor());
        let top = [1.0, 2.0, 4.0, 6.0, 8.0, 10.0].into_iter().map(|step| step * power);
        let top = top.into_iter().find(|top| *top >= most).unwrap_or(most);
        Self { unit, bytes, top }
    }

    /// The label at this many quarters of the height, with as many digits as needed.
    fn label(&self, quarters: u8) -> String {
        let value = self.top * f64::from(quarters) / 4.0;
        if quarters == 0 || value.fract() == 0.0 { format!("{value:.0}") } else { format!("{value:.1}") }
    }

    #[expect(clippy::cast_precision_loss, reason = "a height in a picture")]
    #[expect(clippy::cast_possible_truncation, reason = "a share between 0 and 1")]
    fn share(&self, speed: u64) -> f32 {
        (speed as f64 / self.bytes / self.top).clamp(0.0, 1.0) as f32
    }
}

/// Fills between line and ground with quads, as one polygon would be concave.
fn area(ui: &Ui, line: &[Pos2], ground: f32) {
    let color = Theme::of(ui).plot_area;
    let mut mesh = egui::Mesh::default();
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

/// Where a stretch begins and ends, with its first and its last point.
type Mark<'a> = (f32, &'a SpeedPoint, f32, &'a SpeedPoint);

/// Times below: both ends, the beginning of a stretch and the middle of a long one where there is room.
fn times(ui: &Ui, rect: Rect, plot: Rect, marks: &[Mark<'_>]) {
    let (Some((_, first, ..)), Some((.., last))) = (marks.first(), marks.last()) else { return };
    let (begin, end) = (first.from_millis, last.to_millis);
    let mut taken = vec![plot.left() + TIME_WIDTH / 2.0, plot.right() - TIME_WIDTH / 2.0];
    time(ui, rect, plot.left(), Align2::LEFT_CENTER, words(begin, end - begin.min(end)));
    if words(begin, end - begin.min(end)) != words(end, end - begin.min(end)) {
        time(ui, rect, plot.right(), Align2::RIGHT_CENTER, words(end, end - begin.min(end)));
    }
    for (from, first, to, last) in marks {
        let middle = u64::midpoint(first.from_millis, last.to_millis);
        for (x, at) in [(*from, first.from_millis), (f32::midpoint(*from, *to), middle)] {
            if taken.iter().all(|other| (other - x).abs() > TIME_WIDTH) {
                taken.push(x);
                time(ui, rect, x, Align2::CENTER_CENTER, words(at, end - begin.min(end)));
            }
        }
    }
}

fn time(ui: &Ui, rect: Rect, x: f32, align: Align2, words: String) {
    let theme = Theme::of(ui);
    let galley = text::line(ui, words, Type::Axis, theme.text2);
    let anchor = align.anchor_size(Pos2::new(x, rect.bottom() - 8.0), galley.size());
    text::paint_galley(ui, anchor.min, galley, theme.text2);
}

/// As fine as the span asks for: seconds in minutes, days in weeks.
fn words(at_millis: u64, span_millis: u64) -> String {
    let at = UnixTime(i64::try_from(at_millis / 1_000).unwrap_or(i64::MAX));
    match span_millis / 1_000 {
        0..600 => format::time_with_seconds(at),
        600..86_400 => format::time(at),
        _ => format::date(at),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(from_millis: u64, to_millis: u64, bytes_per_second: u64) -> SpeedPoint {
        SpeedPoint { from_millis, to_millis, bytes_per_second }
    }

    #[test]
    fn labels_tell_speeds_apart_at_every_height() {
        for most in [0, 900, 40_000, 70_000, 100_000, 650_000, 1_200_000, 3_400_000, 250_000_000] {
            let scale = Scale::of(most);
            let labels = [0, 2, 4].map(|quarters| scale.label(quarters));
            assert!(labels[0] != labels[1] && labels[1] != labels[2], "{most}: {labels:?}");
            assert!(scale.share(most) <= 1.0 && (most < 1_000 || scale.share(most) > 0.3), "{most}");
        }
        assert_eq!(unit(&[point(0, 5_000, 999_999)]), "kB");
        assert_eq!(unit(&[point(0, 5_000, 1_000_000)]), "MB");
    }

    #[test]
    fn pauses_part_the_line_and_times_are_as_fine_as_the_span() {
        let points = [point(0, 5_000, 9), point(5_000, 10_000, 8), point(90_000, 95_000, 7)];
        assert_eq!(stretches(&points).iter().map(|stretch| stretch.len()).collect::<Vec<_>>(), [2, 1]);
        assert!(describe(&points).ends_with(", 1 pause"));
        let level = line_of(&points[2..], |passed, speed| {
            Pos2::new(u16::try_from(passed).unwrap().into(), u16::try_from(speed).unwrap().into())
        });
        assert_eq!(level, [Pos2::new(0.0, 7.0), Pos2::new(2_500.0, 7.0), Pos2::new(5_000.0, 7.0)]);
        assert_ne!(words(0, 60_000), words(20_000, 60_000));
        assert_eq!(words(3_600_000, 7_200_000), "01:00");
        assert_eq!(words(0, 90_000_000), "1970-01-01");
    }
}
