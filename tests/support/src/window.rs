//! A window over a fake engine, in a harness without a screen.

use egui::accesskit::Role;
use egui::{Key, Theme, Vec2};
use egui_kittest::Harness;
use egui_kittest::kittest::{NodeT as _, Queryable as _};
use mailferry::engine::{Command, ConsentStage, KnownClient, ProjectView, Snapshot, Step};
use mailferry::ui::platform::{Settings, ThemeChoice};
use mailferry::ui::testing::{FakeEngine, install, samples};
use mailferry::ui::{Place, Window};

use crate::sign_in_samples::{
    at_google, at_microsoft, by_code, in_browser, known, refused, stopped_by_revocation, under_way,
};

/// The usual size of a window.
pub const USUAL: Vec2 = Vec2::new(1280.0, 800.0);

pub fn settings(is_dark: bool) -> Settings {
    Settings { theme: if is_dark { ThemeChoice::Dark } else { ThemeChoice::Light }, ..Settings::default() }
}

/// A window with its engine.
pub struct Opened {
    pub harness: Harness<'static, Window>,
    pub engine: FakeEngine,
}

impl Opened {
    pub fn new(snapshot: Snapshot, is_dark: bool, size: Vec2) -> Self {
        Self::at(snapshot, None, is_dark, size)
    }

    /// A project's page.
    pub fn step(project: ProjectView, step: Step, is_dark: bool) -> Self {
        Self::at(samples::with(project), Some(Place::Step(step)), is_dark, USUAL)
    }

    pub fn at(snapshot: Snapshot, place: Option<Place>, is_dark: bool, size: Vec2) -> Self {
        Self::themed(FakeEngine::showing(snapshot), place, is_dark, size)
    }

    /// A window over an engine that the test has prepared.
    pub fn over(engine: FakeEngine, place: Option<Place>, size: Vec2) -> Self {
        Self::themed(engine, place, false, size)
    }

    fn themed(engine: FakeEngine, place: Option<Place>, is_dark: bool, size: Vec2) -> Self {
        let settings = settings(is_dark);
        let mut window = engine.window(settings);
        if let Some(place) = place {
            window.show(place);
        }
        let mut harness = Harness::builder()
            .with_size(size)
            .with_max_steps(8)
            .with_theme(if is_dark { Theme::Dark } else { Theme::Light })
            .with_context_setup(move |ctx| install(ctx, settings))
            .build_eframe(move |_creation| window);
        harness.run();
        Self { harness, engine }
    }

    /// Clicks the one thing with exactly this name.
    pub fn click(&mut self, label: &str) {
        let node = self.harness.get_by_label(label);
        // What lies below the footer is scrolled to first, as a person would.
        let (rect, bottom) = (node.rect(), self.harness.ctx.content_rect().bottom() - 80.0);
        if rect.height() < 36.0 && (rect.bottom() > bottom || rect.top() < 52.0) {
            node.scroll_to_me();
            self.harness.run();
        }
        self.harness.get_by_label(label).click();
        self.harness.run();
    }

    /// Clicks the first thing whose name has these words.
    pub fn click_containing(&mut self, words: &str) {
        self.harness
            .get_all_by_label_contains(words)
            .next()
            .unwrap_or_else(|| panic!("nothing named {words}"))
            .click();
        self.harness.run();
    }

    /// Types into the field with this name, behind what it holds.
    pub fn type_into(&mut self, label: &str, text: &str) {
        let is_field = |node: &egui_kittest::Node<'_>| {
            matches!(node.accesskit_node().role(), Role::TextInput | Role::PasswordInput)
        };
        let field = self.harness.get_all_by_label(label).find(is_field).unwrap();
        field.focus();
        self.harness.run();
        self.harness.key_press(Key::End);
        self.harness.run();
        let field = self.harness.get_all_by_label(label).find(is_field).unwrap();
        field.type_text(text);
        self.harness.run();
    }

    pub fn press(&mut self, key: Key) {
        self.harness.key_press(key);
        self.harness.run();
    }

    pub fn sent(&self) -> Vec<Command> {
        self.engine.take_sent()
    }
}

/// The sheet of tokens and components.
pub fn draw_components(is_dark: bool) -> Harness<'static> {
    let settings = settings(is_dark);
    let mut harness = Harness::builder()
        .with_size(Vec2::new(1280.0, 900.0))
        .with_theme(if is_dark { Theme::Dark } else { Theme::Light })
        .with_context_setup(move |ctx| install(ctx, settings))
        .build_ui(mailferry::ui::testing::components);
    harness.run();
    harness
}

/// Every page in its states: name, snapshot, page.
pub fn every_page() -> Vec<(&'static str, Snapshot, Option<Place>)> {
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
        page("verdict-empty", samples::found(), Step::Verdict),
        page("06-verdict", samples::judged(), Step::Verdict),
        page("07-destination", samples::chosen(), Step::Destination),
        page("mailboxes-empty", samples::chosen(), Step::Mailboxes),
        page("08-mailboxes", samples::every_sign_in_state(), Step::Mailboxes),
        page("08-sign-in", at_microsoft(known()), Step::Mailboxes),
        page("08-sign-in-browser", under_way(in_browser(), 1), Step::Mailboxes),
        page("08-sign-in-code", under_way(by_code(), 0), Step::Mailboxes),
        page("08-sign-in-failed", under_way(ConsentStage::Failed(Box::new(refused())), 0), Step::Mailboxes),
        page("08-sign-in-guide", at_microsoft(KnownClient::Missing), Step::Mailboxes),
        page("08-sign-in-google", at_google(), Step::Mailboxes),
        page("copy-revoked", stopped_by_revocation(), Step::Copy),
        page("mailboxes-2000", samples::many_mailboxes(2_000), Step::Mailboxes),
        page("plan-empty", samples::signed_in(), Step::Plan),
        page("plan-counting", samples::counting(), Step::Plan),
        page("09-plan", samples::planned(), Step::Plan),
        page("plan-tried", samples::tried(), Step::Plan),
        page("copy-empty", samples::planned(), Step::Copy),
        ("10-copy", samples::copying_snapshot(), Some(Place::Step(Step::Copy))),
        page("copy-paused", samples::paused(), Step::Copy),
        page("15-problems", samples::stopped_mailboxes(), Step::Copy),
        page("copy-certificate", samples::stopped_by_certificate(), Step::Copy),
        page(
            "mailboxes-certificate",
            samples::asked_about(&samples::changed_certificate(), 50),
            Step::Mailboxes,
        ),
        page("copy-finished", samples::finished(), Step::Copy),
        page("copy-messages", samples::message_list(), Step::Copy),
        page("records-empty", samples::finished(), Step::Records),
        page("11-records", samples::with_records(), Step::Records),
        page("switch-empty", samples::finished(), Step::Switch),
        page("switch-planned", samples::switch_planned(), Step::Switch),
        page("switch-asking", samples::switch_asking(), Step::Switch),
        page("switch-ahead", samples::switch_ahead(), Step::Switch),
        page("12-switch", samples::switching(), Step::Switch),
        page("switch-proven", samples::switch_proven(), Step::Switch),
        page("switch-trouble", samples::switch_in_trouble(), Step::Switch),
        page("switch-over", samples::switched(), Step::Switch),
        page("switch-finished", samples::move_finished(), Step::Switch),
        page("13-done-after-switch", samples::move_finished(), Step::Done),
        page("done-empty", samples::planned(), Step::Done),
        page("13-done", samples::done(), Step::Done),
        page("foreign-names", samples::foreign_names(), Step::Mailboxes),
        ("log", samples::copying_snapshot(), Some(Place::Log)),
        ("settings", samples::with(samples::found()), Some(Place::Settings)),
        ("help", samples::with(samples::found()), Some(Place::Help)),
    ]
}
