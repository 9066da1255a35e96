use std::borrow::Cow;
use std::sync::Arc;

use egui::text::{LayoutJob, TextWrapping};
use egui::{Align2, Color32, Galley, Label, Pos2, Rect, Response, Ui};

use crate::ui::fonts::Type;
use crate::values::{printable_line, printable_text};

/// Stands for what cannot be shown: the window's fonts have no pictures of control characters.
const BOX: &str = "□";

/// Untrusted words as one harmless line.
pub fn one_line(text: impl Into<String>) -> String {
    shown(text.into(), printable_line)
}

/// The same for words that may have several lines.
pub fn lines(text: impl Into<String>) -> String {
    shown(text.into(), printable_text)
}

fn shown(text: String, clean: fn(&str) -> Cow<'_, str>) -> String {
    let is_picture = |character| matches!(character, '\u{2400}'..='\u{2421}' | char::REPLACEMENT_CHARACTER);
    match clean(&text) {
        Cow::Borrowed(_) => text,
        Cow::Owned(cleaned) => cleaned.replace(is_picture, BOX),
    }
}

/// Lays out one line.
pub fn line(ui: &Ui, text: impl Into<String>, style: Type, color: Color32) -> Arc<Galley> {
    let mut job = LayoutJob::single_section(one_line(text), style.format(color));
    job.break_on_newline = false;
    ui.painter().layout_job(job)
}

/// Lays out one line, cut with … where it is wider than `width` points.
pub fn cut(ui: &Ui, text: impl Into<String>, style: Type, color: Color32, width: f32) -> Arc<Galley> {
    let mut job = LayoutJob::single_section(one_line(text), style.format(color));
    job.wrap = TextWrapping::truncate_at_width(width.max(8.0));
    job.break_on_newline = false;
    ui.painter().layout_job(job)
}

/// Lays out as many lines as `width` points need; breaks inside words where it must.
pub fn wrapped(ui: &Ui, text: impl Into<String>, style: Type, color: Color32, width: f32) -> Arc<Galley> {
    let mut job = LayoutJob::single_section(lines(text), style.format(color));
    job.wrap.max_width = width.max(8.0);
    ui.painter().layout_job(job)
}

/// Width of one line in points.
pub fn width(ui: &Ui, text: &str, style: Type) -> f32 {
    line(ui, text, style, Color32::WHITE).rect.width()
}

/// Draws one line inside `rect`, cut where it does not fit, and returns its rectangle.
pub fn paint(
    ui: &Ui,
    rect: Rect,
    align: Align2,
    text: impl Into<String>,
    style: Type,
    color: Color32,
) -> Rect {
    if !ui.is_rect_visible(rect) {
        return rect;
    }
    let galley = cut(ui, text, style, color, rect.width());
    let place = align.align_size_within_rect(galley.size(), rect);
    paint_galley(ui, place.min, galley, color);
    place
}

/// Draws one line at the left, in the middle of the height.
pub fn left(ui: &Ui, rect: Rect, text: impl Into<String>, style: Type, color: Color32) -> Rect {
    paint(ui, rect, Align2::LEFT_CENTER, text, style, color)
}

/// Draws one line at the right, in the middle of the height.
pub fn right(ui: &Ui, rect: Rect, text: impl Into<String>, style: Type, color: Color32) -> Rect {
    paint(ui, rect, Align2::RIGHT_CENTER, text, style, color)
}

/// Draws laid out text with its left top corner here.
pub fn paint_galley(ui: &Ui, at: Pos2, galley: Arc<Galley>, color: Color32) {
    ui.painter().galley(at, galley, color);
}

/// A paragraph that wraps, can be selected and copied, and is read out.
pub fn paragraph(ui: &mut Ui, text: impl Into<String>, style: Type, color: Color32) -> Response {
    let mut job = LayoutJob::single_section(lines(text), style.format(color));
    job.wrap.max_width = ui.available_width();
    ui.add(Label::new(job).wrap().selectable(true))
}

/// One line that does not wrap, can be selected and is read out.
pub fn words(ui: &mut Ui, text: impl Into<String>, style: Type, color: Color32) -> Response {
    let mut job = LayoutJob::single_section(one_line(text), style.format(color));
    job.break_on_newline = false;
    ui.add(Label::new(job).extend().selectable(true))
}
