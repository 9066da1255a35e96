//! Every error that a person sees, in one place: what happened, why, and at least one way out.

mod accounts;
mod certificates;
mod folders;
mod problems;
mod reasons;
mod response_codes;
mod servers;
mod trust;
mod verifications;

use std::fmt::Display;
use std::io;
use std::path::Path;

use crate::dns::DnsError;
use crate::engine::api::command::Command;
use crate::engine::api::snapshot::KeyringStatus;
use crate::engine::api::user_error::UserError;
use crate::engine::job_kind::JobKind;
use crate::engine::system::input::InputError;
use crate::engine::system::output_file::OutputError;
use crate::plan::{CsvError, FilterError, FolderPath};
use crate::project::ProjectError;
use crate::providers::{AnswerError, AnswersFileError, Catalogue, ProviderId};
use crate::records::ZoneFileError;
use crate::secrets::StoreStatus;
use crate::survey::{EvidenceError, SurveyError};
use crate::values::{DomainName, DomainNameError, EmailAddressError};

pub(super) use accounts::{accounts_renamed, no_account_lock, not_claimed, same_account};
pub(super) use folders::folders;
pub(super) use problems::problem;
pub use reasons::{reason_words, rename_words, why};
pub(super) use servers::{needs_password, sign_in, sign_in_way, talk, transfer, uncounted};
pub(super) use verifications::differences;

/// The first letter in upper case, for errors whose own words begin in lower case.
fn sentence(words: &impl Display) -> String {
    let words = words.to_string();
    // A path or an address at the beginning keeps its spelling.
    let is_word = words.split_whitespace().next().is_some_and(|word| word.chars().all(char::is_alphabetic));
    let mut letters = words.chars();
    let begun = match letters.next() {
        Some(first) if is_word => first.to_uppercase().chain(letters).collect(),
        _ => words,
    };
    if begun.ends_with(['.', '?']) { begun } else { format!("{begun}.") }
}

/// What was typed is no domain.
pub(super) fn domain_name(error: &DomainNameError) -> UserError {
    UserError::new("That is not a domain", sentence(error))
        .or_else("Type the part of your mail addresses after the “@”", "As in example.org")
        .caused_by(error)
}

/// What was typed is no address.
pub(super) fn email_address(error: &EmailAddressError) -> UserError {
    UserError::new("That is not a mail address", sentence(error))
        .or_else("Type the whole address", "As in anna@example.org")
        .caused_by(error)
}

/// A folder for projects could not be made.
pub(super) fn folder_not_made(folder: &Path, error: &io::Error) -> UserError {
    UserError::new(
        "The project has no place to be saved",
        format!("The folder {} could not be made: {error}.", folder.display()),
    )
    .or_else("Choose another place for the project", "Nothing was written")
}

/// Files with evidence that cannot be read.
pub(super) fn evidence(error: &EvidenceError) -> UserError {
    match error {
        EvidenceError::Open { source, .. } => UserError::new(
            "A file with evidence cannot be read",
            format!("{}: {source}.", sentence(error).trim_end_matches('.')),
        )
        .or_else("Check the name and the rights of the file or folder", "Nothing was read")
        .caused_by(error),
        EvidenceError::Cancelled => cancelled(),
    }
}

/// The project file, while it is open.
pub(super) fn project(error: &ProjectError) -> UserError {
    let (title, way) = match error {
        ProjectError::DiskFull(_) => {
            ("The disk is full", "Make room, then do it again; everything saved before is intact")
        }
        ProjectError::ReadOnly(_) => {
            ("The project cannot be written", "Check the rights of the file and its folder")
        }
        ProjectError::Corrupt(_) => {
            ("The project file is damaged", "Restore it from a copy, or begin a new project")
        }
        ProjectError::ForeignSchema(_) => (
            "Somebody has changed the inside of this project file",
            "Take a copy that you trust, or begin a new project; nothing of this one was run",
        ),
        ProjectError::InTheWay(_) => {
            ("Something lies where the project needs a file", "Move it away, then try again")
        }
        ProjectError::NotAProject(_) => {
            ("This file is not a Mailferry project", "Choose a file that ends in .mailferry")
        }
        ProjectError::Newer { .. } => {
            ("This project comes from a newer Mailferry", "Update Mailferry; the file was not changed")
        }
        ProjectError::Locked { .. } => {
            ("This project is already open in another window", "Close it there, then open it here")
        }
        ProjectError::AlreadyExists(_) => {
            ("There is a file of that name already", "Open it, or choose another name; it was not changed")
        }
        _ => (
            "The project file could not be used",
            "Check the disk and the rights of the file, then try again",
        ),
    };
    UserError::new(title, sentence(error)).or_else(way, "").caused_by(error)
}

/// A project file that could not be opened or made.
pub(super) fn project_at(path: &Path, error: &ProjectError) -> UserError {
    let mut explained = project(error);
    let path_words = path.display().to_string();
    if !explained.cause.contains(&path_words) {
        explained.cause = format!("{path_words}: {}", explained.cause);
    }
    match error {
        ProjectError::Locked { .. } | ProjectError::DiskFull(_) | ProjectError::ReadOnly(_) => {
            explained.or("Try again", "Opens the same file", Command::OpenProject(path.to_path_buf()))
        }
        _ => explained,
    }
}

/// No resolver can be asked.
pub(super) fn dns(error: &DnsError) -> UserError {
    let title = match error {
        DnsError::BadAddress(_) => "That is not a resolver",
        DnsError::UnknownHost { .. } => "The resolver was not found",
        DnsError::NoSystemResolver(_) => "This computer has no resolver",
        DnsError::Dead { .. } => "The resolver does not answer",
    };
    UserError::new(title, sentence(error))
        .or_else("Check the network connection", "Then ask again")
        .or_else("Name another resolver", "Such as 192.0.2.53:53; empty means the system's")
        .caused_by(error)
}

/// The survey gave no facts.
pub(super) fn survey(error: &SurveyError) -> UserError {
    match error {
        SurveyError::Dns(error) => dns(error),
        SurveyError::NoSuchDomain(domain) => UserError::new(
            format!("The domain {domain} does not exist"),
            "The DNS says that there is no such name, so there are no records to plan.",
        )
        .or_else("Check the spelling", "A domain that was registered today may take some hours to appear"),
        SurveyError::Cancelled => cancelled(),
    }
}

/// No way of finding the server led anywhere.
pub(super) fn no_server_found(domain: &DomainName) -> UserError {
    UserError::new(
        format!("No IMAP server was found for {domain}"),
        "There is no SRV record, no autoconfig file, and no mail host that answers on the IMAP ports.",
    )
    .or_else(
        "Type the server that your mail programs use",
        "It is in their account settings, as “incoming mail”",
    )
    .or("Look again", "Asks the DNS once more", Command::FindServer)
}

/// The catalogue has no such provider.
pub(super) fn unknown_provider(id: &ProviderId, catalogue: &Catalogue) -> UserError {
    let known: Vec<_> = catalogue.providers().iter().map(|provider| provider.id.0.as_str()).collect();
    UserError::new(
        format!("There is no provider “{id}” in the catalogue"),
        format!("Known are: {}.", known.join(", ")),
    )
    .or_else("Choose one of these", "generic-imap stands for any other IMAP server")
}

/// The source server is missing.
pub(super) fn no_source_server() -> UserError {
    UserError::new("The server that holds your mail is not known", "Mail is copied from it.")
        .or("Look for it", "Asks the DNS", Command::FindServer)
        .or_else("Type its name", "")
}

/// The destination or its server is missing.
pub(super) fn no_destination() -> UserError {
    UserError::new("No destination is chosen", "Mail is copied to it, and the new records are made for it.")
        .or_else("Choose a provider", "For any other IMAP server, name the server too")
}

/// No mailbox is ticked.
pub(super) fn no_mailboxes() -> UserError {
    UserError::new("No mailbox is chosen", "There is nothing to count and nothing to copy.")
        .or_else("Choose at least one mailbox", "")
}

/// There is no plan.
pub(super) fn no_plan() -> UserError {
    UserError::new("The folders are not counted yet", "The copy follows the plan.").or(
        "Count the folders",
        "Reads names and sizes, nothing else",
        Command::BuildPlan,
    )
}

/// Something that must not change under a running copy.
pub(super) fn not_while_copying(what: &str) -> UserError {
    UserError::new(
        format!("You cannot {what} while mail is being copied"),
        "The copy follows the plan it began with.",
    )
    .or("Pause copying", "Messages under way are finished first", Command::PauseCopy)
}

/// Two folders would be copied into one.
pub(super) fn shared_destination(folder: &FolderPath, merge: Command) -> UserError {
    UserError::new(
        format!("Two folders would go to {folder}"),
        "Mail of different folders is never mixed without being asked.",
    )
    .or_else("Choose another name", "The plan was not changed")
    .or(
        "Put both into one folder",
        "Every message of both is kept; they cannot be told apart later",
        merge,
    )
}

/// A trial of nothing.
pub(super) fn empty_trial() -> UserError {
    UserError::new("A trial needs at least one message", "Nothing can be measured on none.").or(
        "Try 20 messages per folder",
        "Copies them, and tells how long the rest takes",
        Command::TryCopy { messages: 20 },
    )
}

/// A filter that cannot be meant.
pub(super) fn filter(error: &FilterError) -> UserError {
    let mut explained = UserError::new("This choice of messages cannot be meant", sentence(error));
    if let FilterError::Search { source, .. } = error {
        explained.cause = format!("{} {}", explained.cause, sentence(source));
        explained.cause = explained.cause.replacen(&format!(": {source}."), ".", 1);
    }
    explained.or_else("Correct it, or leave it empty", "Nothing was changed").caused_by(error)
}

/// Nothing was copied yet, so there is nothing to verify.
pub(super) fn nothing_to_verify() -> UserError {
    UserError::new("Nothing was copied yet", "A verification compares copies with their messages.").or(
        "Start the copy",
        "It is verified at its end",
        Command::StartCopy,
    )
}

/// A mailbox is to be paused while nothing runs.
pub(super) fn nothing_is_copied() -> UserError {
    UserError::new("This mailbox is not being copied", "Only what runs can be paused or go on.").or(
        "Start the copy",
        "It goes on where it stood",
        Command::StartCopy,
    )
}

/// Trouble on purpose outside a practice project.
pub(super) fn no_practice() -> UserError {
    UserError::new("This is no practice project", "Trouble on purpose is made on practice servers only.").or(
        "Start a rehearsal",
        "Opens a practice project",
        Command::Rehearse,
    )
}

/// There is nothing to save yet.
pub(super) fn nothing_to_save(title: &str, way: &str) -> UserError {
    UserError::new(title, "There is nothing to save.").or_else(way, "")
}

/// A file could not be written.
pub fn not_written(path: &Path, error: &OutputError) -> UserError {
    let title = match error.kind() {
        Some(io::ErrorKind::StorageFull) => "The disk is full".to_owned(),
        _ => format!("{} was not written", path.display()),
    };
    let explained = UserError::new(title, sentence(error));
    match error {
        OutputError::BelongsToProject => {
            explained.or_else("Choose another place", "The project is unchanged")
        }
        OutputError::Io(_) => explained.or_else(
            "Choose another place, or make room there",
            "What was at this place before is unchanged",
        ),
    }
    .caused_by(error)
}

/// The name of a list of messages does not say in which form it is wanted.
pub(super) fn message_list_name(path: &Path) -> UserError {
    UserError::new(
        "The list of messages needs a name that says its form",
        format!("{} ends neither in .csv nor in .json or .jsonl.", path.display()),
    )
    .or_else("Choose a name that ends in .csv, .json or .jsonl", "Nothing was written")
}

/// A defect of the program, as far as it can be told from an error.
pub(super) fn defect(title: &str, error: &dyn std::error::Error) -> UserError {
    UserError::new(title, "This is a defect of the program; your data is not affected.")
        .or_else("Copy the details and report them", "")
        .caused_by(error)
}

/// The user took a job back.
pub(super) fn cancelled() -> UserError {
    UserError::new("Cancelled", "You took it back before it was done.")
        .or_else("Start it again at any time", "")
}

/// The CSV file could not be read at all.
pub(super) fn csv_not_read(path: &Path, error: &InputError) -> UserError {
    UserError::new(
        "The list of mailboxes could not be read",
        format!("{}: {}", path.display(), sentence(error)),
    )
    .or_else("Check the name and the rights of the file", "No mailbox was changed")
    .caused_by(error)
}

/// The CSV file does not say what it should.
pub(super) fn csv(path: &Path, error: &CsvError) -> UserError {
    UserError::new("The list of mailboxes has a mistake", format!("{}: {}", path.display(), sentence(error)))
        .or_else(
            "Mend the file and import it again",
            "Columns: address, source_user, source_password, destination_user, destination_password; no mailbox was changed",
        )
        .caused_by(error)
}

/// Where passwords are kept, for the status line.
pub(super) fn keyring_status(status: &StoreStatus) -> KeyringStatus {
    match status {
        StoreStatus::Unknown => KeyringStatus::Unknown,
        StoreStatus::Found => KeyringStatus::Found,
        StoreStatus::System => KeyringStatus::System,
        StoreStatus::WaitsForUnlock => KeyringStatus::WaitsForUnlock,
        StoreStatus::ThisSessionOnly(why) => KeyringStatus::ThisSessionOnly(why.clone()),
    }
}

/// An answer for the records does not have the form that it needs.
pub(super) fn answer(error: &AnswerError) -> UserError {
    UserError::new("This answer cannot be right", sentence(error))
        .or_else("Copy it again from the provider's console", "Nothing was changed")
        .caused_by(error)
}

/// A file of answers that cannot be taken.
pub(super) fn answers_file(error: &AnswersFileError) -> UserError {
    UserError::new("The answers cannot be taken", sentence(error))
        .or_else("Write one line per answer: name = \"value\"", "Nothing was changed")
        .caused_by(error)
}

/// A zone file that cannot be read.
pub(super) fn zone_file(name: &str, error: &ZoneFileError) -> UserError {
    UserError::new("The zone file could not be read", format!("{name}: {}", sentence(error)))
        .or_else("Mend the line and try again", "Nothing was changed")
        .caused_by(error)
}

/// The practice servers ended by themselves.
pub(super) fn practice_ended() -> UserError {
    UserError::new(
        "The practice servers have ended",
        "They run inside this program and should not end before it.",
    )
    .or("Start the rehearsal again", "A fresh practice project", Command::Rehearse)
}

/// The practice servers could not be started.
pub(super) fn practice_not_started(error: &dyn std::error::Error) -> UserError {
    UserError::new("The practice servers could not be started", sentence(&error.to_string()))
        .or("Try again", "", Command::Rehearse)
        .caused_by(error)
}

/// A job ended with a panic.
pub(super) fn panicked(kind: JobKind, words: &str) -> UserError {
    let (what, again) = match kind {
        JobKind::FindServer => ("The search for the server", Some(Command::FindServer)),
        JobKind::Audit => ("The audit", Some(Command::RunAudit)),
        JobKind::RecallPasswords => ("Reading the keyring", Some(Command::RetryKeyring)),
        JobKind::SignIn => ("Signing in", Some(Command::TestSignIn { mailboxes: Vec::new() })),
        JobKind::Plan => ("Counting the folders", Some(Command::BuildPlan)),
        JobKind::Copy => ("The copy", Some(Command::StartCopy)),
        JobKind::SaveMessages => ("Writing the list of messages", None),
        JobKind::Records => ("Preparing the records", Some(Command::PrepareRecords)),
        JobKind::Practice => ("The practice servers", Some(Command::Rehearse)),
    };
    let error = UserError::new(
        format!("{what} ended because of a defect in the program"),
        "Nothing that was saved is affected.",
    );
    let mut error = match again {
        Some(command) => error.or("Try again", "It goes on where it was", command),
        None => error,
    }
    .or_else("Copy the details and report them", "");
    error.details = format!("panic: {words}");
    error
}
