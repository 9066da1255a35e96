//! The project file as a person meets it: made, copied, opened twice, damaged, killed, full.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use mailferry::message::IdentityKey;
use mailferry::plan::{
    FolderChoice, FolderOverride, FolderPath, FolderPlan, Mailbox, MailboxPlan, Measured, MessageState,
    Oversize, OversizeFolder, parse_mailboxes,
};
use mailferry::project::{
    AuditSettings, CopyJob, CopyJobPhase, Destination, FolderId, Ledger, MessageResult, Pin, Project,
    ProjectError, SavedFile, SignInFact, SourceMessage, StoredPlan,
};
use mailferry::providers::ProviderId;
use mailferry::records::SwitchStage;
use mailferry::values::{
    Bytes, CommandLine, Credential, DomainName, EmailAddress, Endpoint, Fingerprint, Mechanism, SignInWay,
    UnixTime,
};
use mailferry::values::{DestinationUid, Placement, Side, SourceUid, UidValidity};
use tempfile::TempDir;

fn file_in(folder: &TempDir) -> PathBuf {
    folder.path().join("example.org.mailferry")
}

fn create(path: &Path) -> Arc<Project> {
    Project::create(path, &DomainName::parse("example.org").unwrap(), false).unwrap()
}

fn mailbox(address: &str) -> Mailbox {
    Mailbox {
        address: EmailAddress::parse(address).unwrap(),
        source_user: "anna".to_owned(),
        destination_user: address.to_owned(),
        ways: mailferry::plan::SignInWays::default(),
        is_chosen: true,
    }
}

fn message(uid: u32) -> SourceMessage {
    SourceMessage {
        uid: SourceUid(uid),
        size: u64::from(uid),
        internal_date: "01-Jan-2025 00:00:00 +0000".to_owned(),
        flags: vec!["\\Seen".to_owned()],
        identity: IdentityKey([7; 32]),
    }
}

fn inbox(ledger: &Ledger) -> FolderId {
    ledger.folder("INBOX", &FolderPath::inbox(), &FolderPath::inbox(), UidValidity(1)).unwrap()
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

#[test]
fn everything_reads_back_after_reopening_a_copy() {
    let folder = tempfile::tempdir().unwrap();
    let path = file_in(&folder);
    let project = create(&path);
    assert!(!project.was_interrupted() && project.domain().as_ascii() == "example.org");
    let uuid = project.uuid().to_owned();
    let server = Endpoint::parse("mail.example.org").unwrap();
    let destination =
        Destination { provider: ProviderId("fastmail".to_owned()), server: Some(server.clone()) };
    let audit = audit_settings();
    let pin = Pin {
        fingerprint: Fingerprint([5; 32]),
        approved_at: UnixTime(7),
        issuer: Some("CN=mail.example.org".to_owned()),
        valid_until: Some(UnixTime(1_900_000_000)),
    };
    project.set_source_server(Some(&server)).unwrap();
    project.set_destination(Some(&destination)).unwrap();
    project.set_audit_settings(&audit).unwrap();
    project.set_answer("verification", "v=1").unwrap();
    project.set_answer("empty", "x").unwrap();
    project.set_answer("empty", "").unwrap();
    project.set_sender_choice("include:x.example", false).unwrap();
    project.pin_certificate(&server, &pin).unwrap();
    let zone = SavedFile { path: "/tmp/zone".into(), sha256: "9f86".to_owned(), provider: None };
    project.set_zone_saved(SwitchStage::AtTheSwitch, &zone).unwrap();
    project.set_zone_saved(SwitchStage::Now, &zone).unwrap();
    let anna = project.add_mailbox(&mailbox("anna@example.org")).unwrap();
    let signed_in = SignInFact { server_words: "Dovecot, TLS 1.3".to_owned(), at: UnixTime(5) };
    project.set_sign_in(anna, Side::Source, Some(&signed_in)).unwrap();
    let too_large = OversizeFolder { folder: FolderPath::inbox(), messages: 1, uids: vec![SourceUid(7)] };
    let oversize = Oversize { limit: Some(Bytes(8)), folders: vec![too_large], ..Oversize::default() };
    let stored = StoredPlan { plan: plan(), counted_at: UnixTime(9), oversize };
    project.set_plan(anna, &stored).unwrap();
    let renamed = FolderOverride {
        is_included: None,
        destination: Some(FolderPath(vec!["Neu".to_owned()])),
        may_share: true,
    };
    project.set_folder_override(anna, &FolderPath::inbox(), &renamed).unwrap();
    let measured = Measured { messages: 200, bytes: Bytes(9_000), millis: 14_000, pairs: 2 };
    project.set_measured(anna, &measured).unwrap();
    let job = CopyJob { phase: CopyJobPhase::Paused, started_at: Some(UnixTime(1)), ..CopyJob::default() };
    project.set_copy_job(&job).unwrap();
    project.close().unwrap();
    assert!(matches!(project.mailboxes(), Err(ProjectError::Closed)));
    drop(project);

    // Closed, it is one file that can be copied.
    assert_eq!(names(folder.path()), ["example.org.mailferry"]);
    let copy = folder.path().join("copy.mailferry");
    std::fs::copy(&path, &copy).unwrap();
    let project = Project::open(&copy).unwrap();
    assert!(!project.was_interrupted());
    assert_eq!(project.uuid(), uuid);
    assert_eq!(project.source_server().unwrap(), Some(server.clone()));
    assert_eq!(project.destination().unwrap(), Some(destination));
    assert_eq!(project.audit_settings().unwrap(), audit);
    assert_eq!(project.answers().unwrap(), BTreeMap::from([("verification".to_owned(), "v=1".to_owned())]));
    assert_eq!(project.sender_choices().unwrap(), BTreeMap::from([("include:x.example".to_owned(), false)]));
    let place = (server.host.clone(), server.port);
    assert_eq!(project.pins().unwrap(), BTreeMap::from([(place.clone(), pin.clone())]));
    assert_eq!(project.zone_saved().unwrap(), BTreeMap::from([(SwitchStage::Now, zone)]));
    assert_eq!(project.report_saved().unwrap(), None);
    assert_eq!(project.mailboxes().unwrap(), [(anna, mailbox("anna@example.org"))]);
    assert_eq!(project.sign_ins().unwrap(), BTreeMap::from([((anna, Side::Source), signed_in)]));
    assert_eq!(project.plans().unwrap(), BTreeMap::from([(anna, stored)]));
    let overrides = project.folder_overrides(anna).unwrap();
    assert_eq!(overrides, BTreeMap::from([(FolderPath::inbox(), renamed)]));
    assert_eq!(project.measured().unwrap(), BTreeMap::from([(anna, measured)]));
    project.forget_plans(&[anna]).unwrap();
    assert!(project.measured().unwrap().is_empty(), "another server has another speed");
    assert_eq!(project.copy_job().unwrap(), job);
    // The same one again keeps its day; another one takes its place.
    project.pin_certificate(&server, &Pin { approved_at: UnixTime(9), ..pin.clone() }).unwrap();
    assert_eq!(project.pins().unwrap(), BTreeMap::from([(place.clone(), pin)]));
    let renewed =
        Pin { fingerprint: Fingerprint([8; 32]), approved_at: UnixTime(12), issuer: None, valid_until: None };
    project.pin_certificate(&server, &renewed).unwrap();
    assert_eq!(project.pins().unwrap(), BTreeMap::from([(place, renewed)]));
}

fn audit_settings() -> AuditSettings {
    AuditSettings {
        helo: "mail.weber.example".to_owned(),
        second_resolver: "192.0.2.9:53".to_owned(),
        resolver: "127.0.0.1:5353".to_owned(),
        selectors: vec!["default".to_owned()],
        sending_addresses: vec!["192.0.2.1".parse().unwrap()],
    }
}

fn plan() -> MailboxPlan {
    MailboxPlan {
        folders: vec![FolderPlan {
            source_raw: "INBOX".to_owned(),
            source: FolderPath::inbox(),
            destination: FolderPath::inbox(),
            special_use: None,
            messages: 3,
            bytes: Bytes(9),
            choice: FolderChoice::Copy,
            renamed: Vec::new(),
            is_unsubscribed: false,
        }],
        ..MailboxPlan::default()
    }
}

#[test]
fn mailboxes_are_unique_by_address_and_lists_update_them() {
    let folder = tempfile::tempdir().unwrap();
    let project = create(&file_in(&folder));
    let anna = project.add_mailbox(&mailbox("anna@example.org")).unwrap();
    let again = project.add_mailbox(&mailbox("Anna@example.org"));
    assert!(matches!(again, Err(ProjectError::DuplicateMailbox(address)) if address == "Anna@example.org"));
    let changed = Mailbox { source_user: "aw".to_owned(), ..mailbox("anna@example.org") };
    let imported = project.import_mailboxes(&[changed.clone(), mailbox("ben@example.org")]).unwrap();
    assert_eq!(imported[0], anna);
    assert_eq!(project.mailboxes().unwrap(), [(anna, changed), (imported[1], mailbox("ben@example.org"))]);
    project.remove_mailbox(anna).unwrap();
    assert!(matches!(project.remove_mailbox(anna), Err(ProjectError::Unknown("mailbox"))));
    assert!(matches!(project.update_mailbox(anna, &mailbox("x@example.org")), Err(ProjectError::Unknown(_))));
    let plan = StoredPlan { plan: plan(), counted_at: UnixTime(0), oversize: Oversize::default() };
    assert!(matches!(project.set_plan(anna, &plan), Err(ProjectError::Unknown("mailbox"))));
    assert!(project.add_mailbox(&mailbox("anna@example.org")).unwrap() > imported[1]);
}

#[test]
fn a_list_changes_only_what_it_speaks_of() {
    let folder = tempfile::tempdir().unwrap();
    let project = create(&file_in(&folder));
    let known = Mailbox {
        source_user: "aw".to_owned(),
        destination_user: "anna@new.example".to_owned(),
        ways: mailferry::plan::SignInWays::default(),
        is_chosen: false,
        ..mailbox("anna@example.org")
    };
    let anna = project.add_mailbox(&known).unwrap();
    let import = |text: &str| project.import_rows(&parse_mailboxes(text.as_bytes()).unwrap()).unwrap();

    let imported = import("address,source_password\nben@example.org,x\nAnna@example.org,y\n");
    assert_eq!(imported[1].0, anna);
    let (_, ben) = &imported[0];
    assert_eq!((ben.source_user.as_str(), ben.is_chosen), ("ben@example.org", true));
    let anna_now = |imported: &[(mailferry::values::MailboxId, Mailbox)]| {
        assert!(project.mailboxes().unwrap().contains(&imported[imported.len() - 1]), "told as it is stored");
        let mailbox = imported[imported.len() - 1].1.clone();
        (mailbox.source_user, mailbox.destination_user, mailbox.is_chosen)
    };
    let expect = |source: &str, destination: &str| (source.to_owned(), destination.to_owned(), false);
    assert_eq!(anna_now(&imported), expect("aw", "anna@new.example"));
    let imported = import("address,user1\nanna@example.org,anna.w\n");
    assert_eq!(anna_now(&imported), expect("anna.w", "anna@new.example"));
    // An empty field under a column does speak: the name is the address.
    let imported = import("address,user2\nanna@example.org,\n");
    assert_eq!(anna_now(&imported), expect("anna.w", "anna@example.org"));
    assert_eq!(project.mailboxes().unwrap().len(), 2);
}

#[test]
fn ways_to_sign_in_are_kept_and_lists_that_are_silent_about_them_leave_them() {
    let folder = tempfile::tempdir().unwrap();
    let path = file_in(&folder);
    let project = create(&path);
    let mut known = mailbox("anna@example.org");
    known.ways.source = SignInWay::with(Credential::Admin("root".to_owned()));
    let command = CommandLine::parse("token --for 'anna w'").unwrap();
    known.ways.destination =
        SignInWay { credential: Credential::TokenCommand(command), mechanism: Some(Mechanism::XOAuth2) };
    let anna = project.add_mailbox(&known).unwrap();
    drop(project);
    let project = Project::open(&path).unwrap();
    assert_eq!(project.mailboxes().unwrap(), [(anna, known.clone())]);
    let import =
        |text: &str| project.import_rows(&parse_mailboxes(text.as_bytes()).unwrap()).unwrap().remove(0).1;
    assert_eq!(import("address,source_password\nanna@example.org,x\n").ways, known.ways);
    let changed = import("address,source_token_file\nanna@example.org,/run/token\n").ways;
    assert_eq!(changed.source, SignInWay::with(Credential::TokenFile("/run/token".into())));
    assert_eq!(changed.destination, known.ways.destination);
    assert_eq!(import("address,source_admin\nanna@example.org,\n").ways.source, SignInWay::default());
}

#[test]
fn files_that_are_no_projects_are_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let other = folder.path().join("other.sqlite");
    rusqlite::Connection::open(&other).unwrap().execute_batch("CREATE TABLE t (x) STRICT").unwrap_err();
    rusqlite::Connection::open(&other).unwrap().execute_batch("CREATE TABLE t (x INTEGER)").unwrap();
    for (name, contents) in [("empty", &b""[..]), ("text", b"hello"), ("short", b"SQLite format 3\0")] {
        std::fs::write(folder.path().join(name), contents).unwrap();
    }
    for name in ["other.sqlite", "empty", "text", "short"] {
        let path = folder.path().join(name);
        let before = std::fs::read(&path).unwrap();
        let outcome = Project::open(&path);
        assert!(
            matches!(&outcome, Err(ProjectError::NotAProject(named)) if *named == path),
            "{name}: {outcome:?}"
        );
        assert_eq!(std::fs::read(&path).unwrap(), before);
        let outcome = Project::create(&path, &DomainName::parse("example.org").unwrap(), false);
        assert!(matches!(outcome, Err(ProjectError::AlreadyExists(_))), "{name}");
        assert_eq!(std::fs::read(&path).unwrap(), before);
    }
    assert!(matches!(Project::open(folder.path()), Err(ProjectError::NotAProject(_))));
    assert!(matches!(Project::open(&folder.path().join("none")), Err(ProjectError::Missing(_))));
    let nowhere = folder.path().join("no/folder/x.mailferry");
    let outcome = Project::create(&nowhere, &DomainName::parse("example.org").unwrap(), false);
    assert!(matches!(outcome, Err(ProjectError::Missing(_))));
    assert_eq!(names(folder.path()), ["empty", "other.sqlite", "short", "text"], "nothing is left behind");
}

#[test]
#[cfg(target_os = "linux")]
fn a_place_that_cannot_be_written_is_reported() {
    let domain = DomainName::parse("example.org").unwrap();
    let outcome = Project::create(Path::new("/sys/x.mailferry"), &domain, false);
    assert!(matches!(outcome, Err(ProjectError::ReadOnly(_))), "{outcome:?}");
}

#[test]
#[cfg(unix)]
fn a_project_that_cannot_be_made_leaves_nothing_behind() {
    const TEST: &str = "project_file::a_project_that_cannot_be_made_leaves_nothing_behind";
    if let Some(path) = std::env::var_os("MAILFERRY_MAKE_AT") {
        let domain = DomainName::parse("example.org").unwrap();
        let outcome = Project::create(Path::new(&path), &domain, false);
        assert!(matches!(outcome, Err(ProjectError::Io(_) | ProjectError::DiskFull(_))), "{outcome:?}");
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    // Files may not grow beyond 8 KiB in there, so the database breaks off half-way.
    // Its words come through a pipe: standard output may be a file, which the limit would hold for as well.
    let output = Command::new("sh")
        .args(["-c", "trap '' XFSZ; ulimit -f 16; exec \"$@\"", "sh"])
        .arg(std::env::current_exe().unwrap())
        .args(["--exact", TEST, "--nocapture"])
        .env("MAILFERRY_MAKE_AT", file_in(&folder))
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let told = String::from_utf8_lossy(&output.stdout);
    assert!(told.contains("1 passed"), "{told}");
    assert_eq!(names(folder.path()), [""; 0]);
}

#[test]
fn a_project_of_a_newer_version_is_refused_untouched() {
    let folder = tempfile::tempdir().unwrap();
    let path = file_in(&folder);
    drop(create(&path));
    rusqlite::Connection::open(&path).unwrap().pragma_update(None, "user_version", 99).unwrap();
    let before = std::fs::read(&path).unwrap();
    assert!(matches!(Project::open(&path), Err(ProjectError::Newer { found: 99, supported: 1.. })));
    assert_eq!(std::fs::read(&path).unwrap(), before);
}

/// Changes the inside of a project file as somebody who means harm does.
fn tamper(path: &Path, sql: &str) {
    let connection = rusqlite::Connection::open(path).unwrap();
    connection.execute_batch("PRAGMA writable_schema = ON;").unwrap();
    connection.execute_batch(sql).unwrap();
}

#[test]
fn a_project_with_a_schema_of_somebody_elses_is_refused_before_it_does_anything() {
    let harm = [
        // Opening it would never end.
        "ALTER TABLE project RENAME TO p; CREATE VIEW project AS WITH RECURSIVE n (x) AS \
         (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT p.* FROM p, n WHERE x < 0;",
        "CREATE TRIGGER grow AFTER UPDATE ON project BEGIN INSERT INTO document SELECT hex(randomblob(8)), \
         hex(zeroblob(1000000)), 0 FROM message; END;",
        "CREATE TABLE more (x TEXT);",
        "CREATE INDEX more ON document (body);",
        "DROP TRIGGER message_removed;",
        "UPDATE sqlite_schema SET sql = replace(sql, 'new.state <> old.state', '1') WHERE name = 'message_moved';",
        "UPDATE sqlite_schema SET sql = replace(sql, 'COLLATE NOCASE', '') WHERE name = 'mailbox';",
    ];
    for sql in harm {
        let folder = tempfile::tempdir().unwrap();
        let path = file_in(&folder);
        drop(create(&path));
        tamper(&path, sql);
        let before = std::fs::read(&path).unwrap();
        let outcome = Project::open(&path);
        assert!(matches!(outcome, Err(ProjectError::ForeignSchema(_))), "{sql}: {outcome:?}");
        assert_eq!(std::fs::read(&path).unwrap(), before, "{sql}");
        assert_eq!(names(folder.path()), ["example.org.mailferry"], "{sql}");
    }
}

#[cfg(unix)]
type Lay = fn(&Path, &Path);

#[test]
fn nothing_is_written_through_a_link_that_lies_where_a_file_of_ours_goes() {
    use std::os::unix::fs::symlink;

    let folder = tempfile::tempdir().unwrap();
    let precious = folder.path().join("precious");
    let path = file_in(&folder);
    drop(create(&path));
    for name in ["lock", "wal", "shm", "journal"] {
        let place = match name {
            "lock" => folder.path().join("example.org.mailferry.lock"),
            other => folder.path().join(format!("example.org.mailferry-{other}")),
        };
        let lays: [(&str, Lay); 4] = [
            ("link", |target, place| symlink(target, place).unwrap()),
            ("dangling link", |_, place| symlink(place.with_extension("nothing"), place).unwrap()),
            ("hard link", |target, place| std::fs::hard_link(target, place).unwrap()),
            ("folder", |_, place| std::fs::create_dir(place).unwrap()),
        ];
        for (what, lay) in lays {
            std::fs::write(&precious, "12345\n").unwrap();
            lay(&precious, &place);
            let outcome = Project::open(&path);
            let is_refused = matches!(&outcome, Err(ProjectError::InTheWay(named)) if *named == place);
            // A folder cannot be opened as a file in the first place.
            assert!(is_refused || (what == "folder" && outcome.is_err()), "{name}, {what}: {outcome:?}");
            assert_eq!(std::fs::read_to_string(&precious).unwrap(), "12345\n", "{name}, {what}");
            assert!(!place.with_extension("nothing").exists());
            if what == "folder" { std::fs::remove_dir(&place) } else { std::fs::remove_file(&place) }
                .unwrap();
        }
    }
    // A file of somebody else's under that name stays as it is.
    let lock = folder.path().join("example.org.mailferry.lock");
    for contents in ["a letter", "123456789012345678901234567890"] {
        std::fs::write(&lock, contents).unwrap();
        assert!(matches!(Project::open(&path), Err(ProjectError::InTheWay(_))));
        assert_eq!(std::fs::read_to_string(&lock).unwrap(), contents);
    }
    std::fs::remove_file(&lock).unwrap();
    drop(Project::open(&path).unwrap());
}

#[test]
fn a_damaged_project_says_so() {
    let folder = tempfile::tempdir().unwrap();
    let path = file_in(&folder);
    drop(create(&path));
    let mut bytes = std::fs::read(&path).unwrap();
    bytes[4_096..].fill(0x5a);
    std::fs::write(&path, bytes).unwrap();
    let outcome = Project::open(&path);
    assert!(matches!(outcome, Err(ProjectError::Corrupt(_))), "{outcome:?}");
    assert_eq!(names(folder.path()).len(), 1, "the lock is given back");
}

#[test]
fn a_project_is_open_in_one_window_only() {
    let folder = tempfile::tempdir().unwrap();
    let path = file_in(&folder);
    let project = create(&path);
    let own = std::process::id();
    assert!(matches!(Project::open(&path), Err(ProjectError::Locked { pid: Some(pid) }) if pid == own));
    drop(project);
    let project = Project::open(&path).unwrap();
    project.close().unwrap();
    project.close().unwrap();
    drop(project);

    let mut writer = start_writer(&path);
    writer.next_line();
    let expected = writer.child.id();
    assert!(matches!(Project::open(&path), Err(ProjectError::Locked { pid: Some(pid) }) if pid == expected));
    writer.kill();
    assert!(Project::open(&path).unwrap().was_interrupted());
}

#[test]
#[cfg(unix)]
fn another_way_to_the_same_file_is_the_same_project() {
    let folder = tempfile::tempdir().unwrap();
    let elsewhere = tempfile::tempdir().unwrap();
    let path = file_in(&folder);
    drop(create(&path));
    let link = elsewhere.path().join("link.mailferry");
    std::os::unix::fs::symlink(&path, &link).unwrap();
    let linked_folder = elsewhere.path().join("folder");
    std::os::unix::fs::symlink(folder.path(), &linked_folder).unwrap();
    let hard = elsewhere.path().join("hard.mailferry");
    std::fs::hard_link(&path, &hard).unwrap();
    let ways = [path.clone(), link.clone(), linked_folder.join("example.org.mailferry"), hard.clone()];

    // In this process, whatever it was opened as; and trying does not loosen the hold for others.
    for first in [&path, &hard] {
        let project = Project::open(first).unwrap();
        for way in &ways {
            let outcome = Project::open(way);
            assert!(matches!(outcome, Err(ProjectError::Locked { .. })), "{first:?} {way:?}: {outcome:?}");
        }
        for way in [&path, &link, &hard] {
            let mut second = start_writer(way);
            assert_eq!(second.next_line(), None, "{first:?} {way:?}: a second process writes");
            second.kill();
        }
        let made = Project::create(&link, &DomainName::parse("example.org").unwrap(), false);
        assert!(matches!(made, Err(ProjectError::AlreadyExists(_))), "{made:?}");
        drop(project);
    }

    // Across processes.
    for first in [&link, &hard] {
        let mut writer = start_writer(first);
        assert!(writer.next_line().is_some());
        for way in &ways {
            let outcome = Project::open(way);
            assert!(matches!(outcome, Err(ProjectError::Locked { .. })), "{first:?} {way:?}: {outcome:?}");
        }
        writer.kill();
        drop(Project::open(first).unwrap());
    }
    assert_eq!(names(folder.path()), ["example.org.mailferry"]);
    assert_eq!(names(elsewhere.path()), ["folder", "hard.mailferry", "link.mailferry"]);
}

#[test]
#[cfg(unix)]
fn what_is_beside_one_name_is_not_lost_by_opening_another() {
    let folder = tempfile::tempdir().unwrap();
    let path = file_in(&folder);
    drop(create(&path));
    let hard = folder.path().join("hard.mailferry");
    std::fs::hard_link(&path, &hard).unwrap();
    let mut writer = start_writer(&path);
    let mut acknowledged: Vec<String> = (0..5).filter_map(|_| writer.next_line()).collect();
    acknowledged.extend(writer.kill());
    // The newest rows stand in the write-ahead log beside the first name.
    let outcome = Project::open(&hard);
    assert!(
        matches!(&outcome, Err(ProjectError::Corrupt(words)) if words.contains("another name")),
        "{outcome:?}"
    );
    let project = Project::open(&path).unwrap();
    check_acknowledged(&project, &acknowledged);
    drop(project);
    check_acknowledged(&Project::open(&hard).unwrap(), &acknowledged);
}

/// A process that writes to a project and says on its standard output what is done.
struct Writer {
    child: Child,
    lines: std::io::Lines<BufReader<std::process::ChildStdout>>,
}

impl Writer {
    fn next_line(&mut self) -> Option<String> {
        self.lines
            .by_ref()
            .map_while(Result::ok)
            .find_map(|line| line.strip_prefix("ACK ").map(ToOwned::to_owned))
    }

    /// Ends it like a power cut would, and returns what it still had said.
    fn kill(&mut self) -> Vec<String> {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        std::iter::from_fn(|| self.next_line()).collect()
    }
}

fn start_writer(path: &Path) -> Writer {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "project_file::writes_until_it_is_killed", "--nocapture"])
        .env("MAILFERRY_WRITE_TO", path)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    Writer { child, lines }
}

/// The inside of [`Writer`]; does nothing as a test of its own.
#[test]
fn writes_until_it_is_killed() {
    let Some(path) = std::env::var_os("MAILFERRY_WRITE_TO") else { return };
    let project = match Project::open(Path::new(&path)) {
        // Says nothing, and so never acknowledges anything.
        Err(ProjectError::Locked { .. }) => return,
        opened => opened.unwrap(),
    };
    let ledger = project.ledger(
        project
            .mailboxes()
            .unwrap()
            .first()
            .map_or_else(|| project.add_mailbox(&mailbox("anna@example.org")).unwrap(), |(id, _)| *id),
    );
    let inbox = inbox(&ledger);
    let first = ledger.highest_uid(inbox).unwrap().map_or(0, |uid| uid.0) + 1;
    let mut out = std::io::stdout();
    for start in (first..).step_by(10) {
        let uids: Vec<u32> = (start..start + 10).collect();
        ledger.add_messages(inbox, &uids.iter().map(|uid| message(*uid)).collect::<Vec<_>>()).unwrap();
        let announced: Vec<SourceUid> = uids.iter().copied().map(SourceUid).collect();
        ledger
            .record_intent(inbox, &announced, UidValidity(3), DestinationUid(start))
            .unwrap()
            .flush()
            .unwrap();
        writeln!(out, "\nACK intent {start}").unwrap();
        let results: Vec<_> = uids.iter().map(|uid| result(*uid)).collect();
        ledger.record_results(inbox, &results).unwrap();
        writeln!(out, "\nACK result {start}").unwrap();
    }
}

fn result(uid: u32) -> MessageResult {
    MessageResult {
        uid: SourceUid(uid),
        state: MessageState::Copied,
        placement: Some(Placement::new(UidValidity(3), DestinationUid(uid))),
        sha256: Some([9; 32]),
        reason: None,
        flag_check: None,
    }
}

#[test]
fn what_was_acknowledged_survives_kill_minus_nine() {
    let folder = tempfile::tempdir().unwrap();
    let path = file_in(&folder);
    drop(create(&path));
    let mut acknowledged: Vec<String> = Vec::new();
    for round in 0..10 {
        let mut writer = start_writer(&path);
        // Killed after another number of steps each time, and at whatever moment the two processes happen to be in.
        for _line in 0..=(round * 7 % 23) {
            acknowledged.extend(writer.next_line());
        }
        acknowledged.extend(writer.kill());
        let project = Project::open(&path).unwrap();
        assert!(project.was_interrupted());
        check_acknowledged(&project, &acknowledged);
    }
    assert!(acknowledged.len() > 50);
    let connection = rusqlite::Connection::open(&path).unwrap();
    let words: String = connection.query_row("PRAGMA integrity_check", [], |row| row.get(0)).unwrap();
    assert_eq!(words, "ok");
}

fn check_acknowledged(project: &Arc<Project>, acknowledged: &[String]) {
    let Some((mailbox, _)) = project.mailboxes().unwrap().first().cloned() else {
        assert!(acknowledged.is_empty());
        return;
    };
    let ledger = project.ledger(mailbox);
    let inbox = inbox(&ledger);
    let states: BTreeMap<u32, MessageState> = ledger
        .rows(inbox, &[MessageState::ToDo, MessageState::InFlight, MessageState::Copied])
        .unwrap()
        .into_iter()
        .map(|row| (row.uid.0, row.state))
        .collect();
    for line in acknowledged {
        let (what, start) = line.split_once(' ').unwrap();
        let start: u32 = start.parse().unwrap();
        for uid in start..start + 10 {
            let state = states.get(&uid).copied();
            let is_kept = state == Some(MessageState::Copied)
                || (what == "intent" && state == Some(MessageState::InFlight));
            assert!(is_kept, "{line}: {uid} is {state:?}");
        }
    }
    // The counters agree with the rows, batches are whole.
    let sum = ledger.sum().unwrap();
    assert_eq!(sum.source_count, u64::try_from(states.len()).unwrap());
    assert_eq!(
        sum.copied,
        u64::try_from(states.values().filter(|state| **state == MessageState::Copied).count()).unwrap()
    );
    assert!(sum.copied.is_multiple_of(10) && sum.source_count.is_multiple_of(10));
}

/// Work in a project file, in hundreds of steps of its database: the same on a busy computer.
fn steps<T>(project: &Project, work: impl FnOnce() -> T) -> (u64, T) {
    let steps = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&steps);
    let count = move || {
        counted.fetch_add(1, Ordering::Relaxed);
        false
    };
    let watch = |connection: &rusqlite::Connection| connection.progress_handler(100, Some(count));
    project.with_connection_of_test(watch).unwrap().unwrap();
    let done = work();
    (steps.load(Ordering::Relaxed), done)
}

/// Steps that it takes to add so many messages, and to read sums and a page in their midst.
fn steps_of(count: u32) -> (u64, u64) {
    let folder = tempfile::tempdir().unwrap();
    let project = create(&file_in(&folder));
    let ledger = project.ledger(project.add_mailbox(&mailbox("anna@example.org")).unwrap());
    let inbox = inbox(&ledger);
    let messages: Vec<_> = (1..=count).map(message).collect();
    let add = || {
        for chunk in messages.chunks(10_000) {
            ledger.add_messages(inbox, chunk).unwrap();
        }
    };
    let (added, ()) = steps(&project, add);
    let middle = count / 4 * 3;
    let read = || {
        (ledger.totals().unwrap(), ledger.rows_after(inbox, &[MessageState::ToDo], SourceUid(middle), 100))
    };
    let (read, (totals, page)) = steps(&project, read);
    let page = page.unwrap();
    assert_eq!(totals.sum.to_do, u64::from(count));
    assert_eq!((page.len(), page.first().unwrap().uid), (100, SourceUid(middle + 1)));
    (added, read)
}

#[test]
fn two_hundred_thousand_messages_stay_quick_to_read() {
    let (few, many) = (steps_of(2_000), steps_of(200_000));
    eprintln!("hundreds of steps to add and to read: {few:?} for 2,000 messages, {many:?} for 200,000");
    assert!(few.0 > 0 && few.1 > 0, "something is counted");
    assert!(many.0 <= few.0 * 110, "each message costs the same: {few:?}, {many:?}");
    assert!(many.1 <= few.1 * 2, "sums and a page cost the same: {few:?}, {many:?}");
}
