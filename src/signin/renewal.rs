//! Tokens of one mailbox, renewed for as long as a copy lasts.

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

/// Tells the wall-clock time, which runs on while the computer sleeps.
pub type Clock = Arc<dyn Fn() -> UnixTime + Send + Sync>;

/// What renews.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Source {
    /// The consent of the user, in the keyring.
    SignedIn(SignInId),
    /// The key of the organisation, in a file.
    KeyFile(PathBuf),
}

/// Gives the tokens of one mailbox. Whoever asks at the same time waits for the same renewal.
#[derive(Clone)]
pub(super) struct Renewing(pub Arc<Renewal>);

/// What the renewals of one mailbox take.
pub(super) struct Renewal {
    pub(super) source: Source,
    pub(super) user: String,
    pub(super) grants: Grants,
    pub(super) web: Web,
    pub(super) clock: Clock,
    pub(super) state: Mutex<State>,
}

/// What is in memory, and nowhere else.
#[derive(Default)]
pub(super) struct State {
    token: Option<(Secret, Lifetime)>,
    grant: Option<Grant>,
    /// What the provider said for good about this grant; asked again only with another one.
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
            // In a task of its own, which a connection that is given up does not end: between the provider's answer and the
            // keyring is the only key to the next token.
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
    /// When the token that is held now ends.
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
        // Where tokens may go is asked each time: the address of the server may have changed.
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
                // Another window or command may have renewed with it, and a refresh token is often good for one time only.
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
                // The grant is good; a token that has some minutes left is, too.
                state.grant = Some(grant);
                Err(problem)
            }
        }
    }

    /// Keeps what renews next, before the token is used: a provider may have ended the one before.
    async fn keep(&self, state: &mut State, mut grant: Grant, given: Given) -> Secret {
        if let Some(refresh) = given.refresh.clone().filter(|refresh| *refresh != grant.refresh) {
            grant.refresh = refresh;
            self.grants.keep(&grant).await;
        }
        state.grant = Some(grant);
        state.take(given)
    }
}
