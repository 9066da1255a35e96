//! Keeps the tokens of one mailbox fresh for as long as a copy runs.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use tokio::sync::Mutex;

use super::client::Given;
use super::flows::renew;
use super::grant::{Grant, Grants};
use super::key_file::KeyFile;
use super::lifetime::Lifetime;
use crate::imap::{ComingToken, TokenProvider};
use crate::values::{GrantProblem, GrantTrouble, Secret, SignInId, UnixTime};
use crate::web::Web;

/// Returns the wall-clock time, which continues while the computer sleeps.
pub type Clock = Arc<dyn Fn() -> UnixTime + Send + Sync>;

/// What a renewal uses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// The consent of the user, in the keyring.
    SignedIn(SignInId),
    /// The key of the organisation, in a file.
    KeyFile(PathBuf),
}

/// Provides the tokens of one mailbox. Concurrent requests wait for the same renewal.
#[derive(Clone)]
pub(super) struct Renewing(pub Arc<Renewal>);

/// Everything that renewals of one mailbox share.
pub(super) struct Renewal {
    pub(super) source: Source,
    pub(super) user: String,
    pub(super) grants: Grants,
    pub(super) web: Web,
    pub(super) clock: Clock,
    pub(super) state: Mutex<State>,
}

/// Held in memory only.
#[derive(Default)]
pub(super) struct State {
    token: Option<(Secret, Lifetime)>,
    grant: Option<Grant>,
    /// The provider's final refusal of this grant; it is asked again only with another grant.
    ended: Option<(Secret, GrantProblem)>,
}

impl fmt::Debug for Renewing {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Renewing").field("user", &self.0.user).finish_non_exhaustive()
    }
}

impl TokenProvider for Renewing {
    fn token<'a>(&'a self, host: &'a str, refused: Option<&'a Secret>) -> ComingToken<'a> {
        let (renewal, host, refused) = (Arc::clone(&self.0), host.to_owned(), refused.cloned());
        Box::pin(async move {
            // In a separate task, so that dropping a connection cannot interrupt it: until the keyring has stored the answer,
            // this task holds the only copy of the next refresh token.
            #[expect(
                clippy::disallowed_methods,
                reason = "it ends by itself within a minute, and must not end earlier"
            )]
            let task = tokio::spawn(async move { renewal.token(&host, refused.as_ref()).await });
            task.await.unwrap_or_else(|error| {
                tracing::error!(%error, "a renewal ended early");
                Err(GrantProblem::of(GrantTrouble::NotUnderstood, "the renewal of the token ended early"))
            })
        })
    }
}

impl State {
    /// When the current token expires.
    pub(super) fn end(&self) -> Option<UnixTime> {
        self.token.as_ref().map(|(_, life)| life.end())
    }

    fn take(&mut self, given: Given) -> Secret {
        self.token = Some((given.access.clone(), given.lifetime));
        given.access
    }
}

fn other_server(host: &str) -> GrantProblem {
    GrantProblem::of(GrantTrouble::OtherServer, format!("the tokens are not for {host}"))
}

impl Renewal {
    async fn token(&self, host: &str, refused: Option<&Secret>) -> Result<Secret, GrantProblem> {
        let mut state = self.state.lock().await;
        let usable = state.token.as_ref().filter(|(token, life)| {
            !life.must_renew((self.clock)()) && refused.is_none_or(|refused| refused != token)
        });
        let usable = usable.map(|(token, _)| token.clone());
        // Checked each time: the address of the server may have changed.
        match &self.source {
            Source::SignedIn(provider) => {
                let is_allowed = state.grant.as_ref().is_some_and(|grant| grant.may_go_to(host));
                match usable.filter(|_| is_allowed) {
                    Some(token) => Ok(token),
                    None => self.by_grant(&mut state, provider, host).await,
                }
            }
            Source::KeyFile(path) => {
                let key = KeyFile::load(path).await?;
                if !key.may_go_to(host) {
                    return Err(other_server(host));
                }
                if let Some(token) = usable {
                    return Ok(token);
                }
                let given = key.token(path, &self.user, (&self.web, &self.clock)).await?;
                Ok(state.take(given))
            }
        }
    }

    async fn by_grant(
        &self,
        state: &mut State,
        provider: &SignInId,
        host: &str,
    ) -> Result<Secret, GrantProblem> {
        let grant = match state.grant.take() {
            Some(grant) if state.ended.is_none() => grant,
            // Somebody may have signed in again meanwhile, here or in another window.
            _ => self.grants.find(provider, &self.user).await?,
        };
        if !grant.may_go_to(host) {
            state.grant = Some(grant);
            return Err(other_server(host));
        }
        if let Some((refresh, problem)) = &state.ended
            && *refresh == grant.refresh
        {
            return Err(problem.clone());
        }
        state.ended = None;
        match renew(&grant, (&self.web, &self.clock)).await {
            Ok(given) => Ok(self.keep(state, grant, given).await),
            Err(problem) if problem.trouble == GrantTrouble::Ended => {
                // Another window or command may have used it, and a refresh token often works only once.
                let newer = self.grants.find(provider, &self.user).await.ok();
                let renewed =
                    match newer.filter(|newer| newer.refresh != grant.refresh && newer.may_go_to(host)) {
                        Some(newer) => {
                            renew(&newer, (&self.web, &self.clock)).await.map(|given| (newer, given)).ok()
                        }
                        None => None,
                    };
                if let Some((newer, given)) = renewed {
                    return Ok(self.keep(state, newer, given).await);
                }
                tracing::info!(user = %self.user, code = %problem.code, "the sign-in has ended");
                (state.token, state.ended) = (None, Some((grant.refresh, problem.clone())));
                Err(problem)
            }
            Err(problem) => {
                // The grant is good, and so is a token with some minutes left.
                state.grant = Some(grant);
                Err(problem)
            }
        }
    }

    /// Stores the next refresh token before the access token is used: the provider may have revoked the previous one.
    async fn keep(&self, state: &mut State, mut grant: Grant, given: Given) -> Secret {
        if let Some(refresh) = given.refresh.clone().filter(|refresh| *refresh != grant.refresh) {
            grant.refresh = refresh;
            self.grants.keep(&grant).await;
        }
        state.grant = Some(grant);
        state.take(given)
    }
}
