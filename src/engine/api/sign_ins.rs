//! Signing in at OAuth providers: what the server of each side takes, and the sign-in that is under way.

use std::sync::Arc;

use crate::assets::{AppPasswords, SignInProvider};
use crate::engine::api::snapshot::ProjectView;
use crate::engine::api::user_error::UserError;
use crate::plan::SignInWays;
use crate::signin::{AppAccess, DeviceCode, access_script, undo_script};
use crate::values::{Credential, EmailAddress, MailboxId, Side, SignInWay, UnixTime};

/// Step Mailboxes: how both sides can be signed in to.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SignInsView {
    /// At the source.
    pub source: SideSignIn,
    /// At the destination.
    pub destination: SideSignIn,
    /// The sign-in at a provider that is under way, or why the last one failed.
    pub under_way: Option<ConsentView>,
}

impl SignInsView {
    /// One side.
    pub const fn side(&self, side: Side) -> &SideSignIn {
        match side {
            Side::Source => &self.source,
            Side::Destination => &self.destination,
        }
    }

    /// How a new mailbox signs in.
    pub(in crate::engine) fn default_ways(&self) -> SignInWays {
        let way = |side: &SideSignIn| side.only_way().map(SignInWay::with).unwrap_or_default();
        SignInWays { source: way(&self.source), destination: way(&self.destination) }
    }

    pub(in crate::engine) const fn side_mut(&mut self, side: Side) -> &mut SideSignIn {
        match side {
            Side::Source => &mut self.source,
            Side::Destination => &mut self.destination,
        }
    }
}

/// How the server of one side can be signed in to, beyond the mailbox's own password.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct SideSignIn {
    /// The provider whose tokens it takes.
    pub provider: Option<Arc<SignInProvider>>,
    /// Whether it takes nothing else: every password is refused.
    pub is_only_way: bool,
    /// The owner's application at that provider.
    pub client: KnownClient,
    /// How a user gets an app password, where the provider has them.
    pub app_passwords: Option<Arc<AppPasswords>>,
}

impl SideSignIn {
    /// The sign-in at the provider, where the server takes nothing else.
    pub(in crate::engine) fn only_way(&self) -> Option<Credential> {
        let provider = self.provider.as_ref().filter(|_| self.is_only_way)?;
        Some(Credential::SignedIn(provider.id.clone()))
    }
}

/// The owner's application at a provider, as far as it is known. Its secret stays in the keyring.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum KnownClient {
    /// The keyring was not asked, or does not answer.
    #[default]
    NotAsked,
    /// There is none yet.
    Missing,
    /// This one.
    Known {
        /// Its client id.
        id: String,
        /// The organisation, where the provider's addresses name one.
        tenant: Option<String>,
    },
}

/// A sign-in at a provider.
#[derive(Clone, Debug, PartialEq)]
pub struct ConsentView {
    /// For this mailbox.
    pub mailbox: MailboxId,
    /// On this side.
    pub side: Side,
    /// The user who has to sign in.
    pub user: String,
    /// How far it is.
    pub stage: ConsentStage,
    /// How often the browser brought the answer to another sign-in.
    pub strays: u32,
}

/// How far a sign-in at a provider is.
#[derive(Clone, Debug, PartialEq)]
pub enum ConsentStage {
    /// The provider is asked for what a person needs.
    Starting,
    /// The browser shows the provider's page.
    Browser {
        /// The page.
        address: String,
        /// How long it is waited for.
        until: UnixTime,
    },
    /// A code has to be typed.
    Code {
        /// The code and the page.
        code: DeviceCode,
        /// How long it is good for.
        until: UnixTime,
    },
    /// It came to nothing.
    Failed(Box<UserError>),
}

/// A Microsoft application that is let into mailboxes by a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExchangeApp {
    /// “Application (client) ID”.
    pub app_id: String,
    /// “Object ID” of the enterprise application.
    pub object_id: String,
    /// At which side its mailboxes are.
    pub side: Side,
}

impl ExchangeApp {
    /// A key file of this application, in which the organisation and the secret are still to be written.
    pub fn key_file(&self) -> String {
        format!(
            "{{\"type\": \"microsoft_app\", \"tenant\": \"Directory (tenant) ID\", \"client_id\": \"{}\", \
             \"client_secret\": \"the value\"}}",
            self.app_id
        )
    }
}

/// PowerShell for Exchange Online.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExchangeScript {
    /// Lets the application in.
    GiveAccess,
    /// Takes that back.
    TakeBack,
}

impl ExchangeScript {
    /// The usual name of its file.
    pub const fn file_name(self) -> &'static str {
        match self {
            Self::GiveAccess => "give-access.ps1",
            Self::TakeBack => "take-access-back.ps1",
        }
    }

    /// Its text, for the chosen mailboxes of the project.
    pub fn text(self, app: &ExchangeApp, project: &ProjectView) -> String {
        let chosen = project.mailboxes.iter().map(|row| &row.mailbox).filter(|mailbox| mailbox.is_chosen);
        // A user name that is no address is not one of Exchange's.
        let mailbox_of = |user: &str, address: &EmailAddress| {
            EmailAddress::parse(user).unwrap_or_else(|_other| address.clone())
        };
        let access = AppAccess {
            app_id: app.app_id.clone(),
            object_id: app.object_id.clone(),
            mailboxes: chosen.map(|mailbox| mailbox_of(mailbox.user(app.side), &mailbox.address)).collect(),
        };
        match self {
            Self::GiveAccess => access_script(&access),
            Self::TakeBack => undo_script(&access),
        }
    }
}
