//! Idle connections between two steps: signing in costs several round trips, so the next step reuses them.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::OwnedSemaphorePermit;

use crate::imap::session::Session;
use crate::imap::sign_in::connection_limit::{Claim, Claimed, ConnectionLimit};
use crate::imap::sign_in::{Access, AccessOptions, SignInError};
use crate::net::TrustPolicy;
use crate::values::{Endpoint, Secret};

/// How long a connection may stay idle; after that a new one is opened, as the server may have dropped it.
const REST: Duration = Duration::from_secs(20);
/// Most connections that rest at the same time.
const MAX_RESTING: usize = 16;

/// Idle signed-in connections. Clones share them; dropping the last clone closes them.
#[derive(Clone, Default)]
pub struct IdleSessions {
    resting: Arc<Mutex<Vec<Resting>>>,
    /// Mailboxes whose inbox was found to be another than that of the admin who signs in for them.
    proven: Arc<Mutex<Vec<Proven>>>,
    limit: ConnectionLimit,
}

struct Proven {
    endpoint: Endpoint,
    user: String,
    options: AccessOptions,
    words: String,
}

struct Resting {
    since: Instant,
    endpoint: Endpoint,
    trust: TrustPolicy,
    user: String,
    secret: Secret,
    options: AccessOptions,
    session: Session,
}

impl Resting {
    fn is_for(&self, access: &Access) -> bool {
        self.endpoint == access.endpoint
            && self.trust == access.trust
            && self.user == access.user
            && self.secret.expose() == access.secret.expose()
            && self.options == access.options
    }
}

impl fmt::Debug for IdleSessions {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("IdleSessions")
    }
}

impl IdleSessions {
    /// Limits the connections to one server, including idle ones; `None`: no limit.
    pub fn limit_connections(&self, most: Option<usize>) {
        self.limit.set(most);
    }

    /// A permit for one more connection to the server; one that rests is closed for it. `None` where nothing is counted.
    pub(super) async fn permit(
        &self,
        server: &Endpoint,
        claim: Claim,
    ) -> Result<Option<OwnedSemaphorePermit>, SignInError> {
        match self.limit.claim(server, claim, || self.close_one(server)).await {
            Claimed::Granted(permit) => Ok(permit),
            Claimed::Denied => Err(SignInError::ConnectionLimit),
        }
    }

    fn close_one(&self, server: &Endpoint) -> bool {
        let mut resting = self.resting.lock().unwrap_or_else(PoisonError::into_inner);
        let is_same = |one: &Resting| {
            one.endpoint.host.eq_ignore_ascii_case(&server.host) && one.endpoint.port == server.port
        };
        let oldest = resting.iter().position(is_same);
        oldest.map(|position| resting.remove(position)).is_some()
    }

    /// An open connection to the same server with the same user name and password.
    pub(in crate::imap) fn take(&self, access: &Access) -> Option<Session> {
        let mut resting = self.resting.lock().unwrap_or_else(PoisonError::into_inner);
        resting.retain(|one| one.since.elapsed() < REST);
        while let Some(position) = resting.iter().position(|one| one.is_for(access)) {
            let mut session = resting.swap_remove(position).session;
            if session.is_alive() {
                return Some(session);
            }
        }
        None
    }

    /// Keeps a connection for the next step.
    pub(in crate::imap) fn leave(&self, access: &Access, session: Session) {
        let mut resting = self.resting.lock().unwrap_or_else(PoisonError::into_inner);
        resting.retain(|one| one.since.elapsed() < REST);
        if resting.len() < MAX_RESTING && !self.limit.is_wanted(&access.endpoint) {
            resting.push(Resting {
                since: Instant::now(),
                endpoint: access.endpoint.clone(),
                trust: access.trust.clone(),
                user: access.user.clone(),
                secret: access.secret.clone(),
                options: access.options.clone(),
                session,
            });
        }
    }

    /// What was found about whose mailbox an admin's sign-in opens.
    pub(in crate::imap) fn proven(&self, access: &Access) -> Option<String> {
        let proven = self.proven.lock().unwrap_or_else(PoisonError::into_inner);
        let found = proven.iter().find(|one| {
            one.endpoint == access.endpoint && one.user == access.user && one.options == access.options
        });
        found.map(|one| one.words.clone())
    }

    /// Remembers it for the further connections of this run.
    pub(in crate::imap) fn prove(&self, access: &Access, words: &str) {
        self.proven.lock().unwrap_or_else(PoisonError::into_inner).push(Proven {
            endpoint: access.endpoint.clone(),
            user: access.user.clone(),
            options: access.options.clone(),
            words: words.to_owned(),
        });
    }

    /// Closes the connections that have rested for too long.
    pub fn close_expired(&self) {
        self.resting.lock().unwrap_or_else(PoisonError::into_inner).retain(|one| one.since.elapsed() < REST);
    }
}
