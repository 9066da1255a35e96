//! The commands sent to a server, one file per command or extension.

pub(in crate::imap) mod append;
pub(in crate::imap) mod create;
pub(in crate::imap) mod fetch;
pub(in crate::imap) mod flags;
pub(in crate::imap) mod gmail;
pub(in crate::imap) mod hidden_children;
pub(in crate::imap) mod inbox;
pub(in crate::imap) mod large_body;
pub(in crate::imap) mod list;
pub(in crate::imap) mod list_care;
pub(in crate::imap) mod move_messages;
pub(in crate::imap) mod namespace;
pub(in crate::imap) mod paging;
pub(in crate::imap) mod qresync;
pub(in crate::imap) mod quota;
pub(in crate::imap) mod search;
pub(in crate::imap) mod select;
pub(in crate::imap) mod status;
pub(in crate::imap) mod unlisted;
