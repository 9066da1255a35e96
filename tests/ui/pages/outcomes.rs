//! What became of each message, what takes part, and what is decided, in the window.

use egui::Vec2;
use egui_kittest::kittest::Queryable as _;
use mailferry::engine::{Command, CopyPhase, MailboxProgress, MailboxProgressState, PracticeTrouble, Step};
use mailferry::plan::{
    CopyMode, CopyOptions, FolderPath, MessageFilter, MessageQuery, MessageState, Rest, VerifyDepth,
    VerifySummary,
};
use mailferry::ui::testing::samples;
use mailferry::values::MailboxId;
use mailferry::values::{UnixTime, with_thousands};

use mailferry_test_support::window::{Opened, USUAL};

fn path(parts: &[&str]) -> FolderPath {
    FolderPath(parts.iter().map(|part| (*part).to_owned()).collect())
}

fn count(opened: &Opened, words: &str) -> usize {
    opened.harness.query_all_by_label_contains(words).count()
}

#[test]
fn a_mailbox_opens_to_its_folders_and_each_to_its_messages() {
    let mut opened = Opened::new(samples::copying_snapshot(), false, USUAL);
    opened.click_containing("anna@weber-familie.example, 74%");
    opened.click_containing("Show the messages of Archive / 2019");
    opened.click("Show messages of anna@");
    let of_anna = MessageQuery { mailbox: Some(MailboxId(1)), ..MessageQuery::default() };
    let in_folder = MessageQuery { folder: Some(path(&["Archive", "2019"])), ..of_anna.clone() };
    assert_eq!(
        opened.sent(),
        [
            Command::ShowMessages { query: in_folder, first: 0 },
            Command::ShowMessages { query: of_anna, first: 0 }
        ]
    );
    opened.click("Pause anna@");
    assert_eq!(opened.sent(), [Command::PauseMailbox(MailboxId(1))]);
}

#[test]
fn a_mailbox_that_rests_alone_continues_and_a_stopped_one_is_tried_again() {
    let mut opened = Opened::step(samples::stopped_mailboxes(), Step::Copy, false);
    let project = samples::stopped_mailboxes();
    let resting =
        project.copy.mailboxes.iter().find(|shown| shown.state == MailboxProgressState::Paused).unwrap();
    opened.click("Resume newsletter@");
    assert_eq!(opened.sent(), [Command::ResumeMailbox(resting.id)]);
    opened.click_containing("anna@weber-familie.example, 74%");
    assert_eq!(count(&opened, "Pause anna@"), 0, "what has stopped is not paused");
    opened.click("Try anna@ again");
    assert_eq!(opened.sent(), [Command::RetryMailbox(MailboxId(1))]);
    // It is full: what is left stays, or becomes files.
    for (label, consequence, rest) in [
        ("Leave out the rest", "17,093 messages stay on your server", Rest::LeaveOut),
        ("Save the rest as .eml", "Needs 4.3 GB on this computer", Rest::Save),
    ] {
        assert!(count(&opened, consequence) > 0, "{consequence}");
        opened.click(label);
        let mailboxes = vec![MailboxId(1)];
        assert_eq!(opened.sent(), [Command::SettleRest { mailboxes, rest }]);
    }
    let mut project = samples::finished();
    project.copy.mailboxes[0].rest = Rest::LeaveOut;
    let mut opened = Opened::step(project, Step::Copy, false);
    opened.click_containing("anna@weber-familie.example, 100%");
    opened.click("Copy the rest of anna@ after all");
    assert_eq!(opened.sent(), [Command::RetryMailbox(MailboxId(1))]);
    // In a paused copy nothing goes on alone.
    let opened = Opened::step(samples::paused(), Step::Copy, false);
    assert_eq!(count(&opened, "Resume newsletter@"), 0);
}

#[test]
fn a_problem_leads_to_its_messages_and_its_ways_out() {
    let mut opened = Opened::step(samples::finished(), Step::Copy, false);
    let problem = samples::finished().copy.problems[0].clone();
    opened.click_containing("Show the messages: Header is not readable mail");
    opened.click("Show the message");
    opened.click("Retry them");
    opened.click("Copy words");
    let query = MessageQuery { problem: Some(problem.id), ..MessageQuery::default() };
    assert_eq!(opened.sent(), [Command::ShowMessages { query, first: 0 }, Command::RetryFailed]);
    assert!(count(&opened, "Copied the words") > 0);
    let mut opened = Opened::new(samples::copying_snapshot(), false, USUAL);
    opened.click_containing("Show the messages: Header is not readable mail");
    assert_eq!(count(&opened, "Retry them"), 0, "not while the copy runs");
}

#[test]
fn the_list_shows_what_is_loaded_asks_for_the_rest_and_filters() {
    let mut opened = Opened::step(samples::message_list(), Step::Copy, false);
    let query = samples::message_list().messages.list.unwrap().query.clone();
    assert_eq!(count(&opened, "Archiv / 2019 of anna@"), 1);
    assert_eq!(opened.sent(), [], "what is on the screen is loaded");
    opened.click_containing("UID 4715");
    assert_eq!(count(&opened, "SHA-256: 9f86d081884c7d659a2feaa0c55ad015"), 1);
    opened.click("Refused 18");
    let refused = MessageQuery { state: Some(MessageState::Refused), ..query.clone() };
    assert_eq!(opened.sent(), [Command::ShowMessages { query: refused, first: 0 }]);
    // Beyond the 300 rows that are there more are asked for, once, however far it is to scroll.
    opened.click_containing("UID 4715");
    opened.press(egui::Key::End);
    let sent = opened.sent();
    let [Command::ShowMessages { query: asked, first }] = sent.as_slice() else { panic!("{sent:?}") };
    assert_eq!(*asked, query);
    assert!((300..6_120).contains(first), "{first}");
    opened.harness.run();
    assert_eq!(opened.sent(), [], "one question at a time");
}

#[test]
fn the_list_is_saved_and_left() {
    let mut opened = Opened::step(samples::message_list(), Step::Copy, false);
    opened.click("Save message list…");
    opened.click("Save message list");
    opened.click("Back to the copy");
    let file = "/home/anna/Documents/weber-familie.example-messages.csv".into();
    assert_eq!(opened.sent(), [Command::SaveMessages(file), Command::HideMessages]);
    let mut opened = Opened::step(samples::done(), Step::Done, false);
    opened.click("Save message list");
    let file = "/home/anna/Documents/weber-familie.example-messages.csv".into();
    assert_eq!(opened.sent(), [Command::SaveMessages(file)]);
}

#[test]
fn a_hundred_thousand_messages_stay_smooth() {
    let mut project = samples::message_list();
    let mut list = (*project.messages.list.take().unwrap()).clone();
    list.total = 100_000;
    project.messages.list = Some(std::sync::Arc::new(list));
    let opened = Opened::step(project, Step::Copy, false);
    opened.sent();
    let nodes = opened.harness.query_all_by_label_contains("UID ").count();
    assert!((10..100).contains(&nodes), "{nodes} rows are drawn, not all of them");
}

#[test]
fn two_thousand_troubled_mailboxes_draw_only_what_is_visible() {
    let mut project = samples::stopped_mailboxes();
    let stopped = project.copy.mailboxes[0].state.clone();
    let sample = project.copy.mailboxes[1].clone();
    let state_of = |number: i64| match number % 4 {
        0 => stopped.clone(),
        1 => MailboxProgressState::WaitsUntil(UnixTime(1_800_000_000), samples::asked_to_wait()),
        2 => MailboxProgressState::Reconnecting(samples::lost("the connection was reset")),
        _ => sample.state.clone(),
    };
    let mailboxes = (0..2_000).map(|number| MailboxProgress {
        id: MailboxId(number + 1),
        address: format!("user{number:04}@weber-familie.example"),
        state: state_of(number),
        ..sample.clone()
    });
    project.copy.mailboxes = mailboxes.collect();
    let opened = Opened::step(project, Step::Copy, false);
    let rows = count(&opened, "user");
    assert!((10..120).contains(&rows), "{rows} nodes name a mailbox");
    let cards = opened.harness.query_all_by_label_contains("There is no room").count();
    assert!((1..=3).contains(&cards), "{cards} errors are shown without being asked for");
    assert!(count(&opened, "user0000@: anna@ is full") > 0, "a card says whose it is");
    assert!(count(&opened, "497 more mailboxes have stopped as well") > 0);
    assert!(count(&opened, "more mailboxes") > 0);
}

#[test]
fn a_broken_connection_is_no_countdown_to_now() {
    let mut project = samples::copying();
    project.copy.mailboxes[0].state = MailboxProgressState::Reconnecting(samples::lost("the line dropped"));
    let address = project.copy.mailboxes[0].address.clone();
    let name = address.split('@').next().unwrap();
    let opened = Opened::step(project, Step::Copy, false);
    assert!(count(&opened, &format!("{name}@ has lost the connection to Fastmail. Since ")) > 0);
    assert!(count(&opened, "the line dropped") > 0, "in the words of the system too");
    assert!(count(&opened, "Connection lost") > 0);
    assert!(count(&opened, "3 in, 15 out") > 0, "each side as it is");
    assert!(
        count(&opened, "11 connections to your server") > 0 && count(&opened, "23 connections to the") > 0
    );
}

#[test]
fn a_finished_copy_is_proven_again_and_a_failed_proof_is_reported() {
    let mut project = samples::finished();
    project.copy.verification_counts = Some(VerifySummary { checked: 9, ..VerifySummary::default() });
    let mut opened = Opened::step(project.clone(), Step::Copy, false);
    opened.click("Check again");
    opened.click("Compare every byte");
    assert_eq!(
        opened.sent(),
        [Command::VerifyCopy(VerifyDepth::Quick), Command::VerifyCopy(VerifyDepth::Full)]
    );
    assert_eq!(count(&opened, "not verified"), 0);
    project.copy.phase = CopyPhase::Stopped;
    project.copy.verification_counts = Some(VerifySummary { differences: 1, ..VerifySummary::default() });
    let opened = Opened::step(project, Step::Copy, false);
    assert!(count(&opened, "not verified") > 0);
}

#[test]
fn a_full_proof_is_chosen_on_the_plan_page() {
    let mut opened = Opened::step(samples::planned(), Step::Plan, false);
    opened.click("Options…");
    opened.click("Read back every copy at the end");
    opened.click("Apply");
    let sent = opened.sent();
    assert!(
        matches!(sent.as_slice(), [Command::SetCopyOptions(options)] if options.verify == VerifyDepth::Full),
        "{sent:?}"
    );
}

#[test]
fn two_folders_of_one_name_ask_and_the_safe_choice_is_preselected() {
    let mut opened = Opened::step(samples::planned(), Step::Plan, false);
    assert!(count(&opened, "1 decision open") > 0);
    opened.click_containing("Projekte/haus goes to");
    let haus = path(&["Projekte", "haus"]);
    opened.click("Use this for anna@");
    opened.click("Merge both into Projekte/Haus");
    opened.click("Use this for anna@");
    opened.click("Leave “haus” out");
    opened.click("Use this for anna@");
    let mailbox = MailboxId(1);
    assert_eq!(
        opened.sent(),
        [
            Command::RenameFolder {
                mailbox,
                folder: haus.clone(),
                destination: path(&["Projekte", "haus 2"])
            },
            Command::MergeFolder { mailbox, folder: haus.clone(), destination: path(&["Projekte", "Haus"]) },
            Command::IncludeFolder { mailbox, folder: haus, is_included: false },
        ]
    );
}

#[test]
fn what_takes_part_is_typed_checked_and_said() {
    let mut opened = Opened::step(samples::planned(), Step::Plan, false);
    opened.click("Options…");
    opened.click("Late mail only");
    opened.click("Newest messages first");
    opened.click("Copy exact duplicates once");
    opened.type_into("Received from (day)", "2020-01-0");
    assert_eq!(count(&opened, "is not a date"), 1);
    opened.click("Apply");
    assert_eq!(opened.sent(), [], "a mistake is not sent");
    opened.type_into("Received from (day)", "1");
    assert_eq!(count(&opened, "is not a date"), 0);
    opened.type_into("Largest size", "25 MB");
    opened.type_into("Only messages that match (IMAP search)", "FROM");
    assert_eq!(count(&opened, "FROM needs a value after it"), 1);
    opened.type_into("Only messages that match (IMAP search)", " bank");
    opened.click("Apply");
    let filter = MessageFilter {
        since_secs: Some(1_577_836_800),
        max_bytes: Some(25_000_000),
        search: Some("FROM bank".to_owned()),
        ..MessageFilter::default()
    };
    let options = CopyOptions {
        mode: CopyMode::Sweep,
        filter,
        is_newest_first: true,
        drops_duplicates: true,
        ..CopyOptions::default()
    };
    assert_eq!(opened.sent(), [Command::SetCopyOptions(options)]);
    let opened = Opened::step(samples::tried(), Step::Plan, false);
    assert_eq!(count(&opened, "Only messages received on or after 2020-01-01. Newest messages first."), 1);
}

#[test]
fn a_trial_is_offered_and_its_forecast_is_shown_with_how_it_was_measured() {
    let mut opened = Opened::step(samples::planned(), Step::Plan, false);
    assert_eq!(count(&opened, "Not known yet. A trial of 20 messages per folder"), 1);
    assert_eq!(count(&opened, "Over 35 MB: 3 messages"), 1);
    opened.click("Try 20 messages per folder");
    assert_eq!(opened.sent(), [Command::TryCopy { messages: 20 }]);
    let opened = Opened::step(samples::tried(), Step::Plan, false);
    assert_eq!(count(&opened, "Measured on 820 messages: 13 messages/s, 2.3 MB/s."), 1);
    assert!(count(&opened, "In total: ") == 1 && count(&opened, "anna@: ") >= 1);
    let project = samples::after_trial();
    let waiting = with_thousands(project.copy.sum.deferred);
    let mut opened = Opened::step(project, Step::Copy, false);
    assert!(count(&opened, &format!("{waiting} wait for the whole copy")) > 0);
    assert_eq!(count(&opened, "Queued"), 0, "nothing runs, so nothing is queued");
    opened.click(&format!("Copy the other {waiting} messages"));
    assert_eq!(opened.sent(), [Command::StartCopy]);
}

#[test]
fn trouble_is_made_in_practice_only() {
    let size = Vec2::new(1024.0, 900.0);
    let snapshot = samples::with(samples::practice());
    let place = Some(mailferry::ui::Place::Step(Step::Copy));
    let mut opened = Opened::at(snapshot, place, false, size);
    opened.click("Cut the connections");
    opened.click("Ask for a pause");
    assert_eq!(
        opened.sent(),
        [
            Command::MakeTrouble(PracticeTrouble::CutConnections),
            Command::MakeTrouble(PracticeTrouble::SlowProvider)
        ]
    );
    let opened = Opened::new(samples::copying_snapshot(), false, USUAL);
    assert_eq!(count(&opened, "Make trouble on purpose"), 0);
}

#[test]
fn a_problem_of_the_finished_move_leads_to_its_messages() {
    let mut opened = Opened::step(samples::done(), Step::Done, false);
    let problem = samples::done().copy.problems[0].clone();
    opened.click_containing("Show the messages: Header is not readable mail");
    let query = MessageQuery { problem: Some(problem.id), ..MessageQuery::default() };
    assert_eq!(opened.sent(), [Command::ShowMessages { query, first: 0 }]);
    assert_eq!(opened.harness.state().place(), mailferry::ui::Place::Step(Step::Copy));
}
