//! `mailferry providers`, and a provider file of the owner in the commands that take one.

use std::path::Path;

use mailferry::project::Project;
use mailferry::values::DomainName;

use crate::program::run;

const OWN: &str = include_str!("../cases/providers/my-host.toml");

#[track_caller]
fn said(home: &Path, arguments: &[&str], status: i32) -> String {
    let output = run(home, arguments);
    let words = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let all = format!("{}{}", words(&output.stdout), words(&output.stderr));
    assert_eq!(output.status.code(), Some(status), "{arguments:?}: {all}");
    if status == 0 { words(&output.stdout) } else { all }
}

#[test]
fn the_catalogue_is_measured_against_figures_in_words_and_in_json() {
    let home = tempfile::tempdir().unwrap();
    let figures =
        ["providers", "--mailboxes", "14", "--largest-mailbox", "11GB", "--largest-message", "61MB"];
    let list = said(home.path(), &figures, 0);
    for expected in [
        "fastmail           Fits, as far as known    Fastmail",
        "hey                Not a destination        HEY",
        "    Takes copied mail: Has no IMAP",
        "google-workspace   Does not fit             Google Workspace",
        "    Largest message over IMAP: 36 MB; your largest has 61 MB",
    ] {
        assert!(list.contains(expected), "{expected}: {list}");
    }
    let one = said(home.path(), &["providers", "--provider", "fastmail", "--mailboxes", "14"], 0);
    assert!(
        one.contains("Create 14 app passwords") && one.contains("Not published by Fastmail: Space"),
        "{one}"
    );
    assert!(!one.contains("mailbox.org"), "{one}");
    let json = said(home.path(), &["providers", "--json", "-"], 0);
    let all: serde_json::Value = serde_json::from_str(&json).unwrap();
    let all = all.as_array().unwrap();
    assert_eq!(all.len(), 30);
    let mx = |id: &str| {
        let one = all.iter().find(|one| one["provider"] == id).unwrap();
        let mut rows = one["rows"].as_array().unwrap().iter();
        let row = rows.find(|row| row["label"] == "Incoming mail (MX)").unwrap();
        (row["fit"].clone(), row["source"]["confidence"].clone())
    };
    assert_eq!(mx("runbox"), ("not-confirmed".into(), "low".into()));
    assert_eq!(mx("gandi"), ("neutral".into(), "high".into()));
    let other = all.iter().find(|one| one["provider"] == "generic-imap").unwrap();
    assert_eq!(
        (&other["name"], &other["in_sentences"]),
        (&"Another IMAP server".into(), &"your provider".into())
    );
    let any = said(home.path(), &["providers", "--provider", "generic-imap"], 0);
    assert!(any.contains("Ask your provider about: ") && !any.contains("published by Another"), "{any}");
    let wrong = said(home.path(), &["providers", "--provider", "nobody"], 2);
    assert!(wrong.contains("there is no provider “nobody”; the providers are fastmail"), "{wrong}");
}

#[test]
fn a_project_is_measured_by_what_it_knows() {
    let home = tempfile::tempdir().unwrap();
    let path = home.path().join("weber.example.mailferry");
    drop(Project::create(&path, &DomainName::parse("weber.example").unwrap(), false).unwrap());
    let list = said(home.path(), &["providers", "weber.example.mailferry"], 0);
    assert!(list.contains("purelymail"), "{list}");
    let clash = said(home.path(), &["providers", "weber.example.mailferry", "--mailboxes", "3"], 2);
    assert!(clash.contains("cannot be used with"), "{clash}");
    let missing = said(home.path(), &["providers", "nothing.mailferry"], 3);
    assert!(missing.contains("nothing.mailferry"), "{missing}");
}

#[test]
fn an_own_provider_is_listed_and_has_records_and_a_wrong_file_names_the_line() {
    let home = tempfile::tempdir().unwrap();
    std::fs::write(home.path().join("my-host.toml"), OWN).unwrap();
    std::fs::write(home.path().join("broken.toml"), OWN.replace("priority", "prio")).unwrap();
    std::fs::write(home.path().join("empty.zone"), "@ 3600 IN A 192.0.2.1\n").unwrap();
    let figures = ["providers", "--provider-file", "my-host.toml", "--largest-mailbox", "11GB"];
    let list = said(home.path(), &figures, 0);
    assert!(list.starts_with("my-host            Does not fit             My host\n"), "{list}");
    assert!(
        list.contains("Space per mailbox, 11 GB: 5.0 GB") || list.contains("Space per mailbox, 11 GB: 5 GB"),
        "{list}"
    );
    let records = [
        "records",
        "weber.example",
        "--provider",
        "my-host",
        "--provider-file",
        "my-host.toml",
        "--zone",
        "empty.zone",
        "--stage",
        "switch",
    ];
    let zone = said(home.path(), &records, 0);
    assert!(
        zone.contains("mx.my-host.example.") && zone.contains("mh1.weber-example.dkim.my-host.example."),
        "{zone}"
    );
    let broken = said(home.path(), &["providers", "--provider-file", "broken.toml"], 3);
    assert!(broken.contains("broken.toml, line 39: the key “prio” is unknown"), "{broken}");
    assert!(broken.contains("Correct the file"), "{broken}");
    let closed =
        said(home.path(), &["records", "weber.example", "--provider", "hey", "--zone", "empty.zone"], 2);
    assert!(closed.contains("--provider hey: Has no IMAP"), "{closed}");
}
