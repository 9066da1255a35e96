//! A project file that somebody else has made or changed asks before it runs, reads or sends anything.
#![cfg(unix)]

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::Arc;
use std::time::Duration;

use mailferry::engine::{
    Command as Ask, Engine, EngineConfig, EngineHandle as _, Event, LogRing, SecretsPolicy, Snapshot,
};
use mailferry::plan::{Mailbox, SignInWays};
use mailferry::project::{AuditSettings, Destination, Project};
use mailferry::providers::ProviderId;
use mailferry::values::MailboxId;
use mailferry::values::{CommandLine, Credential, DomainName, EmailAddress, Endpoint, Security, SignInWay};

/// Servers that only count who comes, and a project that would go there.
struct Trap {
    folder: tempfile::TempDir,
    source: TcpListener,
    destination: TcpListener,
}

impl Trap {
    fn lay() -> Self {
        let listen = || {
            let listener = TcpListener::bind("127.0.0.1:0").unwrap();
            listener.set_nonblocking(true).unwrap();
            listener
        };
        let trap = Self { folder: tempfile::tempdir().unwrap(), source: listen(), destination: listen() };
        std::fs::write(trap.token(), "ya29.token\n").unwrap();
        let project =
            Project::create(&trap.project(), &DomainName::parse("weber.example").unwrap(), false).unwrap();
        project.set_source_server(Some(&endpoint(&trap.source))).unwrap();
        let destination = Destination {
            provider: ProviderId("generic-imap".to_owned()),
            server: Some(endpoint(&trap.destination)),
        };
        project.set_destination(Some(&destination)).unwrap();
        project.add_mailbox(&trap.mailbox(&trap.command("first"))).unwrap();
        drop(project);
        trap
    }

    fn mailbox(&self, command: &str) -> Mailbox {
        let command = Credential::TokenCommand(CommandLine::parse(command).unwrap());
        Mailbox {
            address: EmailAddress::parse("anna@weber.example").unwrap(),
            source_user: "anna".to_owned(),
            destination_user: "anna.weber".to_owned(),
            ways: SignInWays {
                source: SignInWay::with(command),
                destination: SignInWay::with(Credential::TokenFile(self.token())),
            },
            is_chosen: true,
        }
    }

    /// Somebody changes the project by other means than this program.
    fn change(&self, change: impl FnOnce(&Project)) {
        let project = Project::open(&self.project()).unwrap();
        change(&project);
        project.close().unwrap();
    }

    fn command(&self, mark: &str) -> String {
        format!("touch {}", self.folder.path().join(mark).display())
    }

    fn has_run(&self, mark: &str) -> bool {
        self.folder.path().join(mark).exists()
    }

    fn project(&self) -> PathBuf {
        self.folder.path().join("weber.mailferry")
    }

    fn token(&self) -> PathBuf {
        self.folder.path().join("token")
    }

    /// How many have come to either server since the last look.
    fn visitors(&self) -> usize {
        [&self.source, &self.destination]
            .into_iter()
            .map(|listener| std::iter::from_fn(|| listener.accept().ok()).count())
            .sum()
    }
}

fn endpoint(listener: &TcpListener) -> Endpoint {
    Endpoint::new("127.0.0.1", listener.local_addr().unwrap().port(), Security::Clear).unwrap()
}

fn copy(home: &Path, project: &Path, more: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_mailferry"))
        .env("HOME", home)
        .env("XDG_CONFIG_HOME", home.join("config"))
        .env_remove("XDG_STATE_HOME")
        .env_remove("DBUS_SESSION_BUS_ADDRESS")
        .args(["copy", "--timeout", "5", "--project"])
        .arg(project)
        .args(more)
        .output()
        .unwrap()
}

#[track_caller]
fn assert_asked(output: &Output, wanted: &[&str]) -> String {
    let words = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(3), "{words}");
    assert!(words.contains("May this project do the following?"), "{words}");
    for part in ["--confirm-project"].iter().chain(wanted) {
        assert!(words.contains(part), "{part} is not in: {words}");
    }
    words
}

#[track_caller]
fn assert_not_asked(output: &Output) {
    let words = String::from_utf8_lossy(&output.stderr);
    assert!(!words.contains("May this project"), "{words}");
}

#[test]
fn nothing_is_run_read_or_sent_before_the_owner_has_agreed_to_exactly_that() {
    let trap = Trap::lay();
    let home = tempfile::tempdir().unwrap();
    let run = |more: &[&str]| copy(home.path(), &trap.project(), more);
    let command = trap.command("first");
    let token = trap.token().display().to_string();
    let (from, to) = (endpoint(&trap.source).to_string(), endpoint(&trap.destination).to_string());
    for more in [&["--dry-run"][..], &[], &["--verify-only", "quick"], &["--retry-failed"], &["--trial", "1"]]
    {
        let words = assert_asked(&run(more), &[&command, &token, &from, &to, "as anna", "weber.example"]);
        assert!(!words.contains("There is no token"), "{words}");
        assert!(!trap.has_run("first") && trap.visitors() == 0, "{more:?}");
    }
    // Agreed to, and not asked again.
    assert_not_asked(&run(&["--dry-run", "--confirm-project"]));
    assert!(trap.has_run("first"));
    assert_not_asked(&run(&["--dry-run"]));
    trap.visitors();

    let second = trap.command("second");
    trap.change(|project| project.update_mailbox(MailboxId(1), &trap.mailbox(&second)).unwrap());
    let words = assert_asked(&run(&[]), &[&second]);
    assert!(!words.contains(&token), "only what is new is asked: {words}");
    assert!(!trap.has_run("second") && trap.visitors() == 0);

    // The token would go to another server.
    trap.change(|project| {
        project.update_mailbox(MailboxId(1), &trap.mailbox(&command)).unwrap();
        let server = Some(endpoint(&trap.source));
        let provider = ProviderId("generic-imap".to_owned());
        project.set_destination(Some(&Destination { provider, server })).unwrap();
    });
    assert_asked(&run(&[]), &[&token, &from]);
    let elsewhere = AuditSettings { resolver: "192.0.2.53:53".to_owned(), ..AuditSettings::default() };
    trap.change(|project| {
        let provider = ProviderId("generic-imap".to_owned());
        let server = Some(endpoint(&trap.destination));
        project.set_destination(Some(&Destination { provider, server })).unwrap();
        project.set_audit_settings(&elsewhere).unwrap();
    });
    assert_asked(&run(&[]), &["192.0.2.53:53"]);
    assert_eq!(trap.visitors(), 0);
}

#[test]
fn a_project_of_ones_own_asks_nothing_here_and_everything_elsewhere() {
    let trap = Trap::lay();
    let (home, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let own = home.path().join("own.mailferry");
    let (from, to) = (endpoint(&trap.source), endpoint(&trap.destination));
    let (from, to) = (format!("imap://anna@{from}"), format!("imap://anna@{to}"));
    let token = trap.token().display().to_string();
    let made =
        ["--from", &from, "--to", &to, "--from-token-file", &token, "--to-token-file", &token, "--dry-run"];
    for _run in 0..2 {
        assert_not_asked(&copy(home.path(), &own, &made));
    }
    assert_not_asked(&copy(home.path(), &own, &["--dry-run"]));
    // The same file at another place is the same project.
    let moved = elsewhere.path().join("moved.mailferry");
    std::fs::copy(&own, &moved).unwrap();
    assert_not_asked(&copy(home.path(), &moved, &["--dry-run"]));
    trap.visitors();
    assert_asked(&copy(elsewhere.path(), &moved, &made), &[&token]);
    assert_eq!(trap.visitors(), 0);
}

struct Bench {
    engine: Engine,
    sent: u64,
}

impl Bench {
    fn start(home: &Path) -> Self {
        let config = EngineConfig {
            recent_file: None,
            confirmed_file: Some(home.join("confirmed.json")),
            accounts_folder: home.join("accounts"),
            projects_folder: home.to_owned(),
            secrets: SecretsPolicy::SessionOnly,
            acts_by_itself: true,
            quits_on_interrupt: false,
            ..EngineConfig::headless()
        };
        Self { engine: Engine::start(config, LogRing::default(), Arc::new(|| {})).unwrap(), sent: 0 }
    }

    fn send(&mut self, command: Ask) -> Arc<Snapshot> {
        self.sent += 1;
        assert!(self.engine.send(command));
        while self.engine.snapshot().commands_taken < self.sent {
            self.engine.wait_for_change(Duration::from_millis(100));
        }
        self.engine.snapshot()
    }

    /// Titles of what was refused since the last look.
    fn refused(&self) -> Vec<String> {
        std::iter::from_fn(|| self.engine.next_event())
            .filter_map(|event| match event {
                Event::Failed { error, .. } => Some(error.title),
                _ => None,
            })
            .collect()
    }
}

#[test]
fn the_window_asks_as_well_and_looks_for_nothing_by_itself() {
    let trap = Trap::lay();
    // Without a server the window would search for one at once.
    trap.change(|project| project.set_source_server(None).unwrap());
    let home = tempfile::tempdir().unwrap();
    let mut bench = Bench::start(home.path());
    let snapshot = bench.send(Ask::OpenProject(trap.project()));
    let project = snapshot.project.as_ref().unwrap();
    let question = project.question_of_trust().unwrap();
    assert!(question.cause.contains(&trap.command("first")), "{}", question.cause);
    assert!(!project.domain.is_searching);
    let mailbox = MailboxId(1);
    for command in [
        Ask::FindServer,
        Ask::RunAudit,
        Ask::TestSignIn { mailboxes: vec![mailbox] },
        Ask::BuildPlan,
        Ask::StartCopy,
        Ask::RetryMailbox(mailbox),
        Ask::PrepareRecords,
        Ask::SetSourceServer(endpoint(&trap.source)),
    ] {
        bench.send(command.clone());
        assert_eq!(bench.refused(), ["May this project do the following?"], "{command:?}");
    }
    assert!(!trap.has_run("first") && trap.visitors() == 0);

    let snapshot = bench.send(Ask::ConfirmProject);
    let project = snapshot.project.as_ref().unwrap();
    assert!(project.question_of_trust().is_none() && project.domain.is_searching);
    bench.send(Ask::SetSourceServer(endpoint(&trap.source)));
    assert_eq!(bench.refused(), [""; 0]);
    drop(bench);
    // What was entered here is remembered with the rest.
    let mut bench = Bench::start(home.path());
    let snapshot = bench.send(Ask::OpenProject(trap.project()));
    assert_eq!(snapshot.project.as_ref().unwrap().question_of_trust(), None);
}

#[test]
fn a_practice_project_from_elsewhere_runs_no_commands_unasked() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("practice.mailferry");
    let project = Project::create(&path, &DomainName::parse("hafen-probe.example").unwrap(), true).unwrap();
    let mark = folder.path().join("mark");
    let command = CommandLine::parse(&format!("touch {}", mark.display())).unwrap();
    let mailbox = Mailbox {
        address: EmailAddress::parse("anna@hafen-probe.example").unwrap(),
        source_user: "anna".to_owned(),
        destination_user: "anna".to_owned(),
        ways: SignInWays {
            source: SignInWay::with(Credential::TokenCommand(command)),
            destination: SignInWay::default(),
        },
        is_chosen: true,
    };
    project.add_mailbox(&mailbox).unwrap();
    drop(project);
    let mut bench = Bench::start(folder.path());
    let snapshot = bench.send(Ask::OpenProject(path));
    let question = snapshot.project.as_ref().unwrap().question_of_trust().unwrap();
    assert!(question.cause.contains("touch"), "{}", question.cause);
    bench.refused();
    bench.send(Ask::TestSignIn { mailboxes: Vec::new() });
    assert_eq!(bench.refused().len(), 1);
    assert!(!mark.exists());
}
