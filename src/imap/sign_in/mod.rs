//! Signing in, and what refusals mean. A sign-in counts only after a LIST: some servers say OK to a wrong password.

pub(in crate::imap) mod account_facts;
pub(in crate::imap) mod admin_check;
pub(in crate::imap) mod connect;
mod connection_limit;
pub(in crate::imap) mod extra_connection;
pub(in crate::imap) mod last_words;
pub(in crate::imap) mod pool;
mod redacted;
pub(in crate::imap) mod refusals;
pub(in crate::imap) mod sasl;
pub(in crate::imap) mod scram;
pub(in crate::imap) mod token_source;

use std::sync::Arc;
use std::time::{Duration, Instant};

use thiserror::Error;

use crate::imap::protocol::completion::{Completion, Status};
use crate::imap::protocol::error::ImapError;
use crate::imap::protocol::limits::Timeouts;
use crate::imap::protocol::tag::Tag;
use crate::imap::session::Session;
use crate::imap::session::list_cache::Detail;
use crate::imap::sign_in::connect::{Connection, connect};
use crate::imap::sign_in::connection_limit::Claim;
use crate::imap::sign_in::extra_connection::confirm_later;
use crate::imap::sign_in::pool::IdleSessions;
use crate::imap::sign_in::refusals::{ASK_THE_ADMIN, Meaning, meaning};
use crate::imap::sign_in::sasl::{Answer, Identity};
use crate::imap::sign_in::token_source::{TokenError, TokenProvider, TokenSource};
use crate::imap::transport::deflate::Compression;
use crate::imap::transport::redact::Redactor;
use crate::net::TrustPolicy;
use crate::values::{Endpoint, Secret, SignInWay};

/// Replies to the introduction that may come before the LIST is answered.
const MAX_EARLY: usize = 16;
/// How often a token is read again after a refusal: the program that refreshes it may be a moment late.
const TOKEN_TRIES: u32 = 5;
/// The same where this program renews the token itself: a renewed one that is refused as well will not be better next time.
const RENEWAL_TRIES: u32 = 2;
/// Between two such questions.
const TOKEN_PAUSE: Duration = Duration::from_secs(2);

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
    #[error("the provider requires an app password: {words}")]
    NeedsAppPassword {
        /// The server's words.
        words: String,
        /// Where the owner makes one.
        advice: &'static str,
    },
    /// The server says that the mailbox does not exist.
    #[error("the server has no such mailbox: {words}")]
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
    /// Exchange knows who signs in, and the mailbox does not open: “User is authenticated but not connected”.
    #[error("the mailbox does not open for who signs in: {words}")]
    NotConnected {
        /// The server's words.
        words: String,
    },
    /// Too many connections, throttling, or a server in trouble: later it may work.
    #[error("the server is busy: {words}")]
    ServerBusy {
        /// The server's words.
        words: String,
    },
    /// The server offers no way of signing in with a password.
    #[error(
        "the server accepts no password on this connection (LOGINDISABLED): use TLS or another way to sign in"
    )]
    LoginDisabled,
    /// The server did not take the token.
    #[error("the server refused the token: {words}")]
    TokenRefused {
        /// The server's words, with its explanation.
        words: String,
    },
    /// There is no token to sign in with.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// The server does not offer the mechanism that is needed.
    #[error("the server does not offer {wanted}; it offers {}", if offered.is_empty() { "no other" } else { offered })]
    NotOffered {
        /// What is needed.
        wanted: String,
        /// What there is.
        offered: String,
    },
    /// The server could not prove that it knows the password, so it may not be the one that it says.
    #[error("the server could not show that it knows the password: {0}")]
    ServerNotProven(&'static str),
    /// SCRAM with fewer rounds than RFC 7677 allows: a false server could find the password out from the proof.
    #[error("the server asks for {rounds} SCRAM rounds; RFC 7677 requires at least 4096")]
    TooFewRounds {
        /// What it asks for.
        rounds: u32,
    },
    /// SCRAM was asked for by name, and does not allow a character of the name or the password.
    #[error("the user name or password contains a character that SCRAM does not allow (RFC 4013)")]
    NotForScram,
    /// The admin may not open this mailbox, or it does not exist; some servers say so of a wrong password, too.
    #[error("the admin may not open this mailbox: {words}")]
    AdminRefused {
        /// The server's words.
        words: String,
    },
    /// Signed in for a mailbox, the admin sees its own one.
    #[error("this is the mailbox of {admin}, not the requested one")]
    AdminsOwnMailbox {
        /// The admin.
        admin: String,
    },
    /// The mailbox cannot be distinguished from the admin's own.
    #[error("the mailbox cannot be distinguished from that of {admin}: both are empty and look the same")]
    MailboxNotProven {
        /// The admin.
        admin: String,
    },
    /// No more connections to this server are allowed at the moment, by the owner and not by the server.
    #[error("the limit on connections to this server is reached")]
    ConnectionLimit,
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
            Self::Token(error) => error.is_temporary(),
            _ => false,
        }
    }
}

/// How to get into one mailbox on one server.
#[derive(Clone, Debug)]
pub struct Access {
    /// The server.
    pub endpoint: Endpoint,
    /// Certificates trusted for it in addition to the system's authorities.
    pub trust: TrustPolicy,
    /// User name.
    pub user: String,
    /// Password of the mailbox, or of the admin; empty where a token is used.
    pub secret: Secret,
    /// How long to wait for what.
    pub timeouts: Timeouts,
    /// Connections that an earlier step has signed in and no longer needs.
    pub idle: IdleSessions,
    /// Beyond name and password.
    pub options: AccessOptions,
    /// Gives and renews tokens where the way is a sign-in at a provider; a token itself is never kept here.
    pub tokens: Option<Arc<dyn TokenProvider>>,
}

/// Ways into a mailbox beyond a name and a password.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AccessOptions {
    /// What proves who signs in, and how.
    pub way: SignInWay,
    /// Whether what goes over the line is compressed.
    pub compression: Compression,
}

impl Access {
    /// A signed-in connection: one that an earlier step left behind, or a new one.
    pub async fn open(&self) -> Result<Session, SignInError> {
        match self.idle.take(self) {
            Some(session) => Ok(session),
            None => self.open_new().await,
        }
    }

    /// The same for whoever lists the folders first thing: a new connection asks for them with its first question, which
    /// saves a round trip.
    pub async fn open_to_list(&self, detail: Detail) -> Result<Session, SignInError> {
        match self.idle.take(self) {
            Some(session) => Ok(session),
            None => self.open_new_to_list(detail).await,
        }
    }

    /// The same as [`Self::open_new`] for whoever lists the folders first thing.
    pub async fn open_new_to_list(&self, detail: Detail) -> Result<Session, SignInError> {
        match self.options.way.admin() {
            // The proof of an admin's sign-in comes in between.
            Some(_) => self.open_new().await,
            None => self.enter(Behind::Introduction(Some(detail)), Claim::Wait).await,
        }
    }

    /// Connects and signs in. An admin's sign-in counts only when the inbox is not the admin's own.
    pub async fn open_new(&self) -> Result<Session, SignInError> {
        self.open_by(Claim::Wait).await
    }

    /// The same as [`Self::open_new`] where one connection more only makes the work faster: it waits for none of those
    /// that are allowed.
    pub async fn open_one_more(&self) -> Result<Session, SignInError> {
        self.open_by(Claim::IfFree).await
    }

    /// The same as [`Self::open`] for a moment's question beside a connection that cannot be given back first: where
    /// no more are allowed, it is one too many.
    pub async fn open_briefly(&self) -> Result<Session, SignInError> {
        match self.idle.take(self) {
            Some(session) => Ok(session),
            None => self.open_new_briefly().await,
        }
    }

    /// The same as [`Self::open_briefly`], and never a connection that an earlier step has left behind.
    pub async fn open_new_briefly(&self) -> Result<Session, SignInError> {
        self.open_by(Claim::Briefly).await
    }

    async fn open_by(&self, claim: Claim) -> Result<Session, SignInError> {
        let mut session = self.enter(Behind::Introduction(None), claim).await?;
        if let Some(admin) = self.options.way.admin() {
            // Boxed, as it opens a second connection.
            let words = Box::pin(admin_check::check(self, admin, &mut session)).await?;
            session.facts.note = Some(words);
        }
        Ok(session)
    }

    /// Connects and signs in, with a freshly read token.
    pub(super) async fn enter(&self, behind: Behind, claim: Claim) -> Result<Session, SignInError> {
        self.options.way.check().map_err(|misfit| SignInError::Refused { words: misfit.to_string() })?;
        let source = TokenSource {
            credential: &self.options.way.credential,
            provider: self.tokens.as_ref(),
            host: &self.endpoint.host,
        };
        let Some(token) = source.read(None).await else {
            return self.enter_with((&self.secret, false), behind, claim).await;
        };
        let mut token = token?;
        let mut tries = 1;
        let most = if source.provider.is_some() { RENEWAL_TRIES } else { TOKEN_TRIES };
        loop {
            let refused = match self.enter_with((&token, true), behind, claim).await {
                Err(SignInError::TokenRefused { words }) => SignInError::TokenRefused { words },
                settled => return settled,
            };
            // It may have expired a moment ago, with the next one on its way.
            let next = loop {
                if tries >= most {
                    return Err(refused);
                }
                tries += 1;
                let Some(next) = source.read(Some(&token)).await else { return Err(refused) };
                let next = next?;
                if next != token {
                    break next;
                }
                tokio::time::sleep(TOKEN_PAUSE).await;
            };
            token = next;
        }
    }

    async fn enter_with(
        &self,
        (secret, is_token): (&Secret, bool),
        behind: Behind,
        claim: Claim,
    ) -> Result<Session, SignInError> {
        let permit = self.idle.permit(&self.endpoint, claim).await?;
        let mut connection = connect(&self.endpoint, &self.trust, self.timeouts).await?;
        connection.session.permit = permit;
        let user = self.options.way.user_name(&self.user);
        let identity = Identity {
            user: &user,
            admin: self.options.way.authorised_by(),
            secret,
            is_token,
            endpoint: (&self.endpoint.host, self.endpoint.port),
        };
        connection.sign_in(&identity, &self.options, behind).await
    }

    /// Returns a connection without pending commands to the pool, for the next [`Self::open`].
    pub fn leave(&self, session: Session) {
        self.idle.leave(self, session);
    }
}

impl Connection {
    /// Signs in. The host's name helps to read refusals of providers that demand app passwords.
    /// Nothing that is kept of this connection holds the password or token, whatever the server repeats, and whenever.
    async fn sign_in(
        mut self,
        identity: &Identity<'_>,
        options: &AccessOptions,
        behind: Behind,
    ) -> Result<Session, SignInError> {
        let scrub = Redactor::new(identity.secret, &identity.messages());
        self.session.conceal(scrub.clone());
        match self.sign_in_in_words(identity, options, behind).await {
            Ok(mut session) => {
                // Until here words are read for what they mean, and nothing of them is kept but in an error.
                session.keep_out(scrub);
                Ok(session)
            }
            Err(error) => Err(error.redacted(&scrub)),
        }
    }

    async fn sign_in_in_words(
        self,
        identity: &Identity<'_>,
        options: &AccessOptions,
        behind: Behind,
    ) -> Result<Session, SignInError> {
        let mut session = self.session;
        // The greeting may have told; what came before STARTTLS does not count.
        if session.capabilities.is_empty() {
            session.run("CAPABILITY", "CAPABILITY", |_| {}).await?;
        }
        let mut is_told = true;
        if !self.is_preauthenticated {
            let told_before = session.capabilities_told;
            authenticate(&mut session, identity, options).await?;
            // What a server can do changes with the sign-in, and not every server says so by itself.
            is_told = session.capabilities_told > told_before;
        }
        let host = identity.endpoint.0;
        match behind {
            Behind::Later if is_told => confirm_later(&mut session, host),
            Behind::Later => confirm(&mut session, host, is_told, (options.compression, None)).await?,
            Behind::Introduction(lists) => {
                confirm(&mut session, host, is_told, (options.compression, lists)).await?;
            }
        }
        Ok(session)
    }
}

async fn authenticate(
    session: &mut Session,
    identity: &Identity<'_>,
    options: &AccessOptions,
) -> Result<(), SignInError> {
    let mechanisms = sasl::choose(&session.capabilities, options.way.mechanism, identity)?;
    for name in [identity.user, identity.secret.expose(), identity.admin.unwrap_or_default()] {
        if name.contains('\0') {
            return Err(ImapError::BadName(identity.user.replace('\0', "␀")).into());
        }
    }
    let mut refused = None;
    for mechanism in mechanisms {
        let answer = sasl::prove(session, mechanism, identity).await.map_err(|error| match error {
            SignInError::Imap(error) => closed_while_signing_in(error),
            other => other,
        })?;
        if answer.completion.is_ok() {
            return Ok(());
        }
        tracing::debug!(%mechanism, completion = ?answer.completion.code, "not signed in");
        let goes_on = answer.may_try_another;
        refused = Some(answer);
        if !goes_on {
            break;
        }
    }
    Err(refused.map_or(SignInError::LoginDisabled, |answer| refusal(&answer, identity)))
}

/// What a refusal means for this way of signing in.
fn refusal(answer: &Answer, identity: &Identity<'_>) -> SignInError {
    let classified = classify(&answer.completion, identity.endpoint.0);
    if matches!(classified, SignInError::ServerBusy { .. }) {
        return classified;
    }
    let words = match answer.explanation.as_str() {
        "" => answer.completion.to_string(),
        explanation => format!("{} ({explanation})", answer.completion),
    };
    if identity.is_token
        && !matches!(classified, SignInError::NotAllowed { .. } | SignInError::NotConnected { .. })
    {
        return SignInError::TokenRefused { words };
    }
    if identity.admin.is_some() && answer.completion.has_code("AUTHORIZATIONFAILED") {
        return SignInError::AdminRefused { words };
    }
    classified
}

/// A close in the middle of a sign-in is how some servers say "too many connections" (mox, at the 31st).
pub(super) fn closed_while_signing_in(error: ImapError) -> SignInError {
    match error {
        ImapError::Closed(words) => SignInError::ServerBusy {
            words: words.unwrap_or_else(|| "it closed the connection while signing in".to_owned()),
        },
        other => SignInError::Imap(other),
    }
}

/// What follows when the sign-in has been taken.
#[derive(Clone, Copy)]
pub(super) enum Behind {
    /// Its proof and the introduction, and where somebody wants them, the lists of all folders.
    Introduction(Option<Detail>),
    /// The questions, whose answers are read later.
    Later,
}

/// Proves the sign-in with a LIST. What else is to be asked goes along, so that all of it costs one round trip.
async fn confirm(
    session: &mut Session,
    host: &str,
    is_told: bool,
    wishes: (Compression, Option<Detail>),
) -> Result<(), SignInError> {
    let capability = (!is_told).then(|| session.submit("CAPABILITY"));
    let list = session.submit("LIST \"\" INBOX");
    if is_told {
        let (questions, compress) = introduce(session, wishes);
        finish_confirmation(session, host, list, questions).await?;
        return session.finish_compress(compress).await.map_err(SignInError::Imap);
    }
    if let Some(tag) = capability {
        session.finish(tag, |_| {}).await.map_err(closed_while_signing_in)?;
    }
    finish_confirmation(session, host, list, Vec::new()).await?;
    let (questions, compress) = introduce(session, wishes);
    session.finish_introduction(questions).await?;
    session.finish_compress(compress).await.map_err(SignInError::Imap)
}

/// Asks everything that depends on what the server can do. The tags of the introduction, and of COMPRESS.
fn introduce(
    session: &mut Session,
    (compression, lists): (Compression, Option<Detail>),
) -> (Vec<Tag>, Option<Tag>) {
    let mut questions = session.submit_introduction();
    if let Some(detail) = lists {
        questions.extend(session.submit_inbox_id());
        session.ask_lists(detail);
    }
    // Last, as what comes behind it is compressed already.
    let compress = session.submit_compress(compression);
    if compress.is_some()
        && let Some(asked) = &mut session.asked_lists
    {
        asked.commands += 1;
    }
    (questions, compress)
}

async fn finish_confirmation(
    session: &mut Session,
    host: &str,
    list: Tag,
    questions: Vec<Tag>,
) -> Result<(), SignInError> {
    let asked = Instant::now();
    let mut early = Vec::new();
    let completion =
        session.finish(list, |reply| early.extend((early.len() < MAX_EARLY).then_some(reply))).await;
    let completion = completion.map_err(closed_while_signing_in)?;
    session.first_answer = asked.elapsed();
    if !completion.is_ok() {
        return Err(refused_behind(completion, host));
    }
    for reply in early {
        session.note_introduction(reply);
    }
    session.finish_introduction(questions).await.map_err(SignInError::Imap)
}

/// What the refusal of a list right behind a sign-in means. Some servers turn people away with it; where nothing says so, the
/// sign-in stands, and the list alone is refused.
fn refused_behind(completion: Completion, host: &str) -> SignInError {
    match classify(&completion, host) {
        SignInError::NotAllowed { advice, .. } if advice == ASK_THE_ADMIN => list_refused(completion),
        turned_away @ (SignInError::ServerBusy { .. }
        | SignInError::NotConnected { .. }
        | SignInError::NoSuchMailbox { .. }
        | SignInError::NotAllowed { .. }
        | SignInError::Imap(_)) => turned_away,
        _ => list_refused(completion),
    }
}

fn list_refused(completion: Completion) -> SignInError {
    ImapError::Refused { command: "LIST", completion }.into()
}

pub(super) fn classify(completion: &Completion, host: &str) -> SignInError {
    let words = completion.to_string();
    match meaning(completion, host) {
        Meaning::PasswordRefused => SignInError::PasswordRefused { words },
        Meaning::NeedsAppPassword(advice) => SignInError::NeedsAppPassword { words, advice },
        Meaning::NoSuchMailbox => SignInError::NoSuchMailbox { words },
        Meaning::NotAllowed(advice) => SignInError::NotAllowed { words, advice },
        Meaning::NotConnected => SignInError::NotConnected { words },
        Meaning::Busy => SignInError::ServerBusy { words },
        // It says nothing about the password, and another connection may be understood.
        Meaning::Unknown if completion.status == Status::Bad => ImapError::NotUnderstood(words).into(),
        Meaning::Unknown => SignInError::Refused { words },
    }
}
