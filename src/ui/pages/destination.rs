//! The Destination page: providers compared side by side, and the choice of one.

use egui::{CursorIcon, OpenUrl, Pos2, Rect, Role, Sense, Stroke, Ui, Vec2, WidgetInfo};

use super::destination_change::change_question;
use crate::engine::{Command, ProjectView, Readiness, Step};
use crate::providers::{Comparison, ComparisonRow, Fit, ProviderId};
use crate::ui::fonts::Type;
use crate::ui::format;
use crate::ui::icons::{ICON, Icon, SMALL_ICON};
use crate::ui::page_cx::{Action, PageCx};
use crate::ui::shell::{Act, Footer, FooterButton, page_head, scroll_page};
use crate::ui::theme::{PANEL_GAP, Theme, Tone};
use crate::ui::widgets::badge::fact_chip;
use crate::ui::widgets::button::Button;
use crate::ui::widgets::choice::{option_button, paint_radio};
use crate::ui::widgets::field::{Field, field_error, field_label};
use crate::ui::widgets::{empty_state, focus_ring, focus_ring_inside, panel, text};
use crate::values::{Bytes, Endpoint};

/// Most provider columns shown side by side.
const MOST_COLUMNS: usize = 4;
const LABEL_WIDTH: f32 = 212.0;

/// Step Destination: providers side by side, measured against the user's own mail.
#[derive(Default)]
pub struct DestinationPage {
    shown: Vec<ProviderId>,
    server: String,
    server_error: Option<String>,
}

impl DestinationPage {
    /// Draws the page.
    pub fn ui(&mut self, ui: &mut Ui, project: &ProjectView, cx: &mut PageCx<'_>) {
        scroll_page(ui, "destination", cx.is_narrow, |ui| {
            let summary = "Real limits side by side, measured against your own mail. Facts that no source confirms are marked, never guessed.";
            page_head(ui, "Destination", summary, |_| {});
            let comparisons = &project.destination.comparisons;
            if comparisons.is_empty() {
                panel::flush_panel(ui, |ui| {
                    let words = "The provider catalogue appears here once it is loaded.";
                    empty_state::empty_state(ui, Icon::Cloud, "No providers to compare", words, |_| {});
                });
                return;
            }
            self.chips(ui, project, comparisons, cx.is_narrow);
            ui.add_space(12.0);
            let most = if cx.is_narrow { 3 } else { MOST_COLUMNS };
            let columns = self.columns(project, comparisons, most);
            panel::flush_panel(ui, |ui| table(ui, project, &columns, cx));
            // A practice project keeps its own server.
            if project.destination.chosen.is_some() && !project.is_practice {
                ui.add_space(PANEL_GAP);
                self.server(ui, project, cx);
            }
        });
    }

    /// Draws what is known about the user's own mail, and which providers have a column.
    fn chips(&mut self, ui: &mut Ui, project: &ProjectView, comparisons: &[Comparison], is_narrow: bool) {
        ui.horizontal_wrapped(|ui| {
            ui.spacing_mut().item_spacing = Vec2::new(6.0, 6.0);
            let count = project.mailboxes.iter().filter(|row| row.mailbox.is_chosen).count();
            if count > 0 {
                fact_chip(ui, Icon::User, &format::counted(count, "mailbox", "mailboxes"));
            }
            let counted: Vec<Bytes> =
                project.mailboxes.iter().filter_map(|row| row.counted.map(|(_, bytes)| bytes)).collect();
            if !counted.is_empty() {
                let sum = counted.iter().fold(Bytes::ZERO, |sum, bytes| sum.plus(*bytes));
                fact_chip(ui, Icon::Archive, &sum.to_string());
            }
            let most = if is_narrow { 3 } else { MOST_COLUMNS };
            if comparisons.len() > most {
                let shown = self.columns(project, comparisons, most);
                let shown: Vec<ProviderId> = shown.iter().map(|column| column.provider.clone()).collect();
                for comparison in comparisons {
                    let is_on = shown.contains(&comparison.provider);
                    if option_button(ui, is_on, &comparison.name).clicked() {
                        self.shown.retain(|id| *id != comparison.provider);
                        if !is_on {
                            self.shown.insert(0, comparison.provider.clone());
                        }
                    }
                }
            }
        });
    }

    /// The chosen provider first asked for, then the rest of the catalogue, in the catalogue's order.
    fn columns<'a>(&self, project: &ProjectView, all: &'a [Comparison], most: usize) -> Vec<&'a Comparison> {
        let chosen = project.destination.chosen.as_ref().map(|(id, _)| id);
        let mut wanted: Vec<&ProviderId> = chosen.into_iter().chain(&self.shown).collect();
        wanted.extend(all.iter().map(|comparison| &comparison.provider));
        let mut kept: Vec<&ProviderId> = Vec::new();
        for id in wanted {
            if !kept.contains(&id) && kept.len() < most {
                kept.push(id);
            }
        }
        all.iter().filter(|comparison| kept.contains(&&comparison.provider)).collect()
    }

    fn server(&mut self, ui: &mut Ui, project: &ProjectView, cx: &mut PageCx<'_>) {
        let Some((provider, name)) = &project.destination.chosen else { return };
        let theme = Theme::of(ui);
        panel::panel(ui, |ui| {
            field_label(ui, &format!("IMAP server of {name}"));
            match &project.destination.server {
                Some(server) => {
                    text::words(ui, format!("Mail is copied to {server}"), Type::Small, theme.text2)
                }
                None => text::words(
                    ui,
                    "The catalogue does not have it; enter its name.",
                    Type::Small,
                    theme.text2,
                ),
            };
            ui.add_space(7.0);
            let mut is_entered = false;
            ui.horizontal(|ui| {
                let button = Button::secondary("Use this server");
                let width = (ui.available_width() - button.size(ui).x - 8.0).min(460.0);
                let response = Field::new("Destination server")
                    .hint("imap.example.net")
                    .icon(Icon::Server)
                    .width(width)
                    .error(self.server_error.is_some())
                    .show(ui, &mut self.server);
                if response.changed() {
                    self.server_error = None;
                }
                is_entered |= response.lost_focus() && ui.input(|input| input.key_pressed(egui::Key::Enter));
                ui.add_space(8.0);
                is_entered |= button.show(ui).clicked();
            });
            if is_entered {
                match Endpoint::parse(&self.server) {
                    Ok(server) => {
                        choose(project, provider, Some(server), cx);
                    }
                    Err(error) => self.server_error = Some(error.to_string()),
                }
            }
            if let Some(error) = &self.server_error {
                field_error(ui, error);
            }
        });
    }
}

/// Chooses a destination; asks first where that costs anything.
fn choose(project: &ProjectView, provider: &ProviderId, server: Option<Endpoint>, cx: &mut PageCx<'_>) {
    let question = change_question(project, provider, server.as_ref());
    let command = Command::ChooseDestination { provider: provider.clone(), server };
    match question {
        Some(question) => cx.actions.push(Action::Ask { question, command }),
        None => cx.send(command),
    }
}

fn table(ui: &mut Ui, project: &ProjectView, columns: &[&Comparison], cx: &mut PageCx<'_>) {
    let theme = Theme::of(ui);
    let chosen = project.destination.chosen.as_ref().map(|(id, _)| id);
    let chosen = columns.iter().position(|column| Some(&column.provider) == chosen);
    let (head, _) = ui.allocate_exact_size(Vec2::new(ui.available_width(), 62.0), Sense::hover());
    ground(ui, head, columns.len(), chosen);
    for (index, column) in columns.iter().enumerate() {
        let cell = cell_of(head, index, columns.len());
        if provider_head(ui, cell, column, chosen == Some(index)) && chosen != Some(index) {
            choose(project, &column.provider, None, cx);
        }
    }
    if let Some(chosen) = chosen {
        let cell = cell_of(head, chosen, columns.len());
        ui.painter().hline(cell.x_range(), cell.top() + 1.0, Stroke::new(2.0, theme.accent));
    }
    let Some(first) = columns.first() else { return };
    let mut group = "";
    for (index, row) in first.rows.iter().enumerate() {
        if row.group != group {
            group = &row.group;
            group_head(ui, group);
        }
        let values: Vec<Option<&ComparisonRow>> =
            columns.iter().map(|column| column.rows.get(index)).collect();
        table_row(ui, &row.label, &values, chosen);
    }
}

fn cell_of(row: Rect, index: usize, count: usize) -> Rect {
    #[expect(clippy::cast_precision_loss, reason = "four columns at most")]
    let (index, count) = (index as f32, count.max(1) as f32);
    let width = (row.width() - LABEL_WIDTH) / count;
    let left = row.left() + LABEL_WIDTH + width * index;
    Rect::from_x_y_ranges(left..=left + width, row.y_range())
}

fn ground(ui: &Ui, row: Rect, count: usize, chosen: Option<usize>) {
    if let Some(chosen) = chosen {
        ui.painter().rect_filled(cell_of(row, chosen, count), 0.0, Theme::of(ui).select);
    }
}

fn provider_head(ui: &Ui, cell: Rect, column: &Comparison, is_chosen: bool) -> bool {
    let theme = Theme::of(ui);
    let response = ui.interact(cell, ui.scope_id().with(("provider", &column.provider.0)), Sense::click());
    let (tone, icon, word) = verdict(column);
    response.widget_info(|| {
        let why = reasons(column).replace('\n', "; ");
        let words = format!("{}, {word}. {why}", column.name);
        WidgetInfo::selected(Role::RadioButton, true, is_chosen, words.trim_end_matches([' ', '.']))
    });
    if response.hovered() && !is_chosen {
        ui.painter().rect_filled(cell, 0.0, theme.hover);
    }
    paint_radio(ui, Pos2::new(cell.left() + 16.0, cell.top() + 18.0), is_chosen);
    let name =
        Rect::from_min_max(cell.min + Vec2::new(32.0, 8.0), Pos2::new(cell.right() - 4.0, cell.top() + 28.0));
    text::left(ui, name, &column.name, Type::Section, theme.text);
    let chip = Rect::from_min_size(cell.min + Vec2::new(8.0, 31.0), Vec2::new(0.0, 22.0));
    let width = 10.0 + SMALL_ICON + 6.0 + text::width(ui, word, Type::SmallLabel) + 10.0;
    let chip = chip.with_max_x(chip.left() + width);
    let colors = theme.tone(tone);
    ui.painter().rect_filled(chip, 11.0, colors.bg);
    let mark = Rect::from_min_size(chip.min + Vec2::new(10.0, 0.0), Vec2::new(SMALL_ICON, 22.0));
    icon.paint(ui, mark, SMALL_ICON, colors.fg);
    let words = Rect::from_min_max(chip.min + Vec2::new(16.0 + SMALL_ICON, 0.0), chip.max);
    text::left(ui, words, word, Type::SmallLabel, colors.fg);
    focus_ring_inside(ui, &response, cell);
    let hover = format!("{}\n{}", column.tagline, reasons(column));
    response.on_hover_cursor(CursorIcon::PointingHand).on_hover_text(hover.trim()).clicked()
}

/// The rows behind the verdict, one per line: `Sign-in for the copy: OAuth only`.
fn reasons(column: &Comparison) -> String {
    let deciding = match verdict(column).0 {
        Tone::Fail => Fit::TooSmall,
        Tone::Info => Fit::Tight,
        _ => return String::new(),
    };
    let rows = column.rows.iter().filter(|row| row.fit == deciding);
    rows.map(|row| format!("{}: {}", row.label, row.value)).collect::<Vec<_>>().join("\n")
}

/// The verdict in a few words.
fn verdict(column: &Comparison) -> (Tone, Icon, &'static str) {
    let has = |fit: Fit| column.rows.iter().any(|row| row.fit == fit);
    if has(Fit::TooSmall) {
        (Tone::Fail, Icon::Fail, "Does not fit")
    } else if has(Fit::Tight) {
        (Tone::Info, Icon::Info, "Fits, with conditions")
    } else if has(Fit::Fits) {
        (Tone::Pass, Icon::Pass, "Fits")
    } else {
        (Tone::Unknown, Icon::Unknown, "Not measured")
    }
}

fn group_head(ui: &mut Ui, group: &str) {
    let theme = Theme::of(ui);
    let (row, response) = ui.allocate_exact_size(Vec2::new(ui.available_width(), 28.0), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Heading, true, group));
    ui.painter().rect_filled(row, 0.0, theme.sunken);
    ui.painter().hline(row.x_range(), row.top() - 0.5, theme.hairline());
    text::left(ui, row.shrink2(Vec2::new(16.0, 0.0)), group, Type::SmallLabel, theme.text);
}

fn table_row(ui: &mut Ui, label: &str, values: &[Option<&ComparisonRow>], chosen: Option<usize>) {
    let theme = Theme::of(ui);
    // Long words take a second or third line; the row grows with its tallest cell.
    let width = ui.available_width();
    let label_galley = text::wrapped(ui, label, Type::Body, theme.text2, LABEL_WIDTH - 20.0);
    let tallest = values
        .iter()
        .flatten()
        .map(|value| fact_words(ui, value, words_room(value, width, values.len())).size().y)
        .fold(label_galley.size().y, f32::max);
    let size = Vec2::new(width, (tallest + 12.0).max(32.0));
    let (row, response) = ui.allocate_exact_size(size, Sense::hover());
    response.widget_info(|| {
        let words: Vec<&str> =
            values.iter().map(|value| value.map_or("–", |value| value.value.as_str())).collect();
        WidgetInfo::labeled(Role::Row, true, format!("{label}: {}", words.join("; ")))
    });
    if !ui.is_rect_visible(row) {
        return;
    }
    ground(ui, row, values.len(), chosen);
    text::paint_galley(ui, row.min + Vec2::new(16.0, 6.0), label_galley, theme.text2);
    for (index, value) in values.iter().enumerate() {
        let cell = cell_of(row, index, values.len());
        let inner = Rect::from_min_max(cell.min + Vec2::new(8.0, 0.0), cell.max - Vec2::new(6.0, 0.0));
        if let Some(value) = value {
            fact(ui, inner, value, index);
        }
    }
    ui.painter().hline(row.x_range(), row.top() - 0.5, theme.hairline());
}

/// The mark of a fact that needs attention.
const fn mark(fit: Fit) -> Option<(Tone, Icon)> {
    match fit {
        Fit::NotConfirmed => Some((Tone::Unknown, Icon::Unknown)),
        Fit::Tight => Some((Tone::Warn, Icon::Warn)),
        Fit::TooSmall => Some((Tone::Fail, Icon::Fail)),
        Fit::Fits | Fit::Neutral => None,
    }
}

/// Points that the words of a fact may take: the cell without its mark and the link to its source.
fn words_room(value: &ComparisonRow, table_width: f32, count: usize) -> f32 {
    #[expect(clippy::cast_precision_loss, reason = "four columns at most")]
    let cell = (table_width - LABEL_WIDTH) / count.max(1) as f32 - 14.0;
    let icon = if mark(value.fit).is_some() { ICON + 7.0 } else { 0.0 };
    let source = if value.source.is_some() { 20.0 } else { 0.0 };
    cell - icon - source
}

fn fact_words(ui: &Ui, value: &ComparisonRow, width: f32) -> std::sync::Arc<egui::Galley> {
    let theme = Theme::of(ui);
    let (style, color) =
        mark(value.fit).map_or((Type::Body, theme.text), |(tone, _)| (Type::Label, theme.tone(tone).fg));
    text::wrapped(ui, &value.value, style, color, width)
}

/// Draws one fact; where its source is known, a small mark opens it.
fn fact(ui: &Ui, cell: Rect, value: &ComparisonRow, index: usize) {
    let theme = Theme::of(ui);
    let first_line = Rect::from_min_size(cell.min + Vec2::new(0.0, 6.0), Vec2::new(cell.width(), 20.0));
    let mut start = cell.left();
    if let Some((tone, icon)) = mark(value.fit) {
        icon.paint(ui, first_line.with_max_x(start + ICON), ICON, theme.tone(tone).fg);
        start += ICON + 7.0;
    }
    let source_room = if value.source.is_some() { 20.0 } else { 0.0 };
    let galley = fact_words(ui, value, cell.right() - source_room - start);
    let words = Rect::from_min_size(Pos2::new(start, first_line.top()), galley.size());
    text::paint_galley(ui, words.min, galley, theme.text);
    let hover = match &value.source {
        Some(source) => format!("{}\n{}, read {}", value.value, source.url, source.date),
        None => value.value.clone(),
    };
    ui.interact(words, ui.scope_id().with(("fact", &value.label, index)), Sense::hover())
        .on_hover_text(hover);
    let Some(source) = &value.source else { return };
    let center = Pos2::new(cell.right() - 8.0, first_line.center().y);
    let place = Rect::from_center_size(center, Vec2::splat(ICON));
    let response = ui.interact(place, ui.scope_id().with(("source", &value.label, index)), Sense::click());
    response.widget_info(|| {
        WidgetInfo::labeled(Role::Link, true, format!("Source of {}, read {}", value.label, source.date))
    });
    let color = if response.hovered() || response.has_focus() { theme.accent } else { theme.text3 };
    Icon::OpenOutside.paint(ui, place, 12.0, color);
    focus_ring(ui, &response, place, 4);
    if response.on_hover_cursor(CursorIcon::PointingHand).on_hover_text(&source.url).clicked() {
        ui.ctx().open_url(OpenUrl::new_tab(&source.url));
    }
}

/// What the footer says.
pub fn footer(project: &ProjectView, footer: &mut Footer) {
    let label = match &project.destination.chosen {
        Some((_, name)) => format!("Use {name}"),
        None => "Use this provider".to_owned(),
    };
    if project.destination.chosen.is_some() && project.destination.server.is_none() {
        let why = "Enter its IMAP server first".to_owned();
        footer.readiness = Readiness::Blocked { why, cure: None };
    }
    footer.tone = Tone::Info;
    footer.primary = Some(FooterButton::new(label, Act::Go(Step::Mailboxes)));
}
