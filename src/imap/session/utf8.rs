//! UTF8=ACCEPT (RFC 6855): names and headers in UTF-8 where a server leaves no other way. One that offers it takes modified
//! UTF-7 as well, and a folder that is made in UTF-8 can be out of reach for other programs (Courier ends their connections).
//! Everywhere else in the program a name is spelled in modified UTF-7, so that a ledger means the same folders either way.

use crate::imap::protocol::command;
use crate::imap::protocol::error::ImapError;
use crate::imap::protocol::reply::Reply;
use crate::imap::protocol::tag::Tag;
use crate::imap::protocol::utf7::{decode_utf7, encode_utf7};
use crate::imap::session::Session;

impl Session {
    /// Asks for UTF-8 where the server speaks nothing else.
    pub(in crate::imap) fn submit_utf8(&mut self) -> Option<Tag> {
        self.capabilities.has("UTF8=ONLY").then(|| self.submit("ENABLE UTF8=ACCEPT"))
    }

    /// Asks for UTF-8 where it is offered, as the folders cannot be listed without. Not at Gmail, where it is not known how
    /// labels are spelled then.
    pub(in crate::imap) async fn speak_utf8(&mut self) -> Result<(), ImapError> {
        let is_offered = self.capabilities.has("UTF8=ACCEPT") && self.capabilities.has("ENABLE");
        if is_offered && !self.has_utf8 && !self.is_gmail() {
            let tag = self.submit("ENABLE UTF8=ACCEPT");
            self.finish(tag, |_| {}).await?;
        }
        Ok(())
    }

    /// A reply as it would be without UTF8=ACCEPT, and whether it says that this has begun.
    pub(in crate::imap) fn in_modified_utf7(&mut self, mut reply: Reply) -> Reply {
        if let Reply::Enabled(names) = &reply {
            self.has_utf8 |= names.iter().any(|name| name.eq_ignore_ascii_case("UTF8=ACCEPT"));
        }
        if self.has_utf8 {
            match &mut reply {
                Reply::List(item) | Reply::Lsub(item) => item.name = encode_utf7(&item.name),
                Reply::Status(name, _) => *name = encode_utf7(name),
                Reply::Namespace(told) => told.each_prefix(|prefix| *prefix = encode_utf7(prefix)),
                _ => {}
            }
        }
        reply
    }

    /// A folder name for a command, as this server wants it spelled.
    pub(in crate::imap) fn folder_name(&self, raw: &str) -> Result<String, ImapError> {
        match decode_utf7(raw).filter(|_| self.has_utf8) {
            Some(name) => command::folder_name(&name, self.literal_mode()),
            None => command::folder_name(raw, self.literal_mode()),
        }
    }
}

/// Whether a message has a header in UTF-8, which a server that speaks it wants to be told of (RFC 6855 section 4).
pub(in crate::imap) fn has_utf8_header(message: &[u8]) -> bool {
    let end = message.windows(4).position(|four| four == b"\r\n\r\n").unwrap_or(message.len());
    let header = message.get(..end).unwrap_or_default();
    !header.is_ascii() && std::str::from_utf8(header).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_headers_in_utf8_count() {
        assert!(has_utf8_header("Subject: Grüße\r\n\r\ntext".as_bytes()));
        assert!(!has_utf8_header("Subject: plain\r\n\r\nGrüße".as_bytes()));
        assert!(!has_utf8_header(b"Subject: Gr\xfc\xdfe\r\n\r\ntext"));
    }
}
