//! Another destination is asked about before it is chosen, and changes nothing of what was.

use egui_kittest::kittest::Queryable as _;
use mailferry::engine::{Command, ProjectView, Step};
use mailferry::providers::ProviderId;
use mailferry::ui::testing::samples;
use mailferry::values::Endpoint;

use mailferry_test_support::window::Opened;

fn count(opened: &Opened, words: &str) -> usize {
    opened.harness.query_all_by_label_contains(words).count()
}

fn asked(project: ProjectView) -> Opened {
    let mut opened = Opened::step(project, Step::Destination, false);
    opened.click_containing("mailbox.org, Fits");
    assert_eq!(opened.sent(), [], "nothing is changed before the answer");
    assert!(count(&opened, "Change the destination from Fastmail to mailbox.org?") > 0);
    opened
}

#[test]
fn another_provider_after_a_copy_is_asked_about_with_what_is_lost_and_what_stays() {
    let mut project = samples::with_records();
    project.destination.is_server_typed = true;
    project.records.answers[0].value = "v=fm1".to_owned();
    let mut opened = asked(project);
    for words in [
        "the count of the folders of 14 mailboxes",
        "the prepared records",
        "the server you entered, imap.fastmail.example",
        "messages copied to Fastmail stay there and remain in the report",
        "Your 1 answer for the records of Fastmail will be kept",
    ] {
        assert_eq!(count(&opened, words), 1, "{words}");
    }
    opened.click("Keep Fastmail");
    assert_eq!(opened.sent(), []);
    opened.click_containing("mailbox.org, Fits");
    opened.click("Change the destination");
    let provider = ProviderId("mailbox-org".to_owned());
    assert_eq!(opened.sent(), [Command::ChooseDestination { provider, server: None }]);
}

#[test]
fn a_count_alone_is_reason_enough_to_ask() {
    let opened = asked(samples::planned());
    assert_eq!(count(&opened, "Nothing has been copied yet, so nothing else changes."), 1);
    let mut opened = Opened::step(samples::chosen(), Step::Destination, false);
    opened.click_containing("mailbox.org, Fits");
    assert_eq!(opened.sent().len(), 1, "nothing is lost");
}

#[test]
fn another_server_of_the_same_provider_is_asked_about_too() {
    let mut opened = Opened::step(samples::finished(), Step::Destination, false);
    opened.type_into("Destination server", "imap.other.example");
    opened.click("Use this server");
    assert_eq!(opened.sent(), []);
    assert_eq!(count(&opened, "from Fastmail to the server imap.other.example?"), 1);
    assert_eq!(count(&opened, "The copy to the new destination starts from scratch."), 1);
    opened.click("Change the destination");
    let server = Some(Endpoint::parse("imap.other.example").unwrap());
    let provider = ProviderId("fastmail".to_owned());
    assert_eq!(opened.sent(), [Command::ChooseDestination { provider, server }]);
    let mut opened = Opened::step(samples::finished(), Step::Destination, false);
    opened.type_into("Destination server", "imap.fastmail.example");
    opened.click("Use this server");
    assert_eq!(opened.sent().len(), 1, "the same server again costs nothing");
}

#[test]
fn another_source_after_a_copy_is_asked_about() {
    let mut opened = Opened::step(samples::finished(), Step::Domain, false);
    opened.click_containing("imap.weber-familie.example:993");
    assert_eq!(opened.sent(), []);
    assert!(
        count(&opened, "Copy from imap.weber-familie.example instead of mail.weber-familie.example?") > 0
    );
    opened.click("Change the server");
    assert!(matches!(opened.sent().as_slice(), [Command::SetSourceServer(_)]));
}

#[test]
fn after_another_choice_the_copy_page_leads_to_a_copy_there() {
    let mut opened = Opened::step(samples::elsewhere(), Step::Copy, false);
    assert!(
        count(&opened, "Copied to Fastmail (imap.fastmail.example). Nothing has been copied to mailbox.org")
            > 0
    );
    assert_eq!(count(&opened, "100%"), 0);
    assert_eq!(count(&opened, "Copy what is new"), 0);
    opened.click("Count the folders");
    assert!(matches!(opened.sent().as_slice(), [Command::BuildPlan]));
    let mut planned = samples::elsewhere();
    planned.plan = samples::planned().plan;
    let mut opened = Opened::step(planned, Step::Copy, false);
    opened.click("Start copying 14 mailboxes");
    assert_eq!(opened.sent(), [Command::StartCopy]);
}

#[test]
fn a_provider_that_takes_no_mail_is_shown_with_the_reason_and_cannot_be_chosen() {
    let mut opened = Opened::step(samples::chosen(), Step::Destination, false);
    assert_eq!(count(&opened, "4 of 30 shown"), 1);
    opened.click("Add a column…");
    opened.click("HEY for Domains");
    let head = "HEY for Domains, Not a destination. Has no IMAP: mail cannot be copied there";
    assert_eq!(count(&opened, head), 1);
    assert_eq!(count(&opened, "4 of 30 shown"), 1, "the oldest column made room");
    opened.click_containing(head);
    assert_eq!(opened.sent(), []);
    let mut project = samples::chosen();
    project.destination.chosen = Some((ProviderId("hey".to_owned()), "HEY for Domains".to_owned()));
    let opened = Opened::step(project, Step::Destination, false);
    assert_eq!(count(&opened, "HEY for Domains: Has no IMAP: mail cannot be copied there"), 1);
}

#[test]
fn columns_come_and_go_and_the_chosen_one_stays() {
    let mut opened = Opened::step(samples::chosen(), Step::Destination, false);
    opened.click("Take mailbox.org out of the comparison");
    assert_eq!(count(&opened, "3 of 30 shown"), 1);
    assert_eq!(count(&opened, "mailbox.org, Fits"), 0);
    assert_eq!(count(&opened, "Take Fastmail out of the comparison"), 0);
    opened.click("Add a column…");
    opened.click("Migadu");
    assert_eq!(count(&opened, "Take Migadu out of the comparison"), 1);
}

#[test]
fn what_a_provider_does_not_publish_is_said_once() {
    let opened = Opened::step(samples::chosen(), Step::Destination, false);
    assert_eq!(count(&opened, "Not published by Fastmail: Space per mailbox, Upload per mailbox and day"), 1);
}

#[test]
fn a_choice_that_does_not_fit_is_cautioned_about() {
    let mut project = samples::chosen();
    project.destination.chosen =
        Some((ProviderId("google-workspace".to_owned()), "Google Workspace".to_owned()));
    let opened = Opened::step(project, Step::Destination, false);
    let words = "Does not fit. Largest message over IMAP: 36 MB; your largest has 61 MB";
    assert_eq!(opened.harness.query_all_by_label(words).count(), 1, "in the footer");
}

#[test]
fn a_server_that_is_missing_is_asked_for_above_the_comparison() {
    let mut project = samples::chosen();
    let top = |opened: &Opened, words: &str| opened.harness.get_by_label(words).rect().top();
    let opened = Opened::step(project.clone(), Step::Destination, false);
    assert!(top(&opened, "Destination server") > top(&opened, "Does it fit?"));
    project.destination.chosen =
        Some((ProviderId("generic-imap".to_owned()), "Another IMAP server".to_owned()));
    project.destination.server = None;
    let opened = Opened::step(project, Step::Destination, false);
    assert!(top(&opened, "Destination server") < top(&opened, "Does it fit?"));
    assert_eq!(count(&opened, "Its IMAP server"), 1);
}

#[test]
fn a_provider_file_is_added_by_its_path() {
    let mut opened = Opened::step(samples::chosen(), Step::Destination, false);
    opened.click("Add a provider file…");
    opened.type_into("Provider file", "/home/weber/my-host.toml");
    opened.click("Add this provider");
    assert_eq!(opened.sent(), [Command::AddProviderFile("/home/weber/my-host.toml".into())]);
}
