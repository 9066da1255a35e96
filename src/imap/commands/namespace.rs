//! NAMESPACE (RFC 2342), and a guess where a server does not have it.

use crate::imap::protocol::error::ImapError;
use crate::imap::protocol::namespace::Namespace;
use crate::imap::protocol::reply::Reply;
use crate::imap::session::Session;

impl Session {
    /// The namespaces; guessed from the delimiter where the server has no NAMESPACE.
    ///
    /// Not cancellation safe: replies to pending commands would stay unread.
    pub async fn namespace(&mut self) -> Result<Namespace, ImapError> {
        if self.namespace.is_none() && self.capabilities.has("NAMESPACE") {
            let tag = self.submit("NAMESPACE");
            self.finish_introduction(vec![tag]).await?;
        }
        if let Some(known) = &self.namespace {
            return Ok(known.clone());
        }
        let mut delimiter = None;
        self.run("LIST", "LIST \"\" \"\"", |reply| {
            if let Reply::List(item) = reply {
                delimiter = item.delimiter.and_then(|text| text.chars().next());
            }
        })
        .await?;
        let prefix = self.guess_prefix(delimiter).await?;
        let guessed = Namespace { prefix, delimiter, others: Vec::new() };
        self.namespace = Some(guessed.clone());
        Ok(guessed)
    }

    /// Without NAMESPACE: folders lie below the inbox where all of them do, or where an empty mailbox is at a server
    /// that is known for it (Courier).
    async fn guess_prefix(&mut self, delimiter: Option<char>) -> Result<String, ImapError> {
        let Some(delimiter) = delimiter else { return Ok(String::new()) };
        let below = format!("INBOX{delimiter}");
        let folders = self.list_folder_names().await?;
        let mut others = folders.iter().filter(|folder| !folder.raw.eq_ignore_ascii_case("INBOX")).peekable();
        let is_below = match others.peek() {
            Some(_) => others.all(|folder| {
                folder.raw.get(..below.len()).is_some_and(|start| start.eq_ignore_ascii_case(&below))
            }),
            None => self.facts.name.as_deref() == Some("Courier"),
        };
        Ok(if is_below { below } else { String::new() })
    }
}
