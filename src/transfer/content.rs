use sha2::{Digest as _, Sha256};

use crate::imap::{Body, Spool};

/// The bytes of a message with their SHA-256, as far as it is known: what is in memory is hashed when that is needed.
pub(super) enum Content {
    Memory { bytes: Vec<u8>, sha256: Option<[u8; 32]> },
    Spooled { spool: Spool, sha256: [u8; 32] },
}

impl Content {
    pub(super) fn in_memory(bytes: Vec<u8>) -> Self {
        Self::Memory { bytes, sha256: None }
    }

    /// Size in bytes.
    pub(super) fn bytes(&self) -> u64 {
        match self {
            Self::Memory { bytes, .. } => bytes.len() as u64,
            Self::Spooled { spool, .. } => spool.bytes(),
        }
    }

    pub(super) fn sha256(&mut self) -> [u8; 32] {
        match self {
            Self::Memory { bytes, sha256 } => *sha256.get_or_insert_with(|| Sha256::digest(bytes).into()),
            Self::Spooled { sha256, .. } => *sha256,
        }
    }

    pub(super) fn into_body(mut self) -> (Body, [u8; 32]) {
        let sha256 = self.sha256();
        match self {
            Self::Memory { bytes, .. } => (Body::Memory(bytes.into()), sha256),
            Self::Spooled { spool, .. } => (Body::Spooled(spool), sha256),
        }
    }
}
