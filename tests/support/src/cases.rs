//! Cases as text files: one situation a file, in folders by subject.
//!
//! A line is `key: value`, a comment begins with `#`. `zone:` adds a record, `at:` what one server says otherwise, and
//! `mark:` something about answers beside their records ([`Zone`]). `shared.txt` in the top folder holds
//! records that all cases have in common.

use std::fs;
use std::path::{Path, PathBuf};

use crate::dns_zone::Zone;

/// One situation.
#[derive(Clone, Debug)]
pub struct Case {
    /// Its path below the top folder: `mx/no-mail`.
    pub name: String,
    /// Shared records and its own.
    pub zone: Zone,
    /// The other lines.
    lines: Vec<(String, String)>,
}

impl Case {
    fn read(name: String, text: &str, shared: &Zone, keys: &[&str]) -> Self {
        let mut case = Self { name, zone: shared.clone(), lines: Vec::new() };
        for (key, value) in lines(&case.name, text) {
            match key.as_str() {
                "zone" => case.zone.add(&value),
                "at" => case.zone.add_at(&value),
                "mark" => case.zone.add_mark(&value),
                _ if keys.contains(&key.as_str()) => case.lines.push((key, value)),
                _ => panic!("{}: no such key: {key}", case.name),
            }
        }
        case
    }

    /// The first value of a key.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.lines.iter().find(|(name, _)| name == key).map(|(_, value)| value.as_str())
    }

    /// All values of a key.
    pub fn all(&self, key: &str) -> Vec<&str> {
        self.lines.iter().filter(|(name, _)| name == key).map(|(_, value)| value.as_str()).collect()
    }
}

/// Reads every case below a folder. `keys` may stand in a case, and each case has one of `expectations`.
///
/// # Panics
/// Where a folder has no case, a line is none, a key is unknown, or a case expects nothing.
pub fn cases(top: &Path, keys: &[&str], expectations: &[&str]) -> Vec<Case> {
    let mut shared = Zone::default();
    let shared_file = top.join("shared.txt");
    for (key, value) in lines("shared.txt", &read(&shared_file)) {
        assert_eq!(key, "zone", "shared.txt holds records only");
        shared.add(&value);
    }
    let known = [keys, expectations].concat();
    let mut cases = Vec::new();
    let mut folders = vec![top.to_owned()];
    while let Some(folder) = folders.pop() {
        let entries = entries(&folder);
        assert!(entries.iter().any(|path| *path != shared_file), "{} is empty", folder.display());
        for path in entries.into_iter().filter(|path| *path != shared_file) {
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            let name = path.strip_prefix(top).unwrap().with_extension("").display().to_string();
            assert_eq!(path.extension().unwrap_or_default(), "txt", "{name} is no case");
            let case = Case::read(name, &read(&path), &shared, &known);
            let expects = expectations.iter().any(|key| case.get(key).is_some());
            assert!(expects, "{} expects nothing", case.name);
            cases.push(case);
        }
    }
    cases.sort_by(|one, other| one.name.cmp(&other.name));
    cases
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    entries.map(|entry| entry.unwrap().path()).collect()
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn lines(name: &str, text: &str) -> Vec<(String, String)> {
    text.lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
        .map(|line| line.split_once(": ").unwrap_or_else(|| panic!("{name}: no `key: value`: {line}")))
        .map(|(key, value)| (key.to_owned(), value.trim().to_owned()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::TempDir::new().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        folder
    }

    #[test]
    fn a_case_has_its_own_records_and_the_shared_ones() {
        let folder = written(&[
            ("shared.txt", "zone: a.example A 192.0.2.1"),
            ("mx/one.txt", "# One.\nip: 192.0.2.1\nzone: b.example A 192.0.2.2\nfinding: x pass"),
        ]);
        let cases = cases(folder.path(), &["ip"], &["finding"]);
        assert_eq!((cases.len(), cases[0].name.as_str()), (1, "mx/one"));
        assert_eq!((cases[0].get("ip"), cases[0].all("finding")), (Some("192.0.2.1"), vec!["x pass"]));
        for name in ["a.example", "b.example"] {
            let question = mailferry::values::DnsQuestion::new(
                mailferry::values::DnsName::new(name),
                mailferry::values::RecordType::A,
            );
            assert_eq!(cases[0].zone.answer(&question).records.len(), 1, "{name}");
        }
    }

    #[test]
    fn what_is_no_case_fails() {
        let shared = ("shared.txt", "");
        for files in [
            vec![shared],
            vec![shared, ("mx/one.txt", "finding x")],
            vec![shared, ("mx/one.txt", "finding: x pass\nodd: 1")],
            vec![shared, ("mx/one.txt", "ip: 192.0.2.1")],
            vec![shared, ("mx/one.md", "finding: x pass")],
            vec![("shared.txt", "ip: 192.0.2.1"), ("mx/one.txt", "finding: x pass")],
        ] {
            let folder = written(&files);
            let read = std::panic::catch_unwind(|| cases(folder.path(), &["ip"], &["finding"]));
            assert!(read.is_err(), "{files:?}");
        }
        let folder = written(&[shared, ("mx/one.txt", "finding: x pass")]);
        fs::create_dir(folder.path().join("spf")).unwrap();
        assert!(std::panic::catch_unwind(|| cases(folder.path(), &[], &["finding"])).is_err());
    }
}
