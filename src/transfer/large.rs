use sha2::{Digest as _, Sha256};

use crate::imap::{ImapError, Session, Spool};

/// Bytes of a message in which its header is looked for.
const HEAD_BYTES: usize = 64 << 10;

/// A message that was read in pieces.
pub(super) struct Large {
    pub(super) spool: Spool,
    pub(super) sha256: [u8; 32],
    pub(super) head: Vec<u8>,
}

/// Reads one message in pieces; `None` where it is gone.
pub(super) async fn spooled(session: &mut Session, uid: u32) -> Result<Option<Large>, ImapError> {
    let mut hash = Sha256::new();
    let mut head = Vec::new();
    let see = |piece: &[u8]| {
        hash.update(piece);
        let room = HEAD_BYTES.saturating_sub(head.len());
        head.extend(piece.iter().take(room));
    };
    let spool = session.fetch_large(uid, see).await?;
    Ok(spool.map(|spool| Large { spool, sha256: hash.finalize().into(), head }))
}
