//! Signing in, and what refusals mean. A sign-in counts only after a LIST: some servers say OK to a wrong password.

use data_encoding::BASE64;
use thiserror::Error;
use zeroize::Zeroizing;

use super::command;
use super::completion::{Completion, LiteralMode};
use super::connect::{Connection, connect};
use super::error::ImapError;
use super::idle::IdleSessions;
use super::limits::Timeouts;
use super::reply::Reply;
use super::scrub::Scrub;
use super::session::Session;
use super::sign_in_replies::{Meaning, meaning};
use super::trust::TrustPolicy;
use crate::values::{Endpoint, Secret};

/// Replies to the introduction that may come before the LIST is answered.
const MAX_EARLY: usize = 16;

/// Why signing in failed. The server's words are kept in each.
#[derive(Debug, Error)]
pub enum SignInError {
    /// User name or password is wrong.
    #[error("the server refused the user name or password: {words}")]
    PasswordRefused {
        /// The server's words.
        words: String,
    },
    /// The provider wants an app password instead of the account's own.
    #[error("the provider wants an app password: {words}")]
    NeedsAppPassword {
        /// The server's words.
        words: String,
        /// Where the owner makes one.
        advice: &'static str,
    },
    /// The server says that there is no such mailbox.
    #[error("the server knows no such mailbox: {words}")]
    NoSuchMailbox {
        /// The server's words.
        words: String,
    },
    /// IMAP is switched off for the mailbox, or has to be allowed on the web first.
    #[error("the mailbox does not allow IMAP: {words}")]
    NotAllowed {
        /// The server's words.
        words: String,
        /// What the owner or the admin does about it.
        advice: &'static str,
    },
    /// Too many connections, throttling, or a server in trouble: later it may work.
    #[error("the server is busy: {words}")]
    ServerBusy {
        /// The server's words.
        words: String,
    },
    /// The server offers no way of signing in with a password.
    #[error("the server takes no password here (LOGINDISABLED): TLS or another way of signing in is needed")]
    LoginDisabled,
    /// The server refused for a reason that is not known to us.
    #[error("the server refused the sign-in: {words}")]
    Refused {
        /// The server's words.
        words: String,
    },
    /// The connection failed before or while signing in.
    #[error(transparent)]
    Imap(#[from] ImapError),
}

impl SignInError {
    /// Whether another try later may succeed without the owner doing anything.
    pub const fn is_temporary(&self) -> bool {
        match self {
            Self::ServerBusy { .. } => true,
            Self::Imap(error) => error.is_connection_lost(),
            _ => false,
        }
    }
}

/// How to get into one mailbox on one server.
#[derive(Clone, Debug)]
pub struct Access {
    /// The server.
    pub endpoint: Endpoint,
    /// Certificates trusted for it beside the system's authorities.
    pub trust: TrustPolicy,
    /// User name.
    pub user: String,
    /// Password.
    pub secret: Secret,
    /// How long to wait for what.
    pub timeouts: Timeouts,
    /// Connections that an earlier step has signed in and no longer needs.
    pub idle: IdleSessions,
}

impl Access {
    /// A signed-in connection: one that an earlier step left behind, or a new one.
    pub async fn open(&self) -> Result<Session, SignInError> {
        match self.idle.take(self) {
            Some(session) => Ok(session),
            None => self.open_new().await,
        }
    }

    /// Connects and signs in.
    pub async fn open_new(&self) -> Result<Session, SignInError> {
        let connection = connect(&self.endpoint, &self.trust, self.timeouts).await?;
        connection.sign_in(&self.endpoint.host, &self.user, &self.secret).await
    }

    /// Leaves a connection without commands under way to the next step that asks for one with [`Self::open`].
    pub fn leave(&self, session: Session) {
        self.idle.leave(self, session);
    }
}

impl Connection {
    /// Signs in with a password. `host` helps to read refusals of providers that demand app passwords.
    /// No error and no trace holds the password, whatever the server repeats.
    pub async fn sign_in(mut self, host: &str, user: &str, secret: &Secret) -> Result<Session, SignInError> {
        let scrub = Scrub::new(user, secret);
        self.session.conceal(scrub.clone());
        self.sign_in_in_words(host, user, secret).await.map_err(|error| scrub.sign_in_error(error))
    }

    async fn sign_in_in_words(self, host: &str, user: &str, secret: &Secret) -> Result<Session, SignInError> {
        let mut session = self.session;
        // The greeting may have told; what came before STARTTLS does not count.
        if session.capabilities.is_empty() {
            session.run("CAPABILITY", "CAPABILITY", |_| {}).await?;
        }
        let mut is_told = true;
        if !self.is_preauthenticated {
            let told_before = session.capabilities_told;
            authenticate(&mut session, host, user, secret).await?;
            // What a server can do changes with the sign-in, and not every server says so by itself.
            is_told = session.capabilities_told > told_before;
        }
        confirm(&mut session, host, is_told).await?;
        Ok(session)
    }
}

async fn authenticate(
    session: &mut Session,
    host: &str,
    user: &str,
    secret: &Secret,
) -> Result<(), SignInError> {
    let capabilities = session.capabilities.clone();
    let is_plain_offered = capabilities.has("AUTH=PLAIN");
    if !is_plain_offered && capabilities.has("LOGINDISABLED") {
        return Err(SignInError::LoginDisabled);
    }
    let has_nul = user.contains('\0') || secret.expose().contains('\0');
    if has_nul {
        return Err(ImapError::BadName(user.replace('\0', "␀")).into());
    }
    let completion = if is_plain_offered {
        authenticate_plain(session, user, secret, capabilities.has("SASL-IR")).await
    } else {
        login(session, user, secret).await
    };
    let completion = completion.map_err(closed_while_signing_in)?;
    if completion.is_ok() { Ok(()) } else { Err(classify(&completion, host)) }
}

/// A close in the middle of a sign-in is how some servers say "too many connections" (mox, at the 31st).
fn closed_while_signing_in(error: ImapError) -> SignInError {
    match error {
        ImapError::Closed(words) => SignInError::ServerBusy {
            words: words.unwrap_or_else(|| "it closed the connection while signing in".to_owned()),
        },
        other => SignInError::Imap(other),
    }
}

async fn authenticate_plain(
    session: &mut Session,
    user: &str,
    secret: &Secret,
    is_initial_allowed: bool,
) -> Result<Completion, ImapError> {
    // RFC 4616: authorisation identity (empty), user name, password.
    let message = Zeroizing::new(format!("\0{user}\0{}", secret.expose()));
    let answer = Zeroizing::new(BASE64.encode(message.as_bytes()));
    if is_initial_allowed {
        let command = Zeroizing::new(format!("AUTHENTICATE PLAIN {}", answer.as_str()));
        let tag = session.submit_secret(&command, "AUTHENTICATE PLAIN …");
        return answer_challenges(session, &tag, None).await;
    }
    let tag = session.submit("AUTHENTICATE PLAIN");
    answer_challenges(session, &tag, Some(&answer)).await
}

/// Answers the first challenge with `answer`, later ones by giving up: PLAIN has one step only.
async fn answer_challenges(
    session: &mut Session,
    tag: &str,
    mut answer: Option<&str>,
) -> Result<Completion, ImapError> {
    loop {
        match session.next().await? {
            Reply::Tagged(answered, completion) if answered == tag => return Ok(completion),
            Reply::Continue => {
                let line = answer.take().unwrap_or("*");
                session.queue(format!("{line}\r\n").as_bytes());
            }
            _ => {}
        }
    }
}

async fn login(session: &mut Session, user: &str, secret: &Secret) -> Result<Completion, ImapError> {
    if let (Some(user), Some(password)) = (command::quoted(user), command::quoted(secret.expose())) {
        let line = Zeroizing::new(format!("LOGIN {user} {password}"));
        let tag = session.submit_secret(&line, "LOGIN …");
        return session.finish(&tag, |_| {}).await;
    }
    login_with_literals(session, user, secret).await
}

/// Umlauts must not stand in a quoted string, so they travel in literals.
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
                Reply::Continue => break,
                Reply::Tagged(answered, completion) if answered == tag => return Ok(completion),
                _ => {}
            }
        }
    }
    session.finish(&tag, |_| {}).await
}

/// Proves the sign-in with a LIST. What else is to be asked goes along, so that all of it costs one round trip.
async fn confirm(session: &mut Session, host: &str, is_told: bool) -> Result<(), SignInError> {
    let capability = (!is_told).then(|| session.submit("CAPABILITY"));
    let list = session.submit("LIST \"\" INBOX");
    if is_told {
        let questions = session.submit_introduction();
        return finish_confirmation(session, host, &list, questions).await;
    }
    if let Some(tag) = capability {
        session.finish(&tag, |_| {}).await.map_err(closed_while_signing_in)?;
    }
    finish_confirmation(session, host, &list, Vec::new()).await?;
    let questions = session.submit_introduction();
    session.finish_introduction(questions).await.map_err(SignInError::Imap)
}

async fn finish_confirmation(
    session: &mut Session,
    host: &str,
    list: &str,
    questions: Vec<String>,
) -> Result<(), SignInError> {
    let mut early = Vec::new();
    let completion =
        session.finish(list, |reply| early.extend((early.len() < MAX_EARLY).then_some(reply))).await;
    let completion = completion.map_err(closed_while_signing_in)?;
    if !completion.is_ok() {
        return Err(classify(&completion, host));
    }
    for reply in early {
        session.note_introduction(reply);
    }
    session.finish_introduction(questions).await.map_err(SignInError::Imap)
}

fn classify(completion: &Completion, host: &str) -> SignInError {
    let words = completion.to_string();
    match meaning(completion, host) {
        Meaning::PasswordRefused => SignInError::PasswordRefused { words },
        Meaning::NeedsAppPassword(advice) => SignInError::NeedsAppPassword { words, advice },
        Meaning::NoSuchMailbox => SignInError::NoSuchMailbox { words },
        Meaning::NotAllowed(advice) => SignInError::NotAllowed { words, advice },
        Meaning::Busy => SignInError::ServerBusy { words },
        Meaning::Unknown => SignInError::Refused { words },
    }
}
