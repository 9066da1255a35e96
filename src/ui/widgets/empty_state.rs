use egui::text::LayoutJob;
use egui::{Align, Align2, Layout, Rect, Sense, Ui, Vec2};

use super::text;
use crate::ui::fonts::Type;
use crate::ui::icons::Icon;
use crate::ui::theme::Theme;

/// What a list shows while it is empty: what will appear here, and what makes it appear.
pub fn empty_state(ui: &mut Ui, icon: Icon, title: &str, words: &str, actions: impl FnOnce(&mut Ui)) {
    let theme = Theme::of(ui);
    ui.add_space(24.0);
    let (rect, _) = ui.allocate_exact_size(Vec2::new(ui.available_width(), 32.0), Sense::hover());
    icon.paint(ui, rect, 28.0, theme.text3);
    ui.add_space(6.0);
    let (rect, response) = ui.allocate_exact_size(Vec2::new(ui.available_width(), 22.0), Sense::hover());
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Heading, true, title));
    text::paint(ui, rect, Align2::CENTER_CENTER, title, Type::Section, theme.text);
    let width = 560.0_f32.min(ui.available_width() - 32.0);
    let mut job = LayoutJob::single_section(words.to_owned(), Type::Body.format(theme.text2));
    job.wrap.max_width = width;
    job.halign = Align::Center;
    let galley = ui.painter().layout_job(job);
    let (rect, response) =
        ui.allocate_exact_size(Vec2::new(ui.available_width(), galley.size().y), Sense::hover());
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Label, true, words));
    text::paint_galley(ui, rect.center_top(), galley, theme.text2);
    ui.add_space(12.0);
    // Drawn once unseen would cost a frame; the width of the last pass centres the buttons.
    let id = ui.scope_id().with(("empty state actions", title.len()));
    let width = ui.data(|data| data.get_temp::<f32>(id)).unwrap_or(260.0);
    let start = ((ui.available_width() - width) / 2.0).max(0.0);
    let row = Rect::from_min_size(ui.cursor().min, Vec2::new(ui.available_width(), 32.0));
    let place = Rect::from_min_max(row.min + Vec2::new(start, 0.0), row.max);
    let builder = egui::UiBuilder::new().max_rect(place).layout(Layout::left_to_right(Align::Center));
    let mut child = ui.new_child(builder);
    child.spacing_mut().item_spacing.x = 8.0;
    actions(&mut child);
    let used = child.min_rect().width();
    if used > 0.0 {
        ui.advance_cursor_after_rect(row);
    }
    if (used - width).abs() > 0.5 {
        ui.data_mut(|data| data.insert_temp(id, used));
        ui.ctx().request_discard("the buttons of an empty state are centred");
    }
    ui.add_space(24.0);
}
