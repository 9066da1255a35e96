//! Holds the code, its cases and the table of checks in the guide (`docs/src/checks.md`) to each other.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use mailferry_test_support::cases::Case;

use crate::audit::{all, audit};

/// One row of the table.
struct Check {
    /// `D4`.
    number: String,
    /// Ids of findings; `blocklist.*` is every list. Empty where the check is left out.
    findings: Vec<String>,
    /// Why it is left out; empty where it is not.
    reason: String,
}

const LEFT_OUT: &str = "not checked: ";

fn table() -> Vec<Check> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/src/checks.md");
    let text = std::fs::read_to_string(path).unwrap();
    let is_number = |cell: &str| {
        cell.strip_prefix(|letter: char| letter.is_ascii_uppercase())
            .is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()))
    };
    let mut checks = Vec::new();
    for line in text.lines().filter_map(|line| line.strip_prefix("| ")) {
        let cells: Vec<&str> = line.trim_end_matches(" |").split(" | ").collect();
        let [number, what, said] = cells[..] else { panic!("not three cells: {line}") };
        if !is_number(number) {
            assert!(matches!(number, "No." | "---"), "no such check: {line}");
            continue;
        }
        assert!(!what.is_empty(), "{number} says nothing");
        let reason = said.strip_prefix(LEFT_OUT).unwrap_or_default().to_owned();
        let findings = if reason.is_empty() {
            said.split(", ").map(|id| id.trim_matches('`').to_owned()).collect()
        } else {
            Vec::new()
        };
        checks.push(Check { number: number.to_owned(), findings, reason });
    }
    checks
}

fn fits(pattern: &str, id: &str) -> bool {
    pattern.strip_suffix('*').map_or(pattern == id, |start| id.starts_with(start))
}

fn source_files() -> Vec<PathBuf> {
    let mut files = Vec::new();
    let mut folders = vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src/audit")];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() { folders.push(path) } else { files.push(path) }
        }
    }
    files
}

/// Words in the code of the audit that have the form of an id, and begin like one of the table.
fn ids_in_code(areas: &BTreeSet<&str>) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for path in source_files() {
        let text = std::fs::read_to_string(&path).unwrap();
        for word in text.split('"').skip(1).step_by(2) {
            let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
            let is_id = word.split_once('.').is_some_and(|(area, what)| {
                areas.contains(area) && !what.is_empty() && what.bytes().all(is_plain)
            });
            let is_name = word.rsplit('.').next().is_some_and(|last| matches!(last, "example" | "test"));
            if is_id && !is_name {
                found.insert(word.to_owned());
            }
        }
    }
    found
}

/// Words of the code that only look like findings.
const NO_FINDINGS: &[(&str, &str)] = &[
    ("blocklist.uceprotect-2", "a list in a test of the verdict"),
    ("spf.nothing-like-it", "the name of a finding that does not exist"),
    ("dkim.missing", "is looked for in other findings only"),
];

#[test]
fn the_table_is_whole() {
    let checks = table();
    let mut numbers: BTreeMap<char, u32> = BTreeMap::new();
    for check in &checks {
        let letter = check.number.chars().next().unwrap();
        let next = numbers.entry(letter).or_default();
        *next += 1;
        assert_eq!(check.number, format!("{letter}{next}"), "the numbers have a gap");
        assert!(check.findings.is_empty() != check.reason.is_empty(), "{}", check.number);
        assert!(check.reason.is_empty() || check.reason.len() > 60, "{}: {}", check.number, check.reason);
    }
    let letters: String = numbers.keys().collect();
    assert_eq!((letters.as_str(), checks.len()), ("ABCDEFGHIJK", 166));
}

/// Whatever the code can say belongs to a check of the table, and the table names nothing that the code cannot say.
#[test]
fn the_table_and_the_code_name_the_same_findings() {
    let checks = table();
    let patterns: BTreeSet<&str> =
        checks.iter().flat_map(|check| &check.findings).map(String::as_str).collect();
    let areas: BTreeSet<&str> = patterns.iter().map(|pattern| pattern.split_once('.').unwrap().0).collect();
    let is_known = |id: &str| patterns.iter().any(|pattern| fits(pattern, id));
    let in_code = ids_in_code(&areas);
    assert!(in_code.len() > 150, "{in_code:?}");
    let is_no_finding = |id: &str| NO_FINDINGS.iter().any(|(word, _)| *word == id);
    let unnamed: Vec<&String> = in_code.iter().filter(|id| !is_known(id) && !is_no_finding(id)).collect();
    assert!(unnamed.is_empty(), "docs/src/checks.md has no row for {unnamed:?}");
    let mut said = in_code.clone();
    for case in all() {
        for finding in audit(&case).1.findings {
            assert!(is_known(&finding.id), "docs/src/checks.md has no row for {}", finding.id);
            said.insert(finding.id);
        }
    }
    let gone: Vec<&&str> =
        patterns.iter().filter(|pattern| !said.iter().any(|id| fits(pattern, id))).collect();
    assert!(gone.is_empty(), "no code says {gone:?} any more");
    let idle: Vec<&str> =
        NO_FINDINGS.iter().map(|(word, _)| *word).filter(|word| !in_code.contains(*word)).collect();
    assert!(idle.is_empty(), "these words are gone: {idle:?}");
}

/// Findings that no case expects, each tested elsewhere or impossible to bring about by a zone.
const WITHOUT_CASE: &[(&str, &str)] = &[
    ("blocklist.catalogue", "the catalogue is part of the program, and is read when it is built"),
    ("mx.many", "a zone with many hosts is built in a test of its rule"),
    ("spf.senders-left-out", "needs more senders than a case should list"),
];

#[test]
fn every_finding_has_a_case() {
    let cases = all();
    let expected: BTreeSet<&str> =
        cases.iter().flat_map(|case| case.all("finding")).filter_map(|line| line.split(' ').next()).collect();
    let checks = table();
    let areas: BTreeSet<&str> = checks
        .iter()
        .flat_map(|check| &check.findings)
        .map(|pattern| pattern.split_once('.').unwrap().0)
        .collect();
    let is_excused =
        |id: &str| [WITHOUT_CASE, NO_FINDINGS].concat().iter().any(|(excused, _)| *excused == id);
    let in_code = ids_in_code(&areas);
    let missing: Vec<&String> =
        in_code.iter().filter(|id| !expected.contains(id.as_str()) && !is_excused(id)).collect();
    assert!(missing.is_empty(), "no case expects {missing:?}");
    let idle: Vec<&str> = WITHOUT_CASE.iter().map(|(id, _)| *id).filter(|id| expected.contains(id)).collect();
    assert!(idle.is_empty(), "these need no excuse any more: {idle:?}");
}

/// What a case can show of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Shown {
    /// In order: its finding says so, or the finding that would complain is not there.
    Good,
    Bad,
    Unknown,
}

use Shown::{Bad, Good, Unknown};

/// Checks for which one of the three cannot be.
const CANNOT_BE: &[(&str, Shown, &str)] = &[
    ("B13", Bad, "says what a host offers; mail arrives without any of it"),
    ("B13", Unknown, "a host that does not answer EHLO is told of by B8 and K2"),
    ("D21", Bad, "names that are open to forgers are usual, so that is told as good to know"),
    ("F17", Unknown, "a report names every source, or there is no report"),
    ("F19", Unknown, "a report names forwarders, or there were none"),
    ("H7", Bad, "says whose network it is, and judges nobody"),
    ("H11", Bad, "not to stand on an allow list is the usual thing"),
    ("I4", Unknown, "a field stands in a message or does not"),
    ("I7", Unknown, "a field stands in a message or does not"),
    ("I8", Bad, "explains what others left in a message; nothing is to be done"),
    ("I8", Unknown, "a field stands in a message or does not"),
    ("J4", Unknown, "only a log tells; that none was given is told by J2"),
    ("J6", Unknown, "a log without sign-ins has nothing to look at"),
    ("J7", Unknown, "only a log tells; that none was given is told by J2"),
];

/// What the cases show of a check.
fn shown(check: &Check, cases: &[Case]) -> BTreeSet<Shown> {
    let mut shown = BTreeSet::new();
    let is_of_check = |id: &str| check.findings.iter().any(|pattern| fits(pattern, id));
    for case in cases {
        for line in case.all("finding") {
            let mut words = line.split(' ');
            let (id, status) = (words.next().unwrap(), words.next().unwrap());
            if is_of_check(id) {
                match status {
                    "pass" | "info" => shown.insert(Good),
                    "warn" | "fail" => shown.insert(Bad),
                    "unknown" => shown.insert(Unknown),
                    _ => false,
                };
            }
        }
        if case.all("not").into_iter().any(is_of_check) {
            shown.insert(Good);
        }
    }
    shown
}

#[test]
fn every_check_has_a_good_a_bad_and_an_unknown_case() {
    let cases = all();
    let (mut missing, mut idle) = (Vec::new(), Vec::new());
    for check in table().iter().filter(|check| check.reason.is_empty()) {
        let shown = shown(check, &cases);
        for wanted in [Good, Bad, Unknown] {
            let is_excused =
                CANNOT_BE.iter().any(|(number, what, _)| *number == check.number && *what == wanted);
            if !shown.contains(&wanted) && !is_excused {
                missing.push(format!("{} {wanted:?} ({})", check.number, check.findings.join(" ")));
            }
            if shown.contains(&wanted) && is_excused {
                idle.push(format!("{} {wanted:?}", check.number));
            }
        }
    }
    assert!(missing.is_empty(), "{} without a case:\n{}", missing.len(), missing.join("\n"));
    assert!(idle.is_empty(), "these need no excuse any more: {idle:?}");
}
