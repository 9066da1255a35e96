//! Every page in light and dark over a fake engine: what is on it, what a click sends, what the keyboard reaches.

mod accounts;
mod certificates;
mod desktop;
mod destination;
mod drops;
mod keyboard;
mod manners;
mod once;
mod outcomes;
mod practice;
mod sign_ins;
mod strangers;
mod switch;
mod truth;
mod verdict;
mod ways;
mod words;

use egui::accesskit::Role;
use egui::{Key, Modifiers, Vec2};
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use mailferry::engine::{AuditOptions, Command, Event, Notice, ReportFormat, Snapshot, Step, UserError};
use mailferry::providers::ProviderId;
use mailferry::records::{ExportStage, Format, SwitchStage};
use mailferry::ui::Place;
use mailferry::ui::testing::samples;
use mailferry::values::Secret;
use mailferry::values::{MailboxId, Side};
use mailferry_test_support::window::{Opened, USUAL, every_page};

#[test]
fn every_page_settles_names_its_inputs_and_rests() {
    for (name, snapshot, place) in every_page() {
        for (is_dark, size) in
            [(false, USUAL), (true, Vec2::new(1024.0, 700.0)), (false, Vec2::new(960.0, 640.0))]
        {
            // Opening already checks that every input has a name and that the page settles.
            let mut opened = Opened::at(snapshot.clone(), place, is_dark, size);
            opened.harness.step();
            assert!(!opened.harness.ctx.has_requested_repaint(), "{name} does not rest");
            assert_eq!(opened.sent(), [], "{name} sends something by itself");
        }
    }
}

#[test]
fn every_page_works_at_a_large_zoom() {
    for (name, snapshot, place) in every_page() {
        let mut opened = Opened::at(snapshot, place, false, Vec2::new(640.0, 400.0));
        opened.harness.step();
        assert_eq!(opened.sent(), [], "{name}");
    }
}

#[test]
fn the_start_page_opens_audits_and_rehearses() {
    let mut opened = Opened::new(samples::start(), false, USUAL);
    opened.click("Start a rehearsal");
    opened.click_containing("Open müller-söhne.example");
    assert_eq!(
        opened.sent(),
        [
            Command::Rehearse,
            Command::OpenProject("/home/anna/Documents/müller-söhne.example.mailferry".into())
        ]
    );
    opened.type_into("Your mail domain", "turnverein-köln.example");
    assert!(opened.harness.query_by_label("xn--turnverein-kln-6pb.example").is_some());
    opened.click("Audit this domain");
    assert_eq!(
        opened.sent(),
        [Command::NewProject { domain: "turnverein-köln.example".to_owned(), path: None }, Command::RunAudit]
    );
}

#[test]
fn an_invalid_domain_is_explained_and_not_sent() {
    let mut opened = Opened::new(Snapshot::default(), true, USUAL);
    opened.type_into("Your mail domain", "anna@example.org");
    opened.click("Audit this domain");
    assert_eq!(opened.sent(), []);
    assert!(opened.harness.query_by_label_contains("is an address, not a domain").is_some());
}

#[test]
fn an_error_of_opening_is_shown_on_the_start_page_with_its_way_out() {
    let error =
        samples::error("The project is open in another window", "", "", "Try again", Some(Command::Rehearse));
    let mut opened = Opened::new(Snapshot { open_error: Some(error), ..Snapshot::default() }, false, USUAL);
    assert!(opened.harness.query_by_label("The project is open in another window").is_some());
    opened.click("Try again");
    assert_eq!(opened.sent(), [Command::Rehearse]);
}

#[test]
fn the_domain_page_takes_servers_and_options() {
    let mut opened = Opened::step(samples::found(), Step::Domain, false);
    opened.click_containing("imap.weber-familie.example:993");
    opened.click("Find the server");
    let server = samples::found().domain.candidates.remove(1).server;
    assert_eq!(opened.sent(), [Command::SetSourceServer(server), Command::FindServer]);
    opened.type_into("Another server", "not a host");
    opened.click("Use this server");
    assert_eq!(opened.sent(), []);
    assert!(opened.harness.query_by_label_contains("is not a server").is_some());
    opened.type_into("DKIM selectors you use", "s2024");
    let options = AuditOptions { selectors: vec!["s2024".to_owned()], ..AuditOptions::default() };
    assert_eq!(opened.sent().last(), Some(&Command::SetAuditOptions(options)));
    opened.click("Audit weber-familie.example");
    assert_eq!(opened.sent(), [Command::RunAudit]);
    assert_eq!(opened.harness.state().place(), Place::Step(Step::Audit));
}

#[test]
fn the_audit_page_filters_opens_and_saves() {
    let mut opened = Opened::step(samples::audited(), Step::Audit, false);
    opened.click_containing("Fail: SPF needs 12 DNS lookups");
    assert!(opened.harness.query_by_label("12 of 10 lookups, 1 of 2 empty answers").is_some());
    opened.click("Copy SPF record");
    assert!(opened.harness.query_by_label("Copied the SPF record").is_some());
    opened.click("Fail 3");
    assert!(opened.harness.query_by_label_contains("Warning: DMARC asks").is_none());
    opened.click("Save audit…");
    opened.click("JSON");
    opened.click("Save audit");
    assert_eq!(
        opened.sent(),
        [Command::ExportAudit {
            path: "/home/anna/Documents/weber-familie.example-audit.json".into(),
            format: ReportFormat::Json
        }]
    );
    opened.click("Run again");
    assert_eq!(opened.sent(), [Command::RunAudit]);
}

#[test]
fn a_running_audit_blocks_the_next_step_in_words_and_can_be_cancelled() {
    let mut opened = Opened::step(samples::auditing(), Step::Audit, false);
    assert!(opened.harness.query_by_label("The audit is still running").is_some());
    assert!(
        opened.harness.get_by_role_and_label(Role::Button, "Show the verdict").accesskit_node().is_disabled()
    );
    opened.click("Cancel the audit");
    assert_eq!(opened.sent(), [Command::CancelAudit]);
}

#[test]
fn a_destination_is_chosen_by_its_column() {
    let mut opened = Opened::step(samples::audited(), Step::Destination, false);
    assert!(opened.harness.query_by_label("Choose a provider first").is_some());
    opened.click_containing("mailbox.org, Fits");
    let provider = ProviderId("mailbox-org".to_owned());
    assert_eq!(opened.sent(), [Command::ChooseDestination { provider, server: None }]);
}

#[test]
fn mailboxes_are_added_and_bad_addresses_stay_in_the_field() {
    let mut opened = Opened::step(samples::chosen(), Step::Mailboxes, false);
    assert!(opened.harness.query_by_label("Add and tick at least one mailbox").is_some());
    opened.click("Add mailboxes…");
    opened.type_into("Addresses to add", "anna@example.org, jonas");
    opened.click("Add");
    assert_eq!(opened.sent(), [Command::AddMailbox("anna@example.org".to_owned())]);
    assert!(opened.harness.query_by_label_contains("“jonas” is not an e-mail address").is_some());
}

#[test]
fn a_password_is_kept_and_half_typed_text_survives_new_snapshots() {
    let mut opened = Opened::step(samples::every_sign_in_state(), Step::Mailboxes, false);
    assert!(opened.harness.query_by_label_contains("mailboxes need you, 1 is signing in").is_some());
    opened.click("Enter again… opa.karl@weber-familie.example");
    opened.type_into("Password, Your server", "half");
    opened.engine.show(samples::with(samples::every_sign_in_state()));
    opened.harness.run();
    opened.type_into("Password, Your server", " typed");
    opened.click("Save password, Your server");
    let mailboxes = vec![MailboxId(4)];
    assert_eq!(
        opened.sent(),
        [
            Command::SetPassword {
                mailbox: MailboxId(4),
                side: Side::Source,
                secret: Secret::new("half typed")
            },
            // Nothing else is missing, so it is tried at once.
            Command::TestSignIn { mailboxes }
        ]
    );
    opened.click("Sign in to opa.karl@weber-familie.example");
    let mailboxes = vec![MailboxId(4)];
    assert_eq!(opened.sent(), [Command::TestSignIn { mailboxes }]);
}

#[test]
fn a_certificate_is_trusted_after_its_fingerprint_was_shown() {
    let mut opened = Opened::step(samples::every_sign_in_state(), Step::Mailboxes, true);
    opened.click("Check it… termine@weber-familie.example");
    let certificate = samples::certificate();
    assert!(opened.harness.query_by_label_contains("Is this the certificate of").is_some());
    opened.click("Trust it for mail.weber-familie.example");
    assert_eq!(
        opened.sent(),
        [Command::TrustCertificate { server: certificate.server, fingerprint: certificate.fingerprint }]
    );
}

#[test]
fn the_mailbox_table_is_worked_by_the_keyboard_alone() {
    let mut opened = Opened::step(samples::signed_in(), Step::Mailboxes, false);
    opened.harness.get_by_label("Mailboxes, 14 rows").focus();
    opened.harness.run();
    opened.press(Key::ArrowDown);
    opened.press(Key::ArrowDown);
    opened.press(Key::Space);
    assert_eq!(opened.sent(), [Command::ChooseMailbox { mailbox: MailboxId(3), is_chosen: false }]);
    opened.press(Key::Enter);
    assert!(opened.harness.query_by_label("Sign in to lena@weber-familie.example").is_some());
}

#[test]
fn two_thousand_mailboxes_draw_only_what_is_visible() {
    let opened = Opened::step(samples::many_mailboxes(2_000), Step::Mailboxes, false);
    let rows = opened.harness.query_all_by_label_contains("user").count();
    assert!(rows > 10 && rows < 120, "{rows}");
}

#[test]
fn removing_a_mailbox_asks_first_and_esc_is_safe() {
    let mut opened = Opened::step(samples::signed_in(), Step::Mailboxes, false);
    opened.click_containing("anna@weber-familie.example, chosen");
    opened.click("Remove…");
    assert!(opened.harness.query_by_label("Remove anna@weber-familie.example from the project?").is_some());
    opened.press(Key::Escape);
    assert_eq!(opened.sent(), []);
    opened.click("Remove…");
    opened.click("Remove it");
    assert_eq!(opened.sent(), [Command::RemoveMailbox(MailboxId(1))]);
}

#[test]
fn the_plan_leaves_out_and_renames() {
    let mut opened = Opened::step(samples::planned(), Step::Plan, false);
    opened.click_containing("Projekte/Haus goes to");
    opened.click("Copy this folder");
    let sent = opened.sent();
    assert!(matches!(
        sent.as_slice(),
        [Command::IncludeFolder { mailbox: MailboxId(1), is_included: false, .. }]
    ));
    opened.type_into("Name at the destination", "2");
    opened.click("Rename folder");
    let sent = opened.sent();
    let [Command::RenameFolder { destination, .. }] = sent.as_slice() else { panic!("{sent:?}") };
    assert_eq!(destination.to_string(), "Projekte / Haus2");
    opened.click("Start copying 14 mailboxes");
    assert_eq!(opened.sent(), [Command::StartCopy]);
    assert_eq!(opened.harness.state().place(), Place::Step(Step::Copy));
}

#[test]
fn a_copy_is_paused_resumed_and_stopped_after_a_question() {
    let mut opened = Opened::new(samples::copying_snapshot(), false, USUAL);
    assert_eq!(opened.harness.state().place(), Place::Step(Step::Copy), "a running copy opens on its page");
    assert!(opened.harness.query_by_label_contains("184,990 on your server = 110,690 Copied").is_some());
    opened.click("Pause copying");
    opened.click("More");
    opened.click("Stop copying…");
    assert!(opened.harness.query_by_label("Stop copying 14 mailboxes?").is_some());
    opened.click("Stop copying");
    assert_eq!(opened.sent(), [Command::PauseCopy, Command::StopCopy]);
    opened.engine.show(samples::with(samples::paused()));
    opened.harness.run();
    opened.click("Continue copying");
    assert_eq!(opened.sent(), [Command::ResumeCopy]);
    opened.click("Prepare records");
    assert_eq!(opened.sent(), [Command::PrepareRecords]);
}

#[test]
fn a_finished_copy_tries_refused_messages_again() {
    let mut opened = Opened::step(samples::finished(), Step::Copy, false);
    assert!(opened.harness.query_by_label_contains("Copied 14 mailboxes, 100%").is_some());
    opened.click("Try 1 message again");
    assert_eq!(opened.sent(), [Command::RetryFailed]);
}

#[test]
fn a_stopped_mailbox_shows_its_card_and_its_way_out() {
    let mut opened = Opened::step(samples::stopped_mailboxes(), Step::Copy, false);
    assert!(opened.harness.query_by_label("Copying continues for 13 of 14 mailboxes").is_some());
    opened.click("Continue");
    assert_eq!(opened.sent(), [Command::StartCopy]);
}

#[test]
fn records_are_answered_kept_and_exported() {
    let mut opened = Opened::step(samples::with_records(), Step::Records, false);
    opened.click("include:_spf.vereinsmailer.example");
    let term = "include:_spf.vereinsmailer.example".to_owned();
    assert_eq!(opened.sent(), [Command::KeepSender { term, is_kept: true }]);
    opened.click("2. At the switch, 1 changed");
    assert!(opened.harness.query_by_label_contains("added: @ 300 MX 10 in1-smtp").is_some());
    opened.click("Copy zone lines");
    assert!(opened.harness.query_by_label("Copied the zone lines").is_some());
    opened.click("Save zone file");
    assert_eq!(
        opened.sent(),
        [Command::ExportZone {
            path: "/home/anna/Documents/weber-familie.example-2-switch.zone".into(),
            stage: ExportStage::Stage(SwitchStage::AtTheSwitch),
            format: Format::Bind,
        }]
    );
}

#[test]
fn the_report_adds_up_and_is_saved() {
    let mut opened = Opened::step(samples::done(), Step::Done, false);
    assert!(opened.harness.query_by_label("All messages on your server: 184,990, adds up").is_some());
    opened.click("Save report");
    assert_eq!(
        opened.sent(),
        [Command::SaveReport {
            path: "/home/anna/Documents/weber-familie.example-report.html".into(),
            format: ReportFormat::Html
        }]
    );
}

#[test]
fn practice_is_marked_on_every_page() {
    for step in Step::ALL {
        let opened = Opened::step(samples::practice(), step, false);
        assert!(opened.harness.query_by_label("Practice").is_some(), "{step:?}");
        assert!(opened.harness.query_by_label_contains("Nothing leaves this computer").is_some(), "{step:?}");
    }
    let opened = Opened::step(samples::found(), Step::Domain, false);
    assert!(opened.harness.query_by_label("Practice").is_none());
}

#[test]
fn the_keyboard_reaches_every_step() {
    let mut opened = Opened::step(samples::with_records(), Step::Domain, false);
    let keys = [
        Key::Num1,
        Key::Num2,
        Key::Num3,
        Key::Num4,
        Key::Num5,
        Key::Num6,
        Key::Num7,
        Key::Num8,
        Key::Num9,
        Key::D,
    ];
    assert_eq!(keys.len(), Step::ALL.len());
    for (step, key) in Step::ALL.into_iter().zip(keys) {
        opened.harness.key_press_modifiers(Modifiers::COMMAND, key);
        opened.harness.run();
        assert_eq!(opened.harness.state().place(), Place::Step(step));
    }
    opened.press(Key::F1);
    assert_eq!(opened.harness.state().place(), Place::Help);
}

#[test]
fn quitting_while_copying_asks_and_at_rest_does_not() {
    let mut opened = Opened::new(samples::copying_snapshot(), false, USUAL);
    opened.harness.key_press_modifiers(Modifiers::COMMAND, Key::Q);
    opened.harness.run();
    assert_eq!(opened.sent(), []);
    assert!(opened.harness.query_by_label("Close while 14 mailboxes are being copied?").is_some());
    opened.click("Keep copying");
    assert_eq!(opened.sent(), []);
    opened.engine.show(samples::with(samples::finished()));
    opened.harness.run();
    opened.harness.key_press_modifiers(Modifiers::COMMAND, Key::Q);
    opened.harness.run();
    assert_eq!(opened.sent(), [Command::Quit]);
}

#[test]
fn events_become_toasts_and_errors_stay_until_closed() {
    let mut opened = Opened::step(samples::found(), Step::Domain, false);
    let error = UserError {
        title: "The zone file was not written".to_owned(),
        cause: "The disk is full.".to_owned(),
        server_words: None,
        ways_out: Vec::new(),
        details: String::new(),
        certificate: None,
        code: None,
        folders: Vec::new(),
    };
    {
        let mut state = opened.engine.0.borrow_mut();
        state.events.push_back(Event::Failed { error, command: None });
        state.events.push_back(Event::Notice(Notice { words: "Saved the report".to_owned(), path: None }));
    }
    opened.harness.run();
    assert!(opened.harness.query_by_label("Saved the report").is_some());
    opened.click("Close “The zone file was not written”");
    assert!(opened.harness.query_by_label_contains("The zone file was not written").is_none());
}

#[test]
fn an_engine_that_accepts_nothing_is_reported() {
    let mut opened = Opened::new(samples::start(), false, USUAL);
    opened.engine.0.borrow_mut().is_deaf = true;
    opened.click("Start a rehearsal");
    assert!(opened.harness.query_all_by_label_contains("That was not accepted").count() > 0);
}

#[test]
fn a_name_in_two_scripts_shows_its_a_label() {
    let opened = Opened::step(samples::empty_project("weber-köln.example"), Step::Domain, false);
    assert!(opened.harness.query_by_label("In DNS this name is xn--weber-kln-67a.example").is_some());
}

#[test]
fn help_opens_the_chapter_of_the_step_and_links_lead_to_others() {
    let mut opened = Opened::step(samples::found(), Step::Records, false);
    opened.press(Key::F1);
    let is_chosen = |opened: &Opened, title: &str| {
        let radios = opened.harness.query_all_by_role_and_label(Role::RadioButton, title);
        radios
            .into_iter()
            .any(|radio| radio.accesskit_node().toggled() == Some(egui::accesskit::Toggled::True))
    };
    assert!(is_chosen(&opened, "The records and the switch"));
    opened.click("What is stored where");
    assert!(is_chosen(&opened, "What is stored where"));
    assert!(opened.harness.query_by_label_contains("as private as the mail").is_some());
    // Another step, another chapter.
    opened.harness.key_press_modifiers(Modifiers::COMMAND, Key::Num7);
    opened.harness.run();
    opened.press(Key::F1);
    assert!(is_chosen(&opened, "Copying the mailboxes"));
    // Every chapter can be drawn, with every letter in it.
    for title in [
        "Should I move?",
        "To Microsoft 365",
        "To Google Workspace",
        "What is checked",
        "The command line",
        "Questions and answers",
    ] {
        opened.click(title);
        assert!(is_chosen(&opened, title), "{title}");
    }
    // A link to another chapter is followed here.
    opened.click("To Fastmail");
    opened.harness.get_by_role_and_label(Role::Link, "The records and the switch").click();
    opened.harness.run();
    opened.harness.run();
    assert!(is_chosen(&opened, "The records and the switch"));
}

#[test]
fn stored_passwords_are_deleted_after_a_question() {
    let mut opened = Opened::step(samples::found(), Step::Domain, false);
    opened.click("Settings");
    opened.click("Delete stored passwords…");
    assert_eq!(opened.sent(), []);
    opened.click("Delete them");
    assert_eq!(opened.sent(), [Command::DeletePasswords]);
    let mut project = samples::found();
    project.is_practice = true;
    let mut practice = Opened::step(project, Step::Domain, false);
    practice.click("Settings");
    assert!(practice.harness.query_by_label_contains("Delete stored passwords").is_none());
}

#[test]
fn every_library_and_its_licence_is_found_from_the_help() {
    let mut opened = Opened::step(samples::found(), Step::Domain, false);
    opened.press(Key::F1);
    opened.click("About Mailferry and its libraries");
    assert_eq!(opened.harness.state().place(), Place::About);
    opened.type_into("Find a library", "rusqlite");
    assert!(opened.harness.query_by_label_contains("rusqlite").is_some());
    assert!(opened.harness.query_by_label_contains("accesskit ").is_none());
    opened.type_into("Find a library", "-none");
    assert!(opened.harness.query_by_label("No library has this name or licence.").is_some());
}
