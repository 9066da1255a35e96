//! Servers with known peculiarities, recognised by name.

use crate::imap::session::Session;

impl Session {
    /// Whether the server is known to rewrite messages, so that their sizes and bytes change: Exchange.
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
}
