//! Why a switch cannot be watched.

use super::sentence;
use crate::cutover::CutoverError;
use crate::engine::api::user_error::UserError;

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
