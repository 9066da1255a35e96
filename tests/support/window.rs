//! A window over a fake engine, in a harness without a screen.

use eframe::egui::{Theme, Vec2};
use egui_kittest::Harness;
use mailferry::engine::{Command, ProjectView, Snapshot, Step};
use mailferry::ui::platform::{Settings, ThemeChoice};
use mailferry::ui::testing::{FakeEngine, install, samples};
use mailferry::ui::{Place, Window};

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
        let settings = settings(is_dark);
        let engine = FakeEngine::showing(snapshot);
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

    pub fn sent(&self) -> Vec<Command> {
        self.engine.take_sent()
    }
}
