//! Why a switch cannot be watched, swept or finished.

use std::path::Path;

use super::sentence;
use crate::cutover::{CutoverError, KeepReason, keep_words};
use crate::engine::api::command::Command;
use crate::engine::api::day::date_time;
use crate::engine::api::user_error::UserError;
use crate::engine::system::input::InputError;
use crate::survey::MailboxTrouble;

pub(in crate::engine) fn cutover(error: &CutoverError) -> UserError {
    let (title, way, note) = match error {
        CutoverError::NothingToSwitch => (
            "There is no switch to watch",
            "Choose a provider and compute the records first",
            "In the window, on the page Records",
        ),
        CutoverError::UnreadableLine(_) => (
            "The plan of the records cannot be read",
            "Compute the records again",
            "In the window, on the page Records",
        ),
        CutoverError::NoSuchDomain(_) => (
            "The domain does not exist",
            "Check that the domain is still registered and delegated",
            "Until it exists again, mail to it is returned to its senders",
        ),
        CutoverError::NoServers { .. } => (
            "The name servers were not found",
            "Check the network connection, or name another resolver with --resolver",
            "For example 192.0.2.53:53",
        ),
        CutoverError::ClockWentBack { .. } => (
            "The clock of this computer is wrong",
            "Set the clock, then look again",
            "If it was ahead before and is right now, look again when it shows the time of the last look. Nothing was changed",
        ),
    };
    UserError::new(title, sentence(error)).or_else(way, note).caused_by(error)
}

/// The old server must go on running.
pub(in crate::engine) fn keeps_old_server(reason: KeepReason) -> UserError {
    let error =
        UserError::new("The move cannot be finished yet", format!("{}.", keep_words(reason, date_time)));
    match reason {
        KeepReason::LateMail | KeepReason::LastSweep => {
            error.or("Bring over late mail", "Nothing is copied twice", Command::SweepLateMail)
        }
        KeepReason::NotPublished | KeepReason::OldAnswers(_) | KeepReason::Queues(_) => {
            error.or("Check now", "Every name server and resolver is asked", Command::LookAtSwitch)
        }
    }
}

/// The file of a test message cannot be read.
pub(in crate::engine) fn message_not_opened(path: &Path, error: &InputError) -> UserError {
    UserError::new("The message could not be read", format!("{}: {error}.", path.display()))
        .or_else("Save the message as a file again (.eml)", "Most mail programs have “Save as” for it")
        .caused_by(error)
}

/// The file holds something else than a message.
pub(in crate::engine) fn no_message(name: &str) -> UserError {
    UserError::new(
        format!("“{name}” is no mail message"),
        "It does not begin with the header of a message, such as From, Date and Received.",
    )
    .or_else(
        "Save one message with its whole header (.eml)",
        "“Show original” or “View source” shows it, too",
    )
}

/// No mailbox has a test message, or none could be read.
pub(in crate::engine) fn no_test_found(
    subject: &str,
    addresses: &[&str],
    troubles: &[MailboxTrouble],
) -> UserError {
    let told: Vec<String> =
        troubles.iter().map(|one| format!("{}: {}", one.address, one.words.join("; "))).collect();
    if !told.is_empty() {
        return UserError::new("The mailbox could not be read", format!("{}.", told.join(". "))).or_else(
            "Check its sign-in",
            "In the window, on the page Mailboxes; or save the message as a file (.eml)",
        );
    }
    UserError::new(
        "No test message was found",
        format!("The inbox and the junk folder of {} hold no message of the last seven days with the subject “{subject}”.", addresses.join(", ")),
    )
    .or_else(
        "Send one with exactly this subject, wait a few minutes, and look again",
        "Some servers let mail of new senders wait for a quarter of an hour",
    )
}

/// The project has no such mailbox to look in.
pub(in crate::engine) fn no_such_test_mailbox(address: &str) -> UserError {
    UserError::new(
        format!("The project has no mailbox {address}"),
        "Test messages are looked for in mailboxes of the project, at the new provider.",
    )
    .or_else("Name one of its mailboxes", "The page Mailboxes and the list of the copy have them")
}

/// More messages than anybody sends for a test.
pub(in crate::engine) fn too_many_tests(most: usize) -> UserError {
    UserError::new("There are too many messages for a test", format!("At most {most} are judged at once."))
        .or_else("Choose a few of them", "For many messages, the audit reads them as evidence")
}

/// The records of a test message lead on without end.
pub(in crate::engine) fn endless_test(name: &str) -> UserError {
    UserError::new(format!("“{name}” could not be judged"), "Its records lead to more and more questions.")
        .or_else("Check the SPF record of its sender", "“mailferry spf” shows each step")
}

/// A sweep follows a whole copy.
pub(in crate::engine) fn nothing_to_sweep() -> UserError {
    UserError::new(
        "There is no late mail before the first copy",
        "A sweep brings over what came after every mailbox was copied, and that has not happened yet.",
    )
    .or("Start copying", "Every mailbox is copied first", Command::StartCopy)
}
