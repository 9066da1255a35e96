//! Questions about the accounts of a copy.

use crate::engine::api::command::Command;
use crate::engine::api::user_error::UserError;
use crate::engine::attempt::Attempt;
use crate::plan::CopyMode;
use crate::project::ClaimError;

/// Others write into the destination, or nobody can say whether they do.
pub(in crate::engine) fn not_claimed(destination: &Attempt, error: &ClaimError) -> UserError {
    match error {
        ClaimError::Busy { pid } => {
            let process = pid.map_or_else(String::new, |pid| format!(" (process {pid})"));
            UserError::new(
                format!(
                    "Mail is already being copied into {} at {}",
                    destination.user, destination.server.host
                ),
                format!("Another window or command does so{process}. Two at once could send messages twice."),
            )
            .or_else("Let it come to its end, or stop it there", "What it has copied is recognised")
            .or("Try again", "The copy goes on where it stands", Command::StartCopy)
        }
        ClaimError::Unavailable { .. } => no_account_lock(error),
    }
}

/// The list of accounts that are written into cannot be kept.
pub(in crate::engine) fn no_account_lock(error: &ClaimError) -> UserError {
    let why = match error {
        ClaimError::Unavailable { folder, source } => format!(" {}: {source}.", folder.display()),
        ClaimError::Busy { .. } => String::new(),
    };
    UserError::new(
        "Nothing would keep a second copy from running into the same account",
        format!(
            "The program keeps a list of the accounts that it copies into, and cannot write it.{why} Two copies at \
             once could send messages twice."
        ),
    )
    .or_else("Make room for that list", "The folder must be yours, and you must be able to write into it")
    .or(
        "Go on without it",
        "Make sure that nothing else copies into these accounts, then start the copy again; a command says so with \
         --without-account-lock",
        Command::GoWithoutAccountLock,
    )
    .caused_by(error)
}

/// A copy would copy an account into itself.
pub(in crate::engine) fn same_account(source: &Attempt, destination: &Attempt) -> UserError {
    let named = |attempt: &Attempt| format!("{} at {}", attempt.user, attempt.server);
    UserError::new(
        "Source and destination are the same account",
        format!(
            "{} and {} lead to the same inbox. A copy into itself would double the mail.",
            named(source),
            named(destination)
        ),
    )
    .or_else("Correct the server or the user on one side", "Nothing was written")
    .or(
        "Sign in again",
        "Asks both servers once more",
        Command::TestSignIn { mailboxes: vec![source.mailbox] },
    )
}

/// An account is named in another way than when mail was copied.
pub(in crate::engine) fn accounts_renamed(known: &str, now: &Attempt, mode: CopyMode) -> UserError {
    let anew = if mode == CopyMode::BeforeSwitch {
        "Everything is compared and copied anew"
    } else {
        "Everything is compared and copied anew: what was moved or deleted since the switch comes a second time"
    };
    UserError::new(
        "Is this the account that mail was copied with before?",
        format!(
            "The {} was “{known}” and is “{}” now. What is known of its mail holds for the same account only.",
            now.side,
            now.account()
        ),
    )
    .or(
        "It is the same account",
        "Then start the copy again; a command says so with --same-accounts",
        Command::NameAccounts { are_same: true },
    )
    .or("It is another account", anew, Command::NameAccounts { are_same: false })
}
