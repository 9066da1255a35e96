//! Moving messages between folders of one account (RFC 6851).

use crate::imap::protocol::error::ImapError;
use crate::imap::protocol::uid_set::uid_sets;
use crate::imap::session::Session;
use crate::values::Uid;

impl Session {
    /// Whether the server moves messages by itself: a copy and a removal in one, which no break can leave half done.
    pub fn can_move(&self) -> bool {
        self.capabilities().has("MOVE")
    }

    /// Moves these messages (ascending UIDs) of the selected folder into another one.
    ///
    /// Not cancellation safe: which messages were moved is not known afterwards.
    pub async fn move_messages<U: Uid>(&mut self, uids: &[U], raw: &str) -> Result<(), ImapError> {
        let folder = self.folder_name(raw)?;
        for set in uid_sets(uids) {
            self.run("MOVE", &format!("UID MOVE {set} {folder}"), |_| {}).await?;
        }
        Ok(())
    }
}
