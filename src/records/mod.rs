//! Records: what the zone should say, merged with what it says, as a diff and as zone text.

mod diff;

pub use diff::{Change, DiffLine, RecordGroup, RecordsPlan, Sender, SwitchStage};
