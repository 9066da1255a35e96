//! Bytes to types, and back: what IMAP's lines say, without any I/O.

pub(in crate::imap) mod asked;
pub(in crate::imap) mod asked_data;
pub(in crate::imap) mod command;
pub(in crate::imap) mod completion;
pub(in crate::imap) mod depth;
pub(in crate::imap) mod error;
pub(in crate::imap) mod fetch;
pub(in crate::imap) mod folder;
pub(in crate::imap) mod limits;
pub(in crate::imap) mod namespace;
pub(in crate::imap) mod raw_name;
pub(in crate::imap) mod reply;
pub(in crate::imap) mod tag;
pub(in crate::imap) mod tokens;
pub(in crate::imap) mod uid_set;
pub(in crate::imap) mod utf7;
