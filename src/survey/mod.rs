//! Survey: gathers Facts over the wires. The rules say which questions to ask: see [`crate::audit::missing_questions`].

mod asker;
mod autoconfig;
mod discover;
mod evidence;
#[cfg(any(test, fuzzing))]
pub use evidence::fuzz_tests as evidence_fuzz_tests;
#[cfg(any(test, fuzzing))]
pub mod fuzz_tests;
mod gather;
mod mail_hosts;
mod neighbours;
mod registries;
mod spf_check;
mod until_answered;
mod zone;

pub use asker::ListKeys;
pub use discover::{FoundServer, discover};
pub use evidence::{
    EvidenceError, EvidenceMailbox, EvidenceProgress, EvidenceSubject, FoundTests, MailboxBounds,
    MailboxProgress, MailboxTrouble, find_test_messages, read_evidence, read_mailboxes,
};
pub use gather::{Progress, SurveyError, SurveyOptions, Wires, ask_all, check_again, run};
pub use mail_hosts::{ControlHost, ControlHostError, LiveLook, Looking};
pub use neighbours::{Politeness, ask_neighbours};
pub use registries::{RdapTable, ask_registries, ask_registries_at};
pub use spf_check::spf_check;
pub use until_answered::until_answered;
pub use zone::{ZoneReading, current_zone};
