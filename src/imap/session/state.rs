//! The state a connection keeps for its users: the server's introduction, an unconfirmed sign-in, and the state of
//! negotiated extensions.

use std::fmt;

use crate::imap::protocol::tag::Tag;

/// How far the server was asked to speak QRESYNC.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::imap) enum Qresync {
    /// Not asked yet.
    #[default]
    NotAsked,
    /// Requested with this command, whose answer has not been read yet.
    Asked(Tag),
    /// It does.
    On,
    /// It does not.
    Off,
}

/// The server's own name of the inbox.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::imap) enum InboxId {
    #[default]
    NotAsked,
    /// Asked for; `None` where the server has none, or has not said it.
    Asked(Option<String>),
}

/// What is known of a server for people to read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ServerFacts {
    /// `Dovecot`, from ID (RFC 2971) or the greeting.
    pub name: Option<String>,
    /// `TLS 1.3`; `None` in clear text.
    pub tls: Option<&'static str>,
    /// What was checked about whose mailbox this is, where an admin has signed in for it.
    pub note: Option<String>,
}

impl fmt::Display for ServerFacts {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = self.name.as_deref().unwrap_or("IMAP server");
        write!(formatter, "{name}, {}", self.tls.unwrap_or("unencrypted, on this computer"))?;
        self.note.as_deref().map_or(Ok(()), |note| write!(formatter, ", {note}"))
    }
}

/// A proof of the sign-in whose answer is still to be read.
#[derive(Debug)]
pub(in crate::imap) struct PendingSignIn {
    pub(in crate::imap) list: Tag,
    pub(in crate::imap) id: Option<Tag>,
    pub(in crate::imap) host: String,
}
