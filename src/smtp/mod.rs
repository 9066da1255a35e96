//! SMTP wire: looks at mail hosts and sends no mail.
//!
//! A probe connects, reads the greeting, says EHLO, and looks at TLS and its certificates (RFC 5321, 3207, 8314); the same
//! for IMAP ports as far as TLS. It names no sender and no recipient, signs in nowhere, and ends with QUIT. What it learns
//! is plain data ([`crate::values::PortProbe`]), and what that means is for the audit to say.

mod conversation;
mod error;
#[cfg(any(test, fuzzing))]
pub mod fuzz_tests;
mod limits;
mod pasted;
mod probe;
mod reply;
mod transcript;

pub use error::SmtpError;
pub use limits::Limits;
pub use pasted::{PastedError, read_pasted};
pub use probe::{ProbeSettings, control, probe};
pub use reply::Reply;
