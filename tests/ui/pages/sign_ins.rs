//! Signing in at OAuth providers: each mailbox in the browser or with a code, all with one key, and what an owner needs first.

use egui::{Key, Vec2};
use egui_kittest::kittest::Queryable as _;
use mailferry::engine::{
    ClientApp, Command, ConsentStage, ConsentWay, ExchangeApp, ExchangeScript, KnownClient, Step,
};
use mailferry::ui::Place;
use mailferry::ui::testing::samples;
use mailferry::values::{MailboxId, Secret, Side, SignInId};
use mailferry_test_support::sign_in_samples::{
    CLIENT_ID, at_google, at_microsoft, by_code, in_browser, known, refused, stopped_by_revocation, under_way,
};
use mailferry_test_support::window::Opened;

const USER: &str = "opa.karl@weber-familie.example";

fn count(opened: &Opened, words: &str) -> usize {
    opened.harness.query_all_by_label_contains(words).count()
}

fn start(mailbox: i64, way: ConsentWay) -> Command {
    Command::SignInAtProvider { mailbox: MailboxId(mailbox), side: Side::Destination, way }
}

#[test]
fn the_next_mailbox_is_signed_in_with_one_click_and_its_row_does_the_same() {
    let mut opened = Opened::step(at_microsoft(known()), Step::Mailboxes, false);
    assert_eq!(count(&opened, "3 of 14 signed in. Passwords are refused here."), 1);
    // Until when, for the one who is shown at the right.
    assert_eq!(count(&opened, "Microsoft 365: signed in until"), 1);
    // Whoever was signed in before comes first.
    assert_eq!(count(&opened, &format!("Next: {USER}, then 10 more")), 1);
    opened.click(&format!("Sign in with your browser, {USER}"));
    opened.click(&format!("Sign in with a code, {USER}"));
    opened.click(&format!("Sign in again… {USER}"));
    opened.click("Sign in… info@weber-familie.example");
    let sent = opened.sent();
    opened.click("Forget the application");
    assert_eq!(opened.sent(), [Command::ForgetClientApp(SignInId::parse("microsoft").unwrap())]);
    let (browser, device) = (ConsentWay::Browser, ConsentWay::Device);
    assert_eq!(sent, [start(4, browser), start(4, device), start(4, browser), start(5, browser)]);
}

#[test]
fn the_browser_is_waited_for_and_a_second_tab_is_reported() {
    let mut opened = Opened::step(under_way(in_browser(), 0), Step::Mailboxes, true);
    assert_eq!(count(&opened, &format!("Sign in as {USER} in your browser")), 1);
    assert_eq!(count(&opened, "Mailferry waits until"), 1);
    assert_eq!(count(&opened, "second tab"), 0);
    opened.click("Copy sign-in link");
    assert!(opened.harness.query_by_label("Copied the sign-in link").is_some());
    opened.click("Cancel the sign-in");
    assert_eq!(opened.sent(), [Command::CancelProviderSignIn]);
    opened.engine.show(samples::with(under_way(in_browser(), 1)));
    opened.harness.run();
    assert_eq!(count(&opened, "an earlier try in a second tab. Nothing was changed"), 1);
}

#[test]
fn a_code_is_shown_with_its_page_and_both_are_copied() {
    let mut opened = Opened::step(under_way(by_code(), 0), Step::Mailboxes, false);
    assert!(count(&opened, "FQ7K-PLXM") >= 1);
    for name in ["code", "page"] {
        opened.click(&format!("Copy {name}"));
        assert!(opened.harness.query_by_label(&format!("Copied the {name}")).is_some());
    }
    opened.click("Cancel the sign-in");
    assert_eq!(opened.sent(), [Command::CancelProviderSignIn]);
}

#[test]
fn a_refusal_shows_the_provider_s_words_and_ends_or_begins_again() {
    let mut opened =
        Opened::step(under_way(ConsentStage::Failed(Box::new(refused())), 0), Step::Mailboxes, false);
    assert_eq!(count(&opened, "AADSTS53003: Access has been blocked"), 1);
    opened.click(&format!("Close “{}”", refused().title));
    assert_eq!(opened.sent(), [Command::CancelProviderSignIn]);
    opened.click(&format!("Sign in with a code, {USER}"));
    assert_eq!(opened.sent(), [start(4, ConsentWay::Device)]);
}

#[test]
fn the_guide_names_the_clicks_and_mistakes_are_reported_where_they_are_typed() {
    let page = Some(Place::Step(Step::Mailboxes));
    let whole = Vec2::new(1280.0, 2_400.0);
    let mut opened = Opened::at(samples::with(at_microsoft(KnownClient::Missing)), page, false, whole);
    for words in ["App registrations", "Allow public client flows", "IMAP.AccessAsUser.All"] {
        assert!(count(&opened, words) >= 1, "{words}");
    }
    opened.click("Copy redirect URI");
    assert_eq!(count(&opened, "http://localhost"), 2, "in a step and to be copied");
    // Nobody can begin before the application is known; the row leads to the guide.
    assert_eq!(count(&opened, "Sign in with your browser"), 0);
    opened.click("Sign in… info@weber-familie.example");
    assert_eq!(opened.sent(), []);
    opened.type_into("Client ID", "1b4e28ba");
    opened.type_into("Directory (tenant) ID", "https://example.org");
    opened.click("Save the application");
    assert_eq!(opened.sent(), []);
    assert_eq!(count(&opened, "It has 36 characters, such as"), 1);
    assert_eq!(count(&opened, "or a domain of the organisation"), 1);
    let mut opened = Opened::step(at_microsoft(KnownClient::Missing), Step::Mailboxes, false);
    opened.type_into("Client ID", CLIENT_ID);
    opened.type_into("Directory (tenant) ID", "example.org");
    opened.click("Save the application");
    let provider = SignInId::parse("microsoft").unwrap();
    let client = ClientApp { id: CLIENT_ID.to_owned(), secret: None, tenant: Some("example.org".to_owned()) };
    assert_eq!(opened.sent(), [Command::SetClientApp { provider, client }]);
}

#[test]
fn google_wants_a_secret_as_well_and_takes_app_passwords() {
    let mut opened = Opened::step(at_google(), Step::Mailboxes, false);
    assert_eq!(count(&opened, "Passwords work as well: enter them in the rows below."), 1);
    // The guide is for those who want it.
    assert_eq!(count(&opened, "Google Cloud console"), 0);
    opened.click("Get a client ID…");
    let id = "12-ab.apps.googleusercontent.com";
    opened.type_into("Client ID", id);
    opened.type_into("Client secret", id);
    opened.press(Key::Tab);
    assert_eq!(count(&opened, "This is the client ID; the secret is shown below it."), 1);
    let mut opened = Opened::step(at_google(), Step::Mailboxes, false);
    opened.click("Get a client ID…");
    opened.type_into("Client ID", id);
    opened.type_into("Client secret", "GOCSPX-1");
    opened.click("Save the application");
    let client = ClientApp { id: id.to_owned(), secret: Some(Secret::new("GOCSPX-1")), tenant: None };
    let provider = SignInId::parse("google").unwrap();
    assert_eq!(opened.sent(), [Command::SetClientApp { provider, client }]);
}

#[test]
fn one_key_signs_in_for_all_and_exchange_lets_it_in_by_a_script() {
    let mut opened = Opened::step(at_microsoft(known()), Step::Mailboxes, false);
    opened.click("All mailboxes with one key");
    opened.click("Show each click that leads to a key");
    assert!(count(&opened, "IMAP.AccessAsApp") >= 1);
    opened.click("Hide the clicks");
    opened.type_into("Application (client) ID", CLIENT_ID);
    opened.type_into("Object ID of the enterprise application", CLIENT_ID);
    opened.press(Key::Tab);
    assert_eq!(count(&opened, "the object ID is another one"), 1);
    let object = "2c5f39cb-2fa1-11d2-883f-0016d3cca427";
    let mut opened = Opened::step(at_microsoft(known()), Step::Mailboxes, true);
    opened.click("All mailboxes with one key");
    opened.type_into("Application (client) ID", CLIENT_ID);
    opened.type_into("Object ID of the enterprise application", object);
    assert_eq!(count(&opened, "Add-MailboxPermission"), 1);
    assert_eq!(count(&opened, "\"type\": \"microsoft_app\""), 1);
    opened.click("Copy script");
    // Microsoft's server is asked by the row alone, as each user has to sign in first.
    assert_eq!(count(&opened, "Sign in to 11 mailboxes"), 0);
    opened.click("Take it back after the move");
    assert_eq!(count(&opened, "Remove-MailboxPermission"), 1);
    opened.click("Save to file");
    let app =
        ExchangeApp { app_id: CLIENT_ID.to_owned(), object_id: object.to_owned(), side: Side::Destination };
    let path = "/home/anna/Documents/weber-familie.example-take-access-back.ps1".into();
    let saved = Command::SaveExchangeScript { path, script: ExchangeScript::TakeBack, app };
    assert_eq!(opened.sent(), [saved]);
    opened.type_into("Key file", "/home/anna/app.json");
    opened.click("Sign in to 14 mailboxes with this key");
    let path = "/home/anna/app.json".into();
    assert_eq!(opened.sent(), [Command::UseKeyFile { side: Side::Destination, path }]);
}

#[test]
fn a_revoked_sign_in_is_mended_from_the_copy_page() {
    let mut opened = Opened::step(stopped_by_revocation(), Step::Copy, false);
    assert_eq!(count(&opened, "AADSTS700082"), 1);
    opened.click("Sign in with your browser");
    assert_eq!(opened.sent(), [start(4, ConsentWay::Browser)]);
}

#[test]
fn a_refused_password_is_three_clicks_from_signed_in() {
    let mut opened = Opened::step(samples::every_sign_in_state(), Step::Mailboxes, false);
    opened.click(&format!("Enter again… {USER}"));
    // The field has the keyboard already.
    let focused = opened.harness.ctx.memory(egui::Memory::focused);
    assert!(focused.is_some());
    opened.harness.get_by_label("Password, Your server").type_text("right");
    opened.harness.run();
    opened.press(Key::Enter);
    let password =
        Command::SetPassword { mailbox: MailboxId(4), side: Side::Source, secret: Secret::new("right") };
    assert_eq!(opened.sent(), [password, Command::TestSignIn { mailboxes: vec![MailboxId(4)] }]);
}

#[test]
fn app_passwords_are_explained_where_they_are_asked_for() {
    let mut project = samples::every_sign_in_state();
    let help = mailferry::assets::read_app_passwords(include_str!("../../../assets/app_passwords.toml"));
    let help = help.unwrap().into_iter().find(|help| help.providers.contains(&"fastmail".to_owned()));
    project.sign_ins.destination.app_passwords = help.map(std::sync::Arc::new);
    let mut opened = Opened::step(project, Step::Mailboxes, false);
    opened.click(&format!("Enter again… {USER}"));
    assert_eq!(count(&opened, "Fastmail takes an app password here, never the account's own password"), 1);
    assert_eq!(count(&opened, "“Privacy & Security”, “App passwords”"), 1);
    assert_eq!(count(&opened, "Open www.fastmail.help, app passwords"), 1);
}

#[test]
fn those_who_need_the_owner_can_all_be_left_out_at_once() {
    let mut project = at_microsoft(known());
    project.sign_ins.under_way = None;
    let mut opened = Opened::step(project, Step::Mailboxes, false);
    opened.click("Leave 11 out");
    let left: Vec<MailboxId> = (4..=14).map(MailboxId).collect();
    assert_eq!(opened.sent(), [Command::LeaveOut(left)]);
}
