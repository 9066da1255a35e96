//! The steps at the left edge of the window, with the state of each.

use egui::{
    Color32, CornerRadius, CursorIcon, EventFilter, Id, Key, Modifiers, Pos2, Rect, Response, Role,
    ScrollArea, Sense, Shape, Stroke, StrokeKind, Ui, UiBuilder, Vec2, WidgetInfo,
};

use crate::engine::{ProjectView, Step, StepState, step_line, step_state};
use crate::ui::fonts::Type;
use crate::ui::icons::{ICON, Icon};
use crate::ui::page_cx::Place;
use crate::ui::theme::{NARROW_WINDOW, RADIUS_CONTROL, Theme, Tone};
use crate::ui::widgets::{focus_ring_inside, text};

/// Centre of the markers from the left edge.
const MARKER_X: f32 = 26.0;
/// In a window narrower than this, the rail shows only markers.
const COMPACT_WINDOW: f32 = 800.0;
/// Where names begin.
const NAME_X: f32 = 46.0;

/// Width of the rail in points, in a window of this width. In a very narrow one, as at 200% zoom, only the markers are left.
pub fn rail_width(window: f32) -> f32 {
    if window < COMPACT_WINDOW {
        52.0
    } else if window < NARROW_WINDOW {
        184.0
    } else {
        212.0
    }
}

/// What was chosen in the rail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RailEvent {
    /// Another page.
    Go(Place),
    /// Back to the list of projects.
    SwitchProject,
}

/// What the rail has, in the order of the arrow keys; `None` switches the project.
const STOPS: [Option<Place>; 14] = [
    None,
    Some(Place::Step(Step::Domain)),
    Some(Place::Step(Step::Audit)),
    Some(Place::Step(Step::Verdict)),
    Some(Place::Step(Step::Destination)),
    Some(Place::Step(Step::Mailboxes)),
    Some(Place::Step(Step::Plan)),
    Some(Place::Step(Step::Copy)),
    Some(Place::Step(Step::Records)),
    Some(Place::Step(Step::Switch)),
    Some(Place::Step(Step::Done)),
    Some(Place::Log),
    Some(Place::Settings),
    Some(Place::Help),
];

fn stop_id(target: Option<Place>) -> Id {
    Id::unique(("rail", STOPS.iter().position(|stop| *stop == target)))
}

/// The stop of a page in the rail, for the keyboard.
pub fn rail_stop(place: Place) -> Id {
    stop_id(Some(place))
}

/// Moves the keyboard inside the rail, and returns the one thing in it that Tab reaches: what has the keyboard, or
/// the open page.
fn only_stop(ui: &Ui, place: Place) -> Id {
    let focused = ui.memory(egui::Memory::focused);
    let Some(at) = STOPS.iter().position(|stop| Some(stop_id(*stop)) == focused) else {
        return stop_id(Some(place));
    };
    let id = stop_id(STOPS.get(at).copied().flatten());
    let filter = EventFilter { vertical_arrows: true, ..EventFilter::default() };
    ui.memory_mut(|memory| memory.set_focus_lock_filter(id, filter));
    let last = STOPS.len() - 1;
    let to = ui.input_mut(|input| {
        let mut pressed = |key| input.consume_key(Modifiers::NONE, key);
        match () {
            () if pressed(Key::ArrowDown) => (at + 1).min(last),
            () if pressed(Key::ArrowUp) => at.saturating_sub(1),
            () if pressed(Key::Home) => 0,
            () if pressed(Key::End) => last,
            () => at,
        }
    });
    let id = stop_id(STOPS.get(to).copied().flatten());
    if to != at {
        ui.memory_mut(|memory| memory.request_focus(id));
    }
    id
}

/// Everything in the rail is clicked; only one thing is reached by Tab.
fn sense(id: Id, stop: Id) -> Sense {
    if id == stop { Sense::click() } else { Sense::CLICK }
}

/// The steps on their line, then Log, Settings and Help. One stop for the keyboard; the arrow keys move inside.
pub fn rail(ui: &mut Ui, project: &ProjectView, place: Place, is_narrow: bool) -> Option<RailEvent> {
    let theme = Theme::of(ui);
    let stop = only_stop(ui, place);
    let whole = ui.max_rect();
    ui.painter().rect_filled(whole, 0.0, theme.rail);
    ui.painter().vline(whole.right() - 0.5, whole.y_range(), theme.hairline());
    let event = head(ui, whole, stop);
    let middle = Rect::from_min_max(whole.min + Vec2::new(0.0, 52.0), whole.max - Vec2::new(1.0, 102.0));
    let mut child = ui.new_child(UiBuilder::new().id_salt("steps").max_rect(middle));
    // Rarely needed: at a large zoom the steps are taller than the window.
    let chosen = ScrollArea::vertical()
        .id_salt("steps")
        .auto_shrink(false)
        .show(&mut child, |ui| steps(ui, whole, project, (place, stop), is_narrow))
        .inner;
    let chosen = chosen.or_else(|| places(ui, whole, place, stop));
    chosen.map(RailEvent::Go).or(event)
}

fn steps(
    ui: &mut Ui,
    whole: Rect,
    project: &ProjectView,
    (place, stop): (Place, Id),
    is_narrow: bool,
) -> Option<Place> {
    let theme = Theme::of(ui);
    let inset = if is_compact(whole) { 3.0 } else { 8.0 };
    let pitch = if is_narrow { 44.0 } else { 46.0 };
    let (area, _) =
        ui.allocate_exact_size(Vec2::new(whole.width() - 1.0, pitch * 10.0 + 18.0), Sense::hover());
    let row = |index: usize| {
        #[expect(clippy::cast_precision_loss, reason = "ten steps")]
        let top = area.top() + 10.0 + pitch * index as f32;
        Rect::from_min_size(
            Pos2::new(whole.left() + inset, top),
            Vec2::new(whole.width() - 2.0 * inset, pitch),
        )
    };
    let states: Vec<StepState> = Step::ALL.iter().map(|step| step_state(*step, project)).collect();
    // Backgrounds first: the route is drawn over them.
    if let Some(open) = Step::ALL.iter().position(|step| place == Place::Step(*step)) {
        let radius = CornerRadius::same(RADIUS_CONTROL);
        ui.painter().rect(row(open), radius, theme.current_step_fill(), theme.hairline(), StrokeKind::Inside);
    }
    route(ui, &states, |index| Pos2::new(whole.left() + MARKER_X, row(index).center().y));
    let mut chosen = None;
    for (index, (step, state)) in Step::ALL.into_iter().zip(&states).enumerate() {
        let is_open = place == Place::Step(step);
        let id = stop_id(Some(Place::Step(step)));
        let response = ui.interact(row(index), id, sense(id, stop));
        if response.gained_focus() {
            response.scroll_to_me(None);
        }
        if item(ui, response, step, *state, &line_of(step, project), is_open).clicked() {
            chosen = Some(Place::Step(step));
        }
    }
    chosen
}

/// Whether there is room for markers only.
fn is_compact(whole: Rect) -> bool {
    whole.width() < 100.0
}

fn head(ui: &Ui, whole: Rect, stop: Id) -> Option<RailEvent> {
    let theme = Theme::of(ui);
    let head = Rect::from_min_size(whole.min, Vec2::new(whole.width(), 52.0));
    let mark = Rect::from_center_size(Pos2::new(head.left() + 26.0, head.center().y), Vec2::splat(20.0));
    app_mark(ui, mark, 5);
    if !is_compact(whole) {
        let words = Rect::from_min_max(Pos2::new(head.left() + 45.0, head.top()), head.max);
        text::left(ui, words, "Mailferry", Type::Section, theme.text);
    }
    ui.painter().hline(head.x_range(), head.bottom() - 0.5, theme.hairline());
    let switcher = Rect::from_center_size(Pos2::new(head.right() - 26.0, head.center().y), Vec2::splat(26.0));
    let id = stop_id(None);
    let response = ui.interact(switcher, id, sense(id, stop));
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, "Switch project"));
    if response.hovered() {
        ui.painter().rect_filled(switcher, CornerRadius::same(RADIUS_CONTROL), theme.hover);
    }
    if is_compact(whole) {
        app_mark(ui, mark, 5);
    } else {
        Icon::SortBoth.paint(ui, switcher, ICON, theme.text2);
    }
    focus_ring_inside(ui, &response, switcher);
    let is_clicked = response.on_hover_text("Switch project").clicked();
    is_clicked.then_some(RailEvent::SwitchProject)
}

/// The program's logo: a letter on a boat.
pub fn app_mark(ui: &Ui, rect: Rect, radius: u8) {
    let theme = Theme::of(ui);
    ui.painter().rect_filled(rect, CornerRadius::same(radius), theme.accent_button);
    Icon::AppMark.paint(ui, rect, rect.width(), theme.on_accent);
}

/// Solid for finished steps, dotted ahead.
fn route(ui: &Ui, states: &[StepState], center: impl Fn(usize) -> Pos2) {
    let theme = Theme::of(ui);
    for (index, pair) in states.windows(2).enumerate() {
        let from = center(index) + Vec2::new(0.0, 11.0);
        let to = center(index + 1) - Vec2::new(0.0, 11.0);
        let is_travelled = matches!(pair, [StepState::Done, _]);
        let stroke = Stroke::new(1.5, if is_travelled { theme.text3 } else { theme.line2 });
        if is_travelled {
            ui.painter().line_segment([from, to], stroke);
        } else {
            ui.painter().extend(Shape::dashed_line(&[from, to], stroke, 2.0, 3.0));
        }
    }
}

fn item(ui: &Ui, response: Response, step: Step, state: StepState, line: &str, is_open: bool) -> Response {
    let theme = Theme::of(ui);
    let row = response.rect;
    let is_compact = row.width() < 100.0;
    response.widget_info(|| {
        WidgetInfo::selected(
            Role::Button,
            true,
            is_open,
            format!("{}, {}, {line}", step.name(), state_word(state)),
        )
    });
    if response.hovered() && !is_open {
        ui.painter().rect_filled(row, CornerRadius::same(RADIUS_CONTROL), theme.hover);
    }
    let center =
        Pos2::new(if is_compact { row.center().x } else { row.left() + MARKER_X - 8.0 }, row.center().y);
    let ground = match () {
        () if is_open => theme.current_step_fill(),
        () if response.hovered() => theme.hover,
        () => theme.rail,
    };
    marker(ui, center, state, is_open, ground);
    if is_compact {
        focus_ring_inside(ui, &response, row);
        return response
            .on_hover_cursor(CursorIcon::PointingHand)
            .on_hover_text(format!("{}: {line}", step.name()));
    }
    let words = |top: f32, height: f32| {
        Rect::from_min_max(
            Pos2::new(row.left() + NAME_X - 8.0, row.center().y + top),
            Pos2::new(row.right() - 4.0, row.center().y + top + height),
        )
    };
    let (style, color) = match state {
        _ if is_open => (Type::Strong, theme.text),
        StepState::Waiting => (Type::Label, theme.text3),
        _ => (Type::Label, theme.text),
    };
    text::left(ui, words(-17.0, 20.0), step.name(), style, color);
    let color = if state == StepState::Waiting { theme.text3 } else { theme.text2 };
    text::left(ui, words(1.0, 17.0), line, Type::Small, color);
    focus_ring_inside(ui, &response, row);
    let is_cut = text::width(ui, line, Type::Small) > words(1.0, 17.0).width();
    let response = response.on_hover_cursor(CursorIcon::PointingHand);
    if is_cut { response.on_hover_text(line) } else { response }
}

/// The second line of a step. A practice server's address would mean nothing, so it is not shown.
fn line_of(step: Step, project: &ProjectView) -> String {
    let has_server = project.domain.source_server.is_some();
    match step {
        Step::Domain if project.is_practice && has_server => "practice server".to_owned(),
        _ => step_line(step, project),
    }
}

const fn state_word(state: StepState) -> &'static str {
    match state {
        StepState::Done => "done",
        StepState::Available => "open",
        StepState::Running(_) => "running",
        StepState::Paused => "paused",
        StepState::NeedsYou => "needs you",
        StepState::Waiting => "waiting",
    }
}

/// The mark of a step, 20 points wide. `ground` covers the route behind it.
pub fn marker(ui: &Ui, center: Pos2, state: StepState, is_open: bool, ground: Color32) {
    let theme = Theme::of(ui);
    let painter = ui.painter();
    painter.circle_filled(center, 10.0, ground);
    let icon = |icon: Icon, tone: Tone| {
        let rect = Rect::from_center_size(center, Vec2::splat(18.0));
        icon.paint(ui, rect, 18.0, theme.tone(tone).fg);
    };
    match state {
        StepState::Running(share) => {
            painter.circle_stroke(center, 8.0, Stroke::new(2.0, theme.bar_rest));
            if let Some(share) = share {
                painter.add(Shape::line(arc(center, 8.0, share), Stroke::new(2.5, theme.accent)));
            }
            painter.circle_filled(center, 3.0, theme.accent);
        }
        StepState::Paused => icon(Icon::Paused, Tone::Paused),
        StepState::NeedsYou => icon(Icon::Warn, Tone::Warn),
        _ if is_open => {
            painter.circle_stroke(center, 8.25, Stroke::new(1.5, theme.accent));
            painter.circle_filled(center, 4.5, theme.accent);
        }
        StepState::Done => {
            let color = theme.tone(Tone::Pass).bar;
            painter.circle_stroke(center, 8.25, Stroke::new(1.5, color));
            let tick = Rect::from_center_size(center, Vec2::splat(12.0));
            Icon::Tick.paint(ui, tick, 12.0, theme.tone(Tone::Pass).fg);
        }
        StepState::Available => {
            painter.circle_stroke(center, 8.25, Stroke::new(1.5, theme.line2));
        }
        StepState::Waiting => {
            let ring = arc(center, 8.25, 1.0);
            painter.extend(Shape::dashed_line(&ring, Stroke::new(1.5, theme.line2), 2.6, 2.6));
        }
    }
}

/// Part of a circle clockwise from the top, in steps of two degrees.
fn arc(center: Pos2, radius: f32, share: f32) -> Vec<Pos2> {
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "180 steps at most")]
    let steps = (180.0 * share.clamp(0.0, 1.0)).round() as u16;
    (0..=steps)
        .map(|step| center + radius * Vec2::angled((f32::from(step) * 2.0 - 90.0).to_radians()))
        .collect()
}

fn places(ui: &Ui, whole: Rect, place: Place, stop: Id) -> Option<Place> {
    let theme = Theme::of(ui);
    let top = whole.bottom() - 101.0;
    ui.painter().hline(whole.x_range(), top, theme.hairline());
    let entries = [
        (Place::Log, Icon::Log, "Log", ""),
        (Place::Settings, Icon::Gear, "Settings", ""),
        (Place::Help, Icon::Help, "Help", "F1"),
    ];
    let mut chosen = None;
    let inset = if is_compact(whole) { 3.0 } else { 8.0 };
    let mut y = top + 10.0;
    for (target, icon, name, key) in entries {
        let row = Rect::from_min_size(
            Pos2::new(whole.left() + inset, y),
            Vec2::new(whole.width() - 2.0 * inset, 28.0),
        );
        y += 28.0;
        let id = stop_id(Some(target));
        let response = ui.interact(row, id, sense(id, stop));
        response.widget_info(|| WidgetInfo::selected(Role::Button, true, place == target, name));
        let radius = CornerRadius::same(RADIUS_CONTROL);
        if place == target {
            ui.painter().rect(row, radius, theme.current_step_fill(), theme.hairline(), StrokeKind::Inside);
        } else if response.hovered() {
            ui.painter().rect_filled(row, radius, theme.hover);
        }
        let mark =
            Rect::from_center_size(Pos2::new(whole.left() + MARKER_X, row.center().y), Vec2::splat(ICON));
        icon.paint(ui, mark, ICON, theme.text2);
        if !is_compact(whole) {
            let words =
                Rect::from_min_max(Pos2::new(whole.left() + 44.0, row.top()), row.max - Vec2::new(11.0, 0.0));
            text::left(ui, words, name, Type::Body, theme.text2);
            text::right(ui, words, key, Type::Small, theme.text3);
        }
        focus_ring_inside(ui, &response, row);
        let response = response.on_hover_cursor(CursorIcon::PointingHand);
        let response = if is_compact(whole) { response.on_hover_text(name) } else { response };
        if response.clicked() {
            chosen = Some(target);
        }
    }
    chosen
}
