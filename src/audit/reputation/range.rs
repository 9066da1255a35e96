//! The address range around a sending address as a grid of 256 places, with the listings of each, for display. Pure.

use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::list::{AskedList, Listing, asked_lists, catalogue, is_of_domains};
use super::neighbourhood::{Neighbour, Neighbourhood, ranges};
use super::network_rule::registration_of;
use super::origin;
use crate::assets::{Impact, Judges, ListKind};
use crate::audit::context::Context;
use crate::audit::sender::is_generic;
use crate::audit::{Facts, Lookups, Status, senders};

/// What lists say of a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CellState {
    /// On a list that large receivers refuse by.
    HighImpact,
    /// On a list that some or few receivers use.
    LowerImpact,
    /// A list gave no answer, and none that answered knows it.
    Unknown,
    /// On none of the lists that were asked.
    Clean,
}

/// One place that was asked about.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RangeCell {
    /// 0 to 255.
    pub index: u8,
    /// The address or network: `198.51.100.81`.
    pub place: String,
    /// What lists say.
    pub state: CellState,
    /// Names of the lists that it is on.
    pub lists: Vec<String>,
    /// Its name (PTR), where it has one.
    pub name: Option<String>,
    /// Whether the name was made by a machine.
    pub has_generic_name: bool,
}

/// What one list says of the sending address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ListRow {
    /// The list's name.
    pub name: String,
    /// Its zone.
    pub zone: String,
    /// What it judges: `address`, `range`, `provider`.
    pub judges: String,
    /// `High`, `Medium` or `Low`.
    pub impact: String,
    /// Pass, info, warn, fail or unknown.
    pub status: Status,
    /// The answer in a few words: `Not listed`.
    pub words: String,
}

/// A range of 256 places around a sending address.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddressRange {
    /// `198.51.100.0/24`.
    pub range: String,
    /// The sending address.
    pub own: String,
    /// The place that it is in.
    pub own_index: u8,
    /// Places that were asked about, the owner's own included, in order.
    pub cells: Vec<RangeCell>,
    /// Names of the lists that neighbours were asked at.
    pub lists_asked: Vec<String>,
    /// The announced prefix, where it is known.
    pub prefix: Option<String>,
    /// Number of the autonomous system.
    pub system: Option<u32>,
    /// What the system calls itself.
    pub system_name: Option<String>,
    /// Who holds the network.
    pub holder: Option<String>,
    /// Where abuse is reported.
    pub abuse: Vec<String>,
    /// What each list says of the sending address.
    pub rows: Vec<ListRow>,
    /// Lists that are never asked, because they are dead: `sorbs.net (closed by its owner, 2024-06-05)`.
    pub never_asked: Vec<String>,
}

impl AddressRange {
    /// Neighbours in this state; the owner's address is none of them.
    pub fn count(&self, state: CellState) -> usize {
        self.neighbours().filter(|cell| cell.state == state).count()
    }

    /// Neighbours that were asked about.
    pub fn neighbours(&self) -> impl Iterator<Item = &RangeCell> {
        self.cells.iter().filter(|cell| cell.index != self.own_index)
    }

    /// Neighbours that are on a list.
    pub fn listed(&self) -> usize {
        self.count(CellState::HighImpact) + self.count(CellState::LowerImpact)
    }

    /// Places that nobody asked about.
    pub fn not_asked(&self) -> usize {
        255_usize.saturating_sub(self.neighbours().count())
    }

    /// What the picture says, in one or two sentences.
    pub fn words(&self) -> String {
        let asked = self.neighbours().count();
        if asked == 0 {
            return "No neighbour was asked about: that is your choice, since it is many questions."
                .to_owned();
        }
        let (listed, unknown) = (self.listed(), self.count(CellState::Unknown));
        let unknown = match unknown {
            0 => String::new(),
            1 => " About 1 of them a list gave no answer.".to_owned(),
            _ => format!(" About {unknown} of them a list gave no answer."),
        };
        match listed {
            0 => format!("None of {asked} neighbours asked about is on a list.{unknown}"),
            _ => format!(
                "{listed} of {asked} neighbours asked about {} on a list. Some receivers judge the whole range, so your own clean record does not help there.{unknown}",
                if listed == 1 { "is" } else { "are" }
            ),
        }
    }
}

/// The ranges of all sending addresses.
pub(in crate::audit) fn address_ranges(facts: &Facts) -> Vec<AddressRange> {
    let context = Context { facts, lookups: Lookups::new(&facts.answers) };
    let senders = senders::find(&context);
    ranges(&senders.addresses).into_iter().map(|empty| range(&context, &empty)).collect()
}

fn range(context: &Context<'_>, empty: &Neighbourhood) -> AddressRange {
    let facts = context.facts;
    let heard = facts.neighbourhoods.iter().find(|one| one.range() == empty.range()).unwrap_or(empty);
    let origin = origin::find(&context.lookups, empty.around).ok().flatten();
    let registration = registration_of(facts, empty.around);
    let block: Vec<AskedList<'_>> = catalogue()
        .into_iter()
        .flat_map(|lists| asked_lists(lists, facts, ListKind::Block))
        .filter(|asked| !is_of_domains(asked.list))
        .collect();
    let rows: Vec<ListRow> = block.iter().filter_map(|asked| row(context, asked, empty.around)).collect();
    let own = RangeCell {
        index: empty.own_index(),
        place: empty.place(empty.own_index()),
        state: own_state(&rows),
        lists: rows.iter().filter(|row| row.is_listed()).map(|row| row.name.clone()).collect(),
        name: None,
        has_generic_name: false,
    };
    let neighbours = heard.neighbours.iter().map(|neighbour| cell(&block, heard, neighbour));
    let mut cells: Vec<RangeCell> = neighbours.chain([own]).collect();
    cells.sort_by_key(|cell| cell.index);
    let name_of =
        |id: &String| block.iter().find(|asked| asked.list.id == *id).map(|asked| asked.list.name.clone());
    AddressRange {
        range: empty.range(),
        own: empty.around.to_string(),
        own_index: empty.own_index(),
        cells,
        lists_asked: heard.lists.iter().filter_map(name_of).collect(),
        prefix: origin.as_ref().map(|origin| origin.prefix.clone()),
        system: origin.as_ref().map(|origin| origin.number),
        system_name: origin.and_then(|origin| origin.name),
        holder: registration.and_then(|network| network.holder.clone()),
        abuse: registration.map(|network| network.abuse.clone()).unwrap_or_default(),
        rows,
        never_asked: never_asked(),
    }
}

fn never_asked() -> Vec<String> {
    let dead = catalogue().into_iter().flat_map(|lists| &lists.dead);
    dead.map(|dead| match &dead.since {
        Some(since) => format!("{} ({}, {since})", dead.zone, dead.why),
        None => format!("{} ({})", dead.zone, dead.why),
    })
    .collect()
}

fn cell(block: &[AskedList<'_>], heard: &Neighbourhood, neighbour: &Neighbour) -> RangeCell {
    let mut state = CellState::Clean;
    let mut lists = Vec::new();
    for said in &neighbour.said {
        let Some(asked) = block.iter().find(|asked| asked.list.id == said.list) else { continue };
        let found = match said.said.read(asked) {
            Listing::Listed(_) => {
                lists.push(asked.list.name.clone());
                if asked.list.impact == Impact::High { CellState::HighImpact } else { CellState::LowerImpact }
            }
            Listing::Unknown(_) => CellState::Unknown,
            Listing::Clean | Listing::NotKept => CellState::Clean,
        };
        state = state.min(found);
    }
    let address: IpAddr = heard.address(neighbour.index);
    RangeCell {
        index: neighbour.index,
        place: heard.place(neighbour.index),
        state,
        lists,
        has_generic_name: neighbour.name.as_ref().is_some_and(|name| is_generic(name, address)),
        name: neighbour.name.as_ref().map(ToString::to_string),
    }
}

impl ListRow {
    /// Whether the entry is about the address itself.
    fn is_listed(&self) -> bool {
        matches!(self.status, Status::Fail | Status::Warn)
            || (self.status == Status::Info && self.judges == "address")
    }
}

fn own_state(rows: &[ListRow]) -> CellState {
    let is_high = |row: &&ListRow| row.is_listed() && row.impact == "High";
    if rows.iter().any(|row| is_high(&row)) {
        CellState::HighImpact
    } else if rows.iter().any(ListRow::is_listed) {
        CellState::LowerImpact
    } else if rows.iter().all(|row| row.status == Status::Unknown) {
        CellState::Unknown
    } else {
        CellState::Clean
    }
}

/// What one list says of one address; `None` if it keeps no such addresses.
fn row(context: &Context<'_>, asked: &AskedList<'_>, address: IpAddr) -> Option<ListRow> {
    let list = asked.list;
    if !asked.keeps(address) {
        return None;
    }
    let listing = match asked.self_test(&context.lookups, address.is_ipv4()) {
        Ok(()) => asked.look_up(&context.lookups, address),
        Err(silence) => Listing::Unknown(silence),
    };
    let (judges, by) = match list.judges {
        Judges::Address => ("address", "Listed"),
        Judges::Range => ("range", "Listed, by range"),
        Judges::Provider => ("provider", "Listed, by provider"),
        Judges::Domain => ("domain", "Listed"),
    };
    let (status, words) = match listing {
        Listing::Listed(_) => {
            let status = match (list.judges, list.impact) {
                (Judges::Range | Judges::Provider, _) | (_, Impact::Low) => Status::Info,
                (_, Impact::Medium) => Status::Warn,
                (_, Impact::High) => Status::Fail,
            };
            (status, by.to_owned())
        }
        Listing::Clean | Listing::NotKept => (Status::Pass, "Not listed".to_owned()),
        Listing::Unknown(silence) => (Status::Unknown, format!("No answer: {}", silence.words())),
    };
    let impact = match list.impact {
        Impact::High => "High",
        Impact::Medium => "Medium",
        Impact::Low => "Low",
    };
    Some(ListRow {
        name: list.name.clone(),
        zone: list.zone.clone(),
        judges: judges.to_owned(),
        impact: impact.to_owned(),
        status,
        words,
    })
}
