//! The server's own search (RFC 3501 section 6.4.4).

use std::collections::BTreeSet;

use crate::imap::protocol::error::ImapError;
use crate::imap::protocol::reply::Reply;
use crate::imap::session::Session;
use crate::imap::session::pending::refused_unless_whole;
use crate::values::Uid;

/// Messages searched with one command.
const SEARCH_WINDOW: usize = 50_000;

impl Session {
    /// Those of these ascending UIDs of the opened folder that the server's own search finds. `search` is the text of
    /// RFC 3501 section 6.4.4, one line of printable ASCII; the order of the answer means nothing.
    ///
    /// Not cancellation safe: replies to pending commands would stay unread.
    ///
    /// # Errors
    ///
    /// [`ImapError::Refused`] where the server does not take the search.
    pub async fn search_uids<U: Uid>(&mut self, uids: &[U], search: &str) -> Result<BTreeSet<U>, ImapError> {
        let mut found = BTreeSet::new();
        // In portions, so that a line of the answer stays within the limits.
        for portion in uids.chunks(SEARCH_WINDOW) {
            let (Some(first), Some(last)) = (portion.first(), portion.last()) else { continue };
            let told = self.search(&format!("UID {first}:{last} {search}")).await?;
            found.extend(told.into_iter().map(U::from).filter(|uid| portion.binary_search(uid).is_ok()));
        }
        Ok(found)
    }

    /// UIDs of the messages in the opened folder that are larger than so many bytes (RFC 3501 section 6.4.4, `LARGER`),
    /// ascending, whatever order the server has.
    ///
    /// Not cancellation safe: replies to pending commands would stay unread.
    ///
    /// # Errors
    ///
    /// [`ImapError::Refused`] where the server does not take the search.
    pub async fn uids_larger_than<U: Uid>(&mut self, bytes: u64) -> Result<Vec<U>, ImapError> {
        // A number of IMAP has 32 bits.
        let bytes = bytes.min(u64::from(u32::MAX));
        let found = self.search(&format!("LARGER {bytes}")).await?;
        Ok(found.into_iter().map(U::from).collect())
    }

    /// The newest messages of the opened folder that the server's own search finds, at most so many, ascending. `keys` is
    /// the text of RFC 3501 section 6.4.4, one line of printable ASCII.
    ///
    /// Not cancellation safe: replies to pending commands would stay unread.
    ///
    /// # Errors
    ///
    /// [`ImapError::Refused`] where the server does not take the search.
    pub async fn newest_found<U: Uid>(&mut self, keys: &str, most: usize) -> Result<Vec<U>, ImapError> {
        let found = self.search(keys).await?;
        let skipped = found.len().saturating_sub(most);
        Ok(found.into_iter().skip(skipped).map(U::from).collect())
    }

    async fn search(&mut self, keys: &str) -> Result<BTreeSet<u32>, ImapError> {
        let mut found = BTreeSet::new();
        let completion = self
            .run("SEARCH", &format!("UID SEARCH {keys}"), |reply| {
                if let Reply::Search(numbers) = reply {
                    found.extend(numbers);
                }
            })
            .await?;
        refused_unless_whole("SEARCH", completion)?;
        Ok(found)
    }
}
