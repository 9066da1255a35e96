//! A fake engine and snapshots for page tests. Hidden from the documentation; holds no mail and opens no file.
#![doc(hidden)]
#![allow(missing_docs, reason = "names say what a sample holds")]

pub mod samples;

use std::cell::RefCell;
use std::collections::VecDeque;
use std::rc::Rc;
use std::sync::Arc;

use super::Window;
use super::app::Around;
use super::platform::{AskedOfDesktop, FakeDesktop, FakeDialogs, Settings};
use crate::engine::{Command, EngineHandle, Event, Snapshot};

/// What the fake engine was sent and what it shows; shared with the test.
#[derive(Debug, Default)]
pub struct FakeState {
    pub sent: Vec<Command>,
    pub snapshot: Arc<Snapshot>,
    pub events: VecDeque<Event>,
    pub is_deaf: bool,
    pub desktop: FakeDesktop,
    /// The desktop has no file dialogs.
    pub has_no_dialogs: bool,
}

/// An engine that remembers what it was sent and shows what the test says.
#[derive(Clone, Debug, Default)]
pub struct FakeEngine(pub Rc<RefCell<FakeState>>);

impl FakeEngine {
    pub fn showing(snapshot: Snapshot) -> Self {
        let engine = Self::default();
        engine.show(snapshot);
        engine
    }

    pub fn show(&self, snapshot: Snapshot) {
        self.0.borrow_mut().snapshot = Arc::new(snapshot);
    }

    pub fn take_sent(&self) -> Vec<Command> {
        std::mem::take(&mut self.0.borrow_mut().sent)
    }

    /// What the desktop was asked for.
    pub fn asked_of_desktop(&self) -> AskedOfDesktop {
        self.0.borrow().desktop.asked.borrow().clone()
    }

    /// A window over this engine that writes nothing.
    pub fn window(&self, settings: Settings) -> Window {
        let state = self.0.borrow();
        let around = Around {
            dialogs: Box::new(FakeDialogs::on(state.has_no_dialogs)),
            desktop: Box::new(state.desktop.clone()),
        };
        Window::new(Box::new(self.clone()), around, settings, false)
    }
}

impl EngineHandle for FakeEngine {
    fn send(&self, command: Command) -> bool {
        let mut state = self.0.borrow_mut();
        if !state.is_deaf {
            state.sent.push(command);
        }
        !state.is_deaf
    }

    fn snapshot(&self) -> Arc<Snapshot> {
        Arc::clone(&self.0.borrow().snapshot)
    }

    fn next_event(&self) -> Option<Event> {
        self.0.borrow_mut().events.pop_front()
    }
}

/// Puts fonts, themes and image loaders into a context.
pub fn install(ctx: &egui::Context, settings: Settings) {
    super::format::use_utc();
    FakeEngine::default().window(settings).install(ctx);
}

/// The sheet of tokens and components, to compare with picture 16 of the specification.
pub fn components(ui: &mut egui::Ui) {
    super::widgets::sheet::sheet(ui);
}
