//! What a page is given to draw with, and what it returns.

use std::path::PathBuf;

use super::platform::{Purpose, Settings};
use super::widgets::confirm::Question;
use crate::engine::{Command, Snapshot, Step};

/// What the main area of the window shows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// One of the steps of the open project; the start page while none is open.
    Step(Step),
    /// The log.
    Log,
    /// Theme, renderer, zoom.
    Settings,
    /// Help.
    Help,
    /// Version, licences, where crash reports are.
    About,
}

#[expect(clippy::large_enum_variant, reason = "a click makes one of them")]
/// A page's request to the window itself; everything else is a [`Command`].
#[derive(Clone, Debug, PartialEq)]
pub enum Action {
    /// Shows another page.
    Go(Place),
    /// Opens a file dialog whose answer fills the path field of the same purpose.
    Pick {
        /// Which field.
        purpose: Purpose,
        /// Where the dialog begins.
        start: Option<PathBuf>,
    },
    /// Asks first, then sends.
    Ask {
        /// The question.
        question: Question,
        /// The command to send if the answer is yes.
        command: Command,
    },
    /// Changes theme, renderer or zoom.
    Set(Settings),
}

/// What a page draws with. The page owns its view state; everything else comes from the snapshot.
pub struct PageCx<'a> {
    /// Everything that may be shown.
    pub snapshot: &'a Snapshot,
    /// Commands to send after drawing.
    pub commands: &'a mut Vec<Command>,
    /// Requests to the window, carried out after drawing.
    pub actions: &'a mut Vec<Action>,
    /// A file dialog's answer that no field has taken yet.
    pub picked: &'a mut Option<(Purpose, PathBuf)>,
    /// Theme, renderer, zoom.
    pub settings: Settings,
    /// Whether right-hand columns drop under the main column.
    pub is_narrow: bool,
}

impl PageCx<'_> {
    /// Takes the file dialog's answer, if it is for this purpose.
    pub fn take_picked(&mut self, purpose: Purpose) -> Option<PathBuf> {
        self.picked.take_if(|(picked, _)| *picked == purpose).map(|(_, path)| path)
    }

    /// Sends a command after drawing.
    pub fn send(&mut self, command: Command) {
        self.commands.push(command);
    }

    /// Shows another step.
    pub fn go(&mut self, step: Step) {
        self.actions.push(Action::Go(Place::Step(step)));
    }
}
