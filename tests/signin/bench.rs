//! An engine without a window, and what it shows.

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use mailferry::engine::{
    Command, Engine, EngineConfig, EngineHandle as _, Event, LogRing, ProjectView, SecretsPolicy, Snapshot,
    UserError,
};
use mailferry::values::{Endpoint, Security};
use mailferry_test_support::programs;

/// Settings that keep everything within this folder, and open no browser.
pub fn settings(home: &Path) -> EngineConfig {
    EngineConfig {
        recent_file: None,
        confirmed_file: None,
        accounts_folder: home.join("accounts"),
        projects_folder: home.join("projects"),
        secrets: SecretsPolicy::SessionOnly,
        sign_in_file: None,
        opens_browser: false,
        acts_by_itself: false,
        ..EngineConfig::for_this_user()
    }
}

pub struct Bench {
    engine: Engine,
    sent: u64,
    /// What failed so far.
    pub failures: Vec<UserError>,
}

impl Bench {
    pub fn start(config: EngineConfig) -> Self {
        let engine = Engine::start(config, LogRing::default(), Arc::new(|| {})).unwrap();
        Self { engine, sent: 0, failures: Vec::new() }
    }

    /// Sends a command and waits until it was taken.
    pub fn send(&mut self, command: Command) {
        self.sent += 1;
        let sent = self.sent;
        assert!(self.engine.send(command));
        self.wait(|snapshot| snapshot.commands_taken >= sent);
    }

    pub fn wait(&mut self, is_reached: impl Fn(&Snapshot) -> bool) -> Arc<Snapshot> {
        for _look in 0..programs::LOOKS {
            while let Some(event) = self.engine.next_event() {
                if let Event::Failed { error, .. } = event {
                    eprintln!("{}", error.to_text());
                    self.failures.push(error);
                }
            }
            let snapshot = self.engine.snapshot();
            if is_reached(&snapshot) {
                return snapshot;
            }
            self.engine.wait_for_change(Duration::from_millis(100));
        }
        panic!("not reached; last: {:#?}", self.engine.snapshot());
    }

    pub fn project(&mut self, is_reached: impl Fn(&ProjectView) -> bool) -> ProjectView {
        self.wait(|snapshot| snapshot.project.as_ref().is_some_and(&is_reached)).project.clone().unwrap()
    }
}

pub fn clear(port: u16) -> Endpoint {
    Endpoint::new("127.0.0.1", port, Security::Clear).unwrap()
}
