//! Mailboxes and aliases from the files of the old server: shown, added, taken back, exported.

use mailferry::accounts::{ExportFormat, Format};
use mailferry::values::DomainName;

use super::*;

fn domain(name: &str) -> DomainName {
    DomainName::parse(name).unwrap()
}

fn started(home: &Path) -> Bench {
    let mut bench = Bench::start(home);
    bench.send(Command::NewProject { domain: "weber.example".to_owned(), path: None });
    bench.wait_project(|project| !project.domain.is_searching);
    bench.failures.clear();
    bench
}

const TEXT: &str = "address,name,goto\nanna@weber.example,Anna Weber,\nx@else.example,,\ninfo@weber.example,,anna@weber.example\n";

#[test]
fn what_was_read_is_added_when_the_owner_says_so_and_can_be_taken_back() {
    let home = tempfile::tempdir().unwrap();
    let mut bench = started(home.path());
    bench.send(Command::AddMailbox("ben@weber.example".to_owned()));
    bench.send(Command::PasteAccounts(TEXT.to_owned()));
    let project = bench.wait_project(|project| project.accounts.preview.is_some());
    let preview = project.accounts.preview.unwrap();
    assert_eq!(project.mailboxes.len(), 1, "nothing is added yet");
    let domains: Vec<_> =
        preview.domains.iter().map(|named| (named.domain.to_string(), named.entries, named.is_own)).collect();
    assert_eq!(domains, [("else.example".to_owned(), 1, false), ("weber.example".to_owned(), 2, true)]);
    bench.send(Command::TakeAccounts(vec![domain("weber.example")]));
    let project = bench.wait_project(|project| project.accounts.preview.is_none());
    assert_eq!(project.mailboxes.len(), 2);
    assert_eq!((project.accounts.undo, project.accounts.plan.routes.len()), (Some(1), 1));
    assert_eq!(project.accounts.plan.summary(), "1 alias to create");
    // It is in the file.
    let path = project.path.clone();
    bench.send(Command::CloseProject);
    bench.send(Command::OpenProject(path));
    let project = bench.wait_project(|_| true);
    assert_eq!((project.accounts.plan.routes.len(), project.accounts.undo), (1, None));
    // The same again adds nothing, and is taken back alone.
    bench.send(Command::PasteAccounts("carl@weber.example\nanna@weber.example\n".to_owned()));
    let preview = bench.wait_project(|project| project.accounts.preview.is_some()).accounts.preview.unwrap();
    assert_eq!(preview.known, 1);
    bench.send(Command::TakeAccounts(vec![domain("weber.example")]));
    assert_eq!(bench.wait_project(|_| true).mailboxes.len(), 3);
    bench.send(Command::UndoAccounts);
    let project = bench.wait_project(|_| true);
    let left: Vec<String> = project.mailboxes.iter().map(|row| row.mailbox.address.to_string()).collect();
    assert_eq!(left, ["ben@weber.example", "anna@weber.example"]);
    assert_eq!((project.accounts.undo, project.accounts.directory.accounts.len()), (None, 1));
    assert!(bench.failures.is_empty(), "{:#?}", bench.failures);
}

#[test]
fn an_unknown_file_is_reported_and_a_list_for_signing_in_is_imported() {
    let home = tempfile::tempdir().unwrap();
    let mut bench = started(home.path());
    let path = home.path().join("poem");
    std::fs::write(&path, "Roses are red, my love\nand so on").unwrap();
    bench.send(Command::ReadAccounts(vec![path]));
    assert!(bench.failure().title.contains("accounts could not be read"));
    bench.send(Command::ReadAccounts(vec![home.path().join("none")]));
    assert!(bench.failure().cause.contains("none"));
    let list = home.path().join("list");
    std::fs::write(&list, "address,source_user\nanna@weber.example,anna\n").unwrap();
    bench.send(Command::ReadAccounts(vec![list]));
    let project = bench.wait_project(|project| !project.mailboxes.is_empty());
    assert_eq!((project.mailboxes[0].mailbox.source_user.as_str(), project.accounts.preview), ("anna", None));
    bench.send(Command::PasteAccounts("anna@weber.example:{PLAIN}x\n".to_owned()));
    bench.send(Command::DiscardAccounts);
    assert!(bench.wait_project(|_| true).accounts.preview.is_none());
}

#[test]
fn what_a_file_is_is_asked_where_that_cannot_be_told() {
    let home = tempfile::tempdir().unwrap();
    let mut bench = started(home.path());
    let path = home.path().join("virtual");
    std::fs::write(&path, "Roses are red, my love\nand so on").unwrap();
    bench.send(Command::ReadAccounts(vec![path.clone()]));
    let failure = bench.failure();
    let as_map = Command::ReadAccountsAs { paths: vec![path.clone()], format: Format::PostfixAliases };
    let way = failure.ways_out.iter().find(|way| way.command.as_ref() == Some(&as_map)).unwrap();
    assert_eq!(way.label, "Read it as Postfix virtual aliases");
    std::fs::write(&path, "info anna\n").unwrap();
    bench.send(as_map);
    let preview = bench.wait_project(|project| project.accounts.preview.is_some()).accounts.preview.unwrap();
    assert_eq!(preview.directory.sources[0].format, Format::PostfixAliases);

    let message = home.path().join("letter");
    std::fs::write(
        &message,
        "From: anna@weber.example\nDate: Mon, 2 Nov 2026 09:00:00 +0000\nSubject: x\n\nx\n",
    )
    .unwrap();
    bench.send(Command::ReadAccounts(vec![message]));
    assert!(bench.failure().cause.contains("is a mail message"));
}

#[cfg(unix)]
#[test]
fn new_passwords_are_kept_for_the_destination_and_in_one_private_file() {
    use std::os::unix::fs::MetadataExt as _;
    let home = tempfile::tempdir().unwrap();
    let mut bench = started(home.path());
    let path = home.path().join("accounts.csv");
    bench.send(Command::ExportAccounts {
        path: path.clone(),
        format: ExportFormat::Csv,
        has_passwords: true,
    });
    assert!(bench.failure().title.contains("no mailboxes yet"));
    bench.send(Command::PasteAccounts(TEXT.to_owned()));
    bench.send(Command::TakeAccounts(vec![domain("weber.example")]));
    bench.send(Command::ExportAccounts {
        path: path.clone(),
        format: ExportFormat::Csv,
        has_passwords: true,
    });
    assert_eq!(std::fs::metadata(&path).unwrap().mode() & 0o777, 0o600);
    let table = std::fs::read_to_string(&path).unwrap();
    let password = table.lines().nth(1).unwrap().rsplit(',').next().unwrap();
    assert!(password.len() >= 20, "{table}");
    let project =
        bench.wait_project(|project| project.mailboxes.iter().all(|row| row.destination.has_password()));
    let file = std::fs::read(&project.path).unwrap();
    assert!(!file.windows(password.len()).any(|window| window == password.as_bytes()));
    // Who has a password keeps it.
    bench.send(Command::ExportAccounts {
        path: path.clone(),
        format: ExportFormat::Csv,
        has_passwords: true,
    });
    assert!(!std::fs::read_to_string(&path).unwrap().contains(password));
}
