//! IMAP wire: connect, sign in, list, fetch and append, over async-imap.
//!
//! [`Access::open`] leads to a [`Session`]. Bytes run through the gate, which holds the limits: a hostile server meets
//! errors, never a panic or unbounded memory. Commands are queued and answered later, so several can be under way.

mod admin_proof;
mod append;
mod awake;
mod beside;
mod changes;
mod children;
mod command;
mod completion;
mod connect;
mod deflate;
mod error;
mod flag_store;
mod folders;
#[cfg(any(test, fuzzing))]
pub mod fuzz_tests;
mod gate;
mod gmail;
mod idle;
mod keep_alive;
mod large;
mod larger;
mod limits;
mod listed;
mod messages;
mod moves;
mod namespace;
mod paging;
mod qresync;
mod quota;
mod reply;
mod sasl;
mod scram;
mod scrub;
mod session;
mod sign_in;
mod sign_in_replies;
mod spool;
mod starttls;
mod token_source;
mod tokens;
mod trace;
mod trust;
mod uid_set;
mod utf7;
mod utf8;
mod wire;

pub use append::{AppendRequest, Body, NewMessage, is_sendable_date};
pub use beside::Introduced;
pub use changes::{FlagsRequest, MessageFlags, StoreRequest};
pub use completion::{Capabilities, Code, Completion, LiteralMode, Status};
pub use connect::{Connection, ServerFacts, connect};
pub use deflate::Compression;
pub use error::ImapError;
pub use folders::{Folder, FolderStatus, NewFolder};
pub use gate::Counters;
pub use gmail::{GmailNumber, NumberRequest};
pub use idle::IdleSessions;
pub use keep_alive::KEEP_ALIVE_EVERY;
pub use large::{Ending, MOST_WHOLE_BYTES, PieceReading, WholeReading};
pub use limits::{Limits, Timeouts};
pub use listed::Detail;
pub use messages::{BodyReply, BodyRequest, ListingRequest, MessageFacts, OpenRequest, Opened};
pub use namespace::{Namespace, OtherNamespace, Whose};
pub use qresync::KnownUids;
pub use session::Session;
pub use sign_in::{Access, AccessOptions, SignInError};
pub use spool::Spool;
pub use token_source::TokenError;
pub use trace::Trace;
pub use trust::{CertificateFacts, TrustPolicy};
pub use uid_set::uid_sets;
pub use utf7::{decode_utf7, encode_utf7};
