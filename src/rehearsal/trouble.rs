use std::time::Duration;

use crate::values::{Bytes, Secret};

use super::imap::{Action, Fault, FolderPath, Trigger};
use super::{Practice, RehearsalError};

/// Trouble on purpose: what goes wrong in a real move, for practising what the program does about it.
#[derive(Clone, Debug, PartialEq, Eq)]
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
    /// The new server refuses the next message, in every form.
    MessageRefused,
    /// The person with the most mail has another password at the new server; connections end.
    PasswordChanged(Secret),
    /// The old server shows another certificate; connections end.
    CertificateChanges,
    /// The old server has a folder whose name differs from another one's by its case alone.
    FolderCollides,
    /// Each message takes this time; `None`: no time at all.
    Pace(Option<Duration>),
}

/// The folder that collides, and the one it collides with, as every practice mailbox has it.
pub const COLLIDING: (&str, &str) = ("rechnungen", "Rechnungen");

impl Practice {
    /// Makes trouble at once. The servers must be running for it to be noticed.
    ///
    /// # Errors
    /// [`RehearsalError::Certificate`] where no other certificate can be made; then nothing is changed.
    pub fn make_trouble(&self, trouble: Trouble) -> Result<(), RehearsalError> {
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
            Trouble::MessageRefused => destination.refuse_next(),
            Trouble::PasswordChanged(password) => {
                if let Some(account) = self.accounts.first() {
                    destination.set_password(&account.address.to_ascii(), password);
                }
                destination.cut_connections();
            }
            Trouble::CertificateChanges => self.change_certificate()?,
            Trouble::FolderCollides => self.make_folder_collide(),
            Trouble::Pace(pace) => destination.set_pace(pace),
        }
        Ok(())
    }

    fn make_folder_collide(&self) {
        let Some(account) = self.accounts.first() else { return };
        let user = account.address.to_ascii();
        let message = self.source_server.dump(&user).into_iter().next();
        let messages = message.map(|(_, message)| message).into_iter().collect();
        self.source_server.deliver(&user, &FolderPath::parse(COLLIDING.0), messages);
    }
}
