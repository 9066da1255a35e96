use std::borrow::Cow;

use egui::{
    Align2, CornerRadius, CursorIcon, Pos2, Rect, Response, Role, Sense, Stroke, StrokeKind, Ui, Vec2,
    WidgetInfo,
};

use super::{focus_ring, text};
use crate::audit::Status;
use crate::ui::fonts::Type;
use crate::ui::icons::{ICON, Icon, SMALL_ICON};
use crate::ui::theme::{Theme, Tone};
use crate::values::with_thousands;

/// A state in a word, with its icon and its colour.
#[derive(Clone, Debug, PartialEq)]
pub struct Badge {
    pub tone: Tone,
    pub icon: Icon,
    pub word: Cow<'static, str>,
}

impl Badge {
    /// One with a word that never changes.
    pub const fn of(tone: Tone, icon: Icon, word: &'static str) -> Self {
        Self { tone, icon, word: Cow::Borrowed(word) }
    }

    /// One with a word of the moment.
    pub const fn with(tone: Tone, icon: Icon, word: String) -> Self {
        Self { tone, icon, word: Cow::Owned(word) }
    }
}

/// The badge of a status.
pub const fn of_status(status: Status) -> Badge {
    match status {
        Status::Pass => Badge::of(Tone::Pass, Icon::Pass, "Pass"),
        Status::Info => Badge::of(Tone::Info, Icon::Info, "Info"),
        Status::Warn => Badge::of(Tone::Warn, Icon::Warn, "Warning"),
        Status::Fail => Badge::of(Tone::Fail, Icon::Fail, "Fail"),
        Status::Unknown => Badge::of(Tone::Unknown, Icon::Unknown, "Unknown"),
        Status::NotApplicable => Badge::of(Tone::Quiet, Icon::NotApplicable, "Not applicable"),
    }
}

/// Icon and word without a ground, at the left of `rect`; part of a row that names itself.
pub fn badge_at(ui: &Ui, rect: Rect, tone: Tone, icon: Icon, word: &str) -> Rect {
    let color = Theme::of(ui).tone(tone).fg;
    icon.paint(ui, Rect::from_min_size(rect.min, Vec2::new(ICON, rect.height())), ICON, color);
    let style = if tone == Tone::Quiet { Type::Body } else { Type::Label };
    let words = Rect::from_min_max(rect.min + Vec2::new(ICON + 7.0, 0.0), rect.max);
    let place = text::left(ui, words, word, style, color);
    Rect::from_min_max(rect.min, place.max)
}

/// Icon and word without a ground, in the layout.
pub fn badge(ui: &mut Ui, tone: Tone, icon: Icon, word: &str) -> Response {
    let width = ICON + 7.0 + text::width(ui, word, Type::Label);
    let (rect, response) = ui.allocate_exact_size(Vec2::new(width.ceil() + 1.0, 20.0), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, word));
    badge_at(ui, rect, tone, icon, word);
    response
}

/// Icon and word on a tinted round ground, 22 points high.
pub fn chip(ui: &mut Ui, tone: Tone, icon: Icon, word: &str) -> Response {
    let width = 10.0 + SMALL_ICON + 6.0 + text::width(ui, word, Type::SmallLabel) + 10.0;
    let (rect, response) = ui.allocate_exact_size(Vec2::new(width.ceil(), 22.0), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, word));
    chip_at(ui, rect.min, tone, icon, word);
    response
}

/// Only draws it, with its left top corner here; what it stands in is read out. Returns its place.
pub fn chip_at(ui: &Ui, at: Pos2, tone: Tone, icon: Icon, word: &str) -> Rect {
    let colors = Theme::of(ui).tone(tone);
    let width = 10.0 + SMALL_ICON + 6.0 + text::width(ui, word, Type::SmallLabel) + 10.0;
    let rect = Rect::from_min_size(at, Vec2::new(width.ceil(), 22.0));
    ui.painter().rect_filled(rect, CornerRadius::same(11), colors.bg);
    let inner = rect.shrink2(Vec2::new(10.0, 0.0));
    icon.paint(ui, Rect::from_min_size(inner.min, Vec2::new(SMALL_ICON, 22.0)), SMALL_ICON, colors.fg);
    let words = Rect::from_min_max(inner.min + Vec2::new(SMALL_ICON + 6.0, 0.0), inner.max);
    text::left(
        ui,
        words.expand2(Vec2::new(4.0, 0.0)).translate(Vec2::new(4.0, 0.0)),
        word,
        Type::SmallLabel,
        colors.fg,
    );
    rect
}

/// A filter: outline chip with an icon, a word and a count; pressed when it filters.
pub fn filter_chip(ui: &mut Ui, tone: Tone, icon: Icon, word: &str, count: usize, is_on: bool) -> Response {
    let theme = Theme::of(ui);
    let count = with_thousands(u64::try_from(count).unwrap_or(u64::MAX));
    let word_width = text::width(ui, word, Type::SmallLabel);
    let count_width = text::width(ui, &count, Type::Small);
    let width = 10.0 + SMALL_ICON + 6.0 + word_width + 6.0 + count_width + 10.0;
    let (rect, response) = ui.allocate_exact_size(Vec2::new(width.ceil(), 26.0), Sense::click());
    response.widget_info(|| WidgetInfo::selected(Role::Button, true, is_on, format!("{word} {count}")));
    let (fill, border) = if is_on {
        (theme.select, Stroke::new(1.0, theme.accent))
    } else {
        (if response.hovered() { theme.hover } else { theme.surface }, theme.hairline())
    };
    ui.painter().rect(rect, CornerRadius::same(13), fill, border, StrokeKind::Inside);
    let mut inner = rect.shrink2(Vec2::new(10.0, 0.0));
    icon.paint(
        ui,
        Rect::from_min_size(inner.min, Vec2::new(SMALL_ICON, 26.0)),
        SMALL_ICON,
        theme.tone(tone).fg,
    );
    inner.min.x += SMALL_ICON + 6.0;
    let galley = text::line(ui, word, Type::SmallLabel, theme.text);
    let at = Align2::LEFT_CENTER.align_size_within_rect(galley.size(), inner);
    text::paint_galley(ui, at.min, galley, theme.text);
    inner.min.x += word_width + 6.0;
    let galley = text::line(ui, count, Type::Small, theme.text3);
    let at = Align2::LEFT_CENTER.align_size_within_rect(galley.size(), inner);
    text::paint_galley(ui, at.min, galley, theme.text3);
    focus_ring(ui, &response, rect, 13);
    response.on_hover_cursor(CursorIcon::PointingHand)
}

/// A fact in an outline chip with an icon.
pub fn fact_chip(ui: &mut Ui, icon: Icon, word: &str) -> Response {
    let theme = Theme::of(ui);
    let width = 10.0 + SMALL_ICON + 7.0 + text::width(ui, word, Type::SmallLabel) + 10.0;
    let (rect, response) = ui.allocate_exact_size(Vec2::new(width.ceil(), 26.0), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, word));
    ui.painter().rect(rect, CornerRadius::same(13), theme.surface, theme.hairline(), StrokeKind::Inside);
    let inner = rect.shrink2(Vec2::new(10.0, 0.0));
    icon.paint(ui, Rect::from_min_size(inner.min, Vec2::new(SMALL_ICON, 26.0)), SMALL_ICON, theme.text2);
    let words = Rect::from_min_max(inner.min + Vec2::new(SMALL_ICON + 7.0, 0.0), rect.max);
    text::left(ui, words, word, Type::SmallLabel, theme.text2);
    response
}
