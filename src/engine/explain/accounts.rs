//! Errors and questions about the accounts of a copy.

use crate::engine::api::command::Command;
use crate::engine::api::user_error::UserError;
use crate::engine::attempt::Attempt;
use crate::plan::CopyMode;
use crate::project::ClaimError;

/// Another process is writing into the destination, or it is unknown whether one is.
pub(in crate::engine) fn not_claimed(destination: &Attempt, error: &ClaimError) -> UserError {
    match error {
        ClaimError::Busy { pid } => {
            let process = pid.map_or_else(String::new, |pid| format!(" (process {pid})"));
            UserError::new(
                format!(
                    "Mail is already being copied into {} at {}",
                    destination.user, destination.server.host
                ),
                format!(
                    "Another window or command is doing this{process}. Two at once could send messages twice."
                ),
            )
            .or_else("Let it finish, or stop it there", "What it copied is recognised")
            .or("Try again", "The copy continues where it is", Command::StartCopy)
        }
        ClaimError::Unavailable { .. } => no_account_lock(error),
    }
}

/// The list of accounts in use cannot be written.
pub(in crate::engine) fn no_account_lock(error: &ClaimError) -> UserError {
    let why = match error {
        ClaimError::Unavailable { folder, source } => format!(" {}: {source}.", folder.display()),
        ClaimError::Busy { .. } => String::new(),
    };
    UserError::new(
        "Mailferry cannot rule out a second copy into the same account",
        format!(
            "Mailferry records which accounts it is copying into, but cannot write that record.{why} Two copies at \
             once could send messages twice."
        ),
    )
    .or_else("Make that folder writable", "It must belong to you, and you must be able to write to it")
    .or(
        "Continue without it",
        "Make sure that nothing else copies into these accounts, then start the copy again; on the command line, add \
         --without-account-lock",
        Command::GoWithoutAccountLock,
    )
    .caused_by(error)
}

/// Source and destination are the same account.
pub(in crate::engine) fn same_account(source: &Attempt, destination: &Attempt) -> UserError {
    let named = |attempt: &Attempt| format!("{} at {}", attempt.user, attempt.server);
    UserError::new(
        "Source and destination are the same account",
        format!(
            "{} and {} open the same inbox. Copying it into itself would duplicate the mail.",
            named(source),
            named(destination)
        ),
    )
    .or_else("Correct the server or the user on one side", "Nothing was written")
    .or(
        "Sign in again",
        "Asks both servers again",
        Command::TestSignIn { mailboxes: vec![source.mailbox] },
    )
}

/// The server or user of an account changed since mail was copied.
pub(in crate::engine) fn accounts_renamed(known: &str, now: &Attempt, mode: CopyMode) -> UserError {
    let anew = if mode == CopyMode::BeforeSwitch {
        "Everything is compared and copied again"
    } else {
        "Everything is compared and copied again; what was moved or deleted since the switch arrives a second time"
    };
    UserError::new(
        "Is this the same account as before?",
        format!(
            "The {} was “{known}” and is now “{}”. What Mailferry knows about its mail is only valid for the same account.",
            now.side,
            now.account()
        ),
    )
    .or(
        "It is the same account",
        "Then start the copy again; on the command line, add --same-accounts",
        Command::NameAccounts { are_same: true },
    )
    .or("It is another account", anew, Command::NameAccounts { are_same: false })
}
