//! The words of every page: what a trial of the window found unclear is said in other words, and in one way.

use egui::accesskit::Role;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use mailferry::engine::Step;
use mailferry::ui::testing::samples;
use mailferry_test_support::window::{Opened, USUAL, every_page};

/// Nobody says these any more.
const OLD: &[&str] = &[
    "Way out",
    "Keep (one is kept)",
    "Look at it…",
    "it itself; no known authority",
    "Go on copying",
    "Copy the rest",
    "Resume copying",
    "Connects again",
    "Proof: confirmed",
    "Prove again",
    "Prove byte by byte",
    "Fits with care",
    "Not compared",
    "Not confirmed",
    "IMAP server of Another",
    "Use Another IMAP server",
    "What the audit asks with",
    "Same role",
    "Holds folders",
    "Choose messages…",
    "What takes part",
    "Leave as it was",
    "Disarm requests",
    "Date copies by their header",
    "Search of your server",
    "Most to send in a day",
    "Most to read in a day",
    "Look for new mail",
    "SPF term of the provider",
    "Still to look up",
    "Mend the file",
    "SS error",
];

/// These are said in their place, each on some page.
const NEW: &[&str] = &[
    "What to do",
    "The server made this certificate itself, so nobody else confirms who it is.",
    "Continue copying",
    "Compare every byte",
    "copies match",
    "with a condition",
    "Not published by",
    "Options for the audit",
    "Keeps its name",
    "Options…",
    "Copied: every message is accounted for",
];

/// Everything that a page says, as a screen reader finds it.
fn said(opened: &Opened) -> String {
    let mut words = Vec::new();
    for node in opened.harness.root().children_recursive() {
        let node = node.accesskit_node();
        words.extend([node.label(), node.value()].into_iter().flatten());
    }
    words.join("\n")
}

#[test]
fn every_page_uses_the_mended_words() {
    let mut all = String::new();
    for (name, snapshot, place) in every_page() {
        let said = said(&Opened::at(snapshot, place, false, USUAL));
        for old in OLD {
            assert!(!said.contains(old), "{name} says “{old}”");
        }
        all.push_str(&said);
        all.push('\n');
    }
    for new in NEW {
        assert!(all.contains(new), "no page says “{new}”");
    }
}

/// A new project opens its pages at their tops, wherever those of the last one were scrolled to.
#[test]
fn each_project_has_its_own_place_on_a_page() {
    let mut opened = Opened::step(samples::chosen(), Step::Destination, false);
    let before = head(&opened);
    assert!(before.is_some());
    let at = egui::Pos2::new(700.0, 400.0);
    opened.harness.event(egui::Event::PointerMoved(at));
    opened.harness.event(egui::Event::MouseWheel {
        unit: egui::MouseWheelUnit::Point,
        delta: egui::Vec2::new(0.0, -400.0),
        phase: egui::TouchPhase::Move,
        source: egui::MouseWheelSource::Unknown,
        modifiers: egui::Modifiers::NONE,
    });
    opened.harness.run();
    assert_ne!(head(&opened), before, "it is scrolled");
    let mut other = samples::chosen();
    other.path = "/home/anna/Documents/other.example.mailferry".into();
    opened.engine.show(samples::with(other));
    opened.harness.run();
    opened.harness.state_mut().show(mailferry::ui::Place::Step(Step::Destination));
    opened.harness.run();
    assert_eq!(head(&opened), before, "the page of another project is at its top");
}

/// Where the heading of the page is; `None` where it is out of sight.
fn head(opened: &Opened) -> Option<i32> {
    let heads = opened.harness.query_all_by_role_and_label(Role::Heading, "Destination");
    #[expect(clippy::cast_possible_truncation, reason = "points of a window")]
    heads.into_iter().map(|node| node.rect().top() as i32).next()
}
