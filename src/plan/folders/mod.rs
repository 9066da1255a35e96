//! Folders: their names on both sides, and where each of them goes.

pub(in crate::plan) mod collisions;
pub(in crate::plan) mod mapping;
pub(in crate::plan) mod name;
pub(in crate::plan) mod name_lessons;
pub(in crate::plan) mod nonmail;
pub(in crate::plan) mod overrides;
pub(in crate::plan) mod oversize;
pub(in crate::plan) mod path;
pub(in crate::plan) mod pattern;
pub(in crate::plan) mod plan;
pub(in crate::plan) mod remarks;
pub(in crate::plan) mod rename_reason;
pub(in crate::plan) mod server_habits;
pub(in crate::plan) mod words;
