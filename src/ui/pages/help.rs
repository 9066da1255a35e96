//! Help: the chapter of the guide for the step one comes from, the pages, the keys and the words.

use egui::{Ui, Vec2};
use egui_commonmark::{CommonMarkCache, CommonMarkViewer};

use crate::engine::Step;
use crate::ui::fonts::Type;
use crate::ui::guide::{self, CHAPTERS, Chapter, file_of};
use crate::ui::page_cx::{Action, PageCx, Place};
use crate::ui::shell::{page_head, scroll_page};
use crate::ui::theme::{PANEL_GAP, Theme};
use crate::ui::widgets::button::Button;
use crate::ui::widgets::choice::radio;
use crate::ui::widgets::copy_field::copy_field;
use crate::ui::widgets::panel::Part;
use crate::ui::widgets::{key_value, panel, text};

/// The page Help.
pub struct HelpPage {
    chapter: &'static str,
    cache: CommonMarkCache,
}

impl Default for HelpPage {
    fn default() -> Self {
        let mut cache = CommonMarkCache::default();
        for chapter in CHAPTERS {
            // A link to another page opens it here.
            cache.add_link_hook(chapter.file);
        }
        Self { chapter: file_of(Step::Domain), cache }
    }
}

impl HelpPage {
    /// The step that help is about when it is opened next.
    pub fn about(&mut self, step: Step) {
        self.chapter = file_of(step);
    }

    /// Draws the page.
    pub fn ui(&mut self, ui: &mut Ui, cx: &mut PageCx<'_>) {
        // Each chapter begins at its top.

        scroll_page(ui, self.chapter, cx.is_narrow, |ui| {
            page_head(ui, "Help", "The guide, and how to work without a mouse.", |_| {});
            panel::columns(ui, 320.0, cx.is_narrow, |ui, part| match part {
                Part::Main => self.chapter(ui),
                Part::Aside => {
                    self.contents(ui, cx);
                    ui.add_space(PANEL_GAP);
                    keys(ui);
                    ui.add_space(PANEL_GAP);
                    words(ui);
                }
            });
        });
    }

    fn chapter(&mut self, ui: &mut Ui) {
        let Some(chapter) = Chapter::in_file(self.chapter) else { return };
        panel::panel(ui, |ui| {
            text::paragraph(ui, chapter.title(), Type::Title, Theme::of(ui).text);
            ui.scope(|ui| {
                let styles = &mut ui.style_mut().text_styles;
                styles.insert(egui::TextStyle::Body, Type::Lead.font());
                styles.insert(egui::TextStyle::Heading, Type::Header.font());
                ui.spacing_mut().item_spacing = Vec2::new(4.0, 8.0);
                // The handle of a wide table goes below it, not through its last row.
                ui.spacing_mut().scroll.floating = false;
                for (number, part) in chapter.parts().iter().enumerate() {
                    let cache = &mut self.cache;
                    ui.push_id((chapter.file, number), |ui| match part {
                        guide::Part::Text(words) => {
                            CommonMarkViewer::new().show(ui, cache, words);
                        }
                        guide::Part::Lines(lines) => copy_field(ui, "lines", lines),
                    });
                }
            });
        });
        let clicked = |chapter: &&Chapter| self.cache.get_link_hook(chapter.file) == Some(true);
        if let Some(chapter) = CHAPTERS.iter().find(clicked) {
            self.chapter = chapter.file;
        }
    }

    fn contents(&mut self, ui: &mut Ui, cx: &mut PageCx<'_>) {
        panel::panel(ui, |ui| {
            panel::section(ui, "The guide");
            ui.add_space(4.0);
            for chapter in CHAPTERS {
                if radio(ui, self.chapter == chapter.file, chapter.title()).clicked() {
                    self.chapter = chapter.file;
                }
            }
            ui.add_space(8.0);
            if Button::link("About Mailferry and its libraries").show(ui).clicked() {
                cx.actions.push(Action::Go(Place::About));
            }
        });
    }
}

fn keys(ui: &mut Ui) {
    panel::panel(ui, |ui| {
        panel::section(ui, "Keys");
        ui.add_space(4.0);
        let rows = [
            ("Ctrl+1 to Ctrl+9, Ctrl+D", "open a page of the project; Ctrl+D is Done"),
            ("Tab, Shift+Tab", "move to the next or previous control"),
            ("Arrow keys", "move inside a table; Enter opens a row, Space ticks it"),
            ("Ctrl+F", "find on this page"),
            ("Ctrl+S", "save what this page can save"),
            ("Ctrl+O", "open a project file"),
            ("Ctrl and plus, minus, 0", "zoom"),
            ("F1", "the guide, at the page that fits"),
            ("Esc", "the safe answer to a question"),
            ("Ctrl+Q", "quits; a running copy continues next time"),
        ];
        let rows: Vec<_> = rows.into_iter().map(|(key, words)| (key, words.to_owned())).collect();
        key_value::key_values(ui, &rows);
    });
}

fn words(ui: &mut Ui) {
    panel::panel(ui, |ui| {
        panel::section(ui, "Words");
        ui.add_space(4.0);
        let rows = [
            ("App password", "a password for one program, made in the settings of the provider"),
            ("The switch", "the moment from which new mail goes to the new provider"),
            ("MX", "the records that say where incoming mail is delivered"),
            ("SPF", "the record that lists who may send mail as you"),
            ("DKIM", "the signature under your mail, and the record with its key"),
            ("DMARC", "the record that tells receivers what to do when neither SPF nor DKIM matches"),
            ("TTL", "time to live: how long resolvers may cache a record"),
            ("A-label", "the form DNS uses for a name with letters beyond a to z"),
        ];
        let rows: Vec<_> = rows.into_iter().map(|(key, words)| (key, words.to_owned())).collect();
        key_value::key_values(ui, &rows);
    });
}
