//! What the page says of the address ranges: the grid as a table, and a row for each place that is on a list.

use super::page_audit::status_words;
use crate::audit::{AddressRange, CellState, RangeCell};

pub(super) struct RangePage {
    pub range: String,
    pub words: String,
    /// Whose it is, as label and value.
    pub facts: Vec<(&'static str, String)>,
    /// Sixteen rows of sixteen places; empty where no neighbour was asked about.
    pub grid: Vec<GridRow>,
    pub counts: Vec<(&'static str, &'static str, usize)>,
    pub listed: Vec<(String, String, String)>,
    pub lists: Vec<ListPage>,
    pub never_asked: String,
}

pub(super) struct GridRow {
    pub head: String,
    pub cells: Vec<GridCell>,
}

pub(super) struct GridCell {
    pub class: &'static str,
    pub sign: &'static str,
    /// The place and its state, for whoever cannot see the sign.
    pub title: String,
}

pub(super) struct ListPage {
    pub zone: String,
    pub judges: String,
    pub impact: String,
    pub class: &'static str,
    pub words: String,
}

pub(super) fn range_page(range: &AddressRange) -> RangePage {
    let system = range.system.map(|number| match &range.system_name {
        Some(name) => format!("AS{number} {name}"),
        None => format!("AS{number}"),
    });
    let facts = [
        ("Sending address", Some(range.own.clone())),
        ("Announced as", range.prefix.clone()),
        ("Network", system),
        ("Holder", range.holder.clone()),
        ("Can change it", (!range.abuse.is_empty()).then(|| range.abuse.join(", "))),
        ("Asked at", (!range.lists_asked.is_empty()).then(|| range.lists_asked.join(", "))),
    ];
    let has_neighbours = range.neighbours().next().is_some();
    let grid = if has_neighbours { (0..16).map(|row| grid_row(range, row)).collect() } else { Vec::new() };
    let count = |state: CellState| (state_words(state).0, state_words(state).2, range.count(state));
    let states = [CellState::HighImpact, CellState::LowerImpact, CellState::Unknown, CellState::Clean];
    let listed = range.neighbours().filter(|cell| !cell.lists.is_empty());
    RangePage {
        range: range.range.clone(),
        words: range.words(),
        facts: facts.into_iter().filter_map(|(label, value)| Some((label, value?))).collect(),
        grid,
        counts: states.map(count).into_iter().chain([("na", "Not asked", range.not_asked())]).collect(),
        listed: listed.map(listed_row).collect(),
        lists: range
            .rows
            .iter()
            .map(|row| ListPage {
                zone: row.zone.clone(),
                judges: row.judges.clone(),
                impact: row.impact.clone(),
                class: status_words(row.status).0,
                words: row.words.clone(),
            })
            .collect(),
        never_asked: range.never_asked.join("; "),
    }
}

fn listed_row(cell: &RangeCell) -> (String, String, String) {
    (cell.place.clone(), cell.name.clone().unwrap_or_default(), cell.lists.join(", "))
}

fn grid_row(range: &AddressRange, row: u8) -> GridRow {
    let cells = (0..16).map(|column| grid_cell(range, row * 16 + column)).collect();
    GridRow { head: format!(".{}", u16::from(row) * 16), cells }
}

fn grid_cell(range: &AddressRange, index: u8) -> GridCell {
    let cell = range.cells.iter().find(|cell| cell.index == index);
    let (class, sign, word) = match cell {
        _ if index == range.own_index => ("own", "●", "you"),
        Some(cell) => state_words(cell.state),
        None => ("na", "", "not asked"),
    };
    let place = cell.map_or_else(|| index.to_string(), |cell| cell.place.clone());
    GridCell { class, sign, title: format!("{place}: {word}") }
}

/// Class, sign and word of a state.
const fn state_words(state: CellState) -> (&'static str, &'static str, &'static str) {
    match state {
        CellState::HighImpact => ("fail", "✕", "High impact"),
        CellState::LowerImpact => ("warn", "/", "Lower impact"),
        CellState::Unknown => ("unknown", "?", "No answer"),
        CellState::Clean => ("pass", "·", "Clean"),
    }
}
