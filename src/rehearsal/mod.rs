//! Practice servers inside the program: IMAP and DNS, and the logs of their owner; on loopback ports of the system's choice.
//!
//! They serve two purposes: a newcomer tries the whole job without touching real mail, and tests make servers fail in
//! ways that real ones do only now and then. Nothing here starts a task: every server is a future to be driven.

mod certificate;
mod dns;
mod error;
mod evidence;
mod history;
mod identity;
mod imap;
mod letters;
mod mail_hosts;
mod mailbox;
mod practice;
pub mod sample;
mod tokens;
mod trouble;

pub use certificate::ISSUER;
pub use dns::{DnsServer, Zones, practice_zone_files};
pub use error::RehearsalError;
pub use evidence::{EvidenceFile, EvidenceStory, practice_evidence};
pub use history::{Letters, PracticeStage};
pub use identity::Browser;
pub use imap::{
    Action, Dislike, Fault, FaultTable, FolderPath, ImapAccount, ImapHandle, ImapServer, Limits, MailBackup,
    Personality, Quirks, Traffic, Trigger,
};
pub use letters::Tally;
pub use mail_hosts::mail_hosts;
pub use mailbox::{SampleFolder, SampleMessage, SpecialUse};
pub use practice::{Identity, Practice, PracticeAccount, PracticeOptions, PracticeServers};
pub use trouble::{COLLIDING, Trouble};

/// The practice domain, under a name that is reserved for examples (RFC 6761).
pub const DOMAIN: &str = "weber-familie.example";
