//! Labels of Gmail, where one message shows in many folders.

pub(in crate::plan) mod labels;
pub(in crate::plan) mod settings;
