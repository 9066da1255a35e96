//! How much room is left in a mailbox (RFC 9208).

use std::collections::BTreeMap;

use crate::imap::protocol::error::ImapError;
use crate::imap::protocol::reply::Reply;
use crate::imap::session::Session;

/// A unit of STORAGE.
const STORAGE_UNIT: u64 = 1_024;
/// Quota roots that are kept of one answer.
const MAX_ROOTS: usize = 100;

impl Session {
    /// Bytes that the inbox's quota leaves; `None` where the server has no quota, sets none, or does not say.
    ///
    /// Not cancellation safe: replies to pending commands would stay unread.
    pub async fn free_bytes(&mut self) -> Result<Option<u64>, ImapError> {
        if !self.capabilities.has("QUOTA") {
            return Ok(None);
        }
        let commands = self.commands_sent();
        let mut roots: BTreeMap<String, (u64, u64)> = BTreeMap::new();
        let asked = self
            .run("GETQUOTAROOT", "GETQUOTAROOT INBOX", |reply| {
                if let Reply::Quota { root, used, limit } = reply
                    && roots.len() < MAX_ROOTS
                {
                    roots.insert(root, (used, limit));
                }
            })
            .await;
        self.keep_told(commands);
        match asked {
            Ok(_) => {
                let free = roots.values().map(|(used, limit)| limit.saturating_sub(*used));
                Ok(free.min().map(|units| units.saturating_mul(STORAGE_UNIT)))
            }
            Err(ImapError::Refused { .. }) => Ok(None),
            Err(error) => Err(error),
        }
    }
}
