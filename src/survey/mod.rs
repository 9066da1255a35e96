//! Survey: gathers Facts over the wires. Which questions to ask is the rules' business: see [`crate::audit::missing_questions`].

mod autoconfig;
mod discover;
mod evidence;
#[cfg(any(test, fuzzing))]
pub use evidence::fuzz_tests as evidence_fuzz_tests;
#[cfg(any(test, fuzzing))]
pub mod fuzz_tests;
mod gather;
mod spf_check;
mod zone;

pub use discover::{FoundServer, discover};
pub use evidence::{EvidenceError, EvidenceProgress, read_evidence};
pub use gather::{Progress, SurveyError, SurveyOptions, ask_all, run};
pub use spf_check::spf_check;
pub use zone::current_zone;
