//! What runs in the background.

/// What runs in the background. At most one job of a kind at a time; a new one replaces the old one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum JobKind {
    /// Looks for the IMAP server.
    FindServer,
    /// Asks and judges.
    Audit,
    /// Asks the keyring which mailboxes have a password.
    RecallPasswords,
    /// Signs in on both sides.
    SignIn,
    /// Counts folders.
    Plan,
    /// Copies.
    Copy,
    /// Writes the list of messages.
    SaveMessages,
    /// Reads the zone.
    Records,
    /// The embedded servers of a practice project.
    Practice,
}
