//! The switch: who already sends mail the new way, until when others may send it the old way, and what comes next.
//!
//! `round` asks; everything else is a function of answers, of what earlier rounds saw, and of the time.

mod error;
mod reading;
mod round;
mod route;
mod schedule;
mod watch;
#[cfg(test)]
mod watch_tests;
mod words;

pub use error::CutoverError;
pub use reading::{Lie, Sees, Sight, Viewer};
pub use round::{AuthoritativeServer, Round, find_servers, look};
pub use route::{MailRoute, MxRecord};
pub use schedule::{CopyDone, Step, StepKind, StepState, schedule};
pub use watch::{Reading, Watch};
pub use words::{reading_words, sight_words, step_words, way_back};
