//! Extra connections to a server that has just accepted the same credentials. The sign-in is confirmed together with the
//! first command, which saves a round trip.

use crate::imap::protocol::namespace::Namespace;
use crate::imap::session::Session;
use crate::imap::session::state::PendingSignIn;
use crate::imap::sign_in::connection_limit::Claim;
use crate::imap::sign_in::{Access, Behind, SignInError, classify, closed_while_signing_in};

/// What a connection knows from its introduction, for others to the same server.
#[derive(Clone, Debug)]
pub struct Introduced {
    name: Option<String>,
    namespace: Option<Namespace>,
    /// Whether nothing else was agreed with the server.
    is_plain: bool,
    /// Whether folders have their names in UTF-8.
    has_utf8: bool,
}

impl Access {
    /// One more connection to a server that has just accepted a sign-in. It may be used at once, but
    /// [`Session::confirm_sign_in`] must confirm the sign-in before any result counts.
    pub async fn open_beside(&self, first: &Introduced) -> Result<Session, SignInError> {
        if !first.is_plain || self.options.way.admin().is_some() {
            let mut session = self.open_one_more().await?;
            if first.has_utf8 {
                session.speak_utf8().await?;
            }
            return Ok(session);
        }
        let mut session = self.enter(Behind::Later, Claim::IfFree).await?;
        session.facts.name = first.name.clone().or(session.facts.name);
        session.namespace.clone_from(&first.namespace);
        Ok(session)
    }
}

/// Asks for the proof of a sign-in like one that has been proven. ID goes along, as some servers open no folder before.
pub(in crate::imap) fn confirm_later(session: &mut Session, host: &str) {
    let list = session.submit("LIST \"\" INBOX");
    let id = session.submit_id();
    session.unconfirmed = Some(PendingSignIn { list, id, host: host.to_owned() });
}

impl Session {
    /// What it knows for others.
    pub fn introduced(&self) -> Introduced {
        Introduced {
            name: self.facts.name.clone(),
            namespace: self.namespace.clone(),
            is_plain: !self.has_utf8 && !self.is_compressed(),
            has_utf8: self.has_utf8,
        }
    }

    /// Whether the server has let this connection in; for those of [`Access::open_beside`]. Some servers say no only to
    /// the first command, such as to one connection too many.
    ///
    /// Not cancellation safe: the confirmation is read only once.
    pub async fn confirm_sign_in(&mut self) -> Result<(), SignInError> {
        let Some(unconfirmed) = self.unconfirmed.take() else { return Ok(()) };
        let outcome = self.read_proof(unconfirmed).await;
        // The server may repeat the password.
        outcome.map_err(|error| error.redacted(self.trace().scrub()))
    }

    async fn read_proof(
        &mut self,
        PendingSignIn { list, id, host }: PendingSignIn,
    ) -> Result<(), SignInError> {
        let completion = self.finish(list, |_| {}).await.map_err(closed_while_signing_in)?;
        if !completion.is_ok() {
            return Err(classify(&completion, &host));
        }
        if let Some(tag) = id {
            self.finish(tag, |_| {}).await?;
        }
        Ok(())
    }
}
