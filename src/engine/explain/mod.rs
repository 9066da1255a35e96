//! Every error a person sees, in one place: what happened, why, and at least one way out.

mod accounts;
mod certificates;
mod cutover;
mod facts;
mod folders;
mod problems;
mod publishing;
mod reasons;
mod response_codes;
mod servers;
mod sign_ins;
mod trust;
mod verifications;

use std::fmt::Display;
use std::io;
use std::path::Path;

use crate::accounts::AccountsError;
use crate::dns::DnsError;
use crate::engine::api::command::Command;
use crate::engine::api::snapshot::KeyringStatus;
use crate::engine::api::user_error::UserError;
use crate::engine::job_kind::JobKind;
use crate::engine::system::input::InputError;
use crate::engine::system::output_file::OutputError;
use crate::plan::{CsvError, FilterError, FolderPath};
use crate::project::ProjectError;
use crate::providers::{AnswerError, AnswersFileError, Catalogue, CatalogueError, Provider, ProviderId};
use crate::records::{NotWhole, ZoneFileError};
use crate::secrets::StoreStatus;
use crate::smtp::PastedError;
use crate::survey::{ControlHostError, EvidenceError, SurveyError};
use crate::values::{DomainName, DomainNameError, EmailAddressError};

pub(super) use accounts::{accounts_renamed, no_account_lock, not_claimed, same_account};
pub(super) use cutover::{
    cutover, endless_test, keeps_old_server, message_not_opened, no_message, no_such_test_mailbox,
    no_test_found, nothing_to_sweep, too_many_tests,
};
pub(super) use facts::{facts_not_opened, not_facts};
pub(super) use folders::folders;
pub(super) use problems::problem;
pub(super) use publishing::{
    harmful_stage, key_file_not_read, not_an_update, not_published, tsig_key, zone_update,
};
pub use reasons::{reason_words, rename_words, why};
pub use servers::DESTINATION_FULL;
pub(super) use servers::{
    SIGN_IN_FAILED, needs_password, sign_in, sign_in_way, stopped_copy, talk, transfer, uncounted,
};
pub(super) use sign_ins::{
    client_mistake, grant, key_file, key_of_other_server, no_client, no_client_secret, no_guide,
    no_provider_sign_in, no_tls, provider_file, provider_file_not_read, sign_in_not_kept, unknown_sign_in,
};
pub(in crate::engine) use trust::unconfirmed;
pub(super) use verifications::differences;

/// Capitalizes the first letter, for errors whose own text begins in lower case.
fn sentence(words: &impl Display) -> String {
    let words = words.to_string();
    // A path or an address at the beginning keeps its case.
    let is_word = words.split_whitespace().next().is_some_and(|word| word.chars().all(char::is_alphabetic));
    let mut letters = words.chars();
    let begun = match letters.next() {
        Some(first) if is_word => first.to_uppercase().chain(letters).collect(),
        _ => words,
    };
    if begun.ends_with(['.', '?']) { begun } else { format!("{begun}.") }
}

/// The text entered is not a domain.
pub(super) fn domain_name(error: &DomainNameError) -> UserError {
    UserError::new("That is not a domain", sentence(error))
        .or_else("Enter the part of your mail addresses after the “@”", "For example example.org")
        .caused_by(error)
}

/// The text entered is not a mail address.
pub(super) fn email_address(error: &EmailAddressError) -> UserError {
    UserError::new("That is not a mail address", sentence(error))
        .or_else("Enter the whole address", "For example anna@example.org")
        .caused_by(error)
}

/// The folder for projects could not be created.
pub(super) fn folder_not_made(folder: &Path, error: &io::Error) -> UserError {
    UserError::new(
        "There is no folder to save the project in",
        format!("The folder {} could not be created: {error}.", folder.display()),
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
        .or_else("Check the name and the permissions of the file or folder", "Nothing was read")
        .caused_by(error),
        EvidenceError::Cancelled => cancelled(),
    }
}

/// No list of this operator takes a key.
pub(super) fn no_keyed_operator(operator: &str) -> UserError {
    let known: Vec<&str> = crate::audit::keyed_operators().into_iter().map(|operator| operator.id).collect();
    UserError::new("There is no such list", format!("No list of “{operator}” uses a key."))
        .or_else(&format!("Name one of {}", known.join(", ")), "Nothing was stored")
}

/// A key that no keyring keeps.
pub(super) fn list_key_not_kept(status: &StoreStatus) -> UserError {
    let why = match status {
        StoreStatus::ThisSessionOnly(Some(words)) => words.clone(),
        _ => "The keyring did not take it.".to_owned(),
    };
    UserError::new("The key is not stored", why)
        .or_else("Start or unlock the keyring, then store the key again", "")
        .or_else("Or name a file with the key at each audit: --list-key-file OPERATOR=FILE", "")
}

/// A text that is no key for a list.
pub(super) fn no_list_key() -> UserError {
    UserError::new(
        "This is no key for a block list",
        "A key has letters and digits only, at most 63, on one line.",
    )
    .or_else("Copy the key from the page of the list’s operator", "Nothing was stored")
}

/// No mailbox can be read as evidence.
pub(super) fn no_mailbox_to_read() -> UserError {
    UserError::new(
        "There is no mailbox that can be read",
        "Mailferry reads mailboxes at your old server, and needs the server and the password of at least one.",
    )
    .or_else("Set the old server and add mailboxes with their passwords on the page Mailboxes", "Then read them here")
}

/// A file of accounts and aliases that cannot be taken.
pub(super) fn accounts_file(name: &str, error: &AccountsError) -> UserError {
    UserError::new("The accounts could not be read", format!("{name}: {}", sentence(error)))
        .or_else("Correct the file or name another one, then read it again", "Nothing was added")
        .caused_by(error)
}

/// A mail message where a list of accounts belongs.
pub(super) fn accounts_are_a_message(name: &str) -> UserError {
    UserError::new("The accounts could not be read", format!("“{name}” is a mail message."))
        .or_else("Name a file with mailboxes or aliases", "Nothing was added")
        .or_else(
            "Drop the message on the page Switch",
            "There it is judged; on the page Audit it is read as evidence",
        )
}

/// A file of accounts and aliases that cannot be opened.
pub(super) fn accounts_not_opened(path: &Path, error: &InputError) -> UserError {
    UserError::new("The accounts could not be read", format!("{}: {}", path.display(), sentence(error)))
        .or_else("Check the file’s name and permissions", "Nothing was added")
        .caused_by(error)
}

/// The project file, while it is open.
pub(super) fn project(error: &ProjectError) -> UserError {
    let (title, way) = match error {
        ProjectError::DiskFull(_) => {
            ("The disk is full", "Free up space, then try again; everything saved before is intact")
        }
        ProjectError::ReadOnly(_) => {
            ("The project cannot be written", "Check the permissions of the file and its folder")
        }
        ProjectError::Corrupt(_) => {
            ("The project file is damaged", "Restore it from a backup, or start a new project")
        }
        ProjectError::ForeignSchema(_) => (
            "The internals of this project file were altered",
            "Use a copy you trust, or start a new project; nothing in this one was run",
        ),
        ProjectError::InTheWay(_) => {
            ("Something else is where the project needs a file", "Move it away, then try again")
        }
        ProjectError::NotAProject(_) => {
            ("This file is not a Mailferry project", "Choose a file that ends in .mailferry")
        }
        ProjectError::Newer { .. } => (
            "This project was saved by a newer version of Mailferry",
            "Update Mailferry; the file was not changed",
        ),
        ProjectError::Locked { .. } => {
            ("This project is already open in another window", "Close it there, then open it here")
        }
        ProjectError::AlreadyExists(_) => {
            ("A file of that name already exists", "Open it, or choose another name; it was not changed")
        }
        _ => (
            "The project file could not be used",
            "Check the disk and the file’s permissions, then try again",
        ),
    };
    UserError::new(title, sentence(error)).or_else(way, "").caused_by(error)
}

/// A project file that could not be opened or created.
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

/// No resolver is usable.
pub(super) fn dns(error: &DnsError) -> UserError {
    let title = match error {
        DnsError::BadAddress(_) => "That is not a resolver address",
        DnsError::UnknownHost { .. } => "The resolver’s name was not found",
        DnsError::NoSystemResolver(_) => "This computer has no resolver configured",
        DnsError::Dead { .. } => "The resolver does not answer",
    };
    UserError::new(title, sentence(error))
        .or_else("Check the network connection", "Then try again")
        .or_else("Use another resolver", "For example 192.0.2.53:53; leave it empty for the system's own")
        .caused_by(error)
}

/// The survey found no facts.
pub(super) fn survey(error: &SurveyError) -> UserError {
    match error {
        SurveyError::Dns(error) => dns(error),
        SurveyError::NoSuchDomain(domain) => UserError::new(
            format!("The domain {domain} does not exist"),
            "DNS has no such name, so there are no records to plan.",
        )
        .or_else("Check the spelling", "A domain registered today may take a few hours to appear"),
        SurveyError::NoSuchFinding(id) => UserError::new(
            format!("There is no finding “{id}” in these facts"),
            "Only what an audit has found can be checked again.",
        )
        .or_else("Copy the id from the list of findings", "It is in brackets after each heading"),
        SurveyError::NothingToAsk(id) => UserError::new(
            format!("“{id}” cannot be checked again on its own"),
            "It follows from your own files or answers, so nobody can be asked.",
        )
        .or_else("Read newer files as evidence", "A new audit judges them"),
        SurveyError::Cancelled => cancelled(),
    }
}

/// None of the ways to find the server succeeded.
pub(super) fn no_server_found(domain: &DomainName) -> UserError {
    UserError::new(
        format!("No IMAP server was found for {domain}"),
        "There is no SRV record, no autoconfig file, and no mail host answers on the IMAP ports.",
    )
    .or_else(
        "Enter the server your mail programs use",
        "You find it in their account settings, under “incoming mail”",
    )
    .or("Look again", "Queries DNS once more", Command::FindServer)
}

/// The catalogue does not have this provider.
pub(super) fn unknown_provider(id: &ProviderId, catalogue: &Catalogue) -> UserError {
    let known: Vec<_> = catalogue.providers().iter().map(|provider| provider.id.0.as_str()).collect();
    UserError::new(
        format!("There is no provider “{id}” in the catalogue"),
        format!("The known providers are: {}.", known.join(", ")),
    )
    .or_else("Choose one of these", "generic-imap stands for any other IMAP server")
}

/// Mail cannot be copied to this provider.
pub(super) fn no_destination_there(provider: &Provider, reason: &str) -> UserError {
    UserError::new(
        format!("{} cannot be the destination", provider.name),
        format!("{}.", reason.trim_end_matches('.')),
    )
    .or_else("Choose another provider", "generic-imap stands for any other IMAP server")
}

/// A provider file of the owner could not be opened.
pub(super) fn own_provider_not_opened(path: &Path, error: &InputError) -> UserError {
    UserError::new(format!("{} was not read", path.display()), format!("The file cannot be read: {error}."))
        .or_else("Check its name and permissions", "No provider was added")
}

/// A provider file of the owner is wrong; the cause names file, line and key.
pub(super) fn own_provider(name: &str, error: &CatalogueError) -> UserError {
    UserError::new(format!("{name} is not a provider file"), format!("{error}."))
        .or_else("Correct the file, then add it again", "No provider was added")
}

/// No source server is set.
pub(super) fn no_source_server() -> UserError {
    UserError::new("The server that holds your mail is not known", "Mailferry copies the mail from it.")
        .or("Look for it", "Queries DNS", Command::FindServer)
        .or_else("Enter its name", "")
}

/// No destination, or no server for it, is set.
pub(super) fn no_destination() -> UserError {
    UserError::new(
        "No destination is chosen",
        "Mailferry copies the mail there and prepares the new records for it.",
    )
    .or_else("Choose a provider", "For any other IMAP server, enter the server as well")
}

/// No mailbox is ticked.
pub(super) fn no_mailboxes() -> UserError {
    UserError::new("No mailbox is chosen", "There is nothing to count or copy.")
        .or_else("Choose at least one mailbox", "")
}

/// There is no plan yet.
pub(super) fn no_plan() -> UserError {
    UserError::new("The folders are not counted yet", "The copy follows the plan.").or(
        "Count the folders",
        "This reads only names and sizes",
        Command::BuildPlan,
    )
}

/// A change that is not possible while a copy runs.
pub(super) fn not_while_copying(what: &str) -> UserError {
    UserError::new(
        format!("You cannot {what} while mail is being copied"),
        "The copy follows the plan it started with.",
    )
    .or("Pause copying", "Messages in progress are finished first", Command::PauseCopy)
}

/// Two folders would be copied into the same one.
pub(super) fn shared_destination(folder: &FolderPath, merge: Command) -> UserError {
    UserError::new(
        format!("Two folders would go to {folder}"),
        "Mailferry never merges folders unless you ask it to.",
    )
    .or_else("Choose another name", "The plan was not changed")
    .or(
        "Merge both into one folder",
        "All messages of both are kept, but you cannot separate them later",
        merge,
    )
}

/// A trial of nothing.
pub(super) fn empty_trial() -> UserError {
    UserError::new("A trial needs at least one message", "Without one there is nothing to measure.").or(
        "Try 20 messages per folder",
        "Copies them and estimates how long the rest takes",
        Command::TryCopy { messages: 20 },
    )
}

/// A filter that is not valid.
pub(super) fn filter(error: &FilterError) -> UserError {
    let mut explained = UserError::new("This filter is not valid", sentence(error));
    if let FilterError::Search { source, .. } = error {
        explained.cause = format!("{} {}", explained.cause, sentence(source));
        explained.cause = explained.cause.replacen(&format!(": {source}."), ".", 1);
    }
    explained.or_else("Correct it, or leave it empty", "Nothing was changed").caused_by(error)
}

/// Nothing has been copied yet, so there is nothing to verify.
pub(super) fn nothing_to_verify() -> UserError {
    UserError::new(
        "Nothing has been copied yet",
        "Verification compares the copies with the original messages.",
    )
    .or("Start the copy", "Mailferry verifies it at the end", Command::StartCopy)
}

/// Pausing or resuming a mailbox that is not being copied.
pub(super) fn nothing_is_copied() -> UserError {
    UserError::new("This mailbox is not being copied", "Only a running copy can be paused or resumed.").or(
        "Start the copy",
        "It continues where it left off",
        Command::StartCopy,
    )
}

/// Fault injection outside a practice project.
pub(super) fn no_practice() -> UserError {
    UserError::new("This is not a practice project", "Faults can only be injected on practice servers.").or(
        "Start a rehearsal",
        "Opens a practice project",
        Command::Rehearse,
    )
}

/// A stage, or the way back, that does not follow on what is in the practice zone.
pub(super) fn out_of_order() -> UserError {
    UserError::new(
        "This is not the next stage",
        "Each stage builds on the one before it, and the way back on the switch.",
    )
    .or_else("Publish the stages in their order", "Nothing was changed")
}

/// A stage that would harm somebody is not published in practice either.
pub(super) fn harmful_in_practice(words: &str) -> UserError {
    UserError::new("This stage would do harm", words).or_else(
        "Drop a sender that you no longer use, under “Other senders for your domain”",
        "Nothing was changed",
    )
}

/// The practice name server took nothing.
pub(super) fn not_published_in_practice(error: &crate::rehearsal::RehearsalError) -> UserError {
    UserError::new("The practice zone was not changed", format!("{}.", sentence(error)))
        .or(
            "Read the zone again",
            "The stages are computed anew from what it has now",
            Command::PrepareRecords,
        )
        .or_else("Publish the stages in their order", "Each builds on the one before it")
        .caused_by(error)
}

/// Time is let pass only while something waits for it.
pub(super) fn nothing_waits() -> UserError {
    UserError::new("Nothing waits for time to pass", "Every date of the plan is over, or none is known yet.")
        .or("Check now", "Every name server and resolver is asked", Command::LookAtSwitch)
}

/// Only rehearsals are deleted.
pub(super) fn no_rehearsal(path: &Path) -> UserError {
    UserError::new(
        "Only a rehearsal can be thrown away",
        format!("{} is not a rehearsal of yours. Mailferry never deletes other projects.", path.display()),
    )
    .or("Take it from the list", "The file stays", Command::ForgetProject(path.to_owned()))
}

/// A rehearsal that is to be deleted is open.
pub(super) fn rehearsal_is_open(path: &Path) -> UserError {
    UserError::new("The rehearsal is open", "Another window has it open, so it was not thrown away.").or(
        "Try again",
        "After closing it there",
        Command::DeleteRehearsal(path.to_owned()),
    )
}

/// A folder of a rehearsal could not be deleted.
pub(super) fn not_deleted(folder: &Path, error: &io::Error) -> UserError {
    UserError::new(
        "The rehearsal was not thrown away completely",
        format!("The folder {} could not be deleted: {error}.", folder.display()),
    )
    .or_else("Delete the folder yourself", "It holds practice mail only")
}

/// There is nothing to save yet.
pub(super) fn nothing_to_save(title: &str, way: &str) -> UserError {
    UserError::new(title, "There is nothing to save.").or_else(way, "")
}

/// A file could not be written.
pub fn not_written(path: &Path, error: &OutputError) -> UserError {
    let title = match error.kind() {
        Some(io::ErrorKind::StorageFull) => "The disk is full".to_owned(),
        _ => format!("{} could not be written", path.display()),
    };
    let explained = UserError::new(title, sentence(error));
    match error {
        OutputError::BelongsToProject => {
            explained.or_else("Choose another place", "The project is unchanged")
        }
        OutputError::Io(_) => explained
            .or_else("Choose another place, or free up space there", "An existing file there is unchanged"),
    }
    .caused_by(error)
}

/// The file name of the message list has no known ending, so its format is unknown.
pub(super) fn message_list_name(path: &Path) -> UserError {
    UserError::new(
        "The file name does not say which format the message list should have",
        format!("{} does not end in .csv, .json or .jsonl.", path.display()),
    )
    .or_else("Choose a name that ends in .csv, .json or .jsonl", "Nothing was written")
}

/// A bug in Mailferry, as far as the error shows.
pub(super) fn defect(title: &str, error: &dyn std::error::Error) -> UserError {
    UserError::new(title, "This is a bug in Mailferry; your data is not affected.")
        .or_else("Copy the details and report them", "")
        .caused_by(error)
}

/// The user cancelled a job.
pub(super) fn cancelled() -> UserError {
    UserError::new("Cancelled", "You cancelled it before it finished.")
        .or_else("Start it again at any time", "")
}

/// The CSV file could not be read.
pub(super) fn csv_not_read(path: &Path, error: &InputError) -> UserError {
    UserError::new(
        "The list of mailboxes could not be read",
        format!("{}: {}", path.display(), sentence(error)),
    )
    .or_else("Check the file’s name and permissions", "No mailbox was changed")
    .caused_by(error)
}

/// The CSV file was read but has a mistake in it.
pub(super) fn csv(path: &Path, error: &CsvError) -> UserError {
    UserError::new("The list of mailboxes has a mistake", format!("{}: {}", path.display(), sentence(error)))
        .or_else(
            "Correct the file, then import it again",
            "Columns: address, source_user, source_password, destination_user, destination_password; no mailbox was changed",
        )
        .caused_by(error)
}

/// The keyring did not delete what it was to delete.
pub(super) fn passwords_not_deleted(status: &StoreStatus) -> UserError {
    let (why, what) = match status {
        StoreStatus::ThisSessionOnly(why) => (
            why.as_deref().unwrap_or("No password store is used in this session."),
            "Start the password store",
        ),
        _ => ("It did not answer in time; it may be locked.", "Unlock the keyring"),
    };
    UserError::new(
        "The keyring did not delete every password",
        format!("{why} Mailferry itself has forgotten them."),
    )
    .or_else(&format!("{what} and delete the passwords again"), "Nothing else was changed")
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

/// An answer for the records is malformed.
pub(super) fn answer(error: &AnswerError) -> UserError {
    UserError::new("This answer is not valid", sentence(error))
        .or_else("Copy it again from the provider's console", "Nothing was changed")
        .caused_by(error)
}

/// A malformed answers file.
pub(super) fn answers_file(error: &AnswersFileError) -> UserError {
    UserError::new("The answers file is not valid", sentence(error))
        .or_else("Write one line per answer: name = \"value\"", "Nothing was changed")
        .caused_by(error)
}

/// A host for the look at port 25 that is none.
pub(super) fn control_host(error: &ControlHostError) -> UserError {
    UserError::new("The host for the look at port 25 cannot be taken", sentence(error))
        .or_else("Name a mail host that always answers, as mx.example.org", "Nothing was asked")
        .caused_by(error)
}

/// An output of the line for the server that tells nothing.
pub(super) fn probe_output(error: &PastedError) -> UserError {
    UserError::new("The output of the line for the server cannot be read", sentence(error))
        .or_else(
            "Run the line that the audit shows once more, and save all that it prints",
            "Nothing was changed",
        )
        .caused_by(error)
}

/// A zone file that could not be read.
pub(super) fn zone_file(name: &str, error: &ZoneFileError) -> UserError {
    UserError::new("The zone file could not be read", format!("{name}: {}", sentence(error)))
        .or_else("Fix the line and try again", "Nothing was changed")
        .caused_by(error)
}

/// A format that needs what nobody has read.
pub(super) fn not_whole(error: NotWhole) -> UserError {
    UserError::new("The whole zone cannot be written", sentence(&error))
        .or_else("Give the zone file, or choose another format", "Nothing was written")
        .caused_by(&error)
}

/// The practice servers stopped on their own.
pub(super) fn practice_ended() -> UserError {
    UserError::new(
        "The practice servers have stopped",
        "They run inside Mailferry and should not stop before it does.",
    )
    .or("Start the rehearsal again", "Opens a fresh practice project", Command::Rehearse)
}

/// The practice servers could not be started.
pub(super) fn practice_not_started(error: &dyn std::error::Error) -> UserError {
    UserError::new("The practice servers could not be started", sentence(&error.to_string()))
        .or("Try again", "", Command::Rehearse)
        .caused_by(error)
}

/// A trouble that a practice server could not be given.
pub(super) fn no_trouble(error: &dyn std::error::Error) -> UserError {
    UserError::new("The practice servers are as they were", sentence(&error.to_string()))
        .or_else("Make another trouble", "The rehearsal goes on without this one")
        .caused_by(error)
}

/// A job ended with a panic.
pub(super) fn panicked(kind: JobKind, words: &str) -> UserError {
    let (what, again) = match kind {
        JobKind::FindServer => ("The search for the server", Some(Command::FindServer)),
        JobKind::Audit => ("The audit", Some(Command::RunAudit)),
        JobKind::RecallPasswords | JobKind::RecallClients => {
            ("Reading the keyring", Some(Command::RetryKeyring))
        }
        JobKind::Consent => ("The sign-in at the provider", None),
        JobKind::SignIn => ("Signing in", Some(Command::TestSignIn { mailboxes: Vec::new() })),
        JobKind::Plan => ("Counting the folders", Some(Command::BuildPlan)),
        JobKind::Copy => ("The copy", Some(Command::StartCopy)),
        JobKind::SaveMessages => ("Writing the list of messages", None),
        JobKind::Records => ("Preparing the records", Some(Command::PrepareRecords)),
        JobKind::Switch => ("Asking the name servers", Some(Command::LookAtSwitch)),
        JobKind::TestMessages => ("Judging the message", None),
        JobKind::Practice => ("The practice servers", Some(Command::Rehearse)),
    };
    let error = UserError::new(
        format!("{what} stopped because of a bug in Mailferry"),
        "Nothing that was saved is affected.",
    );
    let mut error = match again {
        Some(command) => error.or("Try again", "It continues where it left off", command),
        None => error,
    }
    .or_else("Copy the details and report them", "");
    error.details = format!("panic: {words}");
    error
}
