//! Finds out who has a mailbox and which aliases lead where, and what becomes of them at the new provider. Pure.
//!
//! `formats` reads what servers and their panels have, one file per format; `collector.rs` takes it all in the same way.
//! `alias_plan.rs` follows the aliases to their ends, `export` writes them for a provider, and `left_behind.rs` names what IMAP does
//! not carry. Password hashes are skipped where they are read: nothing here has a place for them.

mod alias_plan;
mod collector;
mod directory;
mod error;
mod export;
mod format;
mod formats;
#[cfg(any(test, fuzzing))]
pub mod fuzz_tests;
mod left_behind;
mod new_password;
mod read;
mod table_rows;
mod target;
mod text;

pub use alias_plan::{AliasPlan, PlanCounts, PlannedRoute, RouteKind, RouteTrouble};
pub use directory::{Account, Directory, LeftOut, Route, RouteFrom, SourceFile, WhyLeftOut};
pub use error::AccountsError;
pub use export::{ExportAccount, ExportFormat, ExportInput, ExportTable, export};
pub use format::Format;
pub use left_behind::{LeftBehind, left_behind};
pub use new_password::new_password;
pub use read::{MAX_FILE_BYTES, read};
pub use text::Encoding;
