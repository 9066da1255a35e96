//! The whole job without a mouse: Tab to a control, Enter or Space to use it.

use egui::{Event, Key};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use mailferry::engine::{Command, ProjectView, Step};
use mailferry::providers::ProviderId;
use mailferry::records::{ExportStage, Format, SwitchStage};
use mailferry::ui::Place;
use mailferry::ui::testing::samples;
use mailferry::values::Secret;
use mailferry::values::{MailboxId, Side};

use mailferry_test_support::window::{Opened, USUAL};

/// Most controls that a page may put before the one that is looked for.
const MOST_TABS: usize = 120;

fn tab_to(opened: &mut Opened, label: &str) {
    for _ in 0..MOST_TABS {
        let is_there = {
            let mut nodes = opened.harness.query_all_by_label(label);
            // A table that has the keyboard hands the focus to its active row.
            nodes.any(|node| {
                let node = node.accesskit_node();
                let row = node.active_descendant();
                node.is_focused() || row.is_some_and(|row| row.is_focused())
            })
        };
        if is_there {
            return;
        }
        opened.press(Key::Tab);
    }
    panic!("Tab does not reach “{label}”");
}

fn enter_on(opened: &mut Opened, label: &str) -> Vec<Command> {
    tab_to(opened, label);
    opened.press(Key::Enter);
    opened.sent()
}

fn type_text(opened: &mut Opened, label: &str, text: &str) -> Vec<Command> {
    tab_to(opened, label);
    opened.harness.event(Event::Text(text.to_owned()));
    opened.harness.run();
    opened.press(Key::Enter);
    opened.sent()
}

fn show(opened: &mut Opened, project: ProjectView) {
    opened.engine.show(samples::with(project));
    opened.harness.run();
}

#[test]
fn the_whole_job_is_done_by_the_keyboard_alone() {
    let mut opened = Opened::new(samples::start(), false, USUAL);
    let sent = type_text(&mut opened, "Your mail domain", "weber-familie.example");
    let new = Command::NewProject { domain: "weber-familie.example".to_owned(), path: None };
    assert_eq!(sent, [new, Command::RunAudit], "“Audit this domain” audits");

    show(&mut opened, samples::found());
    assert_eq!(opened.harness.state().place(), Place::Step(Step::Audit));
    assert_eq!(enter_on(&mut opened, "Run the audit"), [Command::RunAudit]);
    show(&mut opened, samples::audited());
    assert_eq!(enter_on(&mut opened, "Show the verdict"), []);
    assert_eq!(opened.harness.state().place(), Place::Step(Step::Verdict));
    assert_eq!(enter_on(&mut opened, "Compare destinations"), []);

    let provider = ProviderId("fastmail".to_owned());
    let sent = enter_on(&mut opened, "Fastmail, Fits, as far as known");
    assert_eq!(sent, [Command::ChooseDestination { provider, server: None }]);
    show(&mut opened, samples::chosen());
    assert_eq!(enter_on(&mut opened, "Use Fastmail"), []);

    assert_eq!(enter_on(&mut opened, "Add mailboxes…"), []);
    let sent = type_text(&mut opened, "Addresses to add", "anna@weber-familie.example");
    assert_eq!(sent, [Command::AddMailbox("anna@weber-familie.example".to_owned())]);
    keep_a_password(&mut opened);

    show(&mut opened, samples::signed_in());
    assert_eq!(enter_on(&mut opened, "Build the plan"), [Command::BuildPlan]);
    show(&mut opened, samples::planned());
    assert_eq!(enter_on(&mut opened, "Start copying 14 mailboxes"), [Command::StartCopy]);
    show(&mut opened, samples::copying());
    assert_eq!(enter_on(&mut opened, "Pause copying"), [Command::PauseCopy]);
    show(&mut opened, samples::finished());
    assert_eq!(enter_on(&mut opened, "Prepare records"), [Command::PrepareRecords]);
    show(&mut opened, samples::with_records());
    assert_eq!(
        enter_on(&mut opened, "Save zone file"),
        [Command::ExportZone {
            path: "/home/anna/Documents/weber-familie.example-1-now.zone".into(),
            stage: ExportStage::Stage(SwitchStage::Now),
            format: Format::Bind,
        }]
    );
    assert_eq!(enter_on(&mut opened, "Go to the switch"), []);
    show(&mut opened, samples::switch_planned());
    assert_eq!(enter_on(&mut opened, "Check now"), [Command::LookAtSwitch]);
    show(&mut opened, samples::with_records());
    assert_eq!(enter_on(&mut opened, "Show the report"), []);
    let sent = enter_on(&mut opened, "Save report");
    assert!(matches!(sent.as_slice(), [Command::SaveReport { .. }]), "{sent:?}");
}

/// Moves inside the table with the arrows, opens a row, and types its password.
fn keep_a_password(opened: &mut Opened) {
    show(opened, samples::every_sign_in_state());
    tab_to(opened, "Mailboxes, 14 rows");
    for key in [Key::ArrowDown, Key::ArrowDown, Key::ArrowDown, Key::Enter] {
        opened.press(key);
    }
    let sent = type_text(opened, "Password, Your server", "open sesame");
    let secret = Secret::new("open sesame");
    let mailboxes = vec![MailboxId(4)];
    let kept = Command::SetPassword { mailbox: MailboxId(4), side: Side::Source, secret };
    assert_eq!(sent, [kept, Command::TestSignIn { mailboxes }]);
}

#[test]
fn a_question_is_answered_by_the_keyboard() {
    let mut opened = Opened::new(samples::copying_snapshot(), true, USUAL);
    assert_eq!(enter_on(&mut opened, "More"), []);
    assert_eq!(enter_on(&mut opened, "Stop copying…"), []);
    assert_eq!(enter_on(&mut opened, "Keep copying"), []);
    assert!(opened.harness.query_by_label("Stop copying 14 mailboxes?").is_none());
}
