//! Every page in light and dark over a fake engine: what is on it, what a click sends, what the keyboard reaches.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used,
    reason = "tests end where something is wrong"
)]

#[path = "support/window.rs"]
mod window;

use eframe::egui::Vec2;
use mailferry::engine::{ProjectView, Snapshot, Step};
use mailferry::ui::Place;
use mailferry::ui::testing::samples;
use window::{Opened, USUAL};

/// Every page in its states: name, snapshot, page.
fn every_page() -> Vec<(&'static str, Snapshot, Option<Place>)> {
    let page = |name, project: ProjectView, step| (name, samples::with(project), Some(Place::Step(step)));
    vec![
        ("01-start", samples::start(), None),
        ("01-start-empty", Snapshot::default(), None),
        (
            "domain-empty",
            samples::with(samples::empty_project("weber-köln.example")),
            Some(Place::Step(Step::Domain)),
        ),
        page("domain-found", samples::found(), Step::Domain),
        page("audit-empty", samples::found(), Step::Audit),
        page("audit-running", samples::auditing(), Step::Audit),
        page("02-audit", samples::audited(), Step::Audit),
        page("07-destination", samples::chosen(), Step::Destination),
        page("mailboxes-empty", samples::chosen(), Step::Mailboxes),
        page("08-mailboxes", samples::every_sign_in_state(), Step::Mailboxes),
        page("mailboxes-2000", samples::many_mailboxes(2_000), Step::Mailboxes),
        page("plan-empty", samples::signed_in(), Step::Plan),
        page("plan-counting", samples::counting(), Step::Plan),
        page("09-plan", samples::planned(), Step::Plan),
        page("copy-empty", samples::planned(), Step::Copy),
        ("10-copy", samples::copying_snapshot(), Some(Place::Step(Step::Copy))),
        page("copy-paused", samples::paused(), Step::Copy),
        page("15-problems", samples::stopped_mailboxes(), Step::Copy),
        page("copy-finished", samples::finished(), Step::Copy),
        page("records-empty", samples::finished(), Step::Records),
        page("11-records", samples::with_records(), Step::Records),
        page("done-empty", samples::planned(), Step::Done),
        page("13-done", samples::done(), Step::Done),
        page("foreign-names", samples::foreign_names(), Step::Mailboxes),
        ("log", samples::copying_snapshot(), Some(Place::Log)),
        ("settings", samples::with(samples::found()), Some(Place::Settings)),
        ("help", samples::with(samples::found()), Some(Place::Help)),
    ]
}

/// Writes every page as a picture into the folder that `MAILFERRY_PICTURES` names, to be looked at.
#[test]
#[ignore = "draws pictures for people: MAILFERRY_PICTURES=folder cargo test --test pages -- --ignored"]
fn draw_every_page() {
    let folder = std::path::PathBuf::from(std::env::var_os("MAILFERRY_PICTURES").unwrap());
    std::fs::create_dir_all(&folder).unwrap();
    let only = std::env::var("MAILFERRY_PICTURE").unwrap_or_default();
    for (name, snapshot, place) in every_page() {
        for (is_dark, theme) in [(false, "light"), (true, "dark")] {
            let file = format!("{name}-{theme}.png");
            if !file.contains(&only) {
                continue;
            }
            let mut opened = Opened::at(snapshot.clone(), place, is_dark, USUAL);
            opened.harness.render().unwrap().save(folder.join(file)).unwrap();
        }
    }
    if only.is_empty() || "14".contains(&only) {
        let size = Vec2::new(1024.0, 700.0);
        let snapshot = samples::with(samples::practice());
        let mut opened = Opened::at(snapshot, Some(Place::Step(Step::Copy)), true, size);
        opened.harness.render().unwrap().save(folder.join("14-copy-1024-practice-dark.png")).unwrap();
    }
}
