use serde::{Deserialize, Serialize};

use crate::values::{EmailAddress, Side, SignInWay};

/// A mailbox to move: one person's mail, with the names that sign in on both sides.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mailbox {
    /// The mailbox's own address at the source; names it in tables.
    pub address: EmailAddress,
    /// User name at the source, usually the address.
    pub source_user: String,
    /// User name at the destination, usually the address.
    pub destination_user: String,
    /// How it is signed in to on both sides.
    #[serde(default)]
    pub ways: SignInWays,
    /// Whether the mailbox takes part in the copy.
    pub is_chosen: bool,
}

/// How a mailbox is signed in to on both sides.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SignInWays {
    /// At the source.
    pub source: SignInWay,
    /// At the destination.
    pub destination: SignInWay,
}

impl Mailbox {
    /// The user name on this side.
    pub fn user(&self, side: Side) -> &str {
        match side {
            Side::Source => &self.source_user,
            Side::Destination => &self.destination_user,
        }
    }

    /// How it is signed in to on this side.
    pub fn way(&self, side: Side) -> &SignInWay {
        match side {
            Side::Source => &self.ways.source,
            Side::Destination => &self.ways.destination,
        }
    }

    /// How it is signed in to on this side, to change it.
    pub fn way_mut(&mut self, side: Side) -> &mut SignInWay {
        match side {
            Side::Source => &mut self.ways.source,
            Side::Destination => &mut self.ways.destination,
        }
    }
}
