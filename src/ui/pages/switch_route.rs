//! The dated plan of the switch as a line: stations for its steps, bands where others may keep old answers.

use egui::{Align2, CornerRadius, Pos2, Rect, Role, Sense, Shape, Stroke, Ui, Vec2, WidgetInfo};

use crate::cutover::{Step, StepKind, StepState};
use crate::engine::{StepState as Mark, SwitchView};
use crate::ui::fonts::Type;
use crate::ui::format;
use crate::ui::shell::marker;
use crate::ui::theme::{Theme, Tone};
use crate::ui::widgets::{panel, text};
use crate::values::UnixTime;

/// Height of the line with its words.
const HEIGHT: f32 = 138.0;
/// Room at both ends, for the words of the outer stations.
const MARGIN: f32 = 72.0;

/// A place on the line.
struct Station {
    /// The step; `None` for “Now”.
    kind: Option<StepKind>,
    name: &'static str,
    date: String,
    /// What is read out.
    words: String,
    mark: Mark,
    is_here: bool,
}

/// The panel with the line.
pub fn route_panel(ui: &mut Ui, switch: &SwitchView, now: UnixTime) {
    let stations = stations(switch, now);
    panel::flush_panel(ui, |ui| {
        let (area, response) =
            ui.allocate_exact_size(Vec2::new(ui.available_width(), HEIGHT), Sense::hover());
        response.widget_info(|| WidgetInfo::labeled(Role::Heading, true, "The plan of the switch"));
        line(ui, area, switch, &stations);
    });
}

fn stations(switch: &SwitchView, now: UnixTime) -> Vec<Station> {
    let mut stations: Vec<Station> = switch.steps.iter().map(|step| station(step, now)).collect();
    let ahead = switch.steps.iter().position(|step| step.state != StepState::Done);
    // Where nothing is due, the owner stands between two stations.
    let waits = |at: usize| switch.steps.get(at).is_some_and(|step| step.state != StepState::Due);
    if let Some(at) = ahead.filter(|at| waits(*at)) {
        let date = format::time(now);
        let words = format!("Now, {date}");
        let here = Station { kind: None, name: "Now", date, words, mark: Mark::Available, is_here: true };
        stations.insert(at, here);
    }
    stations
}

fn station(step: &Step, now: UnixTime) -> Station {
    let short = |at: UnixTime| {
        if format::date(at) == format::date(now) { format::time(at) } else { format::date_time(at) }
    };
    let (mark, date, state) = match step.state {
        StepState::Done => (Mark::Done, step.done_at.map(short).unwrap_or_default(), "done"),
        StepState::Due => (Mark::Available, "now".to_owned(), "to be done"),
        StepState::From(at) => (Mark::Waiting, format!("from {}", short(at)), "waits"),
        StepState::Waits => (Mark::Waiting, String::new(), "waits for the steps before"),
    };
    let name = step.kind.name(step.state == StepState::Done);
    Station {
        kind: Some(step.kind),
        name,
        words: format!("{name}: {}. {}", format!("{state} {date}").trim(), step.kind.words()),
        date,
        mark,
        is_here: step.state == StepState::Due,
    }
}

fn line(ui: &Ui, area: Rect, switch: &SwitchView, stations: &[Station]) {
    let theme = Theme::of(ui);
    let y = area.top() + 69.0;
    #[expect(clippy::cast_precision_loss, reason = "nine stations")]
    let (gaps, index_points) = (stations.len().saturating_sub(1).max(1) as f32, |index: usize| index as f32);
    let pitch = (area.width() - 2.0 * MARGIN) / gaps;
    let x = |index: usize| area.left() + MARGIN + pitch * index_points(index);
    let place = |kind: StepKind| stations.iter().position(|one| one.kind == Some(kind)).map(x);
    for (from, to, secs) in [
        (StepKind::LowerTtls, StepKind::LongTtlOver, switch.long_ttl_secs),
        (StepKind::Publish, StepKind::OldAnswersGone, switch.old_ttl_secs),
    ] {
        let is_over = switch.steps.iter().any(|step| step.kind == to && step.state == StepState::Done);
        if let (Some(from), Some(to)) = (place(from), place(to)) {
            band(ui, Rect::from_x_y_ranges(from..=to, y - 9.0..=y + 9.0), secs, is_over);
        }
    }
    let here = stations.iter().position(|one| one.is_here);
    for index in 1..stations.len() {
        let (from, to) = (Pos2::new(x(index - 1) + 10.0, y), Pos2::new(x(index) - 10.0, y));
        if here.is_none_or(|here| index <= here) {
            ui.painter().line_segment([from, to], Stroke::new(2.0, theme.accent));
        } else {
            let stroke = Stroke::new(1.5, theme.line2);
            ui.painter().extend(Shape::dashed_line(&[from, to], stroke, 2.0, 4.0));
        }
    }
    for (index, station) in stations.iter().enumerate() {
        let center = Pos2::new(x(index), y);
        let spot = Rect::from_center_size(center, Vec2::splat(24.0));
        let response = ui.interact(spot, ui.scope_id().with(("station", index)), Sense::hover());
        response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &station.words));
        response.on_hover_text(&station.words);
        marker(ui, center, station.mark, station.is_here, theme.surface);
        // Above and below in turn, so that each has the room of two.
        let top = if index % 2 == 0 { y - 57.0 } else { y + 25.0 };
        let room = Rect::from_x_y_ranges(center.x - pitch + 4.0..=center.x + pitch - 4.0, top..=top + 18.0);
        let room = room.intersect(area.shrink(14.0));
        let color = if station.mark == Mark::Waiting { theme.text2 } else { theme.text };
        centred(ui, room, center.x, station.name, Type::SmallLabel, color);
        centred(ui, room.translate(Vec2::new(0.0, 16.0)), center.x, &station.date, Type::Axis, theme.text2);
    }
}

/// Words around `x`, moved inward where they would leave the room.
fn centred(ui: &Ui, room: Rect, x: f32, words: &str, style: Type, color: egui::Color32) {
    let width = text::width(ui, words, style).min(room.width());
    let most = (room.right() - width).max(room.left());
    let left = (x - width / 2.0).clamp(room.left(), most);
    let place = Rect::from_x_y_ranges(left..=left + width + 1.0, room.y_range());
    text::paint(ui, place, Align2::LEFT_CENTER, words, style, color);
}

/// Where others may keep an old answer, and how long.
fn band(ui: &Ui, rect: Rect, secs: u32, is_over: bool) {
    let theme = Theme::of(ui);
    let colors = theme.tone(if is_over { Tone::Info } else { Tone::Paused });
    ui.painter().rect_filled(rect, CornerRadius::ZERO, colors.bg);
    if secs == 0 {
        return;
    }
    let words = format!("kept {}", wait_words(secs));
    if text::width(ui, &words, Type::Axis) < rect.width() - 28.0 {
        let below = Rect::from_x_y_ranges(rect.x_range(), rect.bottom()..=rect.bottom() + 14.0);
        text::paint(ui, below, Align2::CENTER_CENTER, words, Type::Axis, colors.fg);
    }
}

/// `up to a day`.
fn wait_words(secs: u32) -> String {
    match secs {
        86_400 => "up to a day".to_owned(),
        3_600 => "up to an hour".to_owned(),
        0..3_600 => format!("up to {} min", secs.div_ceil(60)),
        _ => format!("up to {} h", secs.div_ceil(3_600)),
    }
}
