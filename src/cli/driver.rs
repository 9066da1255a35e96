use std::sync::Arc;
use std::time::Duration;

use super::{CliError, output};
use crate::engine::{
    Command, Engine, EngineConfig, EngineHandle as _, Event, LogRing, ProjectView, Snapshot, UserError,
};

/// Drives an engine step by step: sends a command, waits until the engine has taken it, then until its job has ended.
pub struct Driver {
    engine: Engine,
    sent: u64,
    /// Errors that arrived as events since the last check, with the number of the command that caused each.
    failures: Vec<(Option<u64>, UserError)>,
}

impl Driver {
    /// Starts an engine.
    pub fn start(config: EngineConfig, log: LogRing) -> Result<Self, CliError> {
        let engine = Engine::start(config, log, Arc::new(|| {})).map_err(|error| {
            UserError::new("The engine could not start", error.to_string())
                .or_else("Close other programs and try again", "")
        })?;
        Ok(Self { engine, sent: 0, failures: Vec::new() })
    }

    /// Sends a command and waits until the engine has taken it.
    pub fn send(&mut self, command: Command) -> Result<Arc<Snapshot>, CliError> {
        self.sent += 1;
        let sent = self.sent;
        if !self.engine.send(command) {
            return Err(self.ended());
        }
        self.wait_until(|snapshot| snapshot.commands_taken >= sent, |_| {})
    }

    /// Sends a command. An error it causes ends the run.
    pub fn require(&mut self, command: Command) -> Result<Arc<Snapshot>, CliError> {
        // Earlier errors do not belong to this command.
        for earlier in self.take_failures() {
            output::say(&earlier.to_text());
        }
        let snapshot = self.send(command)?;
        let sent = Some(self.sent);
        let is_its_doing = |(command, _): &(Option<u64>, UserError)| *command == sent;
        match self.failures.iter().position(is_its_doing) {
            // Notices from jobs meanwhile stay for the next check.
            Some(index) => Err(self.failures.remove(index).1.into()),
            None => Ok(snapshot),
        }
    }

    /// Waits until a snapshot meets the condition; `watch` sees every snapshot on the way.
    pub fn wait_until(
        &mut self,
        is_reached: impl Fn(&Snapshot) -> bool,
        mut watch: impl FnMut(&Snapshot),
    ) -> Result<Arc<Snapshot>, CliError> {
        loop {
            let snapshot = self.engine.snapshot();
            self.drain();
            watch(&snapshot);
            if is_reached(&snapshot) {
                return Ok(snapshot);
            }
            if !self.engine.wait_for_change(Duration::from_millis(500)) {
                return Err(self.ended());
            }
        }
    }

    fn ended(&self) -> CliError {
        if !self.engine.was_interrupted() {
            return UserError::new("The engine stopped", "A bug in Mailferry stopped it.")
                .or_else("Run the command again; nothing that was done is lost", "")
                .into();
        }
        UserError::new("Interrupted", "You or the system asked Mailferry to stop. What was copied stays.")
            .or_else(
                "Run the same command again",
                "It recognises what is at the destination and copies the rest",
            )
            .into()
    }

    /// The open project, or an error that says why there is none.
    pub fn project(&self) -> Result<ProjectView, CliError> {
        let snapshot = self.engine.snapshot();
        match (&snapshot.project, &snapshot.open_error) {
            (Some(project), _) => Ok(project.clone()),
            (None, Some(error)) => Err(error.clone().into()),
            (None, None) => Err(self.ended()),
        }
    }

    /// Errors that arrived since the last call.
    pub fn take_failures(&mut self) -> Vec<UserError> {
        self.drain();
        std::mem::take(&mut self.failures).into_iter().map(|(_, error)| error).collect()
    }

    fn drain(&mut self) {
        while let Some(event) = self.engine.next_event() {
            match event {
                Event::Failed { error, command } => self.failures.push((command, error)),
                Event::Notice(notice) => match notice.path {
                    Some(path) => output::say(&format!("{}: {}", notice.words, path.display())),
                    None => output::say(&notice.words),
                },
                Event::CopyFinished | Event::Ended => {}
            }
        }
    }
}
