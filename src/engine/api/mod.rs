//! The API for faces: commands in, snapshots and events out.

pub(in crate::engine) mod certificate_questions;
pub(in crate::engine) mod clean_text;
pub(in crate::engine) mod command;
pub(in crate::engine) mod copy_snapshot;
pub(in crate::engine) mod copy_words;
pub(in crate::engine) mod day;
pub(in crate::engine) mod event;
pub(in crate::engine) mod message_list_format;
pub(in crate::engine) mod practice_snapshot;
pub(in crate::engine) mod sign_ins;
pub(in crate::engine) mod snapshot;
pub(in crate::engine) mod standing;
pub(in crate::engine) mod step;
pub(in crate::engine) mod switch_snapshot;
pub(in crate::engine) mod switch_words;
pub(in crate::engine) mod user_error;
