//! Saved facts of an audit: written by one program, opened by another, and judged there without asking anybody.

use super::*;

use mailferry::audit::{Facts, judge};
use mailferry::values::{DomainName, UnixTime};

fn facts() -> Facts {
    let domain = DomainName::parse("weber.example").unwrap();
    Facts::new(domain, UnixTime(1_790_000_000), "192.0.2.53".to_owned())
}

fn open(bench: &mut Bench, file: &Path) -> ProjectView {
    bench.send(Command::OpenFacts(file.to_path_buf()));
    bench.wait_project(|project| project.audit.report().is_some())
}

#[test]
fn saved_facts_open_as_a_project_of_their_own_and_nobody_is_asked() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("facts.json");
    std::fs::write(&file, facts().to_json().unwrap()).unwrap();
    let mut bench = Bench::start(home.path());
    bench.send(Command::NewProject { domain: "weber.example".to_owned(), path: None });
    let own = bench.wait_project(|project| !project.domain.is_searching);
    bench.failures.clear();

    let opened = open(&mut bench, &file);
    assert_ne!(opened.path, own.path, "the owner's own project stays as it is");
    assert_eq!(opened.audit.report().unwrap().as_ref(), &judge(&facts()));
    assert!(!opened.domain.is_searching, "no server is looked for");
    let again = home.path().join("again.json");
    bench.send(Command::ExportFacts(again.clone()));
    assert_eq!(Facts::from_json(&std::fs::read_to_string(&again).unwrap()).unwrap(), facts());

    let second = open(&mut bench, &again);
    assert!(second.path != opened.path && second.path != own.path, "no project is written over");
    bench.send(Command::OpenProject(own.path));
    assert_eq!(bench.wait_project(|_| true).audit, AuditView::NotRun);
    bench.send(Command::OpenProject(opened.path));
    let kept = bench.wait_project(|project| project.audit.report().is_some());
    assert_eq!(kept.audit.report().unwrap().at, facts().at);
}

#[test]
fn files_that_hold_no_facts_are_refused_and_no_project_is_made() {
    let home = tempfile::tempdir().unwrap();
    let newer = facts().to_json().unwrap().replacen("\"version\": ", "\"version\": 9", 1);
    let mut bench = Bench::start(home.path());
    for (name, bytes, expected) in [
        ("report.json", b"{\"version\": 1}".as_slice(), "it is not JSON with the facts of an audit"),
        ("half.json", &facts().to_json().unwrap().as_bytes()[..200], "it is not JSON with the facts"),
        ("newer.json", newer.as_bytes(), "newer version of Mailferry"),
        ("bytes.json", b"\xff\xfe\x00", "UTF-8"),
    ] {
        let file = home.path().join(name);
        std::fs::write(&file, bytes).unwrap();
        bench.send(Command::OpenFacts(file));
        let error = bench.failure();
        let words = format!("{} {}", error.title, error.cause).to_lowercase();
        assert!(words.contains(name) && words.contains(&expected.to_lowercase()), "{error:#?}");
        assert!(bench.engine.snapshot().project.is_none());
    }
    bench.send(Command::OpenFacts(home.path().join("nowhere.json")));
    assert!(bench.failure().title.contains("nowhere.json"));
    let made = std::fs::read_dir(home.path().join("projects")).map_or(0, Iterator::count);
    assert_eq!(made, 0);
}
