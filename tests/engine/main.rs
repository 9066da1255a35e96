//! The engine through its own door: commands in, snapshots and events out, over real and embedded servers.
#![allow(
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::large_futures,
    clippy::panic,
    clippy::print_stderr,
    clippy::unwrap_used,
    reason = "tests and their helpers end where something is wrong, and say what they skip"
)]

mod accounts;
mod connection_limits;
mod facts;
mod own_provider;
mod rehearsal;
mod standing;
mod switch;

use std::path::{Path, PathBuf};
use std::process::Command as Program;
use std::sync::Arc;
use std::time::Duration;

use mailferry::engine::{
    AuditView, Command, ConsentWay, CopyPhase, Engine, EngineConfig, EngineHandle as _, Event, LogRing,
    MailboxProgressState, MailboxView, PasswordPlace, PracticeTrouble, ProjectView, ReportFormat,
    SecretsPolicy, SignInState, Snapshot, Step, StepState, UserError, Verify, step_state,
};
use mailferry::plan::{
    CopyMode, CopyOptions, FolderPath, MessageFilter, MessageQuery, MessageState, VerifyDepth,
};
use mailferry::providers::ProviderId;
use mailferry::records::{ExportStage, Format, SwitchStage};
use mailferry::values::{Credential, Endpoint, Secret, Security};
use mailferry::values::{MailboxId, Side};
use mailferry_test_support::clients::plain_imap::{PlainImap, mixed_mailbox};
use mailferry_test_support::programs;
use mailferry_test_support::servers::dovecot::{Dovecot, PASSWORD, Settings};

/// An engine with a home of its own, driven one command at a time.
struct Bench {
    engine: Engine,
    sent: u64,
    failures: Vec<UserError>,
}

fn config(home: &Path) -> EngineConfig {
    EngineConfig {
        recent_file: Some(home.join("recent.json")),
        // Where the commands of the same user have it.
        confirmed_file: Some(home.join("config").join("mailferry").join("confirmed.json")),
        accounts_folder: home.join("accounts"),
        is_without_account_lock: false,
        projects_folder: home.join("projects"),
        rehearsals_folder: None,
        rehearses_slowly: false,
        secrets: SecretsPolicy::SessionOnly,
        tokens: None,
        sign_in_file: None,
        opens_browser: false,
        export_folder: None,
        parallel_mailboxes: 4,
        max_connections: None,
        verify: Verify::Full,
        compression: mailferry::engine::Compression::default(),
        timeouts: mailferry::engine::Timeouts::default(),
        acts_by_itself: true,
        samples_dates: true,
        quits_on_interrupt: false,
    }
}

impl Bench {
    fn start(home: &Path) -> Self {
        Self::with(config(home))
    }

    fn with(config: EngineConfig) -> Self {
        let engine = Engine::start(config, LogRing::default(), Arc::new(|| {})).unwrap();
        Self { engine, sent: 0, failures: Vec::new() }
    }

    fn send(&mut self, command: Command) -> Arc<Snapshot> {
        self.sent += 1;
        let sent = self.sent;
        assert!(self.engine.send(command));
        self.wait(|snapshot| snapshot.commands_taken >= sent)
    }

    /// Sends two commands that the engine takes one after the other, before any job of the first has got far.
    fn send_both(&mut self, first: Command, second: Command) {
        self.sent += 1;
        assert!(self.engine.send(first));
        self.send(second);
    }

    fn wait(&mut self, is_reached: impl Fn(&Snapshot) -> bool) -> Arc<Snapshot> {
        for _look in 0..programs::LOOKS {
            while let Some(event) = self.engine.next_event() {
                if let Event::Failed { error, .. } = event {
                    self.failures.push(error);
                }
            }
            let snapshot = self.engine.snapshot();
            if is_reached(&snapshot) {
                return snapshot;
            }
            self.engine.wait_for_change(Duration::from_millis(100));
        }
        panic!("not reached; last: {:#?}", self.engine.snapshot());
    }

    fn wait_project(&mut self, is_reached: impl Fn(&ProjectView) -> bool) -> ProjectView {
        self.wait(|snapshot| snapshot.project.as_ref().is_some_and(&is_reached)).project.clone().unwrap()
    }

    /// The one error that came since the last look.
    #[track_caller]
    fn failure(&mut self) -> UserError {
        self.wait(|_| true);
        let mut failures = std::mem::take(&mut self.failures);
        assert_eq!(failures.len(), 1, "{failures:#?}");
        let error = failures.remove(0);
        assert!(!error.ways_out.is_empty(), "no way out: {error:#?}");
        error
    }

    /// Whoever wants a token signs in at their provider; that of a rehearsal is allowed by itself.
    fn sign_in_with_tokens(&mut self) {
        let side = Side::Destination;
        let Some(project) = self.engine.snapshot().project.clone() else { return };
        let wants_token =
            |row: &&MailboxView| matches!(row.mailbox.way(side).credential, Credential::SignedIn(_));
        for row in project.mailboxes.iter().filter(wants_token) {
            self.send(Command::SignInAtProvider { mailbox: row.id, side, way: ConsentWay::Browser });
            self.wait_project(|project| project.sign_ins.under_way.is_none());
        }
    }

    fn sign_in_and_count(&mut self) -> ProjectView {
        self.sign_in_with_tokens();
        self.send(Command::TestSignIn { mailboxes: Vec::new() });
        self.wait_project(|project| {
            project.mailboxes.iter().all(|row| {
                row.source.state == SignInState::SignedIn && row.destination.state == SignInState::SignedIn
            })
        });
        self.send(Command::BuildPlan);
        self.wait_project(|project| project.plan.counting.is_none() && !project.plan.mailboxes.is_empty())
    }
}

fn clear(port: u16) -> Endpoint {
    Endpoint::new("127.0.0.1", port, Security::Clear).unwrap()
}

/// A project between two servers, as somebody makes it in the window.
fn make_project(bench: &mut Bench, file: &Path, source: &Dovecot, destination: &Dovecot) {
    bench.send(Command::NewProject { domain: "weber.example".to_owned(), path: Some(file.to_path_buf()) });
    bench.send(Command::SetSourceServer(clear(source.clear_port)));
    bench.send(Command::ChooseDestination {
        provider: ProviderId("generic-imap".to_owned()),
        server: Some(clear(destination.clear_port)),
    });
    bench.send(Command::AddMailbox("anna@weber.example".to_owned()));
    give_passwords(bench);
}

fn give_passwords(bench: &mut Bench) {
    let mailbox = bench.engine.snapshot().project.as_ref().unwrap().mailboxes[0].id;
    for side in [Side::Source, Side::Destination] {
        bench.send(Command::SetUser { mailbox, side, user: "anna".to_owned() });
        bench.send(Command::SetPassword { mailbox, side, secret: Secret::new(PASSWORD) });
    }
}

struct Servers {
    source: Dovecot,
    destination: Dovecot,
    home: tempfile::TempDir,
}

impl Servers {
    fn start(messages: usize) -> Option<Self> {
        let source = Dovecot::start(&["anna"], &Settings::default())?;
        let destination = Dovecot::start(&["anna"], &Settings::default())?;
        PlainImap::open(source.clear_port, "anna").store(&mixed_mailbox(messages, '/', ""));
        let home = tempfile::tempdir().unwrap();
        std::fs::write(home.path().join("password"), PASSWORD).unwrap();
        Some(Self { source, destination, home })
    }

    fn headless(&self, file: &Path) -> Program {
        let mut program = Program::new(env!("CARGO_BIN_EXE_mailferry"));
        program
            .env("HOME", self.home.path())
            .env("XDG_CONFIG_HOME", self.home.path().join("config"))
            .env_remove("DBUS_SESSION_BUS_ADDRESS")
            .args(["copy", "--project"])
            .arg(file)
            .arg("--from-password-file")
            .arg(self.home.path().join("password"))
            .arg("--to-password-file")
            .arg(self.home.path().join("password"));
        program
    }

    fn assert_same(&self) {
        let from = PlainImap::open(self.source.clear_port, "anna").multiset(str::to_owned);
        let to = PlainImap::open(self.destination.clear_port, "anna").multiset(str::to_owned);
        assert_eq!(from, to);
    }
}

/// The verification after the copy found nothing missing or different.
fn assert_all_agree(project: &ProjectView) {
    let words = project.copy.verification.as_deref().unwrap();
    assert!(words.contains("all agree"), "{words}");
}

#[test]
fn a_project_made_in_the_window_is_copied_headless_and_shown_in_the_window_again() {
    let Some(servers) = Servers::start(60) else { return };
    let file = servers.home.path().join("weber.mailferry");
    let mut bench = Bench::start(servers.home.path());
    make_project(&mut bench, &file, &servers.source, &servers.destination);
    let planned = bench.sign_in_and_count();
    drop(bench);

    let output = servers.headless(&file).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    servers.assert_same();

    let mut bench = Bench::start(servers.home.path());
    bench.send(Command::OpenProject(file));
    let project = bench.wait_project(|_| true);
    assert_eq!(project.copy.phase, CopyPhase::Finished);
    assert!(!project.was_interrupted);
    assert_eq!(project.copy.sum.copied, project.copy.sum.source_count);
    let in_plan: u64 = planned.plan.mailboxes.values().map(|plan| plan.chosen().messages).sum();
    assert_eq!(project.copy.sum.source_count, in_plan);
    assert_eq!(step_state(Step::Copy, &project), StepState::Done);
}

#[test]
fn a_project_made_headless_is_copied_in_the_window() {
    let Some(servers) = Servers::start(60) else { return };
    let file = servers.home.path().join("made-headless.mailferry");
    let output = servers
        .headless(&file)
        .args(["--from", &format!("imap://anna@127.0.0.1:{}", servers.source.clear_port)])
        .args(["--to", &format!("imap://anna@127.0.0.1:{}", servers.destination.clear_port)])
        .arg("--dry-run")
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));

    let mut bench = Bench::start(servers.home.path());
    bench.send(Command::OpenProject(file));
    give_passwords(&mut bench);
    bench.send(Command::StartCopy);
    let project = bench.wait_project(|project| project.copy.phase == CopyPhase::Finished);
    assert_all_agree(&project);
    let counts = project.copy.verification_counts.unwrap();
    assert!(counts.is_full && counts.bytes_equal == project.copy.sum.source_count, "{counts:?}");
    servers.assert_same();
    assert!(bench.failures.is_empty(), "{:#?}", bench.failures);
}

#[test]
fn what_was_copied_is_proven_again_without_copying_anything() {
    let Some(servers) = Servers::start(60) else { return };
    let file = servers.home.path().join("weber.mailferry");
    let copied = servers
        .headless(&file)
        .args(["--from", &format!("imap://anna@127.0.0.1:{}", servers.source.clear_port)])
        .args(["--to", &format!("imap://anna@127.0.0.1:{}", servers.destination.clear_port)])
        .output()
        .unwrap();
    assert!(copied.status.success(), "{}", String::from_utf8_lossy(&copied.stderr));
    let count = |port| PlainImap::open(port, "anna").multiset(str::to_owned).values().sum::<usize>();
    let all = count(servers.destination.clear_port);
    // Later mail is for a copy to bring.
    PlainImap::open(servers.source.clear_port, "anna").store(&mixed_mailbox(3, '/', ""));
    let verify = |depth: &str| {
        let output = servers.headless(&file).args(["--verify-only", depth, "--json", "-"]).output().unwrap();
        let outcome: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap_or_default();
        (output.status.code(), outcome)
    };
    for (depth, is_full) in [("quick", false), ("full", true)] {
        let (code, outcome) = verify(depth);
        assert_eq!(code, Some(0), "{outcome:#}");
        assert_eq!(outcome["verification_counts"]["is_full"], is_full, "{outcome:#}");
        assert_eq!(outcome["verification_counts"]["checked"], all, "{outcome:#}");
        assert_eq!(outcome["sum"]["source_count"], all, "nothing is listed: {outcome:#}");
    }
    let mut client = PlainImap::open(servers.destination.clear_port, "anna");
    client.run("SELECT INBOX");
    client.run("UID STORE 1 +FLAGS.SILENT (\\Deleted)");
    client.run("UID EXPUNGE 1");
    let (code, outcome) = verify("quick");
    assert_eq!(code, Some(1), "{outcome:#}");
    assert_eq!(outcome["verification_counts"]["differences"], 1, "{outcome:#}");
    assert_eq!(count(servers.destination.clear_port), all - 1, "a proof copies nothing");

    let mut bench = Bench::start(servers.home.path());
    bench.send(Command::OpenProject(file));
    let project = bench.wait_project(|_| true);
    assert_eq!(project.copy.phase, CopyPhase::Stopped, "what is not proven is not finished");
    let words = project.copy.verification.unwrap();
    assert!(words.contains("1 copy is missing or differs") && !words.contains("all agree"), "{words}");
}

#[test]
fn the_owner_chooses_how_a_copy_is_proven_and_proves_it_again() {
    let home = tempfile::tempdir().unwrap();
    let config = EngineConfig { verify: Verify::AsChosen, ..config(home.path()) };
    let mut bench = Bench::with(config);
    practice(&mut bench);
    bench.send(Command::VerifyCopy(VerifyDepth::Quick));
    assert!(bench.failure().title.contains("Nothing has been copied"));
    bench.send(Command::SetCopyOptions(CopyOptions { verify: VerifyDepth::Full, ..CopyOptions::default() }));
    bench.send(Command::StartCopy);
    let copied = bench.wait_project(|project| project.copy.phase == CopyPhase::Finished);
    assert!(copied.copy.verification_counts.unwrap().is_full, "{:?}", copied.copy.verification);
    bench.send(Command::VerifyCopy(VerifyDepth::Quick));
    let project = bench.wait_project(|project| project.copy.phase == CopyPhase::Finished);
    let counts = project.copy.verification_counts.unwrap();
    assert!(!counts.is_full && counts.is_clean() && counts.checked > 0, "{counts:?}");
    assert_eq!(project.copy.finished_at, copied.copy.finished_at, "the copy ended when it ended");
    assert_eq!(project.copy.sum, copied.copy.sum);
}

#[test]
fn the_window_can_be_closed_in_the_middle_of_a_copy() {
    let Some(servers) = Servers::start(900) else { return };
    let file = servers.home.path().join("weber.mailferry");
    let mut bench = Bench::start(servers.home.path());
    make_project(&mut bench, &file, &servers.source, &servers.destination);
    bench.sign_in_and_count();
    bench.send(Command::StartCopy);
    drop(bench);

    let mut bench = Bench::start(servers.home.path());
    bench.send(Command::OpenProject(file));
    let project = bench.wait_project(|_| true);
    assert!(!project.was_interrupted, "it was closed in order");
    assert_eq!(project.copy.phase, CopyPhase::Interrupted, "it goes on once the passwords are there");
    // Nothing is listed yet where the window was very quick.
    let sum = project.copy.sum;
    assert!(sum.copied < 900, "everything was copied before the window closed: {sum:?}");
    give_passwords(&mut bench);
    bench.send(Command::StartCopy);
    bench.wait_project(|project| project.copy.phase == CopyPhase::Finished);
    servers.assert_same();
}

#[test]
fn a_copy_is_paused_resumed_and_stopped() {
    let Some(servers) = Servers::start(1_200) else { return };
    let file = servers.home.path().join("weber.mailferry");
    let mut bench = Bench::start(servers.home.path());
    make_project(&mut bench, &file, &servers.source, &servers.destination);
    bench.sign_in_and_count();
    bench.send(Command::StartCopy);
    bench.send(Command::PauseCopy);
    let paused = bench.wait_project(|project| project.copy.phase == CopyPhase::Paused);
    assert!(paused.copy.sum.to_do > 0);
    // The plan cannot change under a copy that only waits.
    let mailbox = paused.mailboxes[0].id;
    bench.send(Command::IncludeFolder { mailbox, folder: FolderPath::inbox(), is_included: false });
    assert!(bench.failure().title.contains("while mail is being copied"));
    bench.send(Command::ResumeCopy);
    bench.send(Command::StopCopy);
    bench.wait_project(|project| matches!(project.copy.phase, CopyPhase::Stopped | CopyPhase::Finished));
    bench.send(Command::StartCopy);
    let done = bench.wait_project(|project| project.copy.phase == CopyPhase::Finished);
    assert_eq!(done.copy.sum.copied, done.copy.sum.source_count);
    servers.assert_same();
}

#[test]
fn two_windows_never_have_the_same_project() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("weber.mailferry");
    let mut first = Bench::start(home.path());
    first.send(Command::NewProject { domain: "weber.example".to_owned(), path: Some(file.clone()) });
    let mut second = Bench::start(home.path());
    let snapshot = second.send(Command::OpenProject(file.clone()));
    assert!(snapshot.project.is_none());
    let error = snapshot.open_error.clone().unwrap();
    assert!(error.title.contains("already open in another window"), "{error:#?}");
    first.send(Command::CloseProject);
    assert!(second.send(Command::OpenProject(file)).project.is_some());
}

#[test]
fn bad_input_is_reported_with_a_way_out_and_changes_nothing() {
    let home = tempfile::tempdir().unwrap();
    let mut bench = Bench::start(home.path());
    let snapshot = bench.send(Command::NewProject { domain: "anna@weber.example".to_owned(), path: None });
    assert!(snapshot.project.is_none() && snapshot.open_error.is_some());
    assert!(bench.failure().cause.contains("is an address"));

    let letter = home.path().join("letter.mailferry");
    std::fs::write(&letter, "Dear Anna").unwrap();
    bench.send(Command::OpenProject(letter.clone()));
    assert!(bench.failure().title.contains("not a Mailferry project"));
    assert_eq!(std::fs::read(&letter).unwrap(), b"Dear Anna");

    bench.send(Command::NewProject { domain: "Weber-Köln.example".to_owned(), path: None });
    let project = bench.wait_project(|project| !project.domain.is_searching);
    assert_eq!(project.domain.name.as_ascii(), "xn--weber-kln-67a.example");
    assert!(project.path.ends_with("xn--weber-kln-67a.example.mailferry"));
    bench.failures.clear();

    bench.send(Command::AddMailbox("nobody".to_owned()));
    assert!(bench.failure().title.contains("not a mail address"));
    bench.send(Command::StartCopy);
    bench.failure();
    bench.send(Command::PrepareRecords);
    assert!(bench.failure().title.contains("No destination"));
    bench.send(Command::ChooseDestination { provider: ProviderId("nobody".to_owned()), server: None });
    assert!(bench.failure().cause.contains("fastmail"));
    bench.send(Command::ExportZone {
        path: home.path().join("zone"),
        stage: ExportStage::Stage(SwitchStage::Now),
        format: Format::Bind,
    });
    bench.failure();

    let tables: [(&str, &[u8]); 4] = [
        ("missing column", b"name,password\nanna,x\n"),
        ("bad address", b"address\nanna@\n"),
        ("twice", b"address\na@b.example\na@b.example\n"),
        ("not text", b"\xff\xfe\x00address"),
    ];
    for (name, table) in tables {
        let path: PathBuf = home.path().join("people.csv");
        std::fs::write(&path, table).unwrap();
        bench.send(Command::ImportCsv(path));
        let error = bench.failure();
        assert!(error.title.contains("list of mailboxes"), "{name}: {error:#?}");
    }
    assert!(bench.engine.snapshot().project.as_ref().unwrap().mailboxes.is_empty());

    let dead = std::net::UdpSocket::bind(("127.0.0.1", 0)).unwrap();
    let options = mailferry::engine::AuditOptions {
        resolver: dead.local_addr().unwrap().to_string(),
        ..Default::default()
    };
    bench.send(Command::SetAuditOptions(options));
    bench.send(Command::RunAudit);
    let project = bench.wait_project(|project| matches!(project.audit, AuditView::Failed(_)));
    assert_eq!(step_state(Step::Audit, &project), StepState::NeedsYou);
    assert!(bench.failure().cause.contains("does not answer"));
}

#[test]
fn a_cancelled_audit_leaves_nothing_behind() {
    let home = tempfile::tempdir().unwrap();
    let mut bench = Bench::start(home.path());
    bench.send(Command::Rehearse);
    bench.wait_project(|project| !project.domain.is_searching);
    bench.send(Command::RunAudit);
    let snapshot = bench.send(Command::CancelAudit);
    assert_eq!(snapshot.project.as_ref().unwrap().audit, AuditView::NotRun);
    bench.send(Command::RunAudit);
    let project = bench.wait_project(|project| matches!(project.audit, AuditView::Done(_)));
    assert!(project.audit.report().is_some_and(|report| !report.findings.is_empty()));
}

#[test]
fn one_finding_is_checked_again_and_a_later_audit_is_compared() {
    let home = tempfile::tempdir().unwrap();
    let mut bench = Bench::start(home.path());
    bench.send(Command::Rehearse);
    bench.wait_project(|project| !project.domain.is_searching);
    bench.send(Command::CheckAgain("spf.too-many-lookups".to_owned()));
    assert!(bench.failure().title.contains("no audit yet"));
    bench.send(Command::RunAudit);
    let project = bench.wait_project(|project| matches!(project.audit, AuditView::Done(_)));
    let first = project.audit.report().unwrap().clone();
    assert_eq!(first.since, None);

    bench.send(Command::CheckAgain("spf.too-many-lookups".to_owned()));
    let project = bench.wait_project(|project| matches!(project.audit, AuditView::Done(_)));
    let again = project.audit.report().unwrap();
    assert_eq!((again.at, again.findings.len()), (first.at, first.findings.len()));
    // What cannot be asked leaves the report as it was.
    bench.send(Command::CheckAgain("delivery.sources".to_owned()));
    let project = bench.wait_project(|project| matches!(project.audit, AuditView::Done(_)));
    assert!(bench.failure().title.contains("cannot be checked again"));
    assert_eq!(project.audit.report().unwrap().findings.len(), first.findings.len());
    bench.send(Command::TakeProbeOutput("good morning".to_owned()));
    bench.failure();

    bench.send(Command::RunAudit);
    let project = bench
        .wait_project(|project| matches!(&project.audit, AuditView::Done(report) if report.since.is_some()));
    let since = project.audit.report().unwrap().since.clone().unwrap();
    assert_eq!((since.earlier_at, since.changes.as_slice()), (first.at, [].as_slice()));
    assert!(since.words().starts_with("Nothing has changed; "), "{}", since.words());
}

#[test]
fn folders_of_a_plan_are_renamed_and_never_mixed() {
    let home = tempfile::tempdir().unwrap();
    let mut bench = Bench::start(home.path());
    bench.send(Command::Rehearse);
    bench.send(Command::ChooseDestination { provider: ProviderId("fastmail".to_owned()), server: None });
    let project = bench.sign_in_and_count();
    let mailbox = project.mailboxes[0].id;
    let rechnungen = FolderPath(vec!["Rechnungen".to_owned()]);
    let rename = |name: &str| Command::RenameFolder {
        mailbox,
        folder: rechnungen.clone(),
        destination: FolderPath(vec![name.to_owned()]),
    };
    let destination = |project: &ProjectView| {
        let plan = &project.plan.mailboxes[&mailbox];
        plan.folders.iter().find(|folder| folder.source == rechnungen).unwrap().destination.clone()
    };
    let snapshot = bench.send(rename("Bills"));
    assert_eq!(destination(snapshot.project.as_ref().unwrap()).name(), "Bills");
    let snapshot = bench.send(rename("Sent"));
    assert!(bench.failure().title.contains("Two folders"));
    assert_eq!(destination(snapshot.project.as_ref().unwrap()).name(), "Bills");
    // A new count keeps what the owner changed.
    let project = bench.sign_in_and_count();
    assert_eq!(destination(&project).name(), "Bills");
}

#[test]
fn the_log_and_the_snapshot_hold_no_password() {
    let home = tempfile::tempdir().unwrap();
    let mut bench = Bench::start(home.path());
    bench.send(Command::Rehearse);
    bench.send(Command::ChooseDestination { provider: ProviderId("fastmail".to_owned()), server: None });
    let project = bench.sign_in_and_count();
    let mailbox = project.mailboxes[0].id;
    bench.send(Command::SetPassword { mailbox, side: Side::Source, secret: Secret::new("sesame-open") });
    bench.send(Command::TestSignIn { mailboxes: vec![mailbox] });
    bench.wait_project(|project| project.mailboxes[0].source.state == SignInState::PasswordRefused);
    let everything = format!("{:?}", bench.engine.snapshot());
    for secret in ["sesame-open", "old-anna", "new-anna"] {
        assert!(!everything.contains(secret), "{secret} is in the snapshot");
    }
    let file = std::fs::read(&project.path).unwrap();
    let wal = std::fs::read(project.path.with_extension("mailferry-wal")).unwrap_or_default();
    for bytes in [file, wal] {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        assert!(!text.contains("sesame-open") && !text.contains("old-anna"));
    }
}

#[test]
fn deleted_passwords_are_asked_for_again() {
    let home = tempfile::tempdir().unwrap();
    let mut bench = Bench::start(home.path());
    let file = home.path().join("weber.mailferry");
    bench.send(Command::NewProject { domain: "weber.example".to_owned(), path: Some(file) });
    bench.send(Command::SetSourceServer(clear(1_143)));
    bench.send(Command::ChooseDestination {
        provider: ProviderId("generic-imap".to_owned()),
        server: Some(clear(1_144)),
    });
    bench.send(Command::AddMailbox("anna@weber.example".to_owned()));
    give_passwords(&mut bench);
    let places = |project: &ProjectView| {
        let row = &project.mailboxes[0];
        [row.source.password, row.destination.password]
    };
    let project = bench.wait_project(|project| !places(project).contains(&PasswordPlace::Asked));
    assert_eq!(places(&project), [PasswordPlace::Session; 2]);
    bench.send(Command::DeletePasswords);
    let project = bench.wait_project(|project| !places(project).contains(&PasswordPlace::Asked));
    assert_eq!(places(&project), [PasswordPlace::Missing; 2]);
    assert!(bench.failures.is_empty(), "{:#?}", bench.failures);
}

/// A practice project with its folders counted.
fn practice(bench: &mut Bench) -> ProjectView {
    bench.send(Command::Rehearse);
    bench.send(Command::ChooseDestination { provider: ProviderId("fastmail".to_owned()), server: None });
    bench.sign_in_and_count()
}

fn state_of(project: &ProjectView, mailbox: MailboxId) -> MailboxProgressState {
    project.copy.mailboxes.iter().find(|shown| shown.id == mailbox).unwrap().state.clone()
}

#[test]
fn one_mailbox_rests_while_the_others_come_to_their_end() {
    let home = tempfile::tempdir().unwrap();
    let mut bench = Bench::start(home.path());
    let project = practice(&mut bench);
    let resting = project.mailboxes[0].id;
    bench.send_both(Command::StartCopy, Command::PauseMailbox(resting));
    let project = bench.wait_project(|project| {
        let others = project.copy.mailboxes.iter().filter(|shown| shown.id != resting);
        others.clone().count() == 3
            && others.clone().all(|shown| shown.state == MailboxProgressState::Done)
            && state_of(project, resting) == MailboxProgressState::Paused
    });
    assert_eq!(project.copy.phase, CopyPhase::Running, "the copy waits for the one that rests");
    assert!(project.copy.sum.to_do > 0, "the resting mailbox is not done");
    // A mailbox that has ended can be tried again meanwhile.
    let other = project.mailboxes[1].id;
    bench.send(Command::RetryMailbox(other));
    bench.wait_project(|project| state_of(project, other) == MailboxProgressState::Done);
    bench.send(Command::ResumeMailbox(resting));
    let project = bench.wait_project(|project| project.copy.phase == CopyPhase::Finished);
    assert_eq!(project.copy.sum.copied, project.copy.sum.source_count);
    assert!(bench.failures.is_empty(), "{:#?}", bench.failures);
    bench.send(Command::PauseMailbox(resting));
    assert!(bench.failure().title.contains("not being copied"));
}

#[test]
fn a_resting_mailbox_does_not_keep_a_copy_from_being_stopped() {
    let home = tempfile::tempdir().unwrap();
    let mut bench = Bench::start(home.path());
    let project = practice(&mut bench);
    bench.send(Command::StartCopy);
    for row in project.mailboxes.iter() {
        bench.send(Command::PauseMailbox(row.id));
    }
    bench.send(Command::StopCopy);
    bench.wait_project(|project| matches!(project.copy.phase, CopyPhase::Stopped | CopyPhase::Finished));
}

#[test]
fn messages_are_shown_one_by_one_by_state_and_folder() {
    let home = tempfile::tempdir().unwrap();
    let mut bench = Bench::start(home.path());
    let project = practice(&mut bench);
    bench.send(Command::SaveMessages(home.path().join("list.csv")));
    assert!(bench.failure().title.contains("No message"));
    bench.send(Command::StartCopy);
    bench.wait_project(|project| project.copy.phase == CopyPhase::Finished);

    let mailbox = project.mailboxes[0].id;
    let query = MessageQuery { mailbox: Some(mailbox), ..MessageQuery::default() };
    let look = |bench: &mut Bench, query: &MessageQuery, first| {
        let snapshot = bench.send(Command::ShowMessages { query: query.clone(), first });
        let list = snapshot.project.as_ref().unwrap().messages.list.clone().unwrap();
        assert_eq!(&list.query, query);
        list
    };
    let top = look(&mut bench, &query, 0);
    assert_eq!((top.first, top.total), (0, top.sum.source_count));
    assert!(top.total > 300 && top.rows.len() < usize::try_from(top.total).unwrap(), "{}", top.rows.len());
    assert!(top.rows.iter().all(|row| row.mailbox == mailbox && row.sha256.len() == 64));
    let end = look(&mut bench, &query, top.total - 1);
    assert_eq!(
        end.first + u64::try_from(end.rows.len()).unwrap(),
        top.total,
        "the last page reaches the end"
    );
    let refused = MessageQuery { state: Some(MessageState::Refused), ..query };
    assert_eq!(look(&mut bench, &refused, 0).total, 0);
    let snapshot = bench.send(Command::HideMessages);
    assert!(snapshot.project.as_ref().unwrap().messages.list.is_none());

    bench.send(Command::SaveMessages(home.path().join("list.txt")));
    assert!(bench.failure().title.contains("which format the message list should have"));
    let path = home.path().join("list.jsonl");
    bench.send(Command::SaveMessages(path.clone()));
    let saved = bench.wait_project(|project| !project.messages.is_saving);
    assert_eq!(saved.messages.saved.as_deref(), Some(path.as_path()));
    let text = std::fs::read_to_string(&path).unwrap();
    assert_eq!(text.lines().count() as u64, saved.copy.sum.source_count);
    assert!(text.lines().all(|line| serde_json::from_str::<serde_json::Value>(line).is_ok()));
}

#[test]
fn two_folders_become_one_only_when_asked() {
    let home = tempfile::tempdir().unwrap();
    let mut bench = Bench::start(home.path());
    let project = practice(&mut bench);
    let mailbox = project.mailboxes[0].id;
    let rechnungen = FolderPath(vec!["Rechnungen".to_owned()]);
    let sent = FolderPath(vec!["Sent".to_owned()]);
    bench.send(Command::RenameFolder { mailbox, folder: rechnungen.clone(), destination: sent.clone() });
    let error = bench.failure();
    let merge = error.ways_out.iter().find_map(|way| way.command.clone()).unwrap();
    assert_eq!(
        merge,
        Command::MergeFolder { mailbox, folder: rechnungen.clone(), destination: sent.clone() }
    );
    let snapshot = bench.send(merge);
    let goes_to = |project: &ProjectView| {
        let plan = &project.plan.mailboxes[&mailbox];
        plan.folders.iter().find(|folder| folder.source == rechnungen).unwrap().destination.clone()
    };
    assert_eq!(goes_to(snapshot.project.as_ref().unwrap()), sent);
    // The decision outlives a new count, and the mail of both folders arrives.
    assert_eq!(goes_to(&bench.sign_in_and_count()), sent);
    bench.send(Command::StartCopy);
    let project = bench.wait_project(|project| project.copy.phase == CopyPhase::Finished);
    assert_eq!(project.copy.sum.copied, project.copy.sum.source_count);
    assert_all_agree(&project);
}

#[test]
fn wishes_for_the_copy_are_kept_and_nonsense_is_refused() {
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("weber.mailferry");
    let mut bench = Bench::start(home.path());
    bench.send(Command::NewProject { domain: "weber.example".to_owned(), path: Some(file.clone()) });
    let wishes = CopyOptions {
        mode: CopyMode::Sweep,
        filter: MessageFilter { search: Some("UNSEEN".to_owned()), ..MessageFilter::default() },
        is_newest_first: true,
        trial_messages: Some(3),
        ..CopyOptions::default()
    };
    bench.send(Command::SetCopyOptions(wishes.clone()));
    let nonsense = MessageFilter { search: Some("FROM".to_owned()), ..MessageFilter::default() };
    bench.send(Command::SetCopyOptions(CopyOptions { filter: nonsense, ..CopyOptions::default() }));
    let error = bench.failure();
    assert!(error.cause.contains("FROM needs a value after it"), "{error:#?}");
    drop(bench);
    let mut bench = Bench::start(home.path());
    bench.send(Command::OpenProject(file));
    let project = bench.wait_project(|_| true);
    assert_eq!(
        project.plan.options,
        CopyOptions { trial_messages: None, ..wishes },
        "a trial is for one run"
    );
}

#[test]
fn a_trial_is_no_finished_copy_and_tells_how_long_the_rest_takes() {
    let home = tempfile::tempdir().unwrap();
    let mut bench = Bench::start(home.path());
    let project = practice(&mut bench);
    assert_eq!(project.plan.forecasts.all, None, "nothing was measured yet");
    bench.send(Command::TryCopy { messages: 0 });
    assert!(bench.failure().title.contains("at least one message"));
    bench.send(Command::TryCopy { messages: 20 });
    let tried = bench.wait_project(|project| project.copy.phase == CopyPhase::Stopped);
    assert_eq!(tried.copy.trial, Some(20));
    let forecast = tried.plan.forecasts.all.clone().unwrap();
    assert!(forecast.measured.unwrap().messages >= 20, "{forecast:?}");
    assert_eq!(tried.plan.forecasts.mailboxes.len(), tried.plan.mailboxes.len());
    assert_ne!(step_state(Step::Copy, &tried), StepState::Done);
    bench.send(Command::StartCopy);
    let project = bench.wait_project(|project| project.copy.phase == CopyPhase::Finished);
    assert_eq!(project.copy.sum.copied, project.copy.sum.source_count);
}

#[test]
fn trouble_on_purpose_is_made_in_practice_only_and_the_copy_survives_it() {
    let home = tempfile::tempdir().unwrap();
    let mut bench = Bench::start(home.path());
    bench.send(Command::NewProject {
        domain: "weber.example".to_owned(),
        path: Some(home.path().join("weber.mailferry")),
    });
    bench.send(Command::MakeTrouble(PracticeTrouble::CutConnections));
    assert!(bench.failure().title.contains("not a practice project"));
    practice(&mut bench);
    bench.send(Command::MakeTrouble(PracticeTrouble::LoseReplies));
    bench.send(Command::StartCopy);
    bench.send(Command::MakeTrouble(PracticeTrouble::CutConnections));
    let project = bench.wait_project(|project| project.copy.phase == CopyPhase::Finished);
    assert_eq!(project.copy.sum.to_do, 0);
    assert_all_agree(&project);
}

#[test]
fn a_failure_names_the_command_that_it_was_asked_for_with() {
    let home = tempfile::tempdir().unwrap();
    let config = EngineConfig {
        recent_file: None,
        confirmed_file: None,
        accounts_folder: home.path().join("accounts"),
        is_without_account_lock: false,
        projects_folder: home.path().join("projects"),
        rehearsals_folder: None,
        rehearses_slowly: false,
        secrets: SecretsPolicy::SessionOnly,
        tokens: None,
        sign_in_file: None,
        opens_browser: false,
        export_folder: None,
        parallel_mailboxes: 1,
        max_connections: None,
        verify: Verify::None,
        acts_by_itself: false,
        samples_dates: false,
        quits_on_interrupt: false,
        compression: mailferry::imap::Compression::default(),
        timeouts: mailferry::imap::Timeouts::default(),
    };
    let mut engine = Engine::start(config, LogRing::default(), Arc::new(|| {})).unwrap();
    let path = home.path().join("weber.mailferry");
    let made = Command::NewProject { domain: "weber.example".to_owned(), path: Some(path) };
    for command in [made, Command::AddMailbox("nobody".to_owned()), Command::RetryKeyring, Command::StartCopy]
    {
        assert!(engine.send(command));
    }
    while engine.snapshot().commands_taken < 4 {
        engine.wait_for_change(Duration::from_millis(100));
    }
    let failed: Vec<Option<u64>> = std::iter::from_fn(|| engine.next_event())
        .filter_map(|event| if let Event::Failed { command, .. } = event { Some(command) } else { None })
        .collect();
    assert_eq!(failed, [Some(2), Some(4)]);
}

#[test]
fn a_stopped_mailbox_continues_while_others_are_being_copied() {
    let home = tempfile::tempdir().unwrap();
    let mut bench = Bench::start(home.path());
    let project = practice(&mut bench);
    let (stopped, resting) = (project.mailboxes[0].id, project.mailboxes[1].id);
    let password = |text: &str| Command::SetPassword {
        mailbox: stopped,
        side: Side::Destination,
        secret: Secret::new(text),
    };
    bench.send(password("sesame"));
    bench.send_both(Command::StartCopy, Command::PauseMailbox(resting));
    bench.wait_project(|project| matches!(state_of(project, stopped), MailboxProgressState::Stopped(_)));
    bench.wait_project(|project| state_of(project, resting) == MailboxProgressState::Paused);
    bench.send(password("new-anna"));
    bench.send(Command::StartCopy);
    bench.wait_project(|project| state_of(project, stopped) == MailboxProgressState::Done);
    bench.send(Command::ResumeMailbox(resting));
    let project = bench.wait_project(|project| project.copy.phase == CopyPhase::Finished);
    assert_eq!(project.copy.sum.copied, project.copy.sum.source_count);
}
