//! The Verdict page, and the receivers and files behind it.

use std::path::PathBuf;

use egui_kittest::kittest::{NodeT as _, Queryable as _};
use mailferry::audit::verdict::{Outcome, Overrule, OwnerAnswers};
use mailferry::engine::{Command, PasswordPlace, Step};
use mailferry::ui::testing::samples;
use mailferry_test_support::window::{Opened, USUAL};

#[test]
fn the_verdict_says_what_decided_it_and_leads_on() {
    let mut opened = Opened::step(samples::judged(), Step::Verdict, false);
    for words in [
        "Stay, and relay the mail for the few who refuse it",
        "Outcome: Stay, relay part",
        "Microsoft consumer refuses the range: 159 of 168 in 30 days",
        "T-Online refuses the range: 37 of 37 in 30 days",
        "part of their network is on our block list (S3150)",
        "What would change it",
    ] {
        assert!(opened.harness.query_all_by_label_contains(words).next().is_some(), "{words}");
    }
    let top = |words: &str| opened.harness.query_all_by_label_contains(words).next().unwrap().rect().top();
    assert!(
        top("Microsoft consumer refuses the range") < top("T-Online refuses the range"),
        "the heavier finding comes first"
    );
    opened.click("Exim");
    assert!(opened.harness.query_all_by_label_contains("driver = manualroute").next().is_some());
    opened.click("Copy lines for Exim");
    opened.click("Answer them");
    let mut answers = OwnerAnswers::default();
    answers.set("updates=no").unwrap();
    opened.harness.query_all_by_label("No").next().unwrap().click();
    opened.harness.run();
    assert_eq!(opened.sent(), [Command::AnswerOwner(answers)]);
    opened.click("I decide otherwise…");
    opened.type_into("Your reason", "it runs well");
    opened.click("Stay");
    let decided = Overrule { outcome: Outcome::Stay, because: "it runs well".to_owned() };
    assert_eq!(opened.sent(), [Command::Overrule(Some(decided))]);
}

#[test]
fn the_rate_that_google_shows_is_an_answer() {
    let mut opened = Opened::step(samples::judged(), Step::Verdict, false);
    opened.click("Answer them");
    opened.type_into("Google’s spam rate", "much");
    assert!(opened.harness.query_all_by_label_contains("Write it in percent").next().is_some());
    opened.click("Save the rate");
    assert!(opened.sent().is_empty(), "what is no rate is not sent");
    let mut opened = Opened::step(samples::judged(), Step::Verdict, false);
    opened.click("Answer them");
    opened.type_into("Google’s spam rate", "0.12%");
    opened.click("Save the rate");
    let mut answers = OwnerAnswers::default();
    answers.set("google-spam-rate=0.12%").unwrap();
    assert_eq!(opened.sent(), [Command::AnswerOwner(answers)]);
}

#[test]
fn receivers_show_their_own_words() {
    let mut opened = Opened::step(samples::judged(), Step::Audit, false);
    opened.click("Receivers 5");
    opened.click_containing("Distrusts the range: Microsoft consumer");
    opened.click("Copy reply");
    assert!(opened.harness.query_by_label("Copied the reply").is_some());
}

#[test]
fn files_are_read_as_evidence() {
    let mut opened = Opened::step(samples::found(), Step::Audit, false);
    opened.click("Evidence");
    opened.type_into("Evidence file or folder", "/var/log/mail.log");
    opened.click("Read as evidence");
    assert_eq!(opened.sent(), [Command::ReadEvidence(vec![PathBuf::from("/var/log/mail.log")])]);
}

#[test]
fn mailboxes_with_passwords_are_read_as_evidence() {
    let mut opened = Opened::step(samples::signed_in(), Step::Audit, false);
    opened.click("Evidence");
    let readable = samples::signed_in().readable_mailboxes().count();
    assert!(readable > 0, "the sample has passwords");
    opened.click_containing("Read from ");
    assert_eq!(opened.sent(), [Command::ReadMailboxes]);
    // Without a password the button says what it lacks, and leads there.
    let mut project = samples::signed_in();
    for row in std::sync::Arc::make_mut(&mut project.mailboxes) {
        row.source.password = PasswordPlace::Missing;
    }
    let mut opened = Opened::step(project, Step::Audit, false);
    opened.click("Evidence");
    let button = opened.harness.get_by_label("Read from the mailboxes");
    assert!(button.accesskit_node().is_disabled());
    opened.click("Add mailboxes and passwords");
    assert!(opened.sent().is_empty());
}

#[test]
fn one_finding_is_checked_again_and_changes_are_shown() {
    let mut opened = Opened::step(samples::audited_again(), Step::Audit, false);
    opened.click("Show the changes");
    assert!(opened.harness.query_by_label("Mended: The certificate has expired").is_some());
    opened.click_containing("Fail: SPF needs 12 DNS lookups");
    opened.click("Check again");
    assert_eq!(opened.sent(), [Command::CheckAgain("spf.too-many-lookups".to_owned())]);
}

#[test]
fn what_the_server_printed_is_pasted() {
    let mut opened = Opened::step(samples::audited(), Step::Audit, false);
    opened.click("Evidence");
    let field = || "Output of your server";
    opened.harness.get_by_label(field()).focus();
    opened.harness.run();
    opened.harness.get_by_label(field()).type_text("mailferry-probe mail 192.0.2.1 25");
    opened.harness.run();
    opened.click("Read the output");
    let expected = "mailferry-probe mail 192.0.2.1 25".to_owned();
    assert_eq!(opened.sent(), [Command::TakeProbeOutput(expected)]);
}

#[test]
fn a_receiver_that_blames_the_range_is_quoted_beside_the_street() {
    let mut opened = Opened::step(samples::judged(), Step::Audit, false);
    opened.click_containing("Address range 203.0.113.0/24");
    for words in ["Microsoft consumer says the range is the reason", "on our block list (S3150)"] {
        assert!(opened.harness.query_all_by_label_contains(words).next().is_some(), "{words}");
    }
}

#[test]
fn the_street_names_its_places_for_those_who_cannot_see_it() {
    let mut opened = Opened::step(samples::audited(), Step::Audit, false);
    opened.click_containing("Address range 203.0.113.0/24");
    let place = |opened: &Opened| {
        let street = opened.harness.query_all_by_label_contains("203.0.113.0/24: ").next();
        street.expect("the street has a name").accesskit_node().label().unwrap_or_default()
    };
    let first = place(&opened);
    opened.harness.query_all_by_label_contains("203.0.113.0/24: ").next().unwrap().focus();
    opened.harness.run();
    opened.press(egui::Key::ArrowRight);
    assert_ne!(place(&opened), first, "the keyboard moves from place to place");
}

#[test]
fn facts_are_saved_and_opened_again() {
    let mut opened = Opened::step(samples::audited(), Step::Audit, false);
    opened.click("Save audit…");
    opened.click("Facts");
    opened.click("Save audit");
    let sent = opened.sent();
    let [Command::ExportFacts(path)] = &sent[..] else { panic!("{sent:?}") };
    assert!(path.to_string_lossy().ends_with("weber-familie.example-facts.json"), "{path:?}");

    let mut opened = Opened::at(samples::start(), None, false, USUAL);
    opened.type_into("Project or facts file", "/tmp/facts.json");
    opened.click("Open this file");
    assert_eq!(opened.sent(), [Command::OpenFacts(PathBuf::from("/tmp/facts.json"))]);
}
