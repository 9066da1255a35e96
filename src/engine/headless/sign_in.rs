//! The commands `sign-in` and `exchange-access`.

use std::path::Path;
use std::sync::Arc;

use super::to_its_end;
use crate::assets::{GuideStep, SignInProvider};
use crate::engine::api::user_error::UserError;
use crate::engine::explain;
use crate::engine::mailbox_list::read_mailbox_list;
use crate::engine::system::browser::open_in_browser;
use crate::engine::system::input::read_text_input;
use crate::secrets::{Kept, SecretStore, StoreStatus};
use crate::signin::{
    AppAccess, ClientApp, Clock, DeviceCode, Grants, Means, Prompt, Way, access_script, find_provider,
    providers, read_providers, sign_in, undo_script,
};
use crate::values::{EmailAddress, Secret, SignInId, UnixTime};
use crate::web::Web;

/// Largest file of providers, in bytes.
const MOST_BYTES: u64 = 4_000_000;

/// Which provider: of the catalogue, or of an owner's file.
#[derive(Clone, Copy, Debug)]
pub struct ProviderChoice<'a> {
    /// Its id.
    pub id: &'a str,
    /// The owner's file.
    pub file: Option<&'a Path>,
}

/// Who signs in, and with which application.
#[derive(Clone, Debug)]
pub struct SignInQuestion<'a> {
    /// The provider.
    pub provider: ProviderChoice<'a>,
    /// The user of the mailbox.
    pub user: &'a str,
    /// The client id.
    pub client_id: &'a str,
    /// The client's secret.
    pub client_secret: Option<Secret>,
    /// The organisation.
    pub tenant: Option<&'a str>,
    /// With a code in place of the browser of this computer.
    pub by_code: bool,
    /// Whether the browser is opened, or only the address shown.
    pub opens_browser: bool,
}

/// What a person is asked meanwhile.
#[derive(Clone, Debug)]
pub enum Ask<'a> {
    /// To sign in at this address.
    Open(&'a str),
    /// To type a code.
    Code(&'a DeviceCode),
    /// To leave a tab that belongs to another sign-in.
    Stray,
}

struct Person<'a> {
    tell: &'a (dyn Fn(&Ask<'_>) + Send + Sync),
    opens_browser: bool,
}

impl Prompt for Person<'_> {
    fn open(&self, address: &str) {
        (self.tell)(&Ask::Open(address));
        if self.opens_browser {
            open_in_browser(address);
        }
    }

    fn show(&self, code: &DeviceCode) {
        (self.tell)(&Ask::Code(code));
    }

    fn stray(&self) {
        (self.tell)(&Ask::Stray);
    }
}

fn provider_of(choice: ProviderChoice<'_>) -> Result<SignInProvider, Box<UserError>> {
    let own = match choice.file {
        Some(path) => {
            let text = read_text_input(path, MOST_BYTES)
                .map_err(|error| explain::provider_file_not_read(path, &error))?;
            Some(read_providers(&text).map_err(|error| explain::provider_file(path, &error))?)
        }
        None => None,
    };
    let known = own.as_deref().unwrap_or(providers());
    let found = SignInId::parse(choice.id).ok().and_then(|id| match &own {
        Some(own) => own.iter().find(|provider| provider.id == id).cloned(),
        None => find_provider(&id).cloned(),
    });
    let ids: Vec<SignInId> = known.iter().map(|provider| provider.id.clone()).collect();
    found.ok_or_else(|| Box::new(explain::unknown_sign_in(choice.id, &ids)))
}

/// Signs a user in and keeps what renews the tokens in the keyring. Returns a sentence about it.
///
/// # Errors
/// For the user: unknown provider, what the provider or the person said, or no keyring.
pub fn run(
    question: &SignInQuestion<'_>,
    tell: &(dyn Fn(&Ask<'_>) + Send + Sync),
) -> Result<String, Box<UserError>> {
    let provider = provider_of(question.provider)?;
    if provider.needs_client_secret && question.client_secret.is_none() {
        return Err(Box::new(explain::no_client_secret(&provider.name)));
    }
    let client = ClientApp {
        id: question.client_id.to_owned(),
        secret: question.client_secret.clone(),
        tenant: question.tenant.map(str::to_owned),
    };
    let way = if question.by_code { Way::Device } else { Way::Browser };
    let person = Person { tell, opens_browser: question.opens_browser };
    to_its_end(async {
        let store = SecretStore::system();
        let web = Web::new().map_err(|error| Box::new(explain::no_tls(&error)))?;
        let clock: Clock = Arc::new(UnixTime::now);
        let means = Means { web: &web, prompt: &person, clock: &clock };
        let grant = sign_in(&provider, &client, question.user, way, means).await;
        let grant = grant.map_err(|problem| Box::new(explain::grant(question.user, &problem)))?;
        match Grants::new(store.clone()).keep(&grant).await {
            Kept::InKeyring => Ok(format!(
                "{} is signed in at {}. Copy with --from-sign-in {id} or --to-sign-in {id}.",
                question.user,
                provider.name,
                id = provider.id
            )),
            Kept::ThisSession => {
                let why = match store.status() {
                    StoreStatus::ThisSessionOnly(Some(words)) => words,
                    _ => "The keyring waits to be unlocked.".to_owned(),
                };
                Err(Box::new(explain::sign_in_not_kept(&why)))
            }
        }
    })
}

/// Withdraws a consent where the provider offers that, and forgets the sign-in. Returns a sentence about it.
///
/// # Errors
/// For the user: nobody is signed in, or the keyring is silent. A provider that refuses does not keep the sign-in from being
/// forgotten; the sentence says so.
pub fn forget(provider: &str, user: &str) -> Result<String, Box<UserError>> {
    let ids: Vec<SignInId> = providers().iter().map(|provider| provider.id.clone()).collect();
    let id =
        SignInId::parse(provider).map_err(|_shown| Box::new(explain::unknown_sign_in(provider, &ids)))?;
    to_its_end(async {
        let grants = Grants::new(SecretStore::system());
        let found = grants.find(&id, user).await;
        let grant = found.map_err(|problem| Box::new(explain::grant(user, &problem)))?;
        let withdrawn = match Web::new() {
            Ok(web) => grant.withdraw(&web).await.map_err(|problem| problem.to_string()),
            Err(error) => Err(error.to_string()),
        };
        grants.forget(&id, user).await;
        let account =
            find_provider(&id).map(|provider| provider.account.as_str()).filter(|link| !link.is_empty());
        let by_hand = account.map(|link| format!(" Withdraw it at {link}.")).unwrap_or_default();
        Ok(match withdrawn {
            Ok(true) => format!("The sign-in of {user} at {id} was withdrawn and forgotten."),
            Ok(false) => {
                format!("The sign-in of {user} at {id} was forgotten. The consent itself stays.{by_hand}")
            }
            Err(words) => format!(
                "The sign-in of {user} at {id} was forgotten, but not withdrawn at the provider: {words}.{by_hand}"
            ),
        })
    })
}

/// The steps to a client id, or to a key file for the whole organisation.
///
/// # Errors
/// For the user: unknown provider, or one without such a way.
pub fn guide(choice: ProviderChoice<'_>, for_organisation: bool) -> Result<Vec<GuideStep>, Box<UserError>> {
    let provider = provider_of(choice)?;
    let steps = if for_organisation { provider.organisation_steps } else { provider.steps };
    if steps.is_empty() { Err(Box::new(explain::no_guide(&provider.name))) } else { Ok(steps) }
}

/// An application in Microsoft Entra.
#[derive(Clone, Copy, Debug)]
pub struct EntraApp<'a> {
    /// Its application (client) id.
    pub app_id: &'a str,
    /// The object id of its service principal.
    pub object_id: &'a str,
}

/// PowerShell scripts for Exchange Online.
#[derive(Clone, Debug)]
pub struct ExchangeScripts {
    /// Lets an application into mailboxes.
    pub allow: String,
    /// Takes that back.
    pub undo: String,
}

/// The scripts that let an application into the mailboxes of a list, and take that back.
///
/// # Errors
/// For the user: the list cannot be read, or names no mailbox.
pub fn exchange_scripts(list: &Path, app: EntraApp<'_>) -> Result<ExchangeScripts, Box<UserError>> {
    let rows = read_mailbox_list(list)?;
    // A user name that is no address is not one of Exchange's.
    let mailbox = |user: &str, address: &EmailAddress| {
        EmailAddress::parse(user).unwrap_or_else(|_other| address.clone())
    };
    let access = AppAccess {
        app_id: app.app_id.to_owned(),
        object_id: app.object_id.to_owned(),
        mailboxes: rows.iter().map(|row| mailbox(&row.destination_user, &row.address)).collect(),
    };
    Ok(ExchangeScripts { allow: access_script(&access), undo: undo_script(&access) })
}
