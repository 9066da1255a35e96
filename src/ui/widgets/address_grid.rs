//! A grid of IP addresses, each coloured by what is known about it.

use std::collections::BTreeMap;

use egui::{
    Align2, CornerRadius, EventFilter, Id, Key, Modifiers, Pos2, Rect, Role, Sense, Stroke, StrokeKind, Ui,
    Vec2, WidgetInfo,
};

use super::{ring, text};
use crate::audit::{AddressRange, CellState, RangeCell};
use crate::ui::fonts::Type;
use crate::ui::theme::{Theme, Tone};

/// Places in a row, and rows.
const SIDE: u8 = 16;
/// From one place to the next, and the size of a place, in points.
const PITCH: f32 = 26.0;
const CELL: f32 = 23.0;
/// Room for the numbers at the left and at the top.
const MARGIN: Vec2 = Vec2::new(40.0, 22.0);

/// How a place looks: the own one, one that was asked about, or one that was not.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// The sending address itself.
    Own,
    /// Asked about.
    Asked(CellState),
    /// Not asked about.
    NotAsked,
}

impl Look {
    /// Its word, in the legend and for screen readers.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Own => "You",
            Self::Asked(CellState::HighImpact) => "High impact",
            Self::Asked(CellState::LowerImpact) => "Lower impact",
            Self::Asked(CellState::Unknown) => "No answer",
            Self::Asked(CellState::Clean) => "Clean",
            Self::NotAsked => "Not asked",
        }
    }
}

/// A range as 16 by 16 places. One focus stop: arrow keys move, and the place under the keyboard is read out.
/// `cursor` is the place that the keyboard is on.
pub fn address_grid(ui: &mut Ui, range: &AddressRange, cursor: &mut u8) {
    let cells: BTreeMap<u8, &RangeCell> = range.cells.iter().map(|cell| (cell.index, cell)).collect();
    let size = MARGIN + Vec2::splat(PITCH * f32::from(SIDE));
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    let focus = response.has_focus();
    if focus {
        steer(ui, response.id, cursor);
    }
    let hovered = response.hover_pos().and_then(|at| place_at(rect, at));
    if let Some(index) = hovered.filter(|_| response.clicked()) {
        *cursor = index;
        response.request_focus();
    }
    let described = |index: u8| sentence(range, &cells, index);
    let words = format!("{}: {}", range.range, described(*cursor));
    response.widget_info(|| WidgetInfo::labeled(Role::Table, true, words.clone()));
    numbers(ui, rect);
    for index in 0..=u8::MAX {
        let look = look_of(range, &cells, index);
        paint(ui, place(rect, index), look, range.own_index);
    }
    if focus {
        ring(ui, place(rect, *cursor).expand(1.0), 4, StrokeKind::Outside);
    }
    match hovered {
        Some(index) => {
            response.on_hover_text(described(index));
        }
        None if focus => {
            let below = Rect::from_min_size(rect.left_bottom(), Vec2::new(rect.width(), 18.0));
            text::left(ui, below, described(*cursor), Type::Small, Theme::of(ui).text2);
        }
        None => {}
    }
}

/// A small place with its word, for the legend.
pub fn legend_entry(ui: &mut Ui, look: Look, count: Option<usize>) {
    let theme = Theme::of(ui);
    let label = match count {
        Some(count) => format!("{} {count}", look.word()),
        None => look.word().to_owned(),
    };
    let width = 20.0 + text::width(ui, &label, Type::Small) + 12.0;
    let (rect, response) = ui.allocate_exact_size(Vec2::new(width, 20.0), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, label.clone()));
    let mark = Rect::from_center_size(Pos2::new(rect.left() + 7.0, rect.center().y), Vec2::splat(14.0));
    paint_mark(ui, mark, look);
    text::left(ui, rect.with_min_x(rect.left() + 20.0), label, Type::Small, theme.text2);
}

/// What a place is, in one sentence.
fn sentence(range: &AddressRange, cells: &BTreeMap<u8, &RangeCell>, index: u8) -> String {
    let look = look_of(range, cells, index);
    let Some(cell) = cells.get(&index) else { return format!("place {index}: {}", look.word()) };
    let mut words = format!("{}: {}", cell.place, look.word());
    if let Some(name) = &cell.name {
        words = format!("{words}, {name}");
    }
    if !cell.lists.is_empty() {
        words = format!("{words}, on {}", cell.lists.join(", "));
    }
    words
}

fn look_of(range: &AddressRange, cells: &BTreeMap<u8, &RangeCell>, index: u8) -> Look {
    match cells.get(&index) {
        _ if index == range.own_index => Look::Own,
        Some(cell) => Look::Asked(cell.state),
        None => Look::NotAsked,
    }
}

fn steer(ui: &Ui, id: Id, cursor: &mut u8) {
    let arrows = EventFilter { horizontal_arrows: true, vertical_arrows: true, ..EventFilter::default() };
    ui.memory_mut(|memory| memory.set_focus_lock_filter(id, arrows));
    ui.input_mut(|input| {
        let mut pressed = |key: Key| input.consume_key(Modifiers::NONE, key);
        let (row, column) = (*cursor / SIDE, *cursor % SIDE);
        if pressed(Key::ArrowLeft) && column > 0 {
            *cursor -= 1;
        }
        if pressed(Key::ArrowRight) && column + 1 < SIDE {
            *cursor += 1;
        }
        if pressed(Key::ArrowUp) && row > 0 {
            *cursor -= SIDE;
        }
        if pressed(Key::ArrowDown) && row + 1 < SIDE {
            *cursor += SIDE;
        }
    });
}

fn place(rect: Rect, index: u8) -> Rect {
    let (row, column) = (index / SIDE, index % SIDE);
    let corner = rect.min + MARGIN + Vec2::new(f32::from(column), f32::from(row)) * PITCH;
    Rect::from_min_size(corner, Vec2::splat(CELL))
}

fn place_at(rect: Rect, at: Pos2) -> Option<u8> {
    (0..=u8::MAX).find(|index| place(rect, *index).contains(at))
}

fn numbers(ui: &Ui, rect: Rect) {
    let theme = Theme::of(ui);
    for number in 0..SIDE {
        let first = place(rect, number);
        let head =
            Rect::from_min_max(Pos2::new(first.left(), rect.top()), Pos2::new(first.right(), first.top()));
        text::paint(ui, head, Align2::CENTER_CENTER, number.to_string(), Type::Small, theme.text3);
        let line = place(rect, number * SIDE);
        let head = Rect::from_min_max(
            Pos2::new(rect.left(), line.top()),
            Pos2::new(line.left() - 8.0, line.bottom()),
        );
        text::right(ui, head, format!(".{}", u16::from(number) * u16::from(SIDE)), Type::Small, theme.text3);
    }
}

fn paint(ui: &Ui, cell: Rect, look: Look, own: u8) {
    paint_mark(ui, cell, look);
    if look == Look::Own {
        let label = Theme::of(ui).on_accent;
        text::paint(ui, cell, Align2::CENTER_CENTER, own.to_string(), Type::SmallLabel, label);
    }
}

/// The mark alone. Each state has a shape of its own, so that nobody needs the colours.
fn paint_mark(ui: &Ui, cell: Rect, look: Look) {
    let theme = Theme::of(ui);
    let painter = ui.painter();
    let radius = CornerRadius::same(4);
    let reach = cell.width() * 0.22;
    let center = cell.center();
    let outline = |fill, stroke: Stroke| {
        painter.rect_filled(cell, radius, fill);
        painter.rect_stroke(cell, radius, stroke, StrokeKind::Inside);
    };
    match look {
        Look::Own => {
            painter.rect_filled(cell, radius, theme.accent_button);
            painter.rect_stroke(cell, radius, Stroke::new(2.0, theme.text), StrokeKind::Outside);
        }
        Look::Asked(CellState::HighImpact) => {
            painter.rect_filled(cell, radius, theme.tone(Tone::Fail).bar);
            let stroke = Stroke::new(1.5, theme.on_accent);
            painter.line_segment([center - Vec2::splat(reach), center + Vec2::splat(reach)], stroke);
            let other = Vec2::new(reach, -reach);
            painter.line_segment([center - other, center + other], stroke);
        }
        Look::Asked(CellState::LowerImpact) => {
            let warn = theme.tone(Tone::Warn);
            outline(warn.bg, Stroke::new(1.0, warn.bar));
            let slash = Vec2::new(reach, -reach);
            painter.line_segment([center - slash, center + slash], Stroke::new(1.5, warn.fg));
        }
        Look::Asked(CellState::Unknown) => {
            let unknown = theme.tone(Tone::Unknown);
            outline(theme.surface, Stroke::new(1.0, unknown.bar));
            text::paint(ui, cell, Align2::CENTER_CENTER, "?", Type::Small, unknown.fg);
        }
        Look::Asked(CellState::Clean) => {
            outline(theme.surface, Stroke::new(1.0, theme.line2));
            painter.circle_filled(center, 2.0, theme.tone(Tone::Pass).bar);
        }
        Look::NotAsked => {
            painter.rect_filled(cell, radius, theme.bar_rest);
        }
    }
}
