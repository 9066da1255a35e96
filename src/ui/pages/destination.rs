//! The Destination page: providers compared side by side, and the choice of one.

use egui::{Align, CursorIcon, Layout, Pos2, Rect, Role, Sense, Stroke, Ui, Vec2, WidgetInfo};

use super::destination_change::change_question;
use super::destination_columns::Columns;
use super::destination_facts::{Cell, fact, fact_words, to_ask, words_room};
use super::destination_own::OwnFile;
use crate::engine::{Command, ProjectView, Readiness, Step};
use crate::providers::{Comparison, ComparisonRow, ProviderId, Standing};
use crate::ui::fonts::Type;
use crate::ui::format;
use crate::ui::icons::{Icon, SMALL_ICON};
use crate::ui::page_cx::{Action, PageCx};
use crate::ui::shell::{Act, Footer, FooterButton, page_head, scroll_page};
use crate::ui::theme::{PANEL_GAP, Theme, Tone};
use crate::ui::widgets::badge::fact_chip;
use crate::ui::widgets::button::Button;
use crate::ui::widgets::choice::paint_radio;
use crate::ui::widgets::field::{Field, field_error, field_label};
use crate::ui::widgets::{empty_state, focus_ring_inside, panel, text};
use crate::values::{Bytes, Endpoint};

pub(super) const LABEL_WIDTH: f32 = 212.0;
/// Room for the mark that takes a column away.
const CLOSE_WIDTH: f32 = 26.0;

/// Step Destination: providers side by side, measured against the user's own mail.
#[derive(Default)]
pub struct DestinationPage {
    columns: Columns,
    server: String,
    server_error: Option<String>,
    own_file: OwnFile,
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
            let chosen = project.destination.chosen.as_ref().map(|(id, _)| id);
            self.columns.keep_to(comparisons, chosen, cx.is_narrow);
            self.chips(ui, project, comparisons);
            ui.add_space(12.0);
            // A practice project keeps its own server.
            let asks_server = project.destination.chosen.is_some() && !project.is_practice;
            let is_server_missing = project.destination.server.is_none();
            // What is missing comes first, in sight.
            if asks_server && is_server_missing {
                self.server(ui, project, cx);
                ui.add_space(PANEL_GAP);
            }
            let columns = self.columns.of(comparisons);
            let taken = panel::flush_panel(ui, |ui| table(ui, project, &columns, cx));
            if let Some(id) = taken {
                self.columns.remove(&id);
            }
            if asks_server && !is_server_missing {
                ui.add_space(PANEL_GAP);
                self.server(ui, project, cx);
            }
            ui.add_space(PANEL_GAP);
            self.own_file.ui(ui, cx);
        });
    }

    /// Draws what is known about the user's own mail, how many providers have a column, and the list of the others.
    fn chips(&mut self, ui: &mut Ui, project: &ProjectView, comparisons: &[Comparison]) {
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing = Vec2::new(6.0, 6.0);
            let count = project.mailboxes.iter().filter(|row| row.mailbox.is_chosen).count();
            if count > 0 {
                fact_chip(ui, Icon::User, &format::counted(count, "mailbox", "mailboxes"));
            }
            let counted: Vec<Bytes> =
                project.mailboxes.iter().filter_map(|row| row.counted.map(|counted| counted.bytes)).collect();
            if !counted.is_empty() {
                let sum = counted.iter().fold(Bytes::ZERO, |sum, bytes| sum.plus(*bytes));
                fact_chip(ui, Icon::Archive, &sum.to_string());
            }
            ui.with_layout(Layout::right_to_left(Align::Center), |ui| self.columns.picker(ui, comparisons));
        });
    }

    fn server(&mut self, ui: &mut Ui, project: &ProjectView, cx: &mut PageCx<'_>) {
        let Some((provider, name)) = &project.destination.chosen else { return };
        let theme = Theme::of(ui);
        panel::panel(ui, |ui| {
            let is_another = provider.0 == "generic-imap";
            let label =
                if is_another { "Its IMAP server".to_owned() } else { format!("IMAP server of {name}") };
            field_label(ui, &label);
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

/// Draws the comparison; returns the provider whose column is to go.
fn table(
    ui: &mut Ui,
    project: &ProjectView,
    columns: &[&Comparison],
    cx: &mut PageCx<'_>,
) -> Option<ProviderId> {
    let theme = Theme::of(ui);
    let chosen = project.destination.chosen.as_ref().map(|(id, _)| id);
    let chosen = columns.iter().position(|column| Some(&column.provider) == chosen);
    let (head, _) = ui.allocate_exact_size(Vec2::new(ui.available_width(), 62.0), Sense::hover());
    ground(ui, head, columns.len(), chosen);
    let mut taken = None;
    for (index, column) in columns.iter().enumerate() {
        let cell = cell_of(head, index, columns.len());
        let is_chosen = chosen == Some(index);
        if provider_head(ui, cell, column, is_chosen) && !is_chosen {
            choose(project, &column.provider, None, cx);
        }
        if !is_chosen && columns.len() > 1 && close(ui, cell, &column.name) {
            taken = Some(column.provider.clone());
        }
    }
    if let Some(chosen) = chosen {
        let cell = cell_of(head, chosen, columns.len());
        ui.painter().hline(cell.x_range(), cell.top() + 1.0, Stroke::new(2.0, theme.accent));
    }
    let first = columns.first()?;
    let mut group = "";
    for (index, row) in first.rows.iter().enumerate() {
        if row.group != group {
            group = &row.group;
            group_head(ui, group);
        }
        let cells: Vec<Option<Cell<'_>>> = columns
            .iter()
            .map(|column| column.rows.get(index).map(|row| Cell { name: &column.name, row }))
            .collect();
        table_row(ui, &row.label, &cells, chosen);
    }
    let asked: Vec<ComparisonRow> = columns.iter().map(|column| to_ask(column)).collect();
    let cells: Vec<Option<Cell<'_>>> =
        columns.iter().zip(&asked).map(|(column, row)| Some(Cell { name: &column.name, row })).collect();
    table_row(ui, "Ask before you decide", &cells, chosen);
    taken
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
    let can_be_chosen = column.no_copy.is_none();
    let sense = if can_be_chosen { Sense::click() } else { Sense::hover() };
    let response = ui.interact(cell, ui.scope_id().with(("provider", &column.provider.0)), sense);
    let ((tone, icon), word) = (look(column.standing), column.standing.words());
    response.widget_info(|| {
        let why = reasons(column).replace('\n', "; ");
        let words = format!("{}, {word}. {why}", column.name);
        let words = words.trim_end_matches([' ', '.']);
        WidgetInfo::selected(Role::RadioButton, can_be_chosen, is_chosen, words)
    });
    if response.hovered() && !is_chosen && can_be_chosen {
        ui.painter().rect_filled(cell, 0.0, theme.hover);
    }
    if can_be_chosen {
        paint_radio(ui, Pos2::new(cell.left() + 16.0, cell.top() + 18.0), is_chosen);
    }
    let left = if can_be_chosen { 32.0 } else { 8.0 };
    let right = cell.right() - if is_chosen { 4.0 } else { CLOSE_WIDTH };
    let name = Rect::from_min_max(cell.min + Vec2::new(left, 8.0), Pos2::new(right, cell.top() + 28.0));
    let name_color = if can_be_chosen { theme.text } else { theme.text2 };
    text::left(ui, name, &column.name, Type::Section, name_color);
    let chip = Rect::from_min_size(cell.min + Vec2::new(8.0, 31.0), Vec2::new(0.0, 22.0));
    let width = 10.0 + SMALL_ICON + 6.0 + text::width(ui, word, Type::SmallLabel) + 10.0;
    let chip = chip.with_max_x((chip.left() + width).min(cell.right() - 4.0));
    let colors = theme.tone(tone);
    ui.painter().rect_filled(chip, 11.0, colors.bg);
    let mark = Rect::from_min_size(chip.min + Vec2::new(10.0, 0.0), Vec2::new(SMALL_ICON, 22.0));
    icon.paint(ui, mark, SMALL_ICON, colors.fg);
    let words = Rect::from_min_max(chip.min + Vec2::new(16.0 + SMALL_ICON, 0.0), chip.max);
    text::left(ui, words, word, Type::SmallLabel, colors.fg);
    focus_ring_inside(ui, &response, cell);
    let hover = format!("{}\n{}", column.tagline, reasons(column));
    let response = if can_be_chosen { response.on_hover_cursor(CursorIcon::PointingHand) } else { response };
    response.on_hover_text(hover.trim()).clicked()
}

/// The mark that takes a column out of the comparison.
fn close(ui: &Ui, head: Rect, name: &str) -> bool {
    let theme = Theme::of(ui);
    let place = Rect::from_center_size(
        Pos2::new(head.right() - CLOSE_WIDTH / 2.0 - 1.0, head.top() + 18.0),
        Vec2::splat(20.0),
    );
    let response = ui.interact(place, ui.scope_id().with(("close", name)), Sense::click());
    let words = format!("Take {name} out of the comparison");
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &words));
    let color = if response.hovered() || response.has_focus() { theme.text } else { theme.text3 };
    Icon::Close.paint(ui, place, 12.0, color);
    focus_ring_inside(ui, &response, place);
    response.on_hover_cursor(CursorIcon::PointingHand).on_hover_text(&words).clicked()
}

/// What is behind the standing, a line each: `Sign-in for the copy: OAuth only`.
fn reasons(column: &Comparison) -> String {
    if let Some(reason) = &column.no_copy {
        return reason.clone();
    }
    column.deciding().map(|row| format!("{}: {}", row.label, row.value)).collect::<Vec<_>>().join("\n")
}

/// Tone and mark of a standing.
const fn look(standing: Standing) -> (Tone, Icon) {
    match standing {
        Standing::NoDestination => (Tone::Quiet, Icon::NotApplicable),
        Standing::DoesNotFit => (Tone::Fail, Icon::Fail),
        Standing::FitsWithACondition | Standing::FitsWithConditions => (Tone::Info, Icon::Info),
        Standing::FitsAsFarAsKnown | Standing::Fits => (Tone::Pass, Icon::Pass),
        Standing::NotMeasured => (Tone::Unknown, Icon::Unknown),
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

fn table_row(ui: &mut Ui, label: &str, cells: &[Option<Cell<'_>>], chosen: Option<usize>) {
    let theme = Theme::of(ui);
    // Long words take a second or third line; the row grows with its tallest cell.
    let width = ui.available_width();
    let label_galley = text::wrapped(ui, label, Type::Body, theme.text2, LABEL_WIDTH - 20.0);
    let tallest = cells
        .iter()
        .flatten()
        .map(|cell| fact_words(ui, cell.row, words_room(cell.row, width, cells.len())).size().y)
        .fold(label_galley.size().y, f32::max);
    let size = Vec2::new(width, (tallest + 12.0).max(32.0));
    let (row, response) = ui.allocate_exact_size(size, Sense::hover());
    response.widget_info(|| {
        let words: Vec<&str> =
            cells.iter().map(|cell| cell.map_or("–", |cell| cell.row.value.as_str())).collect();
        WidgetInfo::labeled(Role::Row, true, format!("{label}: {}", words.join("; ")))
    });
    if !ui.is_rect_visible(row) {
        return;
    }
    ground(ui, row, cells.len(), chosen);
    text::paint_galley(ui, row.min + Vec2::new(16.0, 6.0), label_galley, theme.text2);
    for (index, cell) in cells.iter().enumerate() {
        let place = cell_of(row, index, cells.len());
        let inner = Rect::from_min_max(place.min + Vec2::new(8.0, 0.0), place.max - Vec2::new(6.0, 0.0));
        if let Some(cell) = cell {
            fact(ui, inner, *cell, index);
        }
    }
    ui.painter().hline(row.x_range(), row.top() - 0.5, theme.hairline());
}

/// What the footer says.
pub fn footer(project: &ProjectView, footer: &mut Footer) {
    let label = match &project.destination.chosen {
        Some((_, name)) => format!("Use {name}"),
        None => "Use this provider".to_owned(),
    };
    let chosen = project
        .destination
        .chosen
        .as_ref()
        .and_then(|(id, _)| project.destination.comparisons.iter().find(|column| column.provider == *id));
    if let Some(column) = chosen {
        caution(column, footer);
    }
    if project.destination.chosen.is_some() && project.destination.server.is_none() {
        let why = "Enter its IMAP server first".to_owned();
        footer.readiness = Readiness::Blocked { why, cure: None };
    }
    footer.tone = Tone::Info;
    footer.primary = Some(FooterButton::new(label, Act::Go(Step::Mailboxes)));
}

/// Says before the next step that the choice does not fit, and why.
fn caution(column: &Comparison, footer: &mut Footer) {
    let why = reasons(column).replace('\n', "; ");
    if column.no_copy.is_some() {
        let why = format!("{}: {why}", column.name);
        footer.readiness = Readiness::Blocked { why, cure: None };
    } else if column.standing == Standing::DoesNotFit && matches!(footer.readiness, Readiness::Ready(_)) {
        footer.readiness = Readiness::Ready(format!("Does not fit. {why}"));
    }
}
