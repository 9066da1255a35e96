//! The cells of the comparison: a fact in words, its mark, and the link to its source.

use egui::{CursorIcon, OpenUrl, Pos2, Rect, Role, Sense, Ui, Vec2, WidgetInfo};

use super::destination::LABEL_WIDTH;
use crate::providers::{Comparison, ComparisonRow, Fit};
use crate::ui::fonts::Type;
use crate::ui::icons::{ICON, Icon};
use crate::ui::theme::{Theme, Tone};
use crate::ui::widgets::{focus_ring, text};

/// One fact, and the provider whose column it is in.
#[derive(Clone, Copy)]
pub(super) struct Cell<'a> {
    /// Name of the provider.
    pub name: &'a str,
    /// The fact.
    pub row: &'a ComparisonRow,
}

/// What the provider does not publish, said once at the end of its column.
pub(super) fn to_ask(column: &Comparison) -> ComparisonRow {
    let value = column.unpublished_words().unwrap_or_else(|| "Nothing".to_owned());
    ComparisonRow {
        group: String::new(),
        label: "Ask before you decide".to_owned(),
        value,
        fit: Fit::Neutral,
        source: None,
    }
}

/// The mark of a fact that needs attention.
const fn mark(fit: Fit) -> Option<(Tone, Icon)> {
    match fit {
        Fit::NotConfirmed => Some((Tone::Unknown, Icon::Unknown)),
        Fit::Tight => Some((Tone::Warn, Icon::Warn)),
        Fit::TooSmall => Some((Tone::Fail, Icon::Fail)),
        Fit::Fits | Fit::Neutral | Fit::NotPublished => None,
    }
}

/// Points that the words of a fact may take: the cell without its mark and the link to its source.
pub(super) fn words_room(value: &ComparisonRow, table_width: f32, count: usize) -> f32 {
    #[expect(clippy::cast_precision_loss, reason = "four columns at most")]
    let cell = (table_width - LABEL_WIDTH) / count.max(1) as f32 - 14.0;
    let icon = if mark(value.fit).is_some() { ICON + 7.0 } else { 0.0 };
    let source = if has_link(value) { 20.0 } else { 0.0 };
    cell - icon - source
}

/// The words of a fact, laid out.
pub(super) fn fact_words(ui: &Ui, value: &ComparisonRow, width: f32) -> std::sync::Arc<egui::Galley> {
    let theme = Theme::of(ui);
    // The last row names what is not published; a dash is enough here.
    if value.fit == Fit::NotPublished {
        return text::wrapped(ui, "–", Type::Body, theme.text3, width);
    }
    let (style, color) =
        mark(value.fit).map_or((Type::Body, theme.text), |(tone, _)| (Type::Label, theme.tone(tone).fg));
    text::wrapped(ui, &value.value, style, color, width)
}

/// Draws one fact; where its source is known, a small mark opens it.
pub(super) fn fact(ui: &Ui, cell: Rect, fact: Cell<'_>, index: usize) {
    let Cell { name, row: value } = fact;
    let theme = Theme::of(ui);
    let first_line = Rect::from_min_size(cell.min + Vec2::new(0.0, 6.0), Vec2::new(cell.width(), 20.0));
    let mut start = cell.left();
    if let Some((tone, icon)) = mark(value.fit) {
        icon.paint(ui, first_line.with_max_x(start + ICON), ICON, theme.tone(tone).fg);
        start += ICON + 7.0;
    }
    let source_room = if has_link(value) { 20.0 } else { 0.0 };
    let galley = fact_words(ui, value, cell.right() - source_room - start);
    let words = Rect::from_min_size(Pos2::new(start, first_line.top()), galley.size());
    text::paint_galley(ui, words.min, galley, theme.text);
    let hover = match &value.source {
        Some(source) => {
            let url = source.url.as_deref().unwrap_or_default();
            format!("{}\n{}, read {}\n{url}", value.value, source.title, source.date)
        }
        None => value.value.clone(),
    };
    ui.interact(words, ui.scope_id().with(("fact", &value.label, index)), Sense::hover())
        .on_hover_text(hover.trim_end());
    let Some(source) = &value.source else { return };
    let Some(url) = &source.url else { return };
    let center = Pos2::new(cell.right() - 8.0, first_line.center().y);
    let place = Rect::from_center_size(center, Vec2::splat(ICON));
    let response = ui.interact(place, ui.scope_id().with(("source", &value.label, index)), Sense::click());
    response.widget_info(|| {
        WidgetInfo::labeled(
            Role::Link,
            true,
            format!("Source of {}, {name}, read {}", value.label, source.date),
        )
    });
    let color = if response.hovered() || response.has_focus() { theme.accent } else { theme.text3 };
    Icon::OpenOutside.paint(ui, place, 12.0, color);
    focus_ring(ui, &response, place, 4);
    if response.on_hover_cursor(CursorIcon::PointingHand).on_hover_text(url).clicked() {
        ui.ctx().open_url(OpenUrl::new_tab(url));
    }
}

/// Whether the source can be opened.
fn has_link(value: &ComparisonRow) -> bool {
    value.source.as_ref().is_some_and(|source| source.url.is_some())
}
