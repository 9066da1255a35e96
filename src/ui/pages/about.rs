use egui::{ScrollArea, Ui};

use crate::engine::{Library, crash_folder, libraries};
use crate::ui::fonts::Type;
use crate::ui::page_cx::PageCx;
use crate::ui::shell::{page_head, scroll_page};
use crate::ui::theme::{PANEL_GAP, Theme};
use crate::ui::widgets::copy_field::copy_button;
use crate::ui::widgets::field::Field;
use crate::ui::widgets::{key_value, panel, text};

const ROW: f32 = 20.0;
const LIST_HEIGHT: f32 = 360.0;

/// Version, licence, and every library that the program is built with.
#[derive(Default)]
pub struct AboutPage {
    search: String,
}

fn system() -> String {
    format!("{} {}", std::env::consts::OS, std::env::consts::ARCH)
}

impl AboutPage {
    /// Draws the page.
    pub fn ui(&mut self, ui: &mut Ui, cx: &mut PageCx<'_>) {
        let theme = Theme::of(ui);
        scroll_page(ui, "about", cx.is_narrow, |ui| {
            page_head(ui, "About Mailferry", "What this program is, and what it is made of.", |_| {});
            panel::panel(ui, |ui| {
                panel::section(ui, "This program");
                ui.add_space(4.0);
                let version = env!("CARGO_PKG_VERSION");
                let reports = crash_folder().display().to_string();
                let rows = [
                    ("Version", version.to_owned()),
                    ("System", system()),
                    ("Licence", "MIT or Apache 2.0, at your choice".to_owned()),
                    ("Typeface", "Inter, under the SIL Open Font License 1.1".to_owned()),
                    ("Crash reports", reports),
                ];
                key_value::key_values(ui, &rows);
                ui.add_space(4.0);
                let words = "After a crash, a text file is written there. It says in its first lines what it contains: \
                             no mail, no addresses, no passwords. Mailferry sends it nowhere.";
                text::paragraph(ui, words, Type::Small, theme.text2);
                ui.add_space(4.0);
                copy_button(ui, "version", &format!("Mailferry {version}, {}", system()));
            });
            ui.add_space(PANEL_GAP);
            panel::panel(ui, |ui| self.libraries(ui));
        });
    }

    fn libraries(&mut self, ui: &mut Ui) {
        let theme = Theme::of(ui);
        panel::section(ui, "Libraries");
        let words = "Built into Mailferry on at least one system, each under its own licence.";
        text::paragraph(ui, words, Type::Small, theme.text2);
        ui.add_space(6.0);
        Field::new("Find a library")
            .small()
            .hint("Find a library or a licence")
            .width(260.0)
            .show(ui, &mut self.search);
        ui.add_space(6.0);
        let search = self.search.trim().to_lowercase();
        let found: Vec<&Library<'_>> = libraries()
            .iter()
            .filter(|one| one.name.contains(&search) || one.licence.to_lowercase().contains(&search))
            .collect();
        if found.is_empty() {
            text::paragraph(ui, "No library has this name or licence.", Type::Body, theme.text2);
            return;
        }
        ScrollArea::vertical()
            .id_salt("libraries")
            .max_height(LIST_HEIGHT)
            .auto_shrink([false, true])
            .show_rows(ui, ROW, found.len(), |ui, shown| {
                let rows: Vec<(String, String)> = found
                    .iter()
                    .skip(shown.start)
                    .take(shown.len())
                    .map(|one| (format!("{} {}", one.name, one.version), one.licence.to_owned()))
                    .collect();
                let rows: Vec<(&str, String)> =
                    rows.iter().map(|(name, licence)| (name.as_str(), licence.clone())).collect();
                key_value::small_key_values(ui, &rows);
            });
    }
}
