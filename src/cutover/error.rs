//! Why a switch cannot be followed.

use thiserror::Error;

use crate::values::{DomainName, Outcome, UnixTime};

/// Why a switch cannot be watched.
#[derive(Debug, Error)]
pub enum CutoverError {
    /// The plan has the same mail hosts before and after.
    #[error("the plan of the records changes no mail host")]
    NothingToSwitch,
    /// A line of the plan is no MX record.
    #[error("“{0}” is no MX record")]
    UnreadableLine(String),
    /// The servers in charge, or the resolver, say that there is no such domain.
    #[error("the domain {0} does not exist")]
    NoSuchDomain(DomainName),
    /// No server in charge of the domain was found.
    #[error("no name server of {domain} was found: {}", outcome.words())]
    NoServers {
        /// The domain.
        domain: DomainName,
        /// What the resolver answered last.
        outcome: Outcome,
    },
    /// The computer's clock shows a time before the last round.
    #[error("the clock went back by {} seconds since the last look", last.seconds_since(*now))]
    ClockWentBack {
        /// When the last round was.
        last: UnixTime,
        /// What the clock shows now.
        now: UnixTime,
    },
}
