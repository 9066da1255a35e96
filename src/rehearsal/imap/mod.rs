//! The practice IMAP server: a mail store in memory behind the protocol of RFC 3501 and the extensions that a copier
//! uses. What it looks like is data ([`Personality`]), what goes wrong is data too ([`FaultTable`]).

mod append;
mod circumstances;
mod dislike;
mod fault;
mod fetch;
mod flags;
mod folder;
mod folder_path;
mod folders;
pub(super) mod internal_date;
mod journal;
mod labels;
mod list_arguments;
mod message_part;
mod modified_utf7;
mod personality;
mod providers;
mod qresync;
mod quirks;
mod raw_command;
mod reply;
mod search;
mod server;
mod session;
mod sign_in;
mod store;
mod view;
mod wire;

pub use circumstances::Traffic;
pub use dislike::Dislike;
pub use fault::{Action, Fault, FaultTable, Trigger};
pub use folder_path::FolderPath;
pub use personality::{Limits, Personality};
pub use quirks::Quirks;
pub use server::{ImapHandle, ImapServer, MailBackup};
pub use store::ImapAccount;

#[cfg(test)]
mod hostile_tests;
#[cfg(test)]
mod quirk_tests;
#[cfg(test)]
mod server_tests;
