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
    project.records.answers[0].2 = "v=fm1".to_owned();
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
fn a_count_alone_is_reason_enough_to_ask_and_nothing_is_none() {
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
