//! Files, logs and signals of the computer that the engine runs on.

pub(in crate::engine) mod about;
pub(in crate::engine) mod browser;
pub(in crate::engine) mod core_files;
pub(in crate::engine) mod crash_report;
pub(in crate::engine) mod input;
pub(in crate::engine) mod interrupts;
pub(in crate::engine) mod log;
pub(in crate::engine) mod output_file;
pub(in crate::engine) mod public_resolvers;
pub(in crate::engine) mod recent;
pub(in crate::engine) mod temporary;
