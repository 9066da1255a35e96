use std::path::PathBuf;

use clap::Args;

/// Flags of `mailferry audit` about mailboxes that are read as evidence.
#[derive(Debug, Default, Args)]
pub struct EvidenceMailboxes {
    /// Read bounces, reports and received messages from mailboxes at this IMAP server, and change nothing there; USER is
    /// percent-encoded (anna%40example.org), and left out with --evidence-accounts.
    #[arg(long, value_name = "imaps://[USER@]HOST[:PORT]", conflicts_with = "facts")]
    pub evidence_imap: Option<String>,
    /// The mailboxes there, with passwords: address, `source_user`, `source_password` and so on, as for “mailferry copy”.
    #[arg(
        long,
        value_name = "FILE.csv",
        requires = "evidence_imap",
        conflicts_with = "evidence_password_file"
    )]
    pub evidence_accounts: Option<PathBuf>,
    /// A file whose first line is the password of USER.
    #[arg(long, value_name = "FILE", requires = "evidence_imap")]
    pub evidence_password_file: Option<PathBuf>,
    /// SHA-256 fingerprint of a certificate to trust at that server.
    #[arg(long, value_name = "FINGERPRINT", requires = "evidence_imap")]
    pub evidence_fingerprint: Option<String>,
    /// Read the mailboxes of this project at its old server, with the passwords in the keyring.
    #[arg(long, value_name = "PROJECT", conflicts_with_all = ["evidence_imap", "facts"])]
    pub evidence_project: Option<PathBuf>,
    /// Agree to read what a project from another computer names.
    #[arg(long, requires = "evidence_project")]
    pub confirm_project: bool,
}
