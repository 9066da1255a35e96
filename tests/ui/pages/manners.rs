//! What holds on every page: the keyboard's way through the window, what is read out, and what is never left over.

use egui::accesskit::Role;
use egui::{Key, Modifiers};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use mailferry::engine::{AuditView, Command, MailboxProgressState, PracticeTrouble, Step};
use mailferry::ui::Place;
use mailferry::ui::testing::samples;

use mailferry_test_support::window::{Opened, USUAL};

/// The name of what has the keyboard.
fn focused(opened: &Opened) -> String {
    #[expect(
        clippy::redundant_closure_for_method_calls,
        reason = "the method alone is not general enough in its lifetime"
    )]
    let node = opened.harness.query_by(|node| node.is_focused());
    node.and_then(|node| node.accesskit_node().label()).unwrap_or_default()
}

#[test]
fn the_rail_is_one_stop_and_the_page_is_next_to_it() {
    let mut opened = Opened::step(samples::found(), Step::Audit, false);
    let in_rail = opened.harness.get_by_label_contains("Audit, open");
    assert!(in_rail.rect().right() < 212.0);
    in_rail.focus();
    opened.harness.run();
    opened.press(Key::Tab);
    assert_eq!(focused(&opened), "Findings", "the page comes next, before the footer");

    opened.harness.get_by_label_contains("Audit, open").focus();
    opened.harness.run();
    opened.press(Key::ArrowDown);
    assert!(focused(&opened).starts_with("Verdict,"), "{}", focused(&opened));
    opened.press(Key::End);
    assert_eq!(focused(&opened), "Help");
    opened.press(Key::Home);
    assert_eq!(focused(&opened), "Switch project");
    for _ in 0..5 {
        opened.press(Key::ArrowDown);
    }
    assert!(focused(&opened).starts_with("Mailboxes,"), "{}", focused(&opened));
    opened.press(Key::Enter);
    assert_eq!(opened.harness.state().place(), Place::Step(Step::Mailboxes));
    assert!(focused(&opened).starts_with("Mailboxes,"), "the keyboard stays where it was");
}

#[test]
fn a_table_reads_the_row_that_the_keyboard_is_on() {
    let mut opened = Opened::step(samples::every_sign_in_state(), Step::Mailboxes, false);
    opened.harness.get_by_label("Mailboxes, 14 rows").focus();
    opened.harness.run();
    opened.press(Key::ArrowDown);
    let rows: Vec<_> = opened.harness.query_all_by(|node| node.role() == Role::Row).collect();
    let selected: Vec<usize> = rows
        .iter()
        .enumerate()
        .filter(|(_, row)| row.accesskit_node().is_selected() == Some(true))
        .map(|(index, _)| index)
        .collect();
    assert_eq!(selected, [1], "one row is active, and it is the second");
    assert!(rows[1].accesskit_node().is_focused(), "a screen reader is sent to the row");
}

#[test]
fn only_heads_that_sort_are_buttons() {
    let opened = Opened::step(samples::every_sign_in_state(), Step::Mailboxes, false);
    let sorting: Vec<String> = opened
        .harness
        .query_all_by_label_contains("Sort by ")
        .filter_map(|node| node.accesskit_node().label())
        .collect();
    assert_eq!(sorting, ["Sort by Mailbox", "Sort by Messages", "Sort by Size"]);
}

#[test]
fn a_card_says_whose_it_is_and_how_far_it_came() {
    let project = samples::stopped_mailboxes();
    let stopped: Vec<String> = project
        .copy
        .mailboxes
        .iter()
        .filter(|shown| matches!(shown.state, MailboxProgressState::Stopped(_)))
        .map(|shown| shown.address.clone())
        .collect();
    assert!(!stopped.is_empty());
    let opened = Opened::step(project, Step::Copy, false);
    for address in stopped.iter().take(3) {
        let name = address.split('@').next().unwrap();
        let cards = opened
            .harness
            .query_all_by(|node| node.role() == Role::Heading)
            .filter(|node| {
                let label = node.accesskit_node().label();
                label.is_some_and(|label| label.starts_with(&format!("{name}@")))
            })
            .count();
        assert_eq!(cards, 1, "{address}");
    }
    assert!(opened.harness.query_all_by_label_contains("messages are copied.").next().is_some());
}

#[test]
fn the_rail_leads_out_of_the_list_of_messages() {
    let mut opened = Opened::step(samples::message_list(), Step::Copy, false);
    opened.click_containing("Plan, ");
    assert_eq!(opened.sent(), [Command::HideMessages]);
    assert_eq!(opened.harness.state().place(), Place::Step(Step::Plan));
}

#[test]
fn faults_can_be_injected_before_the_copy_starts() {
    let mut project = samples::planned();
    assert!(
        Opened::step(project.clone(), Step::Copy, false)
            .harness
            .query_by_label("Make trouble on purpose")
            .is_none()
    );
    project.is_practice = true;
    let mut opened = Opened::step(project, Step::Copy, false);
    opened.click("Ask for a pause");
    assert_eq!(opened.sent(), [Command::MakeTrouble(PracticeTrouble::SlowProvider)]);
}

#[test]
fn the_log_is_reached_without_a_project() {
    let mut opened = Opened::new(samples::start(), false, USUAL);
    opened.click("Log");
    assert_eq!(opened.harness.state().place(), Place::Log);
    opened.click("Back to projects");
    assert_eq!(opened.harness.state().place(), Place::Step(Step::Domain));
}

#[test]
fn a_zoom_by_the_keyboard_is_the_zoom_of_the_settings() {
    let mut opened = Opened::at(samples::with(samples::found()), Some(Place::Settings), false, USUAL);
    let is_chosen = |opened: &Opened, label: &str| {
        let node = opened.harness.get_by_label(label);
        let node = node.accesskit_node();
        node.is_selected() == Some(true) || node.toggled() == Some(egui::accesskit::Toggled::True)
    };
    opened.click("125%");
    assert!(is_chosen(&opened, "125%"));
    opened.harness.key_press_modifiers(Modifiers::COMMAND, Key::Num0);
    opened.harness.run();
    assert!(is_chosen(&opened, "100%") && !is_chosen(&opened, "125%"));
}

#[test]
fn a_lost_line_says_since_when_and_is_tried_at_once() {
    let mut opened = Opened::step(samples::lost_line(), Step::Copy, false);
    assert!(opened.harness.query_by_label("Lost the connection to Fastmail").is_some(), "the title");
    assert!(opened.harness.query_all_by_label_contains("has lost the connection to Fastmail").count() > 1);
    assert!(opened.harness.query_all_by_label_contains("next try at ").next().is_some());
    let whole = "Connection refused (os error 111)";
    assert!(opened.harness.query_all_by_label_contains(whole).next().is_some(), "the raw words in whole");
    opened.click("Try now");
    assert_eq!(opened.sent(), [Command::TryNow]);
    opened.click_containing("anna@weber-familie.example, 74%");
    let row = "anna@ has lost the connection to Fastmail. Since ";
    assert!(opened.harness.query_all_by_label_contains(row).next().is_some(), "in the open row too");
    let copying = Opened::step(samples::copying(), Step::Copy, false);
    assert!(copying.harness.query_by_label("Try now").is_none());
}

#[test]
fn a_wait_is_explained_in_plain_words_above_the_server_s_own() {
    let opened = Opened::step(samples::copying(), Step::Copy, false);
    let plain = "Fastmail asks verein@ to wait";
    assert!(opened.harness.query_all_by_label_contains(plain).next().is_some());
    assert!(opened.harness.query_by_label("[UNAVAILABLE] Server is busy, try again later").is_some());
}

#[test]
fn the_primary_button_is_the_next_thing() {
    let mut opened = Opened::step(samples::found(), Step::Audit, false);
    opened.click("Run the audit");
    assert_eq!(opened.sent(), [Command::RunAudit]);
    let mut opened = Opened::step(samples::found(), Step::Verdict, false);
    opened.click("Run the audit");
    assert_eq!(opened.sent(), [Command::RunAudit]);
    assert_eq!(opened.harness.state().place(), Place::Step(Step::Audit));
    let mut project = samples::found();
    project.audit = AuditView::Failed(samples::error("The audit failed", "", "", "", None));
    let mut opened = Opened::step(project, Step::Audit, false);
    opened.click("Run the audit again");
    assert_eq!(opened.sent(), [Command::RunAudit]);
    let mut opened = Opened::step(samples::signed_in(), Step::Plan, false);
    opened.click("Count the folders");
    assert_eq!(opened.sent(), [Command::BuildPlan]);
    let mut opened = Opened::step(samples::finished(), Step::Records, false);
    opened.click("Prepare the records");
    assert_eq!(opened.sent(), [Command::PrepareRecords]);
}

#[test]
fn a_decision_is_marked_on_its_mailbox_and_leads_to_it() {
    let mut opened = Opened::step(samples::planned(), Step::Plan, false);
    let choice = "Keep two, rename the second";
    assert_eq!(opened.harness.query_all_by_label_contains(choice).count(), 0);
    opened.click("Show what to decide");
    assert!(opened.harness.query_all_by_label_contains(choice).next().is_some());
}
