use egui::{CornerRadius, Frame, Margin, Rect, Sense, Ui, Vec2};

use super::button::Button;
use super::text;
use crate::ui::fonts::Type;
use crate::ui::icons::{Icon, SMALL_ICON};
use crate::ui::theme::{RADIUS_CONTROL, Theme, Tone};

/// Several sentences in one tinted block, each with its icon.
pub fn notes(ui: &mut Ui, tone: Tone, icon: Icon, sentences: &[String]) {
    let theme = Theme::of(ui);
    let colors = theme.tone(tone);
    Frame::new()
        .fill(colors.bg)
        .corner_radius(CornerRadius::same(RADIUS_CONTROL))
        .inner_margin(Margin::symmetric(12, 7))
        .show(ui, |ui| {
            ui.set_width(ui.available_width());
            for words in sentences {
                ui.horizontal_top(|ui| {
                    let (rect, _) = ui.allocate_exact_size(Vec2::new(SMALL_ICON, 20.0), Sense::hover());
                    icon.paint(ui, rect, SMALL_ICON, colors.fg);
                    ui.add_space(8.0);
                    ui.vertical(|ui| {
                        ui.add_space(1.0);
                        text::paragraph(ui, words, Type::Small, theme.text);
                        ui.add_space(2.0);
                    });
                });
            }
        });
}

/// A tinted block with an icon, one sentence and perhaps a link; true when the link was clicked.
pub fn note(ui: &mut Ui, tone: Tone, icon: Icon, words: &str, link: Option<&str>) -> bool {
    let theme = Theme::of(ui);
    let colors = theme.tone(tone);
    let mut is_clicked = false;
    Frame::new()
        .fill(colors.bg)
        .corner_radius(CornerRadius::same(RADIUS_CONTROL))
        .inner_margin(Margin::symmetric(12, 7))
        .show(ui, |ui| {
            ui.set_width(ui.available_width());
            ui.horizontal_top(|ui| {
                let (rect, _) = ui.allocate_exact_size(Vec2::new(SMALL_ICON, 20.0), Sense::hover());
                icon.paint(ui, rect, SMALL_ICON, colors.fg);
                ui.add_space(8.0);
                let room = link.map_or(0.0, |link| Button::link(link).small().size(ui).x + 8.0);
                ui.vertical(|ui| {
                    ui.set_max_width(ui.available_width() - room);
                    ui.add_space(1.0);
                    text::paragraph(ui, words, Type::Small, theme.text);
                    ui.add_space(2.0);
                });
                if let Some(link) = link {
                    ui.add_space(8.0);
                    // As high as the adjacent line, although the button is higher.
                    let button = Button::link(link).small();
                    let size = button.size(ui);
                    let (beside, _) = ui.allocate_exact_size(Vec2::new(size.x, 20.0), Sense::hover());
                    let place = Rect::from_center_size(beside.center(), size);
                    is_clicked = button.show_at(ui, place).clicked();
                }
            });
        });
    is_clicked
}
