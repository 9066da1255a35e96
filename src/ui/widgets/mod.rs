//! The small set of widgets that pages are composed of; one file each.

pub mod address_grid;
pub mod badge;
pub mod bar;
pub mod button;
pub mod certificate_card;
pub mod choice;
pub mod confirm;
pub mod copy_field;
pub mod diff;
pub mod drop_zone;
pub mod empty_state;
pub mod error_card;
pub mod evidence;
pub mod field;
pub mod key_value;
pub mod note;
pub mod panel;
pub mod path_field;
pub mod plot;
pub mod row_list;
#[cfg(feature = "testing")]
pub mod sheet;
pub mod spf_tree;
pub mod tabs;
pub mod text;
pub mod text_area;
pub mod toast;

use egui::{CornerRadius, Rect, Response, Stroke, StrokeKind, Ui};

use super::theme::Theme;

/// A ring 2 points wide, 2 points outside the control that has the keyboard.
pub fn focus_ring(ui: &Ui, response: &Response, rect: Rect, radius: u8) {
    if response.has_focus() {
        ring(ui, rect.expand(2.0), radius + 2, StrokeKind::Outside);
    }
}

/// The same inside, for rows that reach the border of their panel.
pub fn focus_ring_inside(ui: &Ui, response: &Response, rect: Rect) {
    if response.has_focus() {
        ring(ui, rect.shrink(1.0), 4, StrokeKind::Inside);
    }
}

/// Draws a focus ring whatever has the keyboard.
pub fn ring(ui: &Ui, rect: Rect, radius: u8, kind: StrokeKind) {
    let accent = Theme::of(ui).accent;
    ui.painter().rect_stroke(rect, CornerRadius::same(radius), Stroke::new(2.0, accent), kind);
}
