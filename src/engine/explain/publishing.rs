//! What kept a stage from being published.

use std::path::Path;

use super::sentence;
use crate::dns::{TsigKeyError, UpdateError};
use crate::engine::api::user_error::UserError;
use crate::engine::system::input::InputError;

const NOTHING: &str = "Nothing was changed";

/// A stage that would harm somebody is not published.
pub(in crate::engine) fn harmful_stage(words: &str) -> UserError {
    UserError::new("This stage would do harm", words)
        .or_else("Look at every line with “mailferry records --format diff”", NOTHING)
        .or_else("Repair what it names, or publish it by hand if you know better", "")
}

/// A stage with a record that no update can carry.
pub(in crate::engine) fn not_an_update() -> UserError {
    UserError::new("This stage cannot be sent to a name server", "A record in the zone is damaged.")
        .or_else("Write the stage with “mailferry records” and publish it by hand", NOTHING)
}

/// The file with the key was not read.
pub(in crate::engine) fn key_file_not_read(path: &Path, error: &InputError) -> UserError {
    UserError::new("The key could not be read", format!("{}: {}", path.display(), sentence(error)))
        .or_else("Check the file’s name and permissions", NOTHING)
        .caused_by(error)
}

/// The file is no key.
pub(in crate::engine) fn tsig_key(path: &Path, error: &TsigKeyError) -> UserError {
    UserError::new("This is not a key for a name server", format!("{}: {}", path.display(), sentence(error)))
        .or_else(
            "Make one with tsig-keygen, and let it change the zone with update-policy or allow-update",
            NOTHING,
        )
        .caused_by(error)
}

/// The server did not make the change, or nobody can say whether it did.
pub(in crate::engine) fn zone_update(server: &str, error: &UpdateError) -> UserError {
    let (what, after) = match error {
        UpdateError::Unreachable(_) => {
            ("Check the server’s name, and whether a firewall is in the way", NOTHING)
        }
        UpdateError::Silent(_) | UpdateError::Unproven => (
            "Look at what the zone has now, then publish again",
            "Whether the change was made is not known; a second try cannot do harm",
        ),
        UpdateError::UnknownKey(_) => {
            ("Add the key to the server’s configuration, or name its file", NOTHING)
        }
        UpdateError::WrongSecret(_) => ("Copy the key anew from the server’s configuration", NOTHING),
        UpdateError::Clock => ("Set the clock, then publish again", NOTHING),
        UpdateError::Changed => (
            "Publish again: the zone is then read anew",
            "If it stays so, the resolver still remembers the old zone; name the server with --resolver",
        ),
        UpdateError::Refused => ("Let this key change the zone (update-policy or allow-update)", NOTHING),
        UpdateError::NotThePrimary => ("Name the primary name server of the zone", NOTHING),
        UpdateError::Failed(_) => ("Look into the server’s log", NOTHING),
        UpdateError::NotCarried(_) => {
            ("Write the stage with “mailferry records” and publish it by hand", NOTHING)
        }
    };
    UserError::new("The zone was not published", format!("{server}: {}", sentence(error)))
        .or_else(what, after)
        .caused_by(error)
}

/// The server agreed and has something else.
pub(in crate::engine) fn not_published(server: &str, differing: &[String]) -> UserError {
    UserError::new(
        "The name server does not answer with what it agreed to",
        format!("{server} took the change, and answers otherwise for {}.", differing.join(", ")),
    )
    .or_else("Ask it again in a minute; some servers write the zone first", "The change itself was accepted")
    .or_else("See whether another program writes this zone", "")
}
