//! What servers do to messages that they store: flags that are dropped, messages that are written anew.

use super::error::ImapError;
use super::reply::Reply;
use super::session::Session;
use super::uid_set::uid_sets;

impl Session {
    /// Whether the server is known to write messages anew, so that their sizes and bytes change: Exchange.
    pub fn rewrites_messages(&self) -> bool {
        self.is_exchange()
    }

    /// Whether the server says that it is Microsoft Exchange.
    pub fn is_exchange(&self) -> bool {
        self.server_words().contains("Exchange")
    }

    /// Whether the server says that it is Proton's Bridge.
    pub fn is_proton(&self) -> bool {
        self.server_words().contains("Proton")
    }

    /// The flags of these messages (ascending UIDs) of the open folder, for those that are there.
    pub async fn flags_of(&mut self, uids: &[u32]) -> Result<Vec<(u32, Vec<String>)>, ImapError> {
        let mut found = Vec::new();
        for set in uid_sets(uids) {
            self.run("FETCH", &format!("UID FETCH {set} (UID FLAGS)"), |reply| {
                if let Reply::Fetch(item) = reply
                    && let (Some(uid), Some(flags)) = (item.uid, item.flags)
                    && uids.binary_search(&uid).is_ok()
                {
                    found.push((uid, flags));
                }
            })
            .await?;
        }
        found.sort_unstable();
        found.dedup_by_key(|(uid, _)| *uid);
        Ok(found)
    }

    /// Adds flags to these messages of the open folder, and takes none away.
    pub async fn add_flags(&mut self, uids: &[u32], flags: &[String]) -> Result<(), ImapError> {
        let flags = flags.join(" ");
        for set in uid_sets(uids) {
            self.run("STORE", &format!("UID STORE {set} +FLAGS.SILENT ({flags})"), |_| {}).await?;
        }
        Ok(())
    }
}
