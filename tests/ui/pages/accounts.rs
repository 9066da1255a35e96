//! Mailboxes and aliases from the files of the old server.

use egui_kittest::kittest::Queryable as _;
use mailferry::accounts::ExportFormat;
use mailferry::engine::{Command, Step};
use mailferry::ui::testing::samples;
use mailferry::values::DomainName;
use mailferry_test_support::window::Opened;

fn count(opened: &Opened, words: &str) -> usize {
    opened.harness.query_all_by_label_contains(words).count()
}

fn domain(name: &str) -> DomainName {
    DomainName::parse(name).unwrap()
}

#[test]
fn addresses_at_another_domain_are_asked_about() {
    let mut opened = Opened::step(samples::accounts_to_add(), Step::Mailboxes, false);
    assert_eq!(count(&opened, "Some of it is not about weber-familie.example"), 1);
    opened.click("Add 14 mailboxes and 8 aliases");
    assert_eq!(opened.sent(), [Command::TakeAccounts(vec![domain("weber-familie.example")])]);
    opened.click("Take 2 entries at else.example too");
    opened.click("Add 16 mailboxes and 8 aliases");
    let both = vec![domain("weber-familie.example"), domain("else.example")];
    assert_eq!(opened.sent().last().cloned(), Some(Command::TakeAccounts(both)));
    opened.click("Add nothing");
    assert_eq!(opened.sent().last().cloned(), Some(Command::DiscardAccounts));
}

#[test]
fn a_file_and_pasted_text_are_read() {
    let mut opened = Opened::step(samples::signed_in(), Step::Mailboxes, false);
    opened.click("Read from your server…");
    opened.type_into("File of the server", "/etc/aliases");
    opened.click("Read the file");
    assert_eq!(opened.sent(), [Command::ReadAccounts(vec!["/etc/aliases".into()])]);
}

#[test]
fn the_plan_of_aliases_its_files_and_the_way_back() {
    let mut opened = Opened::step(samples::with_aliases(), Step::Mailboxes, true);
    assert_eq!(count(&opened, "3 will break SPF"), 1);
    assert_eq!(count(&opened, "What IMAP does not carry"), 1);
    opened.click("Take it back");
    assert_eq!(opened.sent(), [Command::UndoAccounts]);
    opened.click("Google Workspace users");
    opened.click("Make new passwords and write them into this file, which only you can read");
    opened.type_into("Accounts file", "/home/anna/users.csv");
    opened.click("Save mailboxes and aliases");
    let sent = opened.sent();
    let [Command::ExportAccounts { path, format, has_passwords }] = sent.as_slice() else {
        panic!("{sent:?}")
    };
    assert!(path.to_string_lossy().ends_with("/home/anna/users.csv"));
    assert_eq!((*format, *has_passwords), (ExportFormat::Google, true));
    // A form without passwords never asks for them.
    opened.click("Microsoft 365 aliases");
    opened.click("Save mailboxes and aliases");
    let last = opened.sent().last().cloned();
    assert!(matches!(last, Some(Command::ExportAccounts { has_passwords: false, .. })), "{last:?}");
}
