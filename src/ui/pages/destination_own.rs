//! A provider that the catalogue lacks, from a file of the owner.

use egui::Ui;

use crate::engine::Command;
use crate::ui::fonts::Type;
use crate::ui::icons::Icon;
use crate::ui::page_cx::PageCx;
use crate::ui::platform::Purpose;
use crate::ui::theme::Theme;
use crate::ui::widgets::button::Button;
use crate::ui::widgets::path_field::PathField;
use crate::ui::widgets::{panel, text};

/// The link, and the panel behind it.
pub(super) struct OwnFile {
    is_open: bool,
    path: PathField,
}

impl Default for OwnFile {
    fn default() -> Self {
        Self { is_open: false, path: PathField::new(Purpose::ReadProvider) }
    }
}

impl OwnFile {
    /// Draws the link, or the field for the file.
    pub fn ui(&mut self, ui: &mut Ui, cx: &mut PageCx<'_>) {
        if !self.is_open {
            self.is_open = Button::link("Add a provider file…").icon(Icon::Plus).show(ui).clicked();
            return;
        }
        let theme = Theme::of(ui);
        panel::panel(ui, |ui| {
            panel::section(ui, "A provider that is missing here");
            let words = "A TOML file in the form of Mailferry’s own ones, in which every fact names its source. It is \
                         checked as strictly as they are, and kept in the project.";
            text::paragraph(ui, words, Type::Small, theme.text2);
            ui.add_space(8.0);
            let path = self.path.path();
            let mut is_added = false;
            self.path.show_with(ui, "Provider file", cx, |ui| {
                is_added = Button::secondary("Add this provider").enabled(path.is_some()).show(ui).clicked();
            });
            if let Some(path) = path.filter(|_| is_added) {
                cx.send(Command::AddProviderFile(path));
            }
        });
    }
}
