//! The page Switch, and the reminders on Done: what they say, and what a click sends.

use egui::accesskit::Role;
use egui::{Key, Modifiers};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use mailferry::cutover::ReminderKind;
use mailferry::engine::{Command, PracticeView, Step, StepState, step_line, step_state};
use mailferry::records::Format;
use mailferry::ui::Place;
use mailferry::ui::testing::samples;
use mailferry_test_support::window::Opened;

#[track_caller]
fn says(opened: &Opened, words: &str) {
    assert!(opened.harness.query_all_by_label_contains(words).count() > 0, "{words}");
}

/// Types this in place of what is in the field.
fn type_over(opened: &mut Opened, field: &str, text: &str) {
    opened.type_into(field, "");
    opened.harness.key_press_modifiers(Modifiers::COMMAND, Key::A);
    opened.harness.run();
    opened.press(Key::Backspace);
    opened.type_into(field, text);
}

#[track_caller]
fn is_blocked(opened: &Opened, button: &str) -> bool {
    opened.harness.get_by_role_and_label(Role::Button, button).accesskit_node().is_disabled()
}

#[test]
fn without_a_plan_the_page_leads_to_the_records() {
    let mut opened = Opened::step(samples::finished(), Step::Switch, false);
    says(&opened, "No switch is planned yet");
    says(&opened, "The records plan no switch yet");
    assert!(is_blocked(&opened, "Finish the move"));
    opened.click("Go to Records");
    assert_eq!(opened.harness.state().place(), Place::Step(Step::Records));
}

#[test]
fn everybody_is_asked_on_request_and_the_round_can_be_cancelled() {
    let mut opened = Opened::step(samples::switch_planned(), Step::Switch, false);
    says(&opened, "Nobody was asked yet");
    opened.click("Check now");
    assert_eq!(opened.sent(), [Command::LookAtSwitch]);
    opened.engine.show(samples::with(samples::switch_asking()));
    opened.harness.run();
    says(&opened, "5 of 8 have answered");
    opened.click("Cancel the check");
    assert_eq!(opened.sent(), [Command::CancelLook]);
}

#[test]
fn the_page_says_who_sees_what_and_until_when() {
    let opened = Opened::step(samples::switching(), Step::Switch, false);
    for words in [
        "The switch is under way",
        "The last old answers run out at 17:09.",
        "ns1.nordhafen.example, 192.0.2.1: New. zone version 2026111402",
        "1.1.1.1, Cloudflare: New",
        "9.9.9.9, Quad9: Old until 17:09",
        "2001:db8::53, your resolver: No answer",
        "MX switched: done 17:04",
        "Old answers gone: waits from 17:09",
        "Mail may still go to your old server until 2026-11-14 17:09",
        "2 messages still reached your old server after the switch",
    ] {
        says(&opened, words);
    }
    assert_eq!(step_line(Step::Switch, &samples::switching()), "6 of 8 see the new MX");
    assert!(matches!(step_state(Step::Switch, &samples::switching()), StepState::Running(Some(_))));
    assert!(is_blocked(&opened, "Finish the move"));
}

#[test]
fn spf_dkim_and_dmarc_stand_beside_the_mail_hosts() {
    let opened = Opened::step(samples::switch_proven(), Step::Switch, false);
    for words in [
        "ns1.nordhafen.example, 192.0.2.1: New. zone version 2026111402; SPF new, DKIM new, DMARC new",
        "9.9.9.9, Quad9: Old until 17:09. remembers the old mail hosts; SPF new, DKIM (fm1._domainkey.weber-familie.example not published yet), DMARC new",
    ] {
        says(&opened, words);
    }
    // Without such records in the plan there are no columns for them.
    let without = Opened::step(samples::switching(), Step::Switch, true);
    says(&without, "9.9.9.9, Quad9: Old until 17:09");
    assert_eq!(without.harness.query_all_by_label_contains("DKIM new").count(), 0);
}

#[test]
fn a_test_message_is_judged_from_its_path_and_shown_with_what_to_do() {
    let mut opened = Opened::step(samples::switch_proven(), Step::Switch, false);
    for words in [
        "SPF, DKIM and DMARC pass at the new provider",
        "DKIM: verifies with fm1._domainkey.weber-familie.example; counts for DMARC",
        "Your old server has sent it",
    ] {
        says(&opened, words);
    }
    assert!(is_blocked(&opened, "Judge the message"));
    opened.type_into("Message file", "/home/anna/test.eml");
    opened.click("Judge the message");
    assert_eq!(opened.sent(), [Command::JudgeMessages(vec!["/home/anna/test.eml".into()])]);
}

#[test]
fn a_test_message_is_looked_for_in_a_mailbox_at_the_new_provider() {
    let mut opened = Opened::step(samples::switch_proven(), Step::Switch, false);
    for words in ["Mail that comes in", "It shows nothing about what you send", "Mail that you send"] {
        says(&opened, words);
    }
    opened.click("Copy test subject");
    says(&opened, "Copied the test subject");
    let project = samples::switch_proven();
    let ids: Vec<_> = project.reachable_at_provider().map(|row| row.id).collect();
    opened.click("Look for it in the mailbox");
    assert_eq!(opened.sent(), [Command::FindTestMessages(ids[0])], "the first one is proposed");
    let second = project.reachable_at_provider().nth(1).unwrap().mailbox.address.to_string();
    type_over(&mut opened, "Mailbox to look in", &second.to_uppercase());
    opened.click("Look for it in the mailbox");
    assert_eq!(opened.sent(), [Command::FindTestMessages(ids[1])]);
    type_over(&mut opened, "Mailbox to look in", "nobody@nowhere.example");
    says(&opened, "The project has no mailbox of this name");
    assert!(is_blocked(&opened, "Look for it in the mailbox"));

    let mut without = samples::switch_proven();
    without.destination.server = None;
    let opened = Opened::step(without, Step::Switch, true);
    says(&opened, "the new provider and the password of a mailbox there are needed");
}

#[test]
fn the_resolvers_of_a_practice_project_are_told_apart() {
    let mut project = samples::switching();
    let resolvers = vec!["system (192.0.2.53)".to_owned(), "2001:db8::53".to_owned()];
    project.practice = Some(PracticeView { resolvers, ..PracticeView::default() });
    let opened = Opened::step(project, Step::Switch, false);
    says(&opened, "system (192.0.2.53), the first sender’s resolver: New");
    says(&opened, "2001:db8::53, the second sender’s resolver: No answer");
}

#[test]
fn what_is_wrong_is_named_with_the_way_out() {
    let opened = Opened::step(samples::switch_in_trouble(), Step::Switch, true);
    for words in [
        "ns2.nordhafen.example, 192.0.2.2: Not fetched yet",
        "ns3.nordhafen.example, 192.0.2.3: Wrong. the same version of the zone as another server",
        "ns4.nordhafen.example, 192.0.2.4: Neither. mail hosts that are not in the plan: mx.stranger.example",
        "ns5.nordhafen.example, 192.0.2.5: No answer",
        "system (192.0.2.53), your resolver: Old and new",
        "2001:4860:4860::8888, your resolver: Not reached",
        "The name servers were not found",
        "Being brought over",
    ] {
        says(&opened, words);
    }
    assert_eq!(step_state(Step::Switch, &samples::switch_in_trouble()), StepState::NeedsYou);
}

#[test]
fn late_mail_is_brought_over_by_a_click_and_the_watch_is_turned_off() {
    let mut opened = Opened::step(samples::switching(), Step::Switch, false);
    opened.click("Bring over late mail");
    opened.click("Check again by itself, and bring over late mail when the plan says so");
    opened.click("Ask public resolvers, too, to see what senders elsewhere see");
    assert_eq!(
        opened.sent(),
        [Command::SweepLateMail, Command::WatchSwitch(false), Command::AskPublicResolvers(false)]
    );
    let before = Opened::step(samples::switch_ahead(), Step::Switch, false);
    assert!(is_blocked(&before, "Bring over late mail"));
    says(&before, "Possible once the new records are seen.");
    says(&before, "Your old server still receives new mail");
}

#[test]
fn the_old_records_are_one_click_away_until_the_end() {
    for sample in [samples::switch_ahead, samples::switching, samples::switched] {
        let mut opened = Opened::step(sample(), Step::Switch, false);
        opened.click("Copy old records");
        says(&opened, "Copied the old records");
    }
    let mut opened = Opened::step(samples::switching(), Step::Switch, false);
    opened.click("Show and save…");
    says(&opened, "@ 86400 IN MX 10 mail.weber-familie.example.");
    opened.click("Cloudflare");
    opened.click("Save old records");
    assert_eq!(
        opened.sent(),
        [Command::ExportWayBack {
            path: "/home/anna/Documents/weber-familie.example-old-records.txt".into(),
            format: Format::Cloudflare
        }]
    );
}

#[test]
fn the_move_is_finished_once_the_old_server_may_go() {
    let mut opened = Opened::step(samples::switched(), Step::Switch, false);
    says(&opened, "Your old server may stop");
    says(&opened, "Your old server may be stopped");
    opened.click("Finish the move");
    assert_eq!(opened.sent(), [Command::FinishMove]);
    assert_eq!(opened.harness.state().place(), Place::Step(Step::Done));
    let finished = samples::move_finished();
    assert_eq!(step_state(Step::Switch, &finished), StepState::Done);
    let opened = Opened::step(finished, Step::Switch, false);
    says(&opened, "The move is finished");
}

#[test]
fn what_remains_has_dates_and_is_ticked() {
    let mut opened = Opened::step(samples::move_finished(), Step::Done, false);
    for words in [
        "Publish the lines of the switch, seen at every name server, done",
        "Bring over late mail, after the last old answer was gone; 3 came late, done",
        "Change the server in mail programs, to Fastmail, on every computer and phone, 2026-11-14, done",
        "Set the MX waiting time back to 3600, five minutes are for the switch only, now, to do",
        "Switch the old server off, after 30 days without late mail, 2026-12-10, to do",
    ] {
        says(&opened, words);
    }
    opened.click("Done: Switch the old server off");
    opened.click("Done: Change the server in mail programs");
    assert_eq!(
        opened.sent(),
        [
            Command::TickReminder { kind: ReminderKind::StopOldServer, is_done: true },
            Command::TickReminder { kind: ReminderKind::ChangeMailPrograms, is_done: false },
        ]
    );
}
