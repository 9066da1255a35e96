//! What the window does when somebody signs in there: a real browser, a code, a refusal, a second tab, one key for all, and a
//! sign-in that is revoked and made again in the middle of a move.

use std::path::Path;
use std::process::Command as Program;

use mailferry::engine::{
    ClientApp, Command, ConsentStage, ConsentWay, CopyPhase, KnownClient, MailboxProgressState, ProjectView,
    SignInState,
};
use mailferry::providers::ProviderId;
use mailferry::values::{Credential, MailboxId, Secret, Side, SignInWay, UnixTime};
use mailferry_test_support::clients::http::HttpClient;
use mailferry_test_support::clients::plain_imap::{PlainImap, mixed_mailbox};
use mailferry_test_support::programs::require_program;
use mailferry_test_support::servers::dovecot::{self, Dovecot, PASSWORD};
use mailferry_test_support::servers::oidc::Oidc;

use crate::bench::{Bench, clear, settings};
use crate::keys::service_account;
use crate::{client, mail_server, open_folder, own};

const SIDE: Side = Side::Destination;

/// A project from a server with passwords to one that takes tokens.
struct Scene {
    oidc: Oidc,
    source: Dovecot,
    destination: Dovecot,
    bench: Bench,
    /// In the order of the users.
    mailboxes: Vec<MailboxId>,
    home: tempfile::TempDir,
    _folder: tempfile::TempDir,
}

impl Scene {
    fn new(users: &[&str]) -> Option<Self> {
        let oidc = Oidc::start()?;
        let folder = open_folder();
        let source = Dovecot::start(users, &dovecot::Settings::default())?;
        let destination = mail_server(&oidc, users, folder.path())?;
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("sign_in.toml");
        std::fs::write(&file, oidc.provider_file("127.0.0.1")).unwrap();
        let mut config = settings(home.path());
        config.sign_in_file = Some(file);
        let mut bench = Bench::start(config);
        let path = home.path().join("move.mailferry");
        bench.send(Command::NewProject { domain: "example.org".to_owned(), path: Some(path) });
        bench.send(Command::SetSourceServer(clear(source.clear_port)));
        let provider = ProviderId("generic-imap".to_owned());
        let server = Some(clear(destination.clear_port));
        bench.send(Command::ChooseDestination { provider, server });
        for user in users {
            bench.send(Command::AddMailbox(format!("{user}@example.org")));
        }
        let rows = bench.project(|project| project.mailboxes.len() == users.len()).mailboxes;
        let mailboxes: Vec<MailboxId> = rows.iter().map(|row| row.id).collect();
        for (mailbox, user) in mailboxes.iter().copied().zip(users) {
            for side in [Side::Source, Side::Destination] {
                bench.send(Command::SetUser { mailbox, side, user: (*user).to_owned() });
            }
            bench.send(Command::SetPassword { mailbox, side: Side::Source, secret: Secret::new(PASSWORD) });
        }
        bench.project(|project| project.sign_ins.destination.client == KnownClient::Missing);
        Some(Self { oidc, source, destination, bench, mailboxes, home, _folder: folder })
    }

    fn save_client(&mut self) {
        self.bench.send(Command::SetClientApp { provider: own(), client: client() });
        self.bench.project(|project| {
            matches!(&project.sign_ins.destination.client, KnownClient::Known { id, .. } if id == "mailferry")
        });
    }

    fn start(&mut self, index: usize, way: ConsentWay) {
        let mailbox = self.mailboxes[index];
        self.bench.send(Command::SignInAtProvider { mailbox, side: SIDE, way });
    }

    /// The page that the browser would show.
    fn address(&mut self) -> String {
        let project =
            self.bench.project(|project| matches!(stage(project), Some(ConsentStage::Browser { .. })));
        match stage(&project) {
            Some(ConsentStage::Browser { address, until }) if *until > UnixTime::now() => address.clone(),
            other => panic!("{other:?}"),
        }
    }

    /// Signs a user in as a person does who follows the link.
    fn sign_in(&mut self, index: usize) {
        self.start(index, ConsentWay::Browser);
        let page = HttpClient::default().get(&self.address());
        assert!(page.body.contains("You can close this window"), "{page:?}");
        self.signed_in(index);
    }

    fn signed_in(&mut self, index: usize) -> ProjectView {
        let mailbox = self.mailboxes[index];
        self.bench.project(|project| {
            project.sign_ins.under_way.is_none() && state(project, mailbox) == SignInState::SignedIn
        })
    }

    fn are_same(&self, user: &str) -> bool {
        let [from, to] = [&self.source, &self.destination]
            .map(|server| PlainImap::open(server.clear_port, user).multiset(str::to_owned));
        from == to
    }
}

fn stage(project: &ProjectView) -> Option<&ConsentStage> {
    project.sign_ins.under_way.as_ref().map(|under_way| &under_way.stage)
}

fn state(project: &ProjectView, mailbox: MailboxId) -> SignInState {
    let row = project.mailboxes.iter().find(|row| row.id == mailbox).unwrap();
    row.destination.state.clone()
}

/// What Chromium shows at the end of all redirects.
fn browse(chromium: &Path, address: &str, profile: &Path) -> String {
    let output = Program::new(chromium)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run"])
        .args(["--disable-background-networking", "--virtual-time-budget=20000", "--dump-dom"])
        .arg(format!("--user-data-dir={}", profile.display()))
        .arg(address)
        .env("HOME", profile)
        .output()
        .unwrap();
    let page = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{page}\n{}", String::from_utf8_lossy(&output.stderr));
    page
}

#[test]
fn a_real_browser_signs_a_mailbox_in_and_says_that_it_can_be_closed() {
    let Some(chromium) = require_program("chromium", "chromium") else { return };
    let Some(mut scene) = Scene::new(&["anna"]) else { return };
    scene.save_client();
    scene.start(0, ConsentWay::Browser);
    let address = scene.address();
    let page = browse(&chromium, &address, &scene.home.path().join("browser"));
    assert!(
        page.contains("<h1>Mailferry has the answer</h1>") && page.contains("You can close this window."),
        "{page}\n{}",
        scene.oidc.log()
    );
    let project = scene.signed_in(0);
    let row = &project.mailboxes[0];
    assert_eq!(row.mailbox.ways.destination, SignInWay::with(Credential::SignedIn(own())));
    // Until when is told, and the mailbox was tried at its server by itself.
    assert!(row.destination.token_until.is_some_and(|until| until > UnixTime::now()), "{row:#?}");
    assert!(row.destination.server_words.contains("Dovecot"), "{row:#?}");
    // After the move the application is forgotten.
    scene.bench.send(Command::ForgetClientApp(own()));
    scene.bench.project(|project| project.sign_ins.destination.client == KnownClient::Missing);
}

#[test]
fn without_an_application_with_a_second_tab_or_a_refusal_it_is_reported_and_can_be_given_up() {
    let Some(mut scene) = Scene::new(&["anna", "ben"]) else { return };
    // The provider asks whoever has this name, and somebody says no.
    let (mailbox, user) = (scene.mailboxes[1], "nobody@example.org".to_owned());
    scene.bench.send(Command::SetUser { mailbox, side: SIDE, user });
    scene.start(0, ConsentWay::Browser);
    let project = scene.bench.project(|project| matches!(stage(project), Some(ConsentStage::Failed(_))));
    let Some(ConsentStage::Failed(error)) = stage(&project) else { panic!("{project:#?}") };
    assert!(error.title.contains("Own server does not know Mailferry yet"), "{error:#?}");
    let wrong = ClientApp { id: "two words".to_owned(), secret: None, tenant: None };
    scene.bench.send(Command::SetClientApp { provider: own(), client: wrong });
    assert!(scene.bench.failures.iter().any(|error| error.title.contains("not a client ID")));
    scene.save_client();
    // The answer to an earlier try.
    scene.start(0, ConsentWay::Browser);
    let address = scene.address();
    let redirect = address.split("redirect_uri=").nth(1).unwrap().split('&').next().unwrap();
    let redirect = redirect.replace("%3A", ":").replace("%2F", "/");
    let page = HttpClient::default().get(&format!("{redirect}/?code=of-before&state=before"));
    assert_eq!(page.status, 400);
    scene.bench.project(|project| project.sign_ins.under_way.as_ref().is_some_and(|one| one.strays == 1));
    scene.bench.send(Command::CancelProviderSignIn);
    let project = scene.bench.project(|project| project.sign_ins.under_way.is_none());
    assert_eq!(state(&project, scene.mailboxes[0]), SignInState::NotTried);
    scene.start(1, ConsentWay::Browser);
    let page = HttpClient::default().get(&scene.address());
    assert!(page.body.contains("You are not signed in"), "{page:?}");
    let project = scene.bench.project(|project| matches!(stage(project), Some(ConsentStage::Failed(_))));
    let Some(ConsentStage::Failed(error)) = stage(&project) else { panic!("{project:#?}") };
    assert_eq!(error.server_words.as_deref(), Some("access_denied: no thanks"));
    // With a code it goes as well.
    scene.start(0, ConsentWay::Device);
    let project = scene.bench.project(|project| matches!(stage(project), Some(ConsentStage::Code { .. })));
    let Some(ConsentStage::Code { code, .. }) = stage(&project) else { panic!("{project:#?}") };
    assert!(scene.oidc.approve(&code.code, "anna"));
    scene.signed_in(0);
}

#[test]
fn a_revoked_sign_in_stops_its_mailbox_alone_and_continues_when_made_again() {
    let Some(mut scene) = Scene::new(&["anna", "ben"]) else { return };
    let mails = mixed_mailbox(12, '/', "");
    for user in ["anna", "ben"] {
        PlainImap::open(scene.source.clear_port, user).store(&mails);
    }
    scene.save_client();
    scene.sign_in(0);
    scene.sign_in(1);
    scene.bench.send(Command::BuildPlan);
    scene.bench.project(|project| project.plan.counting.is_none() && project.plan.mailboxes.len() == 2);
    scene.oidc.revoke("ben");
    // Opened again, so that no connection of before is left.
    scene.bench.send(Command::CloseProject);
    scene.bench.send(Command::OpenProject(scene.home.path().join("move.mailferry")));
    scene.bench.project(|project| project.mailboxes.iter().all(|row| row.source.has_password()));
    scene.bench.send(Command::StartCopy);
    let ben = scene.mailboxes[1];
    let stopped = scene.bench.project(|project| {
        matches!(project.copy.phase, CopyPhase::Stopped | CopyPhase::Finished)
            && state(project, ben) == SignInState::ConsentEnded
    });
    let row = stopped.mailboxes.iter().find(|row| row.id == ben).unwrap();
    let error = row.destination.error.as_ref().unwrap();
    assert!(error.title.contains("The sign-in has ended"), "{error:#?}");
    assert_eq!(error.asks_to_sign_in(), Some((ben, SIDE)));
    assert!(scene.are_same("anna") && !scene.are_same("ben"));
    let copied = |project: &ProjectView, id| {
        project.copy.mailboxes.iter().find(|one| one.id == id).map(|one| one.state.clone())
    };
    assert_eq!(copied(&stopped, scene.mailboxes[0]), Some(MailboxProgressState::Done));
    // Signed in again, the copy goes on without another click.
    scene.sign_in(1);
    scene.bench.project(|project| project.copy.phase == CopyPhase::Finished);
    assert!(scene.are_same("anna") && scene.are_same("ben"));
}

#[test]
fn one_key_signs_in_for_every_chosen_mailbox_and_a_wrong_file_for_none() {
    let Some(mut scene) = Scene::new(&["anna", "ben"]) else { return };
    let wrong = scene.home.path().join("wrong.json");
    std::fs::write(&wrong, r#"{"type":"service_account","private_key":"hunter2"}"#).unwrap();
    scene.bench.send(Command::UseKeyFile { side: SIDE, path: wrong });
    let failure = scene.bench.failures.pop().unwrap();
    assert!(failure.title.contains("wrong.json cannot be used as a key"), "{failure:#?}");
    assert!(!format!("{failure:?}").contains("hunter2"));
    let path = service_account(&scene.oidc, scene.home.path());
    scene.bench.send(Command::UseKeyFile { side: SIDE, path: path.clone() });
    for index in [0, 1] {
        let project = scene.signed_in(index);
        let way = SignInWay::with(Credential::KeyFile(path.clone()));
        assert!(project.mailboxes.iter().all(|row| row.mailbox.ways.destination == way));
    }
}
