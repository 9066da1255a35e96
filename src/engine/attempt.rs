//! A sign-in attempt.

use crate::engine::pins::PinBook;
use crate::imap::Access;
use crate::imap::AccessOptions;
use crate::imap::Compression;
use crate::imap::IdleSessions;
use crate::imap::Timeouts;
use crate::imap::Uncounted;
use crate::signin::TokenDesk;
use crate::values::Endpoint;
use crate::values::MailboxId;
use crate::values::Secret;
use crate::values::Side;
use crate::values::SignInWay;

/// A sign-in attempt: everything but the password.
#[derive(Clone, Debug)]
pub(in crate::engine) struct Attempt {
    pub(in crate::engine) mailbox: MailboxId,
    pub(in crate::engine) side: Side,
    pub(in crate::engine) server: Endpoint,
    pub(in crate::engine) pins: PinBook,
    pub(in crate::engine) user: String,
    pub(in crate::engine) way: SignInWay,
    pub(in crate::engine) compression: Compression,
    pub(in crate::engine) timeouts: Timeouts,
    pub(in crate::engine) idle: IdleSessions,
    /// Gives tokens where the way needs them.
    pub(in crate::engine) tokens: TokenDesk,
    /// Folders not to count.
    pub(in crate::engine) uncounted: Uncounted,
}

/// The sign-ins on both sides of one mailbox.
#[derive(Clone, Debug)]
pub(in crate::engine) struct AttemptPair {
    pub(in crate::engine) source: Attempt,
    pub(in crate::engine) destination: Attempt,
}

impl Attempt {
    /// The account, as the ledger names it.
    pub(in crate::engine) fn account(&self) -> String {
        format!("{} {}", self.server, self.user)
    }

    /// Whose password or token is needed: the mailbox's, or that of the admin who signs in for it.
    pub(in crate::engine) fn signs_in(&self) -> &str {
        self.way.admin().unwrap_or(&self.user)
    }

    /// Whose password it takes.
    pub(in crate::engine) fn whose(&self, project: &str) -> Whose {
        Whose {
            project: project.to_owned(),
            mailbox: self.mailbox,
            side: self.side,
            server: Some(self.server.clone()),
            user: self.signs_in().to_owned(),
        }
    }

    /// The way in, with its password.
    pub(in crate::engine) fn access(&self, secret: Secret) -> Access {
        Access {
            endpoint: self.server.clone(),
            trust: self.pins.trust(&self.server),
            user: self.user.clone(),
            secret,
            timeouts: self.timeouts,
            idle: self.idle.clone(),
            options: AccessOptions { way: self.way.clone(), compression: self.compression },
            tokens: self.tokens.provider(&self.way.credential, &self.user),
        }
    }
}

/// The owner of the password: this user at this server, and no other.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::engine) struct Whose {
    /// UUID of the project.
    pub(in crate::engine) project: String,
    pub(in crate::engine) mailbox: MailboxId,
    pub(in crate::engine) side: Side,
    /// `None` where none is chosen yet.
    pub(in crate::engine) server: Option<Endpoint>,
    /// Who signs in: the mailbox's user, or an admin.
    pub(in crate::engine) user: String,
}
