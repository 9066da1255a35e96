//! The kinds of background jobs.

/// A kind of background job. At most one job of each kind runs; a new one replaces the old one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum JobKind {
    /// Looks for the IMAP server.
    FindServer,
    /// Runs the audit.
    Audit,
    /// Asks the keyring which mailboxes have a password.
    RecallPasswords,
    /// Asks the keyring for the owner's applications at providers.
    RecallClients,
    /// Signs a person in at an OAuth provider.
    Consent,
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
    /// Asks who sees the old and who the new mail hosts.
    Switch,
    /// Judges test messages.
    TestMessages,
    /// The embedded servers of a practice project.
    Practice,
}
