//! Sample projects that sign in at OAuth providers, for tests of pages and pictures.

use std::sync::Arc;

use mailferry::engine::{
    Command, ConsentStage, ConsentView, ConsentWay, DeviceCode, KnownClient, MailboxProgressState,
    MailboxView, PasswordPlace, ProjectView, SideSignIn, SignInState, SignInView, UserError, WayOut,
};
use mailferry::providers::ProviderId;
use mailferry::signin::find_provider;
use mailferry::ui::testing::samples;
use mailferry::values::{Credential, Endpoint, MailboxId, Security, Side, SignInId, SignInWay, UnixTime};

pub const CLIENT_ID: &str = "1b4e28ba-2fa1-11d2-883f-0016d3cca427";

fn later(seconds: i64) -> UnixTime {
    UnixTime(samples::NOW.0 + seconds)
}

fn side_at(provider: &str, client: KnownClient, is_only_way: bool) -> SideSignIn {
    let provider = find_provider(&SignInId::parse(provider).unwrap()).unwrap();
    SideSignIn { provider: Some(Arc::new(provider.clone())), is_only_way, client, app_passwords: None }
}

/// What stopped the mailbox of opa.karl, with the provider's own words.
pub fn ended() -> UserError {
    UserError {
        title: "The sign-in has ended (opa.karl@weber-familie.example)".to_owned(),
        cause: "It was revoked or has expired, or the password was changed.".to_owned(),
        server_words: Some("AADSTS700082: The refresh token has expired due to inactivity.".to_owned()),
        ways_out: vec![WayOut {
            label: "Sign in with your browser".to_owned(),
            consequence: "This mailbox then continues on its own".to_owned(),
            command: Some(Command::SignInAtProvider {
                mailbox: MailboxId(4),
                side: Side::Destination,
                way: ConsentWay::Browser,
            }),
        }],
        details: String::new(),
        certificate: None,
        code: Some("sign-in-failed"),
        folders: Vec::new(),
    }
}

/// A first sign-in that the organisation forbids.
pub fn refused() -> UserError {
    let mut error = samples::error(
        "A rule of the organisation forbids this sign-in (opa.karl@weber-familie.example)",
        "Conditional Access requires another device, place or kind of program.",
        "AADSTS53003: Access has been blocked by Conditional Access policies.",
        "Ask an admin to look the sign-in up in the sign-in log, under “Conditional Access”",
        None,
    );
    "The policy named there needs an exception, for the days of the move"
        .clone_into(&mut error.ways_out[0].consequence);
    error
}

/// Fourteen mailboxes on their way to Microsoft 365: three are signed in, one was, and the others wait.
pub fn at_microsoft(client: KnownClient) -> ProjectView {
    let mut project = samples::signed_in();
    project.destination.chosen = Some((ProviderId("microsoft365".to_owned()), "Microsoft 365".to_owned()));
    project.destination.server = Some(Endpoint::new("outlook.office365.com", 993, Security::Tls).unwrap());
    project.sign_ins.destination = side_at("microsoft", client, true);
    let rows: Vec<MailboxView> = project.mailboxes.iter().cloned().map(at_its_provider).collect();
    project.mailboxes = Arc::new(rows);
    project
}

fn at_its_provider(mut row: MailboxView) -> MailboxView {
    let way = SignInWay::with(Credential::SignedIn(SignInId::parse("microsoft").unwrap()));
    row.mailbox.ways.destination = way;
    let (state, error, token_until) = match row.id.0 {
        ..=3 => (SignInState::SignedIn, None, Some(later(3_000))),
        4 => (SignInState::ConsentEnded, Some(ended()), None),
        _ => (SignInState::NeedsConsent, None, None),
    };
    let server_words = if token_until.is_some() { "Exchange, TLS 1.3" } else { "" }.to_owned();
    row.destination =
        SignInView { password: PasswordPlace::NotNeeded, state, error, server_words, token_until };
    row
}

/// The owner's application is known.
pub fn known() -> KnownClient {
    KnownClient::Known { id: CLIENT_ID.to_owned(), tenant: Some("weber-familie.example".to_owned()) }
}

/// A sign-in of opa.karl that is under way.
pub fn under_way(stage: ConsentStage, strays: u32) -> ProjectView {
    let mut project = at_microsoft(known());
    project.sign_ins.under_way = Some(ConsentView {
        mailbox: MailboxId(4),
        side: Side::Destination,
        user: "opa.karl@weber-familie.example".to_owned(),
        stage,
        strays,
    });
    project
}

/// The browser shows the provider's page.
pub fn in_browser() -> ConsentStage {
    let address = "https://login.microsoftonline.com/weber-familie.example/oauth2/v2.0/authorize?response_type=code\
                   &client_id=1b4e28ba-2fa1-11d2-883f-0016d3cca427&redirect_uri=http%3A%2F%2Flocalhost%3A40123";
    ConsentStage::Browser { address: address.to_owned(), until: later(600) }
}

/// A code is to be typed.
pub fn by_code() -> ConsentStage {
    let code = DeviceCode {
        page: "https://microsoft.com/devicelogin".to_owned(),
        code: "FQ7K-PLXM".to_owned(),
        valid: std::time::Duration::from_mins(15),
    };
    ConsentStage::Code { code, until: later(900) }
}

/// Two mailboxes at Google that are signed in to with app passwords, or in the browser.
pub fn at_google() -> ProjectView {
    let mut project = samples::signed_in();
    project.destination.chosen =
        Some((ProviderId("google-workspace".to_owned()), "Google Workspace".to_owned()));
    project.sign_ins.destination = side_at("google", KnownClient::Missing, false);
    let mut rows: Vec<MailboxView> = project.mailboxes.iter().take(2).cloned().collect();
    for row in &mut rows {
        row.destination = SignInView { password: PasswordPlace::Missing, ..SignInView::default() };
    }
    project.mailboxes = Arc::new(rows);
    project
}

/// A copy whose fourth mailbox has stopped, as its sign-in was revoked.
pub fn stopped_by_revocation() -> ProjectView {
    let mut project = samples::copying();
    for progress in project.copy.mailboxes.iter_mut().filter(|progress| progress.id == MailboxId(4)) {
        progress.state = MailboxProgressState::Stopped(ended());
    }
    project
}
