//! A server that shows another certificate than the approved one, met headless and through the engine's door, with real
//! servers that get a new key.

use std::path::Path;
use std::process::{Command as Program, Output};
use std::sync::Arc;
use std::time::Duration;

use mailferry::engine::{
    CertificateQuestion, Command, CopyPhase, Engine, EngineConfig, EngineHandle as _, LogRing,
    MailboxProgressState, ProjectView, SecretsPolicy, SignInState, Verify, certificate_questions,
};
use mailferry::providers::ProviderId;
use mailferry::values::Side;
use mailferry::values::{Endpoint, Fingerprint, Secret, Security};
use mailferry_test_support::clients::plain_imap::{PlainImap, mixed_mailbox};
use mailferry_test_support::programs;
use mailferry_test_support::servers::dovecot::{Dovecot, PASSWORD, Settings};
use sha2::{Digest as _, Sha256};

const USERS: [&str; 4] = ["anna", "jonas", "lena", "karl"];

fn fingerprint(server: &Dovecot) -> Fingerprint {
    Fingerprint(Sha256::digest(std::fs::read(server.certificate_der()).unwrap()).into())
}

fn words(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn headless_a_changed_certificate_stops_the_run_until_exactly_the_new_one_is_approved() {
    let Some(mut source) = Dovecot::start(&["anna"], &Settings::default()) else { return };
    let Some(destination) = Dovecot::start(&["anna"], &Settings::default()) else { return };
    PlainImap::open(source.clear_port, "anna").store(&mixed_mailbox(12, '/', ""));
    let home = tempfile::tempdir().unwrap();
    std::fs::write(home.path().join("password"), PASSWORD).unwrap();
    let (from, to) = (
        format!("imaps://anna@127.0.0.1:{}", source.tls_port),
        format!("imap://anna@127.0.0.1:{}", destination.clear_port),
    );
    let copy = |extra: &[&str]| {
        Program::new(env!("CARGO_BIN_EXE_mailferry"))
            .current_dir(home.path())
            .env("HOME", home.path())
            .env("XDG_CONFIG_HOME", home.path().join("config"))
            .env_remove("DBUS_SESSION_BUS_ADDRESS")
            .args(["copy", "--project", "anna.mailferry", "--from", &from, "--to", &to])
            .args(["--from-password-file", "password", "--to-password-file", "password"])
            .args(extra)
            .output()
            .unwrap()
    };
    let first = fingerprint(&source).to_string();
    let met = copy(&[]);
    assert_eq!(met.status.code(), Some(3), "{}", words(&met));
    assert!(words(&met).contains(&format!("--from-fingerprint {first}")), "{}", words(&met));
    let trusted = copy(&["--from-fingerprint", &first]);
    assert_eq!(trusted.status.code(), Some(0), "{}", words(&trusted));
    assert_eq!(copy(&[]).status.code(), Some(0), "the project remembers it");

    source.renew_certificate();
    let second = fingerprint(&source).to_string();
    // Neither silence nor the old fingerprint lets the new one pass.
    for extra in [&[][..], &["--from-fingerprint", &first]] {
        let stopped = copy(extra);
        let said = words(&stopped);
        assert_eq!(stopped.status.code(), Some(3), "{said}");
        for part in [
            "shows a different certificate",
            "somebody is intercepting the connection",
            "approved on 2",
            &first,
            &second,
        ] {
            assert!(said.contains(part), "{part}: {said}");
        }
        assert!(said.contains(&format!("--from-fingerprint {second}")), "{said}");
    }
    let renewed = copy(&["--from-fingerprint", &second]);
    assert_eq!(renewed.status.code(), Some(0), "{}", words(&renewed));

    // The new one has taken the place of the old one: with its old key the server is a stranger.
    source.renew_certificate();
    let stranger = words(&copy(&[]));
    assert!(stranger.contains(&second) && !stranger.contains(&first), "{stranger}");
}

/// An engine with a project of some mailboxes, all read from one server over TLS.
struct Bench {
    engine: Engine,
    sent: u64,
}

impl Bench {
    fn start(home: &Path, source: &Dovecot, destination: &Dovecot) -> Self {
        let config = EngineConfig {
            recent_file: None,
            projects_folder: home.join("projects"),
            confirmed_file: None,
            accounts_folder: home.join("accounts"),
            is_without_account_lock: false,
            rehearsals_folder: None,
            rehearses_slowly: false,
            export_folder: None,
            secrets: SecretsPolicy::SessionOnly,
            tokens: None,
            sign_in_file: None,
            opens_browser: false,
            parallel_mailboxes: 4,
            max_connections: None,
            verify: Verify::Quick,
            compression: mailferry::engine::Compression::default(),
            timeouts: mailferry::engine::Timeouts::default(),
            acts_by_itself: false,
            samples_dates: false,
            quits_on_interrupt: false,
        };
        let engine = Engine::start(config, LogRing::default(), Arc::new(|| {})).unwrap();
        let mut bench = Self { engine, sent: 0 };
        let path = home.join("weber.mailferry");
        bench.send(Command::NewProject { domain: "weber.example".to_owned(), path: Some(path) });
        let source = Endpoint::new("127.0.0.1", source.tls_port, Security::Tls).unwrap();
        bench.send(Command::SetSourceServer(source));
        bench.send(Command::ChooseDestination {
            provider: ProviderId("generic-imap".to_owned()),
            server: Some(Endpoint::new("127.0.0.1", destination.clear_port, Security::Clear).unwrap()),
        });
        for user in USERS {
            bench.send(Command::AddMailbox(format!("{user}@weber.example")));
        }
        for row in bench.project().mailboxes.iter() {
            let user = row.mailbox.address.to_string().split('@').next().unwrap().to_owned();
            for side in [Side::Source, Side::Destination] {
                bench.send(Command::SetUser { mailbox: row.id, side, user: user.clone() });
                bench.send(Command::SetPassword { mailbox: row.id, side, secret: Secret::new(PASSWORD) });
            }
        }
        bench
    }

    fn project(&self) -> ProjectView {
        self.engine.snapshot().project.clone().unwrap()
    }

    fn send(&mut self, command: Command) {
        self.sent += 1;
        assert!(self.engine.send(command));
        let sent = self.sent;
        for _look in 0..programs::LOOKS {
            if self.engine.snapshot().commands_taken >= sent {
                return;
            }
            self.engine.wait_for_change(Duration::from_millis(100));
        }
        panic!("a command was not taken");
    }

    fn wait(&mut self, is_reached: impl Fn(&ProjectView) -> bool) -> ProjectView {
        for _look in 0..programs::LOOKS {
            let project = self.project();
            if is_reached(&project) {
                return project;
            }
            while self.engine.next_event().is_some() {}
            self.engine.wait_for_change(Duration::from_millis(100));
        }
        panic!("not reached; last: {:#?}", self.project());
    }

    /// The one question, once every mailbox waits for its answer.
    fn question(&mut self) -> CertificateQuestion {
        let project = self.wait(|project| {
            certificate_questions(project).first().is_some_and(|first| first.mailboxes.len() == USERS.len())
        });
        let mut questions = certificate_questions(&project);
        assert_eq!(questions.len(), 1, "{questions:#?}");
        questions.remove(0)
    }

    fn approve(&mut self, question: &CertificateQuestion) {
        let certificate = &question.certificate;
        let (server, fingerprint) = (certificate.server.clone(), certificate.fingerprint);
        self.send(Command::TrustCertificate { server, fingerprint });
    }
}

#[test]
fn one_answer_lets_every_mailbox_of_the_server_continue_by_itself() {
    let Some(mut source) = Dovecot::start(&USERS, &Settings::default()) else { return };
    let Some(destination) = Dovecot::start(&USERS, &Settings::default()) else { return };
    for user in USERS {
        PlainImap::open(source.clear_port, user).store(&mixed_mailbox(8, '/', ""));
    }
    let home = tempfile::tempdir().unwrap();
    let mut bench = Bench::start(home.path(), &source, &destination);

    bench.send(Command::TestSignIn { mailboxes: Vec::new() });
    let question = bench.question();
    assert_eq!(question.certificate.fingerprint, fingerprint(&source));
    assert_eq!(question.certificate.approved, None);
    bench.approve(&question);
    bench.wait(|project| project.mailboxes.iter().all(|row| row.source.state == SignInState::SignedIn));
    bench.send(Command::BuildPlan);
    bench.wait(|project| project.plan.mailboxes.len() == USERS.len() && project.plan.counting.is_none());

    let first = fingerprint(&source);
    source.renew_certificate();
    bench.send(Command::StartCopy);
    let question = bench.question();
    assert_eq!(question.certificate.fingerprint, fingerprint(&source));
    let approved = question.certificate.approved.clone().unwrap();
    assert_eq!(approved.fingerprint, first);
    assert!(approved.at.is_some() && approved.issuer.is_some() && approved.valid_until.is_some());
    bench.wait(|project| project.copy.phase == CopyPhase::Stopped);
    bench.approve(&question);
    let project = bench.wait(|project| project.copy.phase == CopyPhase::Finished);
    assert!(project.copy.mailboxes.iter().all(|one| one.state == MailboxProgressState::Done));
    assert_eq!(certificate_questions(&project), []);
    for user in USERS {
        let from = PlainImap::open(source.clear_port, user).multiset(str::to_owned);
        let to = PlainImap::open(destination.clear_port, user).multiset(str::to_owned);
        assert_eq!(from, to, "{user}");
    }
}
