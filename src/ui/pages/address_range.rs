//! The tab “Address range” of the audit: a grid of the neighbouring addresses and what is known about each.

use egui::{Rect, Ui, Vec2};

use crate::audit::evidence::{Receiver, Trust};
use crate::audit::{AddressRange, AuditReport, CellState, ListRow, RangeCell};
use crate::engine::{AuditView, Command, NeighbourScope, ProjectView};
use crate::ui::fonts::Type;
use crate::ui::format;
use crate::ui::icons::{ICON, Icon};
use crate::ui::page_cx::PageCx;
use crate::ui::theme::{PANEL_GAP, Theme, Tone};
use crate::ui::widgets::address_grid::{Look, address_grid, legend_entry};
use crate::ui::widgets::badge::{Badge, badge_at, of_status};
use crate::ui::widgets::button::Button;
use crate::ui::widgets::key_value::key_values;
use crate::ui::widgets::panel::{self, Part};
use crate::ui::widgets::row_list::{Column, Cursor, RowList, cells, table_head};
use crate::ui::widgets::{choice, empty_state, note, text};

const LIST_COLUMNS: [Column; 4] = [
    Column::words("List", 178.0),
    Column::words("Judges", 66.0),
    Column::words("Impact", 60.0),
    Column::words("Answer", 0.0),
];
const PLACE_COLUMNS: [Column; 3] =
    [Column::words("Neighbour", 150.0), Column::words("Name", 0.0), Column::words("Lists", 190.0)];
const ROW: f32 = 32.0;
/// Width of the column beside the grid.
const ASIDE: f32 = 512.0;

/// Tab “Address range” of the audit: the street that the server lives in.
#[derive(Default)]
pub struct AddressRangeTab {
    shown: usize,
    place: u8,
    lists: Cursor,
    places: Cursor,
    shows_dead: bool,
}

impl AddressRangeTab {
    /// Draws the tab.
    pub fn ui(&mut self, ui: &mut Ui, project: &ProjectView, report: &AuditReport, cx: &mut PageCx<'_>) {
        let ranges = report.ranges.as_slice();
        self.choose(ui, ranges);
        let Some(range) = ranges.get(self.shown).or(ranges.first()) else {
            panel::flush_panel(ui, |ui| {
                let words =
                    "No sending address is known. Name one on the page Domain, and run the audit again.";
                empty_state::empty_state(ui, Icon::Search, "No address range", words, |_| {});
            });
            return;
        };
        panel::columns(ui, ASIDE, cx.is_narrow, |ui, part| match part {
            Part::Main => self.street(ui, project, range, cx),
            Part::Aside => self.aside(ui, range, &report.receivers),
        });
    }

    fn choose(&mut self, ui: &mut Ui, ranges: &[AddressRange]) {
        if ranges.len() < 2 {
            return;
        }
        ui.horizontal_wrapped(|ui| {
            for (index, range) in ranges.iter().enumerate() {
                if choice::option_button(ui, self.shown == index, &range.range).clicked() {
                    self.shown = index;
                }
                ui.add_space(6.0);
            }
        });
        ui.add_space(8.0);
    }

    fn street(&mut self, ui: &mut Ui, project: &ProjectView, range: &AddressRange, cx: &mut PageCx<'_>) {
        let theme = Theme::of(ui);
        panel::section(ui, &format!("{}, the street your server lives in", range.range));
        ui.add_space(2.0);
        text::paragraph(ui, range.words(), Type::Lead, theme.text2);
        ui.add_space(8.0);
        panel::panel(ui, |ui| {
            address_grid(ui, range, &mut self.place);
            ui.add_space(4.0);
        });
        ui.add_space(6.0);
        ui.horizontal_wrapped(|ui| {
            legend_entry(ui, Look::Own, None);
            for state in [CellState::HighImpact, CellState::LowerImpact, CellState::Unknown, CellState::Clean]
            {
                legend_entry(ui, Look::Asked(state), Some(range.count(state)));
            }
            legend_entry(ui, Look::NotAsked, Some(range.not_asked()));
        });
        let is_idle = !matches!(project.audit, AuditView::Running { .. });
        let left = range.not_asked();
        if is_idle && left > 0 {
            let (label, scope) = if left == 255 {
                ("Ask about 120 neighbours".to_owned(), NeighbourScope::Sample)
            } else {
                (format!("Ask about the other {left}"), NeighbourScope::Whole)
            };
            ui.add_space(6.0);
            text::paragraph(
                ui,
                "Asked slowly, at a few lists, and only when you wish it; once a day is enough.",
                Type::Small,
                theme.text3,
            );
            if Button::secondary(&label).small().icon(Icon::Search).show(ui).clicked() {
                cx.send(Command::AskNeighbours(scope));
            }
        }
        self.listed(ui, range);
    }

    /// The listed neighbours as rows, for those who would rather read than look.
    fn listed(&mut self, ui: &mut Ui, range: &AddressRange) {
        let listed: Vec<&RangeCell> = range.neighbours().filter(|cell| !cell.lists.is_empty()).collect();
        if listed.is_empty() {
            return;
        }
        ui.add_space(PANEL_GAP);
        panel::flush_panel(ui, |ui| {
            let (head, _) = table_head(ui, &PLACE_COLUMNS, &[], None);
            let mut list = RowList::begin(ui, "Listed neighbours", head, listed.len(), ROW, &mut self.places);
            let sentence = |index: usize| {
                listed.get(index).map_or_else(String::new, |cell| {
                    let name = cell.name.as_deref().unwrap_or("no name");
                    format!("{}, {name}, on {}", cell.place, cell.lists.join(", "))
                })
            };
            list.rows(ui, 0..listed.len(), sentence, |ui, index, row, _| {
                if let Some(cell) = listed.get(index) {
                    place_row(ui, row, cell);
                }
            });
            list.end();
        });
    }

    fn aside(&mut self, ui: &mut Ui, range: &AddressRange, receivers: &[Receiver]) {
        panel::panel(ui, |ui| key_values(ui, &whose(range)));
        ui.add_space(PANEL_GAP);
        // The one with the most recipients; the others are under Receivers.
        let blaming = receivers.iter().filter(|receiver| receiver.trust == Trust::DistrustsRange);
        if let Some(receiver) = blaming.max_by_key(|receiver| receiver.recipients) {
            own_words(ui, receiver);
        }
        panel::flush_panel(ui, |ui| {
            let (head, _) = table_head(
                ui,
                &LIST_COLUMNS,
                &["List", "Judges", "Impact", &format!("Answer for {}", range.own)],
                None,
            );
            let mut list = RowList::begin(ui, "Lists", head, range.rows.len(), ROW, &mut self.lists);
            let sentence = |index: usize| {
                range.rows.get(index).map_or_else(String::new, |row| {
                    format!("{}, judges the {}, impact {}: {}", row.zone, row.judges, row.impact, row.words)
                })
            };
            list.rows(ui, 0..range.rows.len(), sentence, |ui, index, place, _| {
                if let Some(row) = range.rows.get(index) {
                    list_row(ui, place, row);
                }
            });
            list.end();
        });
        ui.add_space(6.0);
        self.dead(ui, range);
        let silent = range.rows.iter().filter(|row| row.status == crate::audit::Status::Unknown).count();
        if silent > 0 {
            ui.add_space(6.0);
            let words = format!(
                "{} no answer. This is not a clean result.",
                format::counted(silent, "list gives", "lists give")
            );
            note::note(ui, Tone::Unknown, Icon::Unknown, &words, None);
        }
    }

    fn dead(&mut self, ui: &mut Ui, range: &AddressRange) {
        let theme = Theme::of(ui);
        let label = format!(
            "{} never asked",
            format::counted(range.never_asked.len(), "dead list is", "dead lists are")
        );
        let icon = if self.shows_dead { Icon::ChevronDown } else { Icon::ChevronRight };
        if Button::link(&label).small().icon(icon).show(ui).clicked() {
            self.shows_dead = !self.shows_dead;
        }
        if self.shows_dead {
            text::paragraph(ui, range.never_asked.join("\n"), Type::Small, theme.text2);
        }
    }
}

/// A receiver that blames the range, in its own words.
fn own_words(ui: &mut Ui, receiver: &Receiver) {
    let theme = Theme::of(ui);
    panel::panel(ui, |ui| {
        let row = Rect::from_min_size(ui.cursor().min, Vec2::new(ui.available_width(), 20.0));
        let seen = receiver.until.map_or_else(String::new, format::date_time);
        text::right(ui, row, &seen, Type::Small, theme.text2);
        Icon::Fail.paint(ui, row.with_max_x(row.left() + ICON), ICON, theme.tone(Tone::Fail).fg);
        ui.horizontal_top(|ui| {
            ui.add_space(ICON + 7.0);
            ui.vertical(|ui| {
                ui.set_max_width(row.width() - ICON - 7.0 - text::width(ui, &seen, Type::Small) - 12.0);
                let words = format!("{} says the range is the reason", receiver.name);
                text::paragraph(ui, words, Type::Section, theme.text);
            });
        });
        ui.add_space(4.0);
        text::paragraph(ui, receiver.reply.as_str(), Type::Mono, theme.text2);
    });
    ui.add_space(PANEL_GAP);
}

fn whose(range: &AddressRange) -> Vec<(&'static str, String)> {
    let system = range.system.map(|number| match &range.system_name {
        Some(name) => format!("AS{number}, {name}"),
        None => format!("AS{number}"),
    });
    let known = |value: Option<String>| value.unwrap_or_else(|| "not known".to_owned());
    let mut rows = vec![
        ("Range", known(range.prefix.clone())),
        ("Network", known(system)),
        ("Holder", known(range.holder.clone())),
    ];
    if !range.abuse.is_empty() {
        rows.push(("Can change it", range.abuse.join(", ")));
    }
    if !range.lists_asked.is_empty() {
        rows.push(("Asked at", range.lists_asked.join(", ")));
    }
    rows
}

fn place_row(ui: &Ui, row: Rect, cell: &RangeCell) {
    let theme = Theme::of(ui);
    let inner = row.shrink2(Vec2::new(15.0, 0.0));
    let mut parts = cells(inner, &PLACE_COLUMNS).into_iter();
    let mut next = || parts.next().unwrap_or(inner);
    text::left(ui, next(), &cell.place, Type::Mono, theme.text);
    let name = next();
    text::left(
        ui,
        name.with_max_x(name.right() - 8.0),
        cell.name.as_deref().unwrap_or("–"),
        Type::Small,
        theme.text2,
    );
    text::left(ui, next(), cell.lists.join(", "), Type::Small, theme.text2);
    ui.painter().hline(row.x_range(), row.top() - 0.5, theme.hairline());
}

fn list_row(ui: &Ui, place: Rect, row: &ListRow) {
    let theme = Theme::of(ui);
    let inner = place.shrink2(Vec2::new(15.0, 0.0));
    let mut parts = cells(inner, &LIST_COLUMNS).into_iter();
    let mut next = || parts.next().unwrap_or(inner);
    let zone = next();
    text::left(ui, zone.with_max_x(zone.right() - 8.0), &row.zone, Type::Mono, theme.text);
    text::left(ui, next(), &row.judges, Type::Small, theme.text2);
    text::left(ui, next(), &row.impact, Type::Small, theme.text2);
    let Badge { tone, icon, .. } = of_status(row.status);
    badge_at(ui, next(), tone, icon, &row.words);
    ui.painter().hline(place.x_range(), place.top() - 0.5, theme.hairline());
}
