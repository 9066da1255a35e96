//! What a page says or offers, it says once, and where it can be seen.

use std::sync::Arc;

use egui::Vec2;
use egui::accesskit::Role;
use egui_kittest::kittest::Queryable as _;
use mailferry::engine::{Command, Event, KeyringStatus, ProjectView, Snapshot, Step};
use mailferry::plan::Reach;
use mailferry::ui::Place;
use mailferry::ui::testing::samples;
use mailferry::values::Side;
use mailferry::values::{CommandLine, Credential, SignInWay};

use mailferry_test_support::window::{Opened, USUAL};

fn without_keyring(project: ProjectView, step: Step) -> Opened {
    let why = "No keyring runs on this computer.".to_owned();
    let snapshot = Snapshot { keyring: KeyringStatus::ThisSessionOnly(Some(why)), ..samples::with(project) };
    Opened::at(snapshot, Some(Place::Step(step)), false, USUAL)
}

fn count(opened: &Opened, words: &str) -> usize {
    opened.harness.query_all_by_label_contains(words).count()
}

#[test]
fn where_passwords_stay_is_said_once_and_not_in_practice() {
    let opened = without_keyring(samples::signed_in(), Step::Mailboxes);
    assert_eq!(count(&opened, "kept until Mailferry quits"), 1);
    assert_eq!(count(&opened, "No keyring runs on this computer"), 1);
    let opened = without_keyring(samples::practice(), Step::Mailboxes);
    assert_eq!(count(&opened, "kept until Mailferry quits"), 0);
    assert_eq!(count(&opened, "keyring"), 0);
}

#[test]
fn an_empty_page_offers_its_action_once() {
    let opened = Opened::step(samples::found(), Step::Audit, false);
    assert_eq!(count(&opened, "Run the audit"), 1);
    let opened = Opened::step(samples::finished(), Step::Records, false);
    assert_eq!(count(&opened, "Prepare the records"), 1);
    let opened = Opened::step(samples::signed_in(), Step::Plan, false);
    assert_eq!(count(&opened, "Count the folders"), 1);
    let opened = Opened::step(samples::chosen(), Step::Plan, false);
    assert_eq!(count(&opened, "Count the folders"), 0, "there is nothing to count without mailboxes");
    assert_eq!(count(&opened, "Show the mailboxes"), 1);
}

#[test]
fn a_practice_domain_page_has_nothing_to_fill_in() {
    let opened = Opened::step(samples::practice(), Step::Domain, false);
    let fields = opened.harness.query_all_by(|node| node.role() == Role::TextInput);
    assert_eq!(fields.count(), 0);
    assert_eq!(count(&opened, "Find the server"), 0);
}

#[test]
fn a_provider_that_does_not_fit_says_why() {
    let opened = Opened::step(samples::audited(), Step::Destination, false);
    let words = "Google Workspace, Does not fit. Largest message over IMAP: 36 MB; your largest has 61 MB";
    assert!(opened.harness.query_by_label(words).is_some());
}

#[test]
fn a_finished_copy_shows_its_proof_and_how_long_it_took() {
    let opened = Opened::step(samples::finished(), Step::Copy, false);
    assert_eq!(count(&opened, "How it was verified: Counts, sizes, dates and flags"), 1);
    assert_eq!(count(&opened, "took 3 hours, finished 2026-11-14 17:06"), 1);
    let opened = Opened::new(samples::copying_snapshot(), false, USUAL);
    assert_eq!(count(&opened, "How it was verified"), 0);
}

#[test]
fn notes_about_records_stand_above_the_lines() {
    let opened = Opened::step(samples::with_records(), Step::Records, false);
    assert_eq!(count(&opened, "Prepared, not saved yet"), 1);
    let note = opened.harness.get_by_label_contains("compare them before you publish").rect();
    let line = opened.harness.get_by_label_contains("added: @ 300 MX").rect();
    assert!(note.bottom() < line.top() && note.bottom() < USUAL.y, "{note} {line}");
}

#[test]
fn a_saved_file_is_named_where_it_was_saved() {
    let opened = Opened::step(samples::done(), Step::Records, false);
    assert_eq!(count(&opened, "Saved to /home/anna/Documents/weber-familie.example-1-now.zone"), 1);
}

#[test]
fn what_was_asked_for_in_vain_stands_on_the_page_until_something_else_is_asked_for() {
    let mut opened = Opened::step(samples::signed_in(), Step::Mailboxes, false);
    let error =
        samples::error("The list of mailboxes has a mistake", "Line 1 has no address.", "", "Mend it", None);
    opened.engine.0.borrow_mut().events.push_back(Event::Failed { error, command: None });
    opened.harness.run();
    assert_eq!(count(&opened, "Line 1 has no address."), 1);
    opened.click("Import CSV…");
    assert_eq!(count(&opened, "Line 1 has no address."), 1, "opening a panel asks for nothing");
    opened.type_into("CSV file", "/home/anna/list.csv");
    opened.click("Import mailboxes");
    assert_eq!(opened.sent(), [Command::ImportCsv("/home/anna/list.csv".into())]);
    assert_eq!(count(&opened, "Line 1 has no address."), 0);
}

#[test]
fn an_error_of_opening_is_not_repeated_in_a_corner() {
    let error = samples::error("This file is not a project", "It is a poem.", "", "Choose another", None);
    let mut opened =
        Opened::new(Snapshot { open_error: Some(error.clone()), ..Snapshot::default() }, false, USUAL);
    opened.engine.0.borrow_mut().events.push_back(Event::Failed { error, command: None });
    opened.harness.run();
    let title = "This file is not a project";
    assert_eq!(opened.harness.query_all_by_label(title).count(), 1);
    opened.click(&format!("Close “{title}”"));
    assert_eq!(count(&opened, title), 0, "it does not stay over what is typed next");
}

#[test]
fn in_a_narrow_window_a_folder_opens_under_its_row() {
    let size = Vec2::new(1024.0, 700.0);
    let place = Some(Place::Step(Step::Plan));
    let mut opened = Opened::at(samples::with(samples::planned()), place, true, size);
    opened.click_containing("Archiv/2019 goes to");
    let row = opened.harness.get_all_by_label_contains("Archiv/2019 goes to").next().unwrap().rect();
    let choice = opened.harness.get_by_label("Copy this folder").rect();
    let next = opened.harness.get_all_by_label_contains("Archiv/2020 goes to").next().unwrap().rect();
    assert!(row.bottom() <= choice.top() && choice.bottom() <= next.top(), "{row} {choice} {next}");
}

#[test]
fn a_practice_project_keeps_its_own_servers() {
    let opened = Opened::step(samples::practice(), Step::Destination, false);
    assert_eq!(count(&opened, "Use this server"), 0);
    let opened = Opened::step(samples::chosen(), Step::Destination, false);
    assert_eq!(count(&opened, "Use this server"), 1);
}

#[test]
fn a_project_from_elsewhere_asks_in_place_of_its_pages() {
    let mut project = samples::signed_in();
    let command = CommandLine::parse("curl evil.example").unwrap();
    project.unconfirmed = Arc::new(vec![
        Reach::Resolver("192.0.2.53:53".to_owned()),
        Reach::SignIn {
            side: Side::Source,
            server: project.domain.source_server.clone(),
            user: "anna".to_owned(),
            way: SignInWay::with(Credential::TokenCommand(command)),
        },
    ]);
    for step in [Step::Domain, Step::Mailboxes, Step::Copy] {
        let mut opened = Opened::step(project.clone(), step, false);
        assert_eq!(count(&opened, "May this project do the following?"), 1);
        for line in ["run “curl evil.example”", "use the resolver 192.0.2.53:53"] {
            assert_eq!(count(&opened, line), 1, "{line}");
        }
        assert_eq!(count(&opened, "Start copying") + count(&opened, "Test sign-in"), 0);
        opened.click("I recognise all of this: continue");
        assert_eq!(opened.sent(), [Command::ConfirmProject]);
    }
    project.unconfirmed = Arc::default();
    let opened = Opened::step(project, Step::Mailboxes, false);
    assert_eq!(count(&opened, "May this project"), 0);
}
