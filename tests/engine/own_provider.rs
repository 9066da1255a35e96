//! A provider file of the owner: added, measured, chosen, kept in the project, and refused with the place of what is wrong.

use super::*;

const OWN: &str = include_str!("../cases/providers/my-host.toml");

fn started(home: &Path) -> Bench {
    let mut bench = Bench::start(home);
    bench.send(Command::NewProject { domain: "weber.example".to_owned(), path: None });
    bench.wait_project(|project| !project.domain.is_searching);
    bench.failures.clear();
    bench
}

fn own() -> ProviderId {
    ProviderId("my-host".to_owned())
}

#[test]
fn an_own_provider_is_measured_and_chosen_and_is_there_when_the_project_is_opened_again() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("my-host.toml");
    std::fs::write(&file, OWN).unwrap();
    let mut bench = started(home.path());
    bench.send(Command::AddProviderFile(file));
    let project = bench.wait_project(|_| true);
    assert_eq!(project.destination.comparisons[0].provider, own(), "one's own comes first");
    bench.send(Command::ChooseDestination { provider: own(), server: None });
    let project = bench.wait_project(|project| project.destination.chosen.is_some());
    let path = project.path.clone();
    let server = project.destination.server.unwrap();
    assert_eq!(server.host, "imap.my-host.example");
    bench.send(Command::CloseProject);
    bench.send(Command::OpenProject(path));
    let project = bench.wait_project(|_| true);
    assert_eq!(project.destination.chosen, Some((own(), "My host".to_owned())));
    assert_eq!(project.destination.comparisons[0].name, "My host");
    bench.send(Command::NewProject { domain: "other.example".to_owned(), path: None });
    let project = bench.wait_project(|project| project.domain.name.as_ascii() == "other.example");
    assert!(
        project.destination.comparisons.iter().all(|one| one.provider != own()),
        "it belongs to one project"
    );
    assert!(bench.failures.is_empty(), "{:#?}", bench.failures);
}

#[test]
fn a_wrong_file_is_refused_with_its_line_and_one_that_takes_no_mail_is_not_chosen() {
    let home = tempfile::tempdir().unwrap();
    let mut bench = started(home.path());
    for (name, text, expected) in [
        (
            "my-host.toml",
            OWN.replace("tagline =", "tag_line ="),
            "my-host.toml, line 5: the key “tag_line” is unknown",
        ),
        ("fastmail.toml", OWN.to_owned(), "the provider “fastmail” comes with Mailferry"),
        ("my host.txt", OWN.to_owned(), "is not the name of a provider file"),
        ("long.toml", "#".repeat(300_000), "longer than 262144 bytes"),
    ] {
        let file = home.path().join(name);
        std::fs::write(&file, text).unwrap();
        bench.send(Command::AddProviderFile(file));
        let failure = bench.failure();
        assert!(failure.to_text().contains(expected), "{}", failure.to_text());
        assert!(failure.to_text().contains("No provider was added"), "{}", failure.to_text());
    }
    let before = bench.wait_project(|_| true);
    assert!(before.destination.comparisons.iter().all(|one| one.name != "My host"));
    bench.send(Command::ChooseDestination { provider: ProviderId("hey".to_owned()), server: None });
    let failure = bench.failure();
    assert!(failure.to_text().contains("HEY for Domains cannot be the destination"), "{}", failure.to_text());
    assert_eq!(bench.wait_project(|_| true).destination.chosen, None);
}
