//! The practice zone on the pages Records and Switch: what it says, and what a click sends.

use egui::accesskit::Role;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use mailferry::engine::{Command, Letters, PracticeTrouble, PracticeView, ProjectView, Step, Tally};
use mailferry::records::{ExportStage, SwitchStage};
use mailferry::ui::testing::samples;
use mailferry::values::UnixTime;
use mailferry_test_support::window::Opened;

const NOW: ExportStage = ExportStage::Stage(SwitchStage::Now);

fn with_practice(mut project: ProjectView, practice: PracticeView) -> ProjectView {
    project.is_practice = true;
    project.practice = Some(practice);
    project
}

#[track_caller]
fn says(opened: &Opened, words: &str) {
    assert!(opened.harness.query_all_by_label_contains(words).count() > 0, "{words}");
}

fn buttons(opened: &Opened, label: &str) -> usize {
    opened.harness.query_all_by_role_and_label(Role::Button, label).count()
}

#[test]
fn a_stage_is_published_from_the_records_in_its_order() {
    let label = "Publish stage 1 in the practice zone";
    let project = with_practice(samples::with_records(), PracticeView::default());
    let mut opened = Opened::step(project, Step::Records, false);
    says(&opened, "It changes the zone inside Mailferry and nothing else");
    assert_eq!(buttons(&opened, label), 2, "beside the stage, and as the next thing");
    opened.click("2. At the switch, 1 changed");
    says(&opened, "Publish the earlier stage first.");
    let second = "Publish stage 2 in the practice zone";
    assert!(opened.harness.get_by_role_and_label(Role::Button, second).accesskit_node().is_disabled());
    opened.click(label);
    assert_eq!(opened.sent(), [Command::PublishInPractice(NOW)]);

    let published =
        PracticeView { published: vec![(SwitchStage::Now, samples::NOW)], ..PracticeView::default() };
    let opened = Opened::step(with_practice(samples::with_records(), published), Step::Records, false);
    says(&opened, "Published");
    assert_eq!(buttons(&opened, label), 0);
    let opened = Opened::step(samples::with_records(), Step::Records, false);
    assert_eq!(opened.harness.query_all_by_label_contains("practice zone").count(), 0, "only in practice");
}

#[test]
fn the_switch_shows_the_letters_skips_the_wait_and_leads_back() {
    let practice = PracticeView {
        published: vec![(SwitchStage::Now, samples::NOW), (SwitchStage::AtTheSwitch, samples::NOW)],
        letters: Letters { to_old: 5, to_new: 3 },
        next_date: Some(UnixTime(samples::NOW.0 + 300)),
        tally: Some(Tally { old: 900, new: 902, missing: 1, surplus: 0 }),
        ..PracticeView::default()
    };
    let mut opened = Opened::step(with_practice(samples::switching(), practice), Step::Switch, false);
    for words in
        ["5 to the old server, 3 to the new one", "1 message not at the new one yet", "Up to stage 2"]
    {
        says(&opened, words);
    }
    let back = "Put the old records back in the practice zone";
    assert_eq!(buttons(&opened, back), 1);
    opened.click(back);
    let label = opened.harness.query_all_by_label_contains("Let time pass until").next().unwrap();
    let label = label.accesskit_node().label().unwrap();
    assert_eq!(buttons(&opened, &label), 2, "in its panel, and as the next thing");
    opened.harness.query_all_by_role_and_label(Role::Button, &label).last().unwrap().click();
    opened.harness.run();
    assert_eq!(opened.sent(), [Command::PublishInPractice(ExportStage::Rollback), Command::LetTimePass]);
    let opened = Opened::step(samples::switching(), Step::Switch, false);
    assert_eq!(opened.harness.query_all_by_label_contains("Let time pass").count(), 0, "only in practice");
}

#[test]
fn every_trouble_can_be_made_on_purpose() {
    let mut opened = Opened::step(samples::practice(), Step::Copy, false);
    let wanted = [
        ("Change a password", PracticeTrouble::ChangePassword),
        ("Change the certificate", PracticeTrouble::ChangeCertificate),
        ("Refuse the next message", PracticeTrouble::RefuseMessage),
        ("Make a colliding folder", PracticeTrouble::CollidingFolder),
        ("Ask for a pause", PracticeTrouble::SlowProvider),
    ];
    for (label, trouble) in wanted {
        opened.click(label);
        assert_eq!(opened.sent(), [Command::MakeTrouble(trouble)], "{label}");
    }
}
