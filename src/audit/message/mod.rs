//! What one received message shows: its signatures, the receiver's results, and the route it took.
//!
//! [`read_message`] takes out what is needed ([`MessageFacts`]); the text of the message is not kept. The rule judges
//! that with the keys that the DNS holds, so that saved facts are judged again without the message.

mod canonical;
mod facts;
mod fields;
mod placement;
mod read;
mod received;
mod results;
pub(super) mod rule;
mod rule_form;
mod rule_home;
mod rule_signatures;
mod rule_way;
mod signature;
mod structured;

pub(super) use facts::ascii;
pub use facts::{
    ArcSet, Base64Bytes, BodyCheck, Folder, Form, HeaderForm, Hop, ListFields, MessageFacts, MethodResult,
    Placement, ReceiverResults, ReturnPath, Signature, SignatureFault,
};
pub use read::{MAX_MESSAGE_BYTES, looks_like_message, read_message};
pub(super) use rule_signatures::{Verdict, passes, verify};
pub(super) use rule_way::{Border, border, border_addresses, border_hops, trusted};
