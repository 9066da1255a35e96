//! The stream of one connection, from the socket to whole replies, with the bounds that hold whatever a server sends.

pub(in crate::imap) mod deflate;
pub(in crate::imap) mod gate;
pub(in crate::imap) mod pace;
pub(in crate::imap) mod redact;
pub(in crate::imap) mod spool;
pub(in crate::imap) mod starttls;
pub(in crate::imap) mod stream;
pub(in crate::imap) mod suspend;
pub(in crate::imap) mod trace;
