//! The switch through the engine: a real name server whose records change, two real mail servers, and mail that comes late.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command as Program, Output, Stdio};

use mailferry::cutover::{KeepReason, ReminderKind, Sees, StepKind, StepState, TestVerdict};
use mailferry::engine::{AuditOptions, Command, CopyPhase, ProjectView, ReportFormat};
use mailferry::project::Project;
use mailferry::providers::ProviderId;
use mailferry::records::{Change, DiffLine, GroupKind, RecordGroup, RecordsPlan, SwitchStage};
use mailferry::values::DomainName;
use mailferry_test_support::clients::plain_imap::{Mail, PlainImap, mixed_mailbox};
use mailferry_test_support::programs::{free_port, require_program};
use mailferry_test_support::servers::named::Named;

use super::{Bench, PASSWORD, Servers, config, give_passwords, make_project};

const OLD: &str = "10 mail.weber.example.";
const NEW: &str = "10 in1.provider.example.";

/// A name server in charge of the domain, whose records can be changed.
struct Zone {
    port: u16,
    nsupdate: PathBuf,
    _home: tempfile::TempDir,
    _named: Named,
}

impl Zone {
    fn start() -> Option<Self> {
        let nsupdate = require_program("nsupdate", "bind9-dnsutils")?;
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("zone");
        let text = format!(
            "$ORIGIN weber.example.\n$TTL 1\n@ SOA ns1 hostmaster 1 7200 3600 1209600 1\n@ NS ns1\n\
             ns1 A 127.0.0.1\n@ MX {OLD}\nmail A 192.0.2.25\n"
        );
        std::fs::write(&file, text).unwrap();
        let zone = format!(
            "zone \"weber.example\" {{ type primary; file \"{}\"; allow-update {{ 127.0.0.1; }}; }};",
            file.display()
        );
        let root = "$TTL 300\n. SOA ns1.weber.example. hostmaster.weber.example. 1 7200 3600 1209600 300\n\
                    . NS ns1.weber.example.\nns1.weber.example. A 127.0.0.1\n";
        let port = free_port();
        let named = Named::start_at(port, &[(".", root.to_owned())], &zone)?;
        Some(Self { port, nsupdate, _home: home, _named: named })
    }

    fn publish(&self, mx: &str) {
        let script = format!(
            "server 127.0.0.1 {}\nzone weber.example\nupdate delete weber.example MX\n\
             update add weber.example 1 MX {mx}\nsend\n",
            self.port
        );
        let mut child = Program::new(&self.nsupdate).stdin(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(script.as_bytes()).unwrap();
        assert!(child.wait().unwrap().success());
    }

    fn address(&self) -> String {
        format!("127.0.0.1:{}", self.port)
    }
}

fn plan() -> RecordsPlan {
    let line = |change, stage, value: &str| DiffLine {
        change,
        stage,
        name: "@".to_owned(),
        ttl_secs: 1,
        record_type: "MX".to_owned(),
        value: value.to_owned(),
        reason: String::new(),
    };
    let lines = vec![
        line(Change::Remove, SwitchStage::AtTheSwitch, OLD),
        line(Change::Add, SwitchStage::AtTheSwitch, NEW),
    ];
    RecordsPlan {
        groups: vec![RecordGroup { kind: GroupKind::Mx, purpose: String::new(), lines }],
        ..RecordsPlan::empty(
            DomainName::parse("weber.example").unwrap(),
            ProviderId("generic-imap".to_owned()),
        )
    }
}

/// A project whose mailbox is copied, and whose records are planned; closed.
fn copied(servers: &Servers, zone: &Zone, bench: &mut Bench) -> PathBuf {
    let file = servers.home.path().join("weber.mailferry");
    make_project(bench, &file, &servers.source, &servers.destination);
    let options = AuditOptions { resolver: zone.address(), ..AuditOptions::default() };
    bench.send(Command::SetAuditOptions(options));
    bench.sign_in_and_count();
    bench.send(Command::StartCopy);
    bench.wait_project(|project| project.copy.phase == CopyPhase::Finished);
    bench.send(Command::CloseProject);
    let project = Project::open(&file).unwrap();
    project.set_records_plan(Some(&plan())).unwrap();
    project.close().unwrap();
    file
}

fn step(project: &ProjectView, kind: StepKind) -> Option<StepState> {
    project.switch.steps.iter().find(|step| step.kind == kind).map(|step| step.state)
}

fn sees(project: &ProjectView) -> Vec<Sees> {
    let reading = project.switch.reading.as_ref();
    reading.map_or_else(Vec::new, |reading| reading.sights.iter().map(|one| one.sees.clone()).collect())
}

impl Bench {
    /// Looks again and again until what is seen has come so far; answers may be kept for a second.
    fn look_until(&mut self, is_reached: impl Fn(&ProjectView) -> bool) -> ProjectView {
        loop {
            self.send(Command::LookAtSwitch);
            let project = self.wait_project(|project| project.switch.looking.is_none());
            assert_eq!(project.switch.error, None);
            if is_reached(&project) {
                return project;
            }
        }
    }
}

#[test]
fn late_mail_is_brought_over_by_itself_and_the_way_back_stays_open() {
    let (Some(servers), Some(zone)) = (Servers::start(40), Zone::start()) else { return };
    let mut bench = Bench::start(servers.home.path());
    let file = copied(&servers, &zone, &mut bench);
    bench.send(Command::OpenProject(file.clone()));
    give_passwords(&mut bench);

    let before = bench.look_until(|project| sees(project) == [Sees::Old, Sees::Old]);
    assert!(before.switch.is_watching, "the first look begins to watch");
    assert!(!before.switch.asks_public, "the owner has named a resolver");
    assert_eq!(step(&before, StepKind::Copy), Some(StepState::Done));
    assert_eq!(step(&before, StepKind::Verify), Some(StepState::Done));
    assert_eq!(before.switch.late.next_at, None);
    bench.send(Command::FinishMove);
    assert_eq!(bench.failure().title, "The move cannot be finished yet");

    // Mail arrives at the old server, until and while the switch is published.
    PlainImap::open(servers.source.clear_port, "anna").store(&mixed_mailbox(3, '/', ""));
    zone.publish(NEW);
    bench.look_until(|project| project.switch.published_at.is_some());
    let swept = bench.wait_project(|project| project.switch.late.messages == 3);
    assert_eq!(swept.switch.late.sweeps.len(), 1, "it began by itself, once");
    servers.assert_same();

    // More comes late, a message and its duplicate; once the last old answer is gone, it is brought over, too.
    PlainImap::open(servers.source.clear_port, "anna").store(&mixed_mailbox(4, '/', "")[3..]);
    bench.look_until(|project| project.switch.reading.as_ref().is_some_and(|reading| reading.is_over));
    let over = bench.wait_project(|project| step(project, StepKind::Sweep) == Some(StepState::Done));
    if over.switch.late.messages < 5 {
        // The last old answer was gone before the first sweep, which is enough for the plan; the owner sweeps once more.
        bench.send(Command::SweepLateMail);
    }
    let over = bench.wait_project(|project| project.switch.late.messages == 5);
    servers.assert_same();
    assert!(matches!(over.switch.keep, Some(KeepReason::Queues(_))), "{:?}", over.switch.keep);
    bench.send(Command::FinishMove);
    assert!(bench.failure().cause.contains("Keep your old server running until"));

    // What remains is ticked, and stands in the report.
    bench.send(Command::TickReminder { kind: ReminderKind::ChangeMailPrograms, is_done: true });
    let report = servers.home.path().join("report.html");
    bench.send(Command::SaveReport { path: report.clone(), format: ReportFormat::Html });
    let page = std::fs::read_to_string(&report).unwrap();
    for words in
        ["5 messages still reached the old server", "in1.provider.example", "Switch the old server off"]
    {
        assert!(page.contains(words), "{words}: {page}");
    }
    let way_back = servers.home.path().join("old.txt");
    assert_eq!(over.switch.old_lines, ["@ 1 IN MX 10 mail.weber.example."]);
    bench.send(Command::ExportWayBack { path: way_back, format: mailferry::records::Format::Bind });
    assert_eq!(bench.failure().title, "The old records are not known", "no zone was read for this plan");

    // The file keeps all of it.
    bench.send(Command::WatchSwitch(false));
    bench.send(Command::CloseProject);
    bench.send(Command::OpenProject(file));
    let again = bench.wait_project(|_| true);
    assert_eq!(again.switch.late.messages, 5);
    assert!(again.switch.reminders.iter().any(|one| one.done_at.is_some()));

    // The way back undoes the switch, and nothing is swept any more.
    zone.publish(OLD);
    let back = bench.look_until(|project| sees(project) == [Sees::Old, Sees::Old]);
    assert_eq!((back.switch.published_at, back.switch.late.next_at), (None, None));
    assert_eq!(back.switch.keep, Some(KeepReason::NotPublished));
}

#[test]
fn a_round_can_be_cancelled_and_what_cannot_be_watched_says_why() {
    let (Some(servers), Some(zone)) = (Servers::start(1), Zone::start()) else { return };
    let mut bench =
        Bench::with(mailferry::engine::EngineConfig { acts_by_itself: false, ..config(servers.home.path()) });
    let file = servers.home.path().join("weber.mailferry");
    make_project(&mut bench, &file, &servers.source, &servers.destination);
    bench.send(Command::LookAtSwitch);
    assert_eq!(bench.failure().title, "There is no switch to watch");
    bench.send(Command::SweepLateMail);
    assert_eq!(bench.failure().title, "There is no late mail before the first copy");
    bench.send(Command::CloseProject);
    let project = Project::open(&file).unwrap();
    project.set_records_plan(Some(&plan())).unwrap();
    project.close().unwrap();
    drop(project);
    bench.send(Command::OpenProject(file));
    let options = AuditOptions { resolver: zone.address(), ..AuditOptions::default() };
    bench.send(Command::SetAuditOptions(options));
    bench.send_both(Command::LookAtSwitch, Command::CancelLook);
    let cancelled = bench.wait_project(|project| project.switch.looking.is_none());
    assert_eq!((cancelled.switch.rounds, cancelled.switch.error), (0, None));
    let project = bench.look_until(|project| project.switch.rounds == 1);
    assert_eq!(step(&project, StepKind::Copy), Some(StepState::Due));
}

/// `mailferry watch --once --sweep`.
fn watch(servers: &Servers, zone: &Zone, file: &Path, list: &Path) -> Output {
    Program::new(env!("CARGO_BIN_EXE_mailferry"))
        .arg("watch")
        .arg(file)
        .args(["--once", "--sweep", "--json", "-", "--confirm-project", "--resolver", &zone.address()])
        .arg("--accounts")
        .arg(list)
        .env("HOME", servers.home.path())
        .env("XDG_CONFIG_HOME", servers.home.path().join("config"))
        .env_remove("DBUS_SESSION_BUS_ADDRESS")
        .output()
        .unwrap()
}

#[test]
fn late_mail_is_brought_over_without_a_window() {
    let (Some(servers), Some(zone)) = (Servers::start(20), Zone::start()) else { return };
    let mut bench = Bench::start(servers.home.path());
    let file = copied(&servers, &zone, &mut bench);
    let list = servers.home.path().join("list.csv");
    let columns = "address,source_user,source_password,destination_user,destination_password";
    std::fs::write(&list, format!("{columns}\nanna@weber.example,anna,{PASSWORD},anna,{PASSWORD}\n"))
        .unwrap();

    let before = watch(&servers, &zone, &file, &list);
    assert_eq!(before.status.code(), Some(1), "{before:?}");
    assert!(
        !String::from_utf8_lossy(&before.stderr).contains("Bringing over"),
        "nothing is due yet: {before:?}"
    );

    PlainImap::open(servers.source.clear_port, "anna").store(&mixed_mailbox(2, '/', ""));
    zone.publish(NEW);
    // As long as old answers may be kept, nothing is brought over yet.
    mailferry_test_support::programs::until("late mail is brought over", || {
        let swept = watch(&servers, &zone, &file, &list);
        String::from_utf8_lossy(&swept.stderr).contains("2 late messages brought over").then_some(())
    });
    servers.assert_same();
    mailferry_test_support::programs::until("the switch is over and swept", || {
        let output = watch(&servers, &zone, &file, &list);
        (output.status.code() == Some(0)).then_some(())
    });
    let done = watch(&servers, &zone, &file, &list);
    let report: serde_json::Value = serde_json::from_slice(&done.stdout).unwrap();
    assert_eq!(report["late_messages"], 2);
    assert_eq!(report["keeps_old_server"]["kind"], "queues");
    let said = String::from_utf8_lossy(&done.stderr).into_owned();
    assert!(said.contains("Remains, from") && said.contains("Switch the old server off"), "{said}");
}

#[test]
fn a_test_message_is_found_in_the_mailbox_at_the_new_provider() {
    let (Some(servers), Some(zone)) = (Servers::start(4), Zone::start()) else { return };
    let mut bench = Bench::start(servers.home.path());
    let file = copied(&servers, &zone, &mut bench);
    bench.send(Command::OpenProject(file));
    give_passwords(&mut bench);
    let project = bench.wait_project(|project| project.reachable_at_provider().count() > 0);
    let mailbox = project.reachable_at_provider().next().unwrap().id;
    let subject = project.switch.test_subject.clone();
    bench.send(Command::FindTestMessages(mailbox));
    bench.wait_project(|project| !project.switch.is_judging);
    let error = bench.failure();
    assert_eq!(error.title, "No test message was found");
    assert!(error.cause.contains(&subject), "{error:?}");

    let text = format!(
        "Received: from a.elsewhere.example (a.elsewhere.example [198.51.100.9]) by in1.provider.example with ESMTPS; \
         Mon, 2 Nov 2026 09:00:00 +0000\r\nFrom: me@elsewhere.example\r\nSubject: {subject}\r\n\
         Message-ID: <1@elsewhere.example>\r\nDate: Mon, 2 Nov 2026 09:00:00 +0000\r\n\r\nA test.\r\n"
    );
    let date = jiff::Timestamp::now().strftime("%d-%b-%Y %H:%M:%S +0000").to_string();
    let mail = Mail { folder: "INBOX".to_owned(), flags: Vec::new(), date, bytes: text.into_bytes() };
    PlainImap::open(servers.destination.clear_port, "anna").store(&[mail]);
    bench.send(Command::FindTestMessages(mailbox));
    let project = bench.wait_project(|project| !project.switch.tests.is_empty());
    assert!(!project.switch.is_judging);
    let verdict = &project.switch.tests[0].verdict;
    assert_eq!(*verdict, TestVerdict::Arrived { by: "in1.provider.example".to_owned() });
    let held = PlainImap::open(servers.destination.clear_port, "anna").messages("INBOX");
    assert!(held.iter().any(|one| one.flags.iter().all(|flag| flag != "\\Seen")), "it is still unread");
}
