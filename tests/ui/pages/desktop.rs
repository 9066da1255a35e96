//! A desktop program's manners: undo, notifications, staying awake, files shown where they are, and keys.

use std::path::PathBuf;

use egui::{Key, Modifiers};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use mailferry::engine::{
    Command, CopyPhase, Event, MailboxProgressState, Notice, PracticeTrouble, ProjectView, Step, UserError,
};
use mailferry::ui::Place;
use mailferry::ui::testing::samples;

use mailferry_test_support::window::{Opened, USUAL};

fn show(opened: &mut Opened, project: ProjectView) {
    opened.engine.show(samples::with(project));
    opened.harness.run();
}

fn key(opened: &mut Opened, key: Key) {
    opened.harness.key_press_modifiers(Modifiers::COMMAND, key);
    opened.harness.run();
}

#[test]
fn a_project_is_forgotten_and_listed_again() {
    let snapshot = samples::start();
    let project = snapshot.recent[1].clone();
    let mut opened = Opened::new(snapshot, false, USUAL);
    opened.click("Take müller-söhne.example from this list; its file stays");
    assert_eq!(opened.sent(), [Command::ForgetProject(project.path.clone())]);
    opened.click("Undo");
    assert_eq!(opened.sent(), [Command::ListProject(project)]);
}

#[test]
fn a_rehearsal_is_thrown_away_after_a_question_only() {
    let snapshot = samples::start();
    let path = snapshot.recent[2].path.clone();
    let mut opened = Opened::new(snapshot, false, USUAL);
    opened.click("Throw the rehearsal hafen-probe.example away…");
    assert_eq!(opened.sent(), []);
    opened.click("Keep it");
    opened.click("Throw the rehearsal hafen-probe.example away…");
    opened.click("Throw it away");
    assert_eq!(opened.sent(), [Command::DeleteRehearsal(path)]);
}

#[test]
fn what_is_left_out_comes_back() {
    let mut opened = Opened::step(samples::planned(), Step::Plan, false);
    opened.click_containing("Projekte/haus goes to");
    opened.click("Copy this folder");
    let sent = opened.sent();
    let [Command::IncludeFolder { mailbox, folder, is_included: false }] = sent.as_slice() else {
        panic!("{sent:?}")
    };
    let back = Command::IncludeFolder { mailbox: *mailbox, folder: folder.clone(), is_included: true };
    opened.click("Undo");
    assert_eq!(opened.sent(), [back]);
}

#[test]
fn a_saved_file_is_shown_in_its_folder() {
    let mut opened = Opened::step(samples::done(), Step::Copy, false);
    let path = PathBuf::from("/home/anna/Documents/report.html");
    let notice = Notice { words: "Saved the report".to_owned(), path: Some(path.clone()) };
    opened.engine.0.borrow_mut().events.push_back(Event::Notice(notice));
    opened.harness.run();
    assert!(opened.harness.query_by_label("Open").is_some());
    opened.click("Show in folder");
    assert_eq!(opened.engine.asked_of_desktop().shown, [path]);
}

#[test]
fn who_looks_elsewhere_hears_when_the_copy_needs_them_or_ends() {
    let mut opened = Opened::step(samples::copying(), Step::Copy, false);
    let mut project = samples::copying();
    let error =
        UserError { certificate: None, ..samples::error("The password is refused", "", "", "", None) };
    project.copy.mailboxes[0].state = MailboxProgressState::Stopped(error);
    show(&mut opened, project.clone());
    show(&mut opened, project.clone());
    project.copy.phase = CopyPhase::Finished;
    show(&mut opened, project);
    let notified = opened.engine.asked_of_desktop().notified;
    let name = "weber-familie.example";
    assert_eq!(notified, [format!("{name}: the copy needs you"), format!("{name}: the copy is finished")]);
}

#[test]
fn the_computer_stays_awake_while_mail_is_copied_or_the_window_says_that_it_may_sleep() {
    let mut opened = Opened::step(samples::planned(), Step::Copy, false);
    show(&mut opened, samples::copying());
    opened.harness.run();
    assert!(opened.harness.query_by_label_contains("Computer stays awake").is_some());
    show(&mut opened, samples::finished());
    assert_eq!(opened.engine.asked_of_desktop().awake, [true, false]);

    let snapshot = samples::with(samples::copying());
    let engine = mailferry::ui::testing::FakeEngine::showing(snapshot.clone());
    engine.0.borrow_mut().desktop.may_sleep = true;
    let mut opened = Opened::over(engine, Some(Place::Step(Step::Copy)), USUAL);
    opened.engine.show(snapshot);
    opened.harness.run();
    opened.harness.run();
    assert!(opened.harness.query_by_label_contains("The computer may fall asleep").is_some());
}

#[test]
fn a_desktop_without_dialogs_is_said_so() {
    let engine = mailferry::ui::testing::FakeEngine::showing(samples::start());
    engine.0.borrow_mut().has_no_dialogs = true;
    let mut opened = Opened::over(engine, None, USUAL);
    opened.click("Choose project or facts file in a dialog");
    opened.harness.run();
    assert!(opened.harness.query_all_by_label_contains("This desktop has no file dialog").next().is_some());
}

#[test]
fn the_usual_keys_find_save_and_open() {
    let mut opened = Opened::step(samples::audited(), Step::Audit, false);
    key(&mut opened, Key::F);
    let field = opened.harness.get_by_label("Find in the checks");
    assert!(field.accesskit_node().is_focused());
    key(&mut opened, Key::S);
    assert!(opened.harness.query_by_label("Save audit").is_some(), "the panel that saves is open");
    let mut opened = Opened::at(samples::with(samples::found()), Some(Place::Log), false, USUAL);
    key(&mut opened, Key::F);
    assert!(opened.harness.get_by_label("Find in the log").accesskit_node().is_focused());
    let engine = mailferry::ui::testing::FakeEngine::showing(samples::start());
    engine.0.borrow_mut().has_no_dialogs = true;
    let mut opened = Opened::over(engine, None, USUAL);
    key(&mut opened, Key::O);
    opened.harness.run();
    let said = opened.harness.query_all_by_label_contains("This desktop has no file dialog").next();
    assert!(said.is_some(), "it was asked for");
    let way_out = opened.harness.query_all_by_label_contains("start “mailferry FILE”").next();
    assert!(way_out.is_some(), "there is no field to type into");
}

#[test]
fn the_keyboard_never_falls_to_nothing() {
    let opened = Opened::new(samples::start(), false, USUAL);
    let mut fields = opened.harness.query_all_by_label("Your mail domain");
    assert!(fields.any(|node| node.accesskit_node().is_focused()), "the first field has it at the start");
    let mut opened = Opened::step(samples::with_records(), Step::Records, false);
    opened.harness.get_by_label("Read the zone again").focus();
    opened.harness.run();
    // The button goes with the records.
    show(&mut opened, samples::finished());
    opened.harness.run();
    let in_rail = opened.harness.get_by_label_contains("Records, ");
    assert!(in_rail.accesskit_node().is_focused(), "next to the content");
}

#[test]
fn trouble_is_in_reach_on_every_page_of_a_rehearsal() {
    let mut project = samples::planned();
    project.is_practice = true;
    let mut opened = Opened::step(project, Step::Plan, false);
    opened.click("Make trouble…");
    opened.click("Make a colliding folder");
    assert_eq!(opened.sent(), [Command::MakeTrouble(PracticeTrouble::CollidingFolder)]);
    assert!(opened.harness.query_by_label_contains("practice provider").is_some(), "no real name beside it");
    let real = Opened::step(samples::planned(), Step::Plan, false);
    assert!(real.harness.query_by_label("Make trouble…").is_none());
}
