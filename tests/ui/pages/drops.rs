//! What becomes of files that are let go over the window, by the page that is open.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use egui_kittest::kittest::Queryable as _;
use mailferry::engine::{Command, ProjectView, Step};
use mailferry::ui::Place;
use mailferry::ui::testing::samples;
use mailferry_test_support::window::Opened;

#[derive(Debug)]
struct Dropped(PathBuf);

impl egui::DroppedFile for Dropped {
    fn path(&self) -> &Path {
        &self.0
    }

    fn bytes(&self) -> Result<Vec<u8>, String> {
        Err("nobody reads it here".to_owned())
    }
}

/// A window on this page on which these files were let go.
fn dropped(project: ProjectView, step: Step, names: &[&str]) -> Opened {
    let mut opened = Opened::step(project, step, false);
    for name in names {
        let file: egui::DroppedFileHandle = Arc::new(Dropped(Path::new("/home/anna").join(name)));
        opened.harness.input_mut().dropped_files.push(file);
    }
    opened.harness.run();
    opened
}

fn path(name: &str) -> PathBuf {
    Path::new("/home/anna").join(name)
}

#[test]
fn any_file_of_accounts_is_read_on_the_page_mailboxes() {
    // The name says nothing: what a file is shows by what stands in it.
    for name in
        ["dovecot-users", "virtual", "mailcow.json", "vmail.sql", "aliases.txt", "users.ldif", "list.csv"]
    {
        let opened = dropped(samples::signed_in(), Step::Mailboxes, &[name]);
        assert_eq!(opened.sent(), [Command::ReadAccounts(vec![path(name)])], "{name}");
    }
    let both = dropped(samples::signed_in(), Step::Mailboxes, &["virtual", "aliases"]);
    assert_eq!(both.sent(), [Command::ReadAccounts(vec![path("virtual"), path("aliases")])]);
    // A table is one of mailboxes wherever it is let go, and the page that shows it opens.
    let table = dropped(samples::signed_in(), Step::Plan, &["list.csv"]);
    assert_eq!(table.sent(), [Command::ReadAccounts(vec![path("list.csv")])]);
    assert_eq!(table.harness.state().place(), Place::Step(Step::Mailboxes));
}

#[test]
fn messages_are_judged_on_the_page_switch_and_evidence_on_the_page_audit() {
    let switch = dropped(samples::switching(), Step::Switch, &["test.eml", "second.EML"]);
    assert_eq!(switch.sent(), [Command::JudgeMessages(vec![path("test.eml"), path("second.EML")])]);
    let audit = dropped(samples::audited(), Step::Audit, &["test.eml"]);
    assert_eq!(audit.sent(), [Command::ReadEvidence(vec![path("test.eml")])]);
}

#[test]
fn a_file_on_the_wrong_page_gets_a_word_that_says_where() {
    for (step, name, words) in [
        (Step::Mailboxes, "test.eml", "It is a message, not a list of mailboxes"),
        (Step::Switch, "mail.log", "The page Switch takes test messages"),
        (Step::Plan, "test.eml", "Drop a project file (.mailferry) anywhere"),
    ] {
        let opened = dropped(samples::switching(), step, &[name]);
        assert!(opened.sent().is_empty(), "{name}");
        assert!(opened.harness.query_all_by_label_contains(words).count() > 0, "{name}: {words}");
        assert_eq!(opened.harness.state().place(), Place::Step(step));
    }
}
