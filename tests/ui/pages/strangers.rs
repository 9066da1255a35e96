//! Words from strangers on every page that shows them: nothing that is shown, read out or copied acts on the reader.

use std::sync::Arc;

use egui::accesskit::Role;
use egui_kittest::kittest::NodeT as _;
use mailferry::engine::{MailboxProgressState, ProjectView, SignInState, Step};
use mailferry::plan::{FolderPath, RenameReason};
use mailferry::ui::testing::samples;
use mailferry::values::is_unprintable;

use mailferry_test_support::window::Opened;

const NASTY: &str = "\u{1b}]0;owned\u{7}\u{9b}2J gpj.\u{202e}exe";

/// Every word on the page, as a screen reader gets it.
fn words(opened: &Opened) -> Vec<String> {
    let mut words = Vec::new();
    for node in opened.harness.root().children_recursive() {
        let node = node.accesskit_node();
        if node.role() != Role::TextRun {
            words.extend([node.label(), node.value()].into_iter().flatten());
        }
    }
    words
}

fn nasty_folders(mut project: ProjectView) -> ProjectView {
    for plan in Arc::make_mut(&mut project.plan.mailboxes).values_mut() {
        for folder in &mut plan.folders {
            folder.source = FolderPath(vec![format!("{NASTY} {}", folder.source)]);
            folder.destination = folder.source.clone();
            let planned = folder.source.clone();
            folder.renamed = vec![RenameReason::RefusedByServer { planned, words: NASTY.to_owned() }];
        }
    }
    for warnings in project.plan.warnings.values_mut() {
        warnings.push(NASTY.to_owned());
    }
    project
}

fn nasty_server() -> ProjectView {
    let mut certificate = samples::changed_certificate();
    NASTY.clone_into(&mut certificate.issuer);
    certificate.names = vec![NASTY.to_owned()];
    let mut project = samples::asked_about(&certificate, 3);
    for row in Arc::make_mut(&mut project.mailboxes) {
        row.destination.state = SignInState::Failed;
        NASTY.clone_into(&mut row.destination.server_words);
        row.destination.error = Some(samples::error(NASTY, NASTY, NASTY, NASTY, None));
    }
    project
}

fn nasty_copy() -> ProjectView {
    let mut project = nasty_folders(samples::stopped_mailboxes());
    for (index, progress) in project.copy.mailboxes.iter_mut().enumerate() {
        for folder in &mut progress.folders {
            NASTY.clone_into(&mut folder.name);
        }
        if index == 1 {
            progress.state = MailboxProgressState::Reconnecting(samples::lost(NASTY));
        }
        if let MailboxProgressState::Stopped(error) = &mut progress.state {
            *error = samples::error(NASTY, NASTY, NASTY, NASTY, None);
        }
    }
    for problem in &mut project.copy.problems {
        NASTY.clone_into(&mut problem.cause);
        problem.samples = vec![NASTY.to_owned()];
    }
    for pause in &mut project.copy.pauses {
        NASTY.clone_into(&mut pause.words);
    }
    project
}

#[test]
fn no_page_passes_on_what_acts_on_its_reader() {
    for (project, step) in [
        (nasty_server(), Step::Mailboxes),
        (nasty_folders(samples::planned()), Step::Plan),
        (nasty_copy(), Step::Copy),
        (nasty_copy(), Step::Done),
    ] {
        let opened = Opened::step(project, step, false);
        let words = words(&opened);
        if step != Step::Done {
            assert!(words.iter().any(|words| words.contains("]0;owned")), "{step:?}: {words:#?}");
        }
        for said in words {
            assert!(!said.contains(is_unprintable), "{step:?}: {said:?}");
        }
    }
}
