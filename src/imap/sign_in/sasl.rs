//! The ways to prove who signs in: SASL (RFC 4422, RFC 4959) and the LOGIN command.

use std::borrow::Cow;

use data_encoding::BASE64;
use ring::rand::{SecureRandom as _, SystemRandom};
use zeroize::Zeroizing;

use crate::imap::protocol::command;
use crate::imap::protocol::completion::{Capabilities, Completion, LiteralMode, Status};
use crate::imap::protocol::error::ImapError;
use crate::imap::protocol::reply::Reply;
use crate::imap::protocol::tag::Tag;
use crate::imap::session::Session;
use crate::imap::sign_in::SignInError;
use crate::imap::sign_in::scram::{self, ClientFirst, Unanswerable};
use crate::values::{Mechanism, Secret};

/// Random bytes of a SCRAM nonce.
const NONCE_BYTES: usize = 18;
/// Longest explanation of a refused token that is kept, in characters.
const MAX_WORDS: usize = 300;

/// Who signs in, and with what.
pub(in crate::imap) struct Identity<'a> {
    /// The mailbox.
    pub(in crate::imap) user: &'a str,
    /// The admin who signs in for it, with the admin's password.
    pub(in crate::imap) admin: Option<&'a str>,
    /// Password or token.
    pub(in crate::imap) secret: &'a Secret,
    pub(in crate::imap) is_token: bool,
    pub(in crate::imap) endpoint: (&'a str, u16),
}

impl Identity<'_> {
    fn authenticates(&self) -> &str {
        self.admin.unwrap_or(self.user)
    }

    /// The authorisation identity; empty where it is the one that authenticates (RFC 4616 section 2).
    fn acts_as(&self) -> &str {
        if self.admin.is_some() { self.user } else { "" }
    }

    /// Whether SCRAM takes name, mailbox and password.
    fn fits_scram(&self) -> bool {
        let names = [self.authenticates(), self.acts_as()];
        let takes_names = names.iter().all(|name| name.is_empty() || scram::prepared(name).is_some());
        takes_names && scram::prepared(self.secret.expose()).is_some()
    }

    /// Whole messages of mechanisms that hold the secret in a form of their own.
    pub(in crate::imap) fn messages(&self) -> Vec<Zeroizing<String>> {
        if self.is_token {
            return vec![self.xoauth2(), self.oauth_bearer()];
        }
        vec![self.plain()]
    }

    fn plain(&self) -> Zeroizing<String> {
        let (acts_as, user) = (self.acts_as(), self.authenticates());
        Zeroizing::new(format!("{acts_as}\0{user}\0{}", self.secret.expose()))
    }

    fn xoauth2(&self) -> Zeroizing<String> {
        Zeroizing::new(format!("user={}\x01auth=Bearer {}\x01\x01", self.user, self.secret.expose()))
    }

    /// RFC 7628 section 3.1.
    fn oauth_bearer(&self) -> Zeroizing<String> {
        let user = self.user.replace('=', "=3D").replace(',', "=2C");
        let (host, port) = self.endpoint;
        Zeroizing::new(format!(
            "n,a={user},\x01host={host}\x01port={port}\x01auth=Bearer {}\x01\x01",
            self.secret.expose()
        ))
    }
}

/// How a try ended.
pub(in crate::imap) struct Answer {
    pub(in crate::imap) completion: Completion,
    /// What the server explained before its refusal (XOAUTH2, RFC 7628 section 3.2.2).
    pub(in crate::imap) explanation: String,
    /// The refusal is about the mechanism and not about the password: another one may still work.
    pub(in crate::imap) may_try_another: bool,
}

/// The mechanisms worth a try at this server, best first.
pub(in crate::imap) fn choose(
    capabilities: &Capabilities,
    wanted: Option<Mechanism>,
    identity: &Identity<'_>,
) -> Result<Vec<Mechanism>, SignInError> {
    let is_offered = |mechanism: Mechanism| match mechanism {
        Mechanism::Login => !capabilities.has("LOGINDISABLED") || capabilities.has("AUTH=LOGIN"),
        other => capabilities.has(&format!("AUTH={other}")),
    };
    // What SASLprep does not allow cannot be signed in with by SCRAM; PLAIN takes it as it is.
    let fits_scram = identity.fits_scram();
    if !fits_scram && wanted.is_none() && is_offered(Mechanism::ScramSha256) {
        tracing::info!("the user name or password contains characters that SCRAM does not allow (RFC 4013)");
    }
    let order: &[Mechanism] = match (wanted.as_ref(), identity.is_token, identity.admin) {
        (Some(wanted), ..) => std::slice::from_ref(wanted),
        (None, true, _) => &[Mechanism::XOAuth2, Mechanism::OAuthBearer],
        (None, false, Some(_)) => &[Mechanism::ScramSha256, Mechanism::Plain],
        (None, false, None) => &[Mechanism::ScramSha256, Mechanism::Plain, Mechanism::Login],
    };
    let mut chosen: Vec<Mechanism> = order
        .iter()
        .copied()
        .filter(|mechanism| is_offered(*mechanism))
        .filter(|mechanism| fits_scram || *mechanism != Mechanism::ScramSha256)
        .collect();
    if identity.is_token {
        chosen.truncate(1);
    }
    if !chosen.is_empty() {
        return Ok(chosen);
    }
    if wanted == Some(Mechanism::ScramSha256) && !fits_scram && is_offered(Mechanism::ScramSha256) {
        return Err(SignInError::NotForScram);
    }
    if wanted.is_none() && !identity.is_token && identity.admin.is_none() {
        return Err(SignInError::LoginDisabled);
    }
    let names: Vec<&str> = order.iter().map(|mechanism| mechanism.name()).collect();
    let offered: Vec<&str> = capabilities.names().filter_map(|name| name.strip_prefix("AUTH=")).collect();
    Err(SignInError::NotOffered { wanted: names.join(" or "), offered: offered.join(", ") })
}

/// Tries one mechanism.
pub(in crate::imap) async fn prove(
    session: &mut Session,
    mechanism: Mechanism,
    identity: &Identity<'_>,
) -> Result<Answer, SignInError> {
    match mechanism {
        Mechanism::Plain => one_message(session, mechanism, &identity.plain(), b"").await,
        Mechanism::XOAuth2 => one_message(session, mechanism, &identity.xoauth2(), b"").await,
        Mechanism::OAuthBearer => one_message(session, mechanism, &identity.oauth_bearer(), b"\x01").await,
        Mechanism::ScramSha256 => scram(session, identity).await,
        Mechanism::Login if session.capabilities.has("LOGINDISABLED") => {
            let completion = login_mechanism(session, identity).await?;
            Ok(Answer { completion, explanation: String::new(), may_try_another: false })
        }
        Mechanism::Login => {
            let completion = login(session, identity.user, identity.secret).await?;
            Ok(Answer { completion, explanation: String::new(), may_try_another: false })
        }
    }
}

/// A SASL exchange in progress.
struct Exchange<'a> {
    session: &'a mut Session,
    tag: Tag,
}

enum Turn {
    /// The server sent a challenge that must be answered.
    Challenge(Vec<u8>),
    End(Completion),
}

impl<'a> Exchange<'a> {
    /// Begins; the first message goes along with the command where the server allows that (RFC 4959).
    async fn begin(
        session: &'a mut Session,
        mechanism: Mechanism,
        first: Option<&str>,
    ) -> Result<(Self, Option<Completion>), ImapError> {
        let shown = format!("AUTHENTICATE {mechanism} …");
        if let Some(first) = first.filter(|_| session.capabilities.has("SASL-IR")) {
            let encoded = Zeroizing::new(BASE64.encode(first.as_bytes()));
            let command = Zeroizing::new(format!("AUTHENTICATE {mechanism} {}", encoded.as_str()));
            let tag = session.submit_secret(&command, &shown);
            return Ok((Self { session, tag }, None));
        }
        let tag = session.submit(&format!("AUTHENTICATE {mechanism}"));
        let mut exchange = Self { session, tag };
        let Some(first) = first else { return Ok((exchange, None)) };
        match exchange.turn().await? {
            Turn::Challenge(_) => {
                exchange.say(first.as_bytes());
                Ok((exchange, None))
            }
            Turn::End(completion) => Ok((exchange, Some(completion))),
        }
    }

    async fn turn(&mut self) -> Result<Turn, ImapError> {
        loop {
            match self.session.next().await? {
                Reply::Tagged(answered, completion) if answered == self.tag => {
                    return Ok(Turn::End(completion));
                }
                Reply::Continue(text) => {
                    // Some servers do not encode this; text that is not base64 is passed on unchanged.
                    let decoded = BASE64.decode(text.trim_ascii()).unwrap_or(text);
                    return Ok(Turn::Challenge(decoded));
                }
                _ => {}
            }
        }
    }

    fn say(&mut self, message: &[u8]) {
        let line = Zeroizing::new(BASE64.encode(message));
        self.session.queue(format!("{}\r\n", line.as_str()).as_bytes());
    }

    /// Reads to the end; further challenges are answered by giving up (RFC 3501 section 6.2.2).
    async fn end(mut self) -> Result<Completion, ImapError> {
        loop {
            match self.turn().await? {
                Turn::End(completion) => return Ok(completion),
                Turn::Challenge(_) => self.session.queue(b"*\r\n"),
            }
        }
    }
}

/// PLAIN and the two token mechanisms: one message, and for tokens one explanation that is answered with `dummy`.
async fn one_message(
    session: &mut Session,
    mechanism: Mechanism,
    message: &str,
    dummy: &[u8],
) -> Result<Answer, SignInError> {
    let (mut exchange, ended) = Exchange::begin(session, mechanism, Some(message)).await?;
    let mut explanation = String::new();
    let completion = match ended {
        Some(completion) => completion,
        None => match exchange.turn().await? {
            Turn::End(completion) => completion,
            Turn::Challenge(text) => {
                if mechanism.takes_token() {
                    explanation = words_of(&text);
                    exchange.say(dummy);
                } else {
                    exchange.session.queue(b"*\r\n");
                }
                exchange.end().await?
            }
        },
    };
    let may_try_another = !mechanism.takes_token() && is_about_mechanism(&completion);
    Ok(Answer { completion, explanation, may_try_another })
}

/// The explanation is JSON; its words are shown as they are, without what could upset a page.
fn words_of(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text);
    text.chars().filter(|character| !character.is_control()).take(MAX_WORDS).collect()
}

/// Whether the server says that it does not do this mechanism, though it offers it.
fn is_about_mechanism(completion: &Completion) -> bool {
    if completion.is_ok() || completion.has_code("AUTHENTICATIONFAILED") {
        return false;
    }
    let words = completion.words.to_lowercase();
    let is_named = ["mechanism", "not supported", "unsupported"].iter().any(|needle| words.contains(needle));
    completion.status == Status::Bad || is_named
}

async fn scram(session: &mut Session, identity: &Identity<'_>) -> Result<Answer, SignInError> {
    let prepared = |text: &str| match text {
        "" => Ok(String::new()),
        text => scram::prepared(text).map(Cow::into_owned).ok_or(SignInError::NotForScram),
    };
    let secret = Secret::new(&prepared(identity.secret.expose())?);
    // A server that has kept the password as it was typed computes with other bytes than we do; it takes PLAIN.
    let is_other = secret.expose() != identity.secret.expose();
    let first =
        ClientFirst::new(&prepared(identity.acts_as())?, &prepared(identity.authenticates())?, &nonce()?);
    let refused = |completion: Completion, may_try_another| Answer {
        may_try_another: may_try_another && !completion.is_ok(),
        completion,
        explanation: String::new(),
    };
    let message = first.message();
    let (mut exchange, ended) = Exchange::begin(session, Mechanism::ScramSha256, Some(&message)).await?;
    let challenge = match ended {
        Some(completion) => return Ok(refused(completion, true)),
        None => match exchange.turn().await? {
            Turn::Challenge(text) => text,
            // No password in a form for SCRAM is kept there: that says nothing about ours.
            Turn::End(completion) if !completion.is_ok() => return Ok(refused(completion, true)),
            Turn::End(_) => return Err(SignInError::ServerNotProven("it skipped its part of SCRAM")),
        },
    };
    let challenge = match first.read(&challenge) {
        Ok(challenge) => challenge,
        Err(problem) => {
            exchange.session.queue(b"*\r\n");
            exchange.end().await?;
            return Err(match problem {
                Unanswerable::Senseless(problem) => SignInError::ServerNotProven(problem),
                Unanswerable::TooFewRounds(rounds) => SignInError::TooFewRounds { rounds },
            });
        }
    };
    let proving = tokio::task::spawn_blocking(move || first.prove(&challenge, &secret)).await;
    let proof = proving.map_err(|error| ImapError::Broken(std::io::Error::other(error)))?;
    exchange.say(proof.message.as_bytes());
    match exchange.turn().await? {
        Turn::End(completion) if completion.is_ok() => {
            Err(SignInError::ServerNotProven("it sent no SCRAM signature"))
        }
        Turn::End(completion) => {
            // Dovecot cannot look the mailbox up for an admin here, though it can with PLAIN; the password was right.
            let is_about_admin = completion.has_code("AUTHORIZATIONFAILED");
            Ok(refused(completion, is_about_admin || is_other))
        }
        Turn::Challenge(text) if proof.is_answered_by(&text) => {
            exchange.say(b"");
            let completion = exchange.end().await?;
            let is_about_admin = completion.has_code("AUTHORIZATIONFAILED");
            Ok(refused(completion, is_about_admin))
        }
        Turn::Challenge(text) => {
            exchange.session.queue(b"*\r\n");
            let completion = exchange.end().await?;
            if text.starts_with(b"e=") && !completion.is_ok() {
                return Ok(refused(completion, is_other));
            }
            Err(SignInError::ServerNotProven("its SCRAM signature is wrong"))
        }
    }
}

fn nonce() -> Result<String, ImapError> {
    let mut bytes = [0; NONCE_BYTES];
    let failed =
        |_unspecified| ImapError::Broken(std::io::Error::other("the system provides no random bytes"));
    SystemRandom::new().fill(&mut bytes).map_err(failed)?;
    // Base64 has no comma, which would end the field.
    Ok(BASE64.encode(&bytes))
}

/// The mechanism LOGIN, never standardised: name and password, each asked for.
async fn login_mechanism(session: &mut Session, identity: &Identity<'_>) -> Result<Completion, ImapError> {
    let (mut exchange, _) = Exchange::begin(session, Mechanism::Login, None).await?;
    for answer in [identity.user, identity.secret.expose()] {
        match exchange.turn().await? {
            Turn::End(completion) => return Ok(completion),
            Turn::Challenge(_) => exchange.say(answer.as_bytes()),
        }
    }
    exchange.end().await
}

async fn login(session: &mut Session, user: &str, secret: &Secret) -> Result<Completion, ImapError> {
    if let (Some(user), Some(password)) = (command::quoted(user), command::quoted(secret.expose())) {
        let line = Zeroizing::new(format!("LOGIN {user} {password}"));
        let tag = session.submit_secret(&line, "LOGIN …");
        return session.finish(tag, |_| {}).await;
    }
    login_with_literals(session, user, secret).await
}

/// A quoted string must be ASCII, so umlauts are sent in literals.
async fn login_with_literals(
    session: &mut Session,
    user: &str,
    secret: &Secret,
) -> Result<Completion, ImapError> {
    let tag = session.new_tag("LOGIN …");
    let asks = session.literal_mode() == LiteralMode::Synchronising;
    let plus = if asks { "" } else { "+" };
    let mut pieces = vec![
        (format!("{tag} LOGIN {{{}{plus}}}\r\n", user.len()), asks),
        (format!("{user} {{{}{plus}}}\r\n", secret.expose().len()), asks),
        (format!("{}\r\n", secret.expose()), false),
    ]
    .into_iter();
    for (piece, waits) in pieces.by_ref() {
        session.queue(piece.as_bytes());
        if !waits {
            continue;
        }
        loop {
            match session.next().await? {
                Reply::Continue(_) => break,
                Reply::Tagged(answered, completion) if answered == tag => return Ok(completion),
                _ => {}
            }
        }
    }
    session.finish(tag, |_| {}).await
}

#[cfg(test)]
mod tests {
    use super::*;
    use Mechanism::{Login, OAuthBearer, Plain, ScramSha256, XOAuth2};

    fn identity<'a>(admin: Option<&'a str>, secret: &'a Secret, is_token: bool) -> Identity<'a> {
        Identity { user: "anna@weber.example", admin, secret, is_token, endpoint: ("mail.example", 993) }
    }

    #[test]
    fn the_best_mechanism_that_is_offered_comes_first() {
        let all = "AUTH=PLAIN AUTH=LOGIN AUTH=SCRAM-SHA-256 AUTH=XOAUTH2 AUTH=OAUTHBEARER";
        let (ascii, umlaut, bell) = (Secret::new("secret"), Secret::new("gehëim"), Secret::new("geh\u{7}im"));
        for (offered, wanted, admin, secret, is_token, expected) in [
            (all, None, None, &ascii, false, &[ScramSha256, Plain, Login][..]),
            (all, None, None, &umlaut, false, &[ScramSha256, Plain, Login]),
            (all, None, None, &bell, false, &[Plain, Login]),
            (all, None, Some("root"), &ascii, false, &[ScramSha256, Plain]),
            (all, None, None, &ascii, true, &[XOAuth2]),
            (all, Some(OAuthBearer), None, &ascii, true, &[OAuthBearer]),
            (all, Some(Plain), None, &ascii, false, &[Plain]),
            ("AUTH=OAUTHBEARER", None, None, &ascii, true, &[OAuthBearer]),
            ("IMAP4REV1", None, None, &ascii, false, &[Login]),
            ("LOGINDISABLED AUTH=LOGIN", None, None, &ascii, false, &[Login]),
        ] {
            let identity = identity(admin, secret, is_token);
            let chosen = choose(&Capabilities::read(offered), wanted, &identity).unwrap();
            assert_eq!(chosen, expected, "{offered}");
        }
        let only_scram = Capabilities::read(all);
        let refused = choose(&only_scram, Some(ScramSha256), &identity(None, &bell, false)).unwrap_err();
        assert!(matches!(refused, SignInError::NotForScram));
        let nothing = Capabilities::read("LOGINDISABLED");
        let choose = |wanted, admin, is_token| {
            choose(&nothing, wanted, &identity(admin, &ascii, is_token)).unwrap_err()
        };
        assert!(matches!(choose(None, None, false), SignInError::LoginDisabled));
        assert!(matches!(choose(None, Some("root"), false), SignInError::NotOffered { .. }));
        assert!(matches!(choose(None, None, true), SignInError::NotOffered { .. }));
    }

    #[test]
    fn messages_are_as_the_standards_have_them() {
        let secret = Secret::new("ya29.x");
        let token = identity(None, &secret, true);
        assert_eq!(token.xoauth2().as_str(), "user=anna@weber.example\x01auth=Bearer ya29.x\x01\x01");
        assert_eq!(
            token.oauth_bearer().as_str(),
            "n,a=anna@weber.example,\x01host=mail.example\x01port=993\x01auth=Bearer ya29.x\x01\x01"
        );
        let admin = identity(Some("root"), &secret, false);
        assert_eq!(admin.plain().as_str(), "anna@weber.example\0root\0ya29.x");
        assert_eq!(identity(None, &secret, false).plain().as_str(), "\0anna@weber.example\0ya29.x");
    }

    #[test]
    fn only_refusals_of_the_mechanism_lead_to_another() {
        for (reply, expected) in [
            ("BAD Unknown command", true),
            ("NO Unsupported authentication mechanism.", true),
            ("NO [AUTHENTICATIONFAILED] Authentication failed.", false),
            ("NO Login failed.", false),
            ("OK done", false),
        ] {
            assert_eq!(is_about_mechanism(&Completion::read(reply.as_bytes()).unwrap()), expected, "{reply}");
        }
    }
}
