use sha2::{Digest as _, Sha256};

use crate::imap::{Body, Spool};
use crate::transfer::context::under_way::Named;

/// The bytes of a message with their SHA-256, as far as it is known: what is in memory is hashed when that is needed.
pub(in crate::transfer) enum Content {
    Memory { bytes: Vec<u8>, sha256: Option<[u8; 32]> },
    Spooled { spool: Spool, sha256: [u8; 32], named: Option<Named> },
}

impl Content {
    pub(in crate::transfer) fn in_memory(bytes: Vec<u8>) -> Self {
        Self::Memory { bytes, sha256: None }
    }

    /// Size in bytes.
    pub(in crate::transfer) fn bytes(&self) -> u64 {
        match self {
            Self::Memory { bytes, .. } => bytes.len() as u64,
            Self::Spooled { spool, .. } => spool.bytes(),
        }
    }

    pub(in crate::transfer) fn sha256(&mut self) -> [u8; 32] {
        match self {
            Self::Memory { bytes, sha256 } => *sha256.get_or_insert_with(|| Sha256::digest(bytes).into()),
            Self::Spooled { sha256, .. } => *sha256,
        }
    }

    /// The body, its hash, and its name on the board.
    pub(in crate::transfer) fn into_body(mut self) -> (Body, [u8; 32], Option<Named>) {
        let sha256 = self.sha256();
        match self {
            Self::Memory { bytes, .. } => (Body::Memory(bytes.into()), sha256, None),
            Self::Spooled { spool, named, .. } => (Body::Spooled(spool), sha256, named),
        }
    }
}
