//! Which account a sign-in has led to, as the server describes it.

use std::collections::BTreeMap;

use crate::imap::protocol::error::ImapError;
use crate::imap::protocol::folder::{Folder, FolderStatus};
use crate::imap::protocol::reply::Reply;
use crate::imap::protocol::tag::Tag;
use crate::imap::session::Session;
use crate::imap::session::state::InboxId;
use crate::imap::sign_in::Access;
use crate::values::{AccountIdentity, InboxMark};

/// Longest id that is kept; RFC 8474 allows 255 characters.
const MAX_ID: usize = 255;

impl Access {
    /// The account that this connection is signed in to. `folders` are the folders as this connection has listed them
    /// a moment ago.
    pub async fn account<'f>(
        &self,
        session: &mut Session,
        folders: impl IntoIterator<Item = &'f Folder> + Send,
    ) -> Result<AccountIdentity, ImapError> {
        let inbox = folders.into_iter().find(|folder| folder.raw.eq_ignore_ascii_case("INBOX"));
        let status = inbox.and_then(|folder| folder.status);
        let id = session.inbox_id().await?;
        let FolderStatus { uid_validity, uid_next, messages, .. } = status.unwrap_or_default();
        Ok(AccountIdentity {
            host: self.endpoint.host.clone(),
            port: self.endpoint.port,
            addresses: session.addresses.clone(),
            user: self.user.clone(),
            inbox: InboxMark { id, uid_validity, uid_next, messages },
        })
    }
}

impl Session {
    /// The item of STATUS that holds the id of a mailbox: that of RFC 8474, or Dovecot's own.
    fn id_item(&self) -> Option<&'static str> {
        if self.capabilities.has("OBJECTID") {
            Some("MAILBOXID")
        } else {
            (self.facts.name.as_deref() == Some("Dovecot")).then_some("X-GUID")
        }
    }

    /// Asks for the id of the inbox; [`Self::note_inbox_id`] takes the answer.
    pub(in crate::imap) fn submit_inbox_id(&mut self) -> Option<Tag> {
        let item = self.id_item()?;
        self.inbox_id = InboxId::Asked(None);
        Some(self.submit(&format!("STATUS INBOX ({item})")))
    }

    /// Keeps the id of the inbox.
    pub(in crate::imap) fn note_inbox_id(&mut self, values: &BTreeMap<String, String>) {
        let found = ["MAILBOXID", "X-GUID"].into_iter().find_map(|kind| Some((kind, values.get(kind)?)));
        if let Some((kind, id)) = found.filter(|(_, id)| !id.is_empty() && id.len() <= MAX_ID) {
            self.inbox_id = InboxId::Asked(Some(format!("{kind} {id}")));
        }
    }

    /// The server's own name of the inbox, where it has one. Asked for once.
    pub(in crate::imap) async fn inbox_id(&mut self) -> Result<Option<String>, ImapError> {
        if let InboxId::Asked(known) = &self.inbox_id {
            return Ok(known.clone());
        }
        let sent = self.commands_sent();
        let Some(tag) = self.submit_inbox_id() else { return Ok(None) };
        let mut told = None;
        self.finish(tag, |reply| {
            if let Reply::StatusText(values) = reply {
                told = Some(values);
            }
        })
        .await?;
        self.keep_told(sent);
        if let Some(values) = told {
            self.note_inbox_id(&values);
        }
        Ok(match &self.inbox_id {
            InboxId::Asked(known) => known.clone(),
            InboxId::NotAsked => None,
        })
    }
}
