use std::time::Duration;

use crate::values::Bytes;

use super::Practice;
use super::imap::{Action, Fault, Trigger};

/// Trouble on purpose: what goes wrong in a real move, for practising what the program does about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trouble {
    /// The new server refuses to move mail for a while.
    DestinationBusy {
        /// How long.
        time: Duration,
    },
    /// Every open connection to both servers breaks; new ones can be made at once.
    ConnectionsBreak,
    /// The new server stores the next messages, and the connections break before it can say so.
    RepliesLost {
        /// How many times.
        times: u32,
    },
    /// Every mailbox of the new server is full from now on.
    DestinationFull,
    /// The new server has room again.
    DestinationHasRoom,
}

impl Practice {
    /// Makes trouble at once. The servers must be running for it to be noticed.
    pub fn make_trouble(&self, trouble: Trouble) {
        let destination = &self.destination_server;
        match trouble {
            Trouble::DestinationBusy { time } => destination.throttle_for(time),
            Trouble::ConnectionsBreak => {
                self.source_server.cut_connections();
                destination.cut_connections();
            }
            Trouble::RepliesLost { times } => {
                let trigger = Trigger::Command("APPEND".to_owned());
                destination.faults().push(Fault { trigger, action: Action::LoseReply, skip: 0, times });
            }
            Trouble::DestinationFull => destination.set_quota(Some(Bytes(0))),
            Trouble::DestinationHasRoom => destination.set_quota(None),
        }
    }
}
