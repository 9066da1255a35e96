//! Arrows between the folders of one room, and which of them close a circle.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use super::paths::Module;

/// Code of one folder names something in another folder of the same room.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Arrow {
    /// The room that both are in.
    pub room: String,
    /// Whose code it is.
    pub from: String,
    /// What it names.
    pub to: String,
}

impl fmt::Display for Arrow {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "{}: {} -> {}", self.room, self.from, self.to)
    }
}

/// All arrows between folders, also those that go through a name that the room's facade hands on.
pub fn arrows(modules: &[Module]) -> BTreeSet<Arrow> {
    let folders: BTreeSet<(&str, &str)> = modules
        .iter()
        .filter(|module| module.names.len() > 2)
        .map(|module| (module.names[0].as_str(), module.names[1].as_str()))
        .collect();
    let facades: BTreeMap<&str, &Module> = modules
        .iter()
        .filter(|module| module.names.len() == 1)
        .map(|module| (module.names[0].as_str(), module))
        .collect();
    let mut found = BTreeSet::new();
    for module in modules {
        let [room, from, ..] = module.names.as_slice() else { continue };
        if !folders.contains(&(room, from)) {
            continue;
        }
        for path in &module.paths {
            let [start, whose, name, ..] = path.as_slice() else { continue };
            if start != "crate" || whose != room {
                continue;
            }
            let behind = facades[room.as_str()]
                .reexports
                .get(name)
                .and_then(|path| if path[0] == "crate" { path.get(2) } else { path.first() });
            let to = behind.unwrap_or(name);
            if to != from && folders.contains(&(room, to)) {
                found.insert(Arrow { room: room.clone(), from: from.clone(), to: to.clone() });
            }
        }
    }
    found
}

/// Those arrows from whose end a way leads back to their beginning.
pub fn closing(arrows: &BTreeSet<Arrow>) -> BTreeSet<Arrow> {
    let leads_back = |arrow: &&Arrow| {
        let mut reached = BTreeSet::from([arrow.to.as_str()]);
        loop {
            let next: Vec<&str> = arrows
                .iter()
                .filter(|one| one.room == arrow.room && reached.contains(one.from.as_str()))
                .map(|one| one.to.as_str())
                .filter(|to| !reached.contains(to))
                .collect();
            if next.is_empty() {
                return reached.contains(arrow.from.as_str());
            }
            reached.extend(next);
        }
    };
    arrows.iter().filter(leads_back).cloned().collect()
}
