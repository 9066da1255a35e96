//! Errors of mail servers: signing in, copying, verifying.

use std::collections::BTreeMap;

use super::response_codes::{ResponseCode, response_code};
use super::{certificates, not_claimed, project, same_account, sentence, sign_ins};
use crate::engine::api::command::Command;
use crate::engine::api::snapshot::SignInState;
use crate::engine::api::user_error::UserError;
use crate::engine::attempt::Attempt;
use crate::imap::{Completion, ImapError, LastWords, SignInError, TokenError};
use crate::net::NetError;
use crate::plan::{MailboxPlan, Rest};
use crate::project::{Ledger, LedgerTotals};
use crate::transfer::{Doubler, TransferError};
use crate::values::{Bytes, Credential, Endpoint, MisfitError, Side, counted, counted_as};

/// The code of an error that a sign-in ended with.
pub(in crate::engine) const SIGN_IN_FAILED: &str = "sign-in-failed";

/// No password is kept for this side.
pub(in crate::engine) fn needs_password(attempt: &Attempt) -> UserError {
    UserError::new(
        format!("There is no password for {} at {}", attempt.signs_in(), attempt.server.host),
        "It has not been entered yet, or it was kept only for an earlier session.",
    )
    .or_else("Enter the password", "In its row, or with a command-line option")
}

/// A failed sign-in: its state in the table, and the explanation.
pub(in crate::engine) fn sign_in(attempt: &Attempt, error: &SignInError) -> (SignInState, UserError) {
    let host = &attempt.server.host;
    let user = attempt.signs_in();
    let again = Command::TestSignIn { mailboxes: vec![attempt.mailbox] };
    let try_again = |error: UserError| error.or("Sign in again", "", again.clone());
    let (state, explained) = match error {
        SignInError::PasswordRefused { words } => {
            (SignInState::PasswordRefused, try_again(wrong_password(host, user).with_server_words(words)))
        }
        SignInError::NeedsAppPassword { words, advice } => (
            SignInState::NeedsAppPassword,
            UserError::new(
                format!("{host} requires an app password"),
                "The account's own password is not accepted over IMAP.",
            )
            .with_server_words(words)
            .or_else("Create an app password and enter it here", advice),
        ),
        SignInError::NoSuchMailbox { words } => {
            (SignInState::NoSuchMailbox, try_again(no_such_mailbox(host, user).with_server_words(words)))
        }
        SignInError::NotAllowed { words, advice } => (
            SignInState::Failed,
            try_again(not_allowed(host, user).with_server_words(words).or_else("Allow IMAP", advice)),
        ),
        SignInError::NotConnected { words } => {
            (SignInState::Failed, try_again(sign_ins::not_connected(attempt).with_server_words(words)))
        }
        SignInError::ServerBusy { words } => (
            SignInState::Failed,
            try_again(
                busy(host, words)
                    .with_server_words(words)
                    .or_else("Wait a few minutes", "These limits reset on their own"),
            ),
        ),
        SignInError::LoginDisabled => (
            SignInState::Failed,
            UserError::new(format!("{host} does not accept passwords on this connection"), sentence(error))
                .or_else("Use TLS (port 993)", "Wherever the server is entered"),
        ),
        SignInError::Refused { words } => (
            SignInState::Failed,
            try_again(
                UserError::new(format!("{host} refused the sign-in of {user}"), "It did not say why.")
                    .with_server_words(words),
            ),
        ),
        SignInError::TokenRefused { .. } | SignInError::Token(_) | SignInError::NotOffered { .. } => {
            (token_state(attempt, error), try_again(token(attempt, error)))
        }
        SignInError::NotForScram => (
            SignInState::Failed,
            try_again(
                UserError::new(
                    format!("{user} cannot sign in to {host} with SCRAM-SHA-256"),
                    sentence(error),
                )
                .or_else("Choose the mechanism PLAIN for this mailbox", "It accepts every character"),
            ),
        ),
        SignInError::ConnectionLimit => (
            SignInState::Failed,
            try_again(UserError::new(
                format!("The connection limit for {host} is reached"),
                "It is the limit you set with --max-connections, not the server's.",
            )),
        ),
        SignInError::AdminRefused { .. }
        | SignInError::AdminsOwnMailbox { .. }
        | SignInError::MailboxNotProven { .. }
        | SignInError::TooFewRounds { .. }
        | SignInError::ServerNotProven(_) => (SignInState::Failed, try_again(whose(attempt, error))),
        SignInError::Imap(inner) => return connection(attempt, inner, try_again),
    };
    let explained = match response_code(turned_away(error)) {
        None => explained,
        Some(code) => coded_refusal(attempt, explained, turned_away(error), code, again),
    };
    (state, explained.caused_by(error))
}

/// The server's words on rejecting a sign-in, if they can have several causes.
fn turned_away(error: &SignInError) -> &str {
    match error {
        SignInError::ServerBusy { words }
        | SignInError::NotAllowed { words, .. }
        | SignInError::Refused { words } => words,
        _ => "",
    }
}

/// A sign-in rejected with a response code.
fn coded_refusal(
    attempt: &Attempt,
    explained: UserError,
    words: &str,
    code: &ResponseCode,
    again: Command,
) -> UserError {
    // These two mean a busy server; the others have a title of their own.
    if ["LIMIT", "INUSE"].contains(&code.name) {
        return by_code(explained, words);
    }
    let title = format!("{} did not let {} sign in", attempt.server.host, attempt.signs_in());
    let plain = UserError::new(title, code.meaning).with_server_words(words);
    by_code(plain.or("Sign in again", "", again), words)
}

/// If the server gives a response code, explains the code rather than the usual cause.
fn by_code(mut explained: UserError, words: &str) -> UserError {
    if let Some(code) = response_code(words) {
        code.meaning.clone_into(&mut explained.cause);
        explained = explained.or_else(code.way_out.what, code.way_out.consequence);
        explained.ways_out.rotate_right(1);
    }
    explained
}

/// A server that is busy or reports an internal fault.
fn busy(host: &str, words: &str) -> UserError {
    match LastWords::of(words) {
        LastWords::Fault => UserError::new(
            format!("{host} reports an internal fault"),
            "Nobody can sign in at the moment; it did not check the user name and password.",
        ),
        LastWords::Load | LastWords::AboutSignIn | LastWords::Unknown => UserError::new(
            format!("{host} is busy"),
            "It accepts no more connections right now, or is throttling this account.",
        ),
    }
}

fn no_such_mailbox(host: &str, user: &str) -> UserError {
    UserError::new(
        format!("{host} has no mailbox {user}"),
        "It must exist before mail can be copied into it.",
    )
    .or_else("Create the mailbox at the provider", "Or correct the user name")
}

fn not_allowed(host: &str, user: &str) -> UserError {
    UserError::new(format!("{host} does not allow IMAP for {user}"), "IMAP is turned off for this mailbox.")
}

fn wrong_password(host: &str, user: &str) -> UserError {
    UserError::new(
        format!("{host} did not accept the password of {user}"),
        "The user name or the password is wrong.",
    )
    .or_else("Enter the password again", "In its row, or with a command-line option")
    .or_else(
        "Check the user name",
        "Some servers expect the whole address, others only the part before the “@”",
    )
}

/// Whether a person has to sign in at the provider.
fn token_state(attempt: &Attempt, error: &SignInError) -> SignInState {
    match error {
        SignInError::Token(TokenError::Grant(problem)) => sign_ins::state_of(attempt, problem),
        _ => SignInState::Failed,
    }
}

/// Missing and rejected tokens, and mechanisms the server does not offer.
fn token(attempt: &Attempt, error: &SignInError) -> UserError {
    let (host, user) = (&attempt.server.host, &attempt.user);
    match error {
        SignInError::Token(TokenError::Grant(problem)) => sign_ins::of_mailbox(attempt, problem),
        SignInError::TokenRefused { words } => UserError::new(
            format!("{host} did not accept the token of {user}"),
            "It has expired, is for another mailbox, or does not allow IMAP.",
        )
        .with_server_words(words)
        .or_else(
            "Get a new token",
            match attempt.way.credential {
                Credential::SignedIn(_) => "Sign in again at the provider, as this user",
                Credential::KeyFile(_) => "Check that the key may act for this mailbox",
                _ => "The program that refreshes it may have stopped; Mailferry reads the token again for every connection",
            },
        )
        .or_else("Check what the token is for", "It needs the IMAP scope, and this mailbox as its user"),
        SignInError::NotOffered { .. } => {
            UserError::new(format!("{host} does not offer this way to sign in"), sentence(error))
                .or_else("Choose another way to sign in", "In its row, or with a command-line option")
        }
        other => UserError::new(format!("There is no token for {user} at {host}"), sentence(other))
            .or_else("Check the token file or command", "In its row, or with a command-line option"),
    }
}

/// Sign-ins that succeeded but opened the wrong mailbox or reached the wrong server.
fn whose(attempt: &Attempt, error: &SignInError) -> UserError {
    let (host, user) = (&attempt.server.host, &attempt.user);
    match error {
        SignInError::AdminRefused { words } => UserError::new(
            format!("{} may not open the mailbox {user} at {host}", attempt.signs_in()),
            "The admin's password is wrong, the admin has no access to the mailbox, or the mailbox does not exist.",
        )
        .with_server_words(words)
        .or_else("Allow the admin to sign in for others", "On the server; or correct the user name"),
        SignInError::AdminsOwnMailbox { admin } => UserError::new(
            format!("{host} opened the mailbox of {admin} instead of {user}"),
            format!(
                "The inbox is the one of {admin}, so the server ignored whom {admin} was signing in for."
            ),
        )
        .or_else(
            "Use the form of admin names that this server expects",
            "Many expect both names in one, such as anna*admin: enter the form of the name next to the admin",
        ),
        SignInError::MailboxNotProven { admin } => UserError::new(
            format!("It is unclear whose mailbox {host} opened"),
            format!("The inboxes of {user} and of {admin} are both empty and look the same."),
        )
        .or_else("Send a message to one of the two mailboxes", "Then sign in again"),
        SignInError::TooFewRounds { .. } => UserError::new(
            format!("{host} protects the password too weakly"),
            format!(
                "{} Anyone impersonating this server could work out the password from the answer.",
                sentence(error)
            ),
        )
        .or_else(
            "Have the password of this mailbox set again on the server",
            "With SCRAM-SHA-256 and 4,096 rounds or more",
        )
        .or_else(
            "Choose the mechanism PLAIN for this mailbox",
            "In its row, or as ;AUTH=PLAIN in the address: TLS alone then protects the password",
        ),
        other => UserError::new(format!("{host} may not be the server it claims to be"), sentence(other))
            .or_else("Check the server's name and certificate", "The password was not sent"),
    }
}

/// The sign-in mechanism does not fit the credentials.
pub(in crate::engine) fn sign_in_way(misfit: &MisfitError) -> UserError {
    UserError::new("This way to sign in cannot work", sentence(misfit))
        .or_else("Choose another mechanism, or none", "Nothing was changed")
        .caused_by(misfit)
}

/// A connection that failed after the sign-in but before anything was copied.
pub(in crate::engine) fn talk(attempt: &Attempt, error: &ImapError) -> (SignInState, UserError) {
    let again = Command::TestSignIn { mailboxes: vec![attempt.mailbox] };
    connection(attempt, error, |error| error.or("Sign in again", "", again.clone()))
}

/// A connection that failed before or during the sign-in.
fn connection(
    attempt: &Attempt,
    error: &ImapError,
    try_again: impl Fn(UserError) -> UserError,
) -> (SignInState, UserError) {
    let server = &attempt.server;
    let place = match attempt.side {
        Side::Source => "On the Domain page, or in --from",
        Side::Destination => "On the Destination page, or in --to",
    };
    let (state, explained) = match error {
        ImapError::Net(NetError::CertificateNotKnown(facts)) => certificates::not_known(attempt, facts),
        ImapError::Net(NetError::CertificateChanged { approved, shown }) => {
            certificates::changed(attempt, *approved, shown)
        }
        ImapError::Net(NetError::NoAddress { .. } | NetError::NotReached { .. }) => (
            SignInState::ServerNotReached,
            try_again(not_reached(server, error).or_else("Check the server's name and port", place)),
        ),
        ImapError::StartTlsRefused(_) | ImapError::StartTlsInjected | ImapError::ClearText(_) => (
            SignInState::Failed,
            UserError::new(format!("The connection to {} is not safe", server.host), sentence(error))
                .or_else("Use TLS (port 993)", place),
        ),
        ImapError::Refused { command, completion } => {
            (SignInState::Failed, refused_command(attempt, command, completion))
        }
        _ => (
            SignInState::Failed,
            try_again(by_code(
                UserError::new(format!("The exchange with {} failed", server.host), sentence(error))
                    .with_server_words(&said(error)),
                &said(error),
            )),
        ),
    };
    (state, explained.caused_by(error))
}

/// A command that the server refused once it had accepted the sign-in.
fn refused_command(attempt: &Attempt, command: &str, refused: &Completion) -> UserError {
    let title = format!("{} did not {} for {}", attempt.server.host, asked_for(command), attempt.signs_in());
    let cause = format!("It accepted the sign-in, and refused the command {command}.");
    let words = refused.to_string();
    let again = Command::TestSignIn { mailboxes: vec![attempt.mailbox] };
    let mut explained = UserError::new(title, cause).with_server_words(&words);
    if let Some(code) = response_code(&words) {
        explained.cause = format!("{} {}", explained.cause, code.meaning);
        explained = explained.or_else(code.way_out.what, code.way_out.consequence);
    } else {
        explained =
            explained.or_else("Ask the server's admin why it refuses this", "Show them the server’s words");
    }
    explained.or("Try again", "", again)
}

/// What was asked of a server with this command, as words behind “did not”.
fn asked_for(command: &str) -> &'static str {
    match command {
        "LIST" | "LSUB" | "XLIST" => "list the folders",
        "STATUS" => "count the messages in a folder",
        "NAMESPACE" => "say where the folders are",
        "SELECT" | "EXAMINE" => "open a folder",
        "FETCH" => "return messages",
        "SEARCH" => "search a folder",
        "APPEND" => "store a message",
        "STORE" => "change the flags of messages",
        "CREATE" => "create a folder",
        "GETQUOTAROOT" => "say how much space is left",
        _ => "do what it was asked",
    }
}

/// The server's own words, if it gave any.
fn said(error: &ImapError) -> String {
    match error {
        ImapError::NotUnderstood(words) | ImapError::TurnedAway(words) => words.clone(),
        ImapError::Closed(words) => words.clone().unwrap_or_default(),
        // With its code, which says more than the text.
        ImapError::Refused { completion, .. } => completion.to_string(),
        _ => String::new(),
    }
}

fn not_reached(server: &Endpoint, error: &ImapError) -> UserError {
    UserError::new(format!("{server} could not be reached"), sentence(error))
        .or_else("Check the network connection", "And whether a firewall is in the way")
}

/// The code of a mailbox that is full at the destination.
pub const DESTINATION_FULL: &str = "destination-full";

/// The copy of a mailbox ended early. If it is full at the destination, its remaining messages can stay at the source or be saved as files.
pub(in crate::engine) fn stopped_copy(
    source: &Attempt,
    destination: &Attempt,
    ledger: &Ledger,
    error: &TransferError,
) -> UserError {
    let explained = transfer(source, destination, error);
    if !matches!(error, TransferError::DestinationFull { .. }) {
        return explained;
    }
    let left = ledger.totals().unwrap_or_else(|error| {
        tracing::warn!(%error, "the rest of a full mailbox could not be counted");
        LedgerTotals::default()
    });
    let (messages, bytes) = (left.sum.to_do, Bytes(left.bytes_total.0.saturating_sub(left.bytes_done.0)));
    let settle = |rest| Command::SettleRest { mailboxes: vec![source.mailbox], rest };
    let stay = if messages == 1 { "stays" } else { "stay" };
    explained
        .or(
            "Leave out the rest",
            &format!("{} {stay} on your server", counted(messages, "message")),
            settle(Rest::LeaveOut),
        )
        .or(
            "Save the rest as .eml",
            &format!("Needs {bytes} on this computer, next to the project"),
            settle(Rest::Save),
        )
}

/// Why the copy or the count of a mailbox cannot continue on its own.
pub(in crate::engine) fn transfer(
    source: &Attempt,
    destination: &Attempt,
    error: &TransferError,
) -> UserError {
    transfer_words(source, destination, error).coded(match error {
        TransferError::SignIn { .. } => SIGN_IN_FAILED,
        TransferError::Server { source, .. } if source.is_connection_lost() => "connection-lost",
        TransferError::Server { .. } => "server-unusable",
        TransferError::FolderChanged { .. } => "folder-changed",
        TransferError::DestinationFull { .. } => DESTINATION_FULL,
        TransferError::NotRecovered { .. } => "server-not-recovered",
        TransferError::SecondRun { .. } => "second-run",
        TransferError::Throttled { .. } => "server-asks-to-wait",
        TransferError::Search(_) => "search-unusable",
        TransferError::DailyLimit { .. } => "daily-limit",
        TransferError::SameAccount => "same-account",
        TransferError::NotClaimed(_) => "account-not-claimed",
        TransferError::Project(_) => "project-unusable",
    })
}

fn folder_changed(host: &str, error: &TransferError) -> UserError {
    UserError::new(format!("A folder at {host} keeps changing while it is being copied"), sentence(error))
        .or("Continue", "What was copied stays; only the rest is copied", Command::StartCopy)
        .or_else("Find out what else uses the folder", "Another program may be deleting and recreating it")
        .caused_by(error)
}

fn transfer_words(source: &Attempt, destination: &Attempt, error: &TransferError) -> UserError {
    let attempt = |side: Side| match side {
        Side::Source => source,
        Side::Destination => destination,
    };
    match error {
        TransferError::SignIn { side, source } => sign_in(attempt(*side), source).1,
        TransferError::Server { side, source } => {
            unusable(&attempt(*side).server.host, source).caused_by(error)
        }
        TransferError::FolderChanged { side, .. } => folder_changed(&attempt(*side).server.host, error),
        TransferError::DestinationFull { words } => {
            UserError::new("The mailbox at the provider is full", "It has no room for more mail.")
                .with_server_words(words)
                .or(
                    "Continue",
                    "After you have given it more space at the provider, or deleted mail there",
                    Command::StartCopy,
                )
                .caused_by(error)
        }
        TransferError::NotRecovered { side, tries, seconds, words } => UserError::new(
            format!("{} did not recover", attempt(*side).server.host),
            format!(
                "It gave the same answer {tries} times within {}. The rest is still to do.",
                crate::plan::duration_words(*seconds)
            ),
        )
        .with_server_words(words)
        .or("Continue", "What was copied stays; only the rest is copied", Command::StartCopy)
        .or_else(
            response_code(words).map_or("Ask the server's admin what is wrong", |code| code.way_out.what),
            "",
        )
        .caused_by(error),
        TransferError::SecondRun { folder, doubled, by } => {
            second_run(folder, *doubled, *by).caused_by(error)
        }
        TransferError::Throttled { side, seconds, words, .. } => UserError::new(
            format!("{} asks for a pause", attempt(*side).server.host),
            format!("It asked Mailferry to wait {}.", crate::plan::duration_words(*seconds)),
        )
        .with_server_words(words)
        .or("Continue", "Once that time has passed", Command::StartCopy)
        .caused_by(error),
        TransferError::Search(inner) => {
            UserError::new("The IMAP search in the filter does not work", sentence(inner))
                .or_else(
                    "Rewrite the search",
                    "For example FROM \"bank\" UNSEEN, or filter by date and size instead",
                )
                .caused_by(error)
        }
        TransferError::DailyLimit { side, words, .. } => {
            UserError::new(format!("{} allows no more today", attempt(*side).server.host), words.clone())
                .or("Continue", "When the next day begins (00:00 UTC)", Command::StartCopy)
                .caused_by(error)
        }
        TransferError::SameAccount => same_account(source, destination),
        TransferError::NotClaimed(inner) => not_claimed(destination, inner),
        TransferError::Project(inner) => project(inner),
    }
}

/// Copies of the same mail that this run has not sent.
fn second_run(folder: &str, doubled: usize, by: Doubler) -> UserError {
    let messages = counted_as(doubled, "message", "messages");
    let is_or_are = if doubled == 1 { "is" } else { "are" };
    let again = "What is there by then is recognised and not sent again";
    match by {
        Doubler::OtherRun => {
            let what = match doubled {
                0 => format!("Copies from elsewhere keep arriving in {folder}. Nothing was sent twice."),
                1 => format!("Both sent 1 message to {folder}; it is there twice."),
                _ => format!("Both sent the same {messages} to {folder}; they are there twice."),
            };
            UserError::new("Another program is copying the same mail into this account", what)
                .or_else(
                    "Stop the other run",
                    "Mailferry may be running on another computer or on a schedule; only one may run at a time",
                )
                .or("Continue", again, Command::StartCopy)
        }
        Doubler::Unclear => UserError::new(
            "Messages arrive twice in this account",
            format!(
                "{messages} {is_or_are} in {folder} twice, side by side. Either the server stores messages twice, or \
                 another program is copying the same mail."
            ),
        )
        .or_else("Make sure that no other program copies", "On this computer, another one, or on a schedule")
        .or("Continue", again, Command::StartCopy)
        .or_else("If it happens again, ask the provider why its server stores messages twice", ""),
        Doubler::Server => UserError::new(
            "The provider’s server stores messages twice",
            format!("{messages} {is_or_are} in {folder} twice, side by side, for the second time in this run."),
        )
        .or_else("Ask the provider why its server stores messages twice", "Then delete one of each pair")
        .or("Continue", again, Command::StartCopy),
    }
}

/// A server that can no longer be used. The network is mentioned only if the connection itself failed.
fn unusable(host: &str, error: &ImapError) -> UserError {
    let words = said(error);
    let code = response_code(&words);
    let cause = code.map_or_else(|| sentence(error), |code| format!("{} {}", code.meaning, sentence(error)));
    let title = match error {
        ImapError::Refused { command, .. } => format!("{host} did not {}", asked_for(command)),
        _ => format!("{host} can no longer be used"),
    };
    let explained = UserError::new(title, cause).with_server_words(&words).or(
        "Continue",
        "What was copied stays; only the rest is copied",
        Command::StartCopy,
    );
    match code {
        Some(code) => explained.or_else(code.way_out.what, code.way_out.consequence),
        None if error.is_connection_lost() => explained.or_else("Check the network connection", ""),
        None => explained.or_else("Ask the server's admin what is wrong", ""),
    }
}

/// One sentence for each folder the server does not let Mailferry count.
pub(in crate::engine) fn uncounted(plan: &MailboxPlan, left: &BTreeMap<String, String>) -> Vec<String> {
    let name = |raw: &String| {
        let folder = plan.folders.iter().find(|folder| folder.source_raw == *raw);
        folder.map_or_else(|| raw.clone(), |folder| folder.source.to_string())
    };
    let sentence = |(raw, words): (&String, &String)| {
        format!(
            "The folder {} could not be counted because your server closes the connection when asked about it: {words}. All \
             other folders are copied; leave this one out if it cannot be read either",
            name(raw)
        )
    };
    left.iter().map(sentence).collect()
}
