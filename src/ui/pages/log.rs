use std::path::PathBuf;

use egui::{Rect, Sense, Ui, Vec2};

use crate::engine::{Command, LogLine};
use crate::ui::fonts::Type;
use crate::ui::format;
use crate::ui::icons::Icon;
use crate::ui::page_cx::PageCx;
use crate::ui::platform::Purpose;
use crate::ui::shell::{page_head, scroll_page};
use crate::ui::shortcuts::{self, Wish};
use crate::ui::theme::{PANEL_GAP, Theme, Tone};
use crate::ui::widgets::button::Button;
use crate::ui::widgets::copy_field::copy_button;
use crate::ui::widgets::field::Field;
use crate::ui::widgets::path_field::PathField;
use crate::ui::widgets::row_list::{Cursor, RowList};
use crate::ui::widgets::{empty_state, panel, text};

const ROW: f32 = 24.0;

/// The newest lines of the log, with secrets redacted.
pub struct LogPage {
    search: String,
    cursor: Cursor,
    is_saving: bool,
    path: PathField,
}

impl Default for LogPage {
    fn default() -> Self {
        let path = PathField::new(Purpose::SaveLog);
        Self { search: String::new(), cursor: Cursor::default(), is_saving: false, path }
    }
}

fn as_text(line: &LogLine) -> String {
    format!("{} {} {}", format::time_with_seconds(line.at), line.level, line.text)
}

impl LogPage {
    /// Draws the page.
    pub fn ui(&mut self, ui: &mut Ui, cx: &mut PageCx<'_>) {
        let search = self.search.trim().to_lowercase();
        let lines: Vec<&LogLine> = cx
            .snapshot
            .log
            .iter()
            .rev()
            .filter(|line| search.is_empty() || line.text.to_lowercase().contains(&search))
            .collect();
        scroll_page(ui, "log", cx.is_narrow, |ui| {
            page_head(
                ui,
                "Log",
                "What Mailferry did, newest first. It never contains passwords or message text.",
                |ui| {
                    if !lines.is_empty() {
                        let all = lines.iter().rev().map(|line| as_text(line)).collect::<Vec<_>>().join("\n");
                        copy_button(ui, "log", &all);
                        let button = Button::secondary("Save log…").small().icon(Icon::Save);
                        if button.show(ui).clicked() || shortcuts::take(ui.ctx(), Wish::Save) {
                            self.is_saving = !self.is_saving;
                        }
                    }
                    Field::new("Find in the log")
                        .small()
                        .hint("Find in the log")
                        .icon(Icon::Search)
                        .width(190.0)
                        .show(ui, &mut self.search);
                },
            );
            if self.is_saving {
                self.save(ui, cx);
            }
            panel::flush_panel(ui, |ui| {
                if lines.is_empty() {
                    let words = "Entries appear here as soon as Mailferry does something.";
                    empty_state::empty_state(ui, Icon::Log, "No entries", words, |_| {});
                    return;
                }
                let top = Rect::from_min_size(ui.cursor().min, Vec2::new(ui.available_width(), 1.0));
                let mut list = RowList::begin(ui, "Log", top, lines.len(), ROW, &mut self.cursor);
                let sentence = |index: usize| lines.get(index).map_or_else(String::new, |line| as_text(line));
                list.rows(ui, 0..lines.len(), sentence, |ui, index, rect, _look| {
                    if let Some(line) = lines.get(index) {
                        draw(ui, rect, line);
                    }
                });
                list.end();
            });
            ui.allocate_exact_size(Vec2::new(1.0, 1.0), Sense::hover());
        });
    }
}

impl LogPage {
    fn save(&mut self, ui: &mut Ui, cx: &mut PageCx<'_>) {
        let project = cx.snapshot.project.as_ref().map(|project| project.path.clone());
        self.path.repropose(|| match &project {
            Some(path) => path.with_extension("log.txt"),
            None => PathBuf::from("mailferry-log.txt"),
        });
        panel::panel(ui, |ui| {
            panel::section(ui, "Save the log");
            ui.add_space(8.0);
            let mut is_clicked = false;
            self.path.show_with(ui, "Log file", cx, |ui| {
                is_clicked = Button::secondary("Save log").icon(Icon::Save).show(ui).clicked();
            });
            let path = self.path.path();
            if let Some(path) = path.filter(|_| is_clicked || self.path.was_picked()) {
                cx.send(Command::SaveLog(path));
                self.is_saving = false;
            }
        });
        ui.add_space(PANEL_GAP);
    }
}

fn draw(ui: &Ui, rect: Rect, line: &LogLine) {
    let theme = Theme::of(ui);
    let inner = rect.shrink2(Vec2::new(15.0, 0.0));
    let (tone, word) = match line.level.as_str() {
        "error" => (Tone::Fail, "error"),
        "warn" => (Tone::Warn, "warning"),
        _ => (Tone::Quiet, "info"),
    };
    let time = inner.with_max_x(inner.left() + 70.0);
    text::left(ui, time, format::time_with_seconds(line.at), Type::Mono, theme.text3);
    let level = Rect::from_x_y_ranges(inner.left() + 76.0..=inner.left() + 136.0, inner.y_range());
    text::left(ui, level, word, Type::Small, theme.tone(tone).fg);
    text::left(ui, inner.with_min_x(inner.left() + 142.0), &line.text, Type::Small, theme.text);
    ui.painter().hline(rect.x_range(), rect.top() - 0.5, theme.hairline());
}
