//! Questions about the accounts of a copy.

use crate::engine::sign_in_job::Attempt;
use crate::engine::{Command, UserError};
use crate::plan::CopyMode;

/// Another window or command copies into the same account.
pub(in crate::engine) fn account_busy(destination: &Attempt, pid: Option<u32>) -> UserError {
    let process = pid.map_or_else(String::new, |pid| format!(" (process {pid})"));
    UserError::new(
        format!("Mail is already being copied into {} at {}", destination.user, destination.server.host),
        format!("Another window or command does so{process}. Two at once could send messages twice."),
    )
    .or_else("Let it come to its end, or stop it there", "What it has copied is recognised")
    .or("Try again", "Nothing was begun here", Command::StartCopy)
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
