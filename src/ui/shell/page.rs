use egui::{Align, Frame, Layout, Margin, Rect, Role, ScrollArea, Sense, Ui, UiBuilder, Vec2, WidgetInfo};

use crate::ui::fonts::Type;
use crate::ui::theme::Theme;
use crate::ui::widgets::text;

/// From this width on, everything fits side by side.
const ROOMY_WIDTH: f32 = 760.0;
/// Narrowest width that pages are laid out for, in points.
const LEAST_WIDTH: f32 = 540.0;

/// The one vertical scroll of a page, with the handle inside its padding.
pub fn scroll_page(ui: &mut Ui, salt: &'static str, is_narrow: bool, contents: impl FnOnce(&mut Ui)) {
    let side: i8 = if is_narrow { 20 } else { 24 };
    let room = ui.available_width() - 2.0 * f32::from(side);
    // At a large zoom the page scrolls sideways as well, so that nothing is out of reach.
    let area = if room < ROOMY_WIDTH { ScrollArea::both() } else { ScrollArea::vertical() };
    area.id_salt(salt).auto_shrink(false).show(ui, |ui| {
        Frame::new().inner_margin(Margin { left: side, right: side, top: 18, bottom: 24 }).show(ui, |ui| {
            ui.set_width(room.max(LEAST_WIDTH));
            contents(ui);
        });
    });
}

/// Heading and summary of a page, with small buttons at the right.
pub fn page_head(ui: &mut Ui, title: &str, summary: &str, buttons: impl FnOnce(&mut Ui)) {
    captioned_head(ui, title, summary, "", buttons);
}

/// The same with a caption at the right of the summary, such as a time.
pub fn captioned_head(ui: &mut Ui, title: &str, summary: &str, caption: &str, buttons: impl FnOnce(&mut Ui)) {
    let theme = Theme::of(ui);
    let (row, response) = ui.allocate_exact_size(Vec2::new(ui.available_width(), 28.0), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Heading, true, title));
    let place = Rect::from_center_size(row.center(), Vec2::new(row.width(), 26.0));
    let builder =
        UiBuilder::new().id_salt("page buttons").max_rect(place).layout(Layout::right_to_left(Align::Center));
    let mut child = ui.new_child(builder);
    child.spacing_mut().item_spacing.x = 8.0;
    buttons(&mut child);
    let end = child.min_rect().left().min(row.right());
    let words = Rect::from_min_max(row.min, egui::Pos2::new(end - 12.0, row.bottom()));
    text::left(ui, words, title, Type::Title, theme.text);
    if !summary.is_empty() {
        ui.add_space(2.0);
        let room = if caption.is_empty() { 0.0 } else { text::width(ui, caption, Type::Small) + 24.0 };
        let line = Rect::from_min_size(ui.cursor().min, Vec2::new(ui.available_width(), 21.0));
        text::right(ui, line, caption, Type::Small, theme.text2);
        ui.scope(|ui| {
            ui.set_max_width(ui.available_width() - room);
            text::paragraph(ui, summary, Type::Lead, theme.text2);
        });
    }
    ui.add_space(12.0);
}
