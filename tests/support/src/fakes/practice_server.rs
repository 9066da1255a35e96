//! A practice server for one mailbox, and the way in.

use mailferry::imap::{Access, AccessOptions, IdleSessions, Timeouts};
use mailferry::net::TrustPolicy;
use mailferry::rehearsal::{ImapAccount, ImapHandle, ImapServer, Personality, SampleFolder};
use mailferry::values::{EmailAddress, Secret};
use tokio_util::sync::CancellationToken;

/// Whose mailbox it is.
pub const USER: &str = "anna@weber.example";

/// Starts one, ended with the token.
pub async fn practice(
    personality: Personality,
    folders: Vec<SampleFolder>,
    token: &CancellationToken,
) -> ImapHandle {
    let address = EmailAddress::parse(USER).unwrap();
    let account = ImapAccount { address, password: Secret::new("geheim"), folders };
    let server = ImapServer::bind(personality, vec![account], 1).await.unwrap();
    let handle = server.handle();
    let token = token.clone();
    #[expect(clippy::disallowed_methods, reason = "the server runs beside the test, which ends it")]
    tokio::spawn(async move { server.serve(token).await });
    handle
}

/// The way in.
pub fn practice_access(handle: &ImapHandle) -> Access {
    Access {
        endpoint: handle.endpoint(),
        trust: TrustPolicy::default(),
        user: USER.to_owned(),
        secret: Secret::new("geheim"),
        timeouts: Timeouts::default(),
        idle: IdleSessions::default(),
        options: AccessOptions::default(),
        tokens: None,
    }
}
