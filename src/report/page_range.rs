//! The report's section on address ranges: the grid as a table, and a row for each listed neighbour.

use super::page_audit::status_words;
use crate::audit::{AddressRange, CellState, RangeCell};

pub(super) struct RangePage {
    pub range: String,
    pub words: String,
    /// Who the range belongs to, as label and value.
    pub facts: Vec<(&'static str, String)>,
    /// Sixteen rows of sixteen addresses; empty if no neighbour was checked.
    pub grid: Vec<GridRow>,
    pub counts: Vec<StateCount>,
    pub listed: Vec<ListedPlace>,
    pub lists: Vec<ListPage>,
    pub never_asked: String,
}

pub(super) struct StateCount {
    pub class: &'static str,
    pub word: &'static str,
    pub number: usize,
}

pub(super) struct ListedPlace {
    pub place: String,
    pub name: String,
    pub lists: String,
}

pub(super) struct GridRow {
    pub head: String,
    pub cells: Vec<GridCell>,
}

pub(super) struct GridCell {
    pub class: &'static str,
    pub sign: &'static str,
    /// Address and state, for readers who cannot see the sign.
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
    let count = |state: CellState| {
        let CellStyle { class, word, .. } = cell_style(state);
        StateCount { class, word, number: range.count(state) }
    };
    let not_asked = StateCount { class: "na", word: "Not asked", number: range.not_asked() };
    let states = [CellState::HighImpact, CellState::LowerImpact, CellState::Unknown, CellState::Clean];
    let listed = range.neighbours().filter(|cell| !cell.lists.is_empty());
    RangePage {
        range: range.range.clone(),
        words: range.words(),
        facts: facts.into_iter().filter_map(|(label, value)| Some((label, value?))).collect(),
        grid,
        counts: states.map(count).into_iter().chain([not_asked]).collect(),
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

fn listed_row(cell: &RangeCell) -> ListedPlace {
    ListedPlace {
        place: cell.place.clone(),
        name: cell.name.clone().unwrap_or_default(),
        lists: cell.lists.join(", "),
    }
}

fn grid_row(range: &AddressRange, row: u8) -> GridRow {
    let cells = (0..16).map(|column| grid_cell(range, row * 16 + column)).collect();
    GridRow { head: format!(".{}", u16::from(row) * 16), cells }
}

fn grid_cell(range: &AddressRange, index: u8) -> GridCell {
    let cell = range.cells.iter().find(|cell| cell.index == index);
    let CellStyle { class, sign, word } = match cell {
        _ if index == range.own_index => CellStyle::new("own", "●", "you"),
        Some(cell) => cell_style(cell.state),
        None => CellStyle::new("na", "", "not asked"),
    };
    let place = cell.map_or_else(|| index.to_string(), |cell| cell.place.clone());
    GridCell { class, sign, title: format!("{place}: {word}") }
}

/// How a cell is shown.
struct CellStyle {
    class: &'static str,
    sign: &'static str,
    word: &'static str,
}

impl CellStyle {
    const fn new(class: &'static str, sign: &'static str, word: &'static str) -> Self {
        Self { class, sign, word }
    }
}

const fn cell_style(state: CellState) -> CellStyle {
    match state {
        CellState::HighImpact => CellStyle::new("fail", "✕", "High impact"),
        CellState::LowerImpact => CellStyle::new("warn", "/", "Lower impact"),
        CellState::Unknown => CellStyle::new("unknown", "?", "No answer"),
        CellState::Clean => CellStyle::new("pass", "·", "Clean"),
    }
}
