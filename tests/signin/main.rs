//! Signing in with OAuth, from the browser to the copy: with oidc-provider as a real provider, and a Dovecot that asks it
//! about each token.
#![allow(
    missing_docs,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::large_futures,
    clippy::panic,
    clippy::print_stderr,
    clippy::print_stdout,
    clippy::too_many_lines,
    clippy::unwrap_used,
    reason = "tests fail by panicking"
)]

mod bench;
mod copy;
mod flows;
mod keys;
mod program;
mod tokens;
mod window;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU32, Ordering};

use mailferry::imap::Access;
use mailferry::secrets::SecretStore;
use mailferry::signin::{
    ClientApp, Clock, DeviceCode, Grant, Grants, Means, Prompt, TokenDesk, Way, read_providers, sign_in,
};
use mailferry::values::{Credential, GrantProblem, Mechanism, Security, SignInId, SignInWay, UnixTime};
use mailferry::web::Web;
use mailferry_test_support::clients::http::HttpClient;
use mailferry_test_support::servers::dovecot::{self, Dovecot};
use mailferry_test_support::servers::oidc::Oidc;

/// Now, for clocks that begin there.
fn now() -> i64 {
    UnixTime::now().0
}

/// A clock that the test moves.
fn moved(seconds: &Arc<AtomicI64>) -> Clock {
    let seconds = Arc::clone(seconds);
    Arc::new(move || UnixTime(seconds.load(Ordering::SeqCst)))
}

fn own() -> SignInId {
    SignInId::parse("own").unwrap()
}

fn client() -> ClientApp {
    ClientApp { id: "mailferry".to_owned(), secret: None, tenant: None }
}

/// What a person does with the address or the code.
struct Person<'a> {
    open: &'a (dyn Fn(&str) + Send + Sync),
    show: &'a (dyn Fn(&DeviceCode) + Send + Sync),
    strays: AtomicU32,
}

impl<'a> Person<'a> {
    fn new(open: &'a (dyn Fn(&str) + Send + Sync), show: &'a (dyn Fn(&DeviceCode) + Send + Sync)) -> Self {
        Self { open, show, strays: AtomicU32::new(0) }
    }
}

impl Prompt for Person<'_> {
    fn open(&self, address: &str) {
        (self.open)(address);
    }

    fn show(&self, code: &DeviceCode) {
        (self.show)(code);
    }

    fn stray(&self) {
        self.strays.fetch_add(1, Ordering::SeqCst);
    }
}

/// Follows an address in a browser of its own, beside the sign-in that waits for it.
fn browse(address: &str) {
    let address = address.to_owned();
    std::thread::spawn(move || {
        let page = HttpClient::default().get(&address);
        assert!(page.body.contains("You can close this window"), "{page:?}");
    });
}

async fn sign_in_as(oidc: &Oidc, user: &str) -> Result<Grant, GrantProblem> {
    let person = Person::new(&browse, &|_| unreachable!("no code was asked for"));
    sign_in_with(oidc, user, Way::Browser, &person).await
}

async fn sign_in_with(oidc: &Oidc, user: &str, way: Way, person: &Person<'_>) -> Result<Grant, GrantProblem> {
    let providers = read_providers(&oidc.provider_file("127.0.0.1")).unwrap();
    let clock: Clock = Arc::new(UnixTime::now);
    sign_in(
        &providers[0],
        &client(),
        user,
        way,
        Means { web: &Web::new().unwrap(), prompt: person, clock: &clock },
    )
    .await
}

/// A Dovecot that takes the tokens of this provider; files of its own are in the folder.
fn mail_server(oidc: &Oidc, users: &[&str], folder: &Path) -> Option<Dovecot> {
    let settings = dovecot::Settings { extra: oidc.for_dovecot(folder), ..dovecot::Settings::default() };
    Dovecot::start(users, &settings)
}

/// A folder that the server's processes may read.
fn open_folder() -> tempfile::TempDir {
    use std::os::unix::fs::PermissionsExt as _;

    let folder = tempfile::tempdir().unwrap();
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    folder
}

fn by(credential: Credential, mechanism: Option<Mechanism>) -> SignInWay {
    SignInWay { credential, mechanism }
}

/// The way into a mailbox with tokens of this desk.
fn access(server: &Dovecot, user: &str, way: &SignInWay, desk: &TokenDesk) -> Access {
    let mut access = dovecot::access(server.clear_port, Security::Clear, user);
    access.secret = mailferry::values::Secret::default();
    access.options.way = way.clone();
    access.tokens = desk.provider(&way.credential, user);
    access
}

/// A store that ends with the test.
fn store() -> SecretStore {
    SecretStore::session_only()
}

/// Signs a user in and keeps it.
async fn keep(oidc: &Oidc, store: &SecretStore, user: &str) {
    let grant = sign_in_as(oidc, user).await.unwrap_or_else(|problem| panic!("{problem}\n{}", oidc.log()));
    Grants::new(store.clone()).keep(&grant).await;
}
