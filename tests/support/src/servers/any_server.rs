//! Every kind of server behind one face: where it listens, and what its folder names look like.

use mailferry::rehearsal::{ImapAccount, ImapServer, Personality};
use mailferry::values::{EmailAddress, Secret};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::servers::courier::Courier;
use crate::servers::cyrus::Cyrus;
use crate::servers::dovecot::{Dovecot, PASSWORD, Settings};
use crate::servers::pymap::Pymap;

/// A kind of server.
#[derive(Clone, Copy)]
pub enum Kind {
    /// Dovecot with Maildir++.
    Maildir,
    /// Dovecot with mbox.
    Mbox,
    /// Cyrus.
    Cyrus,
    /// Courier.
    Courier,
    /// pymap.
    Pymap,
    /// A practice server with this personality.
    Practice(fn() -> Personality),
}

/// Servers that share no code with this program.
pub const REAL: [Kind; 5] = [Kind::Maildir, Kind::Mbox, Kind::Cyrus, Kind::Courier, Kind::Pymap];

impl Kind {
    /// How tables call it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Maildir => "Dovecot Maildir++",
            Self::Mbox => "Dovecot mbox",
            Self::Cyrus => "Cyrus",
            Self::Courier => "Courier",
            Self::Pymap => "pymap",
            Self::Practice(personality) => personality().name,
        }
    }

    /// Between levels.
    pub fn separator(self) -> char {
        match self {
            Self::Courier => '.',
            Self::Practice(personality) => personality().delimiter,
            _ => '/',
        }
    }

    /// What every folder but the inbox begins with.
    pub fn prefix(self) -> String {
        match self {
            Self::Courier => "INBOX.".to_owned(),
            Self::Practice(personality) => personality().prefix.to_owned(),
            _ => String::new(),
        }
    }

    /// Whether people may give messages keywords of their own.
    pub fn keeps_keywords(self) -> bool {
        match self {
            Self::Pymap => false,
            Self::Practice(personality) => personality().has_free_keywords,
            _ => true,
        }
    }

    /// Whether it keeps a date of arrival: Dovecot takes a day to come for a mistake, and writes today.
    pub fn keeps_date(self, date: jiff::Timestamp) -> bool {
        !matches!(self, Self::Maildir | Self::Mbox)
            || date < jiff::Timestamp::now() - jiff::SignedDuration::from_hours(1)
    }

    /// Whose mail it is. Practice servers know people by their address.
    pub fn user(self) -> &'static str {
        if matches!(self, Self::Practice(_)) { "anna@odd.example" } else { "anna" }
    }

    /// Starts it with one mailbox, or says that the test was skipped.
    pub fn start(self) -> Option<Server> {
        let users = &[self.user()];
        let (port, running): (u16, Box<dyn std::any::Any>) = match self {
            Self::Maildir | Self::Mbox => {
                let format = if matches!(self, Self::Mbox) { "mbox" } else { "maildir" };
                let server = Dovecot::start(users, &Settings { format, ..Settings::default() })?;
                (server.clear_port, Box::new(server))
            }
            Self::Cyrus => {
                let server = Cyrus::start(users, &crate::servers::cyrus::Settings::default())?;
                (server.clear_port, Box::new(server))
            }
            Self::Courier => {
                let server = Courier::start(users)?;
                (server.clear_port, Box::new(server))
            }
            Self::Pymap => {
                let server = Pymap::start(self.user())?;
                (server.clear_port, Box::new(server))
            }
            Self::Practice(personality) => {
                let (port, end) = practice(&personality(), self.user());
                (port, Box::new(end))
            }
        };
        Some(Server { kind: self, port, _running: running })
    }
}

/// A running server; ends when dropped.
pub struct Server {
    /// Its kind.
    pub kind: Kind,
    /// Clear text.
    pub port: u16,
    _running: Box<dyn std::any::Any>,
}

/// A practice server on a thread of its own; it ends with the guard.
fn practice(personality: &Personality, user: &str) -> (u16, DropGuard) {
    let account = ImapAccount {
        address: EmailAddress::parse(user).unwrap(),
        password: Secret::new(PASSWORD),
        folders: Vec::new(),
    };
    let (personality, accounts) = (personality.clone(), vec![account]);
    let token = CancellationToken::new();
    let (end, (tell, told)) = (token.clone(), std::sync::mpsc::channel());
    std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let server = ImapServer::bind(personality, accounts, 7).await.unwrap();
            tell.send(server.handle().endpoint().port).unwrap();
            server.serve(token).await;
        });
    });
    (told.recv().unwrap(), end.drop_guard())
}
