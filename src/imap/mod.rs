//! IMAP wire: connect, sign in, list, fetch and append.
//!
//! [`Access::open`] leads to a [`Session`]. Bytes run through the gate, which holds the limits: a hostile server meets
//! errors, never a panic or unbounded memory. Commands are queued and answered later, so several can be under way.

mod commands;
#[cfg(any(test, fuzzing))]
pub mod fuzz_tests;
mod protocol;
mod session;
mod sign_in;
mod transport;

pub use commands::append::{Appended, Body, NewMessage, is_sendable_date};
pub use commands::create::NewFolder;
pub use commands::fetch::{Bodies, BodyReply, FactsBehindOpening, MessageFacts};
pub use commands::flags::MessageFlags;
pub use commands::gmail::{GmailNumber, MessageNumber};
pub use commands::large_body::{Ending, MOST_WHOLE_BYTES, PieceReading, WholeReading};
pub use commands::qresync::KnownUids;
pub use commands::select::{Opened, Opening};
pub use commands::status::Counts;
pub use commands::unlisted::{Unlisted, is_gone};
pub use protocol::completion::{Capabilities, Code, Completion, LiteralMode, Status};
pub use protocol::error::ImapError;
pub use protocol::folder::{Folder, FolderStatus};
pub use protocol::limits::{Limits, Timeouts};
pub use protocol::namespace::{Namespace, OtherNamespace, Whose};
pub use protocol::uid_set::uid_sets;
pub use protocol::utf7::{decode_utf7, encode_utf7};
pub use session::Session;
pub use session::keep_alive::KEEP_ALIVE_EVERY;
pub use session::list_cache::Detail;
pub use session::list_care::{ListCare, Uncounted};
pub use session::pending::{BehindOpening, Done, Pending, Rows};
pub use session::state::ServerFacts;
pub use sign_in::connect::{Connection, connect};
pub use sign_in::extra_connection::Introduced;
pub use sign_in::last_words::LastWords;
pub use sign_in::pool::IdleSessions;
pub use sign_in::token_source::{ComingToken, TokenError, TokenProvider};
pub use sign_in::{Access, AccessOptions, SignInError};
pub use transport::deflate::Compression;
pub use transport::gate::Counters;
pub use transport::spool::Spool;
pub use transport::trace::Trace;
