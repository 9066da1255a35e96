//! Follows the switch: who already sends mail the new way, until when others may send it the old way, and what comes next.
//!
//! Only `round` asks anybody. Everything else is a function of the answers, of what earlier rounds saw, and of the time.

mod error;
mod log;
#[cfg(test)]
mod log_tests;
mod proof;
#[cfg(test)]
mod proof_tests;
mod reading;
mod reminders;
mod round;
mod route;
mod schedule;
mod test_mark;
mod test_message;
#[cfg(test)]
mod test_message_tests;
mod test_words;
mod watch;
#[cfg(test)]
mod watch_tests;
mod words;

pub use error::CutoverError;
pub use log::{RoundNote, Sweep, SwitchLog};
pub use proof::{ProofKind, ProofRecord, ProofSight};
pub use reading::{Lie, Sees, Sight, Viewer};
pub use reminders::{Reminder, ReminderKind, reminders};
pub use round::{AuthoritativeServer, Looked, Round, find_servers, look};
pub use route::{MailRoute, MxRecord};
pub use schedule::{CopyDone, KeepReason, Step, StepKind, StepState, keep_reason, schedule};
pub use test_mark::TestMark;
pub use test_message::{TestMessage, TestVerdict, judge_test};
pub use test_words::{TestRow, TestWords, test_words};
pub use watch::{Reading, Watch};
pub use words::{
    ReminderWords, keep_words, proof_words, reading_words, reminder_words, sight_words, step_words,
    sweep_words, way_back,
};
