//! Rows of the ledger for unit tests.

use crate::message::identity_key;
use crate::plan::MessageState;
use crate::project::LedgerRow;
use crate::values::SourceUid;

/// A message that is to do.
pub(in crate::transfer) fn to_do(uid: u32, size: u64) -> LedgerRow {
    LedgerRow {
        uid: SourceUid(uid),
        size,
        internal_date: String::new(),
        flags: Vec::new(),
        identity: identity_key(b""),
        state: MessageState::ToDo,
        destination_uid: None,
        destination_uid_validity: None,
        intent_uidnext: None,
        intent_uid_validity: None,
        sha256: None,
        reason: None,
        flag_check: None,
        forgotten: None,
    }
}
