//! Holds the floors: which room may use which, and which crates each may touch. See `ARCHITECTURE.md`.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::string_slice,
    clippy::unwrap_used,
    reason = "tests end where something is wrong"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// What a room may use: other rooms, and outside crates beyond those that every room has.
struct Floor {
    room: &'static str,
    rooms: &'static [&'static str],
    crates: &'static [&'static str],
}

/// Crates that carry no I/O and are free for every room.
const COMMON: &[&str] = &["std", "core", "alloc", "crate", "self", "super", "serde", "thiserror"];

/// Rooms that must stay pure: no clock, no files, no sockets, no environment, no threads.
const PURE: &[&str] = &["values", "audit", "providers", "records", "plan", "report"];

/// What a pure room must not reach even through `std`.
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
    "println!",
    "eprintln!",
];

include!("floors.rs");

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

fn source_root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

fn room_of(path: &Path) -> String {
    let relative = path.strip_prefix(source_root()).unwrap();
    relative.components().next().unwrap().as_os_str().to_string_lossy().into_owned()
}

fn is_test_file(path: &Path) -> bool {
    let name = path.file_stem().unwrap().to_string_lossy();
    name.ends_with("_tests") || name == "tests"
}

/// The code of a file without comments, strings' contents kept, and without the test module at its end.
fn production_code(path: &Path) -> String {
    let text = std::fs::read_to_string(path).unwrap();
    let text = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default();
    let code: Vec<&str> = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect();
    code.join(
        "
",
    )
}

/// First segments after `crate::`, in `use` groups as well as in paths.
fn rooms_used(code: &str, rooms: &BTreeSet<&str>) -> BTreeSet<String> {
    let mut used = BTreeSet::new();
    for (index, _) in code.match_indices("crate::") {
        let rest = &code[index + "crate::".len()..];
        let segments: Vec<&str> = if let Some(group) = rest.strip_prefix('{') {
            group.split('}').next().unwrap_or_default().split(',').collect()
        } else {
            vec![rest]
        };
        for segment in segments {
            let name: String = segment
                .trim()
                .chars()
                .take_while(|letter| letter.is_alphanumeric() || *letter == '_')
                .collect();
            if rooms.contains(name.as_str()) {
                used.insert(name);
            }
        }
    }
    used
}

/// Outside crates named by `use` lines or by paths at the start of an expression.
fn crates_used(code: &str, dependencies: &BTreeSet<String>) -> BTreeSet<String> {
    dependencies
        .iter()
        .filter(|name| {
            code.match_indices(&format!("{name}::")).any(|(index, _)| {
                code[..index]
                    .chars()
                    .next_back()
                    .is_none_or(|before| !before.is_alphanumeric() && before != '_' && before != ':')
            })
        })
        .cloned()
        .collect()
}

fn dependencies() -> BTreeSet<String> {
    let manifest = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml")).unwrap();
    let manifest: toml::Table = manifest.parse().unwrap();
    let mut names: BTreeSet<String> =
        manifest["dependencies"].as_table().unwrap().keys().map(|name| name.replace('-', "_")).collect();
    // egui comes through eframe and is what must not leak.
    names.insert("egui".to_owned());
    names
}

#[test]
fn every_room_keeps_to_its_floor() {
    let floors: BTreeMap<&str, &Floor> = FLOORS.iter().map(|floor| (floor.room, floor)).collect();
    let rooms: BTreeSet<&str> = floors.keys().copied().collect();
    let dependencies = dependencies();
    let mut faults = Vec::new();
    for path in source_files(&source_root()) {
        let room = room_of(&path);
        let Some(floor) = floors.get(room.as_str()) else {
            if !["lib.rs", "main.rs"].contains(&room.as_str()) {
                faults.push(format!("{}: the room {room} has no floor in this test", path.display()));
            }
            continue;
        };
        if is_test_file(&path) {
            continue;
        }
        let code = production_code(&path);
        for used in rooms_used(&code, &rooms) {
            if used != room && !floor.rooms.contains(&used.as_str()) {
                faults.push(format!("{}: {room} may not use the room {used}", path.display()));
            }
        }
        for used in crates_used(&code, &dependencies) {
            if !COMMON.contains(&used.as_str()) && !floor.crates.contains(&used.as_str()) {
                faults.push(format!("{}: {room} may not use the crate {used}", path.display()));
            }
        }
        if PURE.contains(&room.as_str()) {
            for word in IMPURE.iter().filter(|word| code.contains(*word)) {
                faults.push(format!("{}: the pure room {room} reaches for {word}", path.display()));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn the_check_itself_sees_what_it_should() {
    let rooms: BTreeSet<&str> = ["imap", "plan", "values"].into();
    let code = "use crate::{imap, plan::FolderPath};\nlet x = crate::values::Bytes(1);";
    assert_eq!(rooms_used(code, &rooms), ["imap", "plan", "values"].map(str::to_owned).into());
    let crates: BTreeSet<String> = ["tokio", "egui"].map(str::to_owned).into();
    assert_eq!(crates_used("use tokio::net::TcpStream;", &crates), [String::from("tokio")].into());
    assert_eq!(crates_used("use my::egui::Ui; mytokio::spawn()", &crates), BTreeSet::new());
}

#[test]
fn files_stay_readable() {
    let long: Vec<String> = source_files(&source_root())
        .into_iter()
        .filter(|path| !is_test_file(path))
        .filter_map(|path| {
            let lines = production_code(&path).lines().count();
            (lines > 500).then(|| format!("{}: {lines} lines, 500 at most", path.display()))
        })
        .collect();
    assert!(long.is_empty(), "{}", long.join("\n"));
}

#[test]
fn main_stays_thin() {
    let main = std::fs::read_to_string(source_root().join("main.rs")).unwrap();
    assert!(main.lines().count() < 150, "main.rs only turns arguments into a window or a command");
}

#[test]
fn the_map_names_every_room() {
    let map = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("ARCHITECTURE.md")).unwrap();
    for entry in std::fs::read_dir(source_root()).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            let room = format!("`{}`", path.file_name().unwrap().to_string_lossy());
            assert!(map.contains(&room), "ARCHITECTURE.md does not name the room {room}");
        }
    }
}

#[test]
fn random_tests_begin_with_the_seed_of_the_run() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut blocks = 0;
    for path in [root.join("src"), root.join("tests")].iter().flat_map(|folder| source_files(folder)) {
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
