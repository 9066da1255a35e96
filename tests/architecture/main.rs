//! Holds the floors: which room may use which, which crates each may touch, and that folders of a room form no circle.
//! See `ARCHITECTURE.md`; the permissions are in `floors.rs`, and one that nobody uses any more fails as well.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests end where something is wrong"
)]

mod circles;
mod floors;
mod paths;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use circles::{Arrow, arrows, closing};
use floors::{COMMON, FLOORS, Floor, KNOWN_CIRCLES, Known, PURE};
use paths::{Module, Names, modules, read};

/// What a pure room must not reach even through `std`: clocks, files, sockets, the environment, threads.
const IMPURE: &[&str] = &[
    "std::fs",
    "std::env",
    "std::thread",
    "std::process",
    "std::net::Tcp",
    "std::net::Udp",
    "Instant::now",
    "SystemTime::now",
    "Timestamp::now",
    "Zoned::now",
    "UnixTime::now",
    "println",
    "eprintln",
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn source_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                files.push(path);
            }
        }
    }
    files.sort();
    files
}

/// Every module of the program.
fn program() -> &'static [Module] {
    static PROGRAM: LazyLock<Vec<Module>> = LazyLock::new(|| modules(&root().join("src/lib.rs")));
    &PROGRAM
}

/// Crates of the manifest, by their names in the code.
fn dependencies() -> BTreeSet<String> {
    let manifest: toml::Table = std::fs::read_to_string(root().join("Cargo.toml")).unwrap().parse().unwrap();
    let mut tables = vec![&manifest["dependencies"]];
    tables.extend(
        manifest["target"].as_table().unwrap().values().filter_map(|target| target.get("dependencies")),
    );
    let names = tables.into_iter().flat_map(|table| table.as_table().unwrap().keys());
    let mut names: BTreeSet<String> = names.map(|name| name.replace('-', "_")).collect();
    // egui comes through eframe and is what must not leak.
    names.insert("egui".to_owned());
    names
}

/// The rooms that a module names.
fn rooms_used(module: &Module, rooms: &BTreeSet<&str>) -> BTreeSet<String> {
    let below = module.paths.iter().filter(|path| path[0] == "crate").filter_map(|path| path.get(1));
    below.filter(|name| rooms.contains(name.as_str())).cloned().collect()
}

/// The crates that a module names.
fn crates_used(module: &Module, dependencies: &BTreeSet<String>) -> BTreeSet<String> {
    module.paths.iter().map(|path| &path[0]).filter(|name| dependencies.contains(*name)).cloned().collect()
}

/// What a module of a pure room must not name.
fn impurities(module: &Module) -> Vec<&'static str> {
    let named: Vec<String> = module.paths.iter().map(|path| path.join("::")).collect();
    let reaches = |word: &str| {
        let is_it = |path: &String| {
            if word.starts_with("std::") {
                path.starts_with(word)
            } else {
                path == word || path.ends_with(&format!("::{word}"))
            }
        };
        named.iter().any(is_it)
    };
    IMPURE.iter().copied().filter(|word| reaches(word)).collect()
}

#[test]
fn every_room_keeps_to_its_floor() {
    let floors: BTreeMap<&str, &Floor> = FLOORS.iter().map(|floor| (floor.room, floor)).collect();
    let rooms: BTreeSet<&str> = floors.keys().copied().collect();
    let dependencies = dependencies();
    let mut faults = Vec::new();
    let mut used = BTreeSet::new();
    for module in program() {
        let Some(room) = module.names.first() else { continue };
        let file = module.file.display();
        let Some(floor) = floors.get(room.as_str()) else {
            faults.push(format!("{file}: the room {room} has no floor in floors.rs"));
            continue;
        };
        for other in rooms_used(module, &rooms).into_iter().filter(|other| other != room) {
            if !floor.rooms.contains(&other.as_str()) {
                faults.push(format!("{file}: {room} may not use the room {other}"));
            }
            used.insert((floor.room, other));
        }
        for other in crates_used(module, &dependencies) {
            if !COMMON.contains(&other.as_str()) && !floor.crates.contains(&other.as_str()) {
                faults.push(format!("{file}: {room} may not use the crate {other}"));
            }
            used.insert((floor.room, other));
        }
        if PURE.contains(&room.as_str()) {
            // The one clock is declared where a moment is; no pure room may ask it.
            let is_clock =
                |word: &str| module.file.ends_with("values/unix_time.rs") && word == "SystemTime::now";
            for word in impurities(module).into_iter().filter(|word| !is_clock(word)) {
                faults.push(format!("{file}: the pure room {room} reaches for {word}"));
            }
        }
    }
    for floor in FLOORS {
        for permitted in floor.rooms.iter().chain(floor.crates) {
            if !used.contains(&(floor.room, (*permitted).to_owned())) {
                faults.push(format!(
                    "floors.rs: {} does not use {permitted}, so it needs no permission",
                    floor.room
                ));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn folders_of_a_room_form_no_circle() {
    let arrows = &arrows(program());
    let known: BTreeSet<Arrow> = KNOWN_CIRCLES.iter().map(Known::arrow).collect();
    let others = arrows.difference(&known).cloned().collect();
    let mut faults: Vec<String> =
        closing(&others).iter().map(|arrow| format!("{arrow} is part of a circle")).collect();
    let circles = closing(arrows);
    let gone = KNOWN_CIRCLES.iter().filter(|known| !circles.contains(&known.arrow()));
    faults
        .extend(gone.map(|known| format!("floors.rs: {} closes no circle: {}", known.arrow(), known.reason)));
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn the_check_itself_sees_what_it_should() {
    let names = |text: &str| -> Names { text.split("::").map(str::to_owned).collect() };
    let code = "
        use crate::{imap::{gate, session::{self, Session as Open}}, plan::FolderPath};
        use super::wire::{Line, *};
        use tokio::{net::{TcpStream, UdpSocket}, time};
        fn one() -> crate::values::Bytes { std::time::Instant::now(); println!(\"{}\", super::super::dns::ask()) }
        #[cfg(test)] mod tests { use crate::engine; }
        #[cfg(any(test, fuzzing))] use crate::cli;
        #[cfg(any(unix, test))] use rustix::fs;
        mod inner { use super::near; }
        pub use gate::Gate;
    ";
    let (module, _) = read(code, Path::new("src/imap/sample.rs"), names("imap::sample"));
    let rooms = ["cli", "dns", "engine", "imap", "plan", "values"].into();
    assert_eq!(rooms_used(&module, &rooms), ["dns", "imap", "plan", "values"].map(str::to_owned).into());
    let crates = ["egui", "rustix", "tokio"].map(str::to_owned).into();
    assert_eq!(crates_used(&module, &crates), ["rustix", "tokio"].map(str::to_owned).into());
    for path in [
        "crate::imap::session::Session",
        "crate::imap::session",
        "crate::imap::wire::*",
        "crate::imap::sample::near",
    ] {
        assert!(module.paths.contains(&names(path)), "{path}: {:?}", module.paths);
    }
    assert_eq!(impurities(&module), ["Instant::now", "println"]);
    assert_eq!(module.reexports["Gate"], names("gate::Gate"));
    let (other, _) =
        read("use my::egui::Ui; fn two() { mytokio::spawn() }", Path::new("x.rs"), names("imap"));
    assert_eq!(crates_used(&other, &crates), BTreeSet::new());
}

#[test]
fn main_stays_thin() {
    let main = std::fs::read_to_string(root().join("src/main.rs")).unwrap();
    assert!(main.lines().count() < 150, "main.rs only turns arguments into a window or a command");
}

/// The table of rooms in `ARCHITECTURE.md`: a row for each, with exactly the rooms that it may use.
#[test]
fn the_map_says_what_the_floors_say() {
    let map = std::fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    let table = map.split("| floor | room |").nth(1).expect("a table of the rooms");
    let told: BTreeMap<String, BTreeSet<String>> = table
        .lines()
        .skip(2)
        .take_while(|line| line.starts_with('|'))
        .map(|line| {
            let cells: Vec<&str> = line.split('|').map(str::trim).collect();
            let rooms = cells[4].split(", ").filter(|room| *room != "nothing of ours");
            (cells[2].trim_matches('`').to_owned(), rooms.map(str::to_owned).collect())
        })
        .collect();
    let held: BTreeMap<String, BTreeSet<String>> = FLOORS
        .iter()
        .map(|floor| (floor.room.to_owned(), floor.rooms.iter().map(|room| (*room).to_owned()).collect()))
        .collect();
    for (room, rooms) in &held {
        assert_eq!(told.get(room), Some(rooms), "ARCHITECTURE.md on the room {room}");
    }
    assert_eq!(told.len(), held.len(), "ARCHITECTURE.md has rooms that are not there");
}

#[test]
fn random_tests_begin_with_the_seed_of_the_run() {
    let mut blocks = 0;
    for path in ["src", "tests"].iter().flat_map(|folder| source_files(&root().join(folder))) {
        let text = std::fs::read_to_string(&path).unwrap();
        for block in text.split("proptest! {\n").skip(1) {
            let first = block.lines().next().unwrap_or_default().trim();
            let is_seeded = first.starts_with("#![proptest_config(") && first.contains("properties(");
            assert!(
                is_seeded,
                "{}: begin with `#![proptest_config(…seeds::properties(256))]`",
                path.display()
            );
            blocks += 1;
        }
    }
    assert!(blocks > 15, "only {blocks} blocks of properties were found");
}
