use super::messages::refused_unless_ok;
use super::reply::Reply;
use super::{ImapError, Session};

impl Session {
    /// UIDs of the messages in the opened folder that are larger than so many bytes (RFC 3501 section 6.4.4, `LARGER`),
    /// ascending, whatever order the server has.
    pub async fn uids_larger_than(&mut self, bytes: u64) -> Result<Vec<u32>, ImapError> {
        let mut uids = Vec::new();
        // A number of IMAP has 32 bits.
        let bytes = bytes.min(u64::from(u32::MAX));
        let completion = self
            .run("SEARCH", &format!("UID SEARCH LARGER {bytes}"), |reply| {
                if let Reply::Search(numbers) = reply {
                    uids.extend(numbers);
                }
            })
            .await?;
        refused_unless_ok("SEARCH", completion)?;
        uids.sort_unstable();
        uids.dedup();
        Ok(uids)
    }
}
