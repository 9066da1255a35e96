use std::path::PathBuf;

use clap::Args;

/// Flags of `mailferry watch` about a mailbox with test messages.
#[derive(Debug, Default, Args)]
pub struct TestImap {
    /// Look once for test messages in this mailbox at any server, and judge them: one elsewhere shows whether what you send
    /// passes; USER is percent-encoded (anna%40example.org).
    #[arg(
        id = "test_imap",
        long = "test-imap",
        value_name = "imaps://USER@HOST[:PORT]",
        requires = "test_password_file"
    )]
    pub url: Option<String>,
    /// A file whose first line is the password of USER.
    #[arg(
        id = "test_password_file",
        long = "test-password-file",
        value_name = "FILE",
        requires = "test_imap"
    )]
    pub password_file: Option<PathBuf>,
    /// SHA-256 fingerprint of a certificate to trust at that server.
    #[arg(
        id = "test_fingerprint",
        long = "test-fingerprint",
        value_name = "FINGERPRINT",
        requires = "test_imap"
    )]
    pub fingerprint: Option<String>,
}
