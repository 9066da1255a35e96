//! What one message says, byte by byte: who it is, when it was sent, and how a refused one is repaired.

mod content_digest;
mod header_date;
mod identity;
mod mime;
mod parts;
mod repair;
mod repair_trigger;
mod subject;

pub use content_digest::content_digest;
pub use header_date::internal_date_secs;
pub use identity::{IDENTITY_HEADERS, IdentityKey, MessageKey, identity_key};
pub use mime::{MimeContent, mime_content, received_fields};
pub use parts::{MailParts, read_parts};
pub use repair::{
    Draft, RefusalMeaning, RepairLadder, RepairStep, asks_for_receipt, date_of_header, export_component,
    export_file_name, refusal_meaning,
};
pub use repair_trigger::{RepairTrigger, ServerWords};
pub use subject::subject_of;
